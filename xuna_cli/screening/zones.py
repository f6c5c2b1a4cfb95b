"""In which time zones a person may be: from the list's column, else from the number, else the default."""

import re
from datetime import datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import UNKNOWN_TIMEZONE
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from xuna_cli.screening.numbering import UNKNOWN, split

ZONES_NAMED = 2


@cache
def zone(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name; None: there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path outside, a folder, a file that is no zone
        return None


def zones_of_number(e164: str) -> tuple[str, ...]:
    """Return the zones that a number may lie in, as `phonenumbers.timezone.time_zones_for_number`.

    A number that is not bound to a place may lie anywhere in its country. Empty: unknown.
    """
    parts = split(e164)
    if parts is None:
        return ()
    plan, national = parts
    kind = plan.kind(national).type
    if kind == UNKNOWN:
        return ()
    if not is_number_type_geographical(kind, int(plan.code)):
        return zones_of_prefix(plan.code)
    return zones_of_prefix(e164[1 : 1 + TIMEZONE_LONGEST_PREFIX])


class Area(NamedTuple):
    """What the first four digits of a number say about where it is.

    Attributes:
        end: the number up to there tells its zones, if it is bound to a place.
        begins: where the national number begins.
        unbound: of national numbers that may be bound to no place.
    """

    end: int
    begins: int
    unbound: re.Pattern[str]


@cache
def area_of(first_digits: str) -> Area | None:
    """Return what the first four digits behind the `+` say; None: no country has that calling code."""
    parts = split("+" + first_digits)
    if parts is None:
        return None
    longest = max((len(prefix) for prefix in TIMEZONE_DATA if prefix.startswith(first_digits)), default=0)
    plan, _ = parts
    return Area(1 + max(longest, len(first_digits)), 1 + len(plan.code), plan.unbound)


@cache
def zones_of_calling_code(first_digits: str) -> tuple[str, ...]:
    """Return all zones that any number with that calling code can lie in."""
    parts = split("+" + first_digits)
    if parts is None:
        return ()
    code = parts[0].code
    return tuple(
        sorted(
            {
                name
                for prefix, names in TIMEZONE_DATA.items()
                if prefix.startswith(code) or code.startswith(prefix)
                for name in names
                if name != UNKNOWN_TIMEZONE
            }
        )
    )


def zones_of_prefix(digits: str) -> tuple[str, ...]:
    """Return the zones of numbers that are bound to a place, by their first digits; empty: unknown."""
    for length in range(len(digits), 0, -1):
        found = TIMEZONE_DATA.get(digits[:length])
        if found is not None:
            return found if _all_known(found) else ()
    return ()


@cache
def _all_known(names: tuple[str, ...]) -> bool:
    return all(name != UNKNOWN_TIMEZONE and zone(name) is not None for name in names)


def local(now: datetime, name: str) -> datetime:
    """Return the time in a zone that is known to be there."""
    return now.astimezone(zone(name))


def words(names: tuple[str, ...]) -> str:
    """Return the zones as a person reads them, the first ones by name."""
    more = len(names) - ZONES_NAMED
    return ", ".join(names[:ZONES_NAMED]) + (f" and {more} more" if more > 0 else "")
