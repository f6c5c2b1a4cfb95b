"""Shared by the readers of workbooks: sheets, rows, and XML."""

from collections.abc import Callable, Iterator, Sequence
from struct import error as StructError  # noqa: N812
from typing import TYPE_CHECKING, NamedTuple, Protocol
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - a class

from xuna_cli.dataclass import dataclass

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
"""Of a sheet, in XLSX and in ODS."""

MOST_DIGITS = 9
"""Of a number in an attribute; a longer one is damage."""

LONGEST_CELL = 1024 * 1024
"""Maximum number of characters of a cell; spreadsheet programs allow 32,767."""

MOST_PLACES = 200_000_000
"""Maximum number of cell positions of a sheet, up to the last cell of each row: a million rows of 200 columns."""

if TYPE_CHECKING:
    from xuna_cli.contacts.workbooks.merges import Merge

_CHUNK = 32 * 1024  # all rows of a chunk are in memory at once, and each may have 16,384 cells
_ALWAYS_READ = 64 * 1024 * 1024

ZIP_ERRORS = (
    *(BadZipFile, ZlibError, StructError, EOFError, OSError, ValueError),
    *(NotImplementedError, RuntimeError),  # an unsupported compression, or a password
)
"""Exceptions that a damaged zip archive raises when it is read."""

Handler = Callable[[str, dict[str, str]], None]


class WorkbookError(Exception):
    """The reason why a workbook can't be read (further); it follows the file's name and a colon."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet.

    Attributes:
        name: name of the sheet.
        visible: whether the sheet's tab is visible.
        part: the sheet's place in the file, for the reader.
    """

    name: str
    visible: bool
    part: str


class SheetRow(NamedTuple):
    """A row of a sheet.

    Attributes:
        number: the row's number in the spreadsheet program, from 1.
        cells: cells from the first column on, stripped. Cells that are not plain text are `TypedText`, and cells
            without a value are `CellFault`.
        hidden: whether the row is hidden, by a filter or by hand.
    """

    number: int
    cells: list[str]
    hidden: bool


class Workbook(Protocol):
    """A workbook of any format."""

    sheets: list[Sheet]

    def has_hidden_rows(self, sheet: Sheet) -> bool:
        """Return quickly whether a row may be hidden."""

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows of the sheet in their order; blank ones may be left out."""

    def merges(self, sheet: Sheet) -> "Sequence[Merge]":
        """Return the sheet's merged cells that cover several rows."""


def cell_name(row: int, column: int) -> str:
    """Return a cell's name: `B3` for row 3 and column 1 (from 0)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def whole_number(text: str | None, default: int = 0) -> int:
    """Return the whole number of an attribute; the default if it has none, or one with too many digits."""
    return (
        int(text)
        if text is not None and text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
        else default
    )


def put(row: list[str], column: int, text: str) -> None:
    """Put a text into a row at a column."""
    if len(row) == column:
        row.append(text)
    elif len(row) > column:
        row[column] = text
    else:
        row.extend([""] * (column - len(row)))
        row.append(text)


def make_parser(
    start: Handler, end: Callable[[str], None] | None, text: Callable[[str], None] | None
) -> expat.XMLParserType:
    """Return a parser that passes element names without prefix, and refuses document types."""
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
    """Return the number of cell positions so far, if a list of people can have that many.

    Raises:
        WorkbookError: the number is above `MOST_PLACES`.
    """
    if places > MOST_PLACES:
        raise WorkbookError("it has far more cells than a contact list")
    return places


def feed(parser: expat.XMLParserType, chunk: bytes, *, last: bool = False) -> None:
    """Pass the next bytes to a parser.

    Raises:
        WorkbookError: the bytes are not well-formed XML.
    """
    try:
        parser.Parse(chunk, last)
    except (
        expat.ExpatError,
        LookupError,
        ValueError,
    ) as error:  # the last two: expat can't read its encoding
        raise WorkbookError(f"its XML is damaged ({error})") from None


def unpack(archive: ZipFile, part: str, *, most_compressed: int) -> Iterator[bytes]:
    """Yield a part of a workbook in chunks.

    Args:
        archive: the workbook.
        part: the part's name.
        most_compressed: maximum ratio of unpacked to packed size; files above it are made to exhaust memory or time.

    Raises:
        KeyError: the workbook has no such part.
        WorkbookError: the part is damaged, or unpacks to more than that.
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
