"""Read do-not-call files, and check their age.

Each row must be understood, or the list can't be used: an unread number could be called by mistake.
"""

import contextlib
import shlex
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from xuna_cli.contacts.columns import FEWEST_DIGITS, looks_like_phone, may_be_phone
from xuna_cli.contacts.contact_list import ContactList
from xuna_cli.contacts.number_lists import (
    NotPlainError,
    area_column,
    only_cell,
    open_numbers,
    plain_lines,
    with_area_code,
)
from xuna_cli.contacts.options import ListOptions
from xuna_cli.errors import InputError, reason_of
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import Rejection
from xuna_cli.output.messages import counted
from xuna_cli.phone.cells import PhoneProblem
from xuna_cli.phone.place_columns import region_columns
from xuna_cli.phone.regions import region_of
from xuna_cli.phone.suppression import Reading, SuppressionReader
from xuna_cli.screening.do_not_call import ListFile, NumberList, Numbers
from xuna_cli.targets.values import is_empty
from xuna_cli.times import for_people

_DATE = lazy_pattern(
    r"((19|20)\d\d([-/.])\d{1,2}\3\d{1,2}|\d{1,2}([-/.])\d{1,2}\4(19|20)\d\d)([t ]\d{1,2}:\d\d[\d:.z+ -]*)?"
    r"( \(no number.*)?"  # as written by workbook.as_phone
)
_WITH_COUNTRY = lazy_pattern(r"\+\s*\d[\d\s().-]{6,}")
_ENOUGH_DIGITS = lazy_pattern(rf"(?:\d\D*){{{FEWEST_DIGITS}}}")
# Among other words: (303) 555-0100, 303-555-0100, home: 3035550100; and what a spreadsheet makes of one.
_AMONG_WORDS = lazy_pattern(
    r"\(\d{2,5}\)[\d\s./-]{5,}|(?<!\d)\d{3}[\s.-]\d{3}[\s.-]\d{4}(?!\d)|"
    r"(?:home|work|office|mobile|cell|phone|tel|fax|whatsapp)\w*\W*\d[\d\s().-]{5,}"
)
_SPREADSHEET = lazy_pattern(r"\d([.,]\d+)?e\+?(?:0?[6-9]|1\d)")
# Digits in a column of another name: fewer are a ZIP+4 or an identifier, more exceed E.164.
_NUMBER_DIGITS = range(10, 16)

REASON = "reason"
"""Name of the column with the reasons, in any case."""

Entry = tuple[str, str]
"""A number, and its place in the file if it is in no range that is in use (otherwise empty)."""

_WHOLE_ROW = "every row needs a number; fix the row and run the same command again"


def load_lists(
    files: Sequence[Path],
    *,
    region: str | None,
    longest_age: timedelta | None,
    now: Callable[[], datetime],
) -> list[ListFile]:
    """Read do-not-call lists.

    Args:
        files: their paths; duplicates are read once.
        region: the country of numbers without +.
        longest_age: highest age of a file since its last change.
        now: the clock, in UTC.

    Raises:
        InputError: a list can't be read, is too old, or has a row without a number.
    """

    def read(path: Path) -> NumberList:
        _check_age(path, longest_age, now())
        return read_numbers(path, region=region)

    return [ListFile(partial(read, path), partial(_version, path)) for path in dict.fromkeys(files)]


def said_of(one: NumberList) -> str:
    """Describe the size of a list."""
    return f"do-not-call list {one.name}: {counted(len(one.numbers), 'number', 'numbers')}"


def warning_of(one: NumberList) -> str | None:
    """Return a warning about numbers outside assigned ranges, or None.

    It is printed even with --quiet, since it affects who is called.
    """
    if not one.unassigned:
        return None
    some = counted(one.unassigned, "number is", "numbers are")
    return (
        f"do-not-call list {one.name}: {some} outside the ranges in use, e.g. {one.example}. "
        "If digits are missing, these people could still be called."
    )


def _version(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None  # reading the file reports the reason
    return status.st_mtime_ns, status.st_size, status.st_ino


def _check_age(path: Path, longest_age: timedelta | None, now: datetime) -> None:
    if longest_age is None:
        return
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo)
    except OSError as error:
        raise InputError(
            f"do-not-call list {path} can't be read: {reason_of(error)}", hint="check the path", code="input"
        ) from None
    if now - changed > longest_age:
        raise InputError(
            f"do-not-call list {path} was last changed at {for_people(changed)}, longer ago than "
            "--max-list-age allows",
            hint="get a new copy of the list from the registry",
            code="list-too-old",
        )


def read_numbers(
    path: Path,
    *,
    region: str | None,
    options: ListOptions | None = None,
    reasons: dict[str, str] | None = None,
) -> NumberList:
    """Read a do-not-call list.

    Args:
        path: any format that contacts can have, a number in each row, or a registry's own format.
        region: the country of numbers without +.
        options: how to read it. Only a given phone column is read. Otherwise the column with such a name is read, and
            also each column whose name, and each cell whose content, may be a number.
        reasons: receives, by number, what a column `reason` says, as `xuna do-not-call export` writes it.

    Raises:
        InputError: the file can't be read, has no number, or has a row without one.
    """
    options = options or ListOptions(first_phone_column=True)
    reader = SuppressionReader(region)
    with contextlib.suppress(NotPlainError):
        return _list_of(path, _of_lines(path, options, reader))
    return _list_of(path, _of_rows(path, options, reader, {} if reasons is None else reasons))


def _list_of(path: Path, entries: Iterable[Entry]) -> NumberList:
    unassigned = array("Q")
    example = ""

    def numbers() -> Iterator[str]:
        nonlocal example
        for number, where in entries:
            if where:
                unassigned.append(int(number[1:]))
                example = example or f"{number} ({where})"
            yield number

    whole = Numbers(numbers())
    if not len(whole):
        raise InputError(
            f"do-not-call list {path} has no numbers",
            hint="an empty list blocks nobody; check that the list is complete, or remove the option",
            code="do-not-call-empty",
        )
    of_them = len(Numbers(f"+{digits}" for digits in unassigned))
    return NumberList(str(path), whole, unassigned=of_them, example=example)


def _entry(reading: Reading, where: str) -> Entry:
    return reading.number, "" if reading.assigned else where


def _of_lines(path: Path, options: ListOptions, reader: SuppressionReader) -> Iterator[Entry]:
    """Yield the entries of a text with one number per line.

    Raises:
        NotPlainError: the file is not such a text, or has a line without a number.
    """
    rows = 0
    for lines in plain_lines(path, options, name=str(path)):
        for row_number, line in enumerate(lines, rows + 1):
            number = reader.assigned(line.strip())
            if number is not None:
                yield number, ""
            elif cell := only_cell(line):
                try:
                    found = reader.read(cell)
                except PhoneProblem:
                    raise NotPlainError from None
                for reading in found:
                    yield _entry(reading, f"{path}, row {row_number}")
        rows += len(lines)


def _of_rows(
    path: Path, options: ListOptions, reader: SuppressionReader, reasons: dict[str, str]
) -> Iterator[Entry]:
    try:
        for name, contacts in open_numbers(path, options, name=str(path)):
            with contextlib.closing(contacts):
                yield from _of_list(path, name, contacts, reader, reasons, only=bool(options.phone_columns))
    except InputError as error:
        if error.code.startswith("do-not-call"):
            raise
        raise _unreadable(path, error) from error


def _of_list(
    path: Path,
    name: str,
    contacts: ContactList,
    reader: SuppressionReader,
    reasons: dict[str, str],
    *,
    only: bool,
) -> Iterator[Entry]:
    """Yield the entries of a list; `only` is whether its phone column alone is read."""
    column = contacts.phone_column
    area = area_column(contacts.columns)
    reason = next((each for each in contacts.columns if each.strip().casefold() == REASON), None)
    countries = region_columns(contacts.columns, column, [each.fields for each in contacts.first_rows])
    for row in contacts:
        where = f"{name}, row {row.row_number}"
        if isinstance(row, Rejection):
            raise _no_number(path, where, row.message)
        cells = {column: _number_of(row.fields, column, area)}
        if not only:
            further = _further(row.fields, column, reader)
            cells = further if further and is_empty(cells[column]) else cells | further
        region = _region_of(row.fields, countries)
        for each, cell in cells.items():
            try:
                found = reader.read(cell, region)
            except PhoneProblem as problem:
                message = problem.message if each == column else f"column {each!r}: {problem.message}"
                raise _no_number(path, where, message) from None
            for reading in found:
                if reason is not None and not is_empty(why := row.fields.get(reason)):
                    reasons.setdefault(reading.number, str(why).strip())
                yield _entry(reading, where)


def _region_of(fields: Mapping[str, object], columns: Sequence[str]) -> str | None:
    """Return the country in the row; None if it is missing or unknown (the default country then applies)."""
    return next((region for column in columns if (region := region_of(fields.get(column)))), None)


def _number_of(fields: Mapping[str, object], column: str, area: str | None) -> object:
    cell = fields.get(column)
    whole = with_area_code(fields.get(area), cell) if area is not None else None
    return cell if whole is None else whole


def _further(fields: Mapping[str, object], phone_column: str, reader: SuppressionReader) -> dict[str, object]:
    """Return the row's other cells that hold, or may hold, a number."""
    return {
        column: cell
        for column, cell in fields.items()
        if column != phone_column
        and not is_empty(cell)
        and _may_be_number(cell, reader, by_name=may_be_phone(column))
    }


def _may_be_number(cell: object, reader: SuppressionReader, *, by_name: bool) -> bool:
    if isinstance(cell, str) and cell.isascii() and _ENOUGH_DIGITS.search(cell) is None:
        return _SPREADSHEET.fullmatch(cell.strip().lower()) is not None  # nearly no cell is a number
    text = unicodedata.normalize("NFKC", str(cell)).strip().lower().removeprefix("tel:").strip()
    digits = sum(map(str.isdigit, text))
    if _WITH_COUNTRY.search(text) or _AMONG_WORDS.search(text):
        return True
    if isinstance(cell, bool) or _DATE.fullmatch(text) or digits < FEWEST_DIGITS:
        return False
    if by_name or _SPREADSHEET.fullmatch(text):
        return True
    if looks_like_phone(text) and (text[0] == "(" or digits in _NUMBER_DIGITS):
        return True
    try:
        reader.read(cell)
    except PhoneProblem:
        return False
    return True


def _no_number(path: Path, where: str, message: str) -> InputError:
    return InputError(
        f"do-not-call list {where}: {message}",
        hint=f"{_WHOLE_ROW}; to read only one column, load the list with "
        f"`xuna do-not-call import {shlex.quote(str(path))} --phone-column NAME`",
        code="do-not-call-row",
    )


def _unreadable(path: Path, error: InputError) -> InputError:
    """Return the error with a hint for do-not-call lists, whose options are those of the import."""
    command = f"xuna do-not-call import {shlex.quote(str(path))}"
    advice = {
        "input-encoding": f"save the list as UTF-8, or load it with `{command} --encoding cp1252` (Western Excel)",
        "input-phone-column": f"rename the column to `phone`, or load the list with `{command} --phone-column NAME`",
        "input-sheet": f"load one sheet with `{command} --sheet NAME`",
    }.get(error.code)
    hint = advice or error.hint
    if "," in path.name and not path.exists():
        each = " ".join(f"--do-not-call {shlex.quote(one.strip())}" for one in str(path).split(","))
        hint = f"name each list by itself: {each}; in XUNA_DO_NOT_CALL, put ':' between them"
    elif advice is None and "--" in error.hint:
        hint = f"{error.hint}; use such options with `{command}`"
    return InputError(f"do-not-call list {error.message}", hint=hint, code=error.code)
