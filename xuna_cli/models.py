"""Data classes that several rooms share: frozen, without behaviour."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Self

from xuna_cli.dataclass import dataclass

SEAL_PATTERN = r"([0-9]{1,12})/([0-9]{1,12}):[0-9a-f]{64}"
"""The seal of a call in a sealed list: its place, the number of calls, and a hash."""

BEYOND_THE_HEADER = ""
"""Field of a rejected contact for the cells beyond the header; no column has this name."""


class TypedText(str):
    """A workbook cell that is not plain text, as the sheet displays it.

    Attributes:
        value: the cell's value: `date`, `datetime`, `time`, `timedelta`, `int`, `float` or `bool`.
    """

    __slots__ = ("value",)
    value: object

    def __new__(cls, text: str, value: object) -> Self:
        """Create the text with its value."""
        made = super().__new__(cls, text)
        made.value = value
        return made


class CellFault(str):
    """A workbook cell without a value: the error that the sheet displays, or the formula.

    Attributes:
        code: `cell-error` or `cell-not-calculated`, also the code of the row's rejection.
        cell: position of the cell, e.g. `B3`.
    """

    __slots__ = ("cell", "code")
    code: str
    cell: str

    def __new__(cls, text: str, code: str, cell: str) -> Self:
        """Create the text with its fault."""
        made = super().__new__(cls, text)
        made.code = code
        made.cell = cell
        return made

    @property
    def message(self) -> str:
        """The problem and its solution, for people."""
        if self.code == "cell-error":
            return f"cell {self.cell} has the error {self}; correct it in the spreadsheet program"
        return (
            f"cell {self.cell} has the formula {self} without a result; open the workbook in a spreadsheet "
            "program and save it"
        )


@dataclass(frozen=True, slots=True)
class Contact:
    """One row of the list, as read.

    Attributes:
        row_number: the row as a spreadsheet numbers it in CSV, TSV and workbooks (the header is row 1), the line in
            JSON Lines, or the position from 1 in a JSON array.
        fields: cells by column name. Text formats give `str`; JSON gives any JSON value.
    """

    row_number: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CallWindow:
    """When a person may be called, as the contact says it.

    Attributes:
        after: nobody calls before this time; None: no limit. A time without an offset is in the person's time zone.
        before: nobody calls at or after this time; likewise.
    """

    after: datetime | None = None
    before: datetime | None = None

    @property
    def is_local(self) -> bool:
        """Whether a time is in the person's time zone."""
        return any(end is not None and end.tzinfo is None for end in (self.after, self.before))


@dataclass(frozen=True, slots=True)
class CallTarget:
    """A contact that can be called.

    Attributes:
        row_number: row number of the contact.
        key: identifies the person within a campaign; each attempt of a key is called at most once.
        to_phone_number: number to call, E.164.
        override: `conversation_config_override` as ASCII JSON; None to send no override.
        contact: the row as read; kept only if rows that are not called are written to a file.
        timezone: time zone of the contact, if the list has one, or a state such as `US-CA`, if it has other time zones
            than the number; needed to check the hours again.
        other_numbers: the person's other phone numbers (E.164), from further columns. If one of them is on a
            do-not-call list, the person is not called.
        window: when the person may be called; None for any time.
        attempt: which call of the person in the campaign this would be, from 1; the override is made for it.
    """

    row_number: int
    key: str
    to_phone_number: str
    override: str | None = None
    contact: Contact | None = None
    timezone: str | None = None
    other_numbers: tuple[str, ...] = ()
    window: CallWindow | None = None
    attempt: int = 1

    @property
    def numbers(self) -> tuple[str, ...]:
        """All phone numbers of the person (E.164), beginning with the one to call."""
        return (self.to_phone_number, *self.other_numbers)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A contact that can't become a call target.

    Attributes:
        row_number: row number of the contact.
        code: stable identifier, e.g. `phone-not-possible`.
        field: column with the problem; empty if it concerns the whole row.
        message: description for people; it may quote the cell.
        contact: the row, if it could be read.
        to_phone_number: E.164, if it could be read.
    """

    row_number: int
    code: str
    field: str
    message: str
    contact: Contact | None = None
    to_phone_number: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason why somebody is not called, or is called later.

    Attributes:
        code: stable identifier, e.g. `outside-hours`.
        count: count of the row: `do_not_call`, `screened` or `deferred`.
        message: description for people, e.g. `outside-hours: it is 07:12 in America/Denver, …`.
        field: column that the reason comes from, if any.
        zones: for a deferral: time zones in which the person may be.
        opens_at: for a deferral: its end, in UTC; None if the rules allow no later time.
    """

    code: str
    count: str
    message: str
    field: str = ""
    zones: tuple[str, ...] = ()
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LintWarning:
    """A message that looks wrong: how many rows have the problem, and the first of them."""

    code: str
    message: str
    rows: int
    first_row: int


@dataclass(frozen=True, slots=True)
class Agent:
    """A voice agent of the account.

    Attributes:
        agent_id: ID for `XUNA_AGENT_ID`.
        name: display name; may be empty.
        tags: tags of the agent.
        created_at: ISO 8601 in UTC; None if the API doesn't return it.
    """

    agent_id: str
    name: str
    tags: tuple[str, ...] = ()
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation.

    Attributes:
        speaker: who spoke, as the API names it, e.g. `agent`.
        at: seconds from the start of the call; None if the API doesn't return it.
        message: the text.
    """

    speaker: str
    at: float | None
    message: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The API's verdict on one criterion (`success`, `failure` or `unknown`), with its rationale."""

    result: str
    rationale: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation record. Fields that are missing or have a wrong type are None or empty.

    Attributes:
        conversation_id: the API's ID.
        agent_id: ID of the agent.
        status: the API's status, e.g. `done`, if any.
        started_at: start time, Unix seconds.
        duration: length in seconds.
        external_number: the person's phone number, if the record has one.
        batch_call_id: the API's ID of the batch, if the record has one.
        direction: `outbound` or `inbound`, if the record has it.
        audio: URL of the recording.
        evaluation: verdict by criterion.
        collected: collected data by name; any JSON values.
        transcript: turns in order; empty in lists.
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
