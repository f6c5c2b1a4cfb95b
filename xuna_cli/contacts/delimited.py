"""CSV and TSV: finding the delimiter, and rows in which an unclosed quote swallows nobody."""

import csv
from collections.abc import Iterator
from itertools import chain

from xuna_cli.contacts.columns import phone_columns
from xuna_cli.errors import InputError, UsageError

DELIMITERS = (",", ";", "\t", "|")  # those that are looked for; the first wins a draw
_SPELLED_OUT = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def check_delimiter(given: str) -> str:
    r"""Return the delimiter that `--delimiter` means: one character, `\t`, or a word such as `tab`.

    Raises:
        UsageError: it can't part cells.
    """
    delimiter = _SPELLED_OUT.get(given.casefold(), given)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise UsageError(
            f"--delimiter {given!r}: it has to be one character other than a quote or a line's end.",
            hint="For example `--delimiter ';'` or `--delimiter tab`.",
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
    delimiter = delimiter or _find_delimiter(before[-1] if before else "")
    reader = csv.reader(
        chain(before, lines),
        delimiter=delimiter,
        strict=True,
        # `Ann, "Smith, Ltd"`: what stands after the space is a quoted cell to whoever wrote it.
        skipinitialspace=delimiter != " ",
    )
    row_number, line = 0, 1
    try:
        for row_number, record in enumerate(reader, 1):  # noqa: B007 - the error names it
            yield record
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f"{name}, row {row_number + 1}, which begins on line {line}, can't be read: {error}. "
            f"Most likely a quote opens in it and is not closed where the cell ends.",
            hint='Close the quote; one that is part of the text is written twice: "".',
            code="input-quote",
        ) from error


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
