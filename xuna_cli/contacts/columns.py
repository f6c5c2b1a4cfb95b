"""Which columns may hold the phone number, by their names, and whether the first row is a header at all."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from xuna_cli.contacts.phone_names import PHONE_COLUMN_NAMES, Standing, standing
from xuna_cli.errors import InputError

__all__ = [
    "FEWEST_DIGITS",
    "PHONE_COLUMN_NAMES",
    "ListUse",
    "check_header",
    "listed",
    "looks_like_phone",
    "may_be_phone",
    "phone_columns",
    "quoted",
]

_PHONE_LIKE = re.compile(r"'?[+(\d][\d\s().+/-]{6,}|\d(\.\d+)?[eE]\+?\d+")
FEWEST_DIGITS = 7
_LISTED = 20  # column names in one message
_BY_CONTENT = frozenset({"to", "dst", "recipient", "destination", "whatsapp"})


def phone_columns(columns: Sequence[str]) -> list[str]:
    """Return the columns whose name says that they hold a person's phone number, in their order.

    `Number` is one of them, the weakest; somebody else's phone (the assistant's, the company's) is none.
    """
    return [column for column in columns if _is_phone(column)]


def _is_phone(column: str) -> bool:
    found = standing(column)
    return found >= Standing.ADDRESS or (
        found is Standing.WEAK and column.strip().casefold() not in _BY_CONTENT
    )


def may_be_phone(column: str) -> bool:
    """Return whether a column may hold anybody's phone number by its name ("work phone", "company phone")."""
    return standing(column) is not Standing.NO


def check_header(header: Sequence[str], row_number: int, name: str) -> None:
    """Do nothing for a row that can be a header.

    Args:
        header: its cells, stripped.
        row_number: where it stands.
        name: what messages call the list.

    Raises:
        InputError: two columns have one name, or the row is a contact already.
    """
    if not phone_columns(header):
        for cell in header:
            if looks_like_phone(cell):
                raise InputError(
                    f"{name} has no header: row {row_number} contains {cell!r}, which looks like a phone number.",
                    hint="Add a row with the column names at the top, e.g. `phone,name`.",
                    code="input-header",
                )
    twice = [cell for cell, count in Counter(header).items() if cell and count > 1]
    if twice:
        raise InputError(
            f"{name}, row {row_number}: more than one column is called {listed(twice)}.",
            hint="Give each column a different name.",
            code="input-header",
        )


def looks_like_phone(cell: str) -> bool:
    """Return whether a cell is a phone number rather than a column's name."""
    if not _PHONE_LIKE.fullmatch(cell):
        return False
    return "e" in cell.casefold() or sum(map(str.isdigit, cell)) >= FEWEST_DIGITS


def listed(names: Sequence[str]) -> str:
    """Return the names as a person reads them, the first twenty."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(map(repr, names[:_LISTED])) + more if names else "none"


def quoted(name: str) -> str:
    """Return the name as a shell takes it."""
    import shlex  # noqa: PLC0415 - only for a message

    return shlex.quote(name)


@dataclass(frozen=True, slots=True)
class ListUse:
    """Which parts of a list steer its calls, for terminals and JSON.

    Attributes:
        phone_columns: with the numbers, in the order in which they are tried.
        region_columns: which say in which country numbers without + are read, the surest first.
        do_not_call_columns: which mark who must not be called.
        sheet: the workbook's; None for other formats.
        unused_columns: which say who is called, where or how by their names, and are not used.
    """

    phone_columns: tuple[str, ...] = ()
    region_columns: tuple[str, ...] = ()
    do_not_call_columns: tuple[str, ...] = ()
    sheet: str | None = None
    unused_columns: tuple[str, ...] = ()
