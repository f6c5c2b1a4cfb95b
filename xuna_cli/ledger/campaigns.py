"""What a person asks of the ledger: which campaigns there are, who was called, and resolving what is held."""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from xuna_cli.errors import UsageError
from xuna_cli.ledger.batches import batch_record
from xuna_cli.ledger.conversations import outcome_of, outcomes_of, sync_of
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT
from xuna_cli.ledger.records import HELD_STATES, BatchRecord, BatchState, CallOutcome, CallRecord, Campaign

CALLS_PER_READING = 5_000  # an open reading keeps writers waiting: each is short


def campaigns(ledger: Ledger) -> list[Campaign]:
    """Return all campaigns by name."""
    heads: dict[int, list[Any]] = {}
    calls: dict[int, dict[BatchState, int]] = defaultdict(dict)
    batches: dict[int, dict[BatchState, int]] = defaultdict(dict)
    for campaign_id, *head, state, batch_count, call_count in ledger.rows("campaign_summaries"):
        heads[campaign_id] = head
        if state is not None:
            calls[campaign_id][BatchState(state)] = int(call_count)
            batches[campaign_id][BatchState(state)] = int(batch_count)
    return [
        Campaign(
            campaign_id, name, key, origin, path, created, calls[campaign_id], batches[campaign_id], forgotten
        )
        for campaign_id, (name, key, origin, path, created, forgotten) in heads.items()
    ]


def campaign(ledger: Ledger, name: str) -> Campaign:
    """Return one campaign.

    Raises:
        UsageError: if there is none of that name.
    """
    every = campaigns(ledger)
    for found in every:
        if found.name == name:
            return found
    known = ", ".join(repr(one.name) for one in every[:10]) or "none"
    raise UsageError(
        f"there is no campaign {name!r} in {ledger.location}",
        hint=f"campaigns there: {known}",
        code="campaign-unknown",
    )


def calls(
    ledger: Ledger,
    campaign_id: int,
    batches: Iterable[BatchRecord] | None = None,
    *,
    outcomes: bool = False,
) -> Iterator[CallRecord]:
    """Yield the campaign's calls, batch by batch, in short readings that keep no writer waiting.

    Args:
        ledger: where.
        campaign_id: whose.
        batches: only of these.
        outcomes: with what came of them.
    """
    group: list[BatchRecord] = []
    size = 0
    for batch in ledger.batches(campaign_id) if batches is None else batches:
        group.append(batch)
        size += batch.size
        if size >= CALLS_PER_READING or len(group) >= ROWS_PER_STATEMENT:
            yield from _calls_of(ledger, group, outcomes=outcomes)
            group, size = [], 0
    yield from _calls_of(ledger, group, outcomes=outcomes)


def _calls_of(ledger: Ledger, batches: Sequence[BatchRecord], *, outcomes: bool) -> Iterator[CallRecord]:
    by_id = {batch.id: batch for batch in batches if batch.state is not BatchState.REFUSED}
    if not by_id:
        return
    known = outcomes_of(ledger, tuple(by_id)) if outcomes else {}
    for batch_id, row_number, key, number in ledger.rows_in("calls_of_batches", tuple(by_id)):
        yield CallRecord(row_number, key, number, by_id[batch_id], known.get(key))


def calls_with_outcomes(ledger: Ledger, campaign: Campaign) -> Iterator[tuple[CallRecord, CallOutcome]]:
    """Yield the campaign's calls with what came of them, in constant memory."""
    sync = sync_of(ledger, campaign.id)
    for call in calls(ledger, campaign.id, outcomes=True):
        yield call, outcome_of(call.outcome, call.batch.submitted_at, sync)


def resolve(ledger: Ledger, name: str, batch_ids: Sequence[int], *, placed: bool) -> list[BatchRecord]:
    """Decide held batches by hand; deciding one again the same way changes nothing.

    Args:
        ledger: where.
        name: the campaign's.
        batch_ids: the ledger's ids of the batches.
        placed: True: the calls were placed (the batch becomes `accepted`). False: they were not (it
            becomes `refused`, and its people can be called again).

    Returns:
        The batches as they stand now.

    Raises:
        UsageError: if one of them isn't the campaign's, isn't held, is `short` and to be not placed, or
            may still be under way. Nothing is changed then.
    """
    ledger.recover()
    found = campaign(ledger, name)
    with ledger.transaction():
        every = ledger.rows("batches_of_campaign", {"campaign_id": found.id, "held_only": 0})
        rows = {row[0]: row for row in every}
        for batch_id in batch_ids:
            if batch_id not in rows:
                raise UsageError(
                    f"campaign {name!r} has no batch {batch_id}",
                    hint=f"see: xuna campaigns show {shlex.quote(name)}",
                    code="batch-unknown",
                )
            _resolve_one(ledger, batch_record(rows[batch_id]), *rows[batch_id][11:], placed=placed)
    return [batch for batch in ledger.batches(found.id) if batch.id in batch_ids]


def _resolve_one(
    ledger: Ledger, batch: BatchRecord, run_ended_at: str | None, deadline: float, *, placed: bool
) -> None:
    target = BatchState.ACCEPTED if placed else BatchState.REFUSED
    if batch.state is target:
        return
    if batch.state not in HELD_STATES:
        raise UsageError(
            f"batch {batch.id} is {batch.state}, not held: there is nothing to resolve", code="batch-not-held"
        )
    if batch.state is BatchState.SHORT and not placed and batch.calls_initiated != 0:
        raise UsageError(
            f"batch {batch.id} is short: the API queued {batch.calls_initiated} of its {batch.size} calls, "
            "so calling it again would call most of them twice",
            hint="resolve it with --placed; who was left out can't be told",
            code="batch-short",
        )
    [(found,)] = ledger.rows("found_of_batch", {"id": batch.id})
    if not placed and found:
        raise UsageError(
            f"batch {batch.id} was placed: the conversation records have {found} of its {batch.size} calls",
            hint="resolve it with --placed",
            code="batch-placed",
        )
    if run_ended_at is None:
        raise UsageError(
            f"the run of batch {batch.id} is still alive",
            hint="wait until it has ended",
            code="batch-run-alive",
        )
    # abs: a clock that was ahead when it was sent must not keep it held until that day has come.
    if batch.submitted_at and abs(ledger.age(batch.submitted_at)) < timedelta(seconds=deadline):
        raise UsageError(
            f"the POST of batch {batch.id} went out less than {deadline:g} s ago and may still be under way",
            hint="wait that long",
            code="batch-too-young",
        )
    words = f"{batch.error or 'held'}; resolved by hand: {'placed' if placed else 'not placed'}"
    at = ledger.timestamp()
    resolved = {
        "id": batch.id,
        "state": target.value,
        "from_state": batch.state.value,  # a late outcome may have made it another one since it was read
        "error": words,
        "finished_at": at,
    }
    if not ledger.change("resolve", resolved):
        raise UsageError(
            f"batch {batch.id} was decided by somebody else at this moment",
            hint="look again",
            code="batch-not-held",
        )
    if target is BatchState.REFUSED:
        ledger.change("delete_calls_of_batch", {"id": batch.id})
