"""Read dates and times of lists without guessing: ISO 8601, and texts with only one meaning.

`12/11/2026` is December 11 to some people and November 12 to others. A numeric date is only read if its year comes
first, or if the template gives the order (`input="d/M/y"`).
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

from xuna_cli.errors import quoted
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import TypedText
from xuna_cli.targets.values import TemplateProblem

Moment = tuple[date | None, time | None]
"""The date and the time of day of a cell; None if it has none."""

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *(
                "jan january",
                "feb february",
                "mar march",
                "apr april",
                "may",
                "jun june",
                "jul july",
                "aug august",
            ),
            *("sep sept september", "oct october", "nov november", "dec december"),
        ),
        start=1,
    )
    for name in names.split()
}
"""English words; words of other languages come from the filter's language."""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_CLOCK = (
    r"(?P<H>\d{1,2})(?::(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,]\d{1,9})?)?)?"
    r"(?:\s*(?P<a>[ap])\.?m\b\.?)?(?:\s*(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?"
)
_TIME = lazy_pattern(rf"T?{_CLOCK}", re.IGNORECASE)
_THEN = rf"(?:(?:T|,?\s+(?:at\s+)?){_CLOCK})?"
_DATES = tuple(
    lazy_pattern(rf"(?:(?P<E>[^\W\d_]+)\.?,?\s+)?{day}{_THEN}", re.IGNORECASE)
    for day in (
        r"(?P<y>\d{4})([-/.])(?P<M>\d{1,2})\3(?P<d>\d{1,2})",
        r"(?P<d>\d{1,2})(?:st|nd|rd|th|\.|º)?[\s-]+(?:de\s+|of\s+)?(?P<MMM>[^\W\d_]+)\.?,?[\s-]+(?:de\s+)?(?P<y>\d{4})",
        r"(?P<MMM>[^\W\d_]+)\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})",
    )
)
_OF_NUMBERS = lazy_pattern(
    r"\d{1,4}(?P<first>\s*[-/.]\s*)\d{1,2}(?P<second>\s*[-/.]\s*)(?P<last>\d{1,4})\b(?P<rest>.*)", re.DOTALL
)
_CLOCK_OF_INPUT = lazy_pattern(
    r"\d{1,2}:\d\d(?P<s>:\d\d)?(?:(?P<space>\s*)(?P<a>[ap]\.?m\b\.?))?|(?P<word>[^\W\d_]+)", re.IGNORECASE
)


class DateOfNumbers(TemplateProblem):
    """A date of numbers does not begin with its year.

    Attributes:
        inputs: the formats in which it is a date, as `input=` of a filter takes them; several if it can mean more
            than one date, none if the rest of the text can't be read.
    """

    def __init__(self, value: object, inputs: tuple[str, ...]) -> None:
        self.inputs = inputs
        shown = [f'input="{one}"' for one in inputs or ("d/M/y", "M/d/y")]
        verb = {0: "choose one, e.g.", 1: "write"}.get(len(inputs), "choose")
        advice = f"{verb} {' or '.join(shown)}"
        super().__init__("template-date", f"{quoted(value)} {self.what}; {advice}", cell=str(value))

    @property
    def what(self) -> str:
        """What is wrong with the text, for messages."""
        return "does not begin with its year" if len(self.inputs) == 1 else "can mean more than one date"


def read_moment(value: object, pattern: str | None, months: Mapping[str, int]) -> Moment:
    """Return the date and the time of day of a cell.

    Args:
        value: the cell; a workbook's value is preferred to its displayed text.
        pattern: format of a text, as LDML (`d/M/y`); None if it may only have one meaning.
        months: numbers of months by name, in lower case.

    Raises:
        DateOfNumbers: the cell is a date of numbers that does not begin with its year.
        TemplateProblem: the cell has no date or time.
    """
    held = value.value if isinstance(value, TypedText) else value
    if (moment := _held(held)) is not None:
        return moment
    if not isinstance(held, str):
        if isinstance(held, bool) or not isinstance(held, int | float):
            raise _problem(value, "is not a date or time")
        raise _problem(
            value, "is a number, not a date or time; give the column a date format in the workbook"
        )
    text = " ".join(held.split())
    if pattern is not None:
        match = check_input(pattern).fullmatch(text)
        if match is None:
            raise _problem(value, f'does not match input="{pattern}"')
        return _moment(value, match, months)
    for form in (*_DATES, _TIME):
        match = form.fullmatch(text)
        if match is not None and (form is not _TIME or match["m"] or match["a"]):
            return _moment(value, match, months)
    if (numbers := _OF_NUMBERS.fullmatch(text)) is not None:
        raise DateOfNumbers(value, tuple(_inputs(text, numbers)))
    raise _problem(value, "is not a date or time that xuna can read")


def _inputs(text: str, numbers: re.Match[str]) -> Iterator[str]:
    """Yield the formats in which a date of numbers, perhaps with a time, is a date."""
    rest = _CLOCK_OF_INPUT.sub(_clock_of_input, numbers["rest"])
    year = "y" if len(numbers["last"]) == 4 else "yy"  # noqa: PLR2004 - digits
    for one, two, three in (f"d M {year}".split(), f"M d {year}".split(), "yy M d".split()):
        pattern = f"{one}{numbers['first']}{two}{numbers['second']}{three}{rest}"
        with contextlib.suppress(TemplateProblem):
            if (match := check_input(pattern).fullmatch(text)) is not None:
                _moment(text, match, MONTHS)
                yield pattern


def _clock_of_input(found: re.Match[str]) -> str:
    """Return the format of a time, or of a word, behind a date."""
    if word := found["word"]:
        is_weekday = any(len(word) > 2 and day.startswith(word.casefold()) for day in _WEEKDAYS)  # noqa: PLR2004
        return "E" if is_weekday else f"'{word}'"
    half = found["a"] is not None
    return f"{'h' if half else 'H'}:mm{':ss' if found['s'] else ''}{found['space'] + 'a' if half else ''}"


def _held(value: object) -> Moment | None:
    """Return the date and time of a typed cell, or None."""
    if isinstance(value, datetime):
        return value.date(), value.timetz()
    if isinstance(value, date):
        return value, None
    if isinstance(value, timedelta) and timedelta(0) <= value < timedelta(days=1):
        seconds = int(value.total_seconds())
        return None, time(seconds // 3600, seconds // 60 % 60, seconds % 60)
    return (None, value) if isinstance(value, time) else None


def _problem(value: object, what: str) -> TemplateProblem:
    return TemplateProblem("template-date", f"{quoted(value)} {what}", cell=str(value))


def _moment(value: object, match: re.Match[str], months: Mapping[str, int]) -> Moment:
    parts = {name: text for name, text in match.groupdict().items() if text is not None}
    try:
        return _day(parts, months), _time_of_day(parts)
    except (ValueError, KeyError) as problem:
        what = (
            f"contains an unknown month ({problem})"
            if isinstance(problem, KeyError)
            else f"is not valid: {problem}"
        )
        raise _problem(value, what) from None


def _day(parts: Mapping[str, str], months: Mapping[str, int]) -> date | None:
    if "d" not in parts:
        return None
    month = months[parts["MMM"].casefold()] if "MMM" in parts else int(parts["M"])
    year = int(parts["y"]) if "y" in parts else 2000 + int(parts["yy"])
    day = date(year, month, int(parts["d"]))
    written = parts.get("E", "").casefold()
    named = [number for number, name in enumerate(_WEEKDAYS) if len(written) > 2 and name.startswith(written)]  # noqa: PLR2004
    if named and day.weekday() not in named:
        raise ValueError(f"that day is a {_WEEKDAYS[day.weekday()].title()}")
    return day


def _time_of_day(parts: Mapping[str, str]) -> time | None:
    if "H" not in parts:
        return None
    hour = int(parts["H"])
    if half := parts.get("a", "").casefold():
        if not 1 <= hour <= 12:  # noqa: PLR2004 - the hours of half a day
            raise ValueError("with a.m. or p.m. the hour must be 1 to 12")
        hour = hour % 12 + (12 if half == "p" else 0)
    elif "m" not in parts:
        raise ValueError("the minutes are missing")
    return time(hour, int(parts.get("m", 0)), int(parts.get("s", 0)), tzinfo=_offset(parts.get("zone", "")))


def _offset(text: str) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[3:].lstrip(":") or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


# --- `input=` -------------------------------------------------------------------------------------

_FIELDS = {
    "d": r"(?P<d>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "MM": r"(?P<M>\d{1,2})",
    "y": r"(?P<y>\d{4})",
    "yy": r"(?P<yy>\d{2})",
    "H": r"(?P<H>\d{1,2})",
    "h": r"(?P<H>\d{1,2})",
    "m": r"(?P<m>\d\d)",
    "s": r"(?P<s>\d\d)",
    "a": r"(?P<a>[ap])\.?m\.?",
    "E": r"(?P<E>[^\W\d_]+)\.?",
    "MMM": r"(?P<MMM>[^\W\d_]+)\.?",
}
_LONG = {"dd": "d", "yyyy": "y", "HH": "H", "hh": "h", "mm": "m", "ss": "s", "MMMM": "MMM"} | dict.fromkeys(
    ("EE", "EEE", "EEEE"), "E"
)


@lru_cache(maxsize=64)
def check_input(pattern: str) -> re.Pattern[str]:
    """Return a regular expression for texts in a pattern's format.

    Raises:
        TemplateProblem: the pattern has an unsupported field.
    """
    try:
        made = re.compile("".join(_pieces(pattern)), re.IGNORECASE)
    except re.error:
        raise TemplateProblem("template-date", f'input="{pattern}" has a field twice') from None
    fields = set(made.groupindex)
    if fields & {"d", "M", "MMM", "y", "yy"} and not (
        "d" in fields and fields & {"M", "MMM"} and fields & {"y", "yy"}
    ):
        raise TemplateProblem("template-date", f'input="{pattern}" needs d, M and y')
    if not fields & {"d", "H"}:
        raise TemplateProblem("template-date", f'input="{pattern}" contains neither a date nor a time')
    return made


def _pieces(pattern: str) -> Iterator[str]:
    for token in re.finditer(r"'(?P<text>[^']*)'|(?P<field>([A-Za-z])\3*)|(?P<other>.)", pattern, re.DOTALL):
        if field := token["field"]:
            known = _FIELDS.get(_LONG.get(field, field))
            if known is None:
                raise TemplateProblem(
                    "template-date",
                    f'input="{pattern}": the letter {field} is not known; use d, M, y, H, h, m, s and a',
                )
            yield known
        else:
            yield re.escape(token["text"] if token["text"] is not None else token["other"])
