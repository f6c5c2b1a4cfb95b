"""Recognize phone columns by name, and check whether the first row is a header."""

from collections import Counter
from collections.abc import Sequence

from xuna_cli.contacts.phone_names import PHONE_COLUMN_NAMES, Standing, standing
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError
from xuna_cli.lazy_pattern import lazy_pattern

__all__ = [
    "FEWEST_DIGITS",
    "PHONE_COLUMN_NAMES",
    "ListUse",
    "check_header",
    "listed",
    "looks_like_phone",
    "may_be_phone",
    "phone_columns",
    "shell_quoted",
]

_PHONE_LIKE = lazy_pattern(r"'?[+(\d][\d\s().+/-]{6,}|\d(\.\d+)?[eE]\+?\d+")
FEWEST_DIGITS = 7
_LISTED = 20  # column names in one message
_BY_CONTENT = frozenset({"to", "dst", "recipient", "destination", "whatsapp"})


def phone_columns(columns: Sequence[str]) -> list[str]:
    """Return the columns whose names say that they contain the person's phone number, in their order.

    `Number` is included, as the weakest name. Somebody else's phone (the assistant's, the company's) is not.
    """
    return [column for column in columns if _is_phone(column)]


def _is_phone(column: str) -> bool:
    found = standing(column)
    return found >= Standing.ADDRESS or (
        found is Standing.WEAK and column.strip().casefold() not in _BY_CONTENT
    )


def may_be_phone(column: str) -> bool:
    """Return whether a column's name suggests anybody's phone number ("work phone", "company phone")."""
    return standing(column) is not Standing.NO


def check_header(header: Sequence[str], row_number: int, name: str) -> None:
    """Check that a row can be a header.

    Args:
        header: the row's cells, stripped.
        row_number: number of the row.
        name: name of the list in messages.

    Raises:
        InputError: two columns have the same name, or the row is already a contact.
    """
    if not phone_columns(header):
        for cell in header:
            if looks_like_phone(cell):
                raise InputError(
                    f"{name} has no header: row {row_number} contains {cell!r}, which looks like a phone number",
                    hint="add a row with the column names at the top, e.g. `phone,name`",
                    code="input-header",
                )
    twice = [cell for cell, count in Counter(header).items() if cell and count > 1]
    if twice:
        raise InputError(
            f"{name}, row {row_number}: more than one column is called {listed(twice)}",
            hint="give each column a different name",
            code="input-header",
        )


def looks_like_phone(cell: str) -> bool:
    """Return whether a cell looks like a phone number and not like a column name."""
    if not _PHONE_LIKE.fullmatch(cell):
        return False
    return "e" in cell.casefold() or sum(map(str.isdigit, cell)) >= FEWEST_DIGITS


def listed(names: Sequence[str]) -> str:
    """Format up to twenty names for a message."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(map(repr, names[:_LISTED])) + more if names else "none"


def shell_quoted(name: str) -> str:
    """Quote a name for a shell."""
    import shlex  # noqa: PLC0415 - only for a message

    return shlex.quote(name)


@dataclass(frozen=True, slots=True)
class ListUse:
    """How the columns of a list are used, for terminals and JSON.

    Attributes:
        phone_columns: columns with phone numbers, in the order in which they are tried.
        region_columns: columns with the country for numbers without +, most reliable first.
        do_not_call_columns: columns that mark who must not be called.
        sheet: the workbook's sheet; None for other formats.
        unused_columns: columns whose names suggest who is called, where or how, but that are not used.
        call_after_column: column with the earliest time to call the person.
        call_before_column: column with the latest time to call the person.
        remark_columns: columns in which words such as "do not call" mark who must not be called.
        state_columns: columns with the state in which the person lives.
    """

    phone_columns: tuple[str, ...] = ()
    region_columns: tuple[str, ...] = ()
    do_not_call_columns: tuple[str, ...] = ()
    sheet: str | None = None
    unused_columns: tuple[str, ...] = ()
    call_after_column: str | None = None
    call_before_column: str | None = None
    remark_columns: tuple[str, ...] = ()
    state_columns: tuple[str, ...] = ()
