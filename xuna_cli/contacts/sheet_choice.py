"""Workbooks (XLSX, XLSM, XLS, ODS): choose the sheet, and read its rows as a table."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from xuna_cli.contacts.columns import listed, shell_quoted
from xuna_cli.contacts.options import HiddenRows
from xuna_cli.contacts.phone_names import Standing, standing
from xuna_cli.contacts.workbooks.merges import filled_down
from xuna_cli.contacts.workbooks.number_formats import plain
from xuna_cli.contacts.workbooks.sheets import Sheet, SheetRow, Workbook, WorkbookError
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError
from xuna_cli.models import CellFault, TypedText

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOOKED_AT = 100  # rows of a sheet to search for its header
_COLUMNS_NAMED = 6


@dataclass(frozen=True, slots=True)
class SheetRecords:
    """The chosen sheet.

    Attributes:
        sheet: name of the sheet.
        records: every row, also blank ones, for `read_table`.
        notes: facts to know before anybody is called: other sheets, hidden rows.
        others: names of the other sheets, including hidden ones.
    """

    sheet: str
    records: Iterator[Sequence[str]]
    notes: tuple[str, ...]
    others: tuple[str, ...] = ()


def open_sheet(
    file: BinaryIO,
    wanted: str | None,
    name: str,
    *,
    hidden_rows: HiddenRows | None = None,
    phone_columns: Sequence[str] = (),
) -> SheetRecords:
    """Choose the sheet with the list, and open it.

    Args:
        file: the workbook; seekable, and left open.
        wanted: name of the sheet, in any case (default: the only visible one with a phone column).
        name: name of the list in messages.
        hidden_rows: what to do with hidden rows (default: raise an error).
        phone_columns: the user's `--phone-column` options.

    Raises:
        InputError: the file is not a workbook, needs a password, or is far too large when unpacked; the sheet does
            not exist, or several sheets may be the list; rows are hidden; or no cell was ever calculated.
    """
    book = _opened(file, name)
    sheet, notes = _choose(book, wanted, name, phone_columns)
    if hidden_rows is not HiddenRows.CALL:
        hidden = _hidden(book, sheet, name)
        if hidden and hidden_rows is None:
            rows = "1 row is" if len(hidden) == 1 else f"{len(hidden):,} rows are"
            raise InputError(
                f"{name}, sheet {sheet.name!r}: {rows} hidden, by a filter or by hand (e.g. row {hidden[0]})",
                hint="add --hidden-rows skip to leave out hidden rows, or --hidden-rows call to call them too",
                code="input-hidden-rows",
            )
        if hidden:
            rows = "1 hidden row is" if len(hidden) == 1 else f"{len(hidden):,} hidden rows are"
            notes = (*notes, f"{name}, sheet {sheet.name!r}: {rows} skipped (--hidden-rows skip)")
    rows_of_it = _displayed(book, sheet, name)
    return SheetRecords(
        sheet.name,
        _records(rows_of_it, skip_hidden=hidden_rows is HiddenRows.SKIP),
        notes,
        tuple(each.name for each in book.sheets if each is not sheet),
    )


def sheet_names(file: BinaryIO, name: str) -> list[str]:
    """Return the names of a workbook's sheets, including hidden ones.

    Raises:
        InputError: the file can't be read as a workbook.
    """
    return [sheet.name for sheet in _opened(file, name).sheets]


def read_sheet(file: BinaryIO, sheet: str, name: str) -> Iterator[Sequence[str]]:
    """Yield every row of a sheet of numbers, also blank and hidden ones, so that no number is lost.

    A number cell gives the digits of a phone number, whatever its format.

    Args:
        file: the workbook; seekable, and left open.
        sheet: the sheet's name.
        name: name of the list in messages.

    Raises:
        InputError: the sheet can't be read, or has a cell with an error or a formula without a result. Without all
            do-not-call numbers, people could be called who must not be.
    """
    book = _opened(file, name)
    found, _ = _choose(book, sheet, name, ())
    rows = _without_faults(_displayed(book, found, name), name, found)
    for cells in _records(rows, skip_hidden=False):
        yield [cell if cell.__class__ is str else str(as_phone(cell)) for cell in cells]


def as_phone(cell: object) -> object:
    """Return a cell of a phone column as text, as displayed if that shows the number's digits.

    A number that is displayed with thousands separators, or as 5.55E+09, gives its digits. The format can add digits
    in front, such as the country code of `"+44 "0`; they belong to the number. A date is not a phone number, although
    `2026-12-03` looks similar to one.
    """
    if not isinstance(cell, TypedText):
        return cell
    value = cell.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{cell} (not a number, but a {type(value).__name__})"
    if isinstance(value, float):
        return plain(value)
    shown = "".join(filter(str.isdigit, cell))
    return str(cell) if shown.endswith(str(value)) and "," not in cell else str(value)


def _without_faults(rows: Iterator[SheetRow], name: str, sheet: Sheet) -> Iterator[SheetRow]:
    for row in rows:
        for cell in row.cells:
            if isinstance(cell, CellFault):
                raise InputError(
                    f"{name}, sheet {sheet.name!r}, row {row.number}: {cell.message}",
                    hint="every cell of a do-not-call list needs a value; nobody was called",
                    code=cell.code,
                )
        yield row


def _opened(file: BinaryIO, name: str) -> Workbook:
    file.seek(0)
    head = file.read(4096)
    file.seek(0)
    try:
        return _reader(head)(file)
    except WorkbookError as error:
        raise _unreadable(name, error) from None


def _reader(head: bytes) -> Callable[[BinaryIO], Workbook]:
    """Return the reader for a file that begins with `head`; readers are imported when needed."""
    if head.startswith(_OLE):
        from xuna_cli.contacts.workbooks.xls import Xls  # noqa: PLC0415

        return Xls
    if head.startswith(_ZIP):
        if b"application/vnd.oasis.opendocument.spreadsheet" in head:
            from xuna_cli.contacts.workbooks.ods import Ods  # noqa: PLC0415

            return Ods
        from xuna_cli.contacts.workbooks.xlsx import Xlsx  # noqa: PLC0415

        return Xlsx
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta")):
        raise WorkbookError("it is an HTML page with the name of a workbook")
    if start.startswith(b"<?xml"):
        raise WorkbookError("it is an XML file with the name of a workbook")
    raise WorkbookError("it does not look like a workbook; if it is text, add --format csv")


def _unreadable(name: str, error: WorkbookError) -> InputError:
    return InputError(
        f"{name} can't be read as a workbook: {error}",
        hint="open the file in a spreadsheet program and save it as XLSX or CSV",
        code="input-workbook",
    )


def _displayed(book: Workbook, sheet: Sheet, name: str) -> Iterator[SheetRow]:
    """Yield the rows of a sheet as it displays them, with merged cells in each of their rows."""
    try:
        merges = book.merges(sheet)
    except WorkbookError as error:
        raise _unreadable(f"{name}, sheet {sheet.name!r},", error) from None
    rows = _guarded(book.rows(sheet), name, sheet)
    yield from filled_down(rows, merges) if merges else rows


def _guarded(rows: Iterator[SheetRow], name: str, sheet: Sheet) -> Iterator[SheetRow]:
    try:
        yield from rows
    except WorkbookError as error:
        raise _unreadable(f"{name}, sheet {sheet.name!r},", error) from None


def _records(rows: Iterator[SheetRow], *, skip_hidden: bool) -> Iterator[Sequence[str]]:
    """Yield the cells of every row; rows that the file leaves out are blank."""
    expected = 1
    for number, cells, hidden in rows:
        while expected < number:
            yield ()
            expected += 1
        yield () if hidden and skip_hidden else cells
        expected += 1


def _hidden(book: Workbook, sheet: Sheet, name: str) -> list[int]:
    """Return the hidden rows that are not blank; the header doesn't count."""
    try:
        if not book.has_hidden_rows(sheet):
            return []
    except WorkbookError as error:
        raise _unreadable(f"{name}, sheet {sheet.name!r},", error) from None
    filled = (row for row in _guarded(book.rows(sheet), name, sheet) if any(row.cells))
    return [row.number for row in islice(filled, 1, None) if row.hidden]


# -- which sheet


def _choose(
    book: Workbook, wanted: str | None, name: str, phone_columns: Sequence[str]
) -> tuple[Sheet, tuple[str, ...]]:
    names = [sheet.name for sheet in book.sheets]
    if wanted is not None:
        sheets = [sheet for sheet in book.sheets if sheet.name == wanted] or [
            sheet for sheet in book.sheets if sheet.name.strip().casefold() == wanted.strip().casefold()
        ]
        if len(sheets) != 1:
            what = "has no sheet" if not sheets else "has more than one sheet"
            raise InputError(
                f"{name} {what} {wanted!r}",
                hint=f"use one of these with --sheet: {listed(names)}",
                code="input-sheet",
            )
        return sheets[0], ()
    headers = {sheet.name: _header(book, sheet, name) for sheet in book.sheets if sheet.visible}
    filled = [sheet for sheet in book.sheets if sheet.visible and headers[sheet.name]]
    if not filled:
        hidden = [sheet.name for sheet in book.sheets if not sheet.visible]
        raise InputError(
            f"{name} has no visible sheet with data",
            hint=f"to read a hidden sheet, add --sheet {shell_quoted(hidden[0])}"
            if hidden
            else "check the file",
            code="input-sheet",
        )
    lists = [sheet for sheet in filled if _may_be_list(headers[sheet.name], phone_columns)]
    if len(filled) == 1:
        lists = filled
    if len(lists) == 1:
        others = [sheet.name for sheet in filled if sheet is not lists[0]]
        notes = (f"{name}: only sheet {lists[0].name!r} is read, not {listed(others)}",) if others else ()
        return lists[0], notes
    if lists:
        faults = {sheet.name: fault for sheet in lists if (fault := _fault_of_all(book, sheet, name))}
        usable = next((sheet for sheet in lists if sheet.name not in faults), lists[0])
        raise InputError(
            f"{name} has more than one sheet with a phone column: {listed([sheet.name for sheet in lists])}"
            + "".join(f"; {fault}" for fault in faults.values()),
            hint=f"choose one with --sheet, e.g. `--sheet {shell_quoted(usable.name)}`",
            code="input-sheet",
        )
    tabs = "; ".join(
        f"{sheet.name!r} starts with {listed(headers[sheet.name][:_COLUMNS_NAMED])}" for sheet in filled
    )
    raise InputError(
        f"{name} has no sheet with a phone number column; {tabs}",
        hint="name the sheet and the column with --sheet and --phone-column",
        code="input-sheet",
    )


def _header(book: Workbook, sheet: Sheet, name: str) -> list[str]:
    """Return the cells of the first row that is not blank; empty if the sheet can't be read."""
    try:
        for row in islice(_guarded(book.rows(sheet), name, sheet), _LOOKED_AT):
            if any(row.cells):
                return [str(cell) for cell in row.cells if cell]
    except InputError:
        return [] if len(book.sheets) > 1 else ["?"]  # the error is reported when the sheet is read
    return []


def _fault_of_all(book: Workbook, sheet: Sheet, name: str) -> str:
    """Return the error of a sheet whose rows have only cells without a value; empty if there is none."""
    first: CellFault | None = None
    for row in islice(_guarded(book.rows(sheet), name, sheet), 1, _LOOKED_AT):
        cells = [cell for cell in row.cells if cell]
        if not all(isinstance(cell, CellFault) for cell in cells):
            return ""
        first = first or next((cell for cell in cells if isinstance(cell, CellFault)), None)
    return f"no row of {sheet.name!r} can be used: {first.message}" if first is not None else ""


def _may_be_list(header: Sequence[str], phone_columns: Sequence[str]) -> bool:
    if phone_columns:
        return any(column in header for column in phone_columns)
    return any(standing(cell) in {Standing.OWN, Standing.ADDRESS, Standing.WEAK} for cell in header)
