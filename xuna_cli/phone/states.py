"""The states of the US and the provinces of Canada: how lists write them, and their time zones.

A mobile number keeps its area code when its owner moves to another state, so the state can show another time zone.
"""

from collections.abc import Iterable
from functools import cache, lru_cache

from xuna_cli.folding import fold, words
from xuna_cli.phone.places import zones_of_number
from xuna_cli.phone.zones import is_among

# Code, names, and the zones in which many people live: 49 CFR 71 for the US, and the comments of zone1970.tab in the
# time zone database for Canada. Small parts with another time (the Navajo Nation, the west of Nebraska) are left out.
_TABLE = """
US-AL Alabama: America/Chicago
US-AK Alaska: America/Anchorage
US-AZ Arizona: America/Phoenix
US-AR Arkansas: America/Chicago
US-CA California: America/Los_Angeles
US-CO Colorado: America/Denver
US-CT Connecticut: America/New_York
US-DE Delaware: America/New_York
US-DC District of Columbia|Washington DC: America/New_York
US-FL Florida: America/New_York
US-GA Georgia: America/New_York
US-HI Hawaii|Hawai'i: Pacific/Honolulu
US-ID Idaho: America/Denver
US-IL Illinois: America/Chicago
US-IN Indiana: America/New_York America/Chicago
US-IA Iowa: America/Chicago
US-KS Kansas: America/Chicago
US-KY Kentucky: America/New_York America/Chicago
US-LA Louisiana: America/Chicago
US-ME Maine: America/New_York
US-MD Maryland: America/New_York
US-MA Massachusetts: America/New_York
US-MI Michigan: America/New_York
US-MN Minnesota: America/Chicago
US-MS Mississippi: America/Chicago
US-MO Missouri: America/Chicago
US-MT Montana: America/Denver
US-NE Nebraska: America/Chicago
US-NV Nevada: America/Los_Angeles
US-NH New Hampshire: America/New_York
US-NJ New Jersey: America/New_York
US-NM New Mexico: America/Denver
US-NY New York: America/New_York
US-NC North Carolina: America/New_York
US-ND North Dakota: America/Chicago
US-OH Ohio: America/New_York
US-OK Oklahoma: America/Chicago
US-OR Oregon: America/Los_Angeles
US-PA Pennsylvania: America/New_York
US-RI Rhode Island: America/New_York
US-SC South Carolina: America/New_York
US-SD South Dakota: America/Chicago America/Denver
US-TN Tennessee: America/New_York America/Chicago
US-TX Texas: America/Chicago America/Denver
US-UT Utah: America/Denver
US-VT Vermont: America/New_York
US-VA Virginia: America/New_York
US-WA Washington|Washington State: America/Los_Angeles
US-WV West Virginia: America/New_York
US-WI Wisconsin: America/Chicago
US-WY Wyoming: America/Denver
US-AS American Samoa: Pacific/Pago_Pago
US-GU Guam: Pacific/Guam
US-MP Northern Mariana Islands: Pacific/Guam
US-PR Puerto Rico: America/Puerto_Rico
US-VI Virgin Islands|US Virgin Islands: America/Puerto_Rico
CA-AB Alberta: America/Edmonton
CA-BC British Columbia|Colombie-Britannique: America/Vancouver
CA-MB Manitoba: America/Winnipeg
CA-NB New Brunswick|Nouveau-Brunswick: America/Halifax
CA-NL Newfoundland and Labrador|Newfoundland|Terre-Neuve-et-Labrador: America/St_Johns America/Halifax
CA-NS Nova Scotia|Nouvelle-Écosse: America/Halifax
CA-NT Northwest Territories|Territoires du Nord-Ouest: America/Edmonton
CA-NU Nunavut: America/Toronto America/Winnipeg America/Edmonton
CA-ON Ontario: America/Toronto
CA-PE Prince Edward Island|Île-du-Prince-Édouard: America/Halifax
CA-QC Quebec: America/Toronto
CA-SK Saskatchewan: America/Regina
CA-YT Yukon|Yukon Territory: America/Whitehorse
"""
NORTH_AMERICA = "+1"
_IS_STATE = frozenset("state st province prov estado provincia".split())
_WHOSE = frozenset(
    "us usa canada canadian address addr mailing mail home residence residential residency living postal shipping ship "
    "billing bill delivery contact customer client lead person patient member recipient user prospect buyer guest "
    "current primary main default physical street region county code abbr abbreviation abbreviated name short full two "
    "letter or of to the in hs id loc location".split()
)


def state_of(cell: object) -> str | None:
    """Return the ISO 3166-2 code of a state or a province, such as `US-CA`; None if the cell names none.

    Args:
        cell: `CA`, `ca`, `US-CA`, `California`, `Québec`.
    """
    return _state_of(cell) if isinstance(cell, str) else None


def state_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns whose names say that they contain the person's state or province, in their order."""
    return tuple(filter(_is_state_of_person, columns))


def is_elsewhere(state: str, e164: str) -> bool:
    """Return whether a state has other time zones than a number may have.

    Always false for numbers outside North America: there, the same letters mean other places.
    """
    if not e164.startswith(NORTH_AMERICA):
        return False
    zones = zones_of_number(e164)
    return not any(is_among(zone, zones) for zone in zones_of_state(state))


def zones_of_state(state: str) -> tuple[str, ...]:
    """Return the time zones of a state by its ISO 3166-2 code; empty if there is no such state."""
    return _table().get(state.upper(), ())


@lru_cache(maxsize=4096)
def _state_of(cell: str) -> str | None:
    text = cell.strip().upper()
    if text in _table():
        return text
    return _names().get(fold(cell))


@cache
def _table() -> dict[str, tuple[str, ...]]:
    rows = (line.split(": ") for line in _TABLE.strip().splitlines())
    return {names.split(" ", 1)[0]: tuple(zones.split()) for names, zones in rows}


@cache
def _names() -> dict[str, str]:
    names = {}
    for line in _TABLE.strip().splitlines():
        code, written = line.split(": ")[0].split(" ", 1)
        for name in (code.partition("-")[2], *written.split("|")):
            names[fold(name)] = code
    return names


@lru_cache(maxsize=4096)
def _is_state_of_person(column: str) -> bool:
    parts = set(words(column))
    return not parts.isdisjoint(_IS_STATE) and parts <= _IS_STATE | _WHOSE
