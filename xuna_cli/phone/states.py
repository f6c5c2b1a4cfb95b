"""The states of the US and the provinces of Canada: how lists name them, and their time zones.

A mobile number keeps its area code when its owner moves to another state, so the state can show another time zone.
"""

from collections.abc import Iterable
from functools import cache, lru_cache

from xuna_cli.folding import fold, words
from xuna_cli.lazy_pattern import lazy_pattern
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
# The state of each ZIP code, by the first three digits of the last code of its range: USPS Publication 65.
_ZIP_CODES = (
    "004 -, 005 NY, 007 PR, 008 VI, 009 PR, 027 MA, 029 RI, 038 NH, 049 ME, 059 VT, 069 CT, 089 NJ, 099 -, 149 NY, "
    "196 PA, 199 DE, 200 DC, 201 VA, 205 DC, 219 MD, 246 VA, 268 WV, 269 -, 289 NC, 299 SC, 319 GA, 339 FL, 340 -, "
    "349 FL, 369 AL, 385 TN, 397 MS, 399 GA, 427 KY, 429 -, 459 OH, 479 IN, 499 MI, 528 IA, 529 -, 549 WI, 567 MN, "
    "568 -, 569 DC, 577 SD, 579 -, 588 ND, 589 -, 599 MT, 629 IL, 658 MO, 659 -, 679 KS, 693 NE, 699 -, 714 LA, "
    "715 -, 729 AR, 732 OK, 733 TX, 749 OK, 799 TX, 816 CO, 819 -, 831 WY, 838 ID, 839 -, 847 UT, 849 -, 865 AZ, "
    "869 -, 884 NM, 885 TX, 888 -, 898 NV, 899 -, 961 CA, 966 -, 968 HI, 969 GU, 979 OR, 994 WA, 999 AK"
)
# By the first letter of a Canadian postal code.
_POSTAL_CODES = dict(
    zip("ABCEGHJKLMNPRSTVXY", "NL NS PE NB QC QC QC ON ON ON ON ON MB SK AB BC NT YT".split(), strict=True)
)
_ZIP = lazy_pattern(r"([0-9]{3,5})(?:-?[0-9]{4})?(?:\.0)?")
_POSTAL = lazy_pattern(r"([A-Z])[0-9][A-Z] ?-?[0-9][A-Z][0-9]")
_ZIP_DIGITS = 5
_IS_STATE = frozenset("state st province prov estado provincia".split())
_IS_CODE = frozenset("zip zipcode postal postcode postalcode".split())
_WHOSE = frozenset(
    "us usa canada canadian address addr mailing mail home residence residential residency living postal shipping ship "
    "billing bill delivery contact customer client lead person patient member recipient user prospect buyer guest "
    "current primary main default physical street region county code abbr abbreviation abbreviated name short full two "
    "letter or of to the in hs id loc location".split()
)


def state_of(cell: object) -> str | None:
    """Return the ISO 3166-2 code of a state or a province, such as `US-CA`; None if the cell names none.

    Args:
        cell: `CA`, `ca`, `US-CA`, `California`, `Québec`, or a postal code: `94103`, `94103-1234`, `K1A 0B1`. A number
            may lack the first zeros of a ZIP code, as in a workbook.
    """
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return None
    return _state_of(str(cell))


def state_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns whose names say that they contain the person's state or province, in their order.

    If there is none, postal codes tell the state.
    """
    columns = tuple(columns)
    named = (tuple(column for column in columns if _says(column, what)) for what in (_IS_STATE, _IS_CODE))
    return next(filter(None, named), ())


@lru_cache(maxsize=4096)
def zones_elsewhere(state: str, zones: tuple[str, ...]) -> tuple[str, ...]:
    """Return the time zones of a state; empty if one of them is among the zones of a number, or has the same clocks.

    Args:
        state: ISO 3166-2 code.
        zones: the possible time zones of a number.
    """
    there = zones_of_state(state)
    return () if any(is_among(zone, zones) for zone in there) else there


def zones_of_state(state: str) -> tuple[str, ...]:
    """Return the time zones of a state by its ISO 3166-2 code; empty if there is no such state."""
    return _table().get(state.upper(), ())


@lru_cache(maxsize=4096)
def _state_of(cell: str) -> str | None:
    text = cell.strip().upper()
    if text in _table():
        return text
    if (code := _ZIP.fullmatch(text)) is not None:
        return _of_zip_code(code[1].zfill(_ZIP_DIGITS))
    if (code := _POSTAL.fullmatch(text)) is not None and code[1] in _POSTAL_CODES:
        return f"CA-{_POSTAL_CODES[code[1]]}"
    return _names().get(fold(cell))


def _of_zip_code(code: str) -> str | None:
    for ends, state in (each.split(" ") for each in _ZIP_CODES.split(", ")):
        if code[: len(ends)] <= ends:
            return None if state == "-" else f"US-{state}"
    return None


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
def _says(column: str, what: frozenset[str]) -> bool:
    parts = set(words(column))
    return not parts.isdisjoint(what) and parts <= what | _WHOSE
