"""Where a person lives according to the list: the column with the state or the province."""

from collections.abc import Mapping

from xuna_cli.json_path import value_at
from xuna_cli.phone.places import locate
from xuna_cli.phone.states import NORTH_AMERICA, is_elsewhere, state_columns, state_of

_AREA_CODE_ENDS = 5  # +1 415
_REMEMBERED = 10_000


class HomeState:
    """Tells in which state a person lives, if the number suggests another time zone.

    Args:
        columns: the columns with the state; the first one that names a state counts.
        any_names: whether a contact without these columns may have the state under another name, as in JSON.

    Attributes:
        columns: the columns with the state.
    """

    def __init__(self, columns: tuple[str, ...], *, any_names: bool) -> None:
        self.columns = columns
        self._any_names = any_names
        self._known: dict[tuple[str, str], str | None] = {}

    def __call__(self, number: str, fields: Mapping[str, object]) -> str | None:
        """Return a state such as `US-CA`, or None if it is unknown, or has the time of the number.

        Args:
            number: E.164.
            fields: the row's cells.
        """
        if not number.startswith(NORTH_AMERICA):
            return None
        cell = self._cell(fields)
        if cell is None:
            return None
        # The area code decides in North America, so few pairs need a closer look.
        pair = (cell, number[:_AREA_CODE_ENDS])
        if pair in self._known:
            return self._known[pair]
        state = state_of(cell)
        found = state if state is not None and is_elsewhere(state, number) else None
        if locate(number).is_known and len(self._known) < _REMEMBERED:
            self._known[pair] = found
        return found

    def _cell(self, fields: Mapping[str, object]) -> str | None:
        cells = [value_at(fields, column) for column in self.columns]
        if self._any_names and all(cell is None for cell in cells):
            cells = [fields[column] for column in state_columns(fields)]
        return next((cell for cell in cells if isinstance(cell, str) and state_of(cell)), None)
