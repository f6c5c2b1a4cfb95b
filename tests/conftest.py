"""What every test starts from: no home, no settings, no key of whoever runs it."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ci", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def nobody_is_home(tmp_path, monkeypatch):
    """Give each test a home and a data folder of its own, and no settings from outside."""
    for name in list(os.environ):
        if (
            name.startswith("XUNA_")
            or name.lower().endswith("_proxy")
            or name in {"CI", "GITHUB_ACTIONS", "FORCE_COLOR"}
        ):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
