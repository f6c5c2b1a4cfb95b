"""Read CSV and TSV: find the delimiter, and report unclosed quotes instead of losing rows in a cell."""

import csv
import re
from collections.abc import Iterator
from itertools import chain

from xuna_cli.contacts.columns import phone_columns
from xuna_cli.errors import InputError, UsageError
from xuna_cli.lazy_pattern import lazy_pattern

DELIMITERS = (",", ";", "\t", "|")  # delimiters to look for; if two are equally good, the first one wins
_SEPARATOR_LINE = lazy_pattern(r'"?sep=(.)"?', re.IGNORECASE | re.DOTALL)
_LONE_RETURN = lazy_pattern(r"(?<=\r)(?!\n)(?!$)")
_SPELLED_OUT = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def check_delimiter(given: str) -> str:
    r"""Return the delimiter for `--delimiter`: one character, `\t`, or a word such as `tab`.

    Raises:
        UsageError: the value can't separate cells.
    """
    delimiter = _SPELLED_OUT.get(given.casefold(), given)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise UsageError(
            f"--delimiter {given!r} is not one character that can separate cells",
            hint="use e.g. `--delimiter ';'` or `--delimiter tab`",
        )
    return delimiter


def read_records(lines: Iterator[str], delimiter: str | None, name: str) -> Iterator[list[str]]:
    """Yield every row from the first; a blank row is an empty list.

    Args:
        lines: the file's lines with unchanged line ends.
        delimiter: the character between cells; None to detect it from the first line that is not blank.
        name: name of the list in messages.

    Raises:
        InputError: a quote is not closed, or a cell has more than 131,072 characters. (This is the csv module's
            limit. It is kept because it also stops a quoted cell that takes in row after row.) Earlier rows were
            yielded.
    """
    before, lines = _up_to_header(lines)
    if before and (named := _SEPARATOR_LINE.fullmatch(before[-1].strip(" \r\n"))):
        # The line `sep=;`, which Excel reads and doesn't count as a row.
        delimiter = delimiter or named[1]
        before, lines = _up_to_header(lines)
    delimiter = delimiter or _find_delimiter(before[-1] if before else "")
    pieces = _Pieces(chain(before, lines))
    reader = csv.reader(
        pieces,
        delimiter=delimiter,
        strict=True,
        # In `Ann, "Smith, Ltd"`, the author meant the text after the space as a quoted cell.
        skipinitialspace=delimiter != " ",
    )
    row_number, line, width, after_return = 0, 1, 0, False
    try:
        for row_number, record in enumerate(reader, 1):
            # A single carriage return ends a row if there are complete rows on both sides of it. Otherwise it is
            # inside a cell, and half a contact would be called.
            width = width or len(record)
            if (pieces.ends_with_return or after_return) and len(record) not in (0, width):
                raise _stray_return(name, row_number)
            after_return = pieces.ends_with_return
            yield record
            line = reader.line_num + 1
    except csv.Error as error:
        begins = "" if line == row_number + 1 else f", which begins on line {line},"
        raise InputError(
            f"{name}, row {row_number + 1}{begins} can't be read: {_reason(error)}",
            hint='close the quote; write a quote that is part of the text twice: ""',
            code="input-quote",
        ) from error


def _reason(error: csv.Error) -> str:
    """Describe the csv module's error in terms of the file."""
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
        f"{name}, row {row_number}: a carriage return (\\r) breaks the row in two",
        hint="join the two lines, or put quotes around the cell that contains the line break",
        code="input-line-end",
    )


class _Pieces:
    """The file's lines, also split at single carriage returns, which some programs write as line ends.

    Attributes:
        ends_with_return: whether the last yielded line ends with a carriage return while the file's first line does
            not.
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
    """Return the delimiter with which the line makes the best header.

    A delimiter that yields a column with a phone name wins; otherwise the one that yields the most columns.
    """

    def columns(delimiter: str) -> tuple[bool, int]:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
        except (csv.Error, StopIteration):
            return False, 0
        return bool(phone_columns(cells)), len(cells)

    return max(DELIMITERS, key=columns)
