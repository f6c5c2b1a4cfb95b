"""A person's own time: no call before or after it, wherever the person may be."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.models import CallTarget, CallWindow
from xuna_cli.phone.zones import local as in_zone
from xuna_cli.screening.calling_hours import USUAL, CallingHours
from xuna_cli.screening.days import NotOn, Start
from xuna_cli.screening.hours import Hours, Window
from xuna_cli.screening.order import Screening, first, until_all_allow
from xuna_cli.screening.own_time import OwnTime, bounds
from xuna_cli.screening.rules import DEFERRED, SCREENED, ScreeningContext, Until

LONDON, DENVER, ANYWHERE_IN_THE_US, NOWHERE = "+442079460018", "+13035550100", "+15551234567", "+870773111632"
RULE = OwnTime(CallingHours(USUAL).zones)


def local(text):
    return datetime.fromisoformat(text)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def context(now, after=None, before=None, *, number=LONDON, timezone=None):
    window = CallWindow(local(after) if after else None, local(before) if before else None)
    target = CallTarget(2, number, number, timezone=timezone, window=window)
    return ScreeningContext(target, utc(now))


@pytest.mark.parametrize(
    ("now", "code"),
    [
        ("2026-07-01T07:59:59", "too-early"),
        ("2026-07-01T08:00", None),
        ("2026-07-01T16:59:59", None),
        ("2026-07-01T17:00", "expired"),
        ("2027-07-01T12:00", "expired"),
    ],
)
def test_a_local_time_is_that_of_the_person(now, code):
    reason = RULE(context(now, "2026-07-01T09:00", "2026-07-01T18:00"))
    assert (reason.code if reason else None) == code
    if code == "too-early":
        assert (reason.count, reason.opens_at, reason.zones) == (
            DEFERRED,
            utc("2026-07-01T08:00"),
            ("Europe/London",),
        )
        assert reason.message == "too-early: call_after is 09:00 on Wed 01 Jul 2026 in Europe/London"
    if code == "expired":
        assert reason.count == SCREENED
        assert reason.message == "expired: call_before is 18:00 on Wed 01 Jul 2026 in Europe/London"


def test_a_time_with_an_offset_is_the_same_everywhere():
    for number in (LONDON, DENVER, NOWHERE):
        now = "2026-07-01T06:59:59"
        reason = RULE(context(now, "2026-07-01T09:00+02:00", number=number))
        assert (reason.code, reason.opens_at) == ("too-early", utc("2026-07-01T07:00"))
        assert RULE(context("2026-07-01T07:00", "2026-07-01T09:00+02:00", number=number)) is None
        assert (
            RULE(context("2026-07-01T07:00", before="2026-07-01T09:00+02:00", number=number)).code
            == "expired"
        )
    assert RULE(context("2026-07-01T07:00", "2026-07-01T09:00Z", timezone="Mars/Base")).code == "too-early"


def test_where_a_person_may_be_in_several_zones_the_time_has_to_be_right_in_all():
    zones = CallingHours(USUAL).zones(CallTarget(2, ANYWHERE_IN_THE_US, ANYWHERE_IN_THE_US))
    assert {"America/New_York", "Pacific/Honolulu"} <= set(zones)
    opens_at, closes_at = bounds(CallWindow(local("2026-07-01T09:00"), local("2026-07-02T09:00")), zones)
    for name in zones:
        assert in_zone(opens_at, name).replace(tzinfo=None) >= local("2026-07-01T09:00")
        assert in_zone(closes_at, name).replace(tzinfo=None) <= local("2026-07-02T09:00")
    assert any(in_zone(opens_at, name).replace(tzinfo=None) == local("2026-07-01T09:00") for name in zones)
    just_before = (opens_at - timedelta(seconds=1)).replace(tzinfo=None).isoformat()
    look = context(just_before, "2026-07-01T09:00", number=ANYWHERE_IN_THE_US)
    assert RULE(look).opens_at == opens_at
    assert "call_after is 09:00 on Wed 01 Jul 2026 in America/New_York, " in RULE(look).message
    assert RULE(look._replace(now=opens_at)) is None


def test_a_window_that_is_never_open_in_all_zones_is_said_and_calls_nobody():
    window = ("2026-07-01T09:00", "2026-07-01T10:00")
    now = "2026-06-30T00:00"
    assert RULE(context(now, *window, number=DENVER)).code == "too-early"
    never = RULE(context(now, *window, number=ANYWHERE_IN_THE_US))
    assert (never.code, never.count) == ("no-common-hour", SCREENED)
    while utc(now) < utc("2026-07-03T00:00"):
        assert RULE(context(now, *window, number=ANYWHERE_IN_THE_US)) is not None
        now = (local(now) + timedelta(minutes=30)).isoformat()
    assert RULE(context(now, *window, number=ANYWHERE_IN_THE_US)).code == "expired"


def test_a_local_time_of_nobody_knows_where_calls_nobody():
    assert RULE(context("2026-07-01T12:00", "2026-06-01", number=NOWHERE)).code == "no-timezone"
    assert RULE(context("2026-07-01T12:00", "2026-06-01", timezone="Mars/Base")).code == "timezone-unknown"
    default = OwnTime(CallingHours(USUAL, "Europe/London").zones)
    assert default(context("2026-07-01T12:00", "2026-06-01", number=NOWHERE)) is None


@pytest.mark.parametrize(
    ("wall", "opens_at", "closes_at"),
    [
        # The clocks skip 01:00-02:00: 01:30 is 02:30 summer time, or 00:30 winter time.
        ("2026-03-29T01:30", "2026-03-29T01:30", "2026-03-29T00:30"),
        # The clocks repeat 01:00-02:00: 01:30 is 00:30 UTC, and again 01:30 UTC.
        ("2026-10-25T01:30", "2026-10-25T01:30", "2026-10-25T00:30"),
        ("2026-03-29T03:30", "2026-03-29T02:30", "2026-03-29T02:30"),
    ],
)
def test_where_the_clocks_change_the_window_is_the_narrower_one(wall, opens_at, closes_at):
    window = CallWindow(local(wall), local(wall))
    assert bounds(window, ("Europe/London",)) == (utc(opens_at), utc(closes_at))


def test_a_day_whose_midnight_the_clocks_skip_begins_after_it_and_ends_before_it():
    # Chile goes from 00:00 to 01:00.
    window = CallWindow(local("2026-09-06T00:00"), local("2026-09-06T00:00"))
    opens_at, closes_at = bounds(window, ("America/Santiago",))
    assert in_zone(opens_at, "America/Santiago").isoformat() == "2026-09-06T01:00:00-03:00"
    assert in_zone(closes_at, "America/Santiago").isoformat() == "2026-09-05T23:00:00-04:00"


MORNINGS = CallingHours(Hours((Window(9 * 60, 12 * 60),), close_early=timedelta(0)))
NOW = utc("2026-07-01T12:00")  # 13:00 in London


def asked(screening, look):
    reason = first(screening.at_intake, look)
    if reason is None or reason.opens_at is None:
        return reason
    return until_all_allow(reason, screening.at_another_time, look)


def test_a_deferral_ends_when_the_hours_are_open_too():
    screening = Screening(own_time=RULE, hours=MORNINGS)
    reason = asked(screening, context("2026-07-01T12:00", "2026-07-03"))
    assert (reason.code, reason.opens_at) == ("too-early", utc("2026-07-03T08:00"))
    assert reason.message.endswith("; all rules allow the call from 09:00 on Fri 03 Jul")
    holiday = Screening(
        own_time=RULE, not_on=NotOn(frozenset({date(2026, 7, 3)}), MORNINGS.zones), hours=MORNINGS
    )
    assert asked(holiday, context("2026-07-01T12:00", "2026-07-03")).opens_at == utc("2026-07-04T08:00")
    start = Screening(start=Start(utc("2026-07-02T20:00")), hours=MORNINGS)
    assert asked(start, context("2026-07-01T12:00")).opens_at == utc("2026-07-03T08:00")


def test_who_expires_before_the_hours_open_is_deferred_without_a_time_and_expires_then():
    screening = Screening(own_time=RULE, hours=MORNINGS)
    look = context("2026-07-01T12:00", before="2026-07-01T20:00")
    reason = asked(screening, look)
    assert (reason.code, reason.count, reason.opens_at) == ("outside-hours", DEFERRED, None)
    assert (
        "that is too late (expired: call_before is 20:00 on Wed 01 Jul 2026 in Europe/London)"
        in reason.message
    )
    assert asked(screening, look._replace(now=utc("2026-07-01T19:00"))).code == "expired"


def test_what_is_final_is_no_deferral():
    screening = Screening(own_time=RULE, start=Start(utc("2026-07-09T12:00")), hours=MORNINGS)
    assert asked(screening, context("2026-07-01T12:00", number=NOWHERE)).code == "no-timezone"
    too_late = asked(screening, context("2026-07-01T12:00", before="2026-07-05"))
    assert (too_late.code, too_late.opens_at) == ("before-start", None)
    assert asked(screening, context("2026-07-01T12:00", before="2026-06-30")).code == "expired"
    over = replace_until(screening, utc("2026-07-01T11:00"))
    assert asked(over, context("2026-07-01T12:00", "2026-08-01")).code == "past-until"


def replace_until(screening, end):
    return Screening(
        until=Until(end), own_time=screening.own_time, start=screening.start, hours=screening.hours
    )


TIMES = st.datetimes(datetime(2026, 6, 28), datetime(2026, 7, 6))
ENDS = st.one_of(st.none(), TIMES, TIMES.map(lambda at: at.replace(tzinfo=timezone(timedelta(hours=-5)))))


@given(
    after=ENDS,
    before=ENDS,
    number=st.sampled_from([LONDON, DENVER, ANYWHERE_IN_THE_US]),
    start=st.one_of(st.none(), TIMES),
    day_off=st.sampled_from([None, date(2026, 7, 2)]),
    has_hours=st.booleans(),
)
def test_a_deferral_ends_exactly_when_the_call_is_allowed(after, before, number, start, day_off, has_hours):
    """At the time that a deferral gives, all rules allow the call; shortly before it, at least one does not."""
    screening = Screening(
        own_time=RULE,
        start=None if start is None else Start(start.replace(tzinfo=UTC)),
        not_on=None if day_off is None else NotOn(frozenset({day_off}), MORNINGS.zones),
        hours=MORNINGS if has_hours else None,
    )
    look = ScreeningContext(CallTarget(2, number, number, window=CallWindow(after, before)), NOW)
    reason = asked(screening, look)
    if reason is None or reason.count != DEFERRED:
        return
    if reason.opens_at is None:
        moment = NOW
        while moment < NOW + timedelta(days=9):
            assert first(screening.at_intake, look._replace(now=moment)) is not None
            moment += timedelta(minutes=20)
        return
    assert reason.opens_at > NOW
    assert first(screening.at_intake, look._replace(now=reason.opens_at)) is None
    earlier = reason.opens_at - timedelta(microseconds=1)
    assert first(screening.at_intake, look._replace(now=earlier)) is not None
