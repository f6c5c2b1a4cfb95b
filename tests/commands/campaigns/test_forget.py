"""`xuna campaigns forget`: the people are gone, the counts stay, and the campaign is closed."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.terminal import Terminal
from tests.support.way import Way
from xuna_cli.errors import UsageError
from xuna_cli.ledger.engines.sqlite import APPLICATION_ID
from xuna_cli.ledger.forgetting import forget, older_than
from xuna_cli.ledger.migrations import STEPS
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.sandbox.faults import Cut, Refuse

pytestmark = pytest.mark.usefixtures("api")

PEOPLE = [f"+1303555{number:04d}" for number in range(1000, 1400)]


def call(cli, campaign, *arguments, people=PEOPLE, exits=0):
    cli.write(
        "people.csv",
        "phone,name,id\n" + "".join(f"{number},N{number[-4:]},{number[-4:]}\n" for number in people),
    )
    return cli.call(
        "people.csv", "--campaign", campaign, "-m", "Hi {{ name }}, Zanzibar", "-y", *arguments, exits=exits
    )


@pytest.mark.slow
def test_the_question_says_how_many_people_and_no_keeps_them(cli):
    call(cli, "kept", people=PEOPLE[:3])
    terminal = Terminal("campaigns", "forget", "kept")
    terminal.until("This permanently deletes the 3 people of campaign 'kept'.")
    terminal.until("Delete these people?")
    terminal.type("n\n")
    assert terminal.end() == 0
    assert "Cancelled. Nothing was deleted." in terminal.seen
    assert traces(cli.ledger, PEOPLE[0])


def test_without_a_terminal_nothing_is_deleted_unless_yes_is_given(cli):
    call(cli, "kept", people=PEOPLE[:3])
    for which in (["kept"], ["--older-than", "0"]):
        ran = cli("campaigns", "forget", *which, exits=2)
        assert "there is no terminal, so xuna can't ask for confirmation\n  add --yes" in ran.err
    assert traces(cli.ledger, PEOPLE[0])


def traces(path, *texts):
    content = path.read_bytes()
    return [text for text in texts if text.encode() in content]


def test_nothing_of_the_people_remains_in_the_file_and_the_counts_stay(cli):
    call(cli, "gone", "--key", "id")
    call(cli, "kept", people=PEOPLE[:3])
    assert traces(cli.ledger, PEOPLE[0], PEOPLE[399])
    before = json_of(cli, "campaigns", "show", "gone")
    ran = cli("campaigns", "forget", "gone", "--yes")
    assert "400 people were deleted" in ran.err
    assert traces(cli.ledger, *PEOPLE[3:], PEOPLE[0] + "\x1f") == []
    assert traces(cli.ledger, PEOPLE[0]) == [PEOPLE[0]]  # from the other campaign
    after = json_of(cli, "campaigns", "show", "gone")
    assert after["campaign"]["calls"] == before["campaign"]["calls"]
    assert after["campaign"]["calls"]["accepted"] == 400
    assert after["campaign"]["forgotten_at"]
    ran = cli("campaigns", "list")
    assert "gone (forgotten)" in ran.out
    with sqlite3.connect(cli.ledger) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    cli("campaigns", "forget", "kept", "--yes")
    assert traces(cli.ledger, *PEOPLE, "Zanzibar") == []


def json_of(cli, *arguments):
    return cli(*arguments, "--output", "json").document


def test_a_forgotten_campaign_is_closed_for_good(cli):
    call(cli, "gone", people=PEOPLE[:3])
    cli("campaigns", "forget", "gone", "--yes")
    for arguments in ((), ("--dry-run",)):
        document = call(cli, "gone", *arguments, people=PEOPLE[:3], exits=2)
        assert document["errors"][0]["code"] == "campaign-forgotten"
    assert len(cli.called) == 3
    cli("campaigns", "forget", "gone", "--yes")
    cli("campaigns", "export", "gone")


def test_a_campaign_with_a_held_batch_is_not_forgotten(cli):
    cli.server.faults.add(Cut(times=1))
    call(cli, "held", people=PEOPLE[:3], exits=7)
    ran = cli("campaigns", "forget", "held", "--yes", exits=2)
    assert ran.err.endswith("  first run: xuna campaigns resolve held\n")
    ran = cli("campaigns", "forget", "held", "--ledger", cli.ledger, "--yes", exits=2)
    assert ran.err.endswith(f"  first run: xuna campaigns resolve held --ledger {cli.ledger}\n")
    assert traces(cli.ledger, PEOPLE[0])
    cli("campaigns", "forget", "--older-than", "0", "--yes", exits=7)
    assert traces(cli.ledger, PEOPLE[0])


def test_a_campaign_with_a_run_that_is_alive_is_not_forgotten(cli, api, tmp_path):
    way = Way(tmp_path, api)
    refused = []

    def try_to_forget(batch):
        with way.ledger() as other:
            try:
                forget(other, "c")
            except UsageError as error:
                refused.append(error.code)

    report = way.dial(PEOPLE[:2], on_batch=try_to_forget)
    assert refused == ["campaign-run-alive"]
    assert report.counts["accepted"] == 2
    cli("campaigns", "forget", "c", "--ledger", way.path, "--yes")


def test_those_that_are_old_are_forgotten_together(cli):
    call(cli, "a", people=PEOPLE[:2])
    call(cli, "b", people=PEOPLE[2:4])
    ran = cli("campaigns", "forget", "--older-than", "30", "--yes")
    assert "No campaign is older than that" in ran.err
    later = datetime.now(UTC) + timedelta(days=31)
    ledger = open_ledger(cli.ledger, now=lambda: later)
    assert older_than(ledger, timedelta(days=30)) == ["a", "b"]
    assert older_than(ledger, timedelta(days=32)) == []
    ledger.close()
    cli("campaigns", "forget", "--older-than", "0", "--yes")
    assert traces(cli.ledger, *PEOPLE[:4]) == []


@pytest.mark.parametrize("arguments", [(), ("a", "--older-than", "3"), ("nobody",)])
def test_it_is_said_what_to_forget(cli, arguments):
    call(cli, "a", people=PEOPLE[:1])
    cli("campaigns", "forget", *arguments, "--yes", exits=2)


def test_the_do_not_call_list_is_not_forgotten(cli):
    cli("do-not-call", "add", PEOPLE[0])
    call(cli, "a", people=PEOPLE[:2])
    cli("campaigns", "forget", "a", "--yes")
    cli("do-not-call", "check", PEOPLE[0], exits=3)


# -- a ledger of the version before


def old_ledger(path, people):
    """A ledger as version 1 left it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in STEPS[1]:
        connection.execute(statement.replace("SERIAL_KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"))
    at = "2026-11-01T12:00:00.000Z"
    connection.executemany(
        "INSERT INTO ledger_info VALUES (?, ?)", [("schema_version", "1"), ("ledger_id", "abcd")]
    )
    connection.execute("INSERT INTO campaigns VALUES (1, 'old', NULL, 'sandbox', NULL, ?)", (at,))
    connection.execute(
        "INSERT INTO runs VALUES (1, 1, ?, ?, 'agent', 'pn', '-', NULL, 180.0, 'host', 1, '0.1')", (at, at)
    )
    connection.execute(
        "INSERT INTO batches VALUES (1, 1, NULL, 'accepted', ?, 'batch_1', ?, 200, NULL, ?, ?)",
        (len(people), len(people), at, at),
    )
    rows = [(number, number, row) for row, number in enumerate(people, 2)]
    connection.executemany("INSERT INTO calls VALUES (1, ?, ?, 1, ?)", rows)
    connection.commit()
    connection.close()


def test_a_ledger_of_version_1_is_brought_up_and_a_copy_is_left(cli):
    old_ledger(cli.ledger, PEOPLE[:2])
    before = cli.ledger.read_bytes()
    cli.write("people.csv", "phone\n" + "\n".join(PEOPLE[:3]))
    copy = cli.ledger.with_name("ledger.db.v1.bak")

    # A rehearsal reads the ledger without changing it.
    counts = cli.call("people.csv", "--campaign", "new", "--quiet-days", "1000", "--dry-run")["counts"]
    assert (counts["screened"], counts["not_sent"]) == (2, 1)
    assert cli.ledger.read_bytes() == before
    assert not copy.exists()

    cli("do-not-call", "add", PEOPLE[2])
    assert sqlite3.connect(copy).execute(
        "SELECT value FROM ledger_info WHERE name = 'schema_version'"
    ).fetchone() == ("1",)
    assert copy.stat().st_mode & 0o777 == 0o600
    counts = cli.call("people.csv", "--campaign", "new", "--quiet-days", "1000", "-y")["counts"]
    assert (counts["screened"], counts["do_not_call"]) == (2, 1)
    assert cli.called == []

    ran = cli("campaigns", "forget", "old", "--yes")
    assert str(copy) in ran.err
    cli("campaigns", "forget", "new", "--yes")  # it knows that they were screened out
    assert traces(cli.ledger, *PEOPLE[:2]) == []


def test_what_rehearsals_remember_goes_with_them(cli):
    cli.write("people.csv", f"phone\n{PEOPLE[0]}\n")
    cli("batch-call", "people.csv", "--sandbox")
    [record] = cli.folder.rglob("sandbox-calls.jsonl")
    assert traces(record, PEOPLE[0])
    cli("campaigns", "forget", "people", "--sandbox")
    assert not record.exists()


def test_the_words_of_the_api_about_people_go_too(cli):
    """The API's messages about refused batches and people, because they may quote names and numbers."""
    cli.server.faults.add(Refuse(numbers=[PEOPLE[1]], message="Otorongo is no number"))
    call(cli, "gone", people=PEOPLE[:3], exits=3)
    assert traces(cli.ledger, PEOPLE[1], "Otorongo") == [PEOPLE[1], "Otorongo"]
    cli("campaigns", "forget", "gone", "--yes")
    assert traces(cli.ledger, PEOPLE[1], "Otorongo") == []
