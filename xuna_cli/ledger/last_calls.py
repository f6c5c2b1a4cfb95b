"""When people were last called, whatever the campaign."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from xuna_cli.ledger.queries import in_parts, named
from xuna_cli.phone.same_person import with_other_forms

NO_CAMPAIGN = -1


class Readable(Protocol):
    """What can be asked, as `Ledger` can."""

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a reading of queries.sql that was expanded by `named`."""


def last_calls(
    ledger: Readable, numbers: Sequence[str], since: datetime, *, other_than: int | None = None
) -> dict[str, str]:
    """Return when those of the numbers were last called that were called since a time.

    Who may have been called (`submitting`, `unknown`, `short`) counts as called. What was forgotten is not
    known any more.

    Args:
        ledger: where.
        numbers: E.164.
        since: an aware time.
        other_than: a campaign that doesn't count; None: all of them do.

    Returns:
        Number to time, as the ledger writes times.
    """
    at = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    campaign_id = NO_CAMPAIGN if other_than is None else other_than
    found: dict[str, str] = {}
    others = with_other_forms(numbers)
    for part in in_parts([*numbers, *others]):
        rows = ledger.query(named("last_calls_by_key", len(part)), (at, campaign_id, at, *part))
        rows += ledger.query(named("last_calls_by_number", len(part)), (campaign_id, at, *part))
        for number, submitted_at in rows:
            found[number] = max(submitted_at, found.get(number, ""))
    for other, number in others.items():
        if other in found:
            found[number] = max(found[other], found.get(number, ""))
    return found


def claimed_by_others(ledger: Readable, numbers: Sequence[str], run_id: int) -> set[str]:
    """Return those of the numbers that another run, of whatever campaign, has claimed and not sent yet."""
    found: set[str] = set()
    others = with_other_forms(numbers)
    for part in in_parts([*numbers, *others]):
        for name in ("claims_by_key", "claims_by_number"):
            found.update(number for (number,) in ledger.query(named(name, len(part)), (run_id, *part)))
    return found | {number for other, number in others.items() if other in found}
