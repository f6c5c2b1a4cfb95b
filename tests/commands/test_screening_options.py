"""The options for screening, with the commands."""

import contextlib
import csv
import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.terminal import Terminal

pytestmark = pytest.mark.usefixtures("api")

DENVER, CHICAGO, LONDON, FICTION = "+13035550100", "+13125550100", "+442079460018", "+15559876543"


GLOBAL = "+870773111632"  # belongs to no country


def closed_now():
    """Return hours in UTC that don't include this moment or the next hours."""
    now = datetime.now(UTC)
    return f"{now + timedelta(hours=6):%H}:00-{now + timedelta(hours=7):%H}:00"


def people(cli, *rows, header="phone"):
    return cli.write("people.csv", "\n".join([header, *rows]) + "\n")


def test_outside_hours_people_are_deferred_with_the_next_opening_of_their_zone(cli):
    people(cli, f"{FICTION},Etc/UTC", f"{DENVER},Etc/UTC", header="phone,timezone")
    document = cli.call("people.csv", "--hours", closed_now(), "-y")
    assert document["counts"]["deferred"] == 2
    assert document["status"] == "success"
    (opening,) = document["deferred_until"]
    assert (opening["zones"], opening["people"]) == (["Etc/UTC"], 2)
    assert datetime.fromisoformat(opening["opens_at"]) > datetime.now(UTC)
    assert document["screening"]["reasons"] == {"outside-hours": 2}
    assert document["screening"]["outside_usual_hours"] is None
    assert "in Etc/UTC; calling hours begin at" in document["screening"]["rows"][0]["message"]
    assert cli.called == []
    assert cli.call("people.csv", "--hours", "00:00-24:00", "-y")["counts"]["accepted"] == 2


def test_hours_days_and_zone_come_from_the_environment_too(cli, monkeypatch):
    people(cli, GLOBAL)
    arguments = ("people.csv", "--allow-premium", "-y")
    monkeypatch.setenv("XUNA_HOURS", closed_now())
    assert cli.call(*arguments, exits=3)["screening"]["reasons"] == {"no-timezone": 1}
    monkeypatch.setenv("XUNA_DEFAULT_TIMEZONE", "Etc/UTC")
    assert cli.call(*arguments)["screening"]["reasons"] == {"outside-hours": 1}
    monkeypatch.setenv("XUNA_HOURS", "00:00-24:00")
    day = datetime.now(UTC).weekday()
    monkeypatch.setenv("XUNA_DAYS", ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(day + 3) % 7])
    assert cli.call(*arguments)["screening"]["reasons"] == {"outside-hours": 1}
    assert cli.called == []


def test_another_column_can_have_the_zone(cli):
    people(cli, f"{DENVER},Etc/UTC", header="phone,tz")
    assert (
        cli.call("people.csv", "--hours", closed_now(), "--timezone-column", "tz", "-y")["counts"]["deferred"]
        == 1
    )
    document = cli.call("people.csv", "--timezone-column", "tzz", "-y", exits=5)
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
def test_an_option_of_another_form_is_a_usage_error_and_nobody_is_called(cli, arguments):
    people(cli, DENVER)
    ran = cli("batch-call", "people.csv", "-y", *arguments, exits=2)
    assert "Traceback" not in ran.err
    assert cli.called == []


def test_countries_are_an_allow_list(cli):
    people(cli, DENVER, LONDON, FICTION, "+14165550100")
    document = cli.call("people.csv", "--country", "us, ca", "-y")
    assert cli.called == [DENVER, "+14165550100"]
    messages = [row["message"] for row in document["screening"]["rows"]]
    assert messages == [
        f"country: {LONDON} is a number of GB, and only CA, US may be called",
        f"country: the country of {FICTION} is not known, and only CA, US may be called",
    ]


def test_numbers_that_cost_are_refused_unless_they_are_allowed(cli):
    people(cli, "+19002345678", "+881612345678", DENVER)
    document = cli.call("people.csv", "-y")
    assert document["screening"]["reasons"] == {"kind-of-number": 2}
    assert cli.call("people.csv", "-y", "--allow-premium")["counts"]["accepted"] == 2


def test_a_consent_that_is_missing_is_a_no(cli):
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
    cli.write("people.json", json.dumps(rows))
    document = cli.call("people.json", "--consent-column", "ok", "-y")
    assert sorted(cli.called) == [row["phone"] for row in rows[:4]]
    assert document["screening"]["reasons"] == {"no-consent": 7}
    document = cli.call("people.json", "--consent-column", "ok", "--consent-values", "NO", "-y")
    assert cli.called[4:] == ["+13035550105"]


def test_a_list_without_the_column_of_consent_stops_the_run(cli):
    people(cli, DENVER)
    document = cli.call("people.csv", "--consent-column", "consent", "-y", exits=5)
    assert document["errors"][0]["code"] == "consent-column-missing"
    assert cli.called == []


def test_quiet_days_look_at_all_campaigns(cli):
    people(cli, DENVER, CHICAGO)
    cli.call("people.csv", "--campaign", "a", "--limit", "1", "-y")
    document = cli.call("people.csv", "--campaign", "b", "--quiet-days", "7", "-y")
    assert cli.called == [DENVER, CHICAGO]
    assert document["screening"]["reasons"] == {"called-recently": 1}


def test_max_calls_refuses_before_anything_is_sent(cli):
    people(cli, DENVER, CHICAGO, LONDON, DENVER)
    document = cli.call("people.csv", "--max-calls", "2", "-y", exits=2)
    assert document["errors"][0]["code"] == "max-calls"
    assert (
        cli.call("people.csv", "--max-calls", "2", "--dry-run", exits=2)["errors"][0]["code"] == "max-calls"
    )
    assert cli.called == []
    assert cli.call("people.csv", "--max-calls", "2", "--limit", "2", "-y")["counts"]["accepted"] == 2
    # People who were already called don't count.
    assert cli.call("people.csv", "--max-calls", "1", "-y")["counts"]["accepted"] == 1


def test_after_until_nobody_is_called(cli):
    people(cli, DENVER)
    document = cli.call("people.csv", "--until", "2020-01-01T00:00-05:00", "-y")
    assert document["screening"]["reasons"] == {"past-until": 1}
    assert cli.called == []


def test_rejects_name_the_rule_and_the_fact(cli):
    rows = ("+19002345678,Ann,", "nobody,Bo,", f"{DENVER},Cy,", f"{CHICAGO},Di,Etc/UTC")
    people(cli, *rows, header="phone,name,timezone")
    cli("do-not-call", "add", DENVER)
    arguments = ("--hours", closed_now(), "--rejects", "out.csv", "-y")
    document = cli.call("people.csv", *arguments, exits=3)
    assert document["counts"]["deferred"] == 1
    with (cli.folder / "out.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert sorted((row["name"], row["code"]) for row in rows) == [
        ("Ann", "kind-of-number"),
        ("Bo", "phone-letters"),
        ("Cy", "do-not-call"),
    ]
    assert all(row["message"] for row in rows)
    assert "Di" not in (cli.folder / "out.csv").read_text()


def test_words_that_look_wrong_are_warned_of_or_rejected(cli):
    people(cli, f"{DENVER},Ann", f"{CHICAGO},None", f"{LONDON},{{name}}", header="phone,name")
    document = cli.call("people.csv", "-m", "Hi {{ name }}.", "--dry-run", "--allow-odd-messages")
    found = {mark["code"]: (mark["rows"], mark["first_row"]) for mark in document["message_warnings"]}
    assert found == {"message-no-value": (1, 3), "message-placeholder": (1, 4)}
    document = cli.call("people.csv", "-m", "Hi {{ name }}.", "--strict-messages", "-y", exits=3)
    assert cli.called == [DENVER]
    assert [row["code"] for row in document["rejections"]] == ["message-no-value", "message-placeholder"]


def test_the_table_says_who_was_not_called_why_and_when_they_will_be(cli):
    people(cli, f"{DENVER},Etc/UTC", f"{FICTION},Mars/Base", header="phone,timezone")
    ran = cli("batch-call", "people.csv", "--hours", closed_now(), "-y", exits=3)
    assert "Not called: 1 outside-hours, 1 timezone-unknown" in ran.out
    assert (
        "row 3: timezone-unknown: 'Mars/Base' is not a time zone; use a name like America/New_York" in ran.out
    )
    assert "Deferred. Run the same command later to call these people:" in ran.out
    assert "1 person, from" in ran.out


def test_the_table_warns_of_people_outside_the_usual_hours(cli):
    zones = ["Etc/GMT" + (f"+{offset}" if offset > 0 else str(offset)) for offset in range(-12, 13) if offset]
    people(
        cli,
        *(f"+1303555{place:04d},{zone}" for place, zone in enumerate(zones, 100)),
        header="phone,timezone",
    )
    assert "outside 08:00-21:00 local time for" in cli("batch-call", "people.csv", "--dry-run").out
    ran = cli("batch-call", "people.csv", "-y")
    assert "calls were outside 08:00-21:00 local time" in ran.out
    assert "--hours 08:00-21:00" in ran.out
    assert len(cli.called) == len(zones)
    for quiet in (["--quiet"], ["--output", "json"]):
        ran = cli("batch-call", "people.csv", "--campaign", quiet[-1], *quiet)
        assert "xuna: warning: " in ran.err
        assert "calls were outside 08:00-21:00 local time; to call only" in ran.err
    assert "outside" not in cli("batch-call", "people.csv", "--quiet").err  # nobody is called again


def test_a_message_that_may_be_wrong_is_said_also_when_quiet_by_the_run_that_calls(cli):
    people(cli, "+13035550100,2026-12-24", header="phone,day")
    run = ("batch-call", "people.csv", "-m", "See you on {{ day }}.", "--quiet")
    assert "1 message may be wrong: row 2: 'day' contains" in cli(*run).err
    assert "may be wrong" not in cli(*run).err


@pytest.mark.slow
def test_the_prompt_says_who_was_called_lately_who_is_outside_hours_and_who_is_left_out(cli):
    zones = ["Etc/GMT+11", "Etc/GMT+3", "Etc/GMT-5", "Etc/GMT-12"]
    people(
        cli,
        *(f"+1303555{place:04d},{zone}" for place, zone in enumerate(zones, 100)),
        header="phone,timezone",
    )
    cli.call("people.csv", "--campaign", "before", "--limit", "2", "-y")
    cli("do-not-call", "add", "+13035550103")
    terminal = Terminal("batch-call", "people.csv", "--campaign", "now")
    terminal.answer("[y/N]", "n")
    assert terminal.end() == 0
    said = " ".join(terminal.seen.split())
    assert "About to call 3 people" in said
    assert "1 on a do-not-call list" in said
    assert "2 people were already called in other campaigns in the last 30 days" in said
    assert "outside 08:00-21:00 local time for" in said
    assert "--hours 08:00-21:00" in said
    assert len(cli.called) == 2
    terminal = Terminal("batch-call", "people.csv", "--campaign", "now")
    terminal.answer("[y/N]", "y")
    assert terminal.end() == 0
    assert len(cli.called) == 5


@pytest.mark.parametrize("name", ["Timezone", "time_zone", "Time Zone", "TIME-ZONE", "tz"])
def test_a_zone_column_is_found_by_its_name_however_it_is_written(cli, name):
    people(cli, f"{FICTION},Etc/UTC", header=f"phone,{name}")
    document = cli.call("people.csv", "--hours", closed_now(), "-y")
    assert document["screening"]["reasons"] == {"outside-hours": 1}


def test_two_columns_that_may_be_the_zone_are_an_error(cli):
    people(cli, f"{FICTION},Etc/UTC,Etc/UTC", header="phone,tz,Time Zone")
    (error,) = cli.call("people.csv", "-y", exits=5)["errors"]
    assert "'tz', 'Time Zone'" in error["message"]
    assert "--timezone-column" in error["hint"]
    assert cli.call("people.csv", "--timezone-column", "tz", "-y")["counts"]["accepted"] == 1


def test_a_number_with_several_keys_is_called_once_in_a_run_with_quiet_days(cli):
    people(cli, f"{DENVER},1", f"{DENVER},2", f"{CHICAGO},3", f"{DENVER},1", header="phone,id")
    arguments = ("--key", "id", "--quiet-days", "7", "-m", "Hi", "--batch-size", "1")
    for more in (("--dry-run",), ("-y",)):
        document = cli.call("people.csv", *arguments, *more)
        assert document["screening"]["reasons"] == {"called-recently": 1}
        assert document["counts"]["duplicates"] == 1
    assert sorted(cli.called) == [DENVER, CHICAGO]  # batches are sent in parallel


def test_without_quiet_days_each_key_of_a_number_is_called(cli):
    people(cli, f"{DENVER},1", f"{DENVER},2", header="phone,id")
    cli.call("people.csv", "--key", "id", "-y")
    assert cli.called == [DENVER, DENVER]


@pytest.mark.parametrize("zone", ["EST", "(GMT-05:00) Eastern Time (US & Canada)", "Eastern Standard Time"])
def test_a_zone_that_people_write_is_understood(cli, zone):
    people(cli, f'{DENVER},"{zone}"', header="phone,timezone")
    document = cli.call("people.csv", "--hours", "00:00-24:00", "-y")
    assert document["counts"]["accepted"] == 1


def test_a_zone_that_nobody_means_is_refused_with_what_to_write(cli):
    people(cli, f"{DENVER},GMT-5", f"{CHICAGO},localtime", header="phone,timezone")
    document = cli.call("people.csv", "--hours", "00:00-24:00", "-y", exits=3)
    (row, _) = document["screening"]["rows"]
    assert row["message"].startswith("timezone-unknown: 'GMT-5' is a fixed offset")
    assert row["message"].endswith("use a name like Europe/London")
    arguments = ("--hours", "00:00-24:00", "--default-timezone", "GMT", "-y")
    ran = cli("batch-call", "people.csv", *arguments, exits=2)
    assert "--default-timezone: 'GMT' is a fixed offset" in ran.err


@pytest.mark.parametrize("early", ["20", "1e10", "1e300", "30d"])
def test_hours_that_are_never_open_are_a_usage_error(cli, early):
    people(cli, DENVER)
    ran = cli("batch-call", "people.csv", "--hours", "09:00-09:20", "--close-early", early, "-y", exits=2)
    assert "xuna: error: --" in ran.err
    assert cli.called == []


def test_the_result_and_the_runs_record_say_which_time_zone_rules_were_used(cli):
    people(cli, DENVER)
    rules = cli.call("people.csv", "-y")["screening"]["zone_rules"]
    assert rules.startswith("tz 20")
    with contextlib.closing(sqlite3.connect(cli.ledger)) as ledger:
        assert ledger.execute("SELECT zone_rules FROM runs").fetchall() == [(rules,)]
    ran = cli("doctor")
    assert rules.split(",")[0] in ran.out


def test_people_without_the_data_that_the_rules_need_are_no_success(cli):
    people(cli, GLOBAL, DENVER)
    document = cli.call("people.csv", "--allow-premium", "--hours", "00:00-24:00", "-y", exits=3)
    assert (document["status"], document["exit_code"]) == ("partial", 3)
    assert document["counts"]["accepted"] == 1
    people(cli, f"{DENVER},", f"{CHICAGO},", header="phone,consent")
    nobody = cli.call("people.csv", "--consent-column", "consent", "-y", "--campaign", "b", exits=3)
    assert (nobody["status"], nobody["screening"]["reasons"]) == ("partial", {"no-consent": 2})
    people(cli, f"{DENVER},yes", f"{CHICAGO},", header="phone,consent")
    assert cli.call("people.csv", "--consent-column", "consent", "-y", "--campaign", "c")["exit_code"] == 0
