"""A person at a terminal: real pseudo-terminals, the real program."""

import re
import subprocess
import sys
import time

import pytest

from tests.commands.conftest import number
from tests.support.terminal import Terminal
from xuna_cli.output.progress import BETWEEN
from xuna_cli.sandbox.faults import Latency, RateLimit
from xuna_cli.sandbox.server import SandboxServer

pytestmark = pytest.mark.slow

HELLO = ("-m", "Hi {{ name }}.")


def test_a_person_is_told_how_many_from_which_number_and_what_is_said_and_is_asked(api, people):
    path = people(rows=[(number(1), "Ann"), (number(2), "Bo"), (number(2), "Bo"), ("12", "Cy")])
    terminal = Terminal("batch-call", path, *HELLO)
    terminal.until("Call 2 people? [y/N]")
    assert "About to call 2 people from +15550100000 (Sandbox), campaign 'people'" in terminal.seen
    assert "“Hi Ann.”" in terminal.seen
    assert "1 duplicate, 1 rejected" in terminal.seen
    assert api.state.total == 0
    terminal.type("y\n")
    assert terminal.end() == 3
    assert api.state.total == 2
    assert "accepted" in terminal.seen


@pytest.mark.parametrize(
    ("more", "times"),
    [
        ((), 2),
        (("--max-calls", "5"), 2),  # the count for the question is also used for this
        (("--yes", "--consent-column", "name"), 2),  # the rows are also counted for the progress
    ],
)
def test_a_list_is_opened_once_ahead_of_the_calls(api, people, more, times):
    terminal = Terminal("batch-call", people(rows=[(number(1), "yes")]), "-m", "Hi.", "--debug", *more)
    if "--yes" not in more:
        terminal.answer("Call 1 person? [y/N]", "y")
    assert terminal.end() == 0
    assert terminal.seen.count("list: opened") == times
    assert api.state.total == 1


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_anything_but_yes_calls_nobody(api, people, answer):
    terminal = Terminal("batch-call", people(2), *HELLO)
    terminal.until("[y/N]")
    terminal.type(answer)
    assert terminal.end() == 0
    assert "Cancelled. Nobody was called." in terminal.seen
    assert "error" not in terminal.seen
    assert api.state.total == 0


def test_ctrl_c_at_the_question_calls_nobody(api, people):
    terminal = Terminal("batch-call", people(2), *HELLO)
    terminal.until("[y/N]")
    terminal.process.send_signal(2)
    assert terminal.end() == 130
    assert "Traceback" not in terminal.seen
    assert api.state.total == 0


@pytest.mark.parametrize("option", ["--yes", "--sandbox"])
def test_yes_skips_the_question_and_so_does_the_sandbox(api, people, option):
    terminal = Terminal("batch-call", people(2), *HELLO, option)
    assert terminal.end() == 0
    assert "[y/N]" not in terminal.seen
    assert "2 accepted" in terminal.seen


def test_a_list_through_a_pipe_in_a_terminal_session_needs_yes(api, people):
    for options, code in (((), 2), (("--yes",), 0)):
        with people(2).open() as piped:
            terminal = Terminal("batch-call", "-", "--campaign", "piped", *HELLO, *options, stdin=piped)
            assert terminal.end() == code
    assert api.state.total == 2


def test_a_script_is_never_asked(api, people):
    done = subprocess.run(
        [sys.executable, "-m", "xuna_cli", "batch-call", str(people(2)), *HELLO],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "[y/N]" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert api.state.total == 2


def test_what_a_contact_is_called_is_never_obeyed_by_the_terminal(api, people):
    rows = [(number(1), "[red]/foo[/] \x1b[31m\x07"), ("12", "x"), ("\x1b]0;title\x07", "y")]
    terminal = Terminal("batch-call", people(rows=rows), *HELLO)
    terminal.until("[y/N]")
    assert "“Hi [red]/foo[/] ·[31m·.”" in terminal.seen
    terminal.type("y\n")
    terminal.end()
    assert "\x1b]0;" not in terminal.seen
    assert "\x07" not in terminal.seen


def test_a_network_that_is_dead_from_the_start_is_said_and_ends_soon(api, people, monkeypatch):
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:9")  # no server listens there
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "xuna_cli", "batch-call", str(people(2)), *HELLO],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert "xuna: Can't reach the API (connection refused). Retrying in" in done.stderr
    assert "the run stops after at most 20 s without an answer" in done.stderr
    assert time.monotonic() - began < 40
    assert api.state.total == 0


def test_a_person_sees_on_a_terminal_why_nothing_is_sent(people, point_at):
    with SandboxServer(faults=[RateLimit(posts=1, per=2.0, retry_after=2.0)]) as server:
        point_at(server)
        terminal = Terminal("batch-call", people(250), *HELLO, "--yes", "--concurrency", "1", columns=80)
        terminal.until("Rate limited by the API. Retrying in")
        assert terminal.end() == 0
    assert "of 250 called (" in terminal.seen
    assert server.state.total == 250


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_progress_fits_into_the_terminal_and_says_of_how_many(people, point_at, columns):
    with SandboxServer(faults=[Latency(seconds=0.8)]) as server:
        point_at(server)
        terminal = Terminal(
            "batch-call", people(1600), *HELLO, "--yes", columns=columns, env={"NO_COLOR": "1"}
        )
        terminal.until("requests in progress")
        terminal.until("s left")
        assert terminal.end() == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.seen)
    assert "of 1,600 called (" in shown
    lines = [line for line in re.split(r"[\r\n]+", shown) if BETWEEN in line]
    assert lines
    assert all(len(line.rstrip()) < columns for line in lines)
    assert server.state.total == 1600


def test_a_long_list_is_counted_quickly_before_and_a_pipe_is_not(people, point_at):
    with SandboxServer() as server:
        point_at(server)
        terminal = Terminal(
            "batch-call", people(30_000), *HELLO, "--yes", "--batch-size", "1000", "--limit", "20000"
        )
        terminal.until("of 30,000 rows read (")
        assert terminal.end() == 0
        with people(300).open() as piped:
            terminal = Terminal("batch-call", "-", "--campaign", "piped", *HELLO, "--yes", stdin=piped)
            assert terminal.end() == 0
    assert server.state.total == 20_300


def test_a_campaign_file_asks_before_it_calls_and_keeps_the_other_steps(api, people, tmp_path):
    people(2)
    (tmp_path / "spring.toml").write_text(
        'contacts = "people.csv"\nfirst-message = "Hi."\nreport = "spring.html"\n'
    )
    terminal = Terminal("run", "spring.toml")
    terminal.answer("Call 2 people? [y/N]", "y")
    assert terminal.end() == 0
    assert "spring.html was written" in terminal.seen
    people(3)
    terminal = Terminal("run", "spring.toml")
    terminal.answer("Call 1 person? [y/N]", "n")
    assert terminal.end() == 0
    assert "Cancelled. Nobody was called." in terminal.seen
    assert "2 of 2 calls have an outcome" in terminal.seen
    assert api.state.total == 2
