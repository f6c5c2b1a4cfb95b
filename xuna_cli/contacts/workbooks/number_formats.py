"""Number formats of spreadsheets: the text that a cell displays, and its value.

The codes are those of ECMA-376 (Office Open XML), part 1, 18.8.30 and 18.8.31. Some codes depend on the settings of
the person who opens the file (the system's date format), and some are unknown to this module. A date with such a code
is shown in ISO 8601, and a number is shown unformatted, so that a cell never has a misleading text. Names of months
and days are English, unless the code names another language.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite

from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import TypedText

GENERAL = "General"
BUILT_IN = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    # 14 and 22 are the system's date format, in which the order of day and month varies.
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
} | dict.fromkeys((*range(27, 37), *range(50, 59)), "yyyy-mm-dd")  # East Asian dates

_LAST_SERIAL = 2_958_465  # 9999-12-31
_LEAP_BUG = 60  # 1900-02-29, a date that spreadsheets count although it did not exist

_PIECE = lazy_pattern(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]|(?P<ampm>AM/PM|A/P)'
    r"|(?P<general>General)|(?P<number>[0#?.,%]|E[+-])|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|e+|g+|b+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_USUAL_NUMBER = lazy_pattern(r"(#,##)?0(\.0+)?")
_EXACT_DIGITS = 15  # of a decimal number that a binary one can always hold
_CONDITION = lazy_pattern(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DATE_FIELDS = {
    "yyyy": "{0.year:04}",
    "m": "{0.month}",
    "mm": "{0.month:02}",
    "d": "{0.day}",
    "dd": "{0.day:02}",
    "h": "{0.hour}",
    "hh": "{0.hour:02}",
    "s": "{0.second}",
    "ss": "{0.second:02}",
}
_MINUTE_FIELDS = {"m": "{0.minute}", "mm": "{0.minute:02}"}
_LANGUAGE = lazy_pattern(r"\$[^-]*-([0-9a-f]+)", re.IGNORECASE)
# The lower ten bits of Windows' language identifiers ([MS-LCID]).
_LANGUAGES = dict(
    pair.split("=")
    for pair in "1=ar 2=bg 3=ca 4=zh 5=cs 6=da 7=de 8=el 10=es 11=fi 12=fr 13=he 14=hu 16=it 17=ja 18=ko 19=nl 20=nb "
    "21=pl 22=pt 24=ro 25=ru 26=hr 27=sk 29=sv 30=th 31=tr 33=id 34=uk 36=sl 37=et 38=lv 39=lt 42=vi 57=hi".split()
)

Piece = tuple[str, str]


def show(value: float, code: str, *, epoch_1904: bool = False) -> TypedText:
    """Return the text that a number's cell displays, with its value: a number, date, time or duration.

    Args:
        value: the stored number; for a date, the days since the epoch.
        code: the cell's number format.
        epoch_1904: whether the workbook counts days from 1904.
    """
    if not isfinite(value):  # no spreadsheet program stores one
        return TypedText(plain(value), value)
    section = _section(code, value)
    if section.is_date:
        shown = _date_text(value, section, epoch_1904=epoch_1904)
        return shown if shown is not None else TypedText(plain(value), value)
    text = (_fixed_text(value, section.fixed) if section.fixed else "") or _number_text(
        value, section.pieces, negative_section=_has_negative(code)
    )
    return TypedText(text or plain(value), int(value) if float(value).is_integer() else value)


def shown_as(code: str, *, epoch_1904: bool = False) -> Callable[[float], TypedText]:
    """Return what does the same as `show` for many cells of one format, in less time.

    Args:
        code: as for `show`.
        epoch_1904: as for `show`.
    """
    sections = _sections(code)
    fixed = sections[0].fixed if len(sections) == 1 else None

    def shown(value: float) -> TypedText:
        if fixed is not None and (text := _fixed_text(value, fixed)):
            return TypedText(text, int(value) if value.is_integer() else value)
        return show(value, code, epoch_1904=epoch_1904)

    return shown


def plain(value: float) -> str:
    """Return a number as a cell without a format displays it: with 15 significant digits, as spreadsheets store."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.15g}"


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A section with one number in its most usual forms, e.g. `#,##0.00 [$€-407]`.

    Attributes:
        before: text before the number.
        form: format specification for `format`.
        after: text after the number.
        limit: a number below it has few enough digits to be stored exactly.
    """

    before: str
    form: str
    after: str
    limit: float


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a code.

    Attributes:
        pieces: all pieces in their order.
        condition: which values it is for, if the code says so.
        is_date: whether it shows a date, a time or a duration.
        is_elapsed: whether it shows a duration.
        date: template of its date for `str.format`, if it has only numbers.
        fixed: its form, if that is one of the most usual ones.
    """

    pieces: tuple[Piece, ...]
    condition: tuple[str, float] | None
    is_date: bool
    is_elapsed: bool
    date: str
    fixed: _Fixed | None


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    sections: list[list[Piece]] = [[]]
    for match in _PIECE.finditer(code):
        kind = match.lastgroup or "other"
        text = match[kind]
        if kind == "other" and text == ";":
            sections.append([])
        else:
            sections[-1].append((kind, text))
    return tuple(_made(pieces, is_only=len(sections) == 1) for pieces in sections)


def _made(pieces: Sequence[Piece], *, is_only: bool) -> _Section:
    is_elapsed = any(_is_elapsed(kind, text) for kind, text in pieces)
    return _Section(
        pieces=tuple(pieces),
        condition=_condition(pieces),
        is_date=is_elapsed or any(kind == "date" for kind, _ in pieces),
        is_elapsed=is_elapsed,
        date=_date_template(pieces),
        fixed=_fixed(pieces) if is_only else None,
    )


def _section(code: str, value: float) -> _Section:
    """Return the section of a code for a value: by its conditions, or else positive; negative; zero."""
    sections = _sections(code)
    if len(sections) == 1:
        return sections[0]
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _holds(value, *section.condition):
                return section
        return sections[-1]
    if value < 0 and len(sections) > 1:
        return sections[1]
    if value == 0 and len(sections) > 2 and sections[2].pieces:  # noqa: PLR2004 - the third one
        return sections[2]
    return sections[0]


def _condition(section: Sequence[Piece]) -> tuple[str, float] | None:
    for kind, text in section:
        if kind == "bracket" and (match := _CONDITION.fullmatch(text)):
            return match[1], float(match[2])
    return None


def _holds(value: float, sign: str, limit: float) -> bool:
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[sign]


def _has_negative(code: str) -> bool:
    sections = _sections(code)
    return len(sections) > 1 and not any(section.condition for section in sections)


# -- dates


def _is_elapsed(kind: str, text: str) -> bool:
    return kind == "bracket" and text.lower() in {"h", "hh", "m", "mm", "s", "ss"}


def _moment(value: float, *, epoch_1904: bool) -> datetime | None:
    if not 0 <= value <= _LAST_SERIAL:
        return None
    # Dates in spreadsheets have no time zone.
    first = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 31 if value < _LEAP_BUG else 30)  # noqa: DTZ001
    return first + timedelta(milliseconds=round(value * 86_400_000))


def _date_text(value: float, section: _Section, *, epoch_1904: bool) -> TypedText | None:
    """Return the text of a date's cell; None if no date has this number."""
    if section.is_elapsed:
        return _elapsed_text(value, section.pieces)
    moment = _moment(value, epoch_1904=epoch_1904)
    if moment is None:
        return None
    letters = {text[0].lower() for kind, text in section.pieces if kind == "date"}
    has_time = not letters.isdisjoint("hs")
    if letters <= {"h", "m", "s"} and has_time:
        typed: object = moment.time() if value < 1 else moment
    else:
        typed = moment if has_time or moment.time() != time() else moment.date()
    written = section.date.format(moment) if section.date else _written(moment, section.pieces)
    return TypedText(written or _iso(typed), typed)


def _iso(typed: object) -> str:
    if isinstance(typed, datetime):
        return typed.isoformat(" ", "seconds" if typed.second else "minutes")
    return typed.isoformat() if isinstance(typed, date | time) else str(typed)


def _date_template(pieces: Sequence[Piece]) -> str:
    """Return the template with which `str.format` writes what `_written` does; empty for a name or a half day."""
    letters = _letters(pieces)
    out = []
    for position, (kind, text) in enumerate(pieces):
        if kind == "date":
            is_minutes = letters[position] == "m" and _is_minutes(position, letters)
            field = (_MINUTE_FIELDS if is_minutes else _DATE_FIELDS).get(text.lower())
        else:
            field = _literal(kind, text).replace("{", "{{").replace("}", "}}") if kind != "ampm" else None
        if field is None:
            return ""
        out.append(field)
    return "".join(out).strip() if any(letters) else ""


def _letters(pieces: Sequence[Piece]) -> list[str]:
    return [text[0].lower() if kind == "date" else "" for kind, text in pieces]


def _written(moment: datetime, section: Sequence[Piece]) -> str:
    """Return a date in the code's format; empty if the code uses another calendar."""
    half_day = any(kind == "ampm" for kind, _ in section)
    out = []
    letters = _letters(section)
    for position, (kind, text) in enumerate(section):
        if kind == "date":
            letter, length = text[0].lower(), len(text)
            if letter == "m" and _is_minutes(position, letters):
                out.append(f"{moment.minute:0{min(length, 2)}}")
            elif letter in "md" and length > 2:  # noqa: PLR2004 - a name
                out.append(_name(moment, letter, length, section))
            elif (part := _part(moment, letter, text, half_day=half_day)) is not None:
                out.append(part)
            else:
                return ""
        elif kind == "ampm":
            noon = "PM" if moment.hour >= 12 else "AM"  # noqa: PLR2004 - noon
            out.append(noon if len(text) > 3 else noon[0])  # noqa: PLR2004 - of `A/P`
        else:
            out.append(_literal(kind, text))
    return "".join(out).strip()


def _is_minutes(position: int, letters: Sequence[str]) -> bool:
    """Return whether an `m` means minutes: it follows hours or precedes seconds."""
    before = next((letter for letter in reversed(letters[:position]) if letter), "")
    after = next((letter for letter in letters[position + 1 :] if letter), "")
    return before == "h" or after == "s"


def _part(moment: datetime, letter: str, text: str, *, half_day: bool) -> str | None:
    length = len(text)
    hour = (moment.hour - 1) % 12 + 1 if half_day else moment.hour
    seconds = f"{moment.second:0{min(len(text.partition('.')[0]), 2)}}"
    if "." in text:
        seconds += f".{moment.microsecond // 1000:03}"[: len(text.partition(".")[2]) + 1]
    parts = {
        "y": f"{moment.year:04}" if length > 2 else f"{moment.year % 100:02}",  # noqa: PLR2004
        "m": f"{moment.month:0{length}}",
        "d": f"{moment.day:0{length}}",
        "h": f"{hour:0{min(length, 2)}}",
        "s": seconds,
    }
    return parts.get(letter)


def _name(moment: datetime, letter: str, length: int, section: Sequence[Piece]) -> str:
    """Return a month's or day's name: short for three letters, full for four, a month's first letter for five."""
    language = _language(section)
    if language is None:
        name = _MONTHS[moment.month - 1] if letter == "m" else _DAYS[moment.weekday()]
        return name[: {3: 3, 5: 1}.get(length, len(name)) if letter == "m" or length == 3 else len(name)]  # noqa: PLR2004
    from babel.dates import format_date  # noqa: PLC0415 - only where a sheet has such names

    letters = {"m": "M", "d": "E"}[letter]
    return format_date(moment, letters * min(length, 5 if letter == "m" else 4), locale=language)


def _language(section: Sequence[Piece]) -> str | None:
    """Return the language that a code names; None for English or if it names none."""
    for kind, text in section:
        if kind == "bracket" and (match := _LANGUAGE.match(text)):
            return _LANGUAGES.get(str(int(match[1], 16) & 0x3FF))
    return None


def _elapsed_text(value: float, section: Sequence[Piece]) -> TypedText:
    duration = timedelta(milliseconds=round(value * 86_400_000))
    left = abs(duration)
    units = {"h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
    out = ["-"] if value < 0 else []
    for kind, text in section:
        letter = text[:1].lower()
        if (_is_elapsed(kind, text) or kind == "date") and letter in units:
            number, left = divmod(left, units[letter])
            out.append(f"{number:0{len(text.partition('.')[0])}}")
        else:
            out.append(_literal(kind, text))
    return TypedText("".join(out).strip(), duration)


# -- numbers


def _literal(kind: str, text: str) -> str:
    if kind == "bracket":  # a currency symbol: [$€-407]
        return text[1:].partition("-")[0] if text.startswith("$") else ""
    if kind == "fill":
        return ""
    return " " if kind == "space" else text


def _fixed(pieces: Sequence[Piece]) -> _Fixed | None:
    marks = [at for at, (kind, _) in enumerate(pieces) if kind in {"number", "general"}]
    if not marks or ("other", "@") in pieces:
        return None
    first, after = marks[0], marks[-1] + 1
    found = _USUAL_NUMBER.fullmatch("".join(text for _, text in pieces[first:after]))
    if found is None or after - first != len(marks):
        return None
    decimals = len(found[2] or ".") - 1
    before, behind = (
        "".join(_literal(*piece) for piece in part) for part in (pieces[:first], pieces[after:])
    )
    return _Fixed(
        before.lstrip(),
        f"{',' if found[1] else ''}.{decimals}f",
        behind.rstrip(),
        10.0 ** (_EXACT_DIGITS - decimals),
    )


def _fixed_text(value: float, fixed: _Fixed) -> str:
    """Return a number in a form; empty if it would be rounded, or may have more digits than are exact."""
    size = abs(value)
    if size < fixed.limit:
        digits = format(size, fixed.form)
        if float(digits.replace(",", "")) == size:
            return f"{'-' if value < 0 else ''}{fixed.before}{digits}{fixed.after}"
    return ""


def _number_text(value: float, section: Sequence[Piece], *, negative_section: bool) -> str:
    """Return a number in the code's format; empty if this module doesn't know the code."""
    places = [(kind, text) for kind, text in section if kind in {"number", "general"}]
    texts = [text for _, text in places]
    if ("other", "@") in section or any(kind == "general" for kind, _ in places):
        literals = "".join(
            plain(value) if kind == "general" else _literal(kind, text)
            for kind, text in section
            if text != "@"
        )
        return literals if any(kind == "general" for kind, _ in places) else ""
    if any(text.upper() in {"E+", "E-"} for text in texts) or (("other", "/") in section and "?" in texts):
        return ""
    number = abs(Decimal(repr(float(value))))
    number *= Decimal(100) ** texts.count("%")
    before, dot, behind = _around_the_dot(texts)
    number /= Decimal(1000) ** _scaling(before + behind)
    decimals = sum(text in "0#?" for text in behind)
    try:
        number = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    except InvalidOperation:
        return ""  # it has far more digits than a number of that format
    whole, _, fraction = f"{number:f}".partition(".")
    least = "".join(behind).rfind("0") + 1
    fraction = fraction.rstrip("0").ljust(least, "0") if dot else ""
    grouped = "," in "".join(before).rstrip(",")
    digits = whole.lstrip("0").rjust("".join(before).count("0"), "0")
    written = _filled(section, digits, fraction, grouped=grouped)
    return f"-{written}" if value < 0 and number and not negative_section else written


def _around_the_dot(texts: Sequence[str]) -> tuple[list[str], bool, list[str]]:
    marks = [text for text in texts if text != "%"]
    if "." not in marks:
        return marks, False, []
    dot = marks.index(".")
    return marks[:dot], True, marks[dot + 1 :]


def _scaling(marks: Sequence[str]) -> int:
    """Return the number of commas after the last digit; each divides by a thousand."""
    return len(marks) - len("".join(marks).rstrip(","))


def _filled(section: Sequence[Piece], digits: str, fraction: str, *, grouped: bool) -> str:
    """Put the digits into the places of a code, from the decimal point to both sides; keep literals."""
    marks = [position for position, (kind, text) in enumerate(section) if kind == "number" and text in "0#?"]
    dot = next(
        (at for at, (kind, text) in enumerate(section) if (kind, text) == ("number", ".")), len(section)
    )
    whole_places = [position for position in marks if position < dot]
    at: dict[int, str] = {}
    left = digits
    for position in reversed(whole_places):
        if position == whole_places[0]:
            at[position], left = left, ""
        else:
            at[position], left = left[-1:], left[:-1]
    if grouped:
        at = dict.fromkeys(whole_places, "")
        if whole_places:
            at[whole_places[0]] = _grouped(digits)
    for position, digit in zip([position for position in marks if position > dot], fraction, strict=False):
        at[position] = digit
    out = []
    for position, (kind, text) in enumerate(section):
        if kind == "number":
            if text == ".":
                out.append("." if fraction else "")
            elif text == "%":
                out.append("%")
            else:
                out.append(at.get(position, ""))
        else:
            out.append(_literal(kind, text))
    return "".join(out).strip()


def _grouped(digits: str) -> str:
    return f"{int(digits):,}".rjust(len(digits), "0") if digits else ""
