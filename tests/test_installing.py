"""What a message advises to install works in the environment in which this xuna runs."""

import shlex
import subprocess
import sys
import tomllib

from tests.test_readme import ROOT
from xuna_cli.installing import install_command

WITHOUT_PSYCOPG = """
import sys
sys.modules["psycopg"] = None
from xuna_cli.errors import ConfigurationError
try:
    import xuna_cli.ledger.postgres
except ConfigurationError as error:
    print(error.hint)
"""
WITHOUT_PIP = """
import importlib.util
importlib.util.find_spec = lambda name: None
from xuna_cli.installing import install_command
print(install_command("--upgrade", "tzdata"))
"""


def printed(script):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
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


def test_an_environment_without_pip_is_one_of_uv():
    assert printed(WITHOUT_PIP) == f"uv pip install --python {shlex.quote(sys.executable)} --upgrade tzdata"
