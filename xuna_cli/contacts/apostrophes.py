"""Marks that a spreadsheet, or this tool, has put in front of a cell so that nobody calculates it.

`'+15551230001` and `="+15551230001"` are how spreadsheets and their exports keep a text a text (Shopify writes the
first, many reports the second); neither mark is part of the cell. The rejects that this tool writes have the same
apostrophe in front of everything that a spreadsheet would calculate: `guard` puts it there, `unguarded` takes it away,
and a cell that goes both ways is what it was.
"""

import contextlib
import json
import re
from collections.abc import Sequence
from itertools import repeat

REJECT_COLUMNS = ("row", "code", "message")
"""What a file of rejected rows has beside the list's own columns."""

# A spreadsheet whose separator is not the comma breaks our quoting, and splits a cell at its own: what comes
# behind one may be a formula too. Behind a comma it can't be: who splits there reads the quotes.
_PLACE = r"(?:^|(?<=[;|\t\r\n]))"
_DANGER = re.compile(_PLACE + r"(?=[^\S\t\r\n]*(?:'|(?P<value>[=+\-@][^;|\t\r\n]*)))|^(?=[\t\r])")
_GUARDED = re.compile(_PLACE + "'")
# A phone number starts with + and is no formula; anything else that a spreadsheet would calculate is guarded.
_NUMBER = re.compile(r"[+-]?[0-9][0-9 ().\-]*")
_SPREADSHEETS = re.compile(r"'(?=[=+@-]|[0-9][0-9 ().,\-]*$)")
_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"|"=""(.*)"""', re.DOTALL)


def guard(text: str) -> str:
    """Return a cell that a spreadsheet shows and doesn't calculate (OWASP: CSV injection)."""
    return _DANGER.sub(_apostrophe, text)


def _apostrophe(found: re.Match[str]) -> str:
    value = found["value"]
    return "" if value is not None and _NUMBER.fullmatch(value.strip()) else "'"


def unguarded(text: str) -> str:
    """Return the cell that `guard` was given."""
    return _GUARDED.sub("", text)


def are_rejects(columns: Sequence[str]) -> bool:
    """Return whether a header is of a file of rejected rows, by our columns, which stand together in it."""
    ours = (REJECT_COLUMNS, tuple(f"xuna_{name}" for name in REJECT_COLUMNS))
    return len(columns) > len(REJECT_COLUMNS) and any(
        tuple(columns[at : at + len(REJECT_COLUMNS)]) in ours for at in range(len(columns))
    )


def as_reject(value: object) -> object:
    """Return a value as a file of rejected rows has it: a text that reads like nested JSON is marked as a text."""
    return f"'{value}" if isinstance(value, str) and _nested(value.lstrip("'")) is not None else value


def from_reject(text: str) -> object:
    """Return the value that a cell of such a file stands for: a text, or what was nested in a JSON contact."""
    text = unguarded(text)
    if (nested := _nested(text)) is not None:
        return nested
    return text[1:] if text[:1] == "'" and _nested(text.lstrip("'")) is not None else text


def _nested(text: str) -> object:
    if text[:1] in ("{", "["):
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(text)
    return None


def without_marks(row: list[str]) -> list[str]:
    """Return the cells of a row without the marks of a spreadsheet.

    A typed cell of a workbook, or one with an error, stays as it is. An apostrophe counts as one where a formula's
    sign or nothing but a number follows: `'t Hooft` keeps its own.
    """
    # Nearly no row has any: this is the quickest look.
    if any(map(str.startswith, row, repeat(("'", '="', '"=')))):
        return [_without_mark(cell) if cell.__class__ is str and cell[:1] in "'=\"" else cell for cell in row]
    return row


def _without_mark(cell: str) -> str:
    if match := _AS_TEXT.fullmatch(cell):
        inner = match[1] if match[1] is not None else match[2]
        return inner.replace('""', '"').strip()
    return cell[1:].strip() if _SPREADSHEETS.match(cell) else cell
