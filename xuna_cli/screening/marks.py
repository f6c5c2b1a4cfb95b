"""The rule for do-not-call marks: a column of the list itself says who must not be called."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from xuna_cli.dataclass import dataclass
from xuna_cli.json_path import value_at
from xuna_cli.models import Reason
from xuna_cli.screening.mark_names import Says, is_clear_no, says
from xuna_cli.screening.rules import DO_NOT_CALL, ScreeningContext

_REMEMBERED = 10_000  # sets of keys (of JSON contacts) to cache
_SHOWN = 40


def do_not_call_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return the do-not-call columns, recognized by name, in their order."""
    return tuple(column for column in columns if says(column) is Says.DO_NOT_CALL)


@dataclass(frozen=True, slots=True)
class Marks:
    """Call nobody whose do-not-call column has anything but a clear no.

    Attributes:
        columns: do-not-call columns of the list.
        in_contact: whether a contact can have further ones of its own (only in JSON).
    """

    columns: tuple[str, ...]
    in_contact: bool = False
    _by_keys: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None if the contact has no mark."""
        column = self.marked(look.fields)
        if column is None:
            return None
        text = str(value_at(look.fields, column)).strip()
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
        return Reason("do-not-call", DO_NOT_CALL, f'do-not-call: {column!r} is "{shown}"', column)

    def marked(self, fields: Mapping[str, object]) -> str | None:
        """Return the first column with a mark, or None."""
        for column in self._columns(fields) if self.in_contact else self.columns:
            if not is_clear_no(value_at(fields, column)):
                return column
        return None

    def _columns(self, fields: Mapping[str, object]) -> tuple[str, ...]:
        keys = tuple(fields)
        found = self._by_keys.get(keys)
        if found is None:
            found = tuple(dict.fromkeys((*self.columns, *do_not_call_columns(keys))))
            if len(self._by_keys) < _REMEMBERED:
                self._by_keys[keys] = found
        return found
