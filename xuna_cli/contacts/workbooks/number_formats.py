"""Number formats of spreadsheets: the text that a cell displays, and its value.

The codes are those of ECMA-376 (Office Open XML), part 1, 18.8.30 and 18.8.31. Some codes depend on the settings of
the person who opens the file (the system's date format), and some are unknown to this module. A date with such a code
is shown in ISO 8601, and a number is shown unformatted, so that a cell never has a misleading text. Names of months
and days are English, unless the code names another language.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite

from xuna_cli.contacts.workbooks.date_texts import date_template, date_text, elapsed_text
from xuna_cli.contacts.workbooks.format_pieces import Piece, is_elapsed, literal, split
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

_USUAL_NUMBER = lazy_pattern(r"(#,##)?0(\.0+)?")
_EXACT_DIGITS = 15  # of a decimal number that a binary one can always hold
_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<>": operator.ne,
}
_CONDITION = lazy_pattern(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")


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
    if section.is_elapsed:
        return elapsed_text(value, section.pieces)
    if section.is_date:
        shown = date_text(value, section.pieces, section.date, epoch_1904=epoch_1904)
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
        condition: tells whether it is for a value, if the code says so.
        is_date: whether it has a date or a time.
        is_elapsed: whether it shows a duration.
        date: template of its date for `str.format`, if it has only numbers.
        fixed: its form, if that is one of the most usual ones.
    """

    pieces: tuple[Piece, ...]
    condition: Callable[[float], bool] | None
    is_date: bool
    is_elapsed: bool
    date: str
    fixed: _Fixed | None


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    sections = split(code)
    return tuple(_made(pieces, is_only=len(sections) == 1) for pieces in sections)


def _made(pieces: Sequence[Piece], *, is_only: bool) -> _Section:
    return _Section(
        pieces=tuple(pieces),
        condition=_condition(pieces),
        is_date=any(kind == "date" for kind, _ in pieces),
        is_elapsed=any(is_elapsed(kind, text) for kind, text in pieces),
        date=date_template(pieces),
        fixed=_fixed(pieces) if is_only else None,
    )


def _section(code: str, value: float) -> _Section:
    """Return the section of a code for a value: by its conditions, or else positive; negative; zero."""
    sections = _sections(code)
    if len(sections) == 1:
        return sections[0]
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or section.condition(value):
                return section
        return sections[-1]
    if value < 0:
        return sections[1]
    if value == 0 and len(sections) > 2 and sections[2].pieces:  # noqa: PLR2004 - the third one
        return sections[2]
    return sections[0]


def _condition(section: Sequence[Piece]) -> Callable[[float], bool] | None:
    for kind, text in section:
        if kind == "bracket" and (match := _CONDITION.fullmatch(text)):
            compare, limit = _COMPARISONS[match[1]], float(match[2])
            return lambda value: compare(value, limit)
    return None


def _has_negative(code: str) -> bool:
    sections = _sections(code)
    return len(sections) > 1 and not any(section.condition for section in sections)


def _fixed(pieces: Sequence[Piece]) -> _Fixed | None:
    marks = [at for at, (kind, _) in enumerate(pieces) if kind in {"number", "general"}]
    if not marks or ("other", "@") in pieces:
        return None
    first, after = marks[0], marks[-1] + 1
    found = _USUAL_NUMBER.fullmatch("".join(text for _, text in pieces[first:after]))
    if found is None or after - first != len(marks):
        return None
    decimals = len(found[2] or ".") - 1
    before, behind = ("".join(literal(*piece) for piece in part) for part in (pieces[:first], pieces[after:]))
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
            plain(value) if kind == "general" else literal(kind, text)
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
            out.append(literal(kind, text))
    return "".join(out).strip()


def _grouped(digits: str) -> str:
    return f"{int(digits):,}".rjust(len(digits), "0") if digits else ""
