"""The columns `call_after` and `call_before`, with the commands."""

import json
import shlex
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

pytestmark = pytest.mark.usefixtures("api")

ANN, BO, CY, DI = "+442079460018", "+442079460019", "+442079460020", "+442079460021"
HELLO = ("-m", "Hi {{ name }}.", "--yes")
NOW = datetime.now(UTC)
YESTERDAY, TOMORROW = (NOW + timedelta(days=days) for days in (-1, 1))


@pytest.fixture
def listed(people):
    def write(*rows, header=("phone", "name", "call_after", "call_before"), **more):
        return people(rows=rows, header=header, **more)

    return write


def iso(moment):
    return moment.replace(microsecond=0).isoformat()


@pytest.fixture
def four(listed):
    """Four people: one may be called now, one later, one too late, and one has an ambiguous time."""
    return listed(
        (ANN, "Ann", iso(YESTERDAY), iso(TOMORROW)),
        (BO, "Bo", iso(TOMORROW), ""),
        (CY, "Cy", "", iso(YESTERDAY)),
        (DI, "Di", "03/04/2026", ""),
    )


def test_each_person_is_called_in_their_own_time(cli, four):
    document = cli.call(four, *HELLO, exits=3)
    assert cli.called == [ANN]
    counts = document["counts"]
    assert {name: rows for name, rows in counts.items() if rows and name != "rows"} == {
        "accepted": 1,
        "deferred": 1,
        "screened": 1,
        "rejected": 1,
    }
    assert document["screening"]["reasons"] == {"too-early": 1, "expired": 1}
    (opening,) = document["deferred_until"]
    assert datetime.fromisoformat(opening["opens_at"]) == TOMORROW.replace(microsecond=0)
    (rejection,) = document["rejections"]
    assert (rejection["row"], rejection["code"], rejection["field"]) == (5, "call-time", "call_after")
    assert document["list"]["call_after_column"] == "call_after"
    assert document["list"]["call_before_column"] == "call_before"


def test_who_expired_is_kept_as_evidence_and_written_to_the_rejects(cli, four):
    cli("batch-call", four, *HELLO, "--rejects", "rejects.csv", exits=3)
    exported = cli("campaigns", "export", "people", "--not-called", "--output", "json").out
    assert {(row["row_number"], row["rule"]) for row in json.loads(exported)} == {
        (4, "expired"),
        (5, "call-time"),
    }
    assert "expired: call_before is" in (cli.folder / "rejects.csv").read_text(encoding="utf-8")


def test_a_dry_run_says_who_is_callable_now_and_when_others_are(cli, four):
    ran = cli("batch-call", four, *HELLO, "--dry-run", exits=3)
    assert "Callable now: 1 of 2 people; the others are called later" in ran.out
    assert "not before the time in 'call_after'; not after the time in 'call_before'" in ran.out
    assert 'row 5: "03/04/2026" can mean more than one date' in ran.out
    document = cli.call(four, *HELLO, "--dry-run", exits=3)
    assert (document["preview"]["callable_now"], document["preview"]["people"]) == (1, 2)
    assert datetime.fromisoformat(document["deferred_until"][0]["opens_at"]) == TOMORROW.replace(
        microsecond=0
    )
    assert cli.called == []


def test_who_expires_before_the_hours_open_is_said(cli, listed):
    opens = NOW + timedelta(hours=6)
    path = listed((ANN, "Ann", "", iso(NOW + timedelta(hours=2))), (BO, "Bo", "", ""))
    hours = ("--hours", f"{opens:%H}:00-{opens + timedelta(hours=2):%H}:00")
    document = cli.call(path, *HELLO, *hours, "--dry-run")
    assert (document["counts"]["deferred"], document["screening"]["too_late"]) == (2, 1)
    assert sum(one["people"] for one in document["deferred_until"]) == document["preview"]["people"] == 1
    ran = cli("batch-call", path, *HELLO, *hours)
    assert "Too late: 1 deferred person can't be called at any later time" in ran.out
    assert "that is too late (expired: call_before is" in ran.out
    assert cli.called == []


@pytest.mark.parametrize("header", ["Call After", "CALL-AFTER", "callAfter", "call after:"])
def test_the_names_are_found_in_any_spelling(cli, listed, header):
    path = listed((ANN, "Ann", iso(TOMORROW)), header=("phone", "name", header))
    assert cli.call(path, *HELLO)["screening"]["reasons"] == {"too-early": 1}


def test_another_column_or_none_can_be_named(cli, listed):
    path = listed(
        (ANN, "Ann", iso(TOMORROW), "whenever"), header=("phone", "name", "Termin ab", "Call After")
    )
    assert cli.call(path, *HELLO, "--call-after-column", "Termin ab")["counts"]["deferred"] == 1
    assert cli.call(path, *HELLO, exits=3)["rejections"][0]["code"] == "call-time"
    error = cli.call(path, *HELLO, "--call-before-column", "Termin bis", exits=5)["errors"][0]
    assert (error["code"], error["hint"]) == ("call-before-column-missing", "did you mean 'Termin ab'?")
    assert cli.called == []
    document = cli.call(path, *HELLO, "--call-after-column", "none")
    assert (document["counts"]["accepted"], document["list"]["call_after_column"]) == (1, None)


def test_two_columns_of_the_name_are_an_error(cli, listed):
    path = listed((ANN, "Ann", "", ""), header=("phone", "name", "Call After", "call_after"))
    error = cli.call(path, *HELLO, exits=5)["errors"][0]
    assert error["code"] == "call-time-column"
    assert "--call-after-column 'Call After'" in error["hint"]


def test_a_json_contact_has_its_own_names_and_paths(cli):
    people = [
        {"phone": ANN, "name": "Ann", "times": {"after": iso(TOMORROW)}},
        {"phone": BO, "name": "Bo", "callAfter": iso(TOMORROW)},
    ]
    cli.write("people.json", json.dumps(people))
    document = cli.call("people.json", *HELLO)
    assert (cli.called, document["counts"]["deferred"]) == ([ANN], 1)
    document = cli.call(
        "people.json", *HELLO, "--call-after-column", "times.after", "--campaign", "b", "--dry-run"
    )
    assert [row["row"] for row in document["screening"]["rows"]] == [1]


def test_a_date_of_a_workbook_is_read_as_the_workbook_holds_it(cli):
    book = openpyxl.Workbook()
    book.active.append(["phone", "name", "call_before"])
    for number, at in ((ANN, TOMORROW), (BO, YESTERDAY)):
        book.active.append([number, "x", at.replace(tzinfo=None)])
        book.active.cell(book.active.max_row, 3).number_format = "dd/mm/yyyy"
    book.active.append([CY, "x", "03/04/2026"])
    book.save(cli.folder / "people.xlsx")
    document = cli.call("people.xlsx", *HELLO, exits=3)
    assert cli.called == [ANN]
    assert document["screening"]["reasons"] == {"expired": 1}
    assert [(one["row"], one["code"]) for one in document["rejections"]] == [(4, "call-time")]


@pytest.mark.parametrize("file", ["reviewed.jsonl", "reviewed.csv", "reviewed.xlsx"])
def test_what_is_rendered_keeps_the_times(cli, listed, file):
    path = listed(
        (ANN, "Ann", "", (TOMORROW + timedelta(days=1)).date().isoformat()),
        (BO, "Bo", iso(TOMORROW.replace(tzinfo=None)), ""),
        (CY, "Cy", "", iso(YESTERDAY)),
        header=("phone", "name", "Call after", "Call before"),
    )
    cli("render", path, "-m", "Hi {{ name }}.", "--to", file)
    document = cli.call(file, "--yes")
    assert cli.called == [ANN]
    assert document["screening"]["reasons"] == {"too-early": 1, "expired": 1}
    error = cli.call(file, "--yes", "--call-after-column", "none", exits=2)["errors"][0]
    assert error["code"] == "ready-contradicted"


def test_a_sealed_time_can_not_be_changed(cli, listed):
    path = listed((ANN, "Ann", iso(TOMORROW), ""))
    cli("render", path, "-m", "Hi", "--to", "sealed.jsonl", "--seal", "--agent-id", "agent_1", "--sandbox")
    text = (cli.folder / "sealed.jsonl").read_text(encoding="utf-8")
    cli.write("sealed.jsonl", text.replace(iso(TOMORROW), iso(YESTERDAY)))
    assert cli.call("sealed.jsonl", "--yes", exits=5)["errors"][0]["code"] == "seal-broken"
    assert cli.called == []


def test_with_wait_the_run_stays_until_the_persons_own_time(cli, listed, no_waiting):
    later = datetime.now(UTC) + timedelta(hours=2)
    path = listed((ANN, "Ann", later.isoformat(), ""), (BO, "Bo", "", ""))
    ran = cli("batch-call", path, *HELLO, "--wait", "--output", "json")
    assert cli.called == [BO, ANN]
    assert ran.counts == {"rows": 2, "accepted": 2}
    assert "1 person can't be called yet. The next calls can be made at" in ran.err


def test_wait_needs_something_to_wait_for(cli, people):
    error = cli.call(people(1), *HELLO, "--wait", exits=2)["errors"][0]
    assert (error["code"], "call_after" in error["hint"]) == ("wait", True)


@pytest.mark.parametrize(
    ("header", "option", "when"),
    [
        ("Scheduled At", "--call-after-column", "before"),
        ("callback_time", "--call-after-column", "before"),
        ("latest at", "--call-before-column", "after"),
    ],
)
def test_a_time_that_is_not_used_is_said_with_the_option_that_would_use_it(cli, listed, header, option, when):
    path = listed((ANN, "Ann", iso(TOMORROW)), header=("phone", "name", header))
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--quiet")
    said = f"not used: {header}; `{option} {shlex.quote(header)}` would call nobody {when} the time there"
    assert said in ran.err
