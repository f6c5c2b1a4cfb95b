"""The data that the rooms pass to each other: frozen, without behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

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
            return f"cell {self.cell} has the error {self}; correct it in the spreadsheet program"
        return (
            f"cell {self.cell} has the formula {self} without a result; open the workbook in a spreadsheet "
            "program and save it"
        )


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
class Rejection:
    """A contact that can't become a call target.

    Attributes:
        row_number: the contact's.
        code: a stable slug, e.g. `phone-not-possible`.
        field: the column at fault; empty where it is the whole row.
        message: for a person; it may quote the cell.
        contact: the row as read, where it could be read.
        to_phone_number: E.164, where the contact had become a call target.
    """

    row_number: int
    code: str
    field: str
    message: str
    contact: Contact | None = None
    to_phone_number: str | None = None


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
class LintWarning:
    """Something about what is said that looks wrong: in how many rows, and the first of them."""

    code: str
    message: str
    rows: int
    first_row: int


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
