"""The filters `date`, `time` and `datetime`: dates and times as people say them, in any language, with Babel.

Patterns are those of Unicode LDML (TR 35, part 4), CLDR and Babel: `EEEE, d MMMM`, `h:mm a`, or `short`, `medium`,
`long` and `full`. Babel is imported when a template with one of the filters is compiled.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from xuna_cli.errors import quoted
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.targets.moments import MONTHS, check_input, read_moment
from xuna_cli.targets.values import TemplateProblem, is_empty

if TYPE_CHECKING:
    from babel import Locale

NAMES = frozenset({"date", "time", "datetime"})
_STYLES = frozenset({"short", "medium", "long", "full"})
_DATE_LETTERS, _TIME_LETTERS = frozenset("GyQqMLdEec"), frozenset("abBhHKkms")
_FIELD_LETTERS = lazy_pattern(r"'[^']*'|([A-Za-z])")
# The first and last days of .NET, SQL Server, spreadsheets and databases.
_MISSING = frozenset(
    {
        date(1, 1, 1),
        date(1753, 1, 1),
        date(1899, 12, 30),
        date(1899, 12, 31),
        date(1900, 1, 1),
        date(9999, 12, 31),
    }
)
_EXAMPLE = datetime(2026, 11, 12, 9, 30)  # noqa: DTZ001 - without a time zone


def _make(name: str, style: str, letters: frozenset[str]) -> Callable[..., str]:
    def say(
        value: object,
        pattern: object = style,
        locale: object = "en",
        input: object = None,  # noqa: A002 - the argument's name in templates
        timezone: object = None,
    ) -> str:
        language = _locale(_argument("locale", locale))
        how = _argument("a pattern", pattern)
        check_pattern(name, how, letters)
        written = None if input is None else _argument("input", input)
        day, at = read_moment(value, written, _months(language))
        if timezone is not None:
            day, at = _moved(value, day, at, _argument("timezone", timezone))
        if name != "time" and day is None:
            raise _lacks(value, "date")
        if name != "time" and day in _MISSING:
            message = f"{quoted(value)} is a date that programs write if there is none"
            raise TemplateProblem("template-date", message, cell=str(value))
        if name != "date" and at is None:
            raise _lacks(value, "time")
        return _said(name, day or _EXAMPLE.date(), at or time(), how, language)

    return say


def _argument(what: str, value: object) -> str:
    if is_empty(value) or not isinstance(value, str):
        str(value)  # raises the error for an empty cell, with its column
        raise TemplateProblem(
            "template-date", f"{what} must be text, but in this row it is empty or not text"
        )
    return str(value)


def check_pattern(name: str, pattern: str, letters: frozenset[str]) -> None:
    """Check that a pattern is valid LDML for a date, a time, or both.

    Raises:
        TemplateProblem: the pattern is not valid; the message says what to write.
    """
    if pattern in _STYLES:
        return
    fields = [match[1] for match in _FIELD_LETTERS.finditer(pattern) if match[1]]
    wrong = [field for field in fields if field not in letters]
    if not wrong and fields and "%" not in pattern:
        return
    message = f'{name}("{pattern}"): '
    if "%" in pattern or not fields:
        message += 'a pattern looks like "EEEE, d MMMM" or "h:mm a"'
    elif wrong[0] in "DY":
        message += (
            "use d for the day of the month and y for the year (D and Y count days and weeks of the year)"
        )
    else:
        known = {"date": "EEEE, d MMMM y", "time": "h:mm a", "datetime": "EEEE, d MMMM 'at' h:mm a"}[name]
        message += (
            f"the letter {wrong[0]} can't be used here; a pattern looks like {quoted(known)}, "
            "with words in single quotes"
        )
    raise TemplateProblem("template-date", message)


@lru_cache(maxsize=256)
def _locale(identifier: str) -> "Locale":
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - slow, for few templates

    try:
        return Locale.parse(identifier.strip().replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        raise TemplateProblem(
            "template-locale",
            f"{quoted(identifier)} is not a known language; use e.g. en, es or pt-BR",
            cell=identifier,
        ) from None


@lru_cache(maxsize=256)
def _months(language: "Locale") -> dict[str, int]:
    names = dict(MONTHS)
    for context in language.months.values():
        for width in ("wide", "abbreviated"):
            names |= {name.casefold().rstrip("."): number for number, name in context[width].items()}
    return names


def _moved(value: object, day: date | None, at: time | None, zone: str) -> tuple[date, time]:
    if day is None or at is None or at.tzinfo is None:
        raise TemplateProblem(
            "template-date",
            f"{quoted(value)} has no UTC offset, so timezone= can't be applied",
            cell=str(value),
        )
    try:
        moved = datetime.combine(day, at).astimezone(ZoneInfo(zone.strip()))
    except (ValueError, OSError, OverflowError, KeyError):
        raise TemplateProblem(
            "template-date", f"{quoted(zone)} is not an IANA time zone", cell=zone
        ) from None
    return moved.date(), moved.time()


def _said(name: str, day: date, at: time, pattern: str, language: "Locale") -> str:
    from babel.dates import format_date, format_datetime, format_time  # noqa: PLC0415

    moment = datetime.combine(day, at.replace(tzinfo=None))
    try:
        if name == "date":
            text = format_date(moment.date(), pattern, language)
        elif name == "time":
            text = format_time(moment, pattern, locale=language)
        else:
            text = format_datetime(moment, pattern, locale=language)
    except (ValueError, AttributeError, KeyError) as problem:
        raise TemplateProblem("template-date", f'{name}("{pattern}"): {problem}') from None
    return text.replace("\u202f", " ").replace("\xa0", " ")


def _lacks(value: object, what: str) -> TemplateProblem:
    return TemplateProblem("template-date", f"{quoted(value)} contains no {what}", cell=str(value))


def filters() -> dict[str, Callable[..., Any]]:
    """Return the filters by name."""
    return {
        "date": _make("date", "long", _DATE_LETTERS),
        "time": _make("time", "short", _TIME_LETTERS),
        "datetime": _make("datetime", "long", _DATE_LETTERS | _TIME_LETTERS),
    }


def check_constants(name: str, arguments: dict[str, str]) -> None:
    """Check a filter's arguments that are constants in the template, with an example.

    Args:
        name: name of the filter.
        arguments: its constant text arguments, by name.

    Raises:
        TemplateProblem: a pattern, a language or an input pattern is not valid.
    """
    filters()[name](
        _EXAMPLE, **{key: text for key, text in arguments.items() if key in ("pattern", "locale")}
    )
    if "input" in arguments:
        check_input(arguments["input"])
