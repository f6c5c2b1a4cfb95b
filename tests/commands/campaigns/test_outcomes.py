"""From a list to its outcomes, with the commands and a sandbox."""

import contextlib
import csv
import io
import json
import os
import re
import shlex
import stat
import time
from pathlib import Path

import pytest

from xuna_cli.api.client import Client
from xuna_cli.api.retry import RetryingReader
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.conversations import Link, kept_records, store, store_sync
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import CallKey, ConversationSync
from xuna_cli.models import Conversation, Evaluation
from xuna_cli.outcomes.sync import sync_conversations
from xuna_cli.sandbox.conversations import conversation_id_of
from xuna_cli.sandbox.faults import Answer, Cut, Pages, RateLimit, Short


def call(cli, path, *options):
    return cli("batch-call", path, "--yes", "--max-unknown", "50", *options, exits=(0, 3, 7))


def outcomes(cli, name="people", *options, exits=0):
    ran = cli("campaigns", "outcomes", name, "--output", "json", *options, exits=exits)
    return ran, ran.document


def exported(cli, name="people", *options):
    ran = cli("campaigns", "export", name, *options)
    return list(csv.DictReader(io.StringIO(ran.out)))


def test_every_call_gets_the_outcome_of_its_conversation(cli, served, people):
    server = served(page_size=7)
    call(cli, people(40), "--batch-size", "9")
    _ran, document = outcomes(cli)
    assert document["calls"] == 40
    assert document["waiting"] == 0
    assert sum(document["outcomes"].values()) == 40
    assert document["outcomes"]["success"] > document["outcomes"]["failure"] > 0
    assert document["reading"]["joined"] == 40
    assert sum(document["criteria"]["goal_reached"].values()) == 40
    rows = exported(cli)
    assert len(rows) == 40
    by_number = {call.to_phone_number: call for call in server.state.calls()}
    for row in rows:
        assert row["batch_id"] == by_number[row["to_phone_number"]].batch_id
        assert row["joined_by"] == "batch"
        assert json.loads(row["evaluation"])["goal_reached"]["result"] == row["outcome"]
        assert row["started_at"].endswith("Z")


def test_reading_again_reads_only_what_is_new(cli, served, people):
    server = served()
    call(cli, people(20))
    outcomes(cli)
    before = server.state.requests_total
    _, document = outcomes(cli)
    assert server.state.requests_total - before == 1
    assert document["outcomes"]["not-read"] == 0
    assert document["reading"]["joined"] == 20


def test_a_call_without_a_record_has_no_conversation_and_before_the_reading_is_not_read(cli, served, people):
    served(unanswered=0.5)
    call(cli, people(40))
    assert {row["outcome"] for row in exported(cli)} == {"not-read"}
    _, document = outcomes(cli)
    assert 5 < document["outcomes"]["no-conversation"] < 35
    assert document["waiting"] == document["outcomes"]["no-conversation"]
    assert exported(cli)[0]["outcome"] != "not-read"


def test_calls_made_after_the_reading_are_not_read(cli, served, people):
    served(unanswered=1.0)
    call(cli, people(3))
    outcomes(cli)
    call(cli, people(5))
    words = [row["outcome"] for row in exported(cli)]
    assert words == ["no-conversation"] * 3 + ["not-read"] * 2


def test_a_call_that_goes_on_is_in_progress_and_read_again(cli, served, people, clock):
    served(in_progress=30)
    call(cli, people(4))
    assert outcomes(cli)[1]["outcomes"]["in-progress"] == 4
    clock.advance(60)
    _, document = outcomes(cli)
    assert document["outcomes"]["in-progress"] == document["waiting"] == 0


@pytest.mark.slow
def test_watching_ends_when_the_last_record_is_there(cli, served, people):
    served(appear_after=0.2, spread=0.6)
    call(cli, people(12))
    ran, document = outcomes(cli, "people", "--watch", "--every", "0.1s", "--for", "20s")
    assert document["waiting"] == 0
    assert "12 of 12 calls have an outcome" in ran.err


def test_watching_ends_with_its_time_and_says_who_is_left(cli, served, people):
    served(unanswered=1.0)
    call(cli, people(2))
    ran, document = outcomes(cli, "people", "--watch", "--every", "0.1s", "--for", "0.3s")
    assert document["waiting"] == 2
    assert "2 calls have no outcome yet" in ran.err


def test_records_without_the_optional_metadata_are_counted_and_never_guessed(cli, served, people):
    served(optional_metadata=False)
    call(cli, people(6))
    _ran, document = outcomes(cli)
    assert document["reading"]["unjoined"] == 6
    assert document["reading"]["reasons"] == {"no-number": 6}
    assert document["outcomes"]["no-conversation"] == 6
    table = cli("campaigns", "outcomes", "people").out
    assert "6 have no number" in table


def test_numbers_alone_are_unproven(cli, served, people):
    served(batch_ids=False)
    call(cli, people(6))
    assert outcomes(cli)[1]["outcomes"]["unproven"] == 6
    assert {row["conversation_id"] for row in exported(cli)} == {""}


def test_an_outgoing_call_is_proven_by_its_number(cli, served, people):
    served(batch_ids=False, directions=True)
    call(cli, people(6))
    _, document = outcomes(cli)
    assert document["reading"]["joined"] == 6
    assert {row["joined_by"] for row in exported(cli)} == {"number"}


def test_other_campaigns_of_the_same_agent_are_told_apart(cli, served, people):
    served()
    call(cli, people(5), "--campaign", "one")
    call(cli, people(8), "--campaign", "two")
    _, one = outcomes(cli, "one")
    assert (one["reading"]["joined"], one["reading"]["elsewhere"]) == (5, 8)
    rows = exported(cli, "one")
    assert len({row["conversation_id"] for row in rows}) == 5


def test_an_unknown_batch_that_was_placed_is_proven_by_its_records(cli, served, people):
    server = served(unanswered=0.4)
    server.faults.add(Cut(taken=True, times=1))
    ran = call(cli, people(30), "--batch-size", "10", "--concurrency", "1")
    assert ran.code == 7
    before = cli("campaigns", "show", "people").out
    assert "were not read since" in before
    _, document = outcomes(cli)
    [held] = document["held_batches"]
    assert 0 < held["found"] < 10
    shown = cli("campaigns", "show", "people").out
    assert f"have {held['found']} of the 10 calls" in shown
    assert "the batch was placed" in shown
    show = json.loads(cli("campaigns", "show", "people", "--output", "json").out)
    assert [one["found"] for one in show["batches"] if "found" in one] == [held["found"]]
    refused = cli("campaigns", "resolve", "people", held["id"], "--not-placed", exits=2)
    assert "was placed" in refused.err
    cli("campaigns", "resolve", "people", held["id"], "--placed", exits=(0, 2))


@pytest.mark.slow
def test_a_held_batch_that_was_resolved_goes_on_getting_outcomes(cli, served, people, clock):
    server = served(spread=1000)
    server.faults.add(Cut(taken=True, times=1))
    call(cli, people(10), "--timeout", "0.5")
    clock.advance(500)
    _, document = outcomes(cli)
    [held] = document["held_batches"]
    assert 0 < held["found"] < 10
    time.sleep(0.6)  # a POST that may still be in progress can't be resolved
    cli("campaigns", "resolve", "people", held["id"], "--placed")
    clock.advance(2000)
    _, document = outcomes(cli)
    assert document["waiting"] == 0
    assert {row["joined_by"] for row in exported(cli)} == {"held"}


def test_what_a_later_record_disproves_is_forgotten(cli, served, people, clock):
    server = served()
    server.faults.add(Cut(taken=False, times=1))
    call(cli, people(3))
    # Somebody calls two of the three in another way, and later somebody else in the same batch.
    numbers = [{"to_phone_number": f"+1555100000{n}"} for n in range(2)]
    batch_id = server.state.take("agent_sandbox", "pn_sandbox", numbers)
    assert outcomes(cli)[1]["held_batches"][0]["found"] == 2
    server.state.new_batch_id = lambda: batch_id
    server.state.take("agent_sandbox", "pn_sandbox", [{"to_phone_number": "+15559999999"}])
    _, document = outcomes(cli)
    assert document["held_batches"][0]["found"] == 0
    assert document["reading"]["elsewhere"] == 3


def test_a_list_that_is_cut_off_does_not_prove_that_a_held_batch_was_placed(cli, served, people):
    server = served()
    server.faults.add(Cut(taken=False, times=1))
    call(cli, people(3))
    # Somebody calls the same three in another way; whom else this batch called is not read.
    numbers = [{"to_phone_number": f"+1555100000{n}"} for n in range(3)]
    server.state.take("agent_sandbox", "pn_sandbox", numbers)
    server.faults.add(Pages(how="no-cursor"))
    _, document = outcomes(cli, exits=6)
    assert (document["settled_batches"], document["held_batches"][0]["found"]) == ([], 0)
    server.faults.clear()
    assert len(outcomes(cli)[1]["settled_batches"]) == 1


def test_an_unknown_batch_without_a_record_is_said_to_prove_nothing(cli, served, people):
    server = served()
    server.faults.add(Cut(taken=False, times=1))
    call(cli, people(30), "--batch-size", "10", "--concurrency", "1")
    _, document = outcomes(cli)
    assert [one["found"] for one in document["held_batches"]] == [0]
    assert "none of the 10 calls found, which proves nothing" in cli("campaigns", "outcomes", "people").out
    assert "which proves nothing" in cli("campaigns", "show", "people").out
    said = cli("campaigns", "outcomes", "people").out
    assert "Held batch 1 (unknown): none of the 10 calls found, which proves nothing" in said


def test_a_short_batch_shows_what_was_found(cli, served, people):
    server = served()
    server.faults.add(Short(missing=3, times=1))
    cli("batch-call", people(10), "--yes", exits=7)
    _, document = outcomes(cli)
    assert [(one["state"], one["found"]) for one in document["held_batches"]] == [("short", 7)]


def test_a_list_that_is_cut_off_is_said_and_nobody_is_without_a_conversation(cli, served, people):
    server = served(unanswered=0.5, page_size=5)
    call(cli, people(20))
    server.faults.add(Pages(how="no-cursor"))
    _ran, document = outcomes(cli, exits=6)
    assert "not how to get them" in document["reading"]["incomplete"]
    assert document["outcomes"]["no-conversation"] == 0
    assert document["outcomes"]["not-read"] > 0


@pytest.mark.parametrize("batch", ["ours", "another"])
def test_a_call_that_was_transferred_to_another_agent_is_of_its_batch(cli, served, people, batch):
    server = served()
    call(cli, people(1))
    [made] = server.state.calls()
    batch_id = made.batch_id if batch == "ours" else "batch_of_others"
    transferred = {
        "conversation_id": conversation_id_of(made),
        "agent_id": "agent_of_a_colleague",
        "status": "done",
        "metadata": {
            "phone_call": {"external_number": made.to_phone_number},
            "batch_call": {"batch_call_id": batch_id},
        },
        "evaluation_results": {"goal_reached": {"result": "success", "rationale": ""}},
    }
    server.faults.add(Answer(on="conversations", status=200, body=transferred, skip=1, times=1))
    _, document = outcomes(cli)
    assert document["outcomes"]["success"] == (batch == "ours")


def test_a_record_that_another_machine_reads_meanwhile_is_kept(cli, served, people):
    """A long reading that began earlier doesn't know of it."""
    server = served(batch_ids=False, directions=True)
    call(cli, people(3))
    [first, *_] = server.state.calls()
    late = Link(Conversation("conv_late"), [CallKey(first.to_phone_number)], "number")
    reader = RetryingReader(Client(server.base_url, "sandbox", deadline=10), on_wait=lambda *_: None)
    with contextlib.closing(open_ledger(cli.ledger)) as ledger:
        found = campaign(ledger, "people")
        sync_conversations(ledger, found, reader, on_progress=lambda _: store(ledger, found.id, [late]))
        assert len(list(kept_records(ledger, found.id))) == 4
        sync_conversations(ledger, found, reader)  # begun later, it finds no such record
        assert len(list(kept_records(ledger, found.id))) == 3


@pytest.mark.parametrize("batch_ids", [True, False])
def test_a_record_that_is_listed_twice_counts_once(cli, served, people, batch_ids):
    server = served(page_size=4, batch_ids=batch_ids, directions=True)
    call(cli, people(10))
    server.faults.add(Pages(how="twice"))
    for _ in range(2):
        _, document = outcomes(cli)
        assert document["reading"]["records"] == document["reading"]["joined"] == 10
        assert document["outcomes"]["unproven"] == document["outcomes"]["not-read"] == 0


def test_a_key_that_is_refused_in_the_middle_keeps_what_was_read(cli, served, people):
    server = served(page_size=30)
    call(cli, people(250), "--batch-size", "125")
    server.faults.add(Answer(on="conversations", status=401, body={"detail": "no"}, skip=150))
    ran = cli("campaigns", "outcomes", "people", exits=4)
    assert "refused the key" in ran.err
    assert sum(row["outcome"] != "not-read" for row in exported(cli)) == 100


@pytest.mark.slow
def test_a_429_in_the_middle_is_waited_for(cli, served, people):
    server = served()
    call(cli, people(10))
    server.faults.add(RateLimit(on="conversations", times=2, retry_after=0.01))
    _ran, document = outcomes(cli)
    assert document["reading"]["joined"] == 10


def test_another_api_than_the_campaigns_is_refused(cli, served, people):
    first = served()
    call(cli, people(2))
    served()
    ran = cli("campaigns", "outcomes", "people", exits=2)
    assert first.base_url in ran.err


def test_a_campaign_that_nobody_knows_is_refused(cli, served, people):
    served()
    call(cli, people(2))
    cli("campaigns", "outcomes", "nobody", exits=2)


# -- export joined with the list


def test_the_export_beside_the_list_has_every_row_once_in_its_order(cli, served, people, tmp_path):
    served()
    path = people(5)
    call(cli, path)
    outcomes(cli)
    path.write_text(path.read_text() + "+15551000001,Again\nabc,Bad\n+15559990000,New\n")
    ran = cli("campaigns", "export", "people", "--join", path)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["name"] for row in rows] == [
        "Person 0",
        "Person 1",
        "Person 2",
        "Person 3",
        "Person 4",
        "Again",
        "Bad",
        "New",
    ]
    assert [row["state"] for row in rows] == ["accepted"] * 5 + ["duplicate", "rejected", "not-called"]
    assert all(row["conversation_id"] for row in rows[:5])
    assert "letters" in rows[6]["error"]
    assert ran.err == ""


def test_a_list_that_was_changed_is_joined_by_who_people_are_and_said(cli, served, people):
    served()
    path = people(4)
    call(cli, path)
    outcomes(cli)
    head, first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([head, *reversed(rest)]) + "\n")
    ran = cli("campaigns", "export", "people", "--join", path)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [row["name"] for row in rows] == ["Person 3", "Person 2", "Person 1", ""]
    assert rows[-1]["to_phone_number"] == first.split(",")[0]
    assert "3 people are in another row" in ran.err
    assert "1 person of campaign 'people' is not in" in ran.err


def test_a_row_that_was_not_called_says_why(cli, served, people):
    served()
    numbers = ["+13035550100", "+13035550101", "+13035550102"]
    path = people(rows=[(number, "Ann") for number in numbers])
    cli("do-not-call", "add", numbers[1])
    cli("batch-call", path, "-m", "Hi {{ name }}", "--limit", "1")
    cli("batch-call", path, "-m", "Hi {{ name }}", "--start", "2099-01-01T00:00Z")
    outcomes(cli)
    rows = list(csv.DictReader(io.StringIO(cli("campaigns", "export", "people", "--join", path).out)))
    assert [(row["state"], row["error"]) for row in rows] == [
        ("accepted", ""),
        ("not-called", "do-not-call"),
        ("not-called", ""),
    ]


def test_rows_of_a_rendered_list_are_not_taken_for_moved_ones(cli, served, people):
    served()
    path = people(rows=[("nobody", "Al"), ("+13035550100", "Bo"), ("+13035550101", "Cy")])
    cli("render", path, "-m", "Hi {{ name }}", "--to", "review.csv", exits=3)
    cli("batch-call", "review.csv")
    outcomes(cli)
    ran = cli("campaigns", "export", "people", "--join", path)
    assert [row["state"] for row in csv.DictReader(io.StringIO(ran.out))] == [
        "rejected",
        "accepted",
        "accepted",
    ]
    assert ran.err == ""


def test_columns_of_the_list_with_our_names_are_kept(cli, served, tmp_path):
    served()
    path = tmp_path / "people.csv"
    path.write_text("phone,outcome,state\n+15551000001,mine,=1+1\n")
    call(cli, path)
    [row] = exported(cli, "people", "--join", path)
    assert (row["outcome"], row["state"]) == ("mine", "'=1+1")
    assert row["xuna_outcome"] == "not-read"


def test_a_campaign_with_a_key_is_joined_by_it(cli, served, tmp_path):
    served()
    path = tmp_path / "people.csv"
    path.write_text("phone,order\n+15551000001,A\n+15551000001,B\n")
    call(cli, path, "--key", "order", "--batch-size", "1")
    _, document = outcomes(cli)
    assert document["reading"]["joined"] == 2
    rows = exported(cli, "people", "--join", path)
    assert [row["order"] for row in rows] == ["A", "B"]
    assert len({row["conversation_id"] for row in rows}) == 2


def test_the_export_as_json_has_the_same(cli, served, people, tmp_path):
    served()
    path = people(3)
    call(cli, path)
    outcomes(cli)
    target = tmp_path / "out.json"
    cli("campaigns", "export", "people", "--join", path, "--output", "json", "--to", target)
    rows = json.loads(target.read_text())
    assert [row["name"] for row in rows] == ["Person 0", "Person 1", "Person 2"]
    assert rows[0]["evaluation"]["polite"]["result"] == "success"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


# -- retry lists


def test_the_retry_list_has_the_people_of_the_outcomes_and_is_a_list(cli, served, people, tmp_path):
    server = served(unanswered=0.3)
    path = people(40)
    call(cli, path)
    _, document = outcomes(cli)
    again = tmp_path / "again.csv"
    ran = cli(
        "campaigns",
        "retry-list",
        "people",
        "--outcome",
        "failure,no-conversation",
        "--after",
        "0s",
        "-o",
        again,
    )
    wanted = document["outcomes"]["failure"] + document["outcomes"]["no-conversation"]
    rows = list(csv.DictReader(again.read_text().splitlines()))
    assert len(rows) == wanted
    assert {row["previous_outcome"] for row in rows} == {"failure", "no-conversation"}
    assert stat.S_IMODE(again.stat().st_mode) == 0o600
    total = server.state.total
    (printed,) = re.findall(r"run: xuna (batch-call .*)", ran.err)
    dry = cli(*shlex.split(printed))  # works as printed, and calls nobody
    assert f"Dry run: {wanted} rows, {wanted} would be called" in dry.out
    assert server.state.total == total
    cli("batch-call", again, "--campaign", "people-again", "--yes")
    assert server.state.total == total + wanted


def test_a_retry_list_can_be_written_to_stdout(cli, served, people):
    served()
    call(cli, people(40))
    outcomes(cli)
    ran = cli("campaigns", "retry-list", "people", "--outcome", "success", "-o", "-")
    assert ran.out.splitlines()[0] == "phone,previous_row,previous_outcome"
    assert f"{len(ran.out.splitlines()) - 1} people written to stdout." in ran.err
    assert "batch-call" not in ran.err
    assert not Path("-").exists()


def test_the_retry_list_beside_the_list_has_its_columns(cli, served, people, tmp_path):
    served()
    path = people(20)
    call(cli, path)
    outcomes(cli)
    again = tmp_path / "again.csv"
    cli("campaigns", "retry-list", "people", "--outcome", "failure", "--join", path, "-o", again)
    rows = list(csv.DictReader(again.read_text().splitlines()))
    assert rows
    assert all(row["name"].startswith("Person") for row in rows)
    cli("batch-call", again, "--campaign", "again", "-m", "Hi {{ name }}", "--yes")


def test_the_command_for_a_retry_list_of_numbers_without_a_country_works(cli, served, people):
    served()
    people(rows=[(f"303555{index:04d}", "Ann") for index in range(100, 120)])
    cli("batch-call", "people.csv", "-m", "Hi {{ name }}", "--region", "US")
    outcomes(cli)
    retry = ("campaigns", "retry-list", "people", "--outcome", "failure", "--join", "people.csv")
    ran = cli(*retry, "--region", "US", "-o", "again.csv")
    (printed,) = re.findall(r"run: xuna (batch-call .*)", ran.err)
    rows = len((cli.folder / "again.csv").read_text().splitlines()) - 1
    assert f"Dry run: {rows} rows, {rows} would be called" in cli(*shlex.split(printed)).out


def test_no_conversation_does_not_count_where_records_could_not_be_joined(cli, served, people, tmp_path):
    served(optional_metadata=False)
    call(cli, people(3))
    outcomes(cli)
    again = tmp_path / "again.csv"
    options = ("--outcome", "no-conversation", "--after", "0s", "-o", again)
    ran = cli("campaigns", "retry-list", "people", *options, exits=2)
    assert "3 records may belong to any person" in ran.err
    assert not again.exists()
    cli("campaigns", "retry-list", "people", *options, "--absence-counts")
    assert len(again.read_text().splitlines()) == 4


def test_no_conversation_does_not_count_soon_after_the_call(cli, served, people, tmp_path):
    served(unanswered=1.0)
    call(cli, people(3))
    outcomes(cli)
    again = tmp_path / "again.csv"
    ran = cli("campaigns", "retry-list", "people", "--outcome", "no-conversation", "-o", again)
    assert "3 more people have no conversation, but the records were read less than 1h after" in ran.err
    assert "\n  xuna campaigns outcomes people\n" in ran.err
    assert len(again.read_text().splitlines()) == 1


def test_another_api_has_no_outcomes_and_the_hint_says_which_option_to_add(cli, served, people, monkeypatch):
    url = served().base_url
    call(cli, people(1))
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:9")
    err = cli("campaigns", "outcomes", "people", exits=2).err
    assert f"\n  add --base-url {url}\n" in err
    cli("campaigns", "outcomes", "people", "--base-url", url)


@pytest.mark.parametrize("attempt", [1, 2])
def test_whoever_has_a_success_is_in_no_retry_list_whatever_came_later(
    cli, served, people, tmp_path, attempt
):
    """The first of two calls succeeded, as its late record says, or the last call has two records."""
    server = served(unanswered=1.0)
    path, policy = people(2), ("--attempts", "2", "--again-after", "0.001s", "--again", "failure")
    call(cli, path)
    [ann, bob] = [one.to_phone_number for one in server.state.calls()]

    def talk(name, key, attempt, result, at):
        record = Conversation(name, status="done", started_at=at, evaluation={"goal": Evaluation(result, "")})
        return Link(record, [CallKey(key, attempt)], "batch")

    with contextlib.closing(open_ledger(cli.ledger)) as ledger:
        found = campaign(ledger, "people")
        store(ledger, found.id, [talk(f"{key}_1", key, 1, "failure", 2e9) for key in (ann, bob)])
        store_sync(ledger, found.id, ConversationSync(ledger.timestamp()))
        call(cli, path, *policy)
        store(ledger, found.id, [talk(f"{key}_2", key, 2, "failure", 2e9) for key in (ann, bob)])
        store(ledger, found.id, [talk("late", ann, attempt, "success", 1e9)])
    again = tmp_path / "again.csv"
    cli("campaigns", "retry-list", "people", "--outcome", "failure", "-o", again)
    assert [row["phone"] for row in csv.DictReader(again.read_text().splitlines())] == [bob]


def test_people_of_held_batches_are_in_no_retry_list(cli, served, people, tmp_path):
    server = served(unanswered=0.5)
    server.faults.add(Cut(taken=True, times=1))
    call(cli, people(20), "--batch-size", "10", "--concurrency", "1")
    outcomes(cli)
    again = tmp_path / "again.csv"
    cli(
        "campaigns",
        "retry-list",
        "people",
        "--outcome",
        "failure,unknown,success,no-conversation",
        "--after",
        "0s",
        "-o",
        again,
    )
    rows = list(csv.DictReader(again.read_text().splitlines()))
    assert len(rows) == 10


@pytest.mark.parametrize("word", ["in-progress", "unproven", "not-read", "all", "", ","])
def test_who_may_be_on_the_phone_is_in_no_retry_list(cli, served, people, tmp_path, word):
    served()
    call(cli, people(2))
    cli("campaigns", "retry-list", "people", "--outcome", word, "-o", tmp_path / "again.csv", exits=2)
    assert not (tmp_path / "again.csv").exists()


def test_a_retry_list_needs_a_reading(cli, served, people, tmp_path):
    served()
    call(cli, people(2))
    ran = cli(
        "campaigns", "retry-list", "people", "--outcome", "failure", "-o", tmp_path / "again.csv", exits=2
    )
    assert "xuna campaigns outcomes people" in ran.err


# -- the sandbox of earlier commands


def test_a_rehearsal_in_the_sandbox_has_outcomes_too(cli, people, monkeypatch):
    path = people(80)
    cli("batch-call", path, "--sandbox", "-m", "Hi {{ name }}")
    _ran, document = outcomes(cli, "people", "--sandbox")
    assert document["reading"]["joined"] > 15
    assert document["outcomes"]["no-conversation"] > 0
    record = Path(os.environ["XDG_DATA_HOME"]) / "xuna" / "sandbox-calls.jsonl"
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert "Person 1" not in record.read_text()
    listed = cli("conversations", "list", "--sandbox", "--limit", "3", "--output", "json")
    assert len(json.loads(listed.out)["conversations"]) == 3


def test_a_report_is_a_page_for_its_owner_alone(cli, served, people, tmp_path):
    served(unanswered=0.2)
    path = people(20)
    rows = path.read_text()
    path.write_text(rows + "abc,Bad\n" + rows.splitlines()[1])
    cli("batch-call", path, "--yes", exits=3)
    cli("campaigns", "outcomes", "people")
    target = tmp_path / "report.html"
    cli("campaigns", "report", "people", "--to", target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "a number with letters in it" in target.read_text()
    assert "Rows that were not called: 1 duplicate, 1 rejected." in target.read_text()
    cli("campaigns", "report", "people", "--to", tmp_path / "no" / "r.html", exits=5)


def test_a_campaign_of_the_sandbox_is_said_to_be_one_and_not_that_a_key_is_missing(cli, people):
    cli("batch-call", people(1), "-m", "Hi {{ name }}.", "--sandbox")
    [kept] = cli.ledger.parent.glob("sandbox.db")
    ran = cli("campaigns", "outcomes", "people", "--ledger", kept, exits=2)
    assert "campaign 'people' called through sandbox" in ran.err
    assert "add --sandbox" in ran.err
