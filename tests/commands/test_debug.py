"""`--debug`: the steps of a command, without secrets."""

import pytest

from tests.commands.test_batch_call import HELLO
from xuna_cli.debug_log import debug, masked, never_show, start_debug_log, stop_debug_log


@pytest.fixture(autouse=True)
def off_again():
    yield
    stop_debug_log()


def test_the_log_shows_the_steps_and_neither_key_number_nor_message(cli, api, people, monkeypatch):
    monkeypatch.setenv("XUNA_AI_API_KEY", api.account.api_key)
    ran = cli("batch-call", people(3), *HELLO, "--yes", "--debug")
    lines = [line for line in ran.err.splitlines() if line.startswith("xuna: debug:")]
    text = "\n".join(lines)
    for step in (
        "command: xuna batch-call",
        "option: yes value=True source=--yes",
        "ledger: opened",
        "list: opened",
        "api: connected proxy=False",
        "batch: tried batch=1 calls=3 submitted=True outcome=Taken",
    ):
        assert step in text
    assert "XUNA_AGENT_ID in the environment" in text
    assert api.account.api_key not in text.replace("sandbox.db", "")
    assert "5551000000" not in text
    assert "Person" not in text


def test_the_variable_switches_the_log_on_and_without_it_there_is_none(cli, api, people, monkeypatch):
    assert "debug" not in cli("batch-call", people(1), *HELLO, "--yes").err
    monkeypatch.setenv("XUNA_DEBUG", "1")
    assert "xuna: debug:" in cli("batch-call", people(1), *HELLO, "--dry-run").err


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+15551234567", "***67"),
        ("call +1 (555) 123-4567 now", "call ***67 now"),
        ("batch 12 of 345", "batch 12 of 345"),
        ("postgresql://me:secret@db/x", "postgresql://me:***@db/x"),
        ("xi_abcdef", "***"),
        ("two\nlines", "two·lines"),
    ],
)
def test_what_is_masked(text, shown):
    assert masked(text) == shown


def test_a_secret_that_is_named_is_never_shown(capsys):
    start_debug_log()
    never_show("open-sesame")
    debug("api", "asked", url="https://api/?key=open-sesame")
    assert "key=***" in capsys.readouterr().err
