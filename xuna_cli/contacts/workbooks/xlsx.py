"""Read XLSX and XLSM: the sheets of a workbook, row by row, in constant memory except for its shared texts.

The parts and elements are those of ECMA-376 (Office Open XML), part 1, chapter 18. This reads the XML itself, because
other libraries lose what matters here: errors, formulas without a result, hidden rows and formats.
"""

import posixpath
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from xuna_cli.contacts.workbooks.merges import Merge, check_number
from xuna_cli.contacts.workbooks.number_formats import BUILT_IN, GENERAL
from xuna_cli.contacts.workbooks.sheets import (
    ZIP_ERRORS,
    Sheet,
    SheetRow,
    WorkbookError,
    feed,
    make_parser,
    unpack,
    whole_number,
)
from xuna_cli.contacts.workbooks.usual_rows import column_of
from xuna_cli.contacts.workbooks.xlsx_readers import SheetReader, TextsReader
from xuna_cli.lazy_pattern import lazy_pattern

# Normal sheets are compressed by a factor of ten to fifty. A factor of a thousand is made to exhaust memory or time.
_MOST_COMPRESSED = 200
_HIDDEN = lazy_pattern(rb"<(?:\w+:)?row\s[^>]*\bhidden\s*=\s*[\"'](?:1|true)[\"']")
_MERGED = lazy_pattern(rb"<(?:\w+:)?mergeCell\s[^>]*\bref\s*=\s*[\"']([A-Z0-9:]+)[\"']")
_RANGE = lazy_pattern(rb"([A-Z]{1,3})([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7})")
_LONGEST_TAG = 4096  # bytes of a row's start tag


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
        books = (part for kind, part in self._relations("").values() if kind == "officeDocument")
        book = next(books, "") or "xl/workbook.xml"
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
        reader = SheetReader(
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
                codes[whole_number(attributes.get("numFmtId"))] = attributes.get("formatCode", GENERAL)
            elif tag == "cellXfs":
                inside = True
            elif tag == "xf" and inside:
                formats.append(codes.get(whole_number(attributes.get("numFmtId")), GENERAL))

        def end(tag: str) -> None:
            nonlocal inside
            if tag == "cellXfs":
                inside = False

        self._parse(part, start, end)
        return formats

    def _read_shared(self, part: str) -> list[str]:
        if part not in self._zip.namelist():
            return []
        reader = TextsReader()
        for chunk in self._chunks(part):
            reader.parser.feed(chunk)
        reader.parser.end()
        return reader.texts


def _merges_of(references: Iterable[bytes]) -> list[Merge]:
    """Return the merges of references such as `C2:D4`, without those of a single row."""
    found = (match.groups() for match in map(_RANGE.fullmatch, references) if match is not None)
    merges = [Merge(column_of(letters.decode()), int(first), int(last)) for letters, first, last in found]
    return sorted(merge for merge in merges if merge.last > merge.first)
