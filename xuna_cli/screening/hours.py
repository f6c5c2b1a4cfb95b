"""Calling hours in the person's local time.

A window belongs to the day on which it opens: `mon-fri` with 22:00-02:00 ends on Saturday at 02:00. If the clocks
change at the edge of a window, that local time has two readings (PEP 495: `fold`). The window then opens at the later
one and closes at the earlier one, so that nobody is called outside hours.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import UsageError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.phone.zones import local, readings

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
DEFAULT_CLOSE_EARLY = timedelta(minutes=10)

_LONGEST_NIGHT = 12 * 60
"""Minutes of a window past midnight from which on its times are probably swapped."""

_WINDOW = lazy_pattern(r"(\d{1,2}):(\d\d)\s*[-\u2013]\s*(\d{1,2}):(\d\d)")
# Years whose days, in all time zones, a datetime can have.
_YEARS = range(1970, 9000)
# Search for an opening this many days ahead: two weeks have every day of the week twice.
_DAYS_AHEAD = 15
_USUALLY_AHEAD = 3
# Search steps for a common opening of several zones before giving up.
_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Window:
    """A window in minutes after midnight. If it closes before it opens, it closes on the next day."""

    opens: int
    closes: int


class Span(NamedTuple):
    """The state of a time zone: open or closed, until it changes.

    Attributes:
        is_open: whether people there may be called.
        since: UTC; the state holds at least from then.
        until: UTC; the state holds until then.
    """

    is_open: bool
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """Calling hours: times of day, and weekdays.

    Attributes:
        windows: the times of day.
        days: weekdays; Monday is 0.
        close_early: submit nothing this long before a window closes, because submitting is not dialing yet.
    """

    windows: tuple[Window, ...]
    days: frozenset[int] = frozenset(range(7))
    close_early: timedelta = DEFAULT_CLOSE_EARLY

    def span(self, zone_name: str, now: datetime) -> Span | None:
        """Return whether calling hours are open in a zone now, and until when.

        Args:
            zone_name: name of a known zone.
            now: any aware time.

        Returns:
            None if no window opens there within two weeks.
        """
        today = local(now, zone_name).date()
        for days_ahead in (_USUALLY_AHEAD, _DAYS_AHEAD):
            last = now - timedelta(days=_DAYS_AHEAD)
            for opens, closes in self._openings(zone_name, today, days_ahead):
                if closes <= now:
                    last = closes
                elif opens <= now:
                    return Span(True, opens, closes)
                else:
                    return Span(False, last, opens)
        return None

    def _openings(self, zone_name: str, today: date, days_ahead: int) -> Sequence[tuple[datetime, datetime]]:
        """Return the windows from yesterday on, in order; windows that touch are merged."""
        found = []
        for offset in range(-2, days_ahead):
            day = today + timedelta(days=offset)
            if day.weekday() not in self.days:
                continue
            for window in self.windows:
                opens = max(_readings(zone_name, day, window.opens))
                overnight = DAY_MINUTES if window.closes <= window.opens else 0
                closes = min(_readings(zone_name, day, window.closes + overnight))
                if opens < closes:
                    found.append((opens, closes))
        merged: list[tuple[datetime, datetime]] = []
        for opens, closes in sorted(found):
            if merged and opens <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
            else:
                merged.append((opens, closes))
        # Merged windows (00:00-24:00) have no closing time between them, so there is nothing to close early for.
        early = [(opens, closes - self.close_early) for opens, closes in merged]
        return [(opens, closes) for opens, closes in early if opens < closes]

    @property
    def shortest(self) -> timedelta:
        """Return the length of the shortest window, after merging windows that touch."""
        spans: list[list[int]] = []
        for window in sorted(self.windows, key=lambda window: window.opens):
            closes = window.closes + (DAY_MINUTES if window.closes <= window.opens else 0)
            if spans and window.opens <= spans[-1][1]:
                spans[-1][1] = max(spans[-1][1], closes)
            else:
                spans.append([window.opens, closes])
        if len(spans) > 1 and spans[-1][1] - DAY_MINUTES >= spans[0][0]:
            spans[-1][1] = max(spans[-1][1], spans.pop(0)[1] + DAY_MINUTES)
        return timedelta(minutes=min(closes - opens for opens, closes in spans))


def next_opening(hours: Hours, zones: Sequence[str], now: datetime) -> datetime | None:
    """Return the next time (perhaps `now`) when hours are open in all of the zones; None if there is none."""
    at = now
    for _ in range(_MOST_STEPS):
        latest = at
        for name in zones:
            span = hours.span(name, at)
            if span is None:
                return None
            if not span.is_open:
                latest = max(latest, span.until)
        if latest == at:
            return at
        at = latest
        if at - now > timedelta(days=_DAYS_AHEAD):
            return None
    return None


def _readings(zone_name: str, day: date, minutes: int) -> tuple[datetime, datetime]:
    """Return the two possible UTC times of a local time; they differ only when the clocks change."""
    day += timedelta(days=minutes // DAY_MINUTES)
    minutes %= DAY_MINUTES
    return readings(datetime.combine(day, time(minutes // 60, minutes % 60)), zone_name)


def parse_windows(text: str, *, source: str) -> tuple[Window, ...]:
    """Parse `--hours`: `09:00-20:00`, or several windows with commas.

    Raises:
        UsageError: the text has another form.
    """
    windows = []
    for part in text.split(","):
        match = _WINDOW.fullmatch(part.strip())
        numbers = [int(group) for group in match.groups()] if match else []
        if match is None or numbers[1] > 59 or numbers[3] > 59:  # noqa: PLR2004 - minutes of an hour
            raise _no_hours(text, source)
        opens, closes = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
        if opens >= DAY_MINUTES or closes > DAY_MINUTES or opens == closes:
            raise _no_hours(text, source)
        if 0 < closes < opens and closes + DAY_MINUTES - opens >= _LONGEST_NIGHT:
            begin, end = f"{match[1]}:{match[2]}", f"{match[3]}:{match[4]}"
            raise UsageError(
                f"{source}: the window {begin}-{end} runs past midnight, so it is open all night",
                hint=f"for the day, write {end}-{begin}; for the night, write two windows: {begin}-24:00,00:00-{end}",
                code="hours",
            )
        windows.append(Window(opens, closes))
    return tuple(windows)


def _no_hours(text: str, source: str) -> UsageError:
    return UsageError(
        f"{source}: invalid calling hours {text!r}",
        hint="write hours like 09:00-20:00, or several windows with commas: 10:00-13:00,14:00-20:00. "
        "22:00-02:00 runs past midnight; 00:00-24:00 means always",
        code="hours",
    )


def parse_days(text: str, *, source: str) -> frozenset[int]:
    """Parse `--days`: `mon-fri`, `mon,wed,sat`, `sat-mon`.

    Raises:
        UsageError: the text has another form.
    """
    days: set[int] = set()
    for part in text.lower().replace("\u2013", "-").split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        try:
            start = DAYS.index(first[:3])
            end = DAYS.index(last[:3]) if dash else start
            if not all(_is_day(name) for name in ([first, last] if dash else [first])):
                raise ValueError(part)
        except ValueError:
            raise UsageError(
                f"{source}: invalid days {text!r}",
                hint=f"write days like mon-fri or mon,wed,sat; the names are {', '.join(DAYS)}",
                code="days",
            ) from None
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _is_day(name: str) -> bool:
    whole = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return any(
        len(name) >= len(short) and day.startswith(name) for short, day in zip(DAYS, whole, strict=True)
    )


def parse_time(text: str, *, source: str) -> datetime:
    """Parse the start or the end of a campaign: ISO 8601 with a UTC offset.

    Raises:
        UsageError: the text is not a time, or has no UTC offset.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is not None and moment.year not in _YEARS:
        moment = None
    if moment is None or moment.utcoffset() is None:
        what = (
            "is not a valid time"
            if moment is None
            else "has no UTC offset, so it could mean different times on different machines"
        )
        raise UsageError(
            f"{source}: {text!r} {what}",
            hint="write the time like 2026-12-01T18:00-05:00 or 2026-12-01T23:00Z",
            code="until",
        )
    return moment
