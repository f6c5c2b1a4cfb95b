"""The readers of an XLSX workbook's sheets and shared texts: from XML to rows and texts."""

from collections.abc import Callable, Iterable

from xuna_cli.contacts.workbooks.number_formats import GENERAL, shown_as
from xuna_cli.contacts.workbooks.sheets import (
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    SheetRow,
    WorkbookError,
    cell_name,
    checked_places,
    put,
    whole_number,
)
from xuna_cli.contacts.workbooks.units import UnitParser, resolved
from xuna_cli.contacts.workbooks.usual_rows import UnusualError, UsualRows, column_of
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import CellFault, TypedText

# Texts that cells share are kept in memory: a list of a million people with six texts each takes 200 MB.
_MOST_SHARED = 512 * 1024 * 1024
_ESCAPED = lazy_pattern(r"_x([0-9A-Fa-f]{4})_")
# The usual form of a shared text. The handlers read whatever has another form.
_USUAL_TEXT = lazy_pattern(r'<si><t(?: xml:space="preserve")?>([^<\r]*)</t></si>')
_TAGS_OF_TEXT = 4


class TextsReader:
    """Builds the list of texts that cells share.

    Attributes:
        texts: the texts so far, stripped.
        parser: is fed with the XML; raises WorkbookError if it is damaged, or has far too much text.
    """

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


class SheetReader:
    """Builds the rows of a sheet from its XML, given to `feed` in pieces; raises WorkbookError if it is damaged.

    Args:
        texts: the texts that cells share.
        formats: the number format of each cell style.
        epoch_1904: whether dates are counted from 1904.
        recalculates: whether no stored result of a formula is valid.
    """

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
        """Return the rows that are complete, and forget them."""
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
            self._number = whole_number(attributes.get("r"), self._number + 1)
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
        if column >= MOST_COLUMNS:
            raise WorkbookError(f"row {self._number} has more than {MOST_COLUMNS:,} columns")
        self._column = column + 1
        self._length = 0
        self._depth -= 1
        text = self._shown_text(column)
        if text:
            put(self._row, column, text)

    def _shown_text(self, column: int) -> str:
        kind, value = self._attributes.get("t", "n"), self._value
        if kind == "s":
            index = whole_number(value, -1)
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
        index = whole_number(style)
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


def _truth(value: str) -> str:
    return TypedText("TRUE" if value == "1" else "FALSE", value == "1") if value else ""


def _stripped(text: str) -> str:
    return _unescaped(text).strip()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text
