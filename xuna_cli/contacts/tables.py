"""Rows under a header, from any file format: CSV, TSV and workbooks."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from xuna_cli.contacts.apostrophes import are_rejects, from_reject, unguarded, without_marks
from xuna_cli.contacts.columns import check_header, looks_like_phone, phone_columns
from xuna_cli.contacts.delimited import DELIMITERS
from xuna_cli.contacts.phone_names import Standing, standing
from xuna_cli.contacts.review_table import is_review
from xuna_cli.errors import InputError
from xuna_cli.models import BEYOND_THE_HEADER, CellFault, Contact, Rejection

HEADER_WITHIN = 10
"""Number of rows to search for a better header, if the header has no phone column."""


def read_table(
    records: Iterator[Sequence[str]], name: str, *, of_text: bool = True
) -> tuple[tuple[str, ...], Iterator[Contact | Rejection]]:
    """Read the header, and return its columns and the rows under it.

    Args:
        records: every row of the file, also blank ones, so that rows can be counted.
        name: name of the list in messages.
        of_text: whether the cells are plain text of the file; a workbook's cells are stripped and typed.

    Returns:
        The columns that have a name, and an iterator over all rows that are not blank: a `Contact` with one stripped
        cell for each column, or a `Rejection` (`row-too-long`).

    Raises:
        InputError: all rows are blank, or the first other row is not a header. The iterator raises it for a cell in a
            column without a name.
    """
    for row_number, record in enumerate(records, 1):
        header = [cell.strip() for cell in record]
        if any(header):
            guarded = are_rejects([cell for cell in header if cell]) or is_review(header)
            header = list(map(unguarded, header)) if guarded else without_marks(header)
            while not header[-1]:  # a spreadsheet's empty columns on the right don't count
                header.pop()
            for cell in record:
                if isinstance(cell, CellFault):
                    raise InputError(f"{name}, the header: {cell.message}", code=cell.code)
            records = _check_header(header, row_number, records, name)
            return tuple(filter(None, header)), _rows(
                records, header, row_number, name, _cleaner(guarded=guarded), of_text=of_text
            )
    raise InputError(f"{name} has only blank rows", hint="a list needs a header row and contacts")


def _check_header(
    header: list[str], row_number: int, records: Iterator[Sequence[str]], name: str
) -> Iterator[Sequence[str]]:
    """Check the header, and return the rows under it; report two header rows as such."""
    try:
        check_header(header, row_number, name)
    except InputError as error:
        if error.code == "input-header" and not phone_columns(header):
            for number, record in enumerate(islice(records, HEADER_WITHIN), row_number + 1):
                if phone_columns([cell.strip() for cell in record]):
                    raise _below(header, number, name) from None
        raise
    return records if any(header[1:]) else _check_title(header, row_number, records, name)


def _check_title(
    header: list[str], row_number: int, records: Iterator[Sequence[str]], name: str
) -> Iterator[Sequence[str]]:
    """Check that a header with one cell is not a title above the header; return the rows under it."""
    above = []
    for number, record in enumerate(records, row_number + 1):
        above.append(record)
        cells = [cell.strip() for cell in record if cell.strip()]
        # A title without any delimiter doesn't tell which one the file has.
        ways = [cells] if len(cells) != 1 else [_split(cells[0], delimiter) for delimiter in DELIMITERS]
        if any(len(way) > 1 and phone_columns(way) and not any(map(looks_like_phone, way)) for way in ways):
            raise _below(header, number, name)
        if cells:
            break
    return chain(above, records)


def _split(cell: str, delimiter: str) -> list[str]:
    return [part.strip(' "') for part in cell.split(delimiter)]


def check_header_place(columns: Sequence[str], rows: Sequence[Contact | Rejection], name: str) -> None:
    """Check that no row under the header is a better header.

    Args:
        columns: the header.
        rows: the first rows under the header.
        name: name of the list in messages.

    Raises:
        InputError: a row contains the name of a phone column, so the rows above it are a title.
    """
    if any(standing(column) is not Standing.NO for column in columns):
        return  # it is a header; its errors were already reported
    for row in rows:
        fields = row.contact.fields if isinstance(row, Rejection) and row.contact else {}
        cells: list[object] = list((row.fields if isinstance(row, Contact) else fields).values())
        flat = [cell for each in cells for cell in (each if isinstance(each, list) else [each])]
        names = [cell for cell in flat if isinstance(cell, str)]
        if len(flat) > 1 and phone_columns(names) and not any(map(looks_like_phone, names)):
            raise _below(columns, row.row_number, name)


def _below(header: Sequence[str], row_number: int, name: str) -> InputError:
    above = next(filter(None, header), "")
    rows = "row 1" if row_number == 2 else f"rows 1 to {row_number - 1}"  # noqa: PLR2004 - one row above
    return InputError(
        f"{name}: row {row_number} looks like the header, but above it is {above!r}",
        hint=f"delete {rows}: the first row must contain the column names",
        code="input-title-row",
    )


def _cleaner(*, guarded: bool) -> Callable[[Sequence[str]], list[Any]]:
    """Return a function that cleans the cells of a row; typed cells of a workbook need no cleaning.

    Spreadsheet marks are also removed in workbooks. A spreadsheet program that opens a CSV and saves it as a workbook
    keeps the marks as text.
    """
    if guarded:
        return lambda record: [
            from_reject(cell.strip()) if cell.__class__ is str else cell for cell in record
        ]
    return lambda record: without_marks([cell.strip() if cell.__class__ is str else cell for cell in record])


def _rows(
    records: Iterator[Sequence[str]],
    header: list[str],
    header_row: int,
    name: str,
    cleaned: Callable[[Sequence[str]], list[Any]],
    *,
    of_text: bool,
) -> Iterator[Contact | Rejection]:
    width = len(header)
    nameless = [position for position, cell in enumerate(header) if not cell]
    for row_number, record in enumerate(records, header_row + 1):
        row = cleaned(record)
        if not any(row):
            continue
        if len(row) != width:
            if len(row) < width:  # editors remove empty cells at the end of a row
                row += [""] * (width - len(row))
            elif any(row[width:]):
                yield _too_long(row, header, row_number, of_text=of_text)
                continue
        if nameless:
            _check_nameless(row, nameless, row_number, name)
        fields = dict(zip(header, row))  # noqa: B905 - a longer row has only empty cells there
        if nameless:
            del fields[""]
        yield Contact(row_number, fields)


def _check_nameless(row: Sequence[str], nameless: Sequence[int], row_number: int, name: str) -> None:
    for position in nameless:
        if row[position]:
            raise InputError(
                f"{name}, row {row_number}: column {position + 1} contains {row[position]!r}, "
                "but has no name in the header",
                hint="give the column a name in the header, or remove the column",
                code="input-header",
            )


def _too_long(row: list[str], header: list[str], row_number: int, *, of_text: bool) -> Rejection:
    extra = next(cell for cell in row[len(header) :] if cell)
    fields: dict[str, object] = {column: cell for column, cell in zip(header, row, strict=False) if column}
    advice = "put quotes around a cell that contains the delimiter"
    if not of_text:
        from xuna_cli.contacts.workbooks.sheets import cell_name  # noqa: PLC0415 - only for workbooks

        cell = cell_name(row_number, row.index(extra, len(header)))
        advice = f"clear cell {cell}, or give its column a name in the header"
    fields[BEYOND_THE_HEADER] = row[len(header) :]
    return Rejection(
        row_number,
        "row-too-long",
        "",
        f"the row has {len(row)} cells, but the header has {len(header)} (first extra cell: {extra!r}); "
        f"{advice}",
        Contact(row_number, fields),
    )
