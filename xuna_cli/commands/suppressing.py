"""Reading do-not-call lists from files: every line is a number, or nothing is sent."""

import contextlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from xuna_cli.contacts import ListOptions
from xuna_cli.contacts.columns import FEWEST_DIGITS, looks_like_phone, may_be_phone
from xuna_cli.contacts.number_lists import open_numbers
from xuna_cli.errors import InputError, UsageError
from xuna_cli.models import Rejection
from xuna_cli.screening.do_not_call import Numbers
from xuna_cli.settings import Settings
from xuna_cli.targets.phone import PhoneProblem, PhoneReader
from xuna_cli.targets.values import is_empty

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|w)")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}

_DATE = re.compile(
    r"((19|20)\d\d([-/.])\d{1,2}\3\d{1,2}|\d{1,2}([-/.])\d{1,2}\4(19|20)\d\d)([t ]\d{1,2}:\d\d[\d:.z+ -]*)?"
)
_WITH_COUNTRY = re.compile(r"\+\s*\d[\d\s().-]{6,}")
_ENOUGH_DIGITS = re.compile(rf"(?:\d\D*){{{FEWEST_DIGITS}}}")
# In a column of another name; fewer are a ZIP+4 or an identifier, more are no E.164.
_NUMBER_DIGITS = range(10, 16)


def numbers_of(path: Path, *, region: str | None, phone_column: str | None = None) -> Iterator[str]:
    """Yield the numbers of a do-not-call list, as E.164.

    Args:
        path: any format that contacts can have, or a number a line.
        region: the country of numbers without +.
        phone_column: the column with the numbers; else the one that is called so, and beside it every
            column that may hold numbers by its name and every cell that may be one by its looks.

    Raises:
        InputError: the file can't be read, or a line of it is no number: a suppression that is not
            understood is a call that should not be made.
    """
    reader = PhoneReader(region)
    name = str(path)
    given = () if phone_column is None else (phone_column,)
    options = ListOptions(phone_columns=given, first_phone_column=True)
    with contextlib.closing(open_numbers(path, options, name=name)) as contacts:
        normalise, column = reader.normalise_to_suppress, contacts.phone_column
        for row in contacts:
            if isinstance(row, Rejection):
                raise _no_number(name, row.row_number, row.message)
            further = () if phone_column is not None else _further(row.fields, column, normalise)
            if not (further and column in row.fields and is_empty(row.fields[column])):
                further = (column, *further)
            for where in further:
                try:
                    yield normalise(row.fields.get(where))
                except PhoneProblem as problem:
                    message = problem.message if where == column else f"column {where!r}: {problem.message}"
                    raise _no_number(name, row.row_number, message) from None


def _further(
    fields: Mapping[str, object], phone_column: str, normalise: Callable[[object], str]
) -> tuple[str, ...]:
    """Return the columns beside the one for numbers that hold one in this row, or what may be one."""
    return tuple(
        column
        for column, cell in fields.items()
        if column != phone_column
        and not is_empty(cell)
        and _may_be_number(cell, normalise, by_name=may_be_phone(column))
    )


def _may_be_number(cell: object, normalise: Callable[[object], str], *, by_name: bool) -> bool:
    if isinstance(cell, str) and cell.isascii() and _ENOUGH_DIGITS.search(cell) is None:
        return False  # nearly every cell
    text = unicodedata.normalize("NFKC", str(cell)).strip().lower().removeprefix("tel:").strip()
    digits = sum(map(str.isdigit, text))
    if _WITH_COUNTRY.search(text):
        return True
    if isinstance(cell, bool) or _DATE.fullmatch(text) or digits < FEWEST_DIGITS:
        return False
    if by_name:
        return True
    if looks_like_phone(text) and (text[0] == "(" or digits in _NUMBER_DIGITS):
        return True
    try:
        normalise(cell)
    except PhoneProblem:
        return False
    return True


def _no_number(name: str, row_number: int, message: str) -> InputError:
    return InputError(
        f"do-not-call list {name}, row {row_number}: {message}",
        hint="every row of it has to be a number; mend the row and run the same command again: nobody was called. "
        "What is no number can be left out: `xuna do-not-call import FILE --phone-column NAME`",
        code="do-not-call-row",
    )


def load_lists(
    settings: Settings,
    files: Sequence[Path],
    *,
    region: str | None,
    longest_age: timedelta | None,
    now: Callable[[], datetime],
) -> list[tuple[str, Numbers]]:
    """Read the lists of `--do-not-call`, and those of XUNA_DO_NOT_CALL, which no flag takes away.

    Args:
        settings: of this invocation.
        files: the flag's.
        region: the country of numbers without +.
        longest_age: of a file, by the time of its last change.
        now: the clock, in UTC.

    Raises:
        InputError: one can't be read, is too old, or has a row that is no number.
    """
    setting = settings.get("XUNA_DO_NOT_CALL")
    folder = setting.folder or Path()
    by_setting = [folder / part for part in (setting.value or "").split(os.pathsep) if part.strip()]
    lists = []
    for path in dict.fromkeys([*files, *by_setting]):
        _check_age(path, longest_age, now())
        lists.append((str(path), Numbers(numbers_of(path, region=region))))
    return lists


def _check_age(path: Path, longest_age: timedelta | None, now: datetime) -> None:
    if longest_age is None:
        return
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo)
    except OSError as error:
        raise InputError(
            f"do-not-call list {path} can't be read: {error.strerror}", hint="check the path", code="input"
        ) from None
    if now - changed > longest_age:
        raise InputError(
            f"do-not-call list {path} was last changed at {changed:%Y-%m-%d %H:%M} UTC, which is longer ago than "
            "--max-list-age allows",
            hint="get the list anew from its registry",
            code="list-too-old",
        )


def parse_age(text: str, *, source: str) -> timedelta:
    """Return the span of `31d`, `12h`, `90m` or `2w`.

    Raises:
        UsageError: it is not of that form.
    """
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(
            f"{source}: {text!r} is no span of time", hint="write 31d, 12h, 90m or 2w", code="age"
        )
    try:
        return float(match[1]) * _UNITS[match[2]]
    except OverflowError:
        return timedelta.max
