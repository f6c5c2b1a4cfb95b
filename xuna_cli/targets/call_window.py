"""When a person may be called: the columns `call_after` and `call_before`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import quoted
from xuna_cli.folding import fold
from xuna_cli.json_path import value_at
from xuna_cli.models import CallWindow
from xuna_cli.targets.moments import MONTHS, DateOfNumbers, read_moment
from xuna_cli.targets.values import TargetProblem, TemplateProblem, is_empty

AFTER, BEFORE = "call_after", "call_before"
"""The usual names of the columns; capitals, spaces and punctuation don't matter."""

# Lists say "ever" and "never" by the first and the last year; in UTC they would lie beyond what Python can hold.
_EARLIEST, _LATEST = datetime(2, 1, 1), datetime(9998, 12, 31)  # noqa: DTZ001 - of no place
_REMEMBERED = 10_000  # different sets of keys of JSON contacts
_HOW = "write a date and a time like 2026-12-24T09:00, or a date like 2026-12-24"


def columns_named(name: str, columns: Iterable[str]) -> list[str]:
    """Return the columns that have a name, in any spelling, in their order."""
    return [column for column in columns if fold(column) == fold(name)]


@dataclass(frozen=True, slots=True)
class WindowColumns:
    """The columns that say when a person may be called; None: there is none.

    Attributes:
        after: the column with the earliest time; in JSON, a path is a column, too.
        before: the column with the time at which it is too late.
    """

    after: str | None = None
    before: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the list has."""
        return tuple(column for column in (self.after, self.before) if column is not None)


NO_WINDOW_COLUMNS = WindowColumns()


class WindowReader:
    """Reads when the person of a row may be called.

    Args:
        where: the columns.
        any_names: a contact may spell the usual names in its own way, as in JSON.
    """

    def __init__(self, where: WindowColumns, *, any_names: bool) -> None:
        self._where = where
        self._any_names = any_names
        self._by_keys: dict[tuple[str, ...], tuple[_Columns, _Columns]] = {}

    def __call__(self, fields: Mapping[str, object]) -> CallWindow | None:
        """Return the times of a row; None if it has none.

        Raises:
            TargetProblem: a cell can't be read in one way only, or the times exclude each other.
        """
        after_columns, before_columns = self._columns(fields)
        after_column, after = _cell(fields, after_columns, AFTER)
        before_column, before = _cell(fields, before_columns, BEFORE)
        if is_empty(after) and is_empty(before):
            return None
        window = CallWindow(_read(after_column, after, ends=False), _read(before_column, before, ends=True))
        if _is_never(window):
            message = (
                f"{before_column!r} is not later than {after_column!r}, so there is no time for the call"
            )
            raise TargetProblem("call-time-never", message, before_column)
        return window

    def _columns(self, fields: Mapping[str, object]) -> tuple["_Columns", "_Columns"]:
        """Return the columns that may have each time in a row; its own spelling of a name comes last."""
        keys = tuple(fields) if self._any_names else ()
        found = self._by_keys.get(keys)
        if found is None:
            found = _columns(self._where.after, AFTER, keys), _columns(self._where.before, BEFORE, keys)
            if len(self._by_keys) < _REMEMBERED:
                self._by_keys[keys] = found
        return found


_Columns = tuple[str, ...]


def _columns(column: str | None, name: str, keys: Sequence[str]) -> _Columns:
    if column is None:
        return ()
    others = columns_named(name, keys) if fold(column) == fold(name) else []
    return (column, *(other for other in others if other != column))


def _cell(fields: Mapping[str, object], columns: _Columns, name: str) -> tuple[str, object]:
    """Return the column and the cell of a time."""
    if not columns:
        return name, None
    first, *others = columns
    if not others or not is_empty(value_at(fields, first)):
        return first, value_at(fields, first)
    found = [column for column in others if not is_empty(fields[column])]
    if len(found) > 1:
        option = f"--{name.replace('_', '-')}-column"
        message = f"{found[0]!r} and {found[1]!r} may both be {name}; choose one with {option}"
        raise TargetProblem("call-time-ambiguous", message, found[1])
    return (found[0], fields[found[0]]) if found else (name, None)


def _read(column: str, cell: object, *, ends: bool) -> datetime | None:
    if is_empty(cell):
        return None
    try:
        return _moment_of_text(cell, ends) if cell.__class__ is str else _moment(cell, ends)
    except TargetProblem as problem:
        raise TargetProblem(problem.code, problem.message, column) from None


@lru_cache(maxsize=4096)
def _moment_of_text(cell: object, ends: bool) -> datetime:  # noqa: FBT001 - keywords cost more than reading
    """Return the time of a plain text: many rows have the same one. What a workbook holds is not in its text."""
    return _moment(cell, ends)


def _moment(cell: object, ends: bool) -> datetime:  # noqa: FBT001 - as above
    """Return the time of a cell: of a date only, when that day begins, or when it has ended.

    Raises:
        TargetProblem: it can't be read in one way only.
    """
    try:
        day, at = read_moment(cell, None, MONTHS)
    except DateOfNumbers as problem:
        raise _problem(cell, f"{problem.what}; {_HOW}") from None
    except TemplateProblem as problem:
        raise TargetProblem("call-time", f"{problem.message}; {_HOW}") from None
    if day is None:
        raise _problem(cell, f"has a time, but no date; {_HOW}")
    if at is not None:
        moment = datetime.combine(day, at)
    else:
        moment = datetime.combine(_day_after(day) if ends else day, datetime.min.time())
    return min(max(moment, _EARLIEST.replace(tzinfo=moment.tzinfo)), _LATEST.replace(tzinfo=moment.tzinfo))


def _day_after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _is_never(window: CallWindow) -> bool:
    """Return whether the times exclude each other in every time zone."""
    after, before = window.after, window.before
    if after is None or before is None or (after.tzinfo is None) != (before.tzinfo is None):
        return False
    return before <= after


def _problem(cell: object, what: str) -> TargetProblem:
    return TargetProblem("call-time", f"{quoted(cell)} {what}")
