"""Marks that a spreadsheet, or this tool, has put in front of a cell so that nobody calculates it.

`'+15551230001` and `="+15551230001"` are how spreadsheets and their exports keep a text a text (Shopify writes the
first, many reports the second); neither mark is part of the cell. The rejects that this tool writes have the same
apostrophe in front of everything that a spreadsheet would calculate: `guard` puts it there, `unguarded` takes it away,
and a cell that goes both ways is what it was.
"""

import re
from collections.abc import Sequence
from itertools import repeat

REJECT_COLUMNS = ("row", "code", "message")
"""What a file of rejected rows has beside the list's own columns."""

# A spreadsheet whose separator is not the comma breaks our quoting, and splits a cell at its own: what comes
# behind one may be a formula too. Behind a comma it can't be: who splits there reads the quotes.
_PLACE = r"(?:^|(?<=[;|\t\r\n]))"
_DANGER = re.compile(_PLACE + r"(?='|[^\S\t\r\n]*(?P<value>[=+\-@][^;|\t\r\n]*))|^(?=[\t\r])")
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
    """Tell whether a header is of a file of rejected rows, by the columns that it ends with."""
    return len(columns) > len(REJECT_COLUMNS) and tuple(columns[-3:]) in (
        REJECT_COLUMNS,
        tuple(f"xuna_{name}" for name in REJECT_COLUMNS),
    )


def without_marks(row: list[str]) -> list[str]:
    """Return the cells of a row without the marks of a spreadsheet.

    An apostrophe counts as one where a formula's sign or nothing but a number follows: `'t Hooft` keeps its own.
    """
    # Nearly no row has any: this is the quickest look.
    if any(map(str.startswith, row, repeat(("'", '="', '"=')))):
        return [_without_mark(cell) if cell[:1] in "'=\"" else cell for cell in row]
    return row


def _without_mark(cell: str) -> str:
    if match := _AS_TEXT.fullmatch(cell):
        inner = match[1] if match[1] is not None else match[2]
        return inner.replace('""', '"').strip()
    return cell[1:].strip() if _SPREADSHEETS.match(cell) else cell
