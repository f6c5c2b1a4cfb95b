"""A person on a terminal chooses the agent and the caller number."""

import os
import signal
import subprocess
import sys

import pytest

from tests.support.sandbox_process import ROOT
from tests.support.terminal import Terminal

pytestmark = pytest.mark.slow


@pytest.fixture
def undecided(api, monkeypatch):
    monkeypatch.delenv("XUNA_AGENT_ID")
    monkeypatch.delenv("XUNA_FROM_PHONE_NUMBER_ID")


def test_a_person_chooses_from_the_account_and_is_told_how_to_keep_it(undecided, people):
    terminal = Terminal("batch-call", people(2))
    terminal.answer("Which agent (1 to 2)?", "1")
    terminal.answer("Which caller number (1 to 2)?", "2")
    terminal.answer("Call 2 people?", "y")
    assert terminal.end() == 0, terminal.seen
    assert "export XUNA_AGENT_ID=agent_sandbox" in terminal.seen
    assert "export XUNA_FROM_PHONE_NUMBER_ID=pn_xxxxxxxx" in terminal.seen
    assert "2 accepted" in terminal.seen


@pytest.mark.parametrize("typed", ["", "3", "0", "-1", "one", "1.0", "\u0661"])
def test_anything_but_a_number_of_the_list_is_no_choice(undecided, people, typed):
    terminal = Terminal("batch-call", people(2))
    terminal.answer("Which agent (1 to 2)?", typed)
    assert terminal.end() == 4
    assert "no agent was chosen" in terminal.seen


def test_who_said_yes_to_everything_is_not_asked(undecided, people):
    terminal = Terminal("batch-call", people(2), "--yes")
    assert terminal.end() == 4
    assert "Which" not in terminal.seen


def test_ctrl_c_ends_a_watch_and_leaves_what_was_read(served, people, cli):
    served(unanswered=0.5)
    cli("batch-call", people(20), "--yes")
    command = [
        sys.executable,
        "-m",
        "xuna_cli",
        "campaigns",
        "outcomes",
        "people",
        "--watch",
        "--every",
        "30s",
    ]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        assert "calls have an outcome" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert "Traceback" not in process.stderr.read()
    assert "conv_" in cli("campaigns", "export", "people").out


def test_watching_on_a_terminal_shows_a_table_and_ends(api, people, cli):
    cli("batch-call", people(3), "--yes")
    terminal = Terminal("campaigns", "outcomes", "people", "--watch", "--every", "0.2s")
    assert terminal.end() == 0, terminal.seen
    assert "3 calls accepted" in terminal.seen
