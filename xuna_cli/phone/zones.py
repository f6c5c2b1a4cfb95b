"""Time zones by name: their clocks, and their display."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from xuna_cli.phone.zone_rules import zone_rules

ZONES_NAMED = 2


@cache
def zone(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name, from the newest database, or None."""
    zone_rules()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # also for a folder, or a path outside
        return None


def local(now: datetime, name: str) -> datetime:
    """Return the time in a zone that is known to exist."""
    return now.astimezone(zone(name))


def readings(wall: datetime, name: str) -> tuple[datetime, datetime]:
    """Return the two possible UTC times of a local time; they differ only when the clocks change (PEP 495: `fold`).

    Args:
        wall: a time without an offset.
        name: of a zone that is known to be there.
    """
    there = wall.replace(tzinfo=zone(name))
    return there.replace(fold=0).astimezone(UTC), there.replace(fold=1).astimezone(UTC)


@cache
def offsets(name: str) -> tuple[timedelta, ...]:
    """Return the UTC offsets of a zone: one per week for a year, from the end of the year of its rules.

    Two zones with the same offsets show the same time, as far as is known today.
    """
    start = datetime(int(zone_rules().version[:4]), 12, 31, tzinfo=UTC)
    times = (local(start + timedelta(weeks=week), name) for week in range(53))
    return tuple(time.utcoffset() or timedelta(0) for time in times)


def is_among(name: str, zones: tuple[str, ...]) -> bool:
    """Return whether a zone is one of several, by its name or its clocks; an old name counts like the new one."""
    return name in zones or offsets(name) in {offsets(other) for other in zones}


def words(names: tuple[str, ...]) -> str:
    """Format zones for a message; only the first ones are named."""
    more = len(names) - ZONES_NAMED
    return ", ".join(names[:ZONES_NAMED]) + (f" and {more} more" if more > 0 else "")
