"""CSV and TSV: finding the delimiter, and rows in which an unclosed quote swallows nobody."""

import csv
import re
from collections.abc import Iterator
from itertools import chain

from xuna_cli.contacts.columns import phone_columns
from xuna_cli.errors import InputError, UsageError

DELIMITERS = (",", ";", "\t", "|")  # those that are looked for; the first wins a draw
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE | re.DOTALL)
_LONE_RETURN = re.compile(r"(?<=\r)(?!\n)(?!$)")
_SPELLED_OUT = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def check_delimiter(given: str) -> str:
    r"""Return the delimiter that `--delimiter` means: one character, `\t`, or a word such as `tab`.

    Raises:
        UsageError: it can't part cells.
    """
    delimiter = _SPELLED_OUT.get(given.casefold(), given)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise UsageError(
            f"--delimiter {given!r} is not one character that can separate cells.",
            hint="Use e.g. `--delimiter ';'` or `--delimiter tab`.",
        )
    return delimiter


def read_records(lines: Iterator[str], delimiter: str | None, name: str) -> Iterator[list[str]]:
    """Yield every row from the first, a blank one as an empty list.

    Args:
        lines: the file's lines with their ends, as they are.
        delimiter: the one character between cells; None finds it in the first line that isn't blank.
        name: what messages call the list.

    Raises:
        InputError: a quote isn't closed, or a cell has more than 131,072 characters (the csv module's limit,
            kept since it also ends a quoted cell that swallows row after row). The rows before were yielded.
    """
    before, lines = _up_to_header(lines)
    if before and (named := _SEPARATOR_LINE.fullmatch(before[-1].strip(" \r\n"))):
        # What Excel reads before the list, and doesn't count as a row of it.
        delimiter = delimiter or named[1]
        before, lines = _up_to_header(lines)
    delimiter = delimiter or _find_delimiter(before[-1] if before else "")
    pieces = _Pieces(chain(before, lines))
    reader = csv.reader(
        pieces,
        delimiter=delimiter,
        strict=True,
        # `Ann, "Smith, Ltd"`: what stands after the space is a quoted cell to whoever wrote it.
        skipinitialspace=delimiter != " ",
    )
    row_number, line, width, after_return = 0, 1, 0, False
    try:
        for row_number, record in enumerate(reader, 1):
            # A carriage return by itself ends a row where whole rows stand on both sides of it; else it is
            # in the middle of a cell, and half a person would be called.
            width = width or len(record)
            if (pieces.ends_with_return or after_return) and len(record) not in (0, width):
                raise _stray_return(name, row_number)
            after_return = pieces.ends_with_return
            yield record
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{name}, row {row_number + 1}, which begins on line {line}, can't be read: {_reason(error)}.",
            hint='Close the quote. Write a quote that is part of the text twice: "".',
            code="input-quote",
        ) from error


def _reason(error: csv.Error) -> str:
    """Return the csv module's finding in words that speak of the file."""
    words = str(error)
    if "field limit" in words:
        return (
            f"a cell has more than {csv.field_size_limit():,} characters; most likely a quote is not closed"
        )
    if "expected after" in words:
        return "a quote closes in the middle of a cell"
    return "a quote opens in this row and is never closed"


def _stray_return(name: str, row_number: int) -> InputError:
    return InputError(
        f"{name}, row {row_number}: a carriage return (\\r) breaks the row in two.",
        hint="Join the two lines, or put quotes around the cell that contains the line break.",
        code="input-line-end",
    )


class _Pieces:
    """The file's lines, parted where a carriage return stands by itself in them, as some programs end lines.

    Attributes:
        ends_with_return: whether the last one that was given ends so, in a file whose first line does not.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._left: list[str] = []
        self._is_first = True
        self._old_mac = False
        self.ends_with_return = False

    def __iter__(self) -> "_Pieces":
        return self

    def __next__(self) -> str:
        if self._left:
            piece = self._left.pop(0)
        else:
            piece = next(self._lines)
            if "\r" in piece and (piece.count("\r") > 1 or not piece.endswith("\r\n")):
                piece, *self._left = _LONE_RETURN.split(piece)
            if self._is_first:
                self._is_first, self._old_mac = False, piece.endswith("\r")
        self.ends_with_return = piece.endswith("\r") and not self._old_mac
        return piece


def _up_to_header(lines: Iterator[str]) -> tuple[list[str], Iterator[str]]:
    before = []
    for line in lines:
        before.append(line)
        if line.strip():
            break
    return before, lines


def _find_delimiter(line: str) -> str:
    """Return the delimiter under which the line is the best header.

    The one that makes a column with a phone's name visible wins, then the one that makes the most columns.
    """

    def columns(delimiter: str) -> tuple[bool, int]:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
        except (csv.Error, StopIteration):
            return False, 0
        return bool(phone_columns(cells)), len(cells)

    return max(DELIMITERS, key=columns)
