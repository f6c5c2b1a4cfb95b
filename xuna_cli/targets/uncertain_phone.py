"""Find the numbers of a row that says "do not call", also where no number is certain enough to be called."""

from collections.abc import Callable, Iterator

from xuna_cli.json_path import value_at
from xuna_cli.models import CallTarget, Contact, Rejection
from xuna_cli.phone.cells import PhoneProblem
from xuna_cli.phone.regions import region_of
from xuna_cli.phone.suppression import SuppressionReader
from xuna_cli.targets.row_phone import PhoneColumns, parts


class NumbersOfRows:
    """Finds every number that a row may mean.

    Args:
        where: the columns.
        prepare: makes a call target of a contact.
        region: country of numbers without + if no column gives one.
    """

    def __init__(
        self, where: PhoneColumns, prepare: Callable[[Contact], CallTarget | Rejection], region: str | None
    ) -> None:
        self._where = where
        self._prepare = prepare
        self._reader = SuppressionReader(region)

    def __call__(self, contact: Contact) -> Iterator[str]:
        """Yield the numbers of a row as E.164; of a cell that can't be called, each number that it may mean."""
        target = self._prepare(contact)
        if isinstance(target, CallTarget):
            yield from target.numbers
            return
        cells = (value_at(contact.fields, column) for column in self._where.regions)
        region = next((found for cell in cells if (found := region_of(cell))), None)
        for column in self._where.columns:
            for part in parts(value_at(contact.fields, column)):
                try:
                    yield from (reading.number for reading in self._reader.read(part, region))
                except PhoneProblem:
                    continue
