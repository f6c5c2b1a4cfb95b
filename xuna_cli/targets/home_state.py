"""Where a person lives according to the list: the column with the state or the province."""

from collections.abc import Mapping

from xuna_cli.json_path import value_at
from xuna_cli.phone.places import locate
from xuna_cli.phone.states import state_columns, state_of, zones_elsewhere

_NORTH_AMERICA = "+1"  # elsewhere, the same letters and digits mean other places
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
        self._known: dict[tuple[object, ...], str | None] = {}

    def __call__(self, number: str, fields: Mapping[str, object]) -> str | None:
        """Return a state such as `US-CA`, or None if it is unknown, or has the time of the number.

        Args:
            number: E.164.
            fields: the row's cells.
        """
        if not number.startswith(_NORTH_AMERICA):
            return None
        cells = [value_at(fields, column) for column in self.columns]
        if self._any_names and all(cell is None for cell in cells):
            cells = [fields[column] for column in state_columns(fields)]
        # The area code decides in North America, so few of these need a closer look. A cell of JSON may be a list.
        known = (number[:_AREA_CODE_ENDS], *map(str, cells))
        if known in self._known:
            return self._known[known]
        state = next(filter(None, map(state_of, cells)), None)
        place = locate(number)
        if state is not None and not zones_elsewhere(state, place.zones):
            state = None
        if place.is_known and len(self._known) < _REMEMBERED:
            self._known[known] = state
        return state
