"""`--opt-out-when` of batch-call and `xuna run`: who opted out is known before anybody else is called."""

import pytest

from tests.commands.conftest import number
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.conversations import store
from xuna_cli.sandbox.faults import Answer, Pages

HELLO = ("-m", "Hi {{ name }}.", "--yes", "--output", "json")
OPT_OUT = ("--opt-out-when", "opt_out=true")
HEADER = ("phone", "name", "order")
UNREADABLE = Answer(on="conversations", status=401, body="no")
PEOPLE = 15


@pytest.fixture
def orders(people):
    """Write a list of so many orders, by people who have one order or two."""

    def orders(count):
        rows = [(number(index % PEOPLE), "Ann", str(index)) for index in range(count)]
        return people(rows=rows, header=HEADER)

    return orders


@pytest.fixture
def pages_of_one(monkeypatch):
    """Let each page of records have one record, so that a list can be cut off."""
    monkeypatch.setattr("xuna_cli.api.pages.PAGE_SIZE", 1)


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr("xuna_cli.dialing.campaign_brake.FIRST_WAIT_S", 0.1)


def test_batch_call_reads_opt_outs_before_it_calls(cli, served, orders):
    served(opt_out=1.0)
    assert cli.call(orders(PEOPLE), *HELLO, "--key", "order", *OPT_OUT)["counts"]["accepted"] == PEOPLE
    ran = cli("batch-call", orders(2 * PEOPLE), *HELLO, "--key", "order", *OPT_OUT)
    assert ran.counts == {"rows": 2 * PEOPLE, "already_called": PEOPLE, "do_not_call": PEOPLE}
    assert "Put on the do-not-call list because of their conversations" in ran.err
    assert cli.server.state.total == PEOPLE


def test_who_opts_out_in_the_canary_is_not_called_again_by_the_same_run(cli, served, orders, soon):
    served(opt_out=1.0)
    canary = ("--canary", PEOPLE, "--min-success", "10%", "--wait")
    ran = cli("batch-call", orders(2 * PEOPLE), *HELLO, "--key", "order", *canary, *OPT_OUT)
    assert (ran.counts["accepted"], ran.counts["do_not_call"]) == (PEOPLE, PEOPLE)


def test_a_canary_does_not_pass_while_the_records_are_cut_off(cli, served, orders, soon, pages_of_one):
    """With a key, the people whose records are missing have other rows on the list."""
    served(opt_out=1.0)
    cli.server.faults.add(Pages(how="no-cursor", times=1))
    canary = ("--canary", PEOPLE, "--min-success", "5%", "--wait")
    ran = cli("batch-call", orders(2 * PEOPLE), *HELLO, "--key", "order", *canary, *OPT_OUT)
    assert "the list is incomplete" in ran.err
    assert (ran.counts["accepted"], ran.counts["do_not_call"]) == (PEOPLE, PEOPLE)


@pytest.mark.parametrize("fault", [UNREADABLE, Pages(how="no-cursor")], ids=["refused", "cut off"])
def test_with_a_key_nobody_is_called_while_the_records_can_not_be_read(
    cli, served, orders, pages_of_one, fault
):
    served(opt_out=1.0)
    cli.call(orders(PEOPLE), *HELLO, "--key", "order")
    cli.server.faults.add(fault)
    ran = cli("batch-call", orders(2 * PEOPLE), *HELLO, "--key", "order", *OPT_OUT, exits=(4, 6))
    assert [error["code"] for error in ran.document["errors"]] == ["opt-outs-unchecked"]
    assert "xuna: warning: the outcomes could not be read: " in ran.err
    assert cli.server.state.total == PEOPLE


def test_without_a_key_the_others_are_called_and_the_failure_is_said(cli, api, people):
    cli.call(people(3), *HELLO)
    api.faults.add(UNREADABLE)
    ran = cli("batch-call", people(4), *HELLO, *OPT_OUT)
    assert "xuna: warning: the outcomes could not be read" in ran.err
    assert ran.counts["accepted"] == 1


def test_a_field_that_no_record_has_calls_nobody(cli, served, people):
    served(opt_out=1.0)
    cli.call(people(3), *HELLO)
    ran = cli("batch-call", people(4), *HELLO, "--opt-out-when", "optout=true", exits=2)
    [error] = ran.document["errors"]
    assert error["code"] == "opt-out-field-unknown"
    assert cli.server.state.total == 3


def test_a_rule_that_is_none_stops_the_first_run(cli, api, people):
    ran = cli("batch-call", people(3), *HELLO, "--opt-out-when", "opt_out", exits=2)
    [error] = ran.document["errors"]
    assert error["code"] == "opt-out-when"
    assert cli.called == []


@pytest.mark.parametrize(
    "argv",
    [
        ("campaigns", "outcomes", "people", *OPT_OUT),
        ("batch-call", "people.csv", *HELLO, *OPT_OUT),
        ("run", "people.toml", "--yes"),
    ],
    ids=lambda argv: argv[0],
)
def test_an_opt_out_is_on_the_list_before_its_outcome_is_stored(cli, served, people, monkeypatch, argv):
    """As soon as an outcome is stored, another run may call the person again."""
    served(opt_out=1.0)
    cli.call(people(3), *HELLO)
    cli.write("people.toml", 'contacts = "people.csv"\nopt-out-when = "opt_out=true"\n')
    missing = []

    def storing(ledger, campaign_id, links):
        numbers = {call.key for link in links for call in link.calls}
        missing.append(numbers - ledger.on_do_not_call_list(numbers).keys())
        return store(ledger, campaign_id, links)

    monkeypatch.setattr("xuna_cli.outcomes.sync.store", storing)
    cli(*argv)
    assert missing == [set()]


def test_a_reviewed_list_with_a_key_is_not_called_either_while_the_records_are_cut_off(
    cli, served, orders, pages_of_one
):
    """Its key stands in the file, and not among the options."""
    served(opt_out=1.0)
    for count, name in ((PEOPLE, "first.csv"), (2 * PEOPLE, "second.csv")):
        cli("render", orders(count), *HELLO[:2], "--key", "order", "--campaign", "spring", "--to", name)
    cli.call("first.csv", *HELLO[2:])
    cli.server.faults.add(Pages(how="no-cursor"))
    ran = cli("batch-call", "second.csv", *HELLO[2:], *OPT_OUT, exits=6)
    assert [error["code"] for error in ran.document["errors"]] == ["opt-outs-unchecked"]
    assert cli.server.state.total == PEOPLE


def test_a_field_that_no_record_has_calls_nobody_also_if_nothing_new_can_be_read(cli, served, people):
    """The records that are known have opt-outs, in another field."""
    served(opt_out=1.0)
    cli.call(people(3), *HELLO)
    cli("campaigns", "outcomes", "people")
    cli.server.faults.add(UNREADABLE)
    ran = cli("batch-call", people(4), *HELLO, "--opt-out-when", "optout=true", exits=2)
    assert [error["code"] for error in ran.document["errors"]] == ["opt-out-field-unknown"]
    assert cli.server.state.total == 3


def test_nobody_is_called_if_opt_outs_can_not_be_added(cli, served, people, monkeypatch):
    served(opt_out=1.0)
    cli.call(people(3), *HELLO)
    cli("campaigns", "outcomes", "people")

    def failing(*_):
        raise LedgerError("the disk is full")

    monkeypatch.setattr("xuna_cli.outcomes.opt_outs.add_for_reasons", failing)
    ran = cli("batch-call", people(4), *HELLO, *OPT_OUT, exits=4)
    assert "the disk is full" in ran.err
    assert cli.server.state.total == 3
