"""Summary of a campaign's outcomes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import field

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.attempts import counts_by_now, proof_is_overdue
from xuna_cli.ledger.campaigns import calls_with_outcomes
from xuna_cli.ledger.conversations import found_of_held, sync_of
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import (
    BatchRecord,
    BatchState,
    CallOutcome,
    Campaign,
    ConversationSync,
)

DECIDED = (CallOutcome.SUCCESS, CallOutcome.FAILURE, CallOutcome.UNKNOWN)
CONVERSED = (*DECIDED, CallOutcome.IN_PROGRESS)
"""Outcomes of calls that have a conversation."""


@dataclass(frozen=True, slots=True)
class Held:
    """A held batch, with the number of its calls that conversation records prove."""

    batch: BatchRecord
    found: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Outcomes of a campaign.

    Attributes:
        campaign: the campaign.
        sync: the last reading of the records, or None.
        outcomes: counts of people by the outcome of their last call, in accepted batches.
        attempts: counts of accepted calls by attempt.
        held: held batches with their evidence.
        criteria: counts of results by criterion.
        durations: seconds of each conversation, unordered.
        undecided: number of accepted calls whose outcome may still come or change.
    """

    campaign: Campaign
    sync: ConversationSync | None
    outcomes: Mapping[CallOutcome, int]
    held: tuple[Held, ...] = ()
    criteria: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    durations: tuple[float, ...] = ()
    attempts: Mapping[int, int] = field(default_factory=dict)
    undecided: int = 0

    @property
    def calls(self) -> int:
        """Number of people whose last call was accepted; without several attempts, of accepted calls."""
        return sum(self.outcomes.values())

    @property
    def waiting(self) -> int:
        """Number of these people whose last call has no outcome."""
        return self.calls - sum(self.outcomes.get(outcome, 0) for outcome in DECIDED)


def summarise(ledger: Ledger, campaign: Campaign) -> Summary:
    """Summarise a campaign from the ledger only."""
    outcomes: Counter[CallOutcome] = Counter()
    criteria: dict[str, Counter[str]] = {}
    durations: list[float] = []
    attempts: Counter[int] = Counter()
    undecided = 0
    held, sync = held_of(ledger, campaign), sync_of(ledger, campaign.id)
    for call, outcome in calls_with_outcomes(ledger, campaign):
        if call.batch.state is BatchState.ACCEPTED:
            attempts[call.attempt] += 1
            outcomes[outcome] += call.is_last
            undecided += _is_undecided(outcome, call.batch.submitted_at, sync)
        if call.outcome is not None and call.outcome.conversation_id is not None:
            for name, judged in call.outcome.evaluation.items():
                criteria.setdefault(name, Counter())[judged.result] += 1
            if call.outcome.duration is not None:
                durations.append(call.outcome.duration)
    return Summary(
        campaign, sync, outcomes, held, criteria, tuple(durations), dict(sorted(attempts.items())), undecided
    )


def _is_undecided(outcome: CallOutcome, submitted_at: str | None, sync: ConversationSync | None) -> bool:
    """Return whether a call's outcome may still come, or change.

    A missing conversation, or one without a verdict, counts if the records were read long enough after the call. A
    call that seems to be in progress for a day has a record that is wrong. What can't be told of older records stays as
    it is.
    """
    if outcome in (CallOutcome.NO_CONVERSATION, CallOutcome.UNKNOWN):
        return not counts_by_now(submitted_at, sync)
    if outcome is CallOutcome.IN_PROGRESS:
        return not proof_is_overdue(submitted_at, sync)
    return outcome is CallOutcome.NOT_READ


def held_of(ledger: Ledger, campaign: Campaign) -> tuple[Held, ...]:
    """Return the campaign's held batches with their evidence."""
    found = found_of_held(ledger, campaign.id)
    return tuple(Held(batch, found.get(batch.id, 0)) for batch in ledger.batches(campaign.id, held_only=True))
