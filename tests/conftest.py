"""The environment of every test: no home folder, settings or key of the person who runs the tests."""

import itertools
import os
import re
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.scripted import certificates

# A program that starts the tests in the background (nohup, a CI service) may ignore signals, and all processes that
# the tests start would ignore them, too.
for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(signum) is signal.SIG_IGN:
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)

settings.register_profile("ci", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("ci"), max_examples=20)
settings.load_profile("ci")

TESTS = Path(__file__).parent
SLOW_FOLDERS = {TESTS / "faults", TESTS / "benchmarks"}
SERIAL = itertools.count(1)


@pytest.hookimpl(optionalhook=True)  # unknown where pytest runs without xdist
def pytest_xdist_auto_num_workers():
    """Return the number of workers of `-n auto`: more than processors, since many tests wait for processes.

    With 2 processors, 4 workers ran all tests in 429 s, and 2 workers in 578 s.
    """
    processors = os.cpu_count() or 1
    return min(2 * processors, processors + 4)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Let workers that have no tests left take over those of others, since some tests take a minute."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests as slow by their folder, and as needing PostgreSQL by their fixtures; start with the longest ones."""
    for item in items:
        if SLOW_FOLDERS & set(item.path.parents):
            item.add_marker("slow")
        asked_for = getattr(item, "callspec", None)
        if "postgres_server" in item.fixturenames or (asked_for and "postgres" in asked_for.params.values()):
            item.add_marker("postgres")
    items.sort(key=lambda item: item.get_closest_marker("soak") is None)


@pytest.fixture
def tmp_path(request, tmp_path_factory):
    """Give each test its own folder; pytest's own fixture takes as long as many of these tests."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = tmp_path_factory.getbasetemp() / f"{next(SERIAL)}-{name}"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(autouse=True)
def nobody_is_home(tmp_path, monkeypatch):
    """Give each test a home and a data folder of its own, and no settings from outside.

    Only one authority is trusted instead of certifi's 140, because loading them takes longer than most commands.
    """
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
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates()[0]))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))


@pytest.fixture
def unsynced(monkeypatch):
    """Let SQLite ledgers not wait for the disk; the tests of ledger and faults check what a commit survives."""
    from xuna_cli.ledger.engines import sqlite

    monkeypatch.setattr(sqlite, "PRAGMAS", {**sqlite.PRAGMAS, "synchronous": ("OFF", 0)})
