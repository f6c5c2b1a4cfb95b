"""The figures of a report agree, whatever has happened to the campaign."""

import csv
import random
import time
from collections import Counter
from datetime import UTC, datetime

import pytest

from tests.commands.conftest import api, cli, clock, number, people, point_at, served  # noqa: F401 - fixtures
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.outcomes.report_data import report_data
from xuna_cli.output.html_report import render
from xuna_cli.sandbox.faults import Cut, Refuse

HELLO = (
    "-m",
    "Hi {{ name }}.",
    "--campaign",
    "people",
    "--batch-size",
    3,
    "--concurrency",
    1,
    "--timeout",
    0.2,
)
CODES = (0, 3, 7)


def report_of(cli):  # noqa: F811
    ledger = open_ledger(cli.ledger)
    try:
        return report_data(ledger, campaign(ledger, "people"), now=datetime.now(UTC))
    finally:
        ledger.close()


def drawn_list(drawn):
    """Rows of all kinds: good, duplicate, not to be called, and wrong."""
    rows = [(number(place), f"Person {place}") for place in range(drawn.randint(4, 14))]
    rows += [drawn.choice(rows) for _ in range(drawn.randint(0, 3))]
    rows += [("nonsense", "X")] * drawn.randint(0, 2) + [("", "Y")] * drawn.randint(0, 2)
    drawn.shuffle(rows)
    return rows


def fix(path, drawn):
    """Correct some of the rejected rows."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    for place, row in enumerate(rows):
        if row[header.index("code")].startswith("phone-") and drawn.random() < 0.7:
            row[0] = number(500 + place)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return len(rows)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_every_row_of_a_random_campaign_is_counted_once(cli, served, people, clock, seed):  # noqa: F811
    drawn = random.Random(seed)
    server = served(unanswered=0.2)
    rows = drawn_list(drawn)
    path, rejects = people(rows=rows), cli.folder / "rejects.csv"
    cli("do-not-call", "add", number(1))
    if drawn.random() < 0.5:
        server.faults.add(Refuse(numbers=(number(2),)))
    if drawn.random() < 0.7:
        server.faults.add(Cut(times=1, taken=drawn.random() < 0.5))
    if drawn.random() < 0.5:
        cli("batch-call", path, *HELLO, "--limit", 2, exits=CODES)
    cli("batch-call", path, *HELLO, "--rejects", rejects, "--max-unknown", drawn.choice([1, 5]), exits=CODES)
    if drawn.random() < 0.6 and fix(rejects, drawn):
        cli("batch-call", rejects, *HELLO, exits=CODES)
    time.sleep(0.25)
    for held in report_of(cli).held:
        if (decision := drawn.choice(["--placed", "--not-placed", None])) is not None:
            cli("campaigns", "resolve", "people", held.batch.id, decision)
    if drawn.random() < 0.5:
        cli("batch-call", path, *HELLO, "--limit", 1, exits=CODES)
    if drawn.random() < 0.5:
        cli("batch-call", path, *HELLO, exits=CODES)

    seen = report_of(cli)
    # A run that an unknown outcome has stopped may not have read all rows.
    assert seen.rows.rows == len(rows) if seen.rows.complete else seen.rows.rows <= len(rows)
    assert seen.rows.called == seen.called == seen.people_called
    assert seen.rows.held == sum(held.batch.size for held in seen.held)
    assert sum(seen.rows.rejections.values()) == seen.rows.rejected
    assert seen.rows.callable <= len({phone for phone, _ in rows}) + 5
    assert not seen.is_read
    page = render(seen, with_people=False, address="people")
    assert "<b>–</b>had a conversation" in page
    assert 'People with a success</span><span class="value">– <i></i>' in page

    clock.advance(hours=1)
    cli("campaigns", "outcomes", "people")
    after = report_of(cli)
    assert after.rows.rows == seen.rows.rows
    assert after.called == sum(after.outcomes.values()) == after.rows.called
    assert after.is_read or not after.called
    assert after.people_conversed == after.conversed


AGAIN = ("--attempts", "3", "--again-after", "0.001s", "--again", "failure,no-conversation")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_every_row_is_counted_once_however_often_its_person_is_called(cli, served, people, clock, seed):  # noqa: F811
    drawn = random.Random(seed)
    server = served(unanswered=0.3)
    rows = drawn_list(drawn)
    path = people(rows=rows)
    cli("do-not-call", "add", number(1))
    for step in range(4):
        if step and drawn.random() < 0.4:
            server.faults.add(Cut(times=1, taken=drawn.random() < 0.5))
        if step and drawn.random() < 0.3:
            server.faults.add(Refuse(numbers=(number(drawn.randint(2, 5)),)))
        limit = ("--limit", drawn.randint(1, 3)) if drawn.random() < 0.4 else ()
        policy = AGAIN if drawn.random() < 0.8 else ()
        cli("batch-call", path, *HELLO, *policy, *limit, "--batch-size", 3, exits=CODES)
        server.faults.clear()
        cli("campaigns", "outcomes", "people", exits=CODES)
        seen = report_of(cli)
        assert seen.rows.rows == len(rows) if seen.rows.complete else seen.rows.rows <= len(rows)
        called = {call.to_phone_number for call in server.state.calls()}
        held = sum(held.batch.size for held in seen.held)
        assert len(called) - held <= seen.people_called <= len(called)
        assert seen.people_called - held <= seen.rows.called <= seen.people_called + held
        assert seen.people_succeeded <= seen.people_conversed <= seen.people_called <= seen.called
        assert seen.called == sum(seen.outcomes.values())
    assert max(Counter(call.to_phone_number for call in server.state.calls()).values()) <= 3


def test_people_and_not_calls_are_counted(cli, served, people, clock):  # noqa: F811
    served(unanswered=0.0)
    rows = [(number(0), "A", "1"), (number(0), "A", "2"), (number(1), "B", "3")]
    cli("batch-call", people(rows=rows, header=("phone", "name", "order")), *HELLO, "--key", "order")
    clock.advance(hours=1)
    cli("campaigns", "outcomes", "people")
    seen = report_of(cli)
    assert (seen.called, seen.people_called, seen.rows.rows) == (3, 2, 3)
    assert "3 calls" in render(seen, with_people=False, address="people")


def test_a_row_leads_to_the_list_that_it_came_from(cli, served, people):  # noqa: F811
    import json

    served()
    people(rows=[(number(0), "A")], name="one.csv")
    people(rows=[(number(1), "B")], name="other.csv")
    for name in ("one.csv", "other.csv"):
        cli("batch-call", name, *HELLO)
    rows = json.loads(cli("campaigns", "export", "people", "--output", "json").out)
    assert [(row["list"].rpartition("/")[2], row["list_row"]) for row in rows] == [
        ("one.csv", 2),
        ("other.csv", 2),
    ]
    seen = report_of(cli)
    assert (seen.rows.rows, seen.rows.lists) == (2, 2)
    page = render(seen, with_people=False, address="people")
    assert "<td>one.csv</td>" in page
    assert "<td>other.csv</td>" in page


def test_a_person_of_two_lists_counts_once(cli, served, people):  # noqa: F811
    served()
    people(2, name="one.csv")
    people(3, name="other.csv")
    for name in ("one.csv", "other.csv"):
        cli("batch-call", name, *HELLO)
    seen = report_of(cli)
    assert (seen.rows.called, seen.rows.duplicates, seen.rows.rows) == (3, 2, 5)


def test_do_not_call_is_not_callable(cli, served, people):  # noqa: F811
    served()
    cli("do-not-call", "add", number(0))
    cli("batch-call", people(3), *HELLO)
    seen = report_of(cli)
    assert (seen.rows.rows, seen.rows.callable, seen.rows.do_not_call) == (3, 2, 1)
