"""Read time zones as people write them: names of IANA, Windows, Excel and Rails, and North American names."""

import re
from functools import cache

from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.phone.calling_codes import kind_of
from xuna_cli.phone.places import zones_of_number
from xuna_cli.phone.states import zones_elsewhere, zones_of_state
from xuna_cli.phone.zone_rules import zone_rules

# The zones of North American names in the US and in Canada, whose provinces have left US daylight saving time one by
# one. MST is the time of Arizona all year, and the winter time of the mountain states, so it means both.
_NORTH_AMERICA = {
    "atlantic": (("America/Puerto_Rico",), ("America/Halifax",)),
    "eastern": (("America/New_York",), ("America/Toronto",)),
    "central": (("America/Chicago",), ("America/Winnipeg", "America/Regina")),
    "mountain": (("America/Denver",), ("America/Edmonton", "America/Cambridge_Bay")),
    "mountain standard": (
        ("America/Denver", "America/Phoenix"),
        ("America/Edmonton", "America/Cambridge_Bay"),
    ),
    "arizona": (("America/Phoenix",), ()),
    "pacific": (("America/Los_Angeles",), ("America/Vancouver",)),
    "alaska": (("America/Anchorage",), ()),
    "hawaii": (("Pacific/Honolulu",), ()),
    "newfoundland": ((), ("America/St_Johns",)),
}
_ABBREVIATIONS = {
    **dict.fromkeys(("ast", "adt"), "atlantic"),
    **dict.fromkeys(("est", "edt", "et"), "eastern"),
    **dict.fromkeys(("cst", "cdt", "ct"), "central"),
    **dict.fromkeys(("mdt", "mt"), "mountain"),
    "mst": "mountain standard",
    **dict.fromkeys(("pst", "pdt", "pt"), "pacific"),
    **dict.fromkeys(("akst", "akdt", "akt"), "alaska"),
    **dict.fromkeys(("hst", "hdt"), "hawaii"),
    **dict.fromkeys(("nst", "ndt"), "newfoundland"),
}
# (GMT-05:00) Eastern Time (US & Canada): a zone as Rails and Windows display it.
_SHOWN = lazy_pattern(r"\((?:GMT|UTC)\s*(?:[+\-\u2212]\d{1,2}(?::?\d\d)?)?\)\s*(?=\S)", re.IGNORECASE)
_TIME = lazy_pattern(
    r"(?:\s+(?:standard|daylight))?(?:\s+time)?(?:\s*\(us\s*(?:&|and)\s*canada\))?", re.IGNORECASE
)
_OFFSET = lazy_pattern(r"(?:gmt|utc|z)?\s*[+\-\u2212]?\s*\d{1,2}(?::?\d\d)?", re.IGNORECASE)
# Names in the database that are not places: fixed offsets, and names for "not set".
_GREENWICH = frozenset({"gmt", "gmt0", "gmt+0", "gmt-0", "greenwich"})
_NO_PLACES = _GREENWICH | {"factory", "est", "mst", "hst"}
_LONGEST_NAME = 60


class UnknownZoneError(Exception):
    """A text does not name a usable time zone.

    Args:
        name: the text.
        problem: the problem, worded to follow the name.
    """

    def __init__(
        self, name: str, problem: str = "is not a time zone; use a name like America/New_York"
    ) -> None:
        super().__init__(f"{_shortened(name)!r} {problem}")
        self.name = name


def zones_meant(text: str, e164: str | None = None) -> tuple[str, ...]:
    """Return the zones that a text names: one, or several if it is ambiguous.

    Args:
        text: a cell, or the value of an option. With a number, a state such as `US-CA` means the zones of the number,
            and those of the state if they are other ones.
        e164: the person's number: `Central` is a different time in Canada, and is invalid in China. None if the text
            concerns no particular person.

    Raises:
        UnknownZoneError: the text names no zone, a fixed offset, or a zone of another country.
    """
    text = text.strip()
    if e164 is not None and zones_of_state(text):
        zones = zones_of_number(e164)  # the person may be at home, or where the number comes from
        return (*zones, *zones_elsewhere(text, zones))
    exact = _iana(text)
    if exact is not None:
        return (exact,)
    if _OFFSET.fullmatch(text) or text.lower() in _GREENWICH:
        raise UnknownZoneError(
            text, "is a fixed offset without daylight saving time; use a name like Europe/London"
        )
    # Windows and Rails display the offset before the name.
    named = _SHOWN.sub("", text, count=1) if _SHOWN.match(text) else text
    american = _american(named)
    if american is not None:
        return _in_north_america(text, american, e164)
    return _windows(named, text)


def _in_north_america(text: str, name: str, e164: str | None) -> tuple[str, ...]:
    us, canada = _NORTH_AMERICA[name]
    region = None if e164 is None else kind_of(e164).region
    of_number_in_both = e164 is None or (region is None and e164.startswith("+1"))
    if region not in ("US", "CA") and not of_number_in_both:
        raise UnknownZoneError(
            text,
            f"is a North American time zone, but {e164} is not a North American number; use a name like Europe/Berlin",
        )
    meant = us if region == "US" else canada if region == "CA" else us + canada
    # A person may have a number of the other country, so try its zones too.
    return meant or us + canada


def _american(text: str) -> str | None:
    plain = " ".join(text.lower().split())
    if plain in _ABBREVIATIONS:
        return _ABBREVIATIONS[plain]
    for name in _NORTH_AMERICA:
        if plain.startswith(name) and _TIME.fullmatch(plain, len(name)):
            return name
    return None


@cache
def _windows(name: str, given: str) -> tuple[str, ...]:
    """Return the zone of a Windows name, which Excel and Outlook use, from CLDR's table in Babel."""
    from babel.core import get_global  # noqa: PLC0415 - 10 ms that few lists need

    table = {key.lower(): zone for key, zone in get_global("windows_zone_mapping").items()}
    found = table.get(" ".join(name.lower().split()))
    exact = None if found is None else _iana(found)
    if exact is None:
        raise UnknownZoneError(given)
    return (exact,)


def _iana(text: str) -> str | None:
    """Return an IANA name in the database's spelling, or None."""
    lower = text.lower()
    return None if lower in _NO_PLACES else _names().get(lower)


@cache
def _names() -> dict[str, str]:
    """Return the database's names by their lower case, without paths, folders and the system's own files."""
    names = {}
    for line in zone_rules().text("tzdata.zi").splitlines():
        kind, *words = line.split(" ")
        if kind == "Z":
            names[words[0].lower()] = words[0]
        elif kind == "L":
            names[words[1].lower()] = words[1]
    return names


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
