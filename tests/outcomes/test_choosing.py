"""A person on a terminal chooses the agent and the caller number; run in a process of its own, on a pty."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def on_a_terminal(argv, answers, env):
    """Run a command on a pty; each answer is typed when its prompt has come. Returns exit code and text."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "xuna_cli", *map(str, argv)],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=env,
        close_fds=True,
    )
    os.close(follower)
    text = ""
    answers = list(answers)
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if select.select([leader], [], [], 0.05)[0]:
            try:
                text += os.read(leader, 65536).decode("utf-8", "replace")
            except OSError:
                break
        if answers and answers[0][0] in text:
            os.write(leader, answers.pop(0)[1].encode() + b"\n")
        elif process.poll() is not None and not select.select([leader], [], [], 0.05)[0]:
            break
    os.close(leader)
    return process.wait(timeout=20), text


@pytest.fixture
def env(served, environment, tmp_path):
    served()
    environment.delenv("XUNA_AGENT_ID")
    environment.delenv("XUNA_FROM_PHONE_NUMBER_ID")
    return {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}


def test_a_person_chooses_from_the_account_and_is_told_how_to_keep_it(env, contacts):
    answers = [
        ("Which agent (1 to 2)?", "1"),
        ("Which caller number (1 to 2)?", "2"),
        ("Call 2 people?", "y"),
    ]
    code, text = on_a_terminal(["batch-call", contacts(2)], answers, env)
    assert code == 0, text
    assert "export XUNA_AGENT_ID=agent_sandbox" in text
    assert "export XUNA_FROM_PHONE_NUMBER_ID=pn_xxxxxxxx" in text
    assert "2 accepted" in text


@pytest.mark.parametrize("typed", ["", "3", "0", "-1", "one", "1.0", "\u0661"])
def test_anything_but_a_number_of_the_list_is_no_choice(env, contacts, typed):
    code, text = on_a_terminal(["batch-call", contacts(2)], [("Which agent (1 to 2)?", typed)], env)
    assert code == 4
    assert "no agent was chosen" in text


def test_who_said_yes_to_everything_is_not_asked(env, contacts):
    code, text = on_a_terminal(["batch-call", contacts(2), "--yes"], [], env)
    assert code == 4
    assert "Which" not in text


def test_ctrl_c_ends_a_watch_and_leaves_what_was_read(served, environment, contacts, xuna):
    served(unanswered=0.5)
    assert xuna("batch-call", contacts(20), "--yes").code == 0
    command = [sys.executable, "-m", "xuna_cli", "campaigns", "outcomes", "c", "--watch", "--every", "30s"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        assert "calls have an outcome" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert "Traceback" not in process.stderr.read()
    assert "conv_" in xuna("campaigns", "export", "c").out


def test_watching_on_a_terminal_shows_a_table_and_ends(env, contacts, xuna, environment):
    environment.setenv("XUNA_AGENT_ID", "agent_sandbox")
    environment.setenv("XUNA_FROM_PHONE_NUMBER_ID", "pn_sandbox")
    assert xuna("batch-call", contacts(3), "--yes").code == 0
    code, text = on_a_terminal(["campaigns", "outcomes", "c", "--watch", "--every", "0.2s"], [], env)
    assert code == 0, text
    assert "3 calls accepted" in text
