"""Rendered call targets as `xuna render` writes them and `xuna batch-call` reads them.

Each line has the API's own shape, and beside it the row, the key and the campaign that were reviewed. They
hold when the file is read: what was reviewed is what is called, and nobody is called twice by it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xuna_cli.errors import InputError
from xuna_cli.models import CallTarget, Contact, Rejection
from xuna_cli.targets.values import TargetProblem, is_empty

KEY_SEPARATOR = "\x1f"
"""Between number and `--key` value in a key: U+001F, which no number contains."""

ROW, KEY, CAMPAIGN, KEY_COLUMN = "xuna_row", "xuna_key", "xuna_campaign", "xuna_key_column"
TIMEZONE = "timezone"


@dataclass(frozen=True, slots=True)
class RenderedList:
    """What a rendered list says of itself.

    Attributes:
        campaign: its campaign.
        key_column: the column of `--key` that its keys were made with, or None.
    """

    campaign: str
    key_column: str | None

    def key(self, number: str, fields: Mapping[str, object]) -> str:
        """Return the key of a row.

        Raises:
            TargetProblem: the row is of another campaign, or its key is missing or not the number's.
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
    """Return what a list says of itself if it is a rendered one; None: it is not.

    Args:
        columns: of its first contact.
        rows: the list; read as far as that contact, and only if it is a rendered one by its columns.

    Raises:
        InputError: it has the columns of a rendered list, and its first contact has no campaign in them:
            under another campaign everybody could be called again.
    """
    if not {ROW, KEY, CAMPAIGN} <= set(columns):
        return None
    first = next((row for row in rows if isinstance(row, Contact)), None)
    if first is None:
        return None
    campaign, key_column = first.fields.get(CAMPAIGN), first.fields.get(KEY_COLUMN)
    if not isinstance(campaign, str) or is_empty(campaign):
        raise _unusable(first.row_number, CAMPAIGN)
    if not isinstance(key_column, str | None):
        raise _unusable(first.row_number, KEY_COLUMN)
    return RenderedList(campaign, None if is_empty(key_column) else key_column)


def _unusable(row_number: int, column: str) -> InputError:
    return InputError(
        f"row {row_number}: {column!r} contains no text, so the campaign of this rendered list is not known",
        hint="render the list again, or remove the lines that were not rendered",
        code="ready-mixed",
    )


def check_unmarked(fields: Mapping[str, object]) -> None:
    """Check that a row of an ordinary list is none of a rendered one: those were reviewed for their campaign.

    Raises:
        TargetProblem: it is one.
    """
    for column in (CAMPAIGN, KEY):
        if column in fields and not is_empty(fields[column]):
            message = (
                f"this line was rendered (it has {column!r}), but the first line of the list was not; "
                "keep rendered lines in a separate file"
            )
            raise TargetProblem("ready-mixed", message, column)


def document_of(target: CallTarget, about: RenderedList) -> dict[str, object]:
    """Return a target as a line of a rendered list has it."""
    document: dict[str, object] = {"to_phone_number": target.to_phone_number}
    if target.override is not None:
        document["conversation_config_override"] = json.loads(target.override)
    if target.timezone is not None:
        document[TIMEZONE] = target.timezone
    document |= {ROW: target.row_number, KEY: target.key, CAMPAIGN: about.campaign}
    if about.key_column is not None:
        document[KEY_COLUMN] = about.key_column
    return document
