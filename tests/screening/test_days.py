"""Days without calls, and the start of a campaign."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from xuna_cli.errors import InputError, UsageError
from xuna_cli.models import CallTarget
from xuna_cli.screening.calling_hours import USUAL, CallingHours
from xuna_cli.screening.days import NotOn, Start, parse_days_off
from xuna_cli.screening.rules import DEFERRED, ScreeningContext

DENVER, LONDON, SYDNEY, NOWHERE = "+13035550100", "+442079460018", "+61291920100", "+870773111632"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ZONES = CallingHours(USUAL).zones


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def look(rule, number, now):
    return rule(ScreeningContext(CallTarget(2, number, number), now))


@pytest.mark.parametrize(
    ("number", "now", "opens_at"),
    [
        (DENVER, "2026-12-25T06:59:59+00:00", None),  # 23:59:59 on the 24th there
        (DENVER, "2026-12-25T07:00:00+00:00", "2026-12-27T07:00:00+00:00"),
        (DENVER, "2026-12-27T06:59:59+00:00", "2026-12-27T07:00:00+00:00"),
        (DENVER, "2026-12-27T07:00:00+00:00", None),
        (LONDON, "2026-12-24T23:59:00+00:00", None),
        (LONDON, "2026-12-25T00:00:00+00:00", "2026-12-27T00:00:00+00:00"),
        (NOWHERE, "2026-12-24T10:00:00+00:00", "2026-12-27T12:00:00+00:00"),  # somewhere it is the 25th
        (NOWHERE, "2026-12-24T09:59:00+00:00", None),
    ],
)
def test_nobody_is_called_on_a_day_of_their_own_calendar(number, now, opens_at):
    rule = NotOn(frozenset({date(2026, 12, 25), date(2026, 12, 26)}), ZONES)
    reason = look(rule, number, at(now))
    if opens_at is None:
        assert reason is None
    else:
        assert (reason.code, reason.count, reason.opens_at) == ("not-on-this-day", DEFERRED, at(opens_at))


@pytest.mark.parametrize("minutes", range(-10, 50 * 60 + 10, 10))
def test_where_nobody_knows_the_place_a_day_off_lasts_as_long_as_it_lasts_anywhere(minutes):
    begins = datetime(2026, 12, 24, 10, tzinfo=UTC)  # at the date line; the day ends there 50 hours later
    reason = look(NotOn(frozenset({date(2026, 12, 25)}), ZONES), NOWHERE, begins + timedelta(minutes=minutes))
    if 0 <= minutes < 50 * 60:
        assert reason is not None
        assert reason.opens_at == begins + timedelta(hours=50)
    else:
        assert reason is None


def test_the_answer_is_the_same_whatever_was_asked_before():
    """Ask one rule for two weeks in two-hour steps, and compare it with a new rule each time."""
    days = frozenset({date(2026, 12, 25), date(2026, 12, 27), date(2027, 1, 1)})
    rule, moment = NotOn(days, ZONES), datetime(2026, 12, 23, tzinfo=UTC)
    seen = set()
    while moment < datetime(2027, 1, 4, tzinfo=UTC):
        for number in (DENVER, LONDON, SYDNEY, NOWHERE):
            found = look(rule, number, moment)
            assert found == look(NotOn(days, ZONES), number, moment)
            seen.add(found is None)
            if found is not None:
                assert look(NotOn(days, ZONES), number, found.opens_at) is None
                assert look(NotOn(days, ZONES), number, found.opens_at - timedelta(seconds=1)) is not None
        moment += timedelta(hours=2)
    assert seen == {True, False}


def test_nobody_is_called_before_the_start():
    rule = Start(at("2026-12-01T09:00-05:00"))
    assert look(rule, DENVER, at("2026-12-01T13:59:59Z")).opens_at == at("2026-12-01T14:00Z")
    assert look(rule, DENVER, at("2026-12-01T14:00Z")) is None


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261227
SUMMARY:Christmas
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20200704
RRULE:FREQ=YEARLY
SUMMARY:Independence Day
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20270115T090000Z
DTEND:20270115T170000Z
SUMMARY:Closed
END:VEVENT
END:VCALENDAR
"""


def parse(text, folder=Path()):
    return parse_days_off(text, source="--not-on", folder=folder, now=NOW)


def test_days_come_from_dates_and_from_calendars(tmp_path):
    (tmp_path / "holidays.ics").write_text(CALENDAR.replace("\n", "\r\n"))
    days = parse("2026-12-31, holidays.ics", tmp_path)
    assert {date(2026, 12, 31), date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 15)} <= days
    assert {date(2027, 7, 4), date(2028, 7, 4)} <= days
    assert date(2026, 12, 27) not in days


@pytest.mark.parametrize(
    ("text", "content", "error"),
    [
        ("25.12.2026", None, UsageError),
        ("christmas", None, UsageError),
        (" , ", None, UsageError),
        ("a.ics", None, InputError),
        ("a.ics", b"no calendar", InputError),
        ("a.ics", b"\xff\xfe\x00", InputError),
        ("a.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", InputError),
        (
            "a.ics",
            b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            InputError,
        ),
    ],
)
def test_what_is_no_day_calls_nobody(tmp_path, text, content, error):
    if content is not None:
        (tmp_path / "a.ics").write_bytes(content)
    with pytest.raises(error) as caught:
        parse(text, tmp_path)
    assert caught.value.hint
