"""Rows that were not called, by rule, kept until the campaign is forgotten."""

from collections.abc import Iterator, Mapping

from xuna_cli.late_dataclass import dataclass
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
        first_run_id: first run with this list that did not call the row.
        last_run_id: last such run.
    """

    source: str
    row_number: int
    rule: str
    to_phone_number: str | None
    list_sha256: str | None
    first_run_id: int
    last_run_id: int


def list_run(ledger: Ledger, run_id: int) -> int:
    """Return the campaign's first run with the same list (path and content), possibly this run."""
    [(found,)] = ledger.rows("list_run", {"run_id": run_id})
    return int(found)


def store_not_called(ledger: Ledger, list_run_id: int, run_id: int, rows: Mapping[Row, str | None]) -> None:
    """Store a run's rows that were not called, with their numbers, in one transaction."""
    with ledger.transaction():
        ledger.insert(
            "add_not_called",
            [
                (list_run_id, row, rule, number, run_id, run_id)
                for (row, rule), number in sorted(rows.items())
            ],
        )


def not_called(ledger: Ledger, campaign_id: int) -> Iterator[NotCalled]:
    """Yield a campaign's rows that were not called, list by list, in short reads that do not block writers."""
    after: tuple[int, int, str] = (0, 0, "")
    while rows := ledger.rows("not_called_page", (campaign_id, *after, READ_AT_ONCE)):
        for _, *row in rows:
            yield NotCalled(*row)
        list_run_id, _, row_number, rule, *_ = rows[-1]
        after = (list_run_id, row_number, rule)
