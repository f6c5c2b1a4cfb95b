"""The rule for do-not-call marks: the list itself says who must not be called."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from xuna_cli.dataclass import dataclass
from xuna_cli.json_path import value_at, values_within
from xuna_cli.models import Reason
from xuna_cli.screening.mark_names import Says, is_clear_no, is_remark, says, says_inside
from xuna_cli.screening.remarks import allows_only_another_channel, is_of_another_channel, says_do_not_call
from xuna_cli.screening.rules import DO_NOT_CALL, ScreeningContext

_REMEMBERED = 10_000  # sets of keys (of JSON contacts) to cache
_SHOWN = 40


def do_not_call_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the do-not-call columns, recognized by name, in their order."""
    return tuple(column for column in columns if says(column) is Says.DO_NOT_CALL)


def do_not_call_paths(rows: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """Return the paths of do-not-call marks inside the objects of JSON contacts, in their order."""
    return tuple(
        dict.fromkeys(
            path
            for fields in rows
            for path, names, _ in values_within(fields)
            if says_inside(names) is Says.DO_NOT_CALL
        )
    )


def remark_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns with states, labels or notes, in their order; their cells may say whom not to call.

    "Opted out" in a column with consent is a remark, too.
    """
    return tuple(
        column
        for column in columns
        if (says(column) is Says.NOTHING and is_remark(column))
        or (says(column) is Says.CONSENT and not is_of_another_channel(column))
    )


@dataclass(frozen=True, slots=True)
class Marks:
    """Call nobody who has a mark: anything but a clear no in a do-not-call column, or the words in a remark.

    Attributes:
        columns: do-not-call columns of the list.
        remarks: columns in which only words such as "do not call" are a mark.
        in_contact: whether a contact can have further ones of its own, also inside objects (only in JSON).
    """

    columns: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    in_contact: bool = False
    _by_keys: dict[tuple[str, ...], tuple[Sequence[str], Sequence[str]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None if the contact has no mark."""
        found = next(self._found(look.fields), None)
        if found is None:
            return None
        column, cell = found
        text = str(cell).strip()
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        return Reason("do-not-call", DO_NOT_CALL, f'do-not-call: {column!r} is "{shown}"', column)

    def marked(self, fields: Mapping[str, object]) -> str | None:
        """Return the first column with a mark, or None."""
        return next((column for column, _ in self._found(fields)), None)

    def _found(self, fields: Mapping[str, object]) -> Iterator[tuple[str, object]]:
        columns, remarks = self._own_columns(fields) if self.in_contact else (self.columns, self.remarks)
        for column in columns:
            if not is_clear_no(cell := value_at(fields, column)):
                yield column, cell
        for column in remarks:
            if _is_mark(column, cell := value_at(fields, column)):
                yield column, cell
        if self.in_contact:
            for path, names, value in values_within(fields):
                if says_inside(names) is Says.DO_NOT_CALL:
                    if not is_clear_no(value):
                        yield path, value
                elif any(_is_mark(name, value) for name in names.split(".") if is_remark(name)):
                    yield path, value

    def _own_columns(self, fields: Mapping[str, object]) -> tuple[Sequence[str], Sequence[str]]:
        keys = tuple(fields)
        found = self._by_keys.get(keys)
        if found is None:
            found = (
                tuple(dict.fromkeys((*self.columns, *do_not_call_columns(keys)))),
                tuple(dict.fromkeys((*self.remarks, *remark_columns(keys)))),
            )
            if len(self._by_keys) < _REMEMBERED:
                self._by_keys[keys] = found
        return found


def _is_mark(column: str, cell: object) -> bool:
    """Return whether a cell of a column with remarks says that the person must not be called."""
    return says_do_not_call(cell) or (
        isinstance(cell, str) and is_remark(column) and allows_only_another_channel(cell)
    )
