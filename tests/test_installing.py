"""What a message advises to install works in the environment in which this xuna runs."""

import shlex
import subprocess
import sys
import tomllib

import pytest

from tests.test_readme import ROOT
from xuna_cli.installing import install_command

WITHOUT_PSYCOPG = """
import sys
sys.modules["psycopg"] = None
from xuna_cli.errors import ConfigurationError
try:
    import xuna_cli.ledger.engines.postgres
except ConfigurationError as error:
    print(error.hint)
"""
COMMANDS = """
import importlib.util, sys
sys.prefix, has_pip = sys.argv[1:]
if not has_pip:
    importlib.util.find_spec = lambda name: None
from xuna_cli.installing import install_command, upgrade_command
print(install_command("--upgrade", "tzdata"))
print(upgrade_command())
"""


def printed(script, *argv):
    done = subprocess.run(
        [sys.executable, "-c", script, *argv], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.strip()


def test_without_psycopg_the_advice_installs_what_the_extra_has_into_this_environment():
    words = shlex.split(printed(WITHOUT_PSYCOPG).removeprefix("run: "))
    assert words[: words.index("install") + 1] == shlex.split(install_command())
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    assert words[words.index("install") + 1 :] == extras["postgres"]


def test_the_command_is_understood_by_this_python():
    assert (
        subprocess.run(
            [*shlex.split(install_command()), "--help"], capture_output=True, check=False
        ).returncode
        == 0
    )


PIP, UV = f"{sys.executable} -m pip install", f"uv pip install --python {sys.executable}"


@pytest.mark.parametrize(
    ("file", "has_pip", "install", "upgrade"),
    [
        ("pipx_metadata.json", "yes", "pipx runpip my-xuna install", "pipx install --force ."),
        ("pipx_metadata.json", "", "pipx runpip my-xuna install", "pipx install --force ."),
        ("uv-receipt.toml", "", UV, "uv tool install --force ."),
        ("pyvenv.cfg", "", UV, f"{UV} ."),
        ("pyvenv.cfg", "yes", PIP, f"{PIP} ."),
    ],
)
def test_the_environment_is_changed_by_what_made_it(tmp_path, file, has_pip, install, upgrade):
    prefix = tmp_path / "my-xuna"
    prefix.mkdir()
    (prefix / file).touch()
    assert printed(COMMANDS, prefix, has_pip).splitlines() == [f"{install} --upgrade tzdata", upgrade]
