"""Calling hours, in the time of whoever is called.

A window belongs to the day on which it opens, so that `mon-fri` with 22:00-02:00 ends on Saturday at 02:00.
Where the clocks change inside a window's edge, the edge is taken so that nobody is called outside: it
opens at the later of the two readings of its time and closes at the earlier (PEP 495: `fold`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from xuna_cli.errors import UsageError
from xuna_cli.phone.zones import local, zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
DEFAULT_CLOSE_EARLY = timedelta(minutes=10)

_WINDOW = re.compile(r"(\d{1,2}):(\d\d)\s*[-\u2013]\s*(\d{1,2}):(\d\d)")
# An opening further away than this is none: every day of the week has been looked at twice.
_DAYS_AHEAD = 15
_USUALLY_AHEAD = 3
# How often the openings of several zones are chased before they are taken to never meet.
_MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, in minutes after midnight; a closing not after the opening is on the next day."""

    opens: int
    closes: int


class Span(NamedTuple):
    """How a zone stands for a while: open or closed, until it changes.

    Attributes:
        is_open: whether people there may be called.
        since: UTC, from when on that is so, at the latest.
        until: UTC, to when that is so.
    """

    is_open: bool
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """When people may be called.

    Attributes:
        windows: the times of day.
        days: the weekdays, Monday is 0.
        close_early: nothing is submitted so long before a window closes: submitting isn't dialling yet.
    """

    windows: tuple[Window, ...]
    days: frozenset[int] = frozenset(range(7))
    close_early: timedelta = DEFAULT_CLOSE_EARLY

    def span(self, zone_name: str, now: datetime) -> Span | None:
        """Return how a zone stands now, and until when.

        Args:
            zone_name: of a zone that is known.
            now: any aware time.

        Returns:
            None, if no window opens there within two weeks.
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
        """Return the openings from yesterday on, merged where one runs into the next, in order."""
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
        # Windows that run into each other (00:00-24:00) have no closing between them to stop early for.
        early = [(opens, closes - self.close_early) for opens, closes in merged]
        return [(opens, closes) for opens, closes in early if opens < closes]

    @property
    def shortest(self) -> timedelta:
        """How long the shortest window is, with those that run into each other taken together."""
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
    """Return when it is within hours in all of the zones: `now` itself, or a later time; None: never."""
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
    """Return the two times, in UTC, that a local time can mean; they differ where the clocks change."""
    day += timedelta(days=minutes // DAY_MINUTES)
    minutes %= DAY_MINUTES
    wall = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=zone(zone_name))
    return wall.replace(fold=0).astimezone(UTC), wall.replace(fold=1).astimezone(UTC)


def parse_windows(text: str, *, source: str) -> tuple[Window, ...]:
    """Return the windows of `--hours`: `09:00-20:00`, several with commas between them.

    Raises:
        UsageError: it is not of that form.
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
    """Return the weekdays of `--days`: `mon-fri`, `mon,wed,sat`, `sat-mon`.

    Raises:
        UsageError: it is not of that form.
    """
    days: set[int] = set()
    for part in text.lower().split(","):
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
    """Return the beginning or the end of a campaign: ISO 8601 with a UTC offset.

    Raises:
        UsageError: it is no time, or has no offset.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
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
