"""The records of the ledger: campaigns, runs, batches and calls, and what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from xuna_cli.models import CallTarget, Evaluation


class BatchState(StrEnum):
    """Where a batch stands; a call has no state but its batch's."""

    CLAIMED = "claimed"
    """This run will call these people; not sent yet. Freed when the run is not alive any more."""
    SUBMITTING = "submitting"
    """It is on disk that the POST is about to be sent; it may be in progress."""
    ACCEPTED = "accepted"
    """2xx, and `calls_initiated` equals what was sent."""
    SHORT = "short"
    """2xx, and `calls_initiated` differs from what was sent: held."""
    REFUSED = "refused"
    """The API provably took none of it; nobody is claimed by it any more."""
    UNKNOWN = "unknown"
    """No proof either way: held."""


HELD_STATES = (BatchState.UNKNOWN, BatchState.SHORT)


class CalledAt(str):
    """Why the quiet days bar somebody: when they were last called, or `now` by another run."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Call targets that are submitted in one POST.

    Attributes:
        id: the ledger's own id of it.
        targets: who is called; never empty.
        nonce: the random part of the batch's `Idempotency-Key`; another one when its people change.
    """

    id: int
    targets: tuple[CallTarget, ...]
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """What the ledger knows of a batch.

    Attributes:
        id: the ledger's own id.
        run_id: the run that made it.
        parent_id: the batch that it was split from, if any.
        state: see `BatchState`.
        size: how many calls it was made for.
        batch_id: the API's id, for its dashboard.
        calls_initiated: the API's count.
        http_status: of the last answer, where there was one.
        error: what happened, in words, where it was not accepted.
        submitted_at: UTC, ISO 8601, of the last POST.
        finished_at: UTC, ISO 8601, of the outcome.
    """

    id: int
    run_id: int
    parent_id: int | None
    state: BatchState
    size: int
    batch_id: str | None = None
    calls_initiated: int | None = None
    http_status: int | None = None
    error: str | None = None
    submitted_at: str | None = None
    finished_at: str | None = None


@dataclass(frozen=True, slots=True)
class RunDescription:
    """What a run says of itself when it enters the ledger.

    Attributes:
        campaign: the campaign's name.
        named_by_default: whether the name is the list's stem and not the user's choice.
        key_column: the column of `--key`, or None.
        api_origin: `scheme://host[:port]` of the API, or `sandbox`.
        source_path: the list's absolute path; None for standard input.
        agent_id: who conducts the calls.
        from_phone_number_id: the caller number.
        template: what is said, as given.
        deadline: seconds that one POST may take in all.
        zone_rules: the version of the time zone rules, and where they are.
        list_sha256: of the list's bytes.
        agent_hash: of the agent's configuration; None: it could not be read.
    """

    campaign: str
    named_by_default: bool
    key_column: str | None
    api_origin: str
    source_path: str | None
    agent_id: str
    from_phone_number_id: str
    template: str | None
    deadline: float
    zone_rules: str | None = None
    list_sha256: str | None = None
    agent_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is in the ledger and holds its lock."""

    id: int
    campaign_id: int
    campaign: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What the ledger knows of a run; None where it is of an older version.

    Attributes:
        id: the ledger's.
        started_at: UTC, ISO 8601.
        agent_id: who conducted the calls.
        ended_at: UTC, ISO 8601; None: it is alive.
        from_phone_number_id: the caller number.
        source: the list's absolute path; `-` for standard input.
        template: what was said, as given; None also where it was forgotten.
        host: the machine.
        xuna_version: of this program.
        user_name: of the operating system.
        api_origin: of the API.
        list_sha256: of the list's bytes.
        agent_hash: of the agent's configuration; None: it could not be read.
        exit_code: None: it didn't end by itself.
    """

    id: int
    started_at: str
    agent_id: str
    ended_at: str | None = None
    from_phone_number_id: str = ""
    source: str = "-"
    template: str | None = None
    host: str = ""
    xuna_version: str = ""
    user_name: str | None = None
    api_origin: str | None = None
    list_sha256: str | None = None
    agent_hash: str | None = None
    exit_code: int | None = None


class ClaimStatus(StrEnum):
    """How a key stands that is in the ledger already, as the result's counts name it."""

    DUPLICATE = "duplicates"
    ALREADY_CALLED = "already_called"
    HELD = "held"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign, and how its calls stand."""

    id: int
    name: str
    key_column: str | None
    api_origin: str
    source_path: str | None
    created_at: str
    calls: Mapping[BatchState, int]
    batches: Mapping[BatchState, int]
    forgotten_at: str | None = None
    last_run_at: str | None = None

    @property
    def last_at(self) -> str:
        """When something last happened in it: its last run, or its making."""
        return self.last_run_at or self.created_at


class Decision(StrEnum):
    """What was decided about a held batch."""

    PLACED = "placed"
    """A person: its calls were placed."""
    NOT_PLACED = "not-placed"
    """A person: its calls were not placed."""
    PROVEN = "proven"
    """Nobody: the conversation records have all of its calls."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Who decided about a held batch, when and why.

    Attributes:
        batch_id: the ledger's id of the batch.
        decided_at: UTC, ISO 8601.
        decision: what.
        decided_by: user@host.
        note: as given.
        evidence: what proved it, where nobody decided.
    """

    batch_id: int
    decided_at: str
    decision: Decision
    decided_by: str
    note: str | None = None
    evidence: str | None = None


class CallOutcome(StrEnum):
    """What came of one call, as far as it is proven."""

    SUCCESS = "success"
    """Every criterion that was evaluated is met."""
    FAILURE = "failure"
    """At least one criterion is not met."""
    UNKNOWN = "unknown"
    """There is a record of the call, and no verdict."""
    IN_PROGRESS = "in-progress"
    """There is a record, and the call, or its evaluation, goes on."""
    UNPROVEN = "unproven"
    """There are records that may be of this call or of another one: which can't be told."""
    NO_CONVERSATION = "no-conversation"
    """The records were read after the call was submitted, and none was its own; that proves little."""
    NOT_READ = "not-read"
    """The records were not read since."""


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """What the ledger knows of what came of a call.

    Attributes:
        key: the call's.
        outcome: what is proven; never `no-conversation` or `not-read`, which are the lack of a record.
        conversation_id: the latest of its conversations; None where that is unproven.
        conversations: how many there were.
        joined_by: `batch` (batch and number), `number` (the only outgoing call that it can be) or `held`
            (a batch that only the held one can be); None where it is unproven.
        status: the API's word.
        started_at: UTC, ISO 8601.
        duration: seconds.
        evaluation: by criterion.
        collected: name to value.
    """

    key: str
    outcome: CallOutcome
    conversation_id: str | None = None
    conversations: int = 1
    joined_by: str | None = None
    status: str | None = None
    started_at: str | None = None
    duration: float | None = None
    evaluation: Mapping[str, Evaluation] = field(default_factory=dict)
    collected: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """What the ledger keeps of a conversation record.

    Attributes:
        conversation_id: the API's.
        to_phone_number: of the call that it is of, or of each that it may be of.
        final: whether the API has said all of it.
        evaluation: by criterion.
        collected: name to value.
    """

    conversation_id: str
    to_phone_number: str
    final: bool
    evaluation: Mapping[str, Evaluation]
    collected: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ConversationSync:
    """When the conversation records were read for a campaign, and how completely.

    Attributes:
        read_at: UTC, ISO 8601: when the reading began.
        incomplete: why the list was cut off; None when it was read to its end.
        records: how many may have been of the campaign: of its agents, since its first run.
        joined: how many of them are proven to be of its calls.
        elsewhere: how many are proven to be of other calls.
        unjoined: how many could be of its calls, or not.
        reasons: why those could not be joined, with counts.
    """

    read_at: str
    incomplete: str | None = None
    records: int = 0
    joined: int = 0
    elsewhere: int = 0
    unjoined: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as the ledger knows it, joined with its batch and with what came of it."""

    row_number: int
    key: str
    to_phone_number: str
    batch: BatchRecord
    outcome: OutcomeRecord | None = None
