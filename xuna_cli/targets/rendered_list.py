"""Rendered call targets, as `xuna render` writes them and `xuna batch-call` reads them.

Each line has the API's format, and also the row, the key and the campaign that were reviewed. These are checked when
the file is read, so that exactly the reviewed calls are made, and nobody is called twice.

In a sealed list each call has its position, the number of calls, and a hash over the previous call's hash and its own
content. So a change is found in its row, and no call can be added, removed, moved or duplicated.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import BrokenSealError, InputError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import SEAL_PATTERN, CallTarget, Contact, Rejection
from xuna_cli.targets.call_window import AFTER, BEFORE
from xuna_cli.targets.values import TargetProblem, is_empty

KEY_SEPARATOR = "\x1f"
"""Separator between number and `--key` value in a key: U+001F, which no number contains."""

ROW, KEY, CAMPAIGN, KEY_COLUMN = "xuna_row", "xuna_key", "xuna_campaign", "xuna_key_column"
AGENT, AGENT_HASH, SEAL = "xuna_agent", "xuna_agent_sha256", "xuna_seal"
TIMEZONE = "timezone"

_SEAL = lazy_pattern(SEAL_PATTERN)


@dataclass(frozen=True, slots=True)
class RenderedList:
    """Information that a rendered list contains about itself.

    Attributes:
        campaign: its campaign.
        key_column: the column of `--key` with which its keys were made, or None.
        agent_id: the reviewed agent, if the list is sealed.
        agent_hash: hash of that agent's configuration; None if it could not be read.
        sealed: whether its calls have a seal.
    """

    campaign: str
    key_column: str | None
    agent_id: str | None = None
    agent_hash: str | None = None
    sealed: bool = False

    def key(self, number: str, fields: Mapping[str, object]) -> str:
        """Return the key of a row.

        Raises:
            TargetProblem: the row belongs to another campaign, or its key is missing or does not match the number.
        """
        if fields.get(CAMPAIGN) != self.campaign:
            message = f"this line does not belong to campaign {self.campaign!r}, but the first line does"
            raise TargetProblem("ready-other-campaign", message, CAMPAIGN)
        key = fields.get(KEY)
        whole = key == number if self.key_column is None else str(key).startswith(number + KEY_SEPARATOR)
        if not isinstance(key, str) or not whole:
            message = f"the key does not belong to {number}; render the list again"
            raise TargetProblem("ready-key", message, KEY)
        return key


def rendered_list(columns: Sequence[str], rows: Iterable[Contact | Rejection]) -> RenderedList | None:
    """Return the information in a rendered list, or None for other lists.

    Args:
        columns: columns of its first contact.
        rows: the list; only read (up to its first contact) if it has the columns of a rendered list.

    Raises:
        InputError: the first contact of a rendered list has no campaign. Under another campaign everybody could be
            called again. Or its seals were removed.
    """
    missing = [column for column in (ROW, KEY, CAMPAIGN) if column not in columns]
    if missing and SEAL not in columns:
        return None
    first = next((row for row in rows if isinstance(row, Contact)), None)
    if first is None:
        return None
    if missing:
        raise BrokenSealError(f"row {first.row_number} has no {missing[0]!r} any more")
    campaign, key_column = first.fields.get(CAMPAIGN), first.fields.get(KEY_COLUMN)
    if not isinstance(campaign, str) or is_empty(campaign):
        raise _unusable(first.row_number, CAMPAIGN)
    if not isinstance(key_column, str | None):
        raise _unusable(first.row_number, KEY_COLUMN)
    agent_id, agent_hash, seal = (
        str(first.fields[column]) if not is_empty(first.fields.get(column)) else None
        for column in (AGENT, AGENT_HASH, SEAL)
    )
    if seal is None and (
        agent_id is not None or any(_SEAL.search(str(cell)) for cell in first.fields.values())
    ):
        # Only sealed lists name their agent.
        raise BrokenSealError(f"row {first.row_number} has no seal any more")
    return RenderedList(
        campaign, None if is_empty(key_column) else key_column, agent_id, agent_hash, sealed=seal is not None
    )


def _unusable(row_number: int, column: str) -> InputError:
    return InputError(
        f"row {row_number}: {column!r} contains no text, so the campaign of this rendered list is not known",
        hint="render the list again, or remove the lines that were not rendered",
        code="ready-mixed",
    )


def check_unmarked(fields: Mapping[str, object]) -> None:
    """Check that a row of an ordinary list does not come from a rendered list, which belongs to its own campaign.

    Raises:
        TargetProblem: the row comes from a rendered list.
    """
    for column in (CAMPAIGN, KEY):
        if column in fields and not is_empty(fields[column]):
            message = (
                f"this line was rendered (it has {column!r}), but the first line of the list was not; "
                "keep rendered lines in a separate file"
            )
            raise TargetProblem("ready-mixed", message, column)


def document_of(target: CallTarget, about: RenderedList) -> dict[str, object]:
    """Return a target as a line of a rendered list."""
    document: dict[str, object] = {"to_phone_number": target.to_phone_number}
    if target.override is not None:
        document["conversation_config_override"] = json.loads(target.override)
    if target.timezone is not None:
        document[TIMEZONE] = target.timezone
    if target.window is not None:
        for column, end in ((AFTER, target.window.after), (BEFORE, target.window.before)):
            if end is not None:
                document[column] = end.isoformat()
    document |= {ROW: target.row_number, KEY: target.key, CAMPAIGN: about.campaign}
    if about.key_column is not None:
        document[KEY_COLUMN] = about.key_column
    for column, value in ((AGENT, about.agent_id), (AGENT_HASH, about.agent_hash)):
        if value is not None:
            document[column] = value
    return document


class SealChain:
    """Seals the calls of a list, from the first to the last.

    Args:
        calls: number of calls.

    Attributes:
        place: position of the last sealed call, from 1.
    """

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.place = 0
        self._last = "xuna seal 1"

    def seal(self, call: Mapping[str, object]) -> str:
        """Return the seal of the next call, over all its fields except the seal."""
        self.place += 1
        fields = {name: value for name, value in call.items() if name != SEAL}
        said = json.dumps(fields, sort_keys=True, separators=(",", ":"), default=str)
        place = f"{self.place}/{self.calls}"
        self._last = sha256(f"{self._last}\n{place}\n{said}".encode()).hexdigest()
        return f"{place}:{self._last}"


def checked_rows(rows: Iterable[Contact | Rejection], about: RenderedList) -> Iterator[Contact | Rejection]:
    """Yield the rows of a rendered list without their seals.

    Raises:
        InputError: the seal is broken; the message names the row. Earlier rows were yielded.
    """
    if about.sealed:
        yield from _sealed_rows(rows)
        return
    for row in rows:
        if isinstance(row, Contact) and not is_empty(row.fields.get(SEAL)):
            raise BrokenSealError(f"row {row.row_number} is sealed, but the first row is not")
        yield row


def _sealed_rows(rows: Iterable[Contact | Rejection]) -> Iterator[Contact]:
    chain: SealChain | None = None
    for row in rows:
        if isinstance(row, Rejection):
            raise BrokenSealError(f"row {row.row_number} can't be read any more: {row.message}")
        sealed = str(row.fields.get(SEAL, ""))
        found = _SEAL.fullmatch(sealed)
        if found is None:
            raise BrokenSealError(f"row {row.row_number} has no seal: it was added, or its seal was changed")
        chain = chain or SealChain(int(found[2]))
        expected = chain.seal(row.fields)
        if (int(found[1]), int(found[2])) != (chain.place, chain.calls):
            raise BrokenSealError(
                f"row {row.row_number} was sealed as call {found[1]} of {found[2]}, but is now call {chain.place} of "
                f"{chain.calls}; a row was added, removed, moved or duplicated"
            )
        if sealed != expected:
            raise BrokenSealError(f"row {row.row_number} was changed after it was sealed")
        yield Contact(row.row_number, {name: cell for name, cell in row.fields.items() if name != SEAL})
    if chain is not None and chain.place != chain.calls:
        raise BrokenSealError(
            f"only {chain.place:,} of {chain.calls:,} calls are there; the last rows were removed"
        )
