"""Changes during a campaign are reported, and stop the run with --pin."""

from dataclasses import replace

import pytest

from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.runs import runs_of
from xuna_cli.sandbox.account import PhoneNumber
from xuna_cli.sandbox.faults import Answer

HELLO = ("-m", "Hi {{ name }}.")


@pytest.fixture
def first(cli, api, people):
    """A campaign whose first run called two of three people."""
    cli("batch-call", people(3), *HELLO, "--limit", 2)
    return api


def runs(cli):
    ledger = open_ledger(cli.ledger)
    try:
        return runs_of(ledger, campaign(ledger, "people").id)
    finally:
        ledger.close()


def change(api, **fields):
    """Replace the account of a running server."""
    for name, value in fields.items():
        object.__setattr__(api.account, name, value)


def test_the_same_again_says_nothing(cli, first):
    ran = cli("batch-call", "people.csv", *HELLO, "--pin", "--pin-agent")
    assert "last run" not in ran.err
    assert "has changed" not in ran.err
    one, other = runs(cli)
    assert one.agent_hash == other.agent_hash
    assert len(one.agent_hash) == 64
    assert one.list_sha256 == other.list_sha256


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_another_template_is_said_with_both(cli, first, quiet):
    err = cli("batch-call", "people.csv", "-m", "Bye {{ name }}.", *quiet).err
    assert "the message template is now “Bye {{ name }}.”, and was “Hi {{ name }}.” in the campaign's" in err
    assert len(first.state.calls()) == 3


def test_a_message_that_is_new_or_missing_is_said_in_words(cli, api, people):
    cli("batch-call", people(1), "--agent-message")
    err = cli("batch-call", people(2), *HELLO).err
    assert "the message template is now “Hi {{ name }}.”; the campaign's last run (" in err
    assert ") had none, so the agent said its own message" in err
    err = cli("batch-call", people(3), "--agent-message").err
    assert (
        "this run has no message template, so the agent says its own message; the campaign's last run ("
        in err
    )
    err = cli("batch-call", people(4), *HELLO, "--override", "agent.language=es").err
    assert "is now “agent.language=es\nHi {{ name }}.”" in err.replace("·", "\n")


def test_a_change_is_said_once_and_not_by_each_run_that_calls_nobody(cli, api, people):
    cli("batch-call", people(1), *HELLO)
    hourly = ("batch-call", "people.csv", "-m", "Bye {{ name }}.", "--yes", "--quiet")
    assert "the message template is now" in cli(*hourly).err
    assert cli(*hourly).err == ""
    assert "the message template is now" in cli(*hourly, "--dry-run").err
    cli("batch-call", "people.csv", *HELLO, "--yes")
    assert "the message template is now" in cli(*hourly).err
    assert cli(*hourly, "--pin", exits=2).err != ""
    people(2)
    assert len(cli("batch-call", "people.csv", *HELLO, "--yes", "--output", "json").document["batches"]) == 1


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_pin_stops_another_template_before_anything_is_sent(cli, first, dry):
    err = cli("batch-call", "people.csv", "-m", "Bye {{ name }}.", "--pin", *dry, exits=2).err
    assert "Bye" in err
    assert "Hi" in err
    assert len(first.state.calls()) == 2
    assert len(runs(cli)) == 1


def test_pin_allows_a_new_campaign(cli, api, people):
    cli("batch-call", people(1), *HELLO, "--pin", "--pin-agent")


def test_another_caller_number_is_said_with_both(cli, first):
    change(first, phone_numbers=(*first.account.phone_numbers, PhoneNumber("pn_2", "+15550100001", "B")))
    argv = ("batch-call", "people.csv", *HELLO, "--from-phone-number-id", "pn_2")
    cli(*argv, "--pin", exits=2)
    assert "the caller number is now pn_2, and was pn_sandbox" in cli(*argv).err


def test_another_agent_is_said_and_stops_with_either_pin(cli, first):
    agent = first.account.agents[1].agent_id
    argv = ("batch-call", "people.csv", *HELLO, "--agent-id", agent)
    for pin in ("--pin", "--pin-agent"):
        assert f"the agent is now {agent}, and was agent_sandbox" in cli(*argv, pin, exits=2).err
    assert len(first.state.calls()) == 2
    assert "the agent is now" in cli(*argv).err


def test_a_changed_agent_is_said_and_stops_with_pin_agent(cli, first):
    agents = first.account.agents
    change(first, agents=(replace(agents[0], first_message="Other"), *agents[1:]))
    cli("batch-call", "people.csv", *HELLO, "--pin-agent", exits=2)
    ran = cli("batch-call", "people.csv", *HELLO, "--pin", "--quiet")
    assert "the configuration of agent agent_sandbox has changed since 20" in ran.err
    one, other = runs(cli)
    assert one.agent_hash != other.agent_hash


def test_a_run_that_called_nobody_is_not_compared_with(cli, first):
    cli(
        "batch-call",
        "people.csv",
        "-m",
        "Bye {{ name }}.",
        "--do-not-call",
        cli.write("all.txt", "+15551000002\n"),
    )
    assert "last run" not in cli("batch-call", "people.csv", *HELLO, "--pin").err


def test_the_sandbox_knows_its_agents(cli, people):
    cli("batch-call", people(2), *HELLO, "--sandbox", "--limit", 1)
    ran = cli("batch-call", "people.csv", "-m", "Bye {{ name }}.", "--sandbox")
    assert "could not be read" not in ran.err
    assert "the message template is now" in ran.err


def test_long_templates_are_quoted_where_they_differ(cli, api, people):
    same = "word " * 100
    cli("batch-call", people(2), "-m", f"{same}one", "--limit", 1)
    err = cli("batch-call", "people.csv", "-m", f"{same}two").err
    assert "…word word word word one”" in err.replace("“", "")
    assert len(err) < 700


@pytest.mark.parametrize("mistyped", [("--base-url", "http://127.0.0.1:1"), ("--key", "name")])
def test_a_campaign_that_called_nobody_is_bound_to_nothing(cli, api, people, mistyped):
    if "--key" in mistyped:
        api.faults.add(Answer(times=1, status=403))
    cli("batch-call", people(2), *HELLO, *mistyped, "--give-up-after", 0, exits=(4, 6))
    assert cli.call("people.csv", *HELLO)["counts"]["accepted"] == 2
