"""The pipeline from contacts to eligible people: contacts → people → unclaimed → eligible, in chunks.

Runs, rehearsals and the second look at deferred people share this pipeline. Each stage counts the rows that go
no further and passes on the others; however the pipeline ends, each row that was read is counted once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import NamedTuple, Protocol

from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.errors import InputError, XunaError
from xuna_cli.ledger.attempts import Due, NotYet, Standing
from xuna_cli.ledger.records import ClaimStatus
from xuna_cli.models import CallTarget, Contact, Reason, Rejection
from xuna_cli.screening.rules import DEFERRED

READ_AT_ONCE = 500  # rows between two checks of the stop flag; more cost memory and save nothing

Person = tuple[CallTarget, Contact | None]
People = Iterable[Person | Rejection]
Statuses = Mapping[str, Standing]
Again = Callable[[Contact, int], CallTarget | Rejection]
"""Makes the target of a later attempt: takes the contact and the attempt's number."""


class Unclaimed(NamedTuple):
    """People who may be called now or later, as far as the ledger tells.

    Attributes:
        people: people with the targets of their next attempts.
        later: those of them whose next attempt is not due yet, by key.
    """

    people: list[Person]
    later: Mapping[str, NotYet]


class Claims(Protocol):
    """The claimed people."""

    def statuses(self, keys: Sequence[str]) -> Statuses:
        """Return the status of the claimed keys."""

    def first_rows(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return the list rows of claimed keys."""


def targets_of(
    contacts: Iterable[Contact | Rejection], build: Callable[[Contact], CallTarget | Rejection]
) -> Iterator[Person | Rejection]:
    """Yield a call target with its contact, or a rejection, for each contact."""
    for contact in contacts:
        if isinstance(contact, Rejection):
            yield contact
        elif isinstance(target := build(contact), Rejection):
            yield target
        else:
            yield target, contact


def read(people: People, stats: RunStats, size: Callable[[], int]) -> Iterator[list[Person]]:
    """Yield people in chunks; count rejections, and note whether the list was read to its end.

    Args:
        people: the list.
        stats: counts the rows.
        size: returns the number of rows for the next chunk.

    Raises:
        InputError: if the list can't be read further; the rows before are yielded first.
    """
    rows = iter(people)
    while True:
        wanted, taken, chunk = size(), 0, []
        broken: InputError | None = None
        try:
            for row in islice(rows, wanted):
                taken += 1
                if isinstance(row, Rejection):
                    stats.reject(row)
                else:
                    chunk.append(row)
        except InputError as error:
            broken = error
        stats.rows += taken
        stats.list_complete = taken < wanted and broken is None
        yield chunk
        if broken is not None:
            raise broken
        if stats.list_complete:
            return


def look_again(
    targets: Iterable[CallTarget], uncount: Callable[[CallTarget], None], size: Callable[[], int]
) -> Iterator[list[Person]]:
    """Yield the people deferred in this run, in chunks.

    Args:
        targets: the deferred people.
        uncount: removes a target's row from the counts.
        size: returns the number of people for the next chunk.
    """
    waiting = iter(targets)
    taken, wanted = 0, 0
    while taken == wanted:
        wanted = size()
        chunk: list[Person] = [(target, None) for target in islice(waiting, wanted)]
        for target, _ in chunk:
            uncount(target)
        yield chunk
        taken = len(chunk)


def unclaimed(
    chunks: Iterable[list[Person]],
    known: Callable[[Sequence[str]], Statuses],
    claims: Claims,
    stats: RunStats,
    again: Again | None = None,
) -> Iterator[Unclaimed]:
    """Leave out people in the ledger, except those with a next attempt: their targets are made for it.

    Args:
        chunks: people.
        known: returns the status of keys; keys that the claim will find may be missing.
        claims: returns their rows.
        stats: counts the rows.
        again: makes the targets of later attempts.

    Raises:
        LedgerError: if the ledger can't be asked; the chunk is counted as not sent.
    """
    for chunk in chunks:
        with not_sent_on_failure(chunk, stats):
            statuses = known([target.key for target, _ in chunk])
            first_rows = first_rows_of(statuses, claims)
        if not statuses:
            yield Unclaimed(chunk, {})
            continue
        left: list[Person] = []
        later: dict[str, NotYet] = {}
        for target, contact in chunk:
            standing = statuses.get(target.key)
            if standing is None:
                left.append((target, contact))
            elif (made := _for_next_attempt(target, contact, standing, again)) is None:
                stats.count_known(target, standing, first_rows)
            elif isinstance(made, Rejection):
                stats.reject(made, again=True)
            else:
                left.append((made, contact))
                if isinstance(standing, NotYet):
                    later[made.key] = standing
        yield Unclaimed(left, later)


def _for_next_attempt(
    target: CallTarget, contact: Contact | None, standing: Standing, again: Again | None
) -> CallTarget | Rejection | None:
    """Return the target of a person's next attempt; None if there is none, or its message can't be made."""
    if not isinstance(standing, Due | NotYet):
        return None
    if target.attempt == standing.attempt:
        return target
    if contact is None or again is None:
        return None
    made = again(contact, standing.attempt)
    # All attempts of a person have one key, whatever form of the number the list has.
    return made if isinstance(made, Rejection) else replace(made, key=standing.key)


def eligible(
    chunks: Iterable[Unclaimed],
    screen: Callable[[Sequence[Person]], Mapping[int, Reason]],
    claims: Claims,
    pending: Mapping[str, CallTarget],
    stats: RunStats,
) -> Iterator[list[CallTarget]]:
    """Yield people who pass all rules, each person once.

    Every row is screened, not only the first of a person, so that the chunk boundaries
    do not change the result. People who are called later are screened, too: with `--wait` it is this run that
    calls them, and some rules need their row.

    Args:
        chunks: people, and whose next attempt is made later.
        screen: returns the barred people by position, with the reasons.
        claims: people in the ledger are counted as such even if a rule bars them.
        pending: people yielded before that are not in the ledger yet, by key.
        stats: counts the rows.

    Raises:
        LedgerError: if the ledger can't be asked; the chunk is counted as not sent.
    """
    for chunk, later in chunks:
        with not_sent_on_failure(chunk, stats):
            reasons = screen(chunk)
            statuses = claims.statuses([chunk[place][0].key for place in reasons]) if reasons else {}
            first_rows = first_rows_of(statuses, claims)
        fit = {} if reasons or later else {target.key: target for target, _ in chunk}
        # Rare: otherwise there are no duplicates.
        if len(fit) < len(chunk) or not fit.keys().isdisjoint(pending):
            fit = {}
            for place, (target, _) in enumerate(chunk):
                key, reason = target.key, reasons.get(place)
                if (standing := later.get(key)) is not None and (reason is None or reason.count == DEFERRED):
                    stats.count_known(target, standing, first_rows)
                elif (first := fit.get(key) or pending.get(key)) is not None:
                    stats.duplicate(target, first.row_number)
                elif reason is None:
                    fit[key] = target
                elif standing is None and (status := statuses.get(key)) and not is_due(target, status):
                    stats.count_known(target, status, first_rows)
                else:
                    stats.screen(target, reason)
        if stats.example is None and fit:
            stats.example = next(iter(fit.values()))
        yield list(fit.values())


def is_due(target: CallTarget, standing: Standing) -> bool:
    """Return whether a target was made for the person's next attempt, and this attempt may be made now."""
    return isinstance(standing, Due) and standing.attempt == target.attempt


def first_rows_of(statuses: Statuses, claims: Claims) -> Mapping[str, int]:
    """Return the first rows of duplicates; the ledger is only asked if there are any."""
    twice = [key for key, status in statuses.items() if status is ClaimStatus.DUPLICATE]
    return claims.first_rows(twice) if twice else {}


@contextmanager
def not_sent_on_failure(chunk: Sequence[object], stats: RunStats) -> Iterator[None]:
    """Count a whole chunk as not sent if the ledger fails; none of its rows is counted before."""
    try:
        yield
    except XunaError:
        stats.count("not_sent", len(chunk))
        raise
