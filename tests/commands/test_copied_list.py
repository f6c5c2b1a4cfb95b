"""A list that is a copy of a list that was called: `customers (1).csv`."""

import re
import shlex

import pytest

from xuna_cli.commands.calling.copied_list import plain_name
from xuna_cli.sandbox.faults import Answer

HELLO = ("-m", "Hi {{ name }}.")
COPIES = ["customers (1).csv", "customers - Copy.csv", "customers 2026-11-27.csv", "Copy of customers.csv"]


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_of_a_list_whose_people_were_called_calls_nobody(cli, api, people, name):
    cli("batch-call", people(4, name="customers.csv"), *HELLO, "--yes")
    copy = people(5, name=name)
    ran = cli("batch-call", copy, *HELLO, "--yes", "--quiet", exits=2)
    assert "4 of the first 5 people of this list are in campaign 'customers' already" in ran.err
    assert len(api.state.calls()) == 4
    assert "in campaign 'customers' already" in cli("batch-call", copy, *HELLO, "--dry-run").err


def test_a_copy_of_a_list_of_which_only_a_few_were_called_yet_calls_nobody(cli, api, people):
    cli("batch-call", people(9, name="customers.csv"), *HELLO, "--yes", "--limit", "2")
    ran = cli("batch-call", people(10, name="customers (1).csv"), *HELLO, "--yes", "--quiet", exits=2)
    assert "2 of the first 10 people of this list are in campaign 'customers' already" in ran.err
    assert len(api.state.calls()) == 2


def test_the_advice_works_as_it_is_typed(cli, api, people):
    cli("batch-call", people(4, name="customers.csv"), *HELLO, "--yes")
    copy = people(5, name="customers (1).csv")
    hint = cli("batch-call", copy, *HELLO, "--yes", exits=2).err.splitlines()[-1]
    words = shlex.split(hint)
    others, everybody = (words[place + 1] for place, word in enumerate(words) if word == "--campaign")
    counts = cli("batch-call", copy, *HELLO, "--yes", "--campaign", others, "--output", "json").counts
    assert counts == {"rows": 5, "accepted": 1, "already_called": 4}
    ran = cli("batch-call", copy, *HELLO, "--yes", "--campaign", everybody, "--output", "json")
    assert ran.counts == {"rows": 5, "accepted": 5}


def test_a_copy_whose_own_campaign_has_called_nobody_yet_is_a_copy_still(cli, api, people):
    """The first download failed, and a second one was called; then somebody, or cron, calls the first one again."""
    first = people(4, name="customers.csv")
    api.faults.add(Answer(status=401, times=1))
    cli("batch-call", first, *HELLO, "--yes", exits=4)
    cli("batch-call", people(4, name="customers (1).csv"), *HELLO, "--yes")
    ran = cli("batch-call", first, *HELLO, "--yes", exits=2)
    assert "4 of the first 4 people of this list are in campaign 'customers (1)' already" in ran.err
    assert len(api.state.calls()) == 4
    assert "in campaign 'customers (1)' already" in cli("batch-call", first, *HELLO, "--dry-run").err
    counts = cli("batch-call", first, *HELLO, "--yes", "--campaign", "customers", "--output", "json").counts
    assert counts == {"rows": 4, "accepted": 4}


def test_other_people_under_a_similar_name_are_called(cli, api, people):
    cli("batch-call", people(4, name="customers.csv"), *HELLO, "--yes")
    cli("batch-call", people(4, first=2, name="customers (1).csv"), *HELLO, "--yes")  # a half are the same
    assert len(api.state.calls()) == 8


def test_the_same_people_under_another_name_or_a_further_key_are_called(cli, api, people):
    cli("batch-call", people(3, name="customers.csv"), *HELLO, "--yes", "--key", "name")
    cli("batch-call", people(3, name="reminders.csv"), *HELLO, "--yes")
    fresh = people(
        rows=[(f"+1555{1000000 + row}", f"Order {row}") for row in range(3)], name="customers (1).csv"
    )
    cli("batch-call", fresh, *HELLO, "--yes", "--key", "name")
    assert len(api.state.calls()) == 9


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("customers(2)", "customers"),
        ("customers_20261127", "customers"),
        ("Customers - Kopie (2)", "customers"),
        ("customers 27.11.2026", "customers"),
        ("customers_2026-11-27T0900", "customers"),
        ("customers 20261127 09-30-00", "customers"),
        ("customers copy 2", "customers"),
        ("spring 2", "spring 2"),
        ("2026-11-27", "2026-11-27"),
        ("copyright", "copyright"),
    ],
)
def test_what_is_a_mark_of_a_copy(name, plain):
    assert plain_name(name) == plain


def test_a_known_name_in_which_everybody_was_called_says_how_to_call_again(cli, api, people):
    rows = [("+15551000000", "Ann"), ("12", "Bo"), ("+15551000001", "Cy"), ("+15551000000", "Ann")]
    path = people(rows=rows, name="customers.csv")
    run = ("batch-call", path, *HELLO, "--yes")
    assert "To call these people again" not in cli(*run, exits=3).err
    again = cli(*run, exits=3).err
    assert "Everybody on this list who may be called was already called in campaign 'customers'." in again
    assert "To call these people again" not in cli(*run, "--quiet", exits=3).err
    advice = re.findall(r"add (--.*?)(?=\. |\.\n)", again)
    assert advice == ["--campaign customers-2", "--key and the column's name"]
    cli(*run, "--campaign", "customers-2", "--key", "name", exits=3)  # the advice works as printed
    assert len(api.state.calls()) == 4


def test_a_rendered_list_is_called_again_by_rendering_it_again(cli, api, people, tmp_path):
    targets = tmp_path / "targets.jsonl"
    cli("render", people(2), *HELLO, "--to", targets)
    cli("batch-call", targets, "--yes")
    assert "render the list again with another --campaign" in cli("batch-call", targets, "--yes").err
    again = cli("render", people(2), *HELLO, "--campaign", "targets", "--to", targets).err
    assert f"xuna batch-call {targets}" in again
    cli("batch-call", targets, "--yes")
    again = cli("render", people(2), *HELLO, "--campaign", "targets", "--to", targets).err
    assert "It has no calls." in again
    assert "xuna batch-call" not in again


# ------------------------------------------------------------------------------- a mistyped campaign

LOOK_ALIKES = ["Spring", "SPRING", "spr ing", "spring.", "spring!", "spríng", "s\u0440ring", "spring\u2019"]


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_campaign_that_looks_like_another_one_calls_nobody(cli, api, people, name):
    path = people(4)
    cli("batch-call", path, *HELLO, "--campaign", "spring")
    said = cli("batch-call", path, *HELLO, "--campaign", name, "--yes", "--quiet", exits=2).err
    assert "4 of the first 4 people of this list are in campaign 'spring' already" in said
    assert len(api.state.calls()) == 4
    assert (
        "in campaign 'spring' already" in cli("batch-call", path, *HELLO, "--campaign", name, "--dry-run").err
    )
    words = shlex.split(said.splitlines()[-1])
    others, everybody = (
        words[place + 1].rstrip(",") for place, word in enumerate(words) if word == "--campaign"
    )
    again = ("batch-call", people(5), *HELLO, "--output", "json")
    assert cli(*again, "--campaign", others).counts == {"rows": 5, "accepted": 1, "already_called": 4}
    assert cli(*again, "--campaign", everybody).counts == {"rows": 5, "accepted": 5}


@pytest.mark.parametrize("name", ["spring-2", "spring b", "v1.1", "2026-11-27", "spring (1)"])
def test_a_campaign_that_looks_different_calls_the_same_people(cli, api, people, name):
    for campaign in ("spring", "spring a", "v11", "2026-1-127", name):
        cli("batch-call", people(2), *HELLO, "--campaign", campaign)
    assert len(api.state.calls()) == 10


def test_a_campaign_that_looks_like_that_of_other_people_calls_them(cli, api, people):
    cli("batch-call", people(2), *HELLO, "--campaign", "spring")
    cli("batch-call", people(2, first=5), *HELLO, "--campaign", "Spring")
    assert len(api.state.calls()) == 4


def test_a_rendered_list_with_a_name_that_looks_like_another_one_calls_nobody(cli, api, people, tmp_path):
    cli("batch-call", people(3), *HELLO, "--campaign", "spring")
    cli("render", people(3), *HELLO, "--campaign", "Spring", "--to", tmp_path / "targets.jsonl")
    assert "render the list again" in cli("batch-call", tmp_path / "targets.jsonl", exits=2).err
    assert len(api.state.calls()) == 3


# ------------------------------------------------------------------------------- a mistyped ledger


@pytest.mark.parametrize("known", [(), ("--ledger", "calls.db")], ids=["usual", "beside"])
@pytest.mark.parametrize("campaign", [(), ("--campaign", "spring")], ids=["default", "named"])
def test_a_new_ledger_beside_one_that_knows_these_people_calls_nobody(cli, api, people, known, campaign):
    path = people(4)
    cli("batch-call", path, *HELLO, *known, *campaign)
    wrong = ("batch-call", path, *HELLO, *campaign, "--ledger", "cals.db", "--yes")
    name = campaign[-1] if campaign else "people"
    assert f"4 people of this list are in campaign {name!r} of the ledger" in cli(*wrong, "--dry-run").err
    for _ in range(2):  # the first time, the new ledger is made
        said = cli(*wrong, "--quiet", exits=2).err
    assert len(api.state.calls()) == 4
    words = shlex.split(said.splitlines()[-1])
    ledger, again = (words[words.index(option) + 1] for option in ("--ledger", "--campaign"))
    right = ("batch-call", path, *HELLO, *campaign, "--ledger", ledger, "--yes", "--output", "json")
    assert cli(*right).counts == {"rows": 4, "already_called": 4}
    another = ("batch-call", path, *HELLO, "--ledger", "cals.db", "--yes", "--campaign", again)
    assert cli(*another, "--output", "json").counts == {"rows": 4, "accepted": 4}


def test_other_ledgers_are_no_concern_of_other_people_or_campaigns_and_of_the_sandbox(cli, api, people):
    cli("batch-call", people(4), *HELLO, "--campaign", "spring")
    cli.write("broken.db.runs", "")
    cli.write("broken.db", "no ledger")
    new = ("--ledger", "new.db")
    cli("batch-call", people(4), *HELLO, "--campaign", "summer", *new)
    cli("batch-call", people(4, first=8), *HELLO, "--campaign", "spring", *new)
    assert len(api.state.calls()) == 12
    cli("batch-call", people(4), *HELLO, "--campaign", "spring", "--sandbox")
