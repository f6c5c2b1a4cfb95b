"""From rows to people who may be called: the part of the way that a rehearsal and a run share."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from xuna_cli.dialing.tally import Tally
from xuna_cli.errors import InputError, XunaError
from xuna_cli.models import CallTarget, Contact, Rejection, Standing

Prepare = Callable[[Contact], CallTarget | Rejection]
Standings = Callable[[Sequence[str]], Mapping[str, Standing]]


class Intake:
    """Reads rows in portions and counts each that goes no further.

    Args:
        rows: the list.
        prepare: contact to call target, or why not.
        standings: how those of the keys stand that the ledger knows.
        tally: where rows are counted.
        on_rejection: told of every rejection.

    Attributes:
        exhausted: whether the list was read to its end.
        broken: why it can't be read further; what was read before is counted and returned all the same.
    """

    def __init__(
        self,
        rows: Iterable[Contact | Rejection],
        *,
        prepare: Prepare,
        standings: Standings,
        tally: Tally,
        on_rejection: Callable[[Rejection], None],
    ) -> None:
        self._rows: Iterator[Contact | Rejection] = iter(rows)
        self._prepare = prepare
        self._standings = standings
        self._tally = tally
        self._on_rejection = on_rejection
        self.exhausted = False
        self.broken: InputError | None = None

    def read(self, size: int, waiting: Container[str]) -> list[CallTarget]:
        """Read at most `size` rows and return those that may be claimed.

        Args:
            size: rows to read.
            waiting: keys that were returned before and are not in the ledger yet.

        Raises:
            LedgerError: if the ledger can't be asked; who was read is counted as not sent.
        """
        targets: list[CallTarget] = []
        taken = 0
        try:
            for row in islice(self._rows, size):
                taken += 1
                made = row if isinstance(row, Rejection) else self._prepare(row)
                if isinstance(made, Rejection):
                    self.reject(made)
                else:
                    targets.append(made)
        except InputError as error:
            self.broken = error
        self._tally.rows += taken
        try:
            fresh = self._fresh(targets, waiting)
        except XunaError:
            self._tally.count("not_sent", len(targets))
            raise
        self.exhausted = taken < size and self.broken is None
        return fresh

    def reject(self, rejection: Rejection) -> None:
        """Count a rejection and pass it on."""
        self._tally.reject(rejection)
        self._on_rejection(rejection)

    def _fresh(self, targets: Sequence[CallTarget], waiting: Container[str]) -> list[CallTarget]:
        known = self._standings([target.key for target in targets])
        fresh: dict[str, CallTarget] = {}
        for target in targets:
            if (standing := known.get(target.key)) is not None:
                self._tally.count(standing)
            elif target.key in fresh or target.key in waiting:
                self._tally.count(Standing.DUPLICATE)
            else:
                fresh[target.key] = target
        if self._tally.example is None and fresh:
            self._tally.example = next(iter(fresh.values()))
        return list(fresh.values())
