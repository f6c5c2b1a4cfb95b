"""Which column holds the phone number, and whether the first row is a header at all."""

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from xuna_cli.errors import InputError

# In any case, spacing and punctuation: "Phone Number", "phone_number" and "PHONE-NUMBER" are one name.
PHONE_COLUMN_NAMES = (
    "phone",
    "phone number",
    "phone no",
    "phone num",
    "to phone number",
    "to number",
    "number",
    "mobile",
    "mobile number",
    "mobile no",
    "mobile phone",
    "mobile phone number",
    "cell",
    "cell number",
    "cell phone",
    "cell phone number",
    "telephone",
    "telephone number",
    "telephone no",
    "tel",
    "tel no",
    "contact number",
    "contact phone",
    "customer phone",
    "primary phone",
    "phone e164",
    "e164",
    "msisdn",
)

_PHONE_LIKE = re.compile(r"'?[+(\d][\d\s().+/-]{6,}|\d(\.\d+)?[eE]\+?\d+")
FEWEST_DIGITS = 7
_LISTED = 20  # column names in one message


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


_PHONE_WORDS = frozenset({"mobile", "cell", "tel", "msisdn"})
_PLAIN_NAMES = frozenset(map(_plain, PHONE_COLUMN_NAMES))


def phone_columns(columns: Sequence[str]) -> list[str]:
    """Return the columns whose name says that they hold a phone number, in their order."""
    return [column for column in columns if _plain(column) in _PLAIN_NAMES]


@lru_cache(maxsize=1024)
def may_be_phone(column: str) -> bool:
    """Tell whether a column may hold phone numbers by a part of its name ("work phone", "tel 2")."""
    words = re.split(r"[\W_\d]+", column.casefold())
    return _plain(column) in _PLAIN_NAMES or "phone" in _plain(column) or not _PHONE_WORDS.isdisjoint(words)


def find_phone_column(columns: Sequence[str], given: str | None, name: str, *, first: bool = False) -> str:
    """Return the column with the phone number.

    Args:
        columns: the names that there are.
        given: the user's `--phone-column`; it has to be there exactly.
        name: what messages call the list.
        first: where several have such a name, take the first of them.

    Raises:
        InputError: the given column isn't there; or none, or more than one, is found by its name.
    """
    if given is not None:
        if given in columns:
            return given
        by_plain_name = {_plain(column): column for column in columns}
        near = difflib.get_close_matches(_plain(given), by_plain_name, n=1)
        meant = f" Did you mean {by_plain_name[near[0]]!r}?" if near else ""
        raise InputError(
            f"{name} has no column {given!r}.{meant}",
            hint=f"Give --phone-column one of: {listed(columns)}.",
            code="input-phone-column",
        )
    found = phone_columns(columns)
    if len(found) == 1 or (found and first):
        return found[0]
    if found:
        raise InputError(
            f"{name} has more than one column that may hold the phone number: {listed(found)}.",
            hint=f"Say which one with --phone-column, e.g. `--phone-column {quoted(found[0])}`.",
            code="input-phone-column",
        )
    raise InputError(
        f"{name} has no column that is known to hold a phone number. Its columns: {listed(columns)}.",
        hint="Say which one it is with --phone-column, or call it `phone`.",
        code="input-phone-column",
    )


def find_in_contact(
    fields: Mapping[str, object], given: str | None, name: str, *, first: bool = False
) -> str:
    """Return the key with the phone number in a JSON contact.

    In a contact of the API's own shape it is `to_phone_number`, whatever else there is.

    Raises:
        InputError: as `find_phone_column`.
    """
    if given is None and "to_phone_number" in fields and "conversation_config_override" in fields:
        return "to_phone_number"
    return find_phone_column(list(fields), given, name, first=first)


def check_header(header: Sequence[str], row_number: int, name: str) -> None:
    """Do nothing for a row that can be a header.

    Args:
        header: its cells, stripped.
        row_number: where it stands.
        name: what messages call the list.

    Raises:
        InputError: two columns have one name, or the row is a contact already.
    """
    if not phone_columns(header):
        for cell in header:
            if looks_like_phone(cell):
                raise InputError(
                    f"{name} has no header: row {row_number} holds {cell!r}, a phone number by its looks.",
                    hint="Put a row with the columns' names above it, e.g. `phone,name`.",
                    code="input-header",
                )
    twice = [cell for cell, count in Counter(header).items() if cell and count > 1]
    if twice:
        raise InputError(
            f"{name}, row {row_number}: more than one column is called {listed(twice)}.",
            hint="Give each column a name of its own.",
            code="input-header",
        )


def looks_like_phone(cell: str) -> bool:
    """Tell whether a cell is a phone number rather than a column's name."""
    if not _PHONE_LIKE.fullmatch(cell):
        return False
    return "e" in cell.casefold() or sum(map(str.isdigit, cell)) >= FEWEST_DIGITS


def listed(names: Sequence[str]) -> str:
    """Return the names as a person reads them, the first twenty."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(map(repr, names[:_LISTED])) + more if names else "none"


def quoted(name: str) -> str:
    """Return the name as a shell takes it."""
    import shlex  # noqa: PLC0415 - only for a message

    return shlex.quote(name)
