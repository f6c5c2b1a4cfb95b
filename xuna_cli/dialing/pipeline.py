"""The way from contacts to people who may be called: contacts → people → unclaimed → eligible, in chunks.

A run, a rehearsal and those who are looked at again later all go this way. Each stage counts the rows that go
no further, and hands on the others; whatever stops it, each row that was read is counted once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Protocol

from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.errors import InputError, XunaError
from xuna_cli.ledger.records import ClaimStatus
from xuna_cli.models import CallTarget, Contact, Reason, Rejection

READ_AT_ONCE = 500  # rows between two looks at the flags; more cost memory and save nothing

Person = tuple[CallTarget, Contact | None]
People = Iterable[Person | Rejection]
Statuses = Mapping[str, ClaimStatus]


class Claims(Protocol):
    """Who is claimed already."""

    def statuses(self, keys: Sequence[str]) -> Statuses:
        """Return what is known of those of the keys that are."""

    def first_rows(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return with which rows of the list they were."""


def targets_of(
    contacts: Iterable[Contact | Rejection], build: Callable[[Contact], CallTarget | Rejection]
) -> Iterator[Person | Rejection]:
    """Yield what each contact becomes: a call target, beside the contact itself, or a rejection."""
    for contact in contacts:
        if isinstance(contact, Rejection):
            yield contact
        elif isinstance(target := build(contact), Rejection):
            yield target
        else:
            yield target, contact


def read(people: People, stats: RunStats, size: Callable[[], int]) -> Iterator[list[Person]]:
    """Yield people in chunks; rejections are counted, and whether the list came to its end is noted.

    Args:
        people: the list.
        stats: where rows are counted.
        size: how many rows the next chunk may have.

    Raises:
        InputError: if the list can't be read further; what was read before is yielded first.
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
    """Yield people who had to wait in this run, in chunks.

    Args:
        targets: who waited.
        uncount: takes back what the row of a target was counted as.
        size: how many people the next chunk may have.
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
) -> Iterator[list[Person]]:
    """Leave out whom the ledger knows.

    Args:
        chunks: people.
        known: what is known of keys; whom the claim finds as well may be missing.
        claims: has their rows.
        stats: where rows are counted.

    Raises:
        LedgerError: if the ledger can't be asked; the chunk is counted as not sent.
    """
    for chunk in chunks:
        with not_sent_on_failure(chunk, stats):
            statuses = known([target.key for target, _ in chunk])
            first_rows = first_rows_of(statuses, claims)
        if statuses:
            for target, _ in chunk:
                if (status := statuses.get(target.key)) is not None:
                    stats.count_known(target, status, first_rows)
            yield [person for person in chunk if person[0].key not in statuses]
        else:
            yield chunk


def eligible(
    chunks: Iterable[list[Person]],
    screen: Callable[[Sequence[Person]], Mapping[int, Reason]],
    claims: Claims,
    pending: Mapping[str, CallTarget],
    stats: RunStats,
) -> Iterator[list[CallTarget]]:
    """Yield who may be claimed: whom no rule keeps back, each person once.

    Each row is looked at by itself, and not only the first one of a person: which rows are read together
    must not decide what becomes of them.

    Args:
        chunks: people.
        screen: who may not be called, by their place among the people, and why.
        claims: who is in the ledger already is counted as that, also where a rule keeps them back.
        pending: who was yielded before and is not in the ledger yet, by key.
        stats: where rows are counted.

    Raises:
        LedgerError: if the ledger can't be asked; the chunk is counted as not sent.
    """
    for chunk in chunks:
        with not_sent_on_failure(chunk, stats):
            reasons = screen(chunk)
            statuses = claims.statuses([chunk[place][0].key for place in reasons]) if reasons else {}
            first_rows = first_rows_of(statuses, claims)
        fit = {} if reasons else {target.key: target for target, _ in chunk}
        if len(fit) < len(chunk) or not fit.keys().isdisjoint(pending):  # seldom: else nobody is there twice
            fit = {}
            for place, (target, _) in enumerate(chunk):
                key = target.key
                if (first := fit.get(key) or pending.get(key)) is not None:
                    stats.duplicate(target, first.row_number)
                elif (reason := reasons.get(place)) is None:
                    fit[key] = target
                elif (status := statuses.get(key)) is not None:
                    stats.count_known(target, status, first_rows)
                else:
                    stats.screen(target, reason)
        if stats.example is None and fit:
            stats.example = next(iter(fit.values()))
        yield list(fit.values())


def first_rows_of(statuses: Statuses, claims: Claims) -> Mapping[str, int]:
    """Return the rows of those who are there twice; the ledger is asked only where there are some."""
    twice = [key for key, status in statuses.items() if status is ClaimStatus.DUPLICATE]
    return claims.first_rows(twice) if twice else {}


@contextmanager
def not_sent_on_failure(chunk: Sequence[object], stats: RunStats) -> Iterator[None]:
    """Count a chunk as not sent where the ledger can't be asked: nothing of it is counted before that."""
    try:
        yield
    except XunaError:
        stats.count("not_sent", len(chunk))
        raise
