"""The records of the ledger: campaigns, runs, batches, calls and outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import NamedTuple

from xuna_cli.dataclass import dataclass
from xuna_cli.models import CallTarget, Evaluation


class BatchState(StrEnum):
    """States of a batch; a call has the state of its batch."""

    CLAIMED = "claimed"
    """This run will call these people; nothing was sent yet. Freed when the run is no longer alive."""
    SUBMITTING = "submitting"
    """The ledger on disk says that the POST is about to be sent; it may be in progress."""
    ACCEPTED = "accepted"
    """2xx, and `calls_initiated` equals what was sent."""
    SHORT = "short"
    """2xx, but `calls_initiated` differs from the number that was sent: held."""
    REFUSED = "refused"
    """The API provably accepted none of it; its claims were deleted."""
    UNKNOWN = "unknown"
    """No proof either way: held."""


HELD_STATES = (BatchState.UNKNOWN, BatchState.SHORT)


class CallKey(NamedTuple):
    """Identifies a call within its campaign.

    Attributes:
        key: the person's key.
        attempt: which call of the person it is, from 1.
    """

    key: str
    attempt: int = 1


class CalledAt(str):
    """The earlier call that bars somebody in the quiet days: its time, or `now` for another run's call."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Call targets for one POST.

    Attributes:
        id: the ledger's id.
        targets: the call targets; never empty.
        nonce: random part of the batch's `Idempotency-Key`; it changes with the people.
    """

    id: int
    targets: tuple[CallTarget, ...]
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The ledger's record of a batch.

    Attributes:
        id: the ledger's id.
        run_id: the run that made it.
        parent_id: the batch that was split into this one, if any.
        state: see `BatchState`.
        size: number of calls when the batch was made.
        batch_id: the API's id, for its dashboard.
        calls_initiated: the API's count.
        http_status: status of the last response, if any.
        error: error message, if the batch was not accepted.
        submitted_at: time of the last POST in UTC, ISO 8601.
        finished_at: time of the outcome in UTC, ISO 8601.
        again: number of its calls that are not a person's first attempt.
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
    again: int = 0


@dataclass(frozen=True, slots=True)
class RunDescription:
    """A run's description, stored when the run starts.

    Attributes:
        campaign: the campaign's name.
        named_by_default: whether the name is the list's stem and not the user's choice.
        key_column: the column of `--key`, or None.
        api_origin: `scheme://host[:port]` of the API, or `sandbox`.
        source_path: the list's absolute path; None for standard input.
        agent_id: the agent.
        from_phone_number_id: the caller number.
        template: the message template, as given.
        deadline: longest duration of one POST in seconds.
        zone_rules: version and location of the time zone rules.
        list_sha256: hash of the list's bytes.
        agent_hash: hash of the agent's configuration; None if it could not be read.
        attempts: the policy of attempts, as options; None if this run calls nobody twice.
        signed_by: signer and key of the list's signature; None if no signature was required.
        opt_out_when: opt-out rules for the campaign to keep; None keeps those that it has.
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
    attempts: str | None = None
    signed_by: str | None = None
    opt_out_when: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run in the ledger that holds its lock."""

    id: int
    campaign_id: int
    campaign: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The ledger's record of a run. Values that an older version did not store are None.

    Attributes:
        id: the ledger's id.
        started_at: UTC, ISO 8601.
        agent_id: the agent.
        ended_at: UTC, ISO 8601; None if the run is alive.
        from_phone_number_id: the caller number.
        source: the list's absolute path; `-` for standard input.
        template: the message template, as given; None also if the campaign was forgotten.
        host: name of the machine.
        xuna_version: version of this program.
        user_name: user of the operating system.
        api_origin: `scheme://host[:port]` of the API, or `sandbox`.
        list_sha256: hash of the list's bytes.
        agent_hash: hash of the agent's configuration; None if it could not be read.
        exit_code: the exit code; None if the run was killed.
        attempts: the policy of attempts, as options; None if the run called nobody twice.
        signed_by: signer and key of the list's signature; None if no signature was required.
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
    attempts: str | None = None
    signed_by: str | None = None


class ClaimStatus(StrEnum):
    """Status of a key that is in the ledger, as named in the result's counts."""

    DUPLICATE = "duplicates"
    ALREADY_CALLED = "already_called"
    HELD = "held"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign with the states of its calls.

    Attributes:
        opt_out_when: the opt-out rules that it keeps, as `FIELD=VALUE`.
        opt_outs_known_at: begin of the last reading that found all opt-outs by these rules.
    """

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
    opt_out_when: Sequence[str] = ()
    opt_outs_known_at: str | None = None

    @property
    def last_at(self) -> str:
        """Time of the last run, or of the campaign's creation."""
        return self.last_run_at or self.created_at


class Decision(StrEnum):
    """Decisions about a held batch."""

    PLACED = "placed"
    """A person decided that its calls were placed."""
    NOT_PLACED = "not-placed"
    """A person decided that its calls were not placed."""
    PROVEN = "proven"
    """No person decided: the conversation records have all of its calls."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A decision about a held batch.

    Attributes:
        batch_id: the ledger's id of the batch.
        decided_at: UTC, ISO 8601.
        decision: the decision.
        decided_by: user@host.
        note: reason, as given.
        evidence: proof of a decision without a person.
    """

    batch_id: int
    decided_at: str
    decision: Decision
    decided_by: str
    note: str | None = None
    evidence: str | None = None


class CallOutcome(StrEnum):
    """Outcome of a call."""

    SUCCESS = "success"
    """Every criterion that was evaluated is met."""
    FAILURE = "failure"
    """At least one criterion is not met."""
    UNKNOWN = "unknown"
    """There is a record of the call without a verdict."""
    IN_PROGRESS = "in-progress"
    """There is a record, but the call or its evaluation is still in progress."""
    UNPROVEN = "unproven"
    """There are records that may belong to this call or to another one, without proof."""
    NO_CONVERSATION = "no-conversation"
    """The records were read after the call was submitted, and none belongs to it. That is weak proof."""
    NOT_READ = "not-read"
    """The records were not read since the call."""


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """The ledger's record of a call's outcome.

    Attributes:
        key: the person's key.
        outcome: the proven outcome; never `no-conversation` or `not-read`, which mean a missing record.
        conversation_id: the call's latest conversation; None if unproven.
        conversations: number of the call's conversations.
        joined_by: `batch` (batch and number), `number` (the only possible outgoing call) or `held`
            (the only possible held batch); None if unproven.
        status: the API's status.
        started_at: UTC, ISO 8601.
        duration: seconds.
        evaluation: results by criterion.
        collected: values by name.
        outcomes: the outcomes of all records of the call, also of those that are not proven to be of it.
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
    outcomes: frozenset[CallOutcome] = frozenset()


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A stored conversation record.

    Attributes:
        conversation_id: the API's id.
        to_phone_number: number of the call, or of each possible call.
        final: whether the record is complete.
        evaluation: by criterion.
        collected: name to value.
    """

    conversation_id: str
    to_phone_number: str
    final: bool
    evaluation: Mapping[str, Evaluation]
    collected: Mapping[str, object]


NO_NUMBER = "no-number"
OTHER_NUMBER = "other-number"

UNTIED = (NO_NUMBER, OTHER_NUMBER)
"""Reasons of unmatched records that may belong to any call; with them, a missing record proves nothing."""


@dataclass(frozen=True, slots=True)
class ConversationSync:
    """The last reading of a campaign's conversation records.

    Attributes:
        read_at: begin of the reading in UTC, ISO 8601.
        incomplete: why the list was incomplete; None if it was read to its end.
        records: number of records of the campaign's agents since its first run.
        joined: records matched to the campaign's calls.
        elsewhere: records that belong to other calls.
        unjoined: records that could not be matched with certainty.
        reasons: counts of unmatched records by reason.
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
    """A call with its batch and its outcome.

    Attributes:
        row_number: row number in the list of its run.
        key: the person's key.
        to_phone_number: E.164.
        batch: the batch.
        outcome: the stored outcome, if any.
        attempt: which call of the person in this campaign it is, from 1.
        is_last: whether there is no later attempt.
    """

    row_number: int
    key: str
    to_phone_number: str
    batch: BatchRecord
    outcome: OutcomeRecord | None = None
    attempt: int = 1
    is_last: bool = True
