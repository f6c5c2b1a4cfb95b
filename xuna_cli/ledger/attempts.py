"""Attempts: whether a person who was called in a campaign may be called again in it, and when.

Nobody is called more often than the policy says, nor within its spacing, nor while the outcome of an earlier call is
not proven. These are pure functions; `claims` asks them inside the transaction that claims a person, and again inside
the one that precedes the POST.
"""

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.records import (
    HELD_STATES,
    UNTIED,
    BatchState,
    CallOutcome,
    ClaimStatus,
    ConversationSync,
)

MAY_BE_CALLED_AGAIN = (CallOutcome.NO_CONVERSATION, CallOutcome.FAILURE, CallOutcome.UNKNOWN)
"""Outcomes that a policy can name."""

_MAY_STILL_SUCCEED = (CallOutcome.IN_PROGRESS, CallOutcome.UNPROVEN)

ABSENCE_COUNTS_AFTER = timedelta(hours=1)
"""Time between a call and the reading of the records after which a missing record, or a record without a verdict, is
taken for final. The API doesn't say when a record appears; a call lasts minutes."""

PROOF_COMES_WITHIN = timedelta(days=1)
"""Time between a call and a whole reading of the records after which no proof of the outcome is expected any more. It
is ours: a campaign must be able to end."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """A run's policy: whom it calls again.

    Attributes:
        most: maximum number of calls for each person of the campaign, over all of its runs.
        again_after: minimum time before the second call, the third and so on; the last time repeats.
        again: outcomes of the last call after which a person is called again.
    """

    most: int
    again_after: tuple[timedelta, ...]
    again: AbstractSet[CallOutcome]

    def spacing(self, attempt: int) -> timedelta:
        """Return the minimum time between an attempt (2 or higher) and the one before it."""
        return self.again_after[min(attempt - 2, len(self.again_after) - 1)]


class LastCall(NamedTuple):
    """A person's last call in a campaign.

    Attributes:
        key: the key in the ledger; the list may have another form of the number.
        attempt: number of this call of the person in the campaign, from 1.
        state: state of its batch.
        run_id: the run that made the batch.
        batch_id: the API's ID of the batch; None if it is unknown.
        submitted_at: time of the POST in UTC, ISO 8601.
        finished_at: time of the outcome, or of the decision about a held batch.
    """

    key: str
    attempt: int
    state: str
    run_id: int
    batch_id: str | None
    submitted_at: str | None
    finished_at: str | None


class NoMore(StrEnum):
    """The reason why a person is not called again."""

    SUCCESS = "success"
    """A call is a success."""
    NOT_ASKED_FOR = "not-asked-for"
    """The policy doesn't name the last call's outcome."""
    EXHAUSTED = "exhausted"
    """All attempts are used, and none is a proven success."""
    UNPROVEN = "unproven"
    """The records don't prove the last call's outcome, though they were read long after it; a later one may."""


@dataclass(frozen=True, slots=True)
class Due:
    """The person may be called now.

    Attributes:
        key: the key for this attempt.
        attempt: its number, 2 or higher.
    """

    key: str
    attempt: int


@dataclass(frozen=True, slots=True)
class NotYet:
    """The person may be called again later.

    Attributes:
        key: as in `Due`.
        attempt: the number of the next attempt.
        opens_at: end of the waiting time, in UTC; None if the outcome of the last call is not proven yet.
    """

    key: str
    attempt: int
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Never:
    """The person is not called again under this policy."""

    reason: NoMore


STATUSES: dict[str, ClaimStatus] = {
    state: ClaimStatus.HELD
    if state in HELD_STATES
    else ClaimStatus.ALREADY_CALLED
    if state is BatchState.ACCEPTED
    else ClaimStatus.IN_FLIGHT
    for state in BatchState
}
"""Status of a person by the state of the last call's batch, if nobody is called again."""

Standing = ClaimStatus | Due | NotYet | Never
"""Status of a person in the ledger, for a run."""


def next_attempt(
    policy: Attempts | None,
    call: LastCall,
    outcome: CallOutcome,
    sync: ConversationSync | None,
    now: datetime,
    *,
    recorded: AbstractSet[CallOutcome] = frozenset(),
) -> Standing:
    """Return whether a person may be called again.

    Args:
        policy: the run's policy; None if nobody is called again.
        call: the person's last call in the campaign.
        outcome: outcome of that call, as returned by `conversations.outcome_of`.
        sync: the last reading of the campaign's conversation records, or None.
        now: UTC.
        recorded: the outcomes of all records of all of the person's calls, as they are today. A call may have several
            records. A record may come, or be found to be of two calls, after the next call was made.
    """
    if policy is None or call.state != BatchState.ACCEPTED:
        return STATUSES[call.state]
    if CallOutcome.SUCCESS in {outcome, *recorded}:
        return Never(NoMore.SUCCESS)
    if call.attempt >= policy.most:
        return Never(NoMore.EXHAUSTED)
    following = call.attempt + 1
    if not is_proven(outcome, call, sync) or not recorded.isdisjoint(_MAY_STILL_SUCCEED):
        return (
            Never(NoMore.UNPROVEN)
            if proof_is_overdue(call.submitted_at, sync)
            else NotYet(call.key, following)
        )
    if outcome not in policy.again:
        return Never(NoMore.NOT_ASKED_FOR)
    ended = max(at for at in (call.submitted_at, call.finished_at) if at is not None)
    opens_at = datetime.fromisoformat(ended) + policy.spacing(following)
    return NotYet(call.key, following, opens_at) if now < opens_at else Due(call.key, following)


def is_proven(outcome: CallOutcome, call: LastCall, sync: ConversationSync | None) -> bool:
    """Return whether an outcome other than success is proven and can't change any more."""
    match outcome:
        case CallOutcome.FAILURE:
            return True
        case CallOutcome.UNKNOWN:  # without a status, a record of a call in progress looks the same
            return sync is not None and not sync.incomplete and counts_by_now(call.submitted_at, sync)
        case CallOutcome.NO_CONVERSATION:
            # Without an ID, a batch's records can't be distinguished from those of other batches.
            return (
                call.batch_id is not None
                and absence_doubt(sync) is None
                and counts_by_now(call.submitted_at, sync)
            )
        case _:
            return False


def proof_is_overdue(submitted_at: str | None, sync: ConversationSync | None) -> bool:
    """Return whether the records were read to their end so long after a call that they would prove its outcome."""
    return sync is not None and not sync.incomplete and counts_by_now(submitted_at, sync, PROOF_COMES_WITHIN)


def absence_doubt(sync: ConversationSync | None) -> str | None:
    """Return why the records can't prove that a call has no conversation; None if they can."""
    if sync is None:
        return "the conversation records were never read"
    if sync.incomplete:
        return f"the list of records was incomplete ({sync.incomplete})"
    untied = sum(sync.reasons.get(reason, 0) for reason in UNTIED)
    return f"{untied:,} records may belong to any person of the campaign" if untied else None


def counts_by_now(
    submitted_at: str | None, sync: ConversationSync | None, after: timedelta = ABSENCE_COUNTS_AFTER
) -> bool:
    """Return whether the records were read long enough after a call for a missing record to count."""
    if sync is None or submitted_at is None:
        return False
    return datetime.fromisoformat(sync.read_at) - datetime.fromisoformat(submitted_at) >= after
