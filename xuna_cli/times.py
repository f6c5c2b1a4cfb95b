"""Format times: one format for people, one for files and programs."""

from datetime import UTC, datetime


def for_people(at: datetime | str | float) -> str:
    """Format a time in this machine's time zone, with the zone: `2026-11-27 14:30 CET`.

    Args:
        at: aware datetime, ISO 8601 text, or Unix seconds.
    """
    if isinstance(at, str):
        moment = datetime.fromisoformat(at)
    else:
        moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}"


def for_machines(at: datetime, timespec: str = "seconds") -> str:
    """Format a time as ISO 8601 in UTC: `2026-11-27T13:30:00Z`."""
    return at.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
