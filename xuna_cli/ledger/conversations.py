"""Conversation records in the ledger: the call of each, and its outcome."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.database import Database, as_written
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT
from xuna_cli.ledger.records import CallKey, CallOutcome, ConversationSync, KeptRecord, OutcomeRecord
from xuna_cli.models import Conversation, Evaluation

LONGEST_TEXT = 2_000  # stored characters of a rationale or a collected value

UNDER_WAY = frozenset(
    {"initiated", "queued", "pending", "scheduled", "ringing", "in-progress", "in_progress", "processing"}
)
FAILED = frozenset({"failed", "error"})
ENDED = FAILED | {"done", "completed"}


@dataclass(frozen=True, slots=True)
class Link:
    """A conversation and the calls that it belongs to.

    Attributes:
        conversation: the record without its transcript.
        calls: the calls; several only if the match is unproven.
        joined_by: how the match is proven; None if it is not.
    """

    conversation: Conversation
    calls: Sequence[CallKey]
    joined_by: str | None


def verdict(conversation: Conversation) -> CallOutcome:
    """Return the outcome that a record gives its call.

    One failed criterion means failure, and all criteria met mean success; a record without a verdict
    is unknown, never a success.
    """
    status = (conversation.status or "").lower()
    results = {criterion.result for criterion in conversation.evaluation.values()}
    if status in UNDER_WAY:
        return CallOutcome.IN_PROGRESS
    if "failure" in results or (status in FAILED and not results):
        return CallOutcome.FAILURE
    return CallOutcome.SUCCESS if results == {"success"} else CallOutcome.UNKNOWN


def is_final(conversation: Conversation) -> bool:
    """Return whether a record is complete, so that it need not be read again."""
    status = (conversation.status or "").lower()
    return status not in UNDER_WAY and (bool(conversation.evaluation) or status in ENDED)


def store(ledger: Database, campaign_id: int, links: Sequence[Link]) -> None:
    """Store conversations in one transaction; earlier versions are replaced.

    Calls whose claim was deleted in the meantime are left out. So are conversations that are still open here, but that
    another machine, which read them later, has stored as final in the meantime.

    Raises:
        LedgerError: if the ledger can't be written.
    """
    if not links:
        return
    with _changing(ledger, campaign_id):
        open_here = _ids(link for link in links if not is_final(link.conversation))
        closed = final_conversations(ledger, campaign_id, open_here)
        links = [link for link in links if link.conversation.conversation_id not in closed]
        ledger.change_in("forget_conversations", _ids(links), campaign_id)
        keys = sorted({key for link in links for key, _ in link.calls})
        claimed = {call[:2] for call in ledger.rows_in("calls_of_keys", keys, campaign_id)}
        values = [
            (campaign_id, *call, *_stored(link))
            for link in links
            for call in dict.fromkeys(link.calls)
            if call in claimed
        ]
        ledger.insert("add_outcomes", values)


@contextmanager
def _changing(ledger: Database, campaign_id: int) -> Iterator[None]:
    """Run a transaction that changes a campaign's conversations; another machine that does the same waits."""
    with ledger.transaction():
        ledger.engine.lock_named(f"conversations {campaign_id}")
        yield


def _ids(links: Iterable[Link]) -> list[str]:
    return [link.conversation.conversation_id for link in links]


def links_in_doubt(ledger: Database, campaign_id: int) -> set[str]:
    """Return the conversations whose links depend on other records, or are in doubt."""
    rows = ledger.rows("conversations_in_doubt", {"campaign_id": campaign_id})
    return {conversation_id for (conversation_id,) in rows}


def forget_links(ledger: Database, campaign_id: int, ids: Iterable[str]) -> None:
    """Delete the links of conversations that are still in doubt."""
    with _changing(ledger, campaign_id):
        gone = sorted(links_in_doubt(ledger, campaign_id).intersection(ids))
        ledger.change_in("forget_conversations", gone, campaign_id)


def final_conversations(ledger: Database, campaign_id: int, ids: Sequence[str]) -> set[str]:
    """Return the conversations that are matched already and final."""
    return {found for (found,) in ledger.rows_in("final_conversations", ids, campaign_id)}


def known_batch_ids(ledger: Database, ids: Iterable[str]) -> set[str]:
    """Return the API's batch ids that any campaign of this ledger has."""
    return {found for (found,) in ledger.rows_in("known_batch_ids", sorted(ids))}


def kept_records(ledger: Database, campaign_id: int) -> Iterator[KeptRecord]:
    """Yield every stored record of a campaign, in short reads that do not block writers."""
    after = ("", 0, "")
    while rows := ledger.rows(
        "kept_records_page",
        {
            "campaign_id": campaign_id,
            "key": after[0],
            "attempt": after[1],
            "conversation_id": after[2],
            "size": ROWS_PER_STATEMENT,
        },
    ):
        for _, _, conversation_id, number, final, evaluation, collected in rows:
            yield KeptRecord(
                conversation_id, number, bool(final), _evaluation(evaluation), json.loads(collected)
            )
        after = rows[-1][:3]


def outcomes_of(ledger: Database, batch_ids: Sequence[int]) -> dict[CallKey, OutcomeRecord]:
    """Return the outcomes of the calls of some batches (the ledger's ids).

    Of several conversations of one call, the latest counts; a proven one counts before an unproven one.
    """
    return _by_call(ledger.rows_in("outcomes_of_batches", batch_ids))


def outcomes_of_keys(ledger: Database, campaign_id: int, keys: Sequence[str]) -> dict[CallKey, OutcomeRecord]:
    """Return the outcomes of the calls of some keys, as `outcomes_of` does."""
    return _by_call(ledger.rows_in("outcomes_of_keys", keys, campaign_id))


def _by_call(found: Iterable[Sequence[Any]]) -> dict[CallKey, OutcomeRecord]:
    rows = defaultdict(list)
    for key, attempt, *row in found:
        rows[CallKey(key, attempt)].append(row)
    return {call: _record(call.key, of_call) for call, of_call in rows.items()}


def _record(key: str, rows: Sequence[Sequence[object]]) -> OutcomeRecord:
    outcomes = frozenset(CallOutcome(str(row[0])) for row in rows)
    proven = [row for row in rows if row[2] is not None]
    if not proven:
        return OutcomeRecord(key, CallOutcome.UNPROVEN, conversations=len(rows), outcomes=outcomes)
    outcome, conversation_id, joined_by, status, started_at, duration, evaluation, collected = proven[-1]
    return OutcomeRecord(
        key=key,
        outcome=CallOutcome(str(outcome)),
        conversation_id=str(conversation_id),
        conversations=len(proven),
        joined_by=str(joined_by),
        status=None if status is None else str(status),
        started_at=None if started_at is None else str(started_at),
        duration=duration if isinstance(duration, int | float) else None,
        evaluation=_evaluation(str(evaluation)),
        collected=json.loads(str(collected)),
        outcomes=outcomes,
    )


def _evaluation(text: str) -> Mapping[str, Evaluation]:
    criteria: Mapping[str, Mapping[str, str]] = json.loads(text)
    return {name: Evaluation(**criterion) for name, criterion in criteria.items()}


def found_of_held(ledger: Database, campaign_id: int) -> dict[int, int]:
    """Return how many calls of each held batch (by the ledger's id) are proven to have been made."""
    return {
        batch: int(found)
        for batch, found in ledger.rows("found_of_held_batches", {"campaign_id": campaign_id})
    }


def sync_of(ledger: Database, campaign_id: int) -> ConversationSync | None:
    """Return when and how completely the records of a campaign were last read; None if never."""
    rows = ledger.rows("conversation_sync", {"campaign_id": campaign_id})
    if not rows:
        return None
    read_at, incomplete, records, joined, elsewhere, unjoined, reasons = rows[0]
    return ConversationSync(read_at, incomplete, records, joined, elsewhere, unjoined, json.loads(reasons))


def store_sync(ledger: Database, campaign_id: int, sync: ConversationSync) -> None:
    """Store when and how completely the records were read."""
    with ledger.transaction():
        ledger.change(
            "set_conversation_sync",
            {
                "campaign_id": campaign_id,
                "read_at": sync.read_at,
                "incomplete": sync.incomplete,
                "records": sync.records,
                "joined": sync.joined,
                "elsewhere": sync.elsewhere,
                "unjoined": sync.unjoined,
                "reasons": json.dumps(dict(sync.reasons)),
            },
        )


def outcome_of(
    outcome: OutcomeRecord | None, submitted_at: str | None, sync: ConversationSync | None
) -> CallOutcome:
    """Return the outcome of a call, even without a record.

    Args:
        outcome: the stored outcome, if any.
        submitted_at: time at which the call's batch was sent.
        sync: the campaign's last sync.
    """
    if outcome is not None:
        return outcome.outcome
    if sync is None or submitted_at is None or sync.read_at <= submitted_at:
        return CallOutcome.NOT_READ
    return CallOutcome.NOT_READ if sync.incomplete else CallOutcome.NO_CONVERSATION


def _stored(link: Link) -> tuple[object, ...]:
    """Return the columns from conversation_id on."""
    of = link.conversation
    outcome = CallOutcome.UNPROVEN if link.joined_by is None else verdict(of)
    evaluation = {
        name: {"result": one.result, "rationale": _shortened(one.rationale)}
        for name, one in of.evaluation.items()
    }
    return (
        of.conversation_id,
        outcome.value,
        link.joined_by,
        int(is_final(of)),
        of.status,
        None if of.started_at is None else iso(of.started_at),
        of.duration,
        json.dumps(evaluation),
        json.dumps({name: _small(value) for name, value in of.collected.items()}),
    )


def iso(seconds: float) -> str:
    """Return Unix seconds as the ledger writes times."""
    return as_written(datetime.fromtimestamp(seconds, UTC))


def _small(value: object) -> object:
    if isinstance(value, bool | int | float | None):
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    return value if len(text) <= LONGEST_TEXT else _shortened(text)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
