"""Read XLS: the sheets of an old Excel workbook, with xlrd, which knows errors, formats and hidden rows."""

import io
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from xuna_cli.contacts.workbooks.merges import Merge
from xuna_cli.contacts.workbooks.number_formats import GENERAL, show
from xuna_cli.contacts.workbooks.sheets import Sheet, SheetRow, WorkbookError, cell_name
from xuna_cli.models import CellFault, TypedText

# The format ends at 65,536 rows of 256 columns. A larger file contains pictures, and xlrd reads it into memory.
_LARGEST = 256 * 1024 * 1024
_PASSWORD = "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e".encode("latin-1")
# A record that Excel and LibreOffice write after calculating ([MS-XLS] 2.4.215, RecalcId).
_RECALC_ID = 0x01C1


class Xls:
    """An old Excel workbook (BIFF).

    Args:
        file: the file's bytes; seekable, and left open.

    Attributes:
        sheets: the worksheets in their order.

    Raises:
        WorkbookError: the workbook can't be read.
    """

    def __init__(self, file: BinaryIO) -> None:
        import xlrd  # noqa: PLC0415 - only for such a workbook
        from xlrd.compdoc import CompDocError  # noqa: PLC0415

        file.seek(0)
        content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise WorkbookError(f"it has more than {_LARGEST // 2**20} MiB")
        if _PASSWORD in content:
            raise WorkbookError("it is protected by a password; save a copy without one")
        try:
            self._book = xlrd.open_workbook(
                file_contents=content, formatting_info=True, ragged_rows=True, logfile=io.StringIO()
            )
        except (xlrd.XLRDError, CompDocError) as error:
            words = str(error)
            if "encrypted" in words.lower() or "password" in words.lower():
                raise WorkbookError("it is protected by a password; save a copy without one") from None
            raise WorkbookError(f"it is damaged ({words})") from None
        except Exception as error:  # noqa: BLE001 - damaged bytes can make the library raise anything
            raise WorkbookError(f"it is damaged ({type(error).__name__})") from None
        self._errors: dict[int, str] = xlrd.error_text_from_code
        self._calculated = _has_record(content, _RECALC_ID)
        self.sheets = [
            Sheet(sheet.name, sheet.visibility == 0, str(index))
            for index, sheet in enumerate(self._book.sheets())
        ]

    def has_hidden_rows(self, sheet: Sheet) -> bool:
        """Return whether a row of the sheet is hidden."""
        return any(row.hidden for row in self._sheet(sheet).rowinfo_map.values())

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows of the sheet in their order."""
        table = self._sheet(sheet)
        for index in range(table.nrows):
            cells = [
                self._shown_text(cell, index + 1, column) for column, cell in enumerate(table.row(index))
            ]
            info = table.rowinfo_map.get(index)
            yield SheetRow(index + 1, cells, bool(info is not None and info.hidden))

    def merges(self, sheet: Sheet) -> list[Merge]:
        """Return the sheet's merged cells that cover several rows."""
        ranges = self._sheet(sheet).merged_cells  # from 0, without the last row and column
        return [Merge(column, first + 1, end) for first, end, column, _ in ranges if end > first + 1]

    def _sheet(self, sheet: Sheet) -> Any:
        return self._book.sheet_by_index(int(sheet.part))

    def _shown_text(self, cell: Any, row: int, column: int) -> str:
        kind, value = cell.ctype, cell.value
        if kind == 1:  # text
            if not value and not self._calculated and cell.xf_index is not None:
                return CellFault("=…", "cell-not-calculated", cell_name(row, column))
            return str(value).strip()
        if kind in {2, 3}:  # a number, or a date
            try:
                return show(value, self._format(cell.xf_index), epoch_1904=bool(self._book.datemode))
            except (ValueError, OverflowError):
                return str(value)
        if kind == 4:  # noqa: PLR2004 - a boolean
            return TypedText("TRUE" if value else "FALSE", bool(value))
        if kind == 5:  # noqa: PLR2004 - an error
            return CellFault(self._errors.get(value, "#ERROR"), "cell-error", cell_name(row, column))
        return ""

    def _format(self, style: int | None) -> str:
        if style is None or style >= len(self._book.xf_list):
            return GENERAL
        known = self._book.format_map.get(self._book.xf_list[style].format_key)
        return known.format_str if known is not None else GENERAL


def _has_record(content: bytes, record: int) -> bool:
    """Return whether a workbook's stream has a record of this kind with four bytes or more."""
    return struct.pack("<HHH", record, 8, record) in content
