"""Somebody has opted out, and the record has no number: who may be meant is not called until a person has decided."""

import pytest

from tests.commands.conftest import number
from tests.support.builders import write_list
from xuna_cli.sandbox import conversations

HELLO = ("-m", "Hi.", "--yes", "--hours", "00:00-24:00")
JSON = ("--output", "json")
OPT_OUT = ("--opt-out-when", "opt_out=true")
COUNT = 4
CODE = "opt-out-without-number"


@pytest.fixture
def numbers_in_records(monkeypatch):
    """Let the records have other numbers: `numbers_in_records(lambda number: …)`, where None is no number."""

    def change(shown):
        original = conversations.Conversations.summary

        def summary(self, call):
            record = original(self, call)
            given = shown(call.to_phone_number)
            phone_call = record["metadata"].get("phone_call", {})
            if given is None:
                record["metadata"].pop("phone_call", None)
            else:
                phone_call["external_number"] = given
            return record

        monkeypatch.setattr(conversations.Conversations, "summary", summary)

    return change


@pytest.fixture
def orders(tmp_path):
    """Write a list of so many orders, by people who have several."""

    def write(count):
        rows = [(number(index % COUNT), str(index)) for index in range(count)]
        return write_list(tmp_path / "orders.csv", rows, header=("phone", "order"))

    return write


def listed(cli):
    entries = cli("do-not-call", "list", *JSON).document["do_not_call"]
    return {entry["to_phone_number"] for entry in entries}


def codes(document):
    return [error["code"] for error in document["errors"]]


def test_the_only_person_of_a_batch_without_a_record_is_meant(cli, served, people, numbers_in_records):
    served(opt_out=1.0)
    numbers_in_records(lambda known: None if known == number(2) else known)
    cli("batch-call", people(COUNT), *HELLO, *OPT_OUT)
    ran = cli("campaigns", "outcomes", "people", *JSON)
    assert listed(cli) == {number(index) for index in range(COUNT)}
    assert ran.document["opt_outs"]["without_number"] == []


def test_with_several_people_without_a_record_a_person_has_to_decide(cli, served, people, numbers_in_records):
    served(opt_out=1.0)
    unknown = {number(1), number(2)}
    numbers_in_records(lambda known: None if known in unknown else known)
    path = people(COUNT)
    cli("batch-call", path, *HELLO, *OPT_OUT)
    ran = cli("campaigns", "outcomes", "people", *JSON, exits=3)
    assert codes(ran.document) == [CODE]
    assert listed(cli) == {number(0), number(3)}
    other = cli("batch-call", path, *HELLO, "--campaign", "other", "--quiet", *JSON, exits=3)
    assert other.counts == {"rows": COUNT, "do_not_call": 2, "screened": 2}
    assert other.document["screening"]["reasons"]["opt-outs-unknown"] == 2
    assert codes(other.document) == [CODE]
    assert (
        "2 opt-outs of campaign 'people' have no number, so it is not known who wants no calls: " in other.err
    )
    [first, second] = ran.document["opt_outs"]["without_number"]
    cli("do-not-call", "add", number(1), "--reason", first)
    cli("do-not-call", "dismiss", second)
    again = cli("batch-call", path, *HELLO, "--campaign", "other", *JSON)
    assert again.counts == {"rows": COUNT, "do_not_call": 3, "accepted": 1}


@pytest.mark.parametrize(
    "spelled",
    [lambda known: known[2:], lambda known: "0" + known[2:], lambda known: f"({known[2:5]}) {known[5:]}"],
    ids=["national", "with a zero", "with brackets"],
)
def test_a_number_without_its_country_is_recognized_among_those_that_were_called(
    cli, served, people, numbers_in_records, spelled
):
    served(opt_out=1.0)
    numbers_in_records(spelled)
    cli("batch-call", people(COUNT), *HELLO, *OPT_OUT)
    ran = cli("campaigns", "outcomes", "people", *JSON)
    assert ran.document["opt_outs"]["without_number"] == []
    assert listed(cli) == {number(index) for index in range(COUNT)}


@pytest.mark.parametrize("spelled", ["12", "5559999999"], ids=["too short", "of nobody"])
def test_a_number_of_nobody_who_was_called_is_not_recognized(
    cli, served, people, numbers_in_records, spelled
):
    served(opt_out=1.0)
    numbers_in_records(lambda _: spelled)
    cli("batch-call", people(COUNT), *HELLO, *OPT_OUT)
    ran = cli("campaigns", "outcomes", "people", *JSON, exits=3)
    assert len(ran.document["opt_outs"]["without_number"]) == COUNT
    assert listed(cli) == set()


@pytest.mark.parametrize("command", ["batch-call", "run"])
def test_other_rows_of_who_may_be_meant_are_not_called(cli, served, orders, numbers_in_records, command):
    served(opt_out=1.0)
    unknown = {number(1), number(2)}
    numbers_in_records(lambda known: None if known in unknown else known)
    key = ("--key", "order", "--campaign", "orders")
    cli("batch-call", orders(COUNT), *HELLO, *key, *OPT_OUT)
    cli.write(
        "orders.toml",
        'contacts = "orders.csv"\nfirst-message = "Hi."\nhours = "00:00-24:00"\nkey = "order"\n',
    )
    path = orders(2 * COUNT)
    argv = (path, *HELLO, *key) if command == "batch-call" else ("orders.toml", "--yes")
    ran = cli(command, *argv, "--quiet", *JSON, exits=3)
    assert ran.counts == {"rows": 2 * COUNT, "already_called": COUNT, "do_not_call": 2, "screened": 2}
    assert codes(ran.document) == [CODE]
    assert ran.err.count("it is not known who wants no calls") == 1
    assert "2 people were not called, because they may have opted out" in ran.err
    if command == "run":
        assert ran.document["campaign_finished"] is False


@pytest.mark.parametrize(
    ("spelled", "held_back"), [("5559999999", 0), ("12", 1)], ids=["a number", "too short"]
)
def test_who_calls_back_with_a_number_that_was_not_called_is_none_of_the_people(
    cli, served, people, numbers_in_records, spelled, held_back
):
    """The number is that of somebody else, in a country that the record does not name."""
    server = served(opt_out=1.0, incoming=frozenset({"back"}))
    stranger = "+15559999999"
    numbers_in_records(lambda known: spelled if known == stranger else known)
    path = people(2)
    cli("batch-call", path, *HELLO, *OPT_OUT, "--limit", "1")
    server.state.new_batch_id = lambda: "back"
    server.state.take("agent_sandbox", "pn_sandbox", [{"to_phone_number": stranger}])
    del server.state.new_batch_id
    ran = cli("batch-call", path, *HELLO, "--campaign", "other", *JSON, exits=3)
    assert codes(ran.document) == [CODE]
    assert (
        ran.counts.get("screened", 0) == 0
    )  # the only person of the campaign has a record of an own opt-out
    assert ran.document["other_campaigns"][0]["unknown"]["people"] == held_back
