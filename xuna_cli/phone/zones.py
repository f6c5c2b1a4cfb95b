"""Time zones by name: their clocks, and how a person reads them."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from xuna_cli.phone.zone_rules import zone_rules

ZONES_NAMED = 2


@cache
def zone(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name, from the newest rules; None: there is none of that name."""
    zone_rules()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path outside, a folder, a file that is no zone
        return None


def local(now: datetime, name: str) -> datetime:
    """Return the time in a zone that is known to be there."""
    return now.astimezone(zone(name))


@cache
def offsets(name: str) -> tuple[timedelta, ...]:
    """Return the UTC offsets of a zone, one a week for a year from the end of its rules' own year on.

    Two zones with the same ones show the same time, as far as anybody knows today.
    """
    start = datetime(int(zone_rules().version[:4]), 12, 31, tzinfo=UTC)
    times = (local(start + timedelta(weeks=week), name) for week in range(53))
    return tuple(time.utcoffset() or timedelta(0) for time in times)


def is_among(name: str, zones: tuple[str, ...]) -> bool:
    """Return whether a zone is one of some, by its name or its clocks: an old name is as good as a new one."""
    return name in zones or offsets(name) in {offsets(other) for other in zones}


def words(names: tuple[str, ...]) -> str:
    """Return the zones as a person reads them, the first ones by name."""
    more = len(names) - ZONES_NAMED
    return ", ".join(names[:ZONES_NAMED]) + (f" and {more} more" if more > 0 else "")
