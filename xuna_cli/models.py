"""The data that the rooms pass to each other: frozen, without behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from xuna_cli.errors import XunaError

BEYOND_THE_HEADER = ""
"""Where a rejected contact keeps the cells that its row has more than the header; no column has this name."""


class TypedText(str):
    """A cell of a workbook that is no plain text: the cell as the sheet shows it.

    Attributes:
        value: a `date`, `datetime`, `time`, `timedelta`, `int`, `float` or `bool`.
    """

    __slots__ = ("value",)
    value: object

    def __new__(cls, text: str, value: object) -> Self:
        """Return the text with its value."""
        made = super().__new__(cls, text)
        made.value = value
        return made


class CellFault(str):
    """A cell of a workbook that has no value: what the sheet shows, or the formula.

    Attributes:
        code: `cell-error` or `cell-not-calculated`, as the rejection of its row has it.
        cell: where it is, e.g. `B3`.
    """

    __slots__ = ("cell", "code")
    code: str
    cell: str

    def __new__(cls, text: str, code: str, cell: str) -> Self:
        """Return the text with its fault."""
        made = super().__new__(cls, text)
        made.code = code
        made.cell = cell
        return made

    @property
    def message(self) -> str:
        """What is wrong, and what to do, for a person."""
        if self.code == "cell-error":
            return f"cell {self.cell} has the error {self}: correct it in the spreadsheet program"
        return (
            f"cell {self.cell} has the formula {self} without a result: open the workbook in a spreadsheet "
            "program and save it"
        )


class HiddenRows(StrEnum):
    """What becomes of rows that a filter, or a person, has hidden."""

    CALL = "call"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the list, as read.

    Attributes:
        row_number: where a person finds it: the row as a spreadsheet numbers it in CSV, TSV and XLSX
            (the header is row 1), the line in JSON Lines, the position from 1 in a JSON array.
        fields: the named cells. Text formats give `str`; JSON gives what JSON has.
    """

    row_number: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CallTarget:
    """What a contact becomes when it can be called.

    Attributes:
        row_number: the contact's.
        key: who this is within a campaign; at most one call for each.
        to_phone_number: E.164.
        override: the `conversation_config_override` to send, as JSON in ASCII; None sends none.
        contact: the row as read, kept only where rows that are not called are written out.
        timezone: the IANA name that the contact gives; what a second look at the hours needs.
        other_numbers: E.164; the person's, of the further columns with phone numbers. Whoever is on a
            do-not-call list under one of them is not called under another.
    """

    row_number: int
    key: str
    to_phone_number: str
    override: str | None = None
    contact: Contact | None = None
    timezone: str | None = None
    other_numbers: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """All numbers of the person, E.164, the one to call first."""
        return (self.to_phone_number, *self.other_numbers)


@dataclass(frozen=True, slots=True)
class ListUse:
    """Which parts of a list steer its calls, for people and programs.

    Attributes:
        phone_columns: with the numbers, in the order in which they are tried.
        region_columns: which say in which country numbers without + are read, the surest first.
        do_not_call_columns: which mark who must not be called.
        sheet: the workbook's; None for other formats.
        unused_columns: which say who is called, where or how by their names, and are not used.
    """

    phone_columns: tuple[str, ...] = ()
    region_columns: tuple[str, ...] = ()
    do_not_call_columns: tuple[str, ...] = ()
    sheet: str | None = None
    unused_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A contact that can't become a call target.

    Attributes:
        row_number: the contact's.
        code: a stable slug, e.g. `phone-not-possible`.
        field: the column at fault; empty where it is the whole row.
        message: for a person; it may quote the cell.
        contact: the row as read, where it could be read.
    """

    row_number: int
    code: str
    field: str
    message: str
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Rows that were rejected for one reason.

    Attributes:
        code: the rejections' code.
        field: the column at fault; empty where it is the whole row.
        rows: how many.
        first_rows: the numbers of the first of them.
        message: of the first one.
    """

    code: str
    field: str
    rows: int
    first_rows: tuple[int, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody is not called, or not now.

    Attributes:
        code: a stable slug, e.g. `outside-hours`.
        count: what the row is counted as: `do_not_call`, `screened` or `deferred`.
        message: the fact, for a person, e.g. `07:12 in America/Denver, opens 09:00`.
        field: the column that it comes from, if it is one.
        zones: where the person may be, of a deferral.
        opens_at: UTC, when a deferral ends.
    """

    code: str
    count: str
    message: str
    field: str = ""
    zones: tuple[str, ...] = ()
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Screened:
    """A row that is not called, or not now, and why."""

    row_number: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Mark:
    """Something about what is said that looks wrong: in how many rows, and the first of them."""

    code: str
    message: str
    rows: int
    first_row: int


@dataclass(frozen=True, slots=True)
class Deferral:
    """How many people wait for the same opening.

    Attributes:
        zones: where they may be; within hours in all of them is what is waited for.
        opens_at: UTC.
        people: how many.
    """

    zones: tuple[str, ...]
    opens_at: datetime
    people: int


class BatchState(StrEnum):
    """Where a batch stands; a call has no state but its batch's."""

    CLAIMED = "claimed"
    """Ours to call, not on the wire; given back when its run is not alive any more."""
    SUBMITTING = "submitting"
    """It is on disk that the POST is about to go out; it may be on the wire."""
    ACCEPTED = "accepted"
    """2xx, and `calls_initiated` equals what was sent."""
    SHORT = "short"
    """2xx, and `calls_initiated` differs from what was sent: held."""
    REFUSED = "refused"
    """The API provably took none of it; nobody is claimed by it any more."""
    UNKNOWN = "unknown"
    """No proof either way: held."""


class CalledAt(str):
    """Why somebody is left alone for the quiet days: when they were last called, or `now` by another run."""

    __slots__ = ()


HELD_STATES = (BatchState.UNKNOWN, BatchState.SHORT)


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


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is in the ledger and holds its lock."""

    id: int
    campaign_id: int
    campaign: str


class Standing(StrEnum):
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


@dataclass(frozen=True, slots=True)
class Agent:
    """A voice agent of the account.

    Attributes:
        agent_id: what `XUNA_AGENT_ID` wants.
        name: for people; may be empty.
        tags: as the account has them.
        created_at: UTC, ISO 8601; None where the API doesn't say.
    """

    agent_id: str
    name: str
    tags: tuple[str, ...] = ()
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said.

    Attributes:
        speaker: as the API names it, e.g. `agent`.
        at: seconds from the call's start; None where the API doesn't say.
        message: the words.
    """

    speaker: str
    at: float | None
    message: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the API holds of one criterion: `success`, `failure` or `unknown`, and why."""

    result: str
    rationale: str


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
class Conversation:
    """A conversation record; what it lacks, or has of a wrong type, is None or empty.

    Attributes:
        conversation_id: the API's.
        agent_id: who spoke.
        status: the API's word, e.g. `done`, where it has one.
        started_at: Unix time in seconds.
        duration: seconds.
        external_number: the number of the other side, where the record has one.
        batch_call_id: the API's id of the batch, where the record has one.
        direction: `outbound` or `inbound`, where the record says it.
        audio: a URL.
        evaluation: by criterion.
        collected: name to value, any JSON.
        transcript: the turns, in order; empty in lists.
    """

    conversation_id: str
    agent_id: str | None = None
    status: str | None = None
    started_at: float | None = None
    duration: float | None = None
    external_number: str | None = None
    batch_call_id: str | None = None
    direction: str | None = None
    audio: str | None = None
    evaluation: Mapping[str, Evaluation] = field(default_factory=dict)
    collected: Mapping[str, object] = field(default_factory=dict)
    transcript: tuple[Turn, ...] = ()


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
class Reading:
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


COUNTS = (
    "accepted",
    "already_called",
    "duplicates",
    "rejected",
    "do_not_call",
    "screened",
    "deferred",
    "in_flight",
    "held",
    "not_sent",
)
"""What a row can have become; `rows` is their sum, always."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is to send.

    Attributes:
        agent_id: who conducts the calls.
        from_phone_number_id: the caller number.
        batch_size: call targets in one POST, at most.
        concurrency: POSTs on the wire at once, at most.
        max_unknown: batches `unknown` in a row that stop the run.
        limit: new claims in this run, at most; reading stops then. None is no limit.
        agreed: people that somebody has agreed to, or `--max-calls` allows; who comes on top of them is not
            called, and the run says so. None: nobody was asked.
        give_up_after: seconds of refusals in a row that stop the run.
        rate: calls per second, at most; None is no limit.
        wait: stay, and call those who are deferred as their hours come.
        retry_refused: call those whom the API refused in an earlier run like anybody else, and not last.
    """

    agent_id: str
    from_phone_number_id: str
    batch_size: int = 100
    concurrency: int = 4
    max_unknown: int = 1
    limit: int | None = None
    agreed: int | None = None
    give_up_after: float = 600.0
    rate: float | None = None
    wait: bool = False
    retry_refused: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, for a person who watches."""

    rows: int
    submitted: int
    on_the_wire: int
    allowed: int
    paused_for: float


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did with every row.

    Attributes:
        counts: how many rows became what; the keys of `COUNTS`.
        batches: the batches that were posted, in the order of their outcomes.
        rejections: the first of them.
        list_complete: whether the whole list was read.
        errors: what stopped the run, or went wrong in it.
        example: the first target that was fit to be called.
        refusals: how often the API refused for now.
        paused: seconds that the run waited because of that.
        screened: the first rows that were screened out or deferred.
        reasons: how many rows each rule kept from being called, by the reason's code.
        deferrals: who waits for which opening, the next one first.
        outside: people outside the usual calling hours of their own time, when nobody was deferred for
            it; None where hours were asked for.
        causes: why rows were rejected, the most frequent cause first.
        duplicates: the first rows that are duplicates, each with the row of the same person; None: not known.
        refused_calls: rows that the API refused to call in this run.
        refused_earlier: people of the list who are to be called and whom the API refused in an earlier run.
    """

    counts: Mapping[str, int]
    batches: tuple[BatchRecord, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    list_complete: bool = True
    errors: tuple[XunaError, ...] = ()
    example: CallTarget | None = None
    refusals: int = 0
    paused: float = 0.0
    screened: tuple[Screened, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)
    deferrals: tuple[Deferral, ...] = ()
    outside: int | None = None
    causes: tuple[Cause, ...] = ()
    duplicates: tuple[tuple[int, int | None], ...] = ()
    refused_calls: int = 0
    refused_earlier: int = 0
