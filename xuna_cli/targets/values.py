"""A row's values as a template may speak them, and what is said where it may not."""

import math
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.exceptions import SecurityError
from jinja2.utils import missing

_QUOTED = 40
LONGEST_TEXT = 100_000
"""In characters; an hour of speech is about 50,000."""
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Characters that are letters or symbols to Unicode, and blank to everybody: Hangul fillers, a Braille blank."""


class TargetProblem(Exception):  # noqa: N818 - a finding about a row, not a failure of the program
    """Why a row whose number is fine can't become a call target.

    Args:
        code: the rejection's slug.
        message: for a person.
        column: the column at fault, where it is known.
        cell: else the text at fault, where it is known.
    """

    def __init__(self, code: str, message: str, column: str = "", cell: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.column = column
        self.cell = cell


class TemplateProblem(TargetProblem):
    """A row for which a template has no usable text."""


class EmptyValue(TemplateProblem):
    """A placeholder would have spoken an empty cell."""

    def __init__(self, column: str) -> None:
        super().__init__(
            "template-empty-value",
            f'{column!r} is empty. Fill in the cell, or add a fallback: {{{{ … | default("there") }}}}',
            column,
        )


def is_empty(value: object) -> bool:
    """Return whether a cell has nothing in it: missing, null, or text that nobody can see."""
    if value is None:
        return True
    if not isinstance(value, str):
        return False
    text = value.strip()
    if not text or text.isascii():
        return not text
    # Zero-width and directional marks alone would be "Hi ," again, and so would letters that nobody sees.
    return all(
        char.isspace() or char in FILLERS or unicodedata.category(char) in ("Cf", "Cc") for char in text
    )


def check_encodable(text: str) -> None:
    """Check that a text can be sent.

    Raises:
        TemplateProblem: it has half of a character (a lone surrogate, as JSON can write).
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "the text contains a broken character (half of a surrogate pair)"
        raise TemplateProblem("template-error", message) from None


def too_long() -> TemplateProblem:
    """Return what is wrong with a text that is longer than any that is spoken."""
    return TemplateProblem("template-error", f"the text is longer than {LONGEST_TEXT:,} characters")


class Empty(StrictUndefined):
    """Stands in for an empty cell: false in a test, undefined for `default`, an error when used."""

    __slots__ = ()

    def __init__(self, hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = None) -> None:
        super().__init__(hint, obj, name, exc)
        if exc is not SecurityError:
            self._undefined_exception = lambda _: EmptyValue(str(name or hint or "a value"))  # type: ignore[assignment]

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __contains__(self, _item: object) -> bool:  # type: ignore[override]
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return isinstance(other, Undefined) or is_empty(other)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(None)


class JsonText(str):
    """What the filter `tojson` returns: text that is a whole value in JSON."""

    __slots__ = ()


class Row:
    """`row["Order No"]`: any column, whatever its name.

    Args:
        fields: the row's cells by column.
        spelling: the column for each name that the template spells otherwise.
    """

    __slots__ = ("_fields", "_spelling")

    def __init__(self, fields: Mapping[str, object], spelling: Mapping[str, str]) -> None:
        self._fields = fields
        self._spelling = spelling

    def __getitem__(self, column: str) -> object:
        return self._fields[self._spelling.get(column, column)]

    def __str__(self) -> str:
        raise TemplateProblem("template-error", 'row can\'t be spoken; name one column: row["…"]')


def spoken(value: object) -> str:
    """Return a value as it is said and sent.

    Raises:
        TemplateProblem: it is nothing that can be spoken: null, a list, an object.
    """
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (float, Decimal)):
        return _spoken_number(value)
    if isinstance(value, (str, int, Undefined, Row)):
        return str(value)
    if value is None:
        raise TemplateProblem(
            "template-empty-value", "the template uses a value that is empty (null) in this row"
        )
    raise TemplateProblem(
        "template-error",
        f'{_kind(value)} can\'t be spoken; use a part of it, join a list with | join(", "), or use | tojson',
    )


def _spoken_number(value: float | Decimal) -> str:
    """Return a number as people write it: `1` for 1.0, `0.3` for 0.1 + 0.2, and never 1e+16.

    Raises:
        TemplateProblem: it is infinite, or no number at all.
    """
    if not math.isfinite(value):
        raise TemplateProblem("template-error", f"the template uses {value}, which is not a number")
    # 15 digits are what a float holds of any decimal number (sys.float_info.dig).
    exact = value if isinstance(value, Decimal) else Decimal(f"{value:.15g}")
    return f"{exact:.0f}" if exact == exact.to_integral_value() else f"{exact:f}"


def quoted(value: object) -> str:
    """Return a value for a message, in quotes, and not too long."""
    text = str(value)
    return f'"{text[:_QUOTED]}…"' if len(text) > _QUOTED else f'"{text}"'


def _kind(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "a list"
    return "an object" if isinstance(value, dict) else f"a value of type {type(value).__name__}"
