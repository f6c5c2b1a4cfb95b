"""`--not-on` and `--start`, through the command line."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

HELLO = ("-m", "Hi {{ name }}.")


def test_nobody_is_called_today_if_today_is_off_and_the_next_day_all_are(cli, api, people):
    path = people(rows=[("+442079460018", "Ann"), ("+33142685300", "Zoe")])
    days = {(datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (-1, 0, 1)}
    document = cli(
        "batch-call", path, *HELLO, "--yes", "--not-on", ",".join(sorted(days)), "--output", "json"
    ).document
    assert (document["counts"]["deferred"], document["status"]) == (2, "success")
    assert document["screening"]["reasons"] == {"not-on-this-day": 2}
    assert api.state.calls() == []
    assert (
        cli("batch-call", path, *HELLO, "--yes", "--not-on", "2020-01-01", "--output", "json").counts[
            "accepted"
        ]
        == 2
    )


def test_a_holiday_of_a_calendar_is_one_of_the_persons_own_date(cli, api, people):
    """On the two sides of the date line it is never the same day."""
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    event = f"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{today:%Y%m%d}\r\nEND:VEVENT\r\n"
    cli.write("holidays.ics", f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test\r\n{event}END:VCALENDAR\r\n")
    rows = [("+15551234567", "Pacific/Kiritimati"), ("+15551234568", "Pacific/Pago_Pago")]
    path = people(rows=rows, header=("phone", "timezone"))
    document = cli.call(path, "-m", "Hi", "--yes", "--not-on", "holidays.ics")
    assert cli.called == ["+15551234568"]
    assert document["screening"]["reasons"] == {"not-on-this-day": 1}


def test_a_start_that_has_passed_keeps_nobody_back(cli, api, people):
    start, until = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
    both = ("--start", start.isoformat(), "--until", until.isoformat())
    assert cli.call(people(2), *HELLO, "--yes", *both)["counts"]["accepted"] == 2


def test_before_the_start_everybody_is_deferred(cli, api, people):
    start = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    ran = cli("batch-call", people(2), *HELLO, "--yes", "--start", start.isoformat())
    assert "2 before-start" in ran.out
    assert "Deferred" in ran.out
    assert api.state.calls() == []


def test_who_is_deferred_until_the_start_is_called_in_the_same_run_with_wait(cli, api, people, no_waiting):
    start = datetime.now(UTC) + timedelta(hours=2)
    document = cli(
        "batch-call", people(2), *HELLO, "--yes", "--wait", "--start", start.isoformat(), "--output", "json"
    ).document
    assert (document["counts"]["accepted"], document["counts"]["deferred"]) == (2, 0)
    assert document["screening"]["reasons"] == {}


def test_what_can_not_be_is_said(cli, api, people):
    path = people(1)
    both = ("--start", "2026-12-02T09:00Z", "--until", "2026-12-01T09:00Z")
    assert "--start is not before --until" in cli("batch-call", path, *HELLO, *both, exits=2).err
    assert "--not-on" in cli("batch-call", path, *HELLO, "--not-on", "soon", exits=2).err
    assert "calendar" in cli("batch-call", path, *HELLO, "--not-on", "none.ics", exits=5).err
    assert "no UTC offset" in cli("batch-call", path, *HELLO, "--start", "2026-12-02T09:00", exits=2).err
