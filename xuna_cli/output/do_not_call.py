"""The do-not-call list as a table, JSON or CSV."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import ExitStatus
from xuna_cli.ledger.do_not_call import Entry, Event
from xuna_cli.output.files import destination, write_json
from xuna_cli.output.messages import counted
from xuna_cli.output.result import Result, Table
from xuna_cli.output.spreadsheet import write_rows
from xuna_cli.times import for_people

EXPORTED = ("to_phone_number", "reason", "added_at")


@dataclass(frozen=True, slots=True)
class EntryList(Result):
    """The do-not-call list.

    Attributes:
        entries: the first entries, or all.
        total: number of entries in the list.
    """

    entries: Sequence[Entry]
    total: int

    def document(self) -> Mapping[str, object]:
        """Return the numbers."""
        return {"do_not_call": [dict(zip(EXPORTED, _row(one), strict=True)) for one in self.entries]}

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each number, and the total."""
        yield Table(
            ("Number", "Reason", "Since"),
            ((*_row(one)[:2], for_people(one.added_at)) for one in self.entries),
            whole=("Number",),
        )
        more = self.total - len(self.entries)
        yield counted(self.total, "number", "numbers") + (
            f" ({more:,} not shown). To get all numbers: xuna do-not-call export" if more else ""
        )


@dataclass(frozen=True, slots=True)
class CheckedNumbers(Result):
    """Results of a check against the do-not-call list.

    Attributes:
        checks: each number with its entry's reason; None if not on the list.
        ledger: location of the ledger that has the list; None if there is none yet.
    """

    checks: Sequence[tuple[str, str | None]]
    ledger: str | None

    @property
    def exit_status(self) -> ExitStatus:
        """`REJECTED` if at least one number is on the list."""
        return ExitStatus.REJECTED if any(why is not None for _, why in self.checks) else ExitStatus.OK

    @property
    def partial(self) -> bool:
        """Whether at least one number is not on the list."""
        return any(why is None for _, why in self.checks)

    def document(self) -> Mapping[str, object]:
        """Return the answer for each number."""
        return {
            "checks": [
                {"to_phone_number": number, "listed": why is not None, "reason": why or None}
                for number, why in self.checks
            ]
        }

    def parts(self) -> Iterator[Table | str]:
        """Yield a line for each number, and which list it was."""
        for number, why in self.checks:
            yield f"{number}  " + (
                "not on the list" if why is None else ": ".join(filter(None, ("on the list", why)))
            )
        if self.ledger is not None:
            yield f"This is the list of the ledger {self.ledger}."


@dataclass(frozen=True, slots=True)
class NumberHistory(Result):
    """Additions to and removals from the do-not-call list.

    Attributes:
        events: the events, in order.
        numbers: the requested numbers.
    """

    events: Sequence[Event]
    numbers: Sequence[str]

    def document(self) -> Mapping[str, object]:
        """Return the events."""
        return {"history": [asdict(one) for one in self.events]}

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each event; on a narrow terminal, its values one below the other."""
        if not self.events:
            yield f"Never on the do-not-call list: {', '.join(self.numbers)}"
            return
        yield Table(
            ("Number", "When", "What", "Command and user", "Reason"),
            [
                (
                    one.to_phone_number,
                    for_people(one.at),
                    one.action,
                    f"{one.command or 'unknown'} ({one.by or 'unknown'})",
                    one.reason,
                )
                for one in self.events
            ],
            whole=("Number", "Reason"),  # the reason may be the ID of a conversation
        )


def write_entries(entries: Iterable[Entry], output: str, to: Path | None) -> None:
    """Write the list as CSV or as a JSON array, in constant memory.

    Raises:
        InputError: if the file can't be written.
    """
    rows = map(_row, entries)
    with destination(to) as stream:
        if output == "csv":
            write_rows(stream, EXPORTED, rows)
        else:
            write_json(stream, EXPORTED, rows)


def _row(one: Entry) -> tuple[str, str | None, str]:
    return one.to_phone_number, one.reason, one.added_at
