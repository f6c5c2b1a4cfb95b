"""`xuna campaigns`: the contents of the ledger, and decisions about held batches."""

import csv
import io
import json
import re
import stat

import pytest

from tests.commands.conftest import number
from tests.support.terminal import Terminal
from xuna_cli.sandbox.faults import Cut, Short

HELLO = ("-m", "Hi {{ name }}.")


@pytest.fixture
def held(cli, api, people):
    """A campaign with four people: batch 1 is unknown, batch 2 is accepted."""
    api.faults.add(Cut(times=1))
    cli(
        "batch-call",
        people(4),
        *HELLO,
        "--batch-size",
        2,
        "--concurrency",
        1,
        "--max-unknown",
        2,
        "--timeout",
        0.2,
        exits=7,
    )


def age(cli):
    """Let the POST's deadline (0.2 s) pass."""
    import time

    time.sleep(0.25)


def test_list_shows_how_the_calls_of_each_campaign_stand(cli, held):
    assert re.search(r"people +│ +2 │ +2 │ +0", cli("campaigns", "list").out)
    [campaign] = cli("campaigns", "list", "--output", "json").document["campaigns"]
    assert campaign["calls"] == {"claimed": 0, "submitting": 0, "accepted": 2, "short": 0, "unknown": 2}


def test_a_list_of_no_campaigns_is_a_success(cli):
    assert cli("campaigns", "list", "--output", "json").document["campaigns"] == []


def test_show_explains_each_held_batch_and_says_what_to_type(cli, held):
    out = cli("campaigns", "show", "people").out
    assert "Batch 1 (unknown): 2 people, sent 20" in out
    assert "look for a batch of 2 calls" in out
    assert "xuna campaigns resolve people" in out


def test_show_knows_no_campaign_of_another_name(cli, held):
    assert "'people'" in cli("campaigns", "show", "peeple", exits=2).err


def test_placed_counts_as_called_and_nobody_of_it_is_called_again(cli, held, api, people):
    age(cli)
    assert "accepted" in cli("campaigns", "resolve", "people", 1, "--placed").err
    ran = cli("batch-call", people(4), *HELLO, "--output", "json")
    assert ran.counts == {"rows": 4, "already_called": 4}
    assert set(api.state.counts().values()) == {1}


def test_not_placed_frees_its_people(cli, api, people):
    api.faults.add(Cut(times=1, taken=False))
    cli("batch-call", people(2), *HELLO, "--timeout", 0.2, exits=7)
    age(cli)
    cli("campaigns", "resolve", "people", 1, "--not-placed")
    assert cli("batch-call", people(2), *HELLO, "--output", "json").counts == {"rows": 2, "accepted": 2}
    assert set(api.state.counts().values()) == {1}


def test_resolving_twice_the_same_way_changes_nothing_and_the_other_way_is_refused(cli, held):
    age(cli)
    for _ in range(2):
        cli("campaigns", "resolve", "people", 1, "--placed")
    assert "not held" in cli("campaigns", "resolve", "people", 1, "--not-placed", exits=2).err


def test_a_batch_whose_post_may_still_be_under_way_is_not_resolved(cli, api, people):
    api.faults.add(Cut(times=1))
    cli("batch-call", people(2), *HELLO, exits=7)
    assert "less than 180 s ago" in cli("campaigns", "resolve", "people", 1, "--placed", exits=2).err


def test_a_short_batch_is_never_not_placed(cli, api, people):
    api.faults.add(Short(times=1, missing=1))
    cli("batch-call", people(3), *HELLO, "--timeout", 0.2, exits=7)
    age(cli)
    assert (
        "would call most people twice"
        in cli("campaigns", "resolve", "people", 1, "--not-placed", exits=2).err
    )
    cli("campaigns", "resolve", "people", 1, "--placed")


@pytest.mark.parametrize("argv", [(1,), ("--placed",), (99, "--placed")])
def test_half_a_decision_is_none(cli, held, argv):
    cli("campaigns", "resolve", "people", *argv, exits=2)


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["--placed"], "--placed and --not-placed need the IDs", "xuna campaigns show people"),
        ([1], "batch IDs need --placed or --not-placed", "e.g. xuna campaigns resolve people 1 --placed"),
        (["--proven", 1], "--proven takes no batch IDs", "run: xuna campaigns resolve people --proven"),
    ],
)
def test_a_decision_that_lacks_something_says_what(cli, held, argv, message, hint):
    ran = cli("campaigns", "resolve", "people", *argv, exits=2)
    assert message in ran.err
    assert hint in ran.err


def test_without_a_person_there_is_nobody_to_walk_through(cli, held):
    assert "xuna campaigns resolve people 1 --placed" in cli("campaigns", "resolve", "people", exits=2).err


@pytest.mark.slow
def test_a_person_is_walked_through_the_held_batches(cli, held):
    age(cli)
    terminal = Terminal("campaigns", "resolve", "people")
    terminal.until("[p]laced, [n]ot placed, [s]kip?")
    terminal.type("p\n")
    assert terminal.end() == 0
    assert "Batch 1 is accepted. No later run calls its 2 people again." in terminal.seen
    assert cli("campaigns", "list", "--output", "json").document["campaigns"][0]["calls"]["unknown"] == 0


@pytest.mark.slow
def test_a_batch_that_cannot_be_decided_yet_is_not_asked_about_and_says_when(cli, api, people):
    api.faults.add(Cut(times=1))
    cli("batch-call", people(1), *HELLO, "--timeout", 100, exits=7)
    terminal = Terminal("campaigns", "resolve", "people")
    assert terminal.end() == 0
    seen = " ".join(terminal.seen.split())
    assert "Batch 1 can't be decided now: the POST of batch 1 went out less than 100 s ago" in seen
    assert "Wait that long, then run the same command again." in seen
    assert "dashboard" not in seen


def test_export_has_a_row_for_every_call(cli, held, tmp_path):
    calls = json.loads(cli("campaigns", "export", "people", "--output", "json").out)
    assert [(call["row_number"], call["to_phone_number"], call["state"]) for call in calls] == [
        (2, number(0), "unknown"),
        (3, number(1), "unknown"),
        (4, number(2), "accepted"),
        (5, number(3), "accepted"),
    ]
    assert calls[0]["batch_id"] is None
    assert calls[2]["batch_id"].startswith("batch_")
    rows = list(csv.DictReader(io.StringIO(cli("campaigns", "export", "people").out)))
    assert [row["to_phone_number"] for row in rows] == [number(i) for i in range(4)]


def test_an_exported_file_is_for_its_owner_alone(cli, held, tmp_path):
    target = tmp_path / "out.csv"
    cli("campaigns", "export", "people", "--to", target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert len(target.read_text().splitlines()) == 5
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_an_export_that_cannot_be_written_says_so(cli, held, tmp_path):
    assert (
        "can't be written"
        in cli("campaigns", "export", "people", "--to", tmp_path / "no" / "out.csv", exits=5).err
    )


def test_an_export_of_forgotten_people_says_that_they_were(cli, api, people):
    cli("batch-call", people(1), *HELLO)
    cli("campaigns", "forget", "people", "--yes")
    ran = cli("campaigns", "export", "people")
    assert len(ran.out.splitlines()) == 1
    assert "The people of campaign 'people' were forgotten at 20" in ran.err


def test_one_person_is_no_people(cli, api, people):
    api.faults.add(Cut(times=1))
    cli("batch-call", people(1), *HELLO, "--timeout", 0.2, exits=7)
    assert "Batch 1 (unknown): 1 person, sent 20" in cli("campaigns", "show", "people").out
    assert "has 1 held batch, but" in cli("campaigns", "resolve", "people", exits=2).err
    age(cli)
    assert "No later run calls its 1 person again" in cli("campaigns", "resolve", "people", 1, "--placed").err
    assert "1 person was deleted" in cli("campaigns", "forget", "people", "--yes").err
