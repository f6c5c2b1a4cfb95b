"""Rows under a header, whatever file they come from: CSV, TSV and XLSX."""

from collections.abc import Iterator, Sequence

from xuna_cli.contacts.columns import check_header
from xuna_cli.contacts.sheets import cell_name
from xuna_cli.errors import InputError
from xuna_cli.models import BEYOND_THE_HEADER, CellFault, Contact, Rejection


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
            while not header[-1]:  # a spreadsheet's empty columns at the right are no columns
                header.pop()
            for cell in record:
                if isinstance(cell, CellFault):
                    raise InputError(f"{name}, the header: {cell.message}.", code=cell.code)
            check_header(header, row_number, name)
            return tuple(filter(None, header)), _rows(records, header, row_number, name, of_text=of_text)
    raise InputError(f"{name} has nothing but blank rows.", hint="A list needs a header row and contacts.")


def _rows(
    records: Iterator[Sequence[str]], header: list[str], header_row: int, name: str, *, of_text: bool
) -> Iterator[Contact | Rejection]:
    width = len(header)
    nameless = [position for position, cell in enumerate(header) if not cell]
    for row_number, record in enumerate(records, header_row + 1):
        row = list(map(str.strip, record)) if of_text else list(record)
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
                f"{name}, row {row_number}: column {position + 1} holds {row[position]!r}, "
                f"and has no name in the header.",
                hint="Give the column a name in the header, or remove it.",
                code="input-header",
            )


def _too_long(row: list[str], header: list[str], row_number: int, *, of_text: bool) -> Rejection:
    extra = next(cell for cell in row[len(header) :] if cell)
    fields: dict[str, object] = {column: cell for column, cell in zip(header, row, strict=False) if column}
    advice = "A cell that holds the delimiter needs quotes around it."
    if not of_text:
        cell = cell_name(row_number, row.index(extra, len(header)))
        advice = f"Clear cell {cell}, or give its column a name in the header."
    fields[BEYOND_THE_HEADER] = row[len(header) :]
    return Rejection(
        row_number,
        "row-too-long",
        "",
        f"The row has {len(row)} cells, and the header {len(header)}; the first too many is {extra!r}. "
        f"{advice}",
        Contact(row_number, fields),
    )
