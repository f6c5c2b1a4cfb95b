"""From rows to people who may be called: the part of the way that a rehearsal and a run share."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import InputError, XunaError
from xuna_cli.ledger.records import ClaimStatus
from xuna_cli.models import CallTarget, Contact, Reason, Rejection
from xuna_cli.screening.rules import DEFERRED

Person = tuple[CallTarget, Contact | None]
Prepare = Callable[[Contact], CallTarget | Rejection]
RowsOf = Callable[[Sequence[str]], Mapping[str, int]]
Standings = Callable[[Sequence[str]], Mapping[str, ClaimStatus]]


class Intake:
    """Reads rows in portions and counts each that goes no further.

    Args:
        rows: the list.
        prepare: contact to call target, or why not.
        standings: how those of the keys stand that the ledger knows; who is found by the claim may be missing.
        standings_of_screened: the same, with nobody missing: for those whom a rule keeps back, since who is in
            the ledger already is counted as that.
        screener: who may not be called.
        rows_of: with which rows keys were claimed, or seen before.
        stats: where rows are counted.
        on_rejection: told of every row that is rejected or screened out.

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
        standings_of_screened: Standings,
        screener: Screener,
        stats: RunStats,
        on_rejection: Callable[[Rejection], None],
        rows_of: RowsOf = lambda _: {},
    ) -> None:
        self._rows_of = rows_of
        self._rows: Iterator[Contact | Rejection] = iter(rows)
        self._prepare = prepare
        self._standings = standings
        self._standings_of_screened = standings_of_screened
        self._screen = screener.at_intake
        self._stats = stats
        self._on_rejection = on_rejection
        self.exhausted = False
        self.broken: InputError | None = None

    def read(self, size: int, waiting: Mapping[str, CallTarget]) -> list[CallTarget]:
        """Read at most `size` rows and return those that may be claimed.

        Args:
            size: rows to read.
            waiting: who was returned before and is not in the ledger yet, by key.

        Raises:
            LedgerError: if the ledger can't be asked; who was read is counted as not sent.
        """
        targets: list[Person] = []
        taken = 0
        try:
            for row in islice(self._rows, size):
                taken += 1
                if isinstance(row, Rejection):
                    self.reject(row)
                elif isinstance(made := self._prepare(row), Rejection):
                    self.reject(made)
                else:
                    targets.append((made, row))
        except InputError as error:
            self.broken = error
        self._stats.rows += taken
        try:
            fresh = self._fresh(targets, waiting)
        except XunaError:
            self._stats.count("not_sent", len(targets))
            raise
        self.exhausted = taken < size and self.broken is None
        return fresh

    def reject(self, rejection: Rejection) -> None:
        """Count a rejection and pass it on."""
        self._stats.reject(rejection)
        self._on_rejection(rejection)

    def _fresh(self, people: Sequence[Person], waiting: Mapping[str, CallTarget]) -> list[CallTarget]:
        """Return who may be claimed, and count the others.

        Each row is looked at by itself, and not only the first one of a person: which rows are read
        together must not decide what becomes of them.
        """
        keys = [target.key for target, _ in people]
        settled: list[tuple[CallTarget, ClaimStatus]] = []
        if known := self._standings(keys):
            settled = [(target, known[target.key]) for target, _ in people if target.key in known]
            people = [person for key, person in zip(keys, people, strict=True) if key not in known]
        reasons = self._screen(people)
        barred = [people[place][0].key for place in reasons]
        known = self._standings_of_screened(barred) if barred else {}
        twice = [target.key for target, status in settled if status is ClaimStatus.DUPLICATE]
        twice += [key for key, status in known.items() if status is ClaimStatus.DUPLICATE]
        first_rows = self._rows_of(twice) if twice else {}
        # Nothing is counted before the ledger has answered for the last time: each row is counted once.
        for target, status in settled:
            self._count(target, status, first_rows)
        fresh = {} if reasons else {target.key: target for target, _ in people}
        if len(fresh) == len(people) and fresh.keys().isdisjoint(waiting):
            people = ()  # nearly always: nobody is there twice
        else:
            fresh = {}
        for place, (target, _) in enumerate(people):
            key = target.key
            if (first := fresh.get(key) or waiting.get(key)) is not None:
                self._stats.duplicate(target.row_number, first.row_number)
            elif (reason := reasons.get(place)) is None:
                fresh[key] = target
            elif (status_now := known.get(key)) is not None:
                self._count(target, status_now, first_rows)
            else:
                self._stats.screen(target, reason)
                tell_screened(target, reason, self._on_rejection)
        fit = list(fresh.values())
        if self._stats.example is None and fit:
            self._stats.example = fit[0]
        return fit

    def _count(self, target: CallTarget, status: ClaimStatus, first_rows: Mapping[str, int]) -> None:
        if status is ClaimStatus.DUPLICATE:
            self._stats.duplicate(target.row_number, first_rows.get(target.key))
        else:
            self._stats.count(status)


class SecondIntake(Intake):
    """Looks again at people who had to wait in this run; their rows are counted already.

    Args:
        rows: the targets.
        uncount: takes back what the row of a target was counted as.
        standings: as for `Intake`.
        screener: likewise.
        stats: likewise.
        on_rejection: likewise.
        rows_of: likewise.
    """

    def __init__(
        self,
        rows: Iterable[CallTarget],
        *,
        uncount: Callable[[CallTarget], None],
        standings: Standings,
        screener: Screener,
        stats: RunStats,
        on_rejection: Callable[[Rejection], None],
        rows_of: RowsOf = lambda _: {},
    ) -> None:
        super().__init__(
            (),
            prepare=_nobody,
            standings=standings,
            standings_of_screened=standings,
            screener=screener,
            stats=stats,
            on_rejection=on_rejection,
            rows_of=rows_of,
        )
        self._targets = iter(rows)
        self._uncount = uncount
        self._screen = screener.second_look

    def read(self, size: int, waiting: Mapping[str, CallTarget]) -> list[CallTarget]:
        """Look at `size` people, at most, and return those that may be claimed now."""
        people: list[Person] = [(target, None) for target in islice(self._targets, size)]
        for target, _ in people:
            self._uncount(target)
        self.exhausted = len(people) < size
        try:
            return self._fresh(people, waiting)
        except XunaError:
            self._stats.count("not_sent", len(people))
            raise


def tell_screened(target: CallTarget, reason: Reason, on_rejection: Callable[[Rejection], None]) -> None:
    """Tell of a row that is screened out, as of a rejection; one that is deferred comes back by itself."""
    if reason.count != DEFERRED:
        on_rejection(Rejection(target.row_number, reason.code, reason.field, reason.message, target.contact))


def _nobody(contact: Contact) -> CallTarget | Rejection:
    raise AssertionError(contact.row_number)
