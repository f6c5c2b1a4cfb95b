"""When people were last called, whatever the campaign."""

from collections.abc import Sequence
from datetime import datetime

from xuna_cli.ledger.database import Database, as_written

NO_CAMPAIGN = -1


def last_calls(
    database: Database, numbers: Sequence[str], since: datetime, *, other_than: int | None = None
) -> dict[str, str]:
    """Return when those of the numbers were last called that were called since a time.

    Who may have been called (`submitting`, `unknown`, `short`) counts as called. What was forgotten is not
    known any more.

    Args:
        database: the ledger's.
        numbers: E.164.
        since: an aware time.
        other_than: a campaign that doesn't count; None: all of them do.

    Returns:
        Number to time, as the ledger writes times.
    """
    at = as_written(since)
    campaign_id = NO_CAMPAIGN if other_than is None else other_than
    found: dict[str, str] = {}
    for rows in (
        database.rows_of_keys("last_calls_by_key", numbers, at, campaign_id, at),
        database.rows_of_keys("last_calls_by_number", numbers, campaign_id, at),
    ):
        for number, submitted_at in rows:
            found[number] = max(submitted_at, found.get(number, ""))
    return found


def claimed_by_others(database: Database, numbers: Sequence[str], run_id: int) -> set[str]:
    """Return those of the numbers that another run, of whatever campaign, has claimed and not sent yet."""
    return {
        number
        for name in ("claims_by_key", "claims_by_number")
        for number, _ in database.rows_of_keys(name, numbers, run_id)
    }
