"""`xuna init`: real questions on a terminal, with a sandbox as the API."""

import os
import signal
import stat
import subprocess
import sys

import pytest

from tests.support.sandbox_process import ROOT
from tests.support.terminal import Terminal
from xuna_cli.commands.init import REHEARSAL
from xuna_cli.sandbox.account import Account, Agent, PhoneNumber
from xuna_cli.sandbox.server import SandboxServer
from xuna_cli.settings import Settings

KEY = "sk_it's_$HOME#\\n_1"
AGENT = "agent_1"
NUMBER = "pn'2\nXUNA_LEDGER=/elsewhere"


@pytest.fixture
def env(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    account = Account(
        KEY,
        (Agent(AGENT, "Reminders"), Agent("agent_2", "Other")),
        (PhoneNumber("pn_1", "+15550100000", "Main"), PhoneNumber(NUMBER, "+15550100001", "Second")),
    )
    with SandboxServer(account=account) as server:
        monkeypatch.setenv("XUNA_BASE_URL", server.base_url)
        yield tmp_path / ".env"


ASKED_KEY, ASKED_AGENT, ASKED_NUMBER = (
    "API key (hidden): ",
    "Which agent (1 to 2)? ",
    "Which caller number (1 to 2)? ",
)


class Person:
    """Answers each question after it was asked."""

    def __init__(self):
        self.terminal = Terminal("init", columns=200)
        self.seen = ""

    def answers(self, *pairs):
        for question, words in pairs:
            self.terminal.answer(question, words)
            before, _, self.terminal.seen = self.terminal.seen.partition(question)
            self.seen += before + question
        return self

    def end(self):
        code = self.terminal.end()
        self.seen += self.terminal.seen
        assert "Traceback" not in self.seen
        return code


@pytest.mark.slow
def test_what_was_answered_is_written_for_its_owner_only(env):
    person = Person().answers((ASKED_KEY, KEY), (ASKED_AGENT, "1"), (ASKED_NUMBER, "2"))
    assert person.end() == 0, person.seen
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert [path.name for path in env.parent.iterdir() if path.name.startswith(".env")] == [".env"]
    written = Settings({}, None, env.parent)
    assert written.api_key().reveal() == KEY
    assert written.of_file("XUNA_AGENT_ID") == AGENT
    assert written.of_file("XUNA_FROM_PHONE_NUMBER_ID") == NUMBER
    assert written.of_file("XUNA_LEDGER") is None
    assert KEY not in person.seen
    assert "Reminders" in person.seen
    assert REHEARSAL in person.seen


@pytest.mark.slow
def test_the_command_that_rehearses_works_as_it_is_pasted(env, tmp_path):
    env.write_text("XUNA_AI_API_KEY=sandbox\nXUNA_AGENT_ID=a\nXUNA_FROM_PHONE_NUMBER_ID=b\n")
    program = tmp_path / "xuna"
    program.write_text(f"#!{sys.executable}\nfrom xuna_cli.__main__ import entry\nentry()\n")
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", REHEARSAL],
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Hi Ann, this is a test." in done.stdout + done.stderr


@pytest.mark.slow
def test_a_wrong_key_is_said_and_asked_for_again(env):
    keys = ["wrong_key_of_somebody", "with a space", KEY]
    person = Person().answers(*((ASKED_KEY, key) for key in keys))
    person.answers((ASKED_AGENT, "7"), (ASKED_AGENT, "2"), (ASKED_NUMBER, "1"))
    assert person.end() == 0
    assert "refused the key" in person.seen
    assert person.seen.count("copy the key again from your XUNA AI account") == 2
    assert "check XUNA_AI_API_KEY" not in person.seen
    assert "XUNA_AI_API_KEY contains a space" in person.seen
    assert "XUNA_AGENT_ID=agent_2" in env.read_text()
    assert "wrong_key_of_somebody" not in person.seen


@pytest.mark.slow
def test_nothing_is_written_without_a_key_that_the_api_takes(env):
    assert Person().answers(*[(ASKED_KEY, "wrong")] * 3).end() == 4
    assert not env.exists()


@pytest.mark.slow
def test_nothing_is_written_when_nothing_is_chosen_or_the_person_leaves(env):
    person = Person().answers((ASKED_KEY, KEY), *[(ASKED_AGENT, "")] * 3)
    assert person.end() == 4
    assert "no agent was chosen, so nothing was written" in person.seen
    person = Person().answers((ASKED_KEY, KEY))
    person.terminal.until(ASKED_AGENT)
    person.terminal.process.send_signal(signal.SIGINT)
    assert person.end() == 130
    assert not list(env.parent.glob(".env*"))


@pytest.mark.slow
def test_an_api_that_is_away_is_exit_6(env, monkeypatch):
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:9")
    assert Person().answers((ASKED_KEY, KEY)).end() == 6
    assert not env.exists()


@pytest.mark.slow
def test_an_account_without_agents_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with SandboxServer(account=Account(KEY, (), ())) as server:
        monkeypatch.setenv("XUNA_BASE_URL", server.base_url)
        person = Person().answers((ASKED_KEY, KEY))
        assert person.end() == 4
    assert "the account has no agent" in person.seen


@pytest.mark.slow
def test_a_setting_of_the_environment_that_wins_is_named(env, monkeypatch):
    monkeypatch.setenv("XUNA_AGENT_ID", "agent_3")
    person = Person().answers((ASKED_KEY, KEY), (ASKED_AGENT, "1"), (ASKED_NUMBER, "1"))
    assert person.end() == 0
    assert "XUNA_AGENT_ID is also set in the environment, which comes first" in person.seen


@pytest.mark.parametrize("there", ["XUNA_AGENT_ID=agent_1\n", "", "XUNA_LEDGER=a.db\n"])
def test_a_file_that_exists_is_not_changed_and_what_it_lacks_is_said(cli, there):
    path = cli.write(".env", there)
    ran = cli("init", exits=2)
    assert path.read_text() == there
    assert "exists already and was not changed" in ran.err
    assert "XUNA_AI_API_KEY=…" in ran.err
    assert ("XUNA_AGENT_ID=…" in ran.err) == ("XUNA_AGENT_ID" not in there)


def test_a_file_that_lacks_nothing_is_said_to_be_complete(cli):
    cli.write(".env", "XUNA_AI_API_KEY=k\nXUNA_AGENT_ID=a\nXUNA_FROM_PHONE_NUMBER_ID=b\n")
    assert "To change the key or another value, edit the file" in cli("init", exits=2).err


def test_a_link_that_leads_nowhere_is_not_written_through(cli, tmp_path):
    (tmp_path / ".env").symlink_to(tmp_path / "nothing")
    assert "exists already and was not changed" in cli("init", exits=2).err
    assert not (tmp_path / "nothing").exists()


def test_without_a_terminal_nothing_is_asked(cli):
    ran = cli("init", exits=2)
    assert "needs a terminal" in ran.err
    assert "XUNA_AI_API_KEY" in ran.err
