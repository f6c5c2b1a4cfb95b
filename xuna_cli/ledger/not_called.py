"""Rows that were not called, by rule, kept until the campaign is forgotten."""

from collections.abc import Iterator, Mapping

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.ledger import Ledger

READ_AT_ONCE = 5_000

Row = tuple[int, str]
"""The number of a row of the list, and the rule that kept it back."""


@dataclass(frozen=True, slots=True)
class NotCalled:
    """A row that was not called.

    Attributes:
        source: the list's absolute path; `-` for standard input.
        row_number: row number in that list.
        rule: code of the rejection or the screening rule.
        to_phone_number: E.164; None if the row has no valid number.
        list_sha256: hash of the list's bytes.
        first_run_id: the run that did not call the row, or the first of several that follow each other.
        last_run_id: the last of these; all runs with this list in between did not call the row by this rule.
    """

    source: str
    row_number: int
    rule: str
    to_phone_number: str | None
    list_sha256: str | None
    first_run_id: int
    last_run_id: int


@dataclass(frozen=True, slots=True)
class ListRun:
    """A run among the campaign's runs with the same list (path and content).

    Attributes:
        id: this run.
        first: the first of them, possibly this run.
        before: the last one before this run, if any.
    """

    id: int
    first: int
    before: int | None


def list_run(ledger: Ledger, run_id: int) -> ListRun:
    """Return a run among those with the same list."""
    [(first, before)] = ledger.rows("list_run", {"run_id": run_id})
    return ListRun(run_id, int(first), before)


def store_not_called(ledger: Ledger, run: ListRun, rows: Mapping[Row, str | None]) -> None:
    """Store rows that a run did not call, with their numbers, in one transaction."""
    with ledger.transaction():
        ledger.insert(
            "add_not_called",
            [(run.first, row, rule, number, run.id, run.id) for (row, rule), number in sorted(rows.items())],
        )


def join_not_called(ledger: Ledger, run: ListRun) -> None:
    """Join a run's rows with those of the run before, so that a job that runs every hour adds nothing."""
    with ledger.transaction():
        asked = {"list_run_id": run.first, "run_id": run.id}
        if run.before is not None and ledger.change("extend_not_called", {**asked, "run_before": run.before}):
            ledger.change("drop_extending_not_called", asked)


def not_called(ledger: Ledger, campaign_id: int) -> Iterator[NotCalled]:
    """Yield a campaign's rows that were not called, list by list, in short reads that do not block writers."""
    after: tuple[int, int, str, int] = (0, 0, "", 0)
    while rows := ledger.rows("not_called_page", (campaign_id, *after, READ_AT_ONCE)):
        for _, *row in rows:
            yield NotCalled(*row)
        list_run_id, _, row_number, rule, *_, first_run_id, _ = rows[-1]
        after = (list_run_id, row_number, rule, first_run_id)
