"""A row's values for templates, and the errors for values that can't be spoken."""

import math
import unicodedata
from abc import ABC
from collections.abc import Mapping
from decimal import Decimal

LONGEST_TEXT = 100_000
"""In characters; an hour of speech is about 50,000."""
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Characters that Unicode counts as letters or symbols but that are invisible: Hangul fillers, a Braille blank."""


class TargetProblem(Exception):  # noqa: N818 - a finding about a row, not a failure of the program
    """The reason why a row with a usable number can't become a call target.

    Args:
        code: code of the rejection.
        message: description for people.
        column: the column with the problem, if known.
        cell: otherwise the text with the problem, if known.
    """

    def __init__(self, code: str, message: str, column: str = "", cell: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.column = column
        self.cell = cell


class TemplateProblem(TargetProblem):
    """The template has no usable text for a row."""


class EmptyValue(TemplateProblem):
    """A placeholder would have spoken an empty cell."""

    def __init__(self, column: str) -> None:
        super().__init__(
            "template-empty-value",
            f'{column!r} is empty; fill in the cell, or add a fallback: {{{{ … | default("there") }}}}',
            column,
        )


def is_empty(value: object) -> bool:
    """Return whether a cell is empty: missing, null, or text without a visible character."""
    if value is None:
        return True
    if not isinstance(value, str):
        return False
    text = value.strip()
    if not text or text.isascii():
        return not text
    # A text of only zero-width and directional marks, or of invisible letters, would also give "Hi ,".
    return all(
        char.isspace() or char in FILLERS or unicodedata.category(char) in ("Cf", "Cc") for char in text
    )


def check_encodable(text: str) -> None:
    """Check that a text can be sent.

    Raises:
        TemplateProblem: the text has half a character (a lone surrogate, which JSON can contain).
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "the text contains a broken character (half of a surrogate pair)"
        raise TemplateProblem("template-error", message) from None


def too_long() -> TemplateProblem:
    """Return the error for a text above LONGEST_TEXT."""
    return TemplateProblem("template-error", f"the text is longer than {LONGEST_TEXT:,} characters")


class Speakable(ABC):  # noqa: B024 - classes are registered
    """A value of the template language whose `str` is what is spoken."""

    __slots__ = ()


class JsonText(str):
    """The result of the filter `tojson`: text that is a complete JSON value."""

    __slots__ = ()


class Row(Speakable):
    """`row["Order No"]`: gives access to any column, whatever its name.

    Args:
        fields: the row's cells by column.
        spelling: the columns of names that the template spells differently.
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
    """Return a value as it is spoken and sent.

    Raises:
        TemplateProblem: the value can't be spoken: null, a list, an object.
    """
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (float, Decimal)):
        return _spoken_number(value)
    if isinstance(value, (str, int, Speakable)):
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
        TemplateProblem: the number is infinite or NaN.
    """
    if not math.isfinite(value):
        raise TemplateProblem("template-error", f"the template uses {value}, which is not a number")
    # A float preserves 15 digits of any decimal number (sys.float_info.dig).
    exact = value if isinstance(value, Decimal) else Decimal(f"{value:.15g}")
    return f"{exact:.0f}" if exact == exact.to_integral_value() else f"{exact:f}"


def _kind(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "a list"
    return "an object" if isinstance(value, dict) else f"a value of type {type(value).__name__}"
