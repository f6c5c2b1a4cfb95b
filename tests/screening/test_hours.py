from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xuna_cli.errors import UsageError
from xuna_cli.models import CallTarget
from xuna_cli.screening.calling_hours import CallingHours
from xuna_cli.screening.hours import Hours, Window, next_opening, parse_days, parse_time, parse_windows
from xuna_cli.screening.rules import ScreeningContext, Until

DENVER, KOLKATA, KATHMANDU, BERLIN, NEW_YORK = (
    "America/Denver",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Europe/Berlin",
    "America/New_York",
)
MOMENTS = st.integers(0, 363 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
NO_MARGIN = timedelta(0)
US_NUMBER = "+13035550123"  # Denver


def hours(text, days="mon-sun", close_early=NO_MARGIN):
    return Hours(parse_windows(text, source="--hours"), parse_days(days, source="--days"), close_early)


def at(text, zone="UTC", fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def is_open(of, zone, now):
    span = of.span(zone, now)
    return span is not None and span.is_open


def judge(of, now, *, number=US_NUMBER, timezone=None, default=None):
    return CallingHours(of, default)(ScreeningContext(CallTarget(2, number, number, timezone=timezone), now))


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("08:59", False), ("09:00", True), ("13:00", True), ("19:59", True), ("20:00", False), ("23:59", False)],
)
def test_the_window_is_half_open_in_local_time(clock, expected):
    assert is_open(hours("09:00-20:00"), DENVER, at(f"2026-11-24T{clock}", DENVER)) is expected


@pytest.mark.parametrize(("clock", "expected"), [("19:49", True), ("19:50", False), ("20:00", False)])
def test_submitting_stops_early(clock, expected):
    of = hours("09:00-20:00", close_early=timedelta(minutes=10))
    assert is_open(of, DENVER, at(f"2026-11-24T{clock}", DENVER)) is expected


def test_the_reason_names_the_time_the_zone_and_the_opening():
    reason = judge(hours("09:00-20:00"), at("2026-11-24T07:12", DENVER))
    assert reason.message == "outside-hours: it is 07:12 in America/Denver; calling hours begin at 09:00"
    assert (reason.code, reason.count) == ("outside-hours", "deferred")
    assert reason.opens_at == at("2026-11-24T09:00", DENVER)
    assert reason.zones == (DENVER,)


def test_the_reason_names_the_day_when_it_is_another():
    reason = judge(hours("09:00-20:00", "mon-fri"), at("2026-11-27T21:00", DENVER))
    assert (
        reason.message
        == "outside-hours: it is 21:00 in America/Denver; calling hours begin at 09:00 on Mon 30 Nov"
    )


@pytest.mark.parametrize(
    ("number", "timezone", "now", "message"),
    [
        (
            "+12122360123",
            "US-CA",
            "2026-11-24T22:00",
            (
                "it is 22:00 in America/New_York or 19:00 in America/Los_Angeles; "
                "calling hours begin in both at 12:00 on Wed 25 Nov, America/New_York time"
            ),
        ),
        (
            "+12122360123",
            "US-CA",
            "2026-11-24T10:00",
            (
                "it is 07:00 in America/Los_Angeles or 10:00 in America/New_York; "
                "calling hours begin in both at 09:00, America/Los_Angeles time"
            ),
        ),
        (
            "+5215512345678",
            None,
            "2026-11-24T06:00",
            (
                "it is 05:00 in America/Mexico_City or 06:00 in America/Cancun, and the person may be in 10 other time "
                "zones; calling hours begin in all of them at 11:00, America/Mexico_City time"
            ),
        ),
    ],
)
def test_the_reason_names_the_time_in_different_zones_of_a_person(number, timezone, now, message):
    reason = judge(hours("09:00-20:00"), at(now, NEW_YORK), number=number, timezone=timezone)
    assert reason.message == f"outside-hours: {message}"


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("2026-11-27T21:59", False),  # a Friday
        ("2026-11-27T22:00", True),
        ("2026-11-28T01:59", True),  # Friday's window ends on Saturday
        ("2026-11-28T02:00", False),
        ("2026-11-28T22:30", False),
        ("2026-11-30T01:00", False),  # Sunday has no window
        ("2026-11-30T22:00", True),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_opens(clock, expected):
    assert is_open(hours("22:00-02:00", "mon-fri"), BERLIN, at(clock, BERLIN)) is expected


def test_several_windows_leave_the_time_between_them_closed():
    of = hours("10:00-13:00,14:00-20:00", "mon-fri")
    now = at("2026-11-24T13:30", "Europe/Paris")
    assert not is_open(of, "Europe/Paris", now)
    assert next_opening(of, ["Europe/Paris"], now) == at("2026-11-24T14:00", "Europe/Paris")


def test_all_day_never_closes_between_two_days():
    of = hours("00:00-24:00", close_early=timedelta(minutes=10))
    start = at("2026-11-24T00:00", DENVER)
    assert all(is_open(of, DENVER, start + timedelta(minutes=7 * step)) for step in range(500))


@pytest.mark.parametrize(("zone", "utc"), [(KOLKATA, "03:30"), (KATHMANDU, "03:15")])
def test_zones_with_odd_offsets_open_at_their_own_nine(zone, utc):
    opens = at(f"2026-11-24T{utc}")
    assert is_open(hours("09:00-20:00"), zone, opens)
    assert not is_open(hours("09:00-20:00"), zone, opens - timedelta(seconds=1))


def test_an_opening_in_the_hour_that_is_left_out_is_never_too_early():
    # Berlin, 2026-03-29: 02:00 becomes 03:00.
    of = hours("02:30-05:00")
    opens = next_opening(of, [BERLIN], at("2026-03-29T00:00", BERLIN))
    assert opens >= at("2026-03-29T01:00", "UTC")
    assert opens.astimezone(ZoneInfo(BERLIN)).time() >= time(2, 30)


def test_a_closing_in_the_hour_that_is_left_out_is_never_too_late():
    of = hours("00:30-02:30")
    assert not is_open(of, BERLIN, at("2026-03-29T01:00", "UTC"))  # 03:00 there


def test_an_opening_in_the_hour_that_comes_twice_is_the_later_one():
    # New York, 2026-11-01: 02:00 becomes 01:00.
    of = hours("01:30-05:00")
    assert not is_open(of, NEW_YORK, at("2026-11-01T01:30", NEW_YORK, fold=0))
    assert is_open(of, NEW_YORK, at("2026-11-01T01:30", NEW_YORK, fold=1))


def test_a_closing_in_the_hour_that_comes_twice_is_the_earlier_one():
    of = hours("00:10-01:30")
    assert is_open(of, NEW_YORK, at("2026-11-01T01:29", NEW_YORK, fold=0))
    assert not is_open(of, NEW_YORK, at("2026-11-01T01:30", NEW_YORK, fold=0))
    assert not is_open(of, NEW_YORK, at("2026-11-01T01:10", NEW_YORK, fold=1))


def test_nine_stays_nine_when_the_clocks_change():
    of = hours("09:00-20:00")
    before = next_opening(of, [NEW_YORK], at("2026-10-31T21:00", NEW_YORK))
    assert before == at("2026-11-01T14:00", "UTC")  # 13:00 the day before
    after = next_opening(of, [NEW_YORK], at("2026-03-07T21:00", NEW_YORK))
    assert after == at("2026-03-08T13:00", "UTC")


ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/St_Johns",
)


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    opens=st.integers(0, 1439),
    length=st.integers(1, 1439),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    # Half an hour around the year's clock changes, and any other time.
    now=MOMENTS,
)
def test_whenever_it_is_open_the_wall_clock_says_so(zone, opens, length, days, now):
    closes = (opens + length) % 1440 or 1440
    of = Hours((Window(opens, closes),), days, NO_MARGIN)
    for moment in (now, datetime(2026, 11, 1, 5, 45, tzinfo=UTC), datetime(2026, 3, 29, 1, 10, tzinfo=UTC)):
        span = of.span(zone, moment)
        assert span is not None
        assert span.since <= moment < span.until
        wall = moment.astimezone(ZoneInfo(zone))
        minute = wall.hour * 60 + wall.minute
        overnight = closes <= opens
        today = wall.weekday() in days and opens <= minute and (overnight or minute < closes)
        yesterday = overnight and (wall.weekday() - 1) % 7 in days and minute < closes
        if span.is_open:
            assert today or yesterday
        else:
            assert span.until > moment
            assert of.span(zone, span.until).is_open


def test_a_number_in_several_zones_has_to_be_within_hours_in_all_of_them():
    toll_free = "+18005550123"  # all of the US and Canada
    of = hours("09:00-20:00")
    assert judge(of, at("2026-11-24T09:30", NEW_YORK), number=toll_free) is not None
    reason = judge(hours("00:00-24:00"), at("2026-11-24T09:30", NEW_YORK), number=toll_free)
    assert reason is None


def test_two_zones_open_when_the_later_one_does():
    of = hours("09:00-20:00")
    now = at("2026-11-24T06:00", NEW_YORK)
    opens = next_opening(of, [NEW_YORK, "America/Los_Angeles"], now)
    assert opens == at("2026-11-24T09:00", "America/Los_Angeles")


def test_zones_that_are_never_open_together_are_screened_out_not_deferred_for_ever():
    of = hours("09:00-10:00")
    assert next_opening(of, [NEW_YORK, "Asia/Tokyo"], at("2026-11-24T06:00", NEW_YORK)) is None
    toll_free = "+18005550123"
    reason = judge(of, at("2026-11-24T06:00", NEW_YORK), number=toll_free)
    assert (reason.code, reason.count) == ("no-common-hour", "screened")


def test_the_lists_zone_wins_over_the_numbers():
    of = hours("09:00-20:00")
    now = at("2026-11-24T09:30", NEW_YORK)  # 07:30 in Denver
    assert judge(of, now) is not None
    assert judge(of, now, timezone=NEW_YORK) is None


def test_the_default_zone_is_for_numbers_that_tell_none_alone():
    of = hours("09:00-20:00")
    now = at("2026-11-24T09:30", NEW_YORK)
    assert judge(of, now, number="+80012345678", default=NEW_YORK) is None
    assert judge(of, now, default=NEW_YORK) is not None


def test_the_default_zone_only_chooses_within_the_country():
    of = hours("09:00-20:00")
    unassigned = "+15559876543"  # no area code: anywhere from Guam to Newfoundland
    now = at("2026-11-24T12:00", NEW_YORK)
    assert judge(of, now, number=unassigned).code in ("outside-hours", "no-common-hour")
    assert judge(of, now, number=unassigned, default=NEW_YORK) is None
    assert judge(of, now, number=unassigned, default="Europe/Berlin") is not None
    in_berlin = at("2026-11-24T19:30", BERLIN)
    assert judge(of, in_berlin, number=unassigned, default=BERLIN) is not None


def test_who_could_only_be_called_after_the_end_is_not_deferred():
    now = at("2026-11-24T21:00", DENVER)
    look = ScreeningContext(CallTarget(2, US_NUMBER, US_NUMBER), now)
    rule = CallingHours(hours("09:00-20:00"), until=Until(at("2026-11-25T09:00", DENVER)))
    reason = rule(look)
    assert (reason.code, reason.count) == ("past-until", "screened")
    assert (
        "21:00 in America/Denver, and calling hours begin at 09:00 on Wed 25 Nov, after the end of the campaign"
        in reason.message
    )
    later = CallingHours(hours("09:00-20:00"), until=Until(at("2026-11-25T09:01", DENVER)))
    assert later(look).count == "deferred"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("09:00-09:20", 20),
        ("09:00-12:00,11:00-13:00", 240),
        ("22:00-02:00", 240),
        ("09:00-10:00,10:00-10:05", 65),
        ("09:00-10:00,12:00-12:05", 5),
        ("20:00-24:00,00:00-03:00", 420),
        ("00:00-24:00", 1440),
    ],
)
def test_the_shortest_window_is_known(text, minutes):
    assert hours(text).shortest == timedelta(minutes=minutes)


def test_nobody_is_called_on_a_guess():
    reason = judge(hours("00:00-24:00"), at("2026-11-24T12:00"), number="+80012345678")
    assert (reason.code, reason.count) == ("no-timezone", "screened")
    wrong = judge(hours("00:00-24:00"), at("2026-11-24T12:00"), timezone="America/New York", default=NEW_YORK)
    assert (wrong.code, wrong.count) == ("timezone-unknown", "screened")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "", "Europe", "a\0b", "x" * 5000, "Ümlaut/Zone"]
)
def test_a_zone_from_a_list_is_never_a_path(name):
    assert judge(hours("00:00-24:00"), at("2026-11-24T12:00"), timezone=name).code == "timezone-unknown"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9-20",
        "09:00",
        "09:00-25:00",
        "09:60-10:00",
        "10:00-10:00",
        "24:00-08:00",
        "09:00-20:00;",
        "a:b-c:d",
    ],
)
def test_hours_of_another_form_are_a_usage_error(text):
    with pytest.raises(UsageError, match="--hours"):
        parse_windows(text, source="--hours")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("sat-mon", {5, 6, 0}),
        ("Mon,WED,saturday", {0, 2, 5}),
        ("mon-sun", set(range(7))),
        ("tues", {1}),
    ],
)
def test_days(text, days):
    assert parse_days(text, source="--days") == days


@pytest.mark.parametrize("text", ["", "mo", "mon-", "mon-xyz", "mond4y", "1-5", "mon fri"])
def test_days_of_another_form_are_a_usage_error(text):
    with pytest.raises(UsageError, match="--days"):
        parse_days(text, source="--days")


def test_until_needs_an_offset():
    assert parse_time("2026-12-01T18:00-05:00", source="--until") == datetime(2026, 12, 1, 23, tzinfo=UTC)
    assert parse_time("2026-12-01T18:00Z", source="--until") == datetime(2026, 12, 1, 18, tzinfo=UTC)
    for text in ("2026-12-01T18:00", "2026-12-01", "tomorrow", ""):
        with pytest.raises(UsageError, match="--until"):
            parse_time(text, source="--until")


@settings(max_examples=25, deadline=None)
@given(
    numbers=st.lists(
        st.sampled_from([US_NUMBER, "+12125550123", "+447911123456", "+77011234567", "+56912345678"])
    ),
    now=MOMENTS,
    steps=st.lists(st.integers(0, 3 * 24 * 60), max_size=6),
)
def test_what_is_remembered_changes_no_answer(numbers, now, steps):
    of = hours("09:00-20:00", "mon-fri")
    remembering = CallingHours(of)
    for step in [0, *steps]:
        now += timedelta(minutes=step)
        for number in numbers:
            look = ScreeningContext(CallTarget(2, number, number), now)
            assert remembering(look) == CallingHours(of)(look)
            assert remembering.is_outside(look.target, now) == (
                (fresh := CallingHours(of)(look)) is not None
                and fresh.code in ("outside-hours", "no-common-hour")
            )
