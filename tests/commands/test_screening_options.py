"""The options that screen, through the command line."""

import contextlib
import csv
import json
import os
import pty
import select
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

DENVER, CHICAGO, LONDON, FICTION = "+13035550100", "+13125550100", "+442079460018", "+15559876543"


GLOBAL = "+870773111632"  # belongs to no country


def closed_now():
    """Hours in UTC that don't hold this moment, nor one in the next hours."""
    now = datetime.now(UTC)
    return f"{now + timedelta(hours=6):%H}:00-{now + timedelta(hours=7):%H}:00"


def people(xuna, *rows, header="phone"):
    return xuna.write("people.csv", "\n".join([header, *rows]) + "\n")


def test_outside_hours_people_are_deferred_with_the_next_opening_of_their_zone(xuna):
    people(xuna, f"{FICTION},Etc/UTC", f"{DENVER},Etc/UTC", header="phone,timezone")
    document = xuna.call("people.csv", "--hours", closed_now(), "-y")
    assert document["counts"]["deferred"] == 2
    assert document["status"] == "success"
    (opening,) = document["deferred_until"]
    assert (opening["zones"], opening["people"]) == (["Etc/UTC"], 2)
    assert datetime.fromisoformat(opening["opens_at"]) > datetime.now(UTC)
    assert document["screening"]["reasons"] == {"outside-hours": 2}
    assert document["screening"]["outside_usual_hours"] is None
    assert "in Etc/UTC, opens" in document["screening"]["rows"][0]["message"]
    assert xuna.called == []
    assert xuna.call("people.csv", "--hours", "00:00-24:00", "-y")["counts"]["accepted"] == 2


def test_hours_days_and_zone_come_from_the_environment_too(xuna, monkeypatch):
    people(xuna, GLOBAL)
    arguments = ("people.csv", "--allow-premium", "-y")
    monkeypatch.setenv("XUNA_HOURS", closed_now())
    assert xuna.call(*arguments)["screening"]["reasons"] == {"no-timezone": 1}
    monkeypatch.setenv("XUNA_DEFAULT_TIMEZONE", "Etc/UTC")
    assert xuna.call(*arguments)["screening"]["reasons"] == {"outside-hours": 1}
    monkeypatch.setenv("XUNA_HOURS", "00:00-24:00")
    day = datetime.now(UTC).weekday()
    monkeypatch.setenv("XUNA_DAYS", ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(day + 3) % 7])
    assert xuna.call(*arguments)["screening"]["reasons"] == {"outside-hours": 1}
    assert xuna.called == []


def test_another_column_can_have_the_zone(xuna):
    people(xuna, f"{DENVER},Etc/UTC", header="phone,tz")
    assert (
        xuna.call("people.csv", "--hours", closed_now(), "--timezone-column", "tz", "-y")["counts"][
            "deferred"
        ]
        == 1
    )
    document = xuna.call("people.csv", "--timezone-column", "tzz", "-y", expect=5)
    assert "did you mean 'tz'?" in document["errors"][0]["hint"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--hours", "9-5"),
        ("--days", "someday"),
        ("--until", "2026-12-01T18:00"),
        ("--country", "XX"),
        ("--country", ","),
        ("--default-timezone", "Mars/Base"),
        ("--close-early", "5"),
        ("--hours", "09:00-10:00", "--close-early", "-5"),
        ("--hours", "09:00-10:00", "--close-early", "soon"),
        ("--wait",),
        ("--consent-values", "yes"),
        ("--quiet-days", "1e9"),
    ],
)
def test_an_option_of_another_form_is_a_usage_error_and_nobody_is_called(xuna, arguments):
    people(xuna, DENVER)
    assert xuna("batch-call", "people.csv", "-y", *arguments) == 2
    assert "Traceback" not in xuna.err
    assert xuna.called == []


def test_countries_are_an_allow_list(xuna):
    people(xuna, DENVER, LONDON, FICTION, "+14165550100")
    document = xuna.call("people.csv", "--country", "us, ca", "-y")
    assert xuna.called == [DENVER, "+14165550100"]
    messages = [row["message"] for row in document["screening"]["rows"]]
    assert messages == [
        f"country: {LONDON} is of GB, not of CA, US",
        f"country: {FICTION} is of no known country, not of CA, US",
    ]


def test_numbers_that_cost_are_refused_unless_they_are_allowed(xuna):
    people(xuna, "+19002345678", "+881612345678", DENVER)
    document = xuna.call("people.csv", "-y")
    assert document["screening"]["reasons"] == {"kind-of-number": 2}
    assert xuna.call("people.csv", "-y", "--allow-premium")["counts"]["accepted"] == 2


def test_a_consent_that_is_missing_is_a_no(xuna):
    rows = [
        {"phone": "+13035550101", "ok": "Yes"},
        {"phone": "+13035550102", "ok": True},
        {"phone": "+13035550103", "ok": 1},
        {"phone": "+13035550104", "ok": " EXPRESS "},
        {"phone": "+13035550105", "ok": "no"},
        {"phone": "+13035550106", "ok": ""},
        {"phone": "+13035550107", "ok": None},
        {"phone": "+13035550108"},
        {"phone": "+13035550109", "ok": {"yes": True}},
        {"phone": "+13035550110", "ok": 1.0},
        {"phone": "+13035550111", "ok": False},
    ]
    xuna.write("people.json", json.dumps(rows))
    document = xuna.call("people.json", "--consent-column", "ok", "-y")
    assert sorted(xuna.called) == [row["phone"] for row in rows[:4]]
    assert document["screening"]["reasons"] == {"no-consent": 7}
    document = xuna.call("people.json", "--consent-column", "ok", "--consent-values", "NO", "-y")
    assert xuna.called[4:] == ["+13035550105"]


def test_a_list_without_the_column_of_consent_stops_the_run(xuna):
    people(xuna, DENVER)
    document = xuna.call("people.csv", "--consent-column", "consent", "-y", expect=5)
    assert document["errors"][0]["code"] == "consent-column-missing"
    assert xuna.called == []


def test_quiet_days_look_at_all_campaigns(xuna):
    people(xuna, DENVER, CHICAGO)
    xuna.call("people.csv", "--campaign", "a", "--limit", "1", "-y")
    document = xuna.call("people.csv", "--campaign", "b", "--quiet-days", "7", "-y")
    assert xuna.called == [DENVER, CHICAGO]
    assert document["screening"]["reasons"] == {"called-recently": 1}


def test_max_calls_refuses_before_anything_is_sent(xuna):
    people(xuna, DENVER, CHICAGO, LONDON, DENVER)
    document = xuna.call("people.csv", "--max-calls", "2", "-y", expect=2)
    assert document["errors"][0]["code"] == "max-calls"
    assert (
        xuna.call("people.csv", "--max-calls", "2", "--dry-run", expect=2)["errors"][0]["code"] == "max-calls"
    )
    assert xuna.called == []
    assert xuna.call("people.csv", "--max-calls", "2", "--limit", "2", "-y")["counts"]["accepted"] == 2
    # Those who were called already don't count.
    assert xuna.call("people.csv", "--max-calls", "1", "-y")["counts"]["accepted"] == 1


def test_after_until_nobody_is_called(xuna):
    people(xuna, DENVER)
    document = xuna.call("people.csv", "--until", "2020-01-01T00:00-05:00", "-y")
    assert document["screening"]["reasons"] == {"past-until": 1}
    assert xuna.called == []


def test_rejects_name_the_rule_and_the_fact(xuna):
    rows = ("+19002345678,Ann,", "nobody,Bo,", f"{DENVER},Cy,", f"{CHICAGO},Di,Etc/UTC")
    people(xuna, *rows, header="phone,name,timezone")
    xuna("do-not-call", "add", DENVER)
    arguments = ("--hours", closed_now(), "--rejects", "out.csv", "-y")
    document = xuna.call("people.csv", *arguments, expect=3)
    assert document["counts"]["deferred"] == 1
    with (xuna.folder / "out.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert sorted((row["name"], row["code"]) for row in rows) == [
        ("Ann", "kind-of-number"),
        ("Bo", "phone-letters"),
        ("Cy", "do-not-call"),
    ]
    assert all(row["message"] for row in rows)
    assert "Di" not in (xuna.folder / "out.csv").read_text()


def test_words_that_look_wrong_are_warned_of_or_rejected(xuna):
    people(xuna, f"{DENVER},Ann", f"{CHICAGO},None", f"{LONDON},{{name}}", header="phone,name")
    document = xuna.call("people.csv", "-m", "Hi {{ name }}.", "--dry-run", "--allow-odd-messages")
    found = {mark["code"]: (mark["rows"], mark["first_row"]) for mark in document["message_warnings"]}
    assert found == {"message-no-value": (1, 3), "message-placeholder": (1, 4)}
    document = xuna.call("people.csv", "-m", "Hi {{ name }}.", "--strict-messages", "-y", expect=3)
    assert xuna.called == [DENVER]
    assert [row["code"] for row in document["rejections"]] == ["message-no-value", "message-placeholder"]


def test_the_table_says_who_was_not_called_why_and_when_they_will_be(xuna):
    people(xuna, f"{DENVER},Etc/UTC", f"{FICTION},Mars/Base", header="phone,timezone")
    assert xuna("batch-call", "people.csv", "--hours", closed_now(), "-y") == 0
    assert "Not called: 1 outside-hours, 1 timezone-unknown" in xuna.out
    assert "row 3: timezone-unknown: 'Mars/Base' is no time zone; write it like America/New_York" in xuna.out
    assert "Deferred, to be called by the same command later:" in xuna.out
    assert "1 person, from" in xuna.out


def test_the_table_warns_of_people_outside_the_usual_hours(xuna):
    zones = ["Etc/GMT" + (f"+{offset}" if offset > 0 else str(offset)) for offset in range(-12, 13) if offset]
    people(
        xuna,
        *(f"+1303555{place:04d},{zone}" for place, zone in enumerate(zones, 100)),
        header="phone,timezone",
    )
    assert xuna("batch-call", "people.csv", "-y") == 0
    assert "outside 08:00-21:00 of their own time" in xuna.out
    assert "--hours 08:00-21:00" in xuna.out
    assert len(xuna.called) == len(zones)


def on_a_terminal(xuna, *arguments, answer):
    """Run the program with a terminal for stdin and stderr; return its exit code, stdout and stderr."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "xuna_cli", *arguments],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        ready, _, _ = select.select([ours], [], [], 0.2)
        try:
            said += os.read(ours, 65536) if ready else b""
        except OSError:  # the other side is closed
            break
        if b"[y/N]" in said and answer:
            os.write(ours, answer.encode() + b"\n")
            answer = ""
    out = process.stdout.read().decode()
    process.stdout.close()
    status = process.wait(timeout=30)
    os.close(ours)
    return status, out, said.decode()


def test_the_prompt_says_who_was_called_lately_who_is_outside_hours_and_who_is_left_out(xuna):
    zones = ["Etc/GMT+11", "Etc/GMT+3", "Etc/GMT-5", "Etc/GMT-12"]
    people(
        xuna,
        *(f"+1303555{place:04d},{zone}" for place, zone in enumerate(zones, 100)),
        header="phone,timezone",
    )
    xuna.call("people.csv", "--campaign", "before", "--limit", "2", "-y")
    xuna("do-not-call", "add", "+13035550103")
    status, _, said = on_a_terminal(xuna, "batch-call", "people.csv", "--campaign", "now", answer="n")
    assert status == 130
    assert "About to call 3 people" in said
    assert "1 on a do-not-call list" in said
    assert "2 of them were called in other campaigns of this ledger in the last 30 days" in said
    assert "outside 08:00-21:00 of their own time" in said
    assert "--hours 08:00-21:00" in said
    assert len(xuna.called) == 2
    status, _, _ = on_a_terminal(xuna, "batch-call", "people.csv", "--campaign", "now", answer="y")
    assert status == 0
    assert len(xuna.called) == 5


@pytest.mark.parametrize("name", ["Timezone", "time_zone", "Time Zone", "TIME-ZONE", "tz"])
def test_a_zone_column_is_found_by_its_name_however_it_is_written(xuna, name):
    people(xuna, f"{FICTION},Etc/UTC", header=f"phone,{name}")
    document = xuna.call("people.csv", "--hours", closed_now(), "-y")
    assert document["screening"]["reasons"] == {"outside-hours": 1}


def test_two_columns_that_may_be_the_zone_are_an_error(xuna):
    people(xuna, f"{FICTION},Etc/UTC,Etc/UTC", header="phone,tz,Time Zone")
    (error,) = xuna.call("people.csv", "-y", expect=5)["errors"]
    assert "'tz', 'Time Zone'" in error["message"]
    assert "--timezone-column" in error["hint"]
    assert xuna.call("people.csv", "--timezone-column", "tz", "-y")["counts"]["accepted"] == 1


def test_a_number_with_several_keys_is_called_once_in_a_run_with_quiet_days(xuna):
    people(xuna, f"{DENVER},1", f"{DENVER},2", f"{CHICAGO},3", f"{DENVER},1", header="phone,id")
    arguments = ("--key", "id", "--quiet-days", "7", "-m", "Hi", "--batch-size", "1")
    for more in (("--dry-run",), ("-y",)):
        document = xuna.call("people.csv", *arguments, *more)
        assert document["screening"]["reasons"] == {"called-recently": 1}
        assert document["counts"]["duplicates"] == 1
    assert sorted(xuna.called) == [DENVER, CHICAGO]  # batches go out side by side


def test_without_quiet_days_each_key_of_a_number_is_called(xuna):
    people(xuna, f"{DENVER},1", f"{DENVER},2", header="phone,id")
    xuna.call("people.csv", "--key", "id", "-y")
    assert xuna.called == [DENVER, DENVER]


@pytest.mark.parametrize("zone", ["EST", "(GMT-05:00) Eastern Time (US & Canada)", "Eastern Standard Time"])
def test_a_zone_that_people_write_is_understood(xuna, zone):
    people(xuna, f'{DENVER},"{zone}"', header="phone,timezone")
    document = xuna.call("people.csv", "--hours", "00:00-24:00", "-y")
    assert document["counts"]["accepted"] == 1


def test_a_zone_that_nobody_means_is_refused_with_what_to_write(xuna):
    people(xuna, f"{DENVER},GMT-5", f"{CHICAGO},localtime", header="phone,timezone")
    document = xuna.call("people.csv", "--hours", "00:00-24:00", "-y")
    (row, _) = document["screening"]["rows"]
    assert row["message"].startswith("timezone-unknown: 'GMT-5' is an offset")
    assert row["message"].endswith("write it like Europe/London")
    arguments = ("--hours", "00:00-24:00", "--default-timezone", "GMT", "-y")
    assert xuna("batch-call", "people.csv", *arguments) == 2
    assert "--default-timezone: 'GMT' is an offset" in xuna.err


@pytest.mark.parametrize("early", ["20", "1e10", "1e300", "30d"])
def test_hours_that_are_never_open_are_a_usage_error(xuna, early):
    people(xuna, DENVER)
    assert xuna("batch-call", "people.csv", "--hours", "09:00-09:20", "--close-early", early, "-y") == 2
    assert "xuna: error: --" in xuna.err
    assert xuna.called == []


def test_the_result_and_the_runs_record_say_which_time_zone_rules_were_used(xuna):
    people(xuna, DENVER)
    rules = xuna.call("people.csv", "-y")["screening"]["zone_rules"]
    assert rules.startswith("tz 20")
    with contextlib.closing(sqlite3.connect(xuna.ledger)) as ledger:
        assert ledger.execute("SELECT zone_rules FROM runs").fetchall() == [(rules,)]
    xuna("doctor")
    assert rules.split(",")[0] in xuna.out
