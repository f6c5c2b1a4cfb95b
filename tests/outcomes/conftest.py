from dataclasses import dataclass

import pytest

from xuna_cli.__main__ import main
from xuna_cli.sandbox.conversations import ConversationOptions
from xuna_cli.sandbox.server import SandboxServer


@dataclass
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """No home, no settings, no `.env` but the test's own; the current folder is the test's."""
    for name in ("XUNA_AI_API_KEY", "XUNA_AGENT_ID", "XUNA_FROM_PHONE_NUMBER_ID", "XUNA_BASE_URL", "XUNA_LEDGER", "XUNA_OUTPUT", "XUNA_REGION", "XUNA_FIRST_MESSAGE", "CI", "FORCE_COLOR", "COLUMNS"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def xuna(environment, capsys):
    """Run a command in this process, as the console script would."""

    def run(*argv):
        capsys.readouterr()
        code = main([str(word) for word in argv])
        captured = capsys.readouterr()
        return Ran(int(code), captured.out, captured.err)

    return run


@pytest.fixture
def point_at(environment):
    """Let the commands talk to a server."""

    def point(server, key="sandbox", agent="agent_sandbox"):
        environment.setenv("XUNA_BASE_URL", server.base_url)
        environment.setenv("XUNA_AI_API_KEY", key)
        environment.setenv("XUNA_AGENT_ID", agent)
        environment.setenv("XUNA_FROM_PHONE_NUMBER_ID", "pn_sandbox")

    return point


class Clock:
    """The sandbox's clock: what has passed is what the test says, on top of the real time."""

    def __init__(self):
        import time

        self._time = time.time
        self.ahead = 0.0

    def __call__(self):
        return self._time() + self.ahead


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def served(point_at, clock):
    """Start a sandbox and point the commands at it: `served(unanswered=0.2, page_size=5)`."""
    servers = []

    def serve(**conversations):
        server = SandboxServer(seed=1, clock=clock, conversations=ConversationOptions(**conversations))
        servers.append(server.start())
        point_at(server)
        return server

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture
def contacts(tmp_path):
    """Write a list of so many people."""

    def write(count, name="c.csv", start=0):
        path = tmp_path / name
        rows = [f"+1555{2000000 + start + number},Name{number}" for number in range(count)]
        path.write_text("phone,name\n" + "\n".join(rows) + "\n")
        return path

    return write
