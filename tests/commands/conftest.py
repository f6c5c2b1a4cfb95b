"""Commands with a sandbox on a real socket."""

import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.builders import write_list
from tests.support.cli import Cli
from tests.support.clock import FakeClock
from xuna_cli.commands.calling.watchers import RunSaid
from xuna_cli.dialing.clock import Clock
from xuna_cli.sandbox.conversations import ConversationOptions
from xuna_cli.sandbox.server import SandboxServer


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys, unsynced):
    monkeypatch.chdir(tmp_path)
    return Cli(tmp_path, capsys)


@pytest.fixture
def point_at(monkeypatch):
    """Make the commands use a server as the real API."""

    def point(server):
        monkeypatch.setenv("XUNA_BASE_URL", server.base_url)
        monkeypatch.setenv("XUNA_AI_API_KEY", "sandbox")
        monkeypatch.setenv("XUNA_AGENT_ID", "agent_sandbox")
        monkeypatch.setenv("XUNA_FROM_PHONE_NUMBER_ID", "pn_sandbox")

    return point


@pytest.fixture
def clock():
    """Time that is added to the sandbox's real time."""
    return FakeClock()


@pytest.fixture
def no_waiting(monkeypatch, clock):
    """Let the time pass at once when a run begins to wait for somebody's time; with `served`, also the sandbox's."""
    waiting = RunSaid.waiting

    def time_passes(self, people, opens_at):
        clock.advance((opens_at - now()).total_seconds())
        waiting(self, people, opens_at)

    def now(*_):
        return datetime.now(UTC) + timedelta(seconds=clock.passed)

    monkeypatch.setattr(RunSaid, "waiting", time_passes)
    monkeypatch.setattr(Clock, "now", now)
    monkeypatch.setattr(Clock, "monotonic", lambda _: time.monotonic() + clock.passed)


@pytest.fixture
def served(cli, point_at, clock):
    """Start a sandbox, and make the commands use it: `served(unanswered=0.2, page_size=5)`."""
    with ExitStack() as stack:

        def serve(**conversations):
            options = ConversationOptions(**conversations)
            server = SandboxServer(seed=1, clock=lambda: time.time() + clock.passed, conversations=options)
            cli.server = stack.enter_context(server)
            point_at(cli.server)
            return cli.server

        yield serve


@pytest.fixture
def api(served):
    """A sandbox that the environment points to."""
    return served()


@pytest.fixture
def people(tmp_path):
    """`people(3)` writes a list of three; `people(rows=[…])` writes these rows under phone, name."""

    def write(count=0, *, rows=None, name="people.csv", first=0, header=("phone", "name")):
        rows = rows or [(number(first + index), f"Person {first + index}") for index in range(count)]
        return write_list(tmp_path / name, rows, header=header)

    return write


def number(index):
    """Return a number of a fictional exchange."""
    return f"+1555{1000000 + index}"
