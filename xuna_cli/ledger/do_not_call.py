"""The ledger's do-not-call list, for all campaigns. Numbers are E.164; every addition is on disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.queries import in_parts
from xuna_cli.ledger.who import user_at_host


@dataclass(frozen=True, slots=True)
class InProgress:
    """Numbers of live runs and of their requests in progress."""

    runs: int
    requests: int


ADDED_AT_ONCE = 20_000  # numbers per transaction, so that an import does not block runs for long
READ_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A number on the do-not-call list.

    Attributes:
        to_phone_number: E.164.
        reason: as given, or None.
        added_at: UTC, ISO 8601.
    """

    to_phone_number: str
    reason: str | None
    added_at: str


@dataclass(frozen=True, slots=True)
class Event:
    """An addition or a removal of a number.

    Attributes:
        to_phone_number: E.164.
        action: `added` or `removed`.
        at: UTC, ISO 8601.
        command: the command that made the change; None if an older version did.
        by: user@host; None as for `command`.
        reason: as given, or None.
    """

    to_phone_number: str
    action: str
    at: str
    command: str | None
    by: str | None
    reason: str | None


def add(ledger: Ledger, numbers: Iterable[str], reason: str | None, command: str = "do-not-call add") -> int:
    """Add numbers and commit them to disk. A number that is on the list keeps its entry.

    Args:
        ledger: the ledger.
        numbers: E.164.
        reason: reason to store.
        command: command to store in the history.

    Returns:
        How many numbers are new.
    """
    return sum(
        _insert(ledger, [(number, reason) for number in sorted(set(part))], command)
        for part in in_parts(numbers, ADDED_AT_ONCE)
    )


def add_for_reasons(ledger: Ledger, reasons: Mapping[str, str], command: str) -> int:
    """Add numbers, each with its own reason, as `add` does."""
    return sum(_insert(ledger, part, command) for part in in_parts(sorted(reasons.items()), ADDED_AT_ONCE))


def _insert(ledger: Ledger, entries: Sequence[tuple[str, str | None]], command: str) -> int:
    by = user_at_host()
    with ledger.transaction():
        at = ledger.timestamp()
        return ledger.insert(
            "do_not_call_add", [(number, reason, at, command, by) for number, reason in entries]
        )


def in_progress(ledger: Ledger) -> InProgress:
    """Return the runs and requests in progress. Later requests respect all numbers added before."""
    with ledger.transaction():
        alive = [run_id for (run_id,) in ledger.rows("open_runs") if ledger.engine.is_alive(run_id)]
        requests = sum(ledger.rows("submitting_of_run", {"run_id": run_id})[0][0] for run_id in alive)
    return InProgress(len(alive), int(requests))


def remove(
    ledger: Ledger, numbers: Iterable[str], reason: str | None = None, command: str = "do-not-call remove"
) -> int:
    """Remove numbers and record the removals; return how many were on the list."""
    removed = sorted(set(numbers))
    with ledger.transaction():
        ledger.change_in(
            "do_not_call_keep_removed", removed, ledger.timestamp(), command, user_at_host(), reason
        )
        return ledger.change_in("do_not_call_remove", removed)


def history(ledger: Ledger, numbers: Sequence[str]) -> list[Event]:
    """Return the additions and removals of numbers, in order."""
    events = []
    for row in ledger.rows_in("do_not_call_removed_of", numbers):
        number, reason, added_at, command, by, removed_at, removed_command, removed_by, removed_reason = row
        events.append(Event(number, "added", added_at, command, by, reason))
        events.append(Event(number, "removed", removed_at, removed_command, removed_by, removed_reason))
    for number, reason, added_at, command, by in ledger.rows_in("do_not_call_entries_of", numbers):
        events.append(Event(number, "added", added_at, command, by, reason))
    return sorted(events, key=attrgetter("at"))


def entries(ledger: Ledger) -> Iterator[Entry]:
    """Yield the entries ordered by number, in short reads that do not block writers."""
    after = ""
    while rows := ledger.rows("do_not_call_page", {"after": after, "size": READ_AT_ONCE}):
        for row in rows:
            yield Entry(*row)
        after = rows[-1][0]


def count(ledger: Ledger) -> int:
    """Return the number of entries."""
    return int(ledger.rows("do_not_call_count")[0][0])
