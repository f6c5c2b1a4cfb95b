"""Queries about campaigns and their calls, and resolving held batches."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from xuna_cli.errors import UsageError
from xuna_cli.ledger.batches import batch_record
from xuna_cli.ledger.conversations import found_of_held, outcome_of, outcomes_of, sync_of
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.opt_out_rules import rules_in
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT
from xuna_cli.ledger.records import (
    HELD_STATES,
    BatchRecord,
    BatchState,
    CallKey,
    CallOutcome,
    CallRecord,
    Campaign,
    Decision,
    Resolution,
)
from xuna_cli.ledger.who import user_at_host

CALLS_PER_READING = 5_000  # an open read blocks writers, so each read is short


def campaigns(ledger: Ledger) -> list[Campaign]:
    """Return all campaigns by name."""
    heads: dict[int, list[Any]] = {}
    calls: dict[int, dict[BatchState, int]] = defaultdict(dict)
    batches: dict[int, dict[BatchState, int]] = defaultdict(dict)
    last_runs: dict[int, str] = {}
    for campaign_id, *head, state, batch_count, call_count, last_run_at in ledger.rows("campaign_summaries"):
        heads[campaign_id] = head
        last_runs[campaign_id] = max(last_run_at or "", last_runs.get(campaign_id, ""))
        if state is not None:
            calls[campaign_id][BatchState(state)] = int(call_count)
            batches[campaign_id][BatchState(state)] = int(batch_count)
    return [
        Campaign(
            campaign_id,
            name,
            key,
            origin,
            path,
            created,
            calls[campaign_id],
            batches[campaign_id],
            forgotten,
            last_runs[campaign_id] or None,
            rules_in(rules),
            known,
        )
        for campaign_id, (name, key, origin, path, created, forgotten, rules, known) in heads.items()
    ]


def campaign(ledger: Ledger, name: str) -> Campaign:
    """Return one campaign.

    Raises:
        UsageError: if there is no campaign of that name.
    """
    every = campaigns(ledger)
    for found in every:
        if found.name == name:
            return found
    known = ", ".join(repr(one.name) for one in every[:10]) or "none"
    raise UsageError(
        f"there is no campaign {name!r} in {ledger.location}",
        hint=f"campaigns in this ledger: {known}",
        code="campaign-unknown",
    )


def has_calls(ledger: Ledger, campaign_id: int | None) -> bool:
    """Return whether anybody was called, is claimed or is held in a campaign; None is a new campaign."""
    return campaign_id is not None and bool(ledger.rows("called_any", {"campaign_id": campaign_id}))


def calls(
    ledger: Ledger,
    campaign_id: int,
    batches: Iterable[BatchRecord] | None = None,
    *,
    outcomes: bool = False,
) -> Iterator[CallRecord]:
    """Yield the campaign's calls, batch by batch, in short reads that do not block writers.

    Args:
        ledger: the ledger.
        campaign_id: the campaign.
        batches: only the calls of these batches.
        outcomes: whether to include the outcomes.
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
    for batch_id, row_number, key, number, attempt, superseded in ledger.rows_in(
        "calls_of_batches", tuple(by_id)
    ):
        outcome = known.get(CallKey(key, attempt))
        yield CallRecord(row_number, key, number, by_id[batch_id], outcome, attempt, is_last=not superseded)


def calls_with_outcomes(ledger: Ledger, campaign: Campaign) -> Iterator[tuple[CallRecord, CallOutcome]]:
    """Yield the campaign's calls with their outcomes, in constant memory."""
    sync = sync_of(ledger, campaign.id)
    for call in calls(ledger, campaign.id, outcomes=True):
        yield call, outcome_of(call.outcome, call.batch.submitted_at, sync)


def resolutions(ledger: Ledger, campaign_id: int) -> dict[int, Resolution]:
    """Return the last decision about each of the campaign's batches, by the ledger's batch id."""
    rows = ledger.rows("resolutions_of_campaign", {"campaign_id": campaign_id})
    return {
        batch_id: Resolution(batch_id, at, Decision(decision), by, note, evidence)
        for batch_id, at, decision, by, note, evidence in rows
    }


def first_numbers(ledger: Ledger, batch_id: int, most: int) -> list[str]:
    """Return the first numbers of a batch, to identify it."""
    return [number for (number,) in ledger.rows("numbers_of_batch", (batch_id, most))]


def resolve(
    ledger: Ledger, name: str, batch_ids: Sequence[int], *, placed: bool, note: str | None = None
) -> list[BatchRecord]:
    """Resolve held batches; resolving a batch again the same way only adds a note, if there is one.

    Args:
        ledger: the ledger.
        name: the campaign's name.
        batch_ids: the ledger's batch ids.
        placed: True: the calls were placed (the batch becomes `accepted`). False: they were not (it
            becomes `refused`, and its people can be called again).
        note: reason to store with the decision.

    Returns:
        The batches as they stand now.

    Raises:
        UsageError: if a batch isn't the campaign's, isn't held, is `short` and resolved as not placed, or
            may still be in progress. Nothing is changed then.
    """
    ledger.recover()
    found = campaign(ledger, name)
    decision = Decision.PLACED if placed else Decision.NOT_PLACED
    with ledger.transaction():
        rows = _rows_by_batch(ledger, found.id)
        for batch_id in batch_ids:
            if batch_id not in rows:
                raise UsageError(
                    f"campaign {name!r} has no batch {batch_id}",
                    hint=_held_of(rows),
                    code="batch-unknown",
                )
            batch = batch_record(rows[batch_id])
            if batch.state is (BatchState.ACCEPTED if placed else BatchState.REFUSED):
                if note is not None:
                    at = ledger.timestamp()
                    _add_resolution(ledger, Resolution(batch.id, at, decision, user_at_host(), note))
                continue
            if obstacle := _obstacle(ledger, rows[batch_id], placed=placed):
                raise obstacle
            words = f"resolved by a person: {'placed' if placed else 'not placed'}"
            if not _settle(ledger, batch, decision, words, note=note):
                raise UsageError(
                    f"batch {batch.id} was resolved by somebody else at the same time",
                    hint="run the same command again, to see whether the decision was the same",
                    code="batch-not-held",
                )
    return [batch for batch in ledger.batches(found.id) if batch.id in batch_ids]


def _held_of(rows: Mapping[int, Sequence[Any]]) -> str:
    """Return the held batches among a campaign's batches, for a hint."""
    held = [str(batch_id) for batch_id, row in rows.items() if batch_record(row).state in HELD_STATES]
    return f"its held batches: {', '.join(held)}" if held else "it has no held batch"


def obstacles(ledger: Ledger, campaign_id: int) -> dict[int, dict[bool, UsageError | None]]:
    """Return why each held batch can't be resolved as placed (True) or not placed (False); None if it can be."""
    return {
        batch_id: {placed: _obstacle(ledger, row, placed=placed) for placed in (True, False)}
        for batch_id, row in _rows_by_batch(ledger, campaign_id, held_only=True).items()
    }


def settle_proven(ledger: Ledger, campaign_id: int) -> list[BatchRecord]:
    """Accept held batches if every call has a conversation record. Missing records never refuse a batch.

    There is nothing to wait for: whatever the run does next, the calls were made.

    Returns:
        The batches that were accepted.
    """
    found = found_of_held(ledger, campaign_id)
    sync = sync_of(ledger, campaign_id)
    settled = []
    with ledger.transaction():
        for batch_id, row in _rows_by_batch(ledger, campaign_id, held_only=True).items():
            batch = batch_record(row)
            if found.get(batch_id, 0) < batch.size:
                continue
            evidence = f"the conversation records have all of its {batch.size} calls"
            evidence += f" (read {sync.read_at})" if sync else ""
            if _settle(ledger, batch, Decision.PROVEN, evidence, evidence=evidence):
                settled.append(batch_id)
    return [batch for batch in ledger.batches(campaign_id) if batch.id in settled]


def _rows_by_batch(
    ledger: Ledger, campaign_id: int, *, held_only: bool = False
) -> dict[int, tuple[Any, ...]]:
    asked = {"campaign_id": campaign_id, "held_only": int(held_only)}
    return {row[0]: row for row in ledger.rows("batches_of_campaign", asked)}


def _obstacle(ledger: Ledger, row: Sequence[Any], *, placed: bool) -> UsageError | None:
    """Return why a batch can't be resolved in this way."""
    batch, run_ended_at, deadline = batch_record(row), row[12], row[13]
    [(found,)] = ledger.rows("found_of_batch", {"id": batch.id})
    if batch.state not in HELD_STATES:
        return UsageError(
            f"batch {batch.id} is {batch.state}, not held, so there is nothing to resolve",
            code="batch-not-held",
        )
    if batch.state is BatchState.SHORT and not placed and batch.calls_initiated != 0:
        return UsageError(
            f"batch {batch.id} is short: the API queued {batch.calls_initiated} of its {batch.size} calls, "
            "so calling the batch again would call most people twice",
            hint="resolve the batch with --placed; who was left out is unknown",
            code="batch-short",
        )
    if not placed and found:
        return UsageError(
            f"batch {batch.id} was placed: the conversation records have {found} of its {batch.size} calls",
            hint="resolve the batch with --placed",
            code="batch-placed",
        )
    if run_ended_at is None:
        return UsageError(
            f"the run of batch {batch.id} is still in progress",
            hint="wait until that run has ended, then run the same command again",
            code="batch-run-alive",
        )
    # abs: a clock that was ahead at sending must not keep the batch held until that time.
    if batch.submitted_at and abs(ledger.age(batch.submitted_at)) < timedelta(seconds=deadline):
        return UsageError(
            f"the POST of batch {batch.id} went out less than {deadline:g} s ago and may still be in progress",
            hint="wait that long, then run the same command again",
            code="batch-too-young",
        )
    return None


def _settle(
    ledger: Ledger,
    batch: BatchRecord,
    decision: Decision,
    words: str,
    *,
    note: str | None = None,
    evidence: str | None = None,
) -> bool:
    """Write a decision about a held batch; return False if another decision came first."""
    at = ledger.timestamp()
    target = BatchState.REFUSED if decision is Decision.NOT_PLACED else BatchState.ACCEPTED
    resolved = {
        "id": batch.id,
        "state": target.value,
        "from_state": batch.state.value,  # a late outcome may have changed the batch since it was read
        "error": f"{batch.error or 'held'}; {words}",
        "finished_at": at,
    }
    if not ledger.change("resolve", resolved):
        return False
    _add_resolution(ledger, Resolution(batch.id, at, decision, user_at_host(), note, evidence))
    if target is BatchState.REFUSED:
        ledger.change("delete_calls_of_batch", {"id": batch.id})
    return True


def _add_resolution(ledger: Ledger, made: Resolution) -> None:
    ledger.change("add_resolution", {**asdict(made), "decision": made.decision.value})
