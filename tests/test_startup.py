"""The imports of a command determine its start-up time."""

import os
import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.support.sandbox_process import SandboxProcess

HEAVY = {"httpx", "jinja2", "phonenumbers", "starlette", "uvicorn", "sqlite3", "xlrd", "babel", "dotenv"}


def modules_after(*argv):
    code = (
        "import sys\n"
        "from xuna_cli.__main__ import main\n"
        f"code = main({list(argv)!r})\n"
        "print('\\n#', code, *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    code, *modules = done.stdout.rpartition("#")[2].split()
    assert code in {"0", "2"}, done
    return set(modules)


@pytest.mark.slow
@pytest.mark.parametrize(
    "argv",
    [
        ("--version",),
        ("--help",),
        ("batch-call", "--help"),
        ("campaigns", "--help"),
        ("doctor", "--help"),
        ("batchcall",),
        ("help",),
        ("help", "crash"),
    ],
)
def test_help_and_version_import_nothing_that_is_slow(argv):
    needless = HEAVY if argv[0] == "help" else HEAVY | {"rich"}
    assert not modules_after(*argv) & needless


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("agents", ""), ("batch-call", "--phone-col"), ("batch-call", "x", "--agent-id", "")]
)
def test_completion_imports_nothing_that_is_slow(words, monkeypatch):
    monkeypatch.setenv("_XUNA_COMPLETE", "words")
    assert not modules_after(*words) & (HEAVY | {"rich"})


@pytest.mark.slow
def test_the_version_is_answered_before_typer_is_imported():
    assert not modules_after("--version") & {"typer", "rich"}


def test_nothing_is_imported_before_the_signal_handlers_are_set():
    code = (
        "import os, signal, sys; before = set(sys.modules); import xuna_cli.__main__, xuna_cli.interrupts;"
        "print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"xuna_cli", "xuna_cli.__main__", "xuna_cli.interrupts"}


INTERRUPTED_IMPORT = """
import os, sys
from xuna_cli.__main__ import entry

class Interrupting:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), int(sys.argv.pop()))
            print("the import went on")

sys.meta_path.insert(0, Interrupting())
entry()
"""


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_inside_an_import_is_silent_and_leaves_no_half_a_module(signum):
    command = [sys.executable, "-c", INTERRUPTED_IMPORT, "--help", str(signum.value)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signum, "the import went on\n", "")


HANDLED_ONCE = """
import os, signal, sys, time
from xuna_cli.interrupts import INTERRUPTS, Interrupted

class Interrupting:
    def find_spec(self, name, *_):
        if name == "no_such_module":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
INTERRUPTS.install()
try:
    try:
        import no_such_module
    except ImportError:
        pass
    INTERRUPTS.check()
except Interrupted:
    end = time.monotonic() + 0.1  # longer than until the next check whether the import has ended
    while time.monotonic() < end:
        pass
    print("handled")
"""


@pytest.mark.slow
def test_a_signal_inside_an_import_is_raised_only_once():
    done = subprocess.run([sys.executable, "-c", HANDLED_ONCE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "handled\n", "")


@pytest.mark.slow
def test_a_campaign_list_needs_no_http(tmp_path):
    listed = ("campaigns", "list", "--sandbox")
    code = f"from xuna_cli.__main__ import main; print(main({list(listed)!r})); import sys; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-2:] == ["0", "False"]


def test_a_run_imports_only_what_it_uses(tmp_path):
    # Only the needed modules of formats, screens and results.
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("phone,name\n+14155550123,Ann\n+14155550124,Bob\n")
    code = (
        "import sys\n"
        "from xuna_cli.__main__ import main\n"
        "code = main(sys.argv[1:])\n"
        "print('\\n#', code, *sys.modules)"
    )
    call = ("batch-call", str(contacts), "-m", "Hi {{ name }}.", "--yes")
    with SandboxProcess() as server:
        environment = os.environ | {
            "XUNA_AI_API_KEY": "sandbox",
            "XUNA_AGENT_ID": "agent_sandbox",
            "XUNA_FROM_PHONE_NUMBER_ID": "pn_sandbox",
            "XUNA_BASE_URL": server.base_url,
            "XDG_DATA_HOME": str(tmp_path),
        }
        done = subprocess.run(
            [sys.executable, "-c", code, *call], capture_output=True, text=True, check=True, env=environment
        )
    code, *modules = done.stdout.rpartition("#")[2].split()
    assert code == "0", done
    assert "accepted" in done.stdout
    unused = {"httpx", "babel", "xlrd", "dotenv", "starlette", "uvicorn", "urllib.request", "email"}
    unused |= {
        f"xuna_cli.contacts.{name}" for name in ("json_array", "json_lines", "sheet_choice", "workbooks")
    }
    unused |= {f"xuna_cli.output.{name}" for name in ("preview", "prompt", "spreadsheet")}
    unused |= {
        "xuna_cli.commands.calling.suppression_list",
        "xuna_cli.dialing.preview",
        "xuna_cli.dialing.rehearsal",
        "xuna_cli.ledger.engines.postgres",
        "xuna_cli.sandbox",
    }
    assert all(map(find_spec, unused)), "a module that does not exist is never imported"
    assert not unused & set(modules)


@pytest.mark.skipif(sys.platform == "darwin", reason="the system's settings may name a proxy")
def test_reaching_the_api_without_a_proxy_needs_no_httpx():
    code = (
        "import os, sys\n"
        "for name in list(os.environ):\n"
        "    if name.lower().endswith('_proxy'): del os.environ[name]\n"
        "from xuna_cli.api.client import Client\n"
        "Client('https://api.xuna.ai', 'a-key-of-somebody', deadline=1)\n"
        "print('httpcore' in sys.modules, 'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
