"""Compare this machine's clock with the server's: calling hours and the time since a call depend on it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from xuna_cli.errors import ConfigurationError

CLOCKS_MAY_DIFFER = timedelta(minutes=5)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NO_DIFFERENCE = timedelta()


def clock_difference(headers: Mapping[str, str], asked: datetime, answered: datetime) -> timedelta | None:
    """Return how far this machine's clock is ahead of the server's, as far as an answer proves it; negative if behind.

    None if the answer does not have the server's time.

    Args:
        headers: headers of the answer, with names in lower case.
        asked: time in UTC before the request was made.
        answered: time in UTC after the answer was read.
    """
    at = _date(headers.get("date", ""))
    if at is None or "age" in headers:  # a cache has kept the answer for a while
        return None
    # The server wrote a whole second at some time between the two.
    if asked - at > timedelta(seconds=1):
        return asked - at - timedelta(seconds=1)
    return min(answered - at, NO_DIFFERENCE)


def check_clock(ahead: timedelta) -> None:
    """Raise ConfigurationError if the clocks differ so much that people could be called at a wrong time."""
    if abs(ahead) > CLOCKS_MAY_DIFFER:
        minutes = abs(ahead) // timedelta(minutes=1)
        side = "ahead of" if ahead > NO_DIFFERENCE else "behind"
        raise ConfigurationError(
            f"this machine's clock is {minutes:,} minutes {side} the API's, so people could be called at a wrong hour",
            hint="set the clock, e.g. by NTP",
            code="clock",
        )


def _date(value: str) -> datetime | None:
    """Parse a date in the only form that servers may write (RFC 9110, 5.6.7); None if it is not one."""
    found = re.fullmatch(
        r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", value.strip(), re.ASCII
    )
    if found is None or found[2] not in MONTHS:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    try:
        return datetime(year, MONTHS.index(found[2]) + 1, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
