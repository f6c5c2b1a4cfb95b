"""Marks in front of a cell that keep a spreadsheet from calculating it.

Spreadsheets and their exports write `'+15551230001` or `="+15551230001"` to keep a text a text (Shopify writes the
first, many reports the second). These marks are not part of the cell. In files of rejected rows, xuna puts an
apostrophe in front of every cell that a spreadsheet would calculate: `guard` adds it, `unguarded` removes it, and a
cell that is guarded and unguarded is unchanged.
"""

import contextlib
import json
import re
from collections.abc import Sequence
from itertools import repeat

from xuna_cli.lazy_pattern import lazy_pattern

REJECT_COLUMNS = ("row", "code", "message")
"""The columns that a file of rejected rows has in addition to the list's columns."""

# A spreadsheet with another separator than the comma ignores our quotes and splits a cell at its own separator, so a
# formula may also begin there. With a comma as separator, a program reads the quotes.
_PLACE = r"(?:^|(?<=[;|\t\r\n]))"
_DANGER = lazy_pattern(_PLACE + r"(?=[^\S\t\r\n]*(?:'|(?P<value>[=+\-@][^;|\t\r\n]*)))|^(?=[\t\r])")
_GUARDED = lazy_pattern(_PLACE + "'")
# A phone number starts with + and is not a formula; any other cell that a spreadsheet would calculate is guarded.
_NUMBER = lazy_pattern(r"[+-]?[0-9][0-9 ().\-]*")
_SPREADSHEETS = lazy_pattern(r"'(?=[=+@-]|[0-9][0-9 ().,\-]*$)")
_AS_TEXT = lazy_pattern(r'="((?:[^"]|"")*)"|"=""(.*)"""', re.DOTALL)


def guard(text: str) -> str:
    """Return a cell that a spreadsheet displays and doesn't calculate (OWASP: CSV injection)."""
    return _DANGER.sub(_apostrophe, text)


def _apostrophe(found: re.Match[str]) -> str:
    value = found["value"]
    return "" if value is not None and _NUMBER.fullmatch(value.strip()) else "'"


def unguarded(text: str) -> str:
    """Undo `guard`."""
    return _GUARDED.sub("", text)


def reject_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a header that xuna gave to a file of rejected rows: they are side by side, or none."""
    size = len(REJECT_COLUMNS)
    for ours in (REJECT_COLUMNS, tuple(f"xuna_{name}" for name in REJECT_COLUMNS)):
        if len(columns) > size and any(tuple(columns[at : at + size]) == ours for at in range(len(columns))):
            return ours
    return ()


def are_rejects(columns: Sequence[str]) -> bool:
    """Return whether a header belongs to a file of rejected rows."""
    return bool(reject_columns(columns))


def as_reject(value: object) -> object:
    """Return a value for a file of rejected rows; a text that looks like nested JSON is marked as text."""
    return f"'{value}" if isinstance(value, str) and _nested(value.lstrip("'")) is not None else value


def from_reject(text: str) -> object:
    """Return the value of a cell of a file of rejected rows: a text, or a nested value of a JSON contact."""
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
    """Remove a spreadsheet's marks from the cells of a row.

    Typed cells of a workbook and cells with an error are unchanged. An apostrophe is a mark only if a formula's sign
    follows, or nothing but a number: `'t Hooft` keeps its apostrophe.
    """
    # Almost no row has a mark; this check is the fastest.
    if any(map(str.startswith, row, repeat(("'", '="', '"=')))):
        return [_without_mark(cell) if cell.__class__ is str and cell[:1] in "'=\"" else cell for cell in row]
    return row


def _without_mark(cell: str) -> str:
    if match := _AS_TEXT.fullmatch(cell):
        inner = match[1] if match[1] is not None else match[2]
        return inner.replace('""', '"').strip()
    return cell[1:].strip() if _SPREADSHEETS.match(cell) else cell
