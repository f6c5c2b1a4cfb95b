"""The rules for days without calls and for the start of a campaign."""

from collections.abc import Callable, Iterator
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError, UsageError, reason_of
from xuna_cli.models import CallTarget, Reason
from xuna_cli.phone.zone_names import UnknownZoneError
from xuna_cli.phone.zones import local, words, zone
from xuna_cli.screening.rules import DEFERRED, ScreeningContext, unknown_zone
from xuna_cli.times import for_people

LONGEST_CALENDAR = 4 * 1024 * 1024
"""Largest size of a calendar file, in bytes."""
MOST_REPEATS = 400
"""Largest number of dates of one repeating event; a yearly event has as many in four centuries."""
# The zones in which a date begins last and first, and UTC. For two hours of each day, three dates exist at once.
_ALL_ZONES = ("Etc/GMT+12", "Etc/UTC", "Etc/GMT-14")


@dataclass(frozen=True, slots=True)
class Start:
    """Defer everybody until the start of the campaign.

    Attributes:
        at: the start, an aware time, in the UTC offset that the user gave.
    """

    at: datetime

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None from the start on."""
        if look.now >= self.at:
            return None
        message = f"before-start: calls begin at {for_people(self.at)}"
        return Reason("before-start", DEFERRED, message, zones=("Etc/UTC",), opens_at=self.at.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class NotOn:
    """Call nobody on certain days, by the person's own calendar.

    Attributes:
        days: local dates.
        zones: returns the time zones in which a person may be. If they are unknown, a day lasts as long as it is that
            day anywhere in the world.
    """

    days: frozenset[date]
    zones: Callable[[CallTarget], tuple[str, ...]]
    _free: dict[tuple[str, ...], tuple[datetime, datetime]] = field(default_factory=dict)

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None on other days."""
        try:
            zones = self.zones(look.target) or _ALL_ZONES
        except UnknownZoneError as error:
            return unknown_zone(error)
        since, until = self._free.get(zones, (look.now, look.now))
        if since <= look.now < until:
            return None
        today = {local(look.now, name).date() for name in zones}
        if not today & self.days:
            self._free[zones] = (
                look.now,
                min(_midnight_after(local(look.now, name).date(), name) for name in zones),
            )
            return None
        opens_at = self._opens_at(zones, look.now)
        day = min(today & self.days).isoformat()
        where = "" if zones == _ALL_ZONES else f" in {words(zones)}"
        return Reason(
            "not-on-this-day",
            DEFERRED,
            f"not-on-this-day: it is {day}{where}",
            zones=zones,
            opens_at=opens_at,
        )

    def _opens_at(self, zones: tuple[str, ...], now: datetime) -> datetime:
        """Return the next time that is on an allowed day in all of the zones."""
        moment = now
        while closed := [name for name in zones if local(moment, name).date() in self.days]:
            moment = max(_midnight_after(local(moment, name).date(), name) for name in closed)
        return moment


def _midnight_after(day: date, name: str) -> datetime:
    """Return when a day ends in a zone, in UTC."""
    begins = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone(name) or UTC)
    return begins.astimezone(UTC)


def parse_days_off(text: str, *, source: str, folder: Path, now: datetime) -> frozenset[date]:
    """Parse days without calls, e.g. `2026-12-25,2026-12-26,holidays.ics`.

    Args:
        text: dates and calendar files, separated by commas.
        source: name of the option or variable, for error messages.
        folder: base folder of relative paths.
        now: current time; repeating events are read for two years from then.

    Raises:
        UsageError: a part is neither a date nor a calendar file.
        InputError: a calendar file can't be read or has no days.
    """
    days: set[date] = set()
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            days.add(date.fromisoformat(part))
        except ValueError:
            if not part.lower().endswith((".ics", ".ical")):
                raise UsageError(
                    f"{source}: {part!r} is neither a date nor a calendar file",
                    hint="write dates like 2026-12-25, or name a file that ends with .ics",
                    code="not-on",
                ) from None
            days |= _days_of_calendar(folder / part, now)
    if not days:
        raise UsageError(f"{source}: no day is given", hint="write dates like 2026-12-25", code="not-on")
    return frozenset(days)


def _days_of_calendar(path: Path, now: datetime) -> set[date]:
    from icalendar import Calendar  # noqa: PLC0415 - only where a calendar is given

    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_CALENDAR + 1)
        if len(content) > LONGEST_CALENDAR:
            raise _unreadable(path, f"it has more than {LONGEST_CALENDAR // 2**20} MiB")
        events = Calendar.from_ical(content).walk("VEVENT")
        days = {day for event in events for day in _days_of_event(event, now)}
    except OSError as error:
        raise _unreadable(path, reason_of(error)) from None
    except (ValueError, KeyError, AttributeError, TypeError, IndexError):
        raise _unreadable(path, "it is not a calendar file") from None
    if not days:
        raise _unreadable(path, "it has no events")
    return days


def _days_of_event(event: Any, now: datetime) -> Iterator[date]:
    begins = event.decoded("dtstart")
    ends = event.decoded("dtend") if "dtend" in event else None
    whole_days = not isinstance(begins, datetime)
    first = begins if whole_days else begins.date()
    if ends is None:
        length = 1
    elif whole_days:
        length = max(1, (ends - first).days)
    else:
        length = (ends.date() - first).days + 1
    starts = [first]
    if "rrule" in event:
        from dateutil.rrule import rrulestr  # noqa: PLC0415 - it comes with icalendar

        rule = rrulestr(
            event["rrule"].to_ical().decode(),
            dtstart=datetime.combine(first, datetime.min.time()),
            ignoretz=True,
        )
        last = now.replace(tzinfo=None) + timedelta(days=731)
        starts = [each.date() for each in islice(rule, MOST_REPEATS) if each <= last]
    for start in starts:
        yield from (start + timedelta(days=day) for day in range(length))


def _unreadable(path: Path, why: str) -> InputError:
    return InputError(
        f"calendar {path} can't be used: {why}",
        hint="check the path, or export the calendar again as an iCalendar file (.ics)",
        code="calendar",
    )
