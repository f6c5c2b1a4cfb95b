"""Find the time zones in which a number may be, from the time zone database's table of countries.

libphonenumber knows the zones of area codes, but with outdated equivalences: it gives South Sudan the zone of
Nairobi, and Algeria that of Paris. So its prefixes only choose among the zones of the country.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import UNKNOWN_TIMEZONE
from phonenumbers.tzdata import TIMEZONE_DATA

from xuna_cli.phone.calling_codes import GLOBAL, UNKNOWN, CallingCode, split
from xuna_cli.phone.place_tables import OVERLAYS, PLACES
from xuna_cli.phone.zone_rules import zone_rules
from xuna_cli.phone.zones import offsets, zone

# Calling codes for which the area code decides, not the exchange: North America, and Brazil, whose mobile numbers
# have the area code of a place, but exchanges that the prefixes don't know.
_BY_AREA_CODE = ("1", "55")
_AREA_CODE_ENDS = 4
# Countries whose mobile numbers begin with an area code. The library also considers those of China and Indonesia
# bound to places, but they begin with the digits of the network.
_MOBILES_WITH_AREA_CODES = frozenset({"52", "54", "55"})
# This many digits distinguish the countries of one calling code (Réunion and Mayotte: 262 262, 262 269).
_COUNTRY_ENDS = 7


class Area(NamedTuple):
    """What the first four digits of a number say about its place.

    Attributes:
        end: the digits up to here determine the zones, if the number is bound to a place.
        begins: start of the national number.
        unbound: pattern of national numbers that may not be bound to a place.
    """

    end: int
    begins: int
    unbound: re.Pattern[str]


class Location(NamedTuple):
    """The place of a number.

    Attributes:
        zones: the possible time zones; empty if the number belongs to no country.
        is_known: whether the number is in a range that its country uses, so that its place is certain.
    """

    zones: tuple[str, ...]
    is_known: bool


_NOWHERE = Location((), False)


def locate(e164: str) -> Location:
    """Return the place of a number.

    A number that is bound to a place has the zones of that place, and another number has all zones of its country. A
    number in an unused range has all zones of its calling code.
    """
    parts = split(e164)
    if parts is None:
        return _NOWHERE
    plan, national = parts
    kind = plan.kind(national)
    if kind.type == UNKNOWN or kind.region is None:
        return Location(_zones_of_plan(plan), False)
    if not _is_bound(kind.type, plan.code):
        return Location(_zones_of_countries(plan.regions_of(national)), not plan.is_global)
    area = area_of(e164[1:5])
    return _NOWHERE if area is None else Location(_zones_of_place(kind.region, e164[1 : area.end]), True)


def zones_of_number(e164: str) -> tuple[str, ...]:
    """Return the possible zones of a number; empty if unknown."""
    return locate(e164).zones


@cache
def zones_of_calling_code(first_digits: str) -> tuple[str, ...]:
    """Return all possible zones of numbers with a calling code."""
    parts = split("+" + first_digits)
    return () if parts is None else _zones_of_plan(parts[0])


@cache
def area_of(first_digits: str) -> Area | None:
    """Return the area for the first four digits after the `+`, or None if no country has that calling code."""
    parts = split("+" + first_digits)
    if parts is None:
        return None
    plan, _ = parts
    if plan.code in _BY_AREA_CODE:
        end = _AREA_CODE_ENDS
    else:
        known = [*TIMEZONE_DATA, *(prefix for prefixes in PLACES.values() for prefix in prefixes)]
        longest = max((len(prefix) for prefix in known if prefix.startswith(first_digits)), default=0)
        end = max(longest, len(first_digits), _COUNTRY_ENDS if len(plan.regions) > 1 else 0)
    return Area(1 + end, 1 + len(plan.code), plan.unbound)


@cache
def zones_of_country(region: str) -> tuple[str, ...]:
    """Return the zones of a country in the database's order; if its table lacks the country, the library's zones."""
    found = tuple(name for name in _countries().get(region, ()) if zone(name) is not None)
    return found or tuple(name for name in TIMEZONE_DATA.get(_code_of(region), ()) if zone(name) is not None)


@cache
def _zones_of_place(region: str, digits: str) -> tuple[str, ...]:
    """Return the zones of a place: those zones of the country that the first digits of a number allow."""
    country = zones_of_country(region)
    if len(country) <= 1:
        return country
    possible = {name for known in _named(digits) for name in _at_home(region, known)}
    possible.update(
        name for name, prefixes in PLACES.items() if any(digits.startswith(prefix) for prefix in prefixes)
    )
    possible.update(_anywhere(region))
    return tuple(name for name in country if name in possible) or country


def _named(digits: str) -> Iterable[str]:
    """Return the zones that the library names for a number with these first digits."""
    names = _area_codes().get(digits, frozenset()) if digits.startswith(_BY_AREA_CODE) else frozenset()
    # If the area code is unknown, use the first digits of several area codes; this does not exist in North America.
    shortest = len("1") if digits.startswith("1") else 0
    lengths = range(len(digits), shortest, -1)
    longest = next((digits[:length] for length in lengths if digits[:length] in TIMEZONE_DATA), None)
    return names if longest is None else names.union(TIMEZONE_DATA[longest])


@cache
def _area_codes() -> Mapping[str, frozenset[str]]:
    """Return the zones of area codes (with calling code): those of all their prefixes, and of their overlays.

    A town's exchange can be reassigned, and the library knows only some prefixes of an area code.
    """
    own: dict[str, set[str]] = defaultdict(set)
    for prefix, names in TIMEZONE_DATA.items():
        if prefix.startswith(_BY_AREA_CODE) and len(prefix) >= _AREA_CODE_ENDS:
            own[prefix[:_AREA_CODE_ENDS]].update(names)
    shared = {area: set(names) for area, names in own.items()}
    for codes in OVERLAYS:
        areas = shared.keys() & {"1" + code for code in codes}
        for area in areas:
            shared[area].update(*(own[other] for other in areas))
    return {area: frozenset(names) for area, names in shared.items()}


@cache
def _at_home(region: str, name: str) -> tuple[str, ...]:
    """Return the zones of a country that a name means, which may be another country's zone or an old name.

    These are the zones with the same clocks, or else with the same standard time, or else all.
    """
    country = zones_of_country(region)
    if name in country:
        return (name,)
    if name == UNKNOWN_TIMEZONE or zone(name) is None:
        return country
    same = tuple(own for own in country if offsets(own) == offsets(name))
    standard = tuple(own for own in country if min(offsets(own)) == min(offsets(name)))
    return same or standard or country


@cache
def _anywhere(region: str) -> frozenset[str]:
    """Return the zones of a country without a known place: no prefix names them or another zone with their clocks."""
    code = _code_of(region)
    named = {name for prefix, names in TIMEZONE_DATA.items() if prefix.startswith(code) for name in names}
    foreign = named.difference(*map(zones_of_country, _plan_of(code).regions))
    ours = set(zones_of_country(region))
    clocks = {offsets(own) for own in named & ours}
    clocks.update(offsets(own) for name in foreign for own in _at_home(region, name))
    return frozenset(name for name in ours if name not in PLACES and offsets(name) not in clocks)


@cache
def _countries() -> Mapping[str, tuple[str, ...]]:
    """Return the zone names of each country, from the database's table (ISO 3166 codes; `zone.tab`)."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in zone_rules().text("zone.tab").splitlines():
        if line and not line.startswith("#"):
            region, _, name, *_ = line.split("\t")
            found[region].append(name)
    return {region: tuple(names) for region, names in found.items()}


def _code_of(region: str) -> str:
    return next(str(code) for code, names in COUNTRY_CODE_TO_REGION_CODE.items() if region in names)


def _plan_of(code: str) -> CallingCode:
    parts = split("+" + code)
    if parts is None:
        raise AssertionError(code)
    return parts[0]


def _zones_of_plan(plan: CallingCode) -> tuple[str, ...]:
    return _zones_of_countries(plan.regions)


@cache
def _zones_of_countries(regions: tuple[str, ...]) -> tuple[str, ...]:
    countries = (region for region in regions if region != GLOBAL)
    return tuple(dict.fromkeys(name for region in countries for name in zones_of_country(region)))


@cache
def _is_bound(kind: int, code: str) -> bool:
    if kind == PhoneNumberType.MOBILE and code not in _MOBILES_WITH_AREA_CODES:
        return False
    return is_number_type_geographical(kind, int(code))
