"""Data of the campaign report, from the ledger only."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta, tzinfo
from statistics import median

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.campaigns import calls_with_outcomes, resolutions
from xuna_cli.ledger.conversations import sync_of
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import (
    BatchRecord,
    BatchState,
    CallOutcome,
    CallRecord,
    Campaign,
    ConversationSync,
    RunRecord,
)
from xuna_cli.ledger.runs import counts_of_runs, runs_of
from xuna_cli.outcomes.list_rows import ListRows, list_rows
from xuna_cli.outcomes.summary import CONVERSED, Held, held_of

PEOPLE_SHOWN = 500
MOST_HOURS = 72
MOST_DAYS = 120

# People who need attention come first.
URGENCY = {
    outcome: rank
    for rank, outcome in enumerate(
        (
            CallOutcome.FAILURE,
            CallOutcome.UNKNOWN,
            CallOutcome.UNPROVEN,
            CallOutcome.NO_CONVERSATION,
            CallOutcome.IN_PROGRESS,
            CallOutcome.NOT_READ,
            CallOutcome.SUCCESS,
        )
    )
}

DURATIONS = (
    ("under 10 s", 10),
    ("10 to 30 s", 30),
    ("30 s to 1 min", 60),
    ("1 to 2 min", 120),
    ("2 to 5 min", 300),
    ("over 5 min", float("inf")),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """Calls in one period.

    Attributes:
        begins: begin of the period in the report's zone.
        calls: number of calls.
    """

    begins: datetime
    calls: int


@dataclass(frozen=True, slots=True)
class Callee:
    """A person who was called."""

    call: CallRecord
    outcome: CallOutcome


@dataclass(frozen=True, slots=True)
class ReportData:
    """Data of the campaign report.

    Attributes:
        campaign: the campaign.
        made_at: time of the report, in the report's zone.
        runs: the runs, in order.
        counts: row counts by run id.
        first_run: begin of the first run, in the report's zone.
        rows: row counts of all lists.
        people_called: number of people with accepted calls.
        people_conversed: number of these people with a proven conversation.
        people_succeeded: number of these people with a success.
        outcomes: outcomes of accepted calls.
        criteria: counts of results by criterion.
        answers: counts of yes and no by collected field.
        slots: calls over time.
        slot: `hour`, `day` or `30 days`.
        durations: number of conversations by duration.
        median_duration: seconds.
        held: held batches with their evidence.
        people: the first people with their last calls, by urgency.
        sync: the last reading of the records, or None.
    """

    campaign: Campaign
    made_at: datetime
    runs: Sequence[RunRecord]
    counts: Mapping[int, Mapping[str, int]]
    first_run: datetime | None
    rows: ListRows
    people_called: int
    people_conversed: int
    people_succeeded: int
    outcomes: Mapping[CallOutcome, int]
    criteria: Mapping[str, Mapping[str, int]]
    answers: Mapping[str, Mapping[bool, int]]
    slots: Sequence[Slot]
    slot: str
    durations: Sequence[tuple[str, int]]
    median_duration: float | None
    held: Sequence[Held]
    people: Sequence[Callee]
    sync: ConversationSync | None = None

    @property
    def is_read(self) -> bool:
        """Whether any outcome is known."""
        return self.sync is not None and self.outcomes.get(CallOutcome.NOT_READ, 0) < self.called

    @property
    def called(self) -> int:
        """Number of accepted calls."""
        return sum(self.outcomes.values())

    @property
    def conversed(self) -> int:
        """Number of accepted calls with a proven conversation."""
        return sum(self.outcomes.get(outcome, 0) for outcome in CONVERSED)


@dataclass(slots=True)
class _Seen:
    outcomes: Counter[CallOutcome] = field(default_factory=Counter)
    criteria: dict[str, Counter[str]] = field(default_factory=dict)
    answers: dict[str, Counter[bool]] = field(default_factory=dict)
    durations: list[float] = field(default_factory=list)
    people: list[Callee] = field(default_factory=list)
    person_of: Callable[[CallRecord], str] | None = None  # None: every call is a person
    called: set[str] = field(default_factory=set)
    conversed: set[str] = field(default_factory=set)
    succeeded: set[str] = field(default_factory=set)

    def add(self, one: Callee) -> None:
        self.outcomes[one.outcome] += 1
        if self.person_of is not None:
            self._add_person(self.person_of(one.call), one.outcome)
        if one.call.is_last:
            self.people.append(one)
        if len(self.people) > 4 * PEOPLE_SHOWN:
            self._keep_the_urgent()
        came = one.call.outcome
        if came is None or came.conversation_id is None:
            return
        if came.duration is not None:
            self.durations.append(came.duration)
        for name, judged in came.evaluation.items():
            self.criteria.setdefault(name, Counter())[judged.result] += 1
        for name, value in came.collected.items():
            if isinstance(value, bool):
                self.answers.setdefault(name, Counter())[value] += 1

    def _add_person(self, person: str, outcome: CallOutcome) -> None:
        self.called.add(person)
        if outcome in CONVERSED:
            self.conversed.add(person)
        if outcome is CallOutcome.SUCCESS:
            self.succeeded.add(person)

    def persons(self) -> tuple[int, int, int]:
        """Count the people who were called, have a conversation, and have a success."""
        if self.person_of is not None:
            return len(self.called), len(self.conversed), len(self.succeeded)
        conversed = sum(self.outcomes[outcome] for outcome in CONVERSED)
        return self.outcomes.total(), conversed, self.outcomes[CallOutcome.SUCCESS]

    def urgent(self) -> list[Callee]:
        self._keep_the_urgent()
        return self.people

    def _keep_the_urgent(self) -> None:
        self.people.sort(key=lambda one: (URGENCY[one.outcome], one.call.row_number))
        del self.people[PEOPLE_SHOWN:]


def report_data(
    ledger: Ledger, campaign: Campaign, *, now: datetime, zone: tzinfo | None = None
) -> ReportData:
    """Collect the data of the report.

    Args:
        ledger: the ledger.
        campaign: the campaign.
        now: the current time, with a zone.
        zone: zone of displayed times (default: this machine's).
    """
    batches = ledger.batches(campaign.id)
    seen = _Seen(person_of=_person_of(campaign, batches))
    for call, outcome in calls_with_outcomes(ledger, campaign):
        if call.batch.state is BatchState.ACCEPTED:
            seen.add(Callee(call, outcome))
    runs = runs_of(ledger, campaign.id)
    counts = counts_of_runs(ledger, campaign.id)
    called, conversed, succeeded = seen.persons()
    slots, slot = _slots(batches, zone)
    return ReportData(
        campaign=campaign,
        made_at=now.astimezone(zone),
        runs=runs,
        counts=counts,
        first_run=_local(runs[0].started_at, zone) if runs else None,
        rows=list_rows(runs, counts, batches, resolutions(ledger, campaign.id)),
        people_called=called,
        people_conversed=conversed,
        people_succeeded=succeeded,
        outcomes=seen.outcomes,
        criteria=seen.criteria,
        answers=seen.answers,
        slots=slots,
        slot=slot,
        durations=_lengths(seen.durations),
        median_duration=median(seen.durations) if seen.durations else None,
        held=held_of(ledger, campaign),
        people=seen.urgent(),
        sync=sync_of(ledger, campaign.id),
    )


def _person_of(campaign: Campaign, batches: Sequence[BatchRecord]) -> Callable[[CallRecord], str] | None:
    """Return the function that tells whose call it is; None if every call is of another person."""
    if campaign.key_column is not None:
        return lambda call: call.to_phone_number
    return (lambda call: call.key) if any(batch.again for batch in batches) else None


def _slots(batches: Sequence[BatchRecord], zone: tzinfo | None) -> tuple[list[Slot], str]:
    """Return the accepted calls by hours, days or months of 30 days; gaps become empty slots."""
    sent = [
        (_local(batch.submitted_at, zone), batch.size)
        for batch in batches
        if batch.state is BatchState.ACCEPTED and batch.submitted_at is not None
    ]
    if not sent:
        return [], "hour"
    first = min(at for at, _ in sent).replace(minute=0, second=0, microsecond=0)
    last = max(at for at, _ in sent)
    step, name = timedelta(hours=1), "hour"
    if last - first >= timedelta(hours=MOST_HOURS):
        first, step, name = first.replace(hour=0), timedelta(days=1), "day"
    if last - first >= timedelta(days=MOST_DAYS):
        step, name = timedelta(days=30), "30 days"
    counts = [0] * ((last - first) // step + 1)
    for at, size in sent:
        counts[(at - first) // step] += size
    return [Slot(first + position * step, count) for position, count in enumerate(counts)], name


def _lengths(durations: Sequence[float]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for seconds in durations:
        counts[next(name for name, below in DURATIONS if seconds < below)] += 1
    return [(name, counts[name]) for name, _ in DURATIONS] if durations else []


def _local(at: str, zone: tzinfo | None) -> datetime:
    return datetime.fromisoformat(at).astimezone(zone)
