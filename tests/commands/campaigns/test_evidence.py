"""Runs as evidence: who called whom, who was not called and why, and that nobody has changed it."""

import csv
import getpass
import hashlib
import io
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.commands.conftest import number
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until
from xuna_cli import __version__
from xuna_cli.sandbox.faults import Cut, Latency

HELLO = ("-m", "Hi {{ name }}.")
ROWS = [(number(0), "A"), ("nonsense", "B"), (number(2), "C"), ("", "D"), (number(4), "E")]
WHO = f"{getpass.getuser()}@{socket.gethostname()}"


@pytest.fixture
def ran(cli, api, people):
    """One run with five rows: two are called, two rejected, and one is on the do-not-call list."""
    cli("do-not-call", "add", number(2), "--reason", "asked on the phone")
    return cli("batch-call", people(rows=ROWS), *HELLO, exits=3)


def runs(cli):
    return cli("campaigns", "runs", "people", "--output", "json").document["runs"]


def not_called(cli):
    return json.loads(cli("campaigns", "export", "people", "--not-called", "--output", "json").out)


def test_a_run_says_who_did_what(cli, ran, tmp_path):
    [run] = runs(cli)
    path = tmp_path / "people.csv"
    assert run["user"] == getpass.getuser()
    assert run["host"] == socket.gethostname()
    assert (run["list"], run["list_sha256"]) == (str(path), hashlib.sha256(path.read_bytes()).hexdigest())
    assert run["template"] == "agent.first_message=Hi {{ name }}."
    assert (run["agent_id"], run["from_phone_number_id"]) == ("agent_sandbox", "pn_sandbox")
    assert len(run["agent_sha256"]) == 64
    assert (run["exit_code"], run["xuna_version"]) == (3, __version__)
    assert run["counts"] == {"rows": 5, "accepted": 2, "rejected": 2, "do_not_call": 1}
    assert sum(run["rules"].values()) == 3
    assert run["rules"]["do-not-call"] == 1


def test_whether_the_list_was_read_to_its_end_is_kept(cli, ran, people):
    cli("batch-call", people(3, name="more.csv"), *HELLO, "--campaign", "people", "--limit", "1")
    assert [run["list_complete"] for run in runs(cli)] == [True, False]


def test_a_list_that_is_written_to_during_the_run_is_said(cli, api, people):
    path = people(3000)
    api.faults.add(Latency(seconds=0.3, times=1))

    def append():
        wait_until(lambda: api.state.requests_total > 2)  # requests for agent and number, and the first batch
        with path.open("a") as file:
            file.write(f"{number(4000)},Zoe\n")

    with ThreadPoolExecutor() as pool:
        appended = pool.submit(append)
        ran = cli("batch-call", path, *HELLO, "--concurrency", "1")
        appended.result()
    assert "people.csv was changed while this run read it" in ran.err


def test_one_row_that_is_a_duplicate_is_one_duplicate(cli, api, people):
    cli("batch-call", people(rows=[(number(0), "A"), (number(0), "B")]), *HELLO)
    shown = cli("campaigns", "runs", "people").out
    assert "1 accepted, 1 duplicate " in shown
    assert "SHA-256 of list" in shown


def test_runs_as_csv(cli, ran):
    [row] = csv.DictReader(io.StringIO(cli("campaigns", "runs", "people", "--output", "csv").out))
    assert row["exit_code"] == "3"
    assert json.loads(row["counts"])["accepted"] == 2


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.slow
def test_no_line_of_the_tables_is_wider_than_the_terminal(cli, ran, width):
    for command in (("runs", "people"), ("show", "people"), ("list",)):
        terminal = Terminal("campaigns", *command, columns=width)
        assert terminal.end() == 0
        lines = terminal.seen.replace("\r", "").split("\n")
        rows = [line for line in lines if "│" in line or line.startswith(("Batch: ", "  Calls: "))]
        assert max(len(line) for line in rows) <= width
        assert "20" in terminal.seen


def test_who_was_not_called_is_kept_by_rule_and_row_without_any_cell(cli, ran, tmp_path):
    rows = not_called(cli)
    assert [(row["row_number"], row["to_phone_number"]) for row in rows] == [
        (3, None),
        (4, number(2)),
        (5, None),
    ]
    assert rows[1]["rule"] == "do-not-call"
    assert {row["source"] for row in rows} == {str(tmp_path / "people.csv")}
    assert "nonsense" not in json.dumps(rows)
    out = cli("campaigns", "export", "people", "--not-called").out
    assert [row["row_number"] for row in csv.DictReader(io.StringIO(out))] == ["3", "4", "5"]


def test_the_same_list_again_adds_no_row_and_another_one_does(cli, ran, people):
    cli("batch-call", "people.csv", *HELLO, exits=3)
    rows = not_called(cli)
    assert len(rows) == 3
    assert {(row["first_run_id"], row["last_run_id"]) for row in rows} == {(1, 2)}
    people(rows=[*ROWS, ("x", "F")])
    cli("batch-call", "people.csv", *HELLO, exits=3)
    assert len(not_called(cli)) == 7


def test_a_person_whom_the_api_refuses_is_kept_with_the_number(cli, api, people):
    from xuna_cli.sandbox.faults import Refuse

    api.faults.add(Refuse(numbers=(number(1),)))
    cli("batch-call", people(3), *HELLO, exits=3)
    [row] = not_called(cli)
    assert (row["rule"], row["to_phone_number"], row["row_number"]) == ("api-refused", number(1), 3)


def test_a_row_with_a_number_and_without_a_usable_message_is_kept_with_the_number(cli, api, people):
    cli("batch-call", people(rows=[(number(0), "A"), (number(1), ""), ("12", "C")]), *HELLO, exits=3)
    rows = [(row["row_number"], row["rule"], row["to_phone_number"]) for row in not_called(cli)]
    assert rows == [(3, "template-empty-value", number(1)), (4, "phone-short-number", None)]


def test_forgetting_takes_them_and_the_notes(cli, ran):
    cli("campaigns", "forget", "people", "--yes")
    assert not_called(cli) == []
    assert runs(cli)[0]["template"] is None


def test_a_dry_run_keeps_nothing(cli, api, people):
    cli("batch-call", people(rows=ROWS), *HELLO, "--dry-run", exits=3)
    assert not cli.ledger.exists()


def last_hash(lines):
    """Return the hash of the last line of a chain, after checking the chain as the manual does."""
    previous = "0" * 64
    for line in lines:
        assert json.loads(line)["previous"] == previous
        previous = hashlib.sha256(line).hexdigest()
    return previous


@pytest.mark.parametrize("mask", [(), ("--mask",)])
def test_the_chain_holds_for_the_lines_that_are_printed(cli, ran, mask):
    printed = cli("campaigns", "export", "people", "--audit", *mask)
    assert ("•••" in printed.out) == bool(mask)
    assert last_hash(printed.out.encode().splitlines()) in printed.err


def test_the_audit_file_has_everything_in_a_chain(cli, ran, tmp_path):
    target = tmp_path / "audit.jsonl"
    said = cli("campaigns", "export", "people", "--audit", "--to", target).err
    lines = target.read_bytes().splitlines()
    assert last_hash(lines) in said
    kinds = [json.loads(line)["type"] for line in lines]
    assert kinds == ["campaign", "run", "batch", "call", "call", *["not_called"] * 3, "do_not_call"]
    assert json.loads(lines[-1])["reason"] == "asked on the phone"


def test_exports_are_one_at_a_time(cli, ran):
    cli("campaigns", "export", "people", "--audit", "--not-called", exits=2)


def test_the_history_of_a_number(cli, ran):
    cli("do-not-call", "remove", number(2), "--reason", "consents again")
    cli("do-not-call", "import", cli.write("optouts.csv", f"phone\n{number(2)}\n"))
    history = cli("do-not-call", "history", number(2), "--output", "json").document["history"]
    assert [(one["action"], one["command"], one["by"], one["reason"]) for one in history] == [
        ("added", "do-not-call add", WHO, "asked on the phone"),
        ("removed", "do-not-call remove", WHO, "consents again"),
        ("added", "do-not-call import optouts.csv", WHO, None),
    ]
    assert "consents again" in cli("do-not-call", "history", number(2)).out
    assert "Never on the do-not-call list" in cli("do-not-call", "history", number(9)).out


def test_a_decision_is_kept_with_who_and_why(cli, api, people):
    import time

    api.faults.add(Cut(times=1))
    cli("batch-call", people(2), *HELLO, "--timeout", 0.2, exits=7)
    time.sleep(0.25)
    cli("campaigns", "resolve", "people", 1, "--placed", "--note", "seen in the dashboard")
    [batch] = cli("campaigns", "show", "people", "--output", "json").document["batches"]
    resolution = batch["resolution"]
    assert (resolution["decision"], resolution["decided_by"]) == ("placed", WHO)
    assert resolution["note"] == "seen in the dashboard"
    assert f"by {WHO}: seen in the dashboard" in cli("campaigns", "show", "people").out


def test_a_note_about_a_batch_that_is_settled_already_is_kept_too(cli, api, people):
    cli("batch-call", people(2), *HELLO)
    cli("campaigns", "resolve", "people", 1, "--placed")
    cli("campaigns", "resolve", "people", 1, "--placed", "--note", "ticket 7")
    audit = [json.loads(line) for line in cli("campaigns", "export", "people", "--audit").out.splitlines()]
    assert [line["note"] for line in audit if line["type"] == "resolution"] == ["ticket 7"]


def test_held_batches_of_one_time_and_size_are_told_apart(cli, api, people):
    api.faults.add(Cut(times=2))
    argv = ("--batch-size", 2, "--concurrency", 1, "--max-unknown", 5, "--timeout", 0.2)
    cli("batch-call", people(6), *HELLO, *argv, exits=7)
    one, other, last = cli("campaigns", "show", "people", "--output", "json").document["batches"]
    assert one["first_numbers"] == [number(0), number(1)]
    assert other["first_numbers"] == [number(2), number(3)]
    assert (one["batch_id_before"], one["batch_id_after"]) == (None, last["batch_id"])
    assert (
        f"its first numbers are {number(2)}, {number(3)}; the batch after it is {last['batch_id']}"
        in cli("campaigns", "show", "people").out
    )


def test_the_last_campaign_comes_first(cli, api, people):
    for name in ("b", "a", "c"):
        cli("batch-call", people(1, name=f"{name}.csv"), *HELLO)
    cli("batch-call", "b.csv", *HELLO)
    campaigns = cli("campaigns", "list", "--output", "json").document["campaigns"]
    assert [one["name"] for one in campaigns] == ["b", "c", "a"]


def test_reading_the_records_settles_what_they_prove(cli, served, people, clock):
    served(unanswered=0.0).faults.add(Cut(times=1))
    cli("batch-call", people(3), *HELLO, exits=7)
    clock.advance(hours=1)
    document = cli("campaigns", "outcomes", "people", "--output", "json").document
    assert [(one["id"], one["calls"]) for one in document["settled_batches"]] == [("1", 3)]
    assert document["held_batches"] == []
    assert document["calls"] == 3
    assert cli.call("people.csv", *HELLO)["counts"]["already_called"] == 3
    [batch] = cli("campaigns", "show", "people", "--output", "json").document["batches"]
    assert batch["resolution"]["decision"] == "proven"
    assert "has no held batch" in cli("campaigns", "resolve", "people", "--proven").err


def test_one_batch_of_the_api_settles_no_two_campaigns(cli, served, people, clock):
    """Two campaigns have a held batch with the same people, and the API accepted only one of them."""
    server = served(unanswered=0.0)
    for campaign, taken in (("spring", False), ("summer", True)):
        server.faults.add(Cut(taken=taken, times=1))
        cli("batch-call", people(3), *HELLO, "--campaign", campaign, exits=7)
    clock.advance(hours=1)
    for campaign in ("spring", "summer"):
        document = cli("campaigns", "outcomes", campaign, "--output", "json").document
        assert document["settled_batches"] == []
        assert [one["calls"] for one in document["held_batches"]] == [3]


def test_what_is_not_proven_stays_held(cli, api, people):
    api.faults.add(Cut(times=1))
    cli("batch-call", people(3), *HELLO, exits=7)
    assert "1 held batch is not proven" in cli("campaigns", "resolve", "people", "--proven").err
    cli("campaigns", "resolve", "people", 1, "--proven", exits=2)
    assert cli("campaigns", "list", "--output", "json").document["campaigns"][0]["calls"]["unknown"] == 3


@pytest.mark.slow
def test_nobody_is_asked_what_cant_be_answered(cli, api, people):
    api.faults.add(Cut(times=2))
    cli("batch-call", people(2), *HELLO, "--batch-size", 1, "--max-unknown", 3, exits=7)
    terminal = Terminal("campaigns", "resolve", "people")
    assert terminal.end() == 0
    assert terminal.seen.count("can't be decided now") == 2
    assert "[p]laced" not in terminal.seen
