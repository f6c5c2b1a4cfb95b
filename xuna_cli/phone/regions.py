"""Recognize a country in a cell: an ISO code, a calling code, or a name in one of many languages."""

import difflib
import re
from functools import cache

import phonenumbers

from xuna_cli.errors import UsageError
from xuna_cli.folding import fold
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.phone.country_names import ALPHA_3, NAMES, STATES

_CALLING_CODE = lazy_pattern(r"(?:\+|00)?([1-9][0-9]{0,3})(?:\.0)?")
_NANP = lazy_pattern(r"1[2-9][0-9]{2}")  # a North American country: its numbers have these three digits
_TOGETHER = lazy_pattern(r"[(\[]?(?P<code>(?:\+|00)[ 0-9()-]+)[)\]]?")  # United Kingdom (+44); +1 US
_FLAG_A, _FLAG_Z = "\N{REGIONAL INDICATOR SYMBOL LETTER A}", "\N{REGIONAL INDICATOR SYMBOL LETTER Z}"
_SAINT = lazy_pattern(r"^st\.? ", re.IGNORECASE)
_LONGEST = 80


def region_of(cell: object) -> str | None:
    """Return the region (ISO 3166-1 alpha-2) that a cell names, or None if it is unknown.

    A calling code gives its main region: `+1` gives the US, because numbers are read in the same way in all of North
    America.

    Args:
        cell: `DE`, `DEU`, `Germany`, `Deutschland`, `49`, `+49`, `0049`, `Germany (+49)`.
    """
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        return None
    text = str(cell).strip().lstrip("'").strip()
    return _region_of(text) if 0 < len(text) <= _LONGEST else None


def is_state_code(cell: object) -> bool:
    """Return whether a cell is the code of a US state or a Canadian province; many are also country codes."""
    return isinstance(cell, str) and cell.strip().upper() in STATES


@cache
def _region_of(text: str) -> str | None:
    known = phonenumbers.SUPPORTED_REGIONS
    plain = text.upper()
    if plain in known:
        return plain
    if text in ALPHA_3:
        return ALPHA_3[text]
    code = _CALLING_CODE.fullmatch(_plain(text))
    if code is not None:
        return _of_code(code[1])
    if len(text) == 2 and all(_FLAG_A <= each <= _FLAG_Z for each in text):  # noqa: PLR2004 - a flag
        plain = "".join(chr(ord(each) - ord(_FLAG_A) + ord("A")) for each in text)
        return plain if plain in known else None
    together = _TOGETHER.search(text)
    if together is not None:
        return _of_both(text[: together.start()] + text[together.end() :], together["code"])
    name = _folded(text)
    return _COMMON.get(name) or _by_name().get(name)


def _folded(name: str) -> str:
    return fold(_SAINT.sub("Saint ", name.replace("&", " and ").strip()))


_COMMON = {_folded(name): region for region, names in NAMES.items() for name in names.split("|")}


def _plain(code: str) -> str:
    return re.sub(r"[ ()-]", "", code)


def _of_both(name: str, code: str) -> str | None:
    known = _CALLING_CODE.fullmatch(_plain(code))  # anything else with a plus sign is a phone number
    named, coded = region_of(name.strip(" ,-/:")), known and _of_code(known[1])
    if named is None or coded is None:
        return None
    same = phonenumbers.country_code_for_region(named) == phonenumbers.country_code_for_region(coded)
    return named if same else None


def _of_code(digits: str) -> str | None:
    region = phonenumbers.region_code_for_country_code(int("1" if _NANP.fullmatch(digits) else digits))
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


@cache
def _by_name() -> dict[str, str]:
    # A table of a megabyte, only for lists with rare names of countries.
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415

    found: dict[str, set[str]] = {}
    for region, names in LOCALE_DATA.items():
        if region in phonenumbers.SUPPORTED_REGIONS:
            for name in names.values():
                if not name.startswith("*"):
                    found.setdefault(_folded(name), set()).add(region)
    regions = {name: next(iter(of)) for name, of in found.items() if len(of) == 1}
    # Nga is Russia in Vietnamese, but NGA is Nigeria.
    return {code.lower(): region for code, region in ALPHA_3.items()} | regions


def check_region(region: str) -> str:
    """Return `region` in libphonenumber's form: two upper-case letters (ISO 3166-1 alpha-2).

    Raises:
        UsageError: the region does not exist; the message names the most similar ones.
    """
    known = phonenumbers.SUPPORTED_REGIONS
    wanted = region.strip().upper()
    if wanted in known:
        return wanted
    called = {"UK": "GB", "USA": "US", "EN": "GB", "GBR": "GB", "DEU": "DE", "CAN": "CA"}.get(wanted)
    if called:
        nearest = [called]
    elif wanted.lstrip("+0").isdecimal():
        nearest = list(phonenumbers.region_codes_for_country_code(int(wanted.lstrip("+0")[:4])))[:3]
    else:
        nearest = difflib.get_close_matches(wanted, sorted(known), n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(nearest)}?" if nearest else "use two letters, e.g. US, GB or DE"
    raise UsageError(f"--region {region!r} is not a known country", hint=hint)


def parse_countries(text: str, *, source: str) -> frozenset[str]:
    """Parse `--country US,CA`.

    Raises:
        UsageError: one of them is not a region with phone numbers.
    """
    found = frozenset(part.strip().upper() for part in text.split(",") if part.strip())
    unknown = sorted(found - phonenumbers.SUPPORTED_REGIONS)
    if unknown or not found:
        raise UsageError(
            f"{source}: unknown {'countries' if len(unknown) > 1 else 'country'} "
            f"{', '.join(map(repr, unknown)) or repr(text)}",
            hint="use two letters each, separated by commas, e.g. US,CA,GB",
            code="country",
        )
    return found
