"""Read ODS: the sheets of an OpenDocument workbook, row by row, in constant memory.

The elements are those of OpenDocument 1.3, part 3, chapter 9. A cell has the text that the sheet displays.
"""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from xuna_cli.contacts.workbooks.merges import Merge, check_number
from xuna_cli.contacts.workbooks.number_formats import plain
from xuna_cli.contacts.workbooks.sheets import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    ZIP_ERRORS,
    Sheet,
    SheetRow,
    WorkbookError,
    cell_name,
    checked_places,
    feed,
    make_parser,
    unpack,
    whole_number,
)
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import CellFault, TypedText

_CONTENT = "content.xml"
_MOST_COMPRESSED = 500  # larger than for XLSX, because its XML is more verbose and compresses better
_ERROR = lazy_pattern(r"#(REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!)|Err:\d+")
_DURATION = lazy_pattern(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?")
_NUMBERS = frozenset({"float", "currency", "percentage"})
_HIDDEN_ROWS = lazy_pattern(rb"<table:table-row\s[^>]*table:visibility=[\"'](?:collapse|filter)")
_SPANNED = lazy_pattern(rb"number-rows-spanned=[\"'](?!1[\"'])")
_LONGEST_TAG = 4096
_SPACES = {"s": " ", "tab": "\t", "line-break": "\n"}


class Ods:
    """An OpenDocument workbook.

    Args:
        file: the file's bytes; seekable, and left open.

    Attributes:
        sheets: the sheets in their order.

    Raises:
        WorkbookError: the workbook can't be read.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
            encrypted = b"encryption-data" in self._zip.read("META-INF/manifest.xml")
        except KeyError:
            encrypted = False
        except ZIP_ERRORS as error:
            raise WorkbookError(f"its zip archive is damaged ({error})") from None
        if encrypted:
            raise WorkbookError("it is protected by a password; save a copy without one")
        hidden: set[str] = set()
        self.sheets: list[Sheet] = []
        style = ""

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal style
            if tag == "style":
                style = attributes.get("style:name", "")
            elif tag == "table-properties" and attributes.get("table:display") == "false":
                hidden.add(style)
            elif tag == "table":
                visible = attributes.get("table:style-name", "") not in hidden
                self.sheets.append(Sheet(attributes.get("table:name", ""), visible, str(len(self.sheets))))

        parser = make_parser(start, None, None)
        for chunk in self._chunks():
            feed(parser, chunk)
        feed(parser, b"", last=True)

    def has_hidden_rows(self, sheet: Sheet) -> bool:  # noqa: ARG002 - the interface of all workbooks
        """Return whether any sheet has a hidden row."""
        return self._may_have(_HIDDEN_ROWS)

    def _may_have(self, wanted: re.Pattern[bytes]) -> bool:
        rest = b""
        for chunk in self._chunks():
            if wanted.search(rest + chunk) or b"\0" in chunk:  # UTF-16, which this search can't read
                return True
            rest = chunk[-_LONGEST_TAG:]
        return False

    def merges(self, sheet: Sheet) -> list[Merge]:
        """Return the sheet's merged cells that cover several rows."""
        if not self._may_have(_SPANNED):
            return []
        reader = _MergeReader(int(sheet.part))
        parser = make_parser(reader.start, reader.end, None)
        for chunk in self._chunks():
            feed(parser, chunk)
        return reader.merges

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows of the sheet in their order, without blank ones.

        Raises:
            WorkbookError: the sheet can't be read further.
        """
        reader = _TableReader(int(sheet.part))
        for chunk in self._chunks():
            reader.feed(chunk)
            yield from reader.take()
            if reader.is_done:
                return
        reader.end()
        yield from reader.take()

    def _chunks(self) -> Iterator[bytes]:
        try:
            yield from unpack(self._zip, _CONTENT, most_compressed=_MOST_COMPRESSED)
        except KeyError:
            raise WorkbookError("it is a zip archive without an OpenDocument workbook") from None


class _TableReader:
    """Builds the rows of one table from the document's XML."""

    def __init__(self, wanted: int) -> None:
        self.is_done = False
        self._wanted = wanted
        self._table = -1
        self._depth = 0  # nesting depth of tables: a cell can contain one
        self._rows: list[tuple[SheetRow, int]] = []  # rows, and how many times each is repeated
        self._number = self._places = 0
        self._row: list[str] = []
        self._column = 0
        self._row_attributes: dict[str, str] = {}
        self._cell: dict[str, str] | None = None
        self._pieces: list[str] = []
        self._paragraphs = self._length = self._aside = 0
        self._listens = False
        self._parser = make_parser(self._start, self._end, self._text)

    def feed(self, chunk: bytes) -> None:
        feed(self._parser, chunk)

    def end(self) -> None:
        feed(self._parser, b"", last=True)

    def take(self) -> Iterator[SheetRow]:
        rows, self._rows = self._rows, []
        for (number, cells, hidden), repeated in rows:
            for step in range(repeated):
                yield SheetRow(number + step, list(cells), hidden)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._table += 1
            return
        if self._table != self._wanted or self._depth != 1 or self.is_done:
            return
        if tag == "table-row":
            self._row, self._column, self._row_attributes = [], 0, attributes
        elif tag in {"table-cell", "covered-table-cell"}:
            self._cell = attributes
            self._pieces, self._paragraphs, self._length = [], 0, 0
        elif tag in {"annotation", "ruby-text"}:
            self._aside += 1
        elif tag == "p" and not self._aside:
            if self._paragraphs:
                self._pieces.append("\n")
            self._paragraphs += 1
            self._listens = True
        elif tag in _SPACES and self._listens:
            self._text(_SPACES[tag] * min(whole_number(attributes.get("text:c"), 1), LONGEST_CELL + 1))

    def _text(self, data: str) -> None:
        if self._listens and not self._aside and self._cell is not None:
            self._pieces.append(data)
            self._length += len(data)
            if self._length > LONGEST_CELL:
                raise WorkbookError(
                    f"a cell in row {self._number + 1} has more than {LONGEST_CELL:,} characters"
                )

    def _end(self, tag: str) -> None:
        if tag == "table":
            self._depth -= 1
            if self._depth == 0 and self._table == self._wanted:
                self.is_done = True
            return
        if self._table != self._wanted or self._depth != 1 or self.is_done:
            return
        if tag == "p" and not self._aside:
            self._listens = False
        elif tag in {"annotation", "ruby-text"}:
            self._aside -= 1
        elif tag in {"table-cell", "covered-table-cell"} and self._cell is not None:
            self._add_cell(self._cell)
            self._cell = None
        elif tag == "table-row":
            self._add_row()

    def _add_cell(self, attributes: dict[str, str]) -> None:
        repeated = whole_number(attributes.get("table:number-columns-repeated"), 1)
        text = self._shown_text(attributes)
        if text:
            if self._column + repeated > MOST_COLUMNS:
                raise WorkbookError(f"row {self._number + 1} has more than {MOST_COLUMNS:,} columns")
            self._row.extend([""] * (self._column - len(self._row)))
            self._row.extend([text] * repeated)
        self._column += repeated

    def _add_row(self) -> None:
        repeated = whole_number(self._row_attributes.get("table:number-rows-repeated"), 1)
        if self._row:
            if self._number + repeated > MOST_ROWS:
                raise WorkbookError(f"it has more than {MOST_ROWS:,} rows")
            hidden = self._row_attributes.get("table:visibility") in {"collapse", "filter"}
            self._places = checked_places(self._places + repeated * len(self._row))
            self._rows.append((SheetRow(self._number + 1, self._row, hidden), repeated))
        self._number += repeated

    def _shown_text(self, attributes: dict[str, str]) -> str:
        shown = "".join(self._pieces).strip()
        kind = attributes.get("office:value-type", "")
        name = cell_name(self._number + 1, self._column)
        formula = attributes.get("table:formula")
        if "error" in (attributes.get("calcext:value-type"), kind) or (
            formula is not None and _ERROR.fullmatch(shown)
        ):
            return CellFault(shown or "#ERROR", "cell-error", name)
        if formula is not None and not shown and not kind:
            return CellFault("=" + formula.partition(":")[2].lstrip("="), "cell-not-calculated", name)
        value = _typed(kind, attributes)
        if value is None:
            return shown or attributes.get("office:string-value", "").strip()
        return TypedText(shown or _plain_text(value), value)


class _MergeReader:
    """Finds the merged cells of one table."""

    def __init__(self, wanted: int) -> None:
        self.merges: list[Merge] = []
        self._wanted = wanted
        self._table, self._depth = -1, 0
        self._row, self._column, self._repeated = 0, 0, 1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        if tag == "table":
            self._depth += 1
            self._table += self._depth == 1
        if self._table != self._wanted or self._depth != 1:
            return
        if tag == "table-row":
            self._row += self._repeated
            self._column, self._repeated = 0, whole_number(attributes.get("table:number-rows-repeated"), 1)
        elif tag in {"table-cell", "covered-table-cell"}:
            if (rows := whole_number(attributes.get("table:number-rows-spanned"), 1)) > 1:
                self.merges.append(Merge(self._column, self._row, self._row + rows - 1))
                check_number(len(self.merges))
            self._column += whole_number(attributes.get("table:number-columns-repeated"), 1)

    def end(self, tag: str) -> None:
        """Handle an end tag."""
        self._depth -= tag == "table"


def _typed(kind: str, attributes: dict[str, str]) -> object:
    """Return a cell's value; None for text, and if the value can't be read."""
    try:
        if kind in _NUMBERS:
            number = float(attributes["office:value"])
            return int(number) if number.is_integer() else number
        if kind == "date":
            text = attributes["office:date-value"]
            return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
        if kind == "time":
            return _time(attributes["office:time-value"])
        if kind == "boolean":
            return attributes["office:boolean-value"] == "true"
    except (KeyError, ValueError, OverflowError):
        pass
    return None


def _time(text: str) -> time | timedelta | None:
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    sign, days, hours, minutes, seconds = match.groups()
    span = timedelta(
        days=int(days or 0),
        hours=int(hours or 0),
        minutes=int(minutes or 0),
        seconds=float((seconds or "0").replace(",", ".")),
    )
    if sign or span >= timedelta(days=1):
        return -span if sign else span
    return (datetime(2000, 1, 1) + span).time()  # noqa: DTZ001 - a time of day


def _plain_text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return plain(value)
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)
