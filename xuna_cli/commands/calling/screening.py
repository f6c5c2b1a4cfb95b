"""Build the screening rules of a run from its options."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.calling.list_plan import check_column
from xuna_cli.commands.durations import parse_age
from xuna_cli.commands.list_options import ListAndMessageOptions
from xuna_cli.errors import UsageError
from xuna_cli.phone.regions import parse_countries
from xuna_cli.phone.zone_names import UnknownZoneError, zones_meant
from xuna_cli.screening.calling_hours import USUAL, CallingHours
from xuna_cli.screening.countries import Countries, KindOfNumber
from xuna_cli.screening.days import NotOn, Start, parse_days_off
from xuna_cli.screening.do_not_call import DoNotCall, ListFile
from xuna_cli.screening.hours import DAYS, DEFAULT_CLOSE_EARLY, Hours, parse_days, parse_time, parse_windows
from xuna_cli.screening.order import Screening
from xuna_cli.screening.own_time import OwnTime
from xuna_cli.screening.rules import Consent, QuietDays, Until
from xuna_cli.settings import Given, expanded

LONGEST_QUIET_DAYS = 36_500
DEFAULT_CONSENT_VALUES = "yes,true,1,express,written"


def make_screening(
    options: ListAndMessageOptions,
    *,
    columns: Sequence[str],
    region: str | None,
    now: Callable[[], datetime],
    has_windows: bool,
) -> Screening:
    """Build the screening rules.

    Args:
        options: options of batch-call or render; render has no calling hours and no --until.
        columns: columns of the list; in JSON those of the first contact.
        region: the country of numbers without +.
        now: the clock, in UTC.
        has_windows: whether the list has columns that say when the person may be called.

    Raises:
        UsageError: an option has an invalid value.
        InputError: the list lacks a named column, or a do-not-call list can't be used.
    """
    age, country = options.max_list_age, options.country
    longest_age = None if age is None else parse_age(age, source=age.source)
    lists: Sequence[ListFile] = ()
    if options.do_not_call:
        from xuna_cli.commands.calling.suppression_list import load_lists

        lists = load_lists(options.do_not_call, region=region, longest_age=longest_age, now=now)
    times = (
        _times(options, now(), has_windows=has_windows)
        if isinstance(options, BatchCallOptions)
        else Screening()
    )
    return replace(
        times,
        do_not_call=DoNotCall(tuple(lists)),
        countries=None if country is None else Countries(parse_countries(country, source=country.source)),
        kind_of_number=None if options.allow_premium else KindOfNumber(),
        consent=_consent(options, columns),
        quiet_days=_quiet_days(options.quiet_days),
    )


def warnings_of(rules: Screening, options: ListAndMessageOptions, *, now: datetime) -> list[str]:
    """Return warnings about rules that keep nobody from being called.

    Args:
        rules: made from the options.
        options: of batch-call or render.
        now: the time, in UTC.
    """
    days = rules.not_on
    if days is None or max(days.days) >= now.date() - timedelta(days=1):  # it is still yesterday somewhere
        return []
    source = options.not_on.source if isinstance(options, BatchCallOptions) and options.not_on else "--not-on"
    return [f"{source}: all of these days are over, so people are called on every day; add the days to come"]


def _times(options: BatchCallOptions, now: datetime, *, has_windows: bool) -> Screening:
    """Build the rules about times."""
    until, start, days_off = options.until, options.start, options.not_on
    end = None if until is None else Until(parse_time(until, source=until.source))
    beginning = None if start is None else Start(parse_time(start, source=start.source))
    if end is not None and beginning is not None and beginning.at >= end.end:
        raise UsageError("--start is not before --until: nobody could be called", code="start")
    default = options.default_timezone
    zone = None if default is None else _default_zone(default)
    hours, usual = _hours(options, end, zone), CallingHours(USUAL, zone)
    zones = (hours or usual).zones
    not_on = None
    if days_off is not None:
        parts = ",".join(str(expanded(Path(part.strip()))) for part in days_off.split(",") if part.strip())
        days = parse_days_off(parts, source=days_off.source, folder=days_off.folder or Path(), now=now)
        not_on = NotOn(days, zones)
    return Screening(
        until=end,
        own_time=OwnTime(zones) if has_windows else None,
        start=beginning,
        not_on=not_on,
        hours=hours,
        usual=usual,
    )


def _quiet_days(days: float) -> QuietDays | None:
    if days > LONGEST_QUIET_DAYS:
        raise UsageError(
            f"--quiet-days {days:.0f} is too long; at most {LONGEST_QUIET_DAYS:,} days are possible",
            code="quiet-days",
        )
    return QuietDays(days) if days else None


def _consent(options: ListAndMessageOptions, columns: Sequence[str]) -> Consent | None:
    if options.consent_column is None:
        if options.consent_values is not None:
            raise UsageError("--consent-values needs --consent-column", code="consent")
        return None
    values = options.consent_values if options.consent_values is not None else DEFAULT_CONSENT_VALUES
    wanted = frozenset(part.strip().lower() for part in values.split(",") if part.strip())
    if not wanted:
        raise UsageError("--consent-values is empty, so nobody could be called", code="consent")
    return Consent(check_column("--consent-column", options.consent_column, columns), wanted)


def _hours(options: BatchCallOptions, until: Until | None, default_zone: str | None) -> CallingHours | None:
    hours, days, early = options.hours, options.days, options.close_early
    if hours is None and days is None:
        if "close_early" in options.typed:
            raise UsageError("--close-early needs --hours", code="hours")
        return None
    made = Hours(
        parse_windows("00:00-24:00", source="")
        if hours is None
        else parse_windows(hours, source=hours.source),
        parse_days(",".join(DAYS), source="") if days is None else parse_days(days, source=days.source),
        DEFAULT_CLOSE_EARLY if early is None else _early(early, early.source),
    )
    if made.close_early >= made.shortest:
        minutes = made.shortest // timedelta(minutes=1)
        raise UsageError(
            f"{'--hours' if hours is None else hours.source}: a window of {minutes} minutes is never open, because "
            f"calling stops {made.close_early // timedelta(minutes=1)} minutes before it closes",
            hint=f"use a longer window, or --close-early with less than {minutes} minutes, e.g. --close-early 0",
            code="hours",
        )
    return CallingHours(made, default_zone, until)


def _default_zone(text: Given) -> str:
    try:
        return zones_meant(text)[0]
    except UnknownZoneError as error:
        raise UsageError(
            f"{text.source}: {error}",
            code="timezone",
        ) from None


def _early(text: str, source: str) -> timedelta:
    try:
        early = timedelta(minutes=float(text))
    except (ValueError, OverflowError):
        early = parse_age(text, source=source)
    if early < timedelta(0):
        raise UsageError(f"{source} {text} can't be negative", code="hours")
    return early
