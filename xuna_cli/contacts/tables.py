"""Rows under a header, whatever file they come from: CSV, TSV and XLSX."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from xuna_cli.contacts.apostrophes import are_rejects, from_reject, unguarded, without_marks
from xuna_cli.contacts.columns import check_header, looks_like_phone, phone_columns
from xuna_cli.contacts.phone_names import Standing, standing
from xuna_cli.contacts.review_table import is_review
from xuna_cli.errors import InputError
from xuna_cli.models import BEYOND_THE_HEADER, CellFault, Contact, Rejection

HEADER_WITHIN = 10
"""Rows under a header in which a better one is looked for, when it has no phone column."""


def read_table(
    records: Iterator[Sequence[str]], name: str, *, of_text: bool = True
) -> tuple[tuple[str, ...], Iterator[Contact | Rejection]]:
    """Read the header, and return it with the rows under it.

    Args:
        records: every row of the file from its first, blank ones too, so that they can be counted.
        name: what messages call the list.
        of_text: whether the cells come as the file has them; a workbook's are stripped, and have types.

    Returns:
        The columns that have a name, and an iterator that gives each row that isn't blank once: a `Contact`
        whose cells are stripped and as many as the columns, or a `Rejection` (`row-too-long`).

    Raises:
        InputError: no row has anything in it, or the first that has is no header. The iterator raises it
            for a cell under a column that has no name.
    """
    for row_number, record in enumerate(records, 1):
        header = [cell.strip() for cell in record]
        if any(header):
            guarded = are_rejects([cell for cell in header if cell]) or is_review(header)
            header = list(map(unguarded, header)) if guarded else without_marks(header)
            while not header[-1]:  # a spreadsheet's empty columns at the right are no columns
                header.pop()
            for cell in record:
                if isinstance(cell, CellFault):
                    raise InputError(f"{name}, the header: {cell.message}.", code=cell.code)
            records = _check_header(header, row_number, records, name)
            return tuple(filter(None, header)), _rows(
                records, header, row_number, name, _cleaner(guarded=guarded), of_text=of_text
            )
    raise InputError(f"{name} has only blank rows.", hint="A list needs a header row and contacts.")


def _check_header(
    header: list[str], row_number: int, records: Iterator[Sequence[str]], name: str
) -> Iterator[Sequence[str]]:
    """Check the header, and return the rows under it; two rows of headings are told as that."""
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
    """Check that a header of one cell is no title above the header, and return the rows under it."""
    above = []
    for number, record in enumerate(records, row_number + 1):
        above.append(record)
        cells = [cell.strip() for cell in record if cell.strip()]
        if len(cells) > 1 and phone_columns(cells) and not any(map(looks_like_phone, cells)):
            raise _below(header, number, name)
        if cells:
            break
    return chain(above, records)


def check_header_place(columns: Sequence[str], rows: Sequence[Contact | Rejection], name: str) -> None:
    """Do nothing where no row under a header looks more like one.

    Args:
        columns: the header.
        rows: the first rows under it.
        name: what messages call the list.

    Raises:
        InputError: a row has the name of a phone column in it: the rows above are a title.
    """
    if any(standing(column) is not Standing.NO for column in columns):
        return  # it is a header: what is wrong with it was said
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
        f"{name}: row {row_number} looks like the header, but above it is {above!r}.",
        hint=f"Delete {rows}: the first row must contain the column names.",
        code="input-title-row",
    )


def _cleaner(*, guarded: bool) -> Callable[[Sequence[str]], list[Any]]:
    """Return what makes the cells of a record what was meant; a typed cell of a workbook is that already.

    Marks are looked for in a workbook, too: a spreadsheet program that opens a CSV keeps them as text when it
    saves the file as a workbook.
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
            if len(row) < width:  # editors drop empty cells at the end of a row
                row += [""] * (width - len(row))
            elif any(row[width:]):
                yield _too_long(row, header, row_number, of_text=of_text)
                continue
        if nameless:
            _check_nameless(row, nameless, row_number, name)
        fields = dict(zip(header, row))  # noqa: B905 - a longer row has nothing but empty cells there
        if nameless:
            del fields[""]
        yield Contact(row_number, fields)


def _check_nameless(row: Sequence[str], nameless: Sequence[int], row_number: int, name: str) -> None:
    for position in nameless:
        if row[position]:
            raise InputError(
                f"{name}, row {row_number}: column {position + 1} contains {row[position]!r}, "
                "but has no name in the header.",
                hint="Give the column a name in the header, or remove the column.",
                code="input-header",
            )


def _too_long(row: list[str], header: list[str], row_number: int, *, of_text: bool) -> Rejection:
    extra = next(cell for cell in row[len(header) :] if cell)
    fields: dict[str, object] = {column: cell for column, cell in zip(header, row, strict=False) if column}
    advice = "Put quotes around a cell that contains the delimiter."
    if not of_text:
        from xuna_cli.contacts.sheets import cell_name  # noqa: PLC0415 - workbooks alone

        cell = cell_name(row_number, row.index(extra, len(header)))
        advice = f"Clear cell {cell}, or give its column a name in the header."
    fields[BEYOND_THE_HEADER] = row[len(header) :]
    return Rejection(
        row_number,
        "row-too-long",
        "",
        f"The row has {len(row)} cells, but the header has {len(header)}; the first extra cell is {extra!r}. "
        f"{advice}",
        Contact(row_number, fields),
    )
