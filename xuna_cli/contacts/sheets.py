"""What the readers of workbooks share: sheets, rows, and their XML."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import error as StructError  # noqa: N812
from typing import NamedTuple, Protocol
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - it is a class

LONGEST_CELL = 1024 * 1024
"""Characters of one cell at most; spreadsheet programs take 32,767."""

MOST_PLACES = 200_000_000
"""Places of a sheet at most, from its first column to each row's last cell: a million rows of 200 columns."""

_CHUNK = 32 * 1024  # a chunk's rows are in memory at once, and each may have 16,384 cells
_ALWAYS_READ = 64 * 1024 * 1024

ZIP_ERRORS = (
    *(BadZipFile, ZlibError, StructError, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError),  # another compression; a password
)
"""What reading a damaged zip archive raises."""

Handler = Callable[[str, dict[str, str]], None]


class WorkbookError(Exception):
    """Why a workbook can't be read (further): a sentence that goes on after the file's name and a colon."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet.

    Attributes:
        name: as its tab has it.
        visible: whether the tab is shown.
        part: where the reader finds it.
    """

    name: str
    visible: bool
    part: str


class SheetRow(NamedTuple):
    """A row of a sheet.

    Attributes:
        number: as the spreadsheet program numbers it, from 1.
        cells: from the first column on; what stands at an edge is stripped. Cells that are no plain text are
            `TypedText`, cells without a value `CellFault`.
        hidden: whether a filter, or a person, has hidden it.
    """

    number: int
    cells: list[str]
    hidden: bool


class Workbook(Protocol):
    """A workbook of any format."""

    sheets: list[Sheet]

    def has_hidden_rows(self, sheet: Sheet) -> bool:
        """Return whether a row may be hidden, at little cost."""

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows that the sheet has, in their order; blank ones may be left out."""


def cell_name(row: int, column: int) -> str:
    """Return a cell's name: of row 3 and column 1 (from 0), `B3`."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def make_parser(
    start: Handler, end: Callable[[str], None] | None, text: Callable[[str], None] | None
) -> expat.XMLParserType:
    """Return a parser that knows elements by their names without a prefix, and takes no document type."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    local = _LocalNames()
    parser.StartElementHandler = lambda tag, attributes: start(local[tag], attributes)
    if end is not None:
        parser.EndElementHandler = lambda tag: end(local[tag])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def checked_places(places: int) -> int:
    """Return how many places a sheet has so far, unless no list of people has as many.

    Raises:
        WorkbookError: they are more than `MOST_PLACES`.
    """
    if places > MOST_PLACES:
        raise WorkbookError("it has far more cells than a contact list")
    return places


def feed(parser: expat.XMLParserType, chunk: bytes, *, last: bool = False) -> None:
    """Give a parser the next bytes.

    Raises:
        WorkbookError: they are no well-formed XML.
    """
    try:
        parser.Parse(chunk, last)
    except expat.ExpatError as error:
        raise WorkbookError(f"its XML is damaged ({error})") from None


def unpack(archive: ZipFile, part: str, *, most_compressed: int) -> Iterator[bytes]:
    """Yield a part of a workbook in chunks.

    Args:
        archive: the workbook.
        part: the part's name.
        most_compressed: how many times its packed size it may have; more is made to fill a memory or a day.

    Raises:
        KeyError: there is no such part.
        WorkbookError: it is damaged, or unpacks to more than that.
    """
    info = archive.getinfo(part)
    read = 0
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                read += len(chunk)
                if read > max(_ALWAYS_READ, most_compressed * info.compress_size):
                    raise WorkbookError("unpacked, it is far larger than a contact list")
                yield chunk
    except ZIP_ERRORS as error:
        raise WorkbookError(f"its part {part} is damaged ({error})") from None


def _refuse_doctype(*_: object) -> None:
    raise WorkbookError("it has a document type (DTD), which no spreadsheet program writes")


class _LocalNames(dict[str, str]):
    def __missing__(self, tag: str) -> str:
        self[tag] = tag.rpartition(":")[2]
        return self[tag]
