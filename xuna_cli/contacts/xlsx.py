"""Read XLSX and XLSM: the sheets of a workbook, row by row, in constant memory except for its shared texts.

The parts and elements are those of ECMA-376 (Office Open XML), part 1, chapter 18. This reads the XML itself, because
other libraries lose what matters here: errors, formulas without a result, hidden rows and formats.
"""

import posixpath
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from xuna_cli.contacts.merges import Merge, check_number
from xuna_cli.contacts.number_formats import BUILT_IN, GENERAL, shown_as
from xuna_cli.contacts.sheets import (
    LONGEST_CELL,
    ZIP_ERRORS,
    Sheet,
    SheetRow,
    WorkbookError,
    cell_name,
    checked_places,
    feed,
    make_parser,
    put,
    unpack,
)
from xuna_cli.contacts.units import UnitParser, resolved
from xuna_cli.contacts.usual_rows import MOST_DIGITS, MOST_ROWS, UnusualError, UsualRows, column_of
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import CellFault, TypedText

_MOST_COLUMNS = 16_384
# Texts that cells share are kept in memory: a list of a million people with six texts each takes 200 MB.
_MOST_SHARED = 512 * 1024 * 1024
# Normal sheets are compressed by a factor of ten to fifty. A factor of a thousand is made to exhaust memory or time.
_MOST_COMPRESSED = 200
_ESCAPED = lazy_pattern(r"_x([0-9A-Fa-f]{4})_")
_HIDDEN = lazy_pattern(rb"<(?:\w+:)?row\s[^>]*\bhidden\s*=\s*[\"'](?:1|true)[\"']")
_MERGED = lazy_pattern(rb"<(?:\w+:)?mergeCell\s[^>]*\bref\s*=\s*[\"']([A-Z0-9:]+)[\"']")
_RANGE = lazy_pattern(rb"([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})")
_LONGEST_TAG = 4096  # bytes of a row's start tag
# The usual form of a shared text. The handlers read whatever has another form.
_USUAL_TEXT = lazy_pattern(r'<si><t(?: xml:space="preserve")?>([^<\r]*)</t></si>')
_TAGS_OF_TEXT = 4


class Xlsx:
    """An Office Open XML workbook.

    Args:
        file: the file's bytes; seekable, and left open.

    Attributes:
        sheets: the worksheets in their order, without charts and dialogs.

    Raises:
        WorkbookError: the workbook can't be read.
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except ZIP_ERRORS as error:
            raise WorkbookError(f"its zip archive is damaged ({error})") from None
        book = self._target("", "officeDocument") or "xl/workbook.xml"
        if book not in self._zip.namelist() or book.endswith(".bin"):
            binary = any(name.endswith("workbook.bin") for name in self._zip.namelist())
            what = (
                "an XLSB workbook, in which errors can't be told from empty cells"
                if binary
                else "another zip archive"
            )
            raise WorkbookError(f"it is {what}")
        parts = self._relations(book)
        self._epoch_1904 = False
        self._recalculates = False
        found: list[tuple[str, bool, str]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                key = next((value for name, value in attributes.items() if name.endswith(":id")), "")
                kind, part = parts.get(key, ("", ""))
                if kind == "worksheet":
                    found.append(
                        (
                            attributes.get("name", ""),
                            "state" not in attributes or attributes["state"] == "visible",
                            part,
                        )
                    )
            elif tag == "workbookPr":
                self._epoch_1904 = attributes.get("date1904") in {"1", "true"}
            elif tag == "calcPr":
                self._recalculates = attributes.get("fullCalcOnLoad") in {"1", "true"}

        self._parse(book, start)
        self.sheets = [Sheet(name, visible, part) for name, visible, part in found]
        by_kind = dict(parts.values())
        self._formats = self._read_formats(by_kind.get("styles", ""))
        self._texts: list[str] | None = None
        self._looked_through: dict[str, tuple[bool, list[Merge]]] = {}
        self._shared_part = by_kind.get("sharedStrings", "")

    def has_hidden_rows(self, sheet: Sheet) -> bool:
        """Return whether a row of the sheet may be hidden, by a filter or by hand."""
        return self._look_through(sheet)[0]

    def merges(self, sheet: Sheet) -> list[Merge]:
        """Return the sheet's merged cells that cover several rows. They stand behind all rows."""
        return self._look_through(sheet)[1]

    def _look_through(self, sheet: Sheet) -> tuple[bool, list[Merge]]:
        if sheet.part not in self._looked_through:
            hidden, references = False, set[bytes]()
            rest = b""
            for chunk in self._chunks(sheet.part):
                data = rest + chunk
                hidden = hidden or (b"hidden" in data and _HIDDEN.search(data) is not None)
                if b"mergeCell" in data:
                    references.update(_MERGED.findall(data))
                    check_number(len(references))
                if b"\0" in chunk:  # UTF-16, which these searches can't read
                    hidden, references = True, self._parsed_references(sheet)
                    break
                rest = chunk[-_LONGEST_TAG:]
            self._looked_through[sheet.part] = hidden, _merges_of(references)
        return self._looked_through[sheet.part]

    def _parsed_references(self, sheet: Sheet) -> set[bytes]:
        found: set[bytes] = set()

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "mergeCell":
                found.add(attributes.get("ref", "").encode())
                check_number(len(found))

        self._parse(sheet.part, start)
        return found

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows of the sheet in their order; blank ones may be left out.

        Raises:
            WorkbookError: the sheet can't be read further.
        """
        if self._texts is None:
            self._texts = self._read_shared(self._shared_part)
        reader = _SheetReader(
            self._texts, self._formats, epoch_1904=self._epoch_1904, recalculates=self._recalculates
        )
        for chunk in self._chunks(sheet.part):
            reader.feed(chunk)
            yield from reader.take()
        reader.end()
        yield from reader.take()

    # -- parts

    def _chunks(self, part: str) -> Iterator[bytes]:
        try:
            yield from unpack(self._zip, part, most_compressed=_MOST_COMPRESSED)
        except KeyError:
            raise WorkbookError(f"its part {part} is missing") from None

    def _parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        parser = make_parser(start, end, text)
        for chunk in self._chunks(part):
            feed(parser, chunk)
        feed(parser, b"", last=True)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the parts that a part refers to: by ID, the last word of the type, and the name of the part."""
        folder, name = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations not in self._zip.namelist():
            return {}
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                found[attributes.get("Id", "")] = (
                    attributes.get("Type", "").rpartition("/")[2],
                    target.lstrip("/"),
                )

        self._parse(relations, start)
        return found

    def _target(self, part: str, kind: str) -> str | None:
        return next((target for found, target in self._relations(part).values() if found == kind), None)

    def _read_formats(self, part: str) -> list[str]:
        """Return the number format of each cell style."""
        if part not in self._zip.namelist():
            return []
        codes: dict[int, str] = dict(BUILT_IN)
        formats: list[str] = []
        inside = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if tag == "numFmt":
                codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", GENERAL)
            elif tag == "cellXfs":
                inside = True
            elif tag == "xf" and inside:
                formats.append(codes.get(_number(attributes.get("numFmtId")), GENERAL))

        def end(tag: str) -> None:
            nonlocal inside
            if tag == "cellXfs":
                inside = False

        self._parse(part, start, end)
        return formats

    def _read_shared(self, part: str) -> list[str]:
        if part not in self._zip.namelist():
            return []
        reader = _TextsReader()
        for chunk in self._chunks(part):
            reader.parser.feed(chunk)
        reader.parser.end()
        return reader.texts


class _TextsReader:
    """Builds the list of texts that cells share."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.parser = UnitParser("si", self._read, start=self._start, end=self._end, text=self._text)
        self._pieces: list[str] = []
        self._size = self._phonetic = 0
        self._listens = False

    def _read(self, units: str) -> bool:
        if self._listens or self._phonetic:
            return False
        found = _USUAL_TEXT.findall(units)
        if _TAGS_OF_TEXT * len(found) != units.count("<"):
            return False
        self._add(map(resolved, found) if "&" in units else found)
        return True

    def _start(self, tag: str, _: dict[str, str]) -> None:
        if tag == "t":
            self._listens = not self._phonetic
        elif tag == "rPh":
            self._phonetic += 1

    def _end(self, tag: str) -> None:
        if tag == "t":
            self._listens = False
        elif tag == "si":
            self._add(["".join(self._pieces)])
            self._pieces.clear()
        elif tag == "rPh":
            self._phonetic -= 1

    def _text(self, data: str) -> None:
        if self._listens:
            self._pieces.append(data)

    def _add(self, texts: Iterable[str]) -> None:
        stripped = [(_unescaped(text) if "_x" in text else text).strip() for text in texts]
        self.texts += stripped
        self._size += sum(map(len, stripped))
        if self._size > _MOST_SHARED:
            raise WorkbookError("its cells have far more text than a contact list")


class _SheetReader:
    """Builds the rows of a sheet from its XML."""

    def __init__(self, texts: list[str], formats: list[str], *, epoch_1904: bool, recalculates: bool) -> None:
        self._texts = texts
        self._formats = formats
        self._epoch_1904 = epoch_1904
        self._recalculates = recalculates
        self._numbers: dict[str, Callable[[str], str]] = {}  # by number format
        self._kept = 0
        self._rows: list[SheetRow] = []
        self._row: list[str] = []
        self._number = 0
        self._hidden = False
        self._column = self._places = 0
        self._attributes: dict[str, str] = {}
        self._pieces: list[str] = []
        self._value: str | None = None
        self._formula: str | None = None
        self._length = self._phonetic = self._depth = 0
        self._listens = False
        self._usual = UsualRows(texts, self._shown_by, recalculates=recalculates)
        self._parser = UnitParser("row", self._read, start=self._start, end=self._end, text=self._text)
        self.feed, self.end = self._parser.feed, self._parser.end

    def take(self) -> list[SheetRow]:
        rows, self._rows = self._rows, []
        return rows

    # -- rows of the usual form

    def _read(self, units: str) -> bool:
        if self._depth or self._listens or self._phonetic:
            return False
        try:
            rows = self._usual.read(units)
            places = checked_places(self._places + sum([len(row.cells) for row in rows]))
        except (UnusualError, WorkbookError):
            return False  # the handlers raise the error, if it is one
        self._places = places
        self._rows += rows
        self._number, self._hidden = rows[-1].number, rows[-1].hidden
        self._row, self._column = [], 0
        return True

    # -- all other rows

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._attributes = attributes
            self._value = self._formula = None
            self._pieces.clear()
            self._length = 0
            self._depth += 1
        elif tag == "v" or tag == "f" or (tag == "t" and not self._phonetic):  # noqa: PLR1714 - twice as fast
            self._listens = True
            if tag != "t":
                self._pieces.clear()
        elif tag == "row":
            self._row = []
            self._number = _number(attributes.get("r"), self._number + 1)
            self._hidden = attributes.get("hidden") in {"1", "true"}
            self._column = 0
        elif tag == "rPh":
            self._phonetic += 1

    def _text(self, data: str) -> None:
        if self._listens:
            self._pieces.append(data)
            self._length += len(data)
            if self._length > LONGEST_CELL:
                raise WorkbookError(f"a cell in row {self._number} has more than {LONGEST_CELL:,} characters")

    def _end(self, tag: str) -> None:
        if tag == "c":
            self._cell()
        elif tag == "v":
            self._value = "".join(self._pieces)
            self._listens = False
        elif tag == "f":
            self._formula = "".join(self._pieces)
            self._listens = False
        elif tag == "t":
            self._listens = False
        elif tag == "row":
            self._add()
        elif tag == "rPh":
            self._phonetic -= 1

    def _cell(self) -> None:
        column = column_of(self._attributes.get("r"), self._column)
        if column >= _MOST_COLUMNS:
            raise WorkbookError(f"row {self._number} has more than {_MOST_COLUMNS:,} columns")
        self._column = column + 1
        self._length = 0
        self._depth -= 1
        text = self._shown_text(column)
        if text:
            put(self._row, column, text)

    def _shown_text(self, column: int) -> str:
        kind, value = self._attributes.get("t", "n"), self._value
        if kind == "s":
            index = _number(value, -1)
            if not 0 <= index < len(self._texts):
                raise WorkbookError(f"cell {cell_name(self._number, column)} refers to a missing text")
            return self._texts[index]
        if kind == "inlineStr":
            return _unescaped("".join(self._pieces)).strip()
        if kind == "e":
            return CellFault(value or "#ERROR", "cell-error", cell_name(self._number, column))
        if self._formula is not None and (
            self._recalculates or value is None or (not value and kind != "str")
        ):
            return CellFault(f"={self._formula}", "cell-not-calculated", cell_name(self._number, column))
        return self._shown_by(kind, self._attributes.get("s", "0"))(value) if value else ""

    def _add(self) -> None:
        if self._number > MOST_ROWS:
            raise WorkbookError(f"it has a row {self._number:,}, but a sheet has at most {MOST_ROWS:,}")
        self._places = checked_places(self._places + len(self._row))
        self._rows.append(SheetRow(self._number, self._row, self._hidden))
        self._row, self._column = [], 0  # a cell outside of rows is in none of them

    # -- both

    def _shown_by(self, kind: str, style: str) -> Callable[[str], str]:
        """Return what shows the values of cells of a type and a style; the values may be empty."""
        if kind == "b":
            return _truth
        if kind != "n":
            return _stripped  # text, or an ISO date (d), which is shown unchanged
        index = _number(style)
        code = self._formats[index] if index < len(self._formats) else GENERAL
        if code not in self._numbers:
            self._numbers[code] = self._number_shown_by(code)
        return self._numbers[code]

    def _number_shown_by(self, code: str) -> Callable[[str], str]:
        known = {"": ""}
        shown_number = shown_as(code, epoch_1904=self._epoch_1904)

        def shown(value: str) -> str:
            text = known.get(value)
            if text is not None:
                return text
            try:
                text = shown_number(float(value))
            except (ValueError, OverflowError):
                text = value.strip()
            if self._kept < 10_000:  # noqa: PLR2004 - the same dates and amounts occur many times
                self._kept += 1
                known[value] = text
            return text

        return shown


def _merges_of(references: Iterable[bytes]) -> list[Merge]:
    """Return the merges of references such as `C2:D4`, without those of a single row."""
    found = (match.groups() for match in map(_RANGE.fullmatch, references) if match is not None)
    merges = [Merge(column_of(letters.decode()), int(first), int(last)) for letters, first, last in found]
    return sorted(merge for merge in merges if merge.last > merge.first)


def _truth(value: str) -> str:
    return TypedText("TRUE" if value == "1" else "FALSE", value == "1") if value else ""


def _stripped(text: str) -> str:
    return _unescaped(text).strip()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _number(text: str | None, default: int = 0) -> int:
    return (
        int(text)
        if text is not None and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
        else default
    )
