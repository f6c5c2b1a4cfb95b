"""From the options that screen to the rules of a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from xuna_cli.commands.durations import parse_age
from xuna_cli.commands.suppression_list import load_lists
from xuna_cli.contacts.columns import listed, quoted
from xuna_cli.errors import InputError, UsageError
from xuna_cli.phone.zone_column import zone_columns
from xuna_cli.phone.zone_names import UnknownZoneError, zones_meant
from xuna_cli.screening.calling_hours import CallingHours
from xuna_cli.screening.countries import Countries, KindOfNumber, parse_countries
from xuna_cli.screening.do_not_call import DoNotCall
from xuna_cli.screening.hours import DAYS, DEFAULT_CLOSE_EARLY, Hours, parse_days, parse_until, parse_windows
from xuna_cli.screening.order import Screening
from xuna_cli.screening.rules import Consent, QuietDays, Until
from xuna_cli.settings import Settings
from xuna_cli.targets.template import nearest

DEFAULT_TIMEZONE_COLUMN = "timezone"
LONGEST_QUIET_DAYS = 36_500
DEFAULT_CONSENT_VALUES = "yes,true,1,express,written"


@dataclass(frozen=True, slots=True)
class ScreeningOptions:
    """The options that screen, as they were typed; None where nothing was."""

    do_not_call: Sequence[Path] | None = None
    max_list_age: str | None = None
    hours: str | None = None
    days: str | None = None
    close_early: str | None = None
    timezone_column: str | None = None
    default_timezone: str | None = None
    until: str | None = None
    country: str | None = None
    allow_premium: bool = False
    consent_column: str | None = None
    consent_values: str | None = None
    quiet_days: float | None = None


def make_screening(
    options: ScreeningOptions,
    settings: Settings,
    *,
    columns: Sequence[str],
    region: str | None,
    now: Callable[[], datetime],
) -> Screening:
    """Return the rules that the options ask for.

    Args:
        options: as typed.
        settings: of this invocation.
        columns: the list's; in JSON its first contact's.
        region: the country of numbers without +.
        now: the clock, in UTC.

    Raises:
        UsageError: an option is not of its form.
        InputError: the list lacks a column that an option names, or a do-not-call list can't be used.
    """
    age = settings.get("XUNA_MAX_LIST_AGE", options.max_list_age, option="--max-list-age")
    country = settings.get("XUNA_COUNTRY", options.country, option="--country")
    lists = load_lists(
        settings,
        options.do_not_call or (),
        region=region,
        longest_age=None if age.value is None else parse_age(age.value, source=age.source),
        now=now,
    )
    until = None if options.until is None else Until(parse_until(options.until, source="--until"))
    return Screening(
        do_not_call=DoNotCall(tuple(lists)),
        countries=None
        if country.value is None
        else Countries(parse_countries(country.value, source=country.source)),
        kind_of_number=None if options.allow_premium else KindOfNumber(),
        consent=_consent(options, columns),
        quiet_days=_quiet_days(options, settings),
        until=until,
        hours=_hours(options, settings, until),
    )


def _quiet_days(options: ScreeningOptions, settings: Settings) -> QuietDays | None:
    days = settings.number(
        "XUNA_QUIET_DAYS", options.quiet_days, option="--quiet-days", default=0.0, least=0.0
    )
    if days > LONGEST_QUIET_DAYS:
        raise UsageError(f"--quiet-days {days:g}: at most {LONGEST_QUIET_DAYS:,}", code="quiet-days")
    return QuietDays(days) if days else None


def timezone_column(options: ScreeningOptions, columns: Sequence[str], *, complete: bool) -> str | None:
    """Return the column with the time zone: the one that is named, else the one that is called so.

    Raises:
        InputError: the list lacks the one that is named, or two are called so.
    """
    if options.timezone_column is None:
        found = zone_columns(columns)
        if len(found) > 1:
            raise InputError(
                f"the list has more than one column that may hold the time zone: {listed(found)}",
                hint=f"say which one with --timezone-column, e.g. --timezone-column {quoted(found[0])}",
                code="timezone-column",
            )
        if found:
            return found[0]
        # In JSON a later contact may have it, even if the first one has not.
        return None if complete else DEFAULT_TIMEZONE_COLUMN
    return _there(options.timezone_column, columns, option="--timezone-column")


def _consent(options: ScreeningOptions, columns: Sequence[str]) -> Consent | None:
    if options.consent_column is None:
        if options.consent_values is not None:
            raise UsageError("--consent-values goes with --consent-column", code="consent")
        return None
    values = options.consent_values if options.consent_values is not None else DEFAULT_CONSENT_VALUES
    wanted = frozenset(part.strip().lower() for part in values.split(",") if part.strip())
    if not wanted:
        raise UsageError("--consent-values: no value would count as a yes", code="consent")
    return Consent(_there(options.consent_column, columns, option="--consent-column"), wanted)


def _there(column: str, columns: Sequence[str], *, option: str) -> str:
    if columns and column not in columns:
        near = nearest(column, columns)
        raise InputError(
            f"{option} names the column {column!r}, which the list lacks; it has: {', '.join(map(repr, columns))}",
            hint=f"did you mean {near!r}?" if near else "",
            code=f"{option.removeprefix('--')}-missing",
        )
    return column


def _hours(options: ScreeningOptions, settings: Settings, until: Until | None) -> CallingHours | None:
    hours = settings.get("XUNA_HOURS", options.hours, option="--hours")
    days = settings.get("XUNA_DAYS", options.days, option="--days")
    default = settings.get("XUNA_DEFAULT_TIMEZONE", options.default_timezone, option="--default-timezone")
    default_zone = None if default.value is None else _default_zone(default.value, default.source)
    if hours.value is None and days.value is None:
        if options.close_early is not None:
            raise UsageError("--close-early goes with --hours", code="hours")
        return None
    early = settings.get("XUNA_CLOSE_EARLY", options.close_early, option="--close-early")
    made = Hours(
        parse_windows(hours.value or "00:00-24:00", source=hours.source),
        parse_days(days.value or ",".join(DAYS), source=days.source),
        DEFAULT_CLOSE_EARLY if early.value is None else _early(early.value, early.source),
    )
    if made.close_early >= made.shortest:
        minutes = made.shortest // timedelta(minutes=1)
        raise UsageError(
            f"{hours.source}: a window of {minutes} minutes is never open, as calling stops "
            f"{made.close_early // timedelta(minutes=1)} minutes before it closes",
            hint=f"use a longer window, or --close-early with less than {minutes} minutes, e.g. --close-early 0",
            code="hours",
        )
    return CallingHours(made, default_zone, until)


def _default_zone(text: str, source: str) -> str:
    try:
        return zones_meant(text)[0]
    except UnknownZoneError as error:
        raise UsageError(
            f"{source}: {error}",
            hint="write it like America/New_York or Europe/Berlin",
            code="timezone",
        ) from None


def _early(text: str, source: str) -> timedelta:
    try:
        early = timedelta(minutes=float(text))
    except (ValueError, OverflowError):
        early = parse_age(text, source=source)
    if early < timedelta(0):
        raise UsageError(f"{source} {text}: it can't be negative", code="hours")
    return early
