"""The data that the rooms pass to each other: frozen, without behaviour, without imports of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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
        override: the `conversation_config_override` to send; None sends none.
        contact: the row as read, kept only where the API's rejections are written out.
    """

    row_number: int
    key: str
    to_phone_number: str
    override: Mapping[str, object] | None = None
    contact: Contact | None = None


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


HELD_STATES = (BatchState.UNKNOWN, BatchState.SHORT)
