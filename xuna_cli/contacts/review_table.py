"""The table of `xuna render` that people review: convert calls to cells and back.

The table also has the list's own columns, and the rows that are not called, with the reason. Only rows with `call` in
`xuna_screening` are called.
"""

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xuna_cli.contacts.apostrophes import as_reject, guard
from xuna_cli.errors import BrokenSealError, InputError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import SEAL_PATTERN, CellFault, Contact, Rejection

ROW, NUMBER, MESSAGE, SCREENING = "xuna_row", "xuna_phone", "xuna_message", "xuna_screening"
TIMEZONE, OVERRIDE, KEY = "xuna_timezone", "xuna_override", "xuna_key"
CALL = "call"
"""Value of the column `xuna_screening` in a row that is called."""

AFTER, BEFORE = "xuna_call_after", "xuna_call_before"

TO, CONFIG, ZONE = "to_phone_number", "conversation_config_override", "timezone"
_WINDOW = {AFTER: "call_after", BEFORE: "call_before"}
FIELDS = (TO, CONFIG, ZONE, *_WINDOW.values(), ROW, KEY, "xuna_campaign")
"""Fields of a call that is read back, as in JSON Lines."""

# Texts that a spreadsheet program must not convert to a number or a date, because that changes them.
_TEXTS = (
    AFTER,
    BEFORE,
    KEY,
    "xuna_campaign",
    "xuna_key_column",
    "xuna_agent",
    "xuna_agent_sha256",
    "xuna_seal",
)
_FIRST = (ROW,)
_LAST = (NUMBER, MESSAGE, SCREENING, TIMEZONE, OVERRIDE, *_TEXTS)
_SEAL = lazy_pattern(SEAL_PATTERN)
_SEPARATOR, _SHOWN_SEPARATOR = "\x1f", " / "  # between the number and the `--key` value

Fields = Mapping[str, object]


_NEEDED = (ROW, NUMBER, MESSAGE, SCREENING, AFTER, BEFORE, OVERRIDE, KEY)
_OF_NO_OTHER_FILE = {NUMBER, SCREENING, TIMEZONE, AFTER, BEFORE, OVERRIDE}


def is_review(columns: Iterable[str]) -> bool:
    """Return whether a header belongs to such a table."""
    return set(_NEEDED) <= set(columns)


def check_not_cut(columns: Iterable[str], name: str) -> None:
    """Check that a list is not such a table with missing columns.

    As an ordinary list, it would call rows that are marked as not to be called, with other messages.

    Raises:
        InputError: columns are missing.
    """
    there = set(columns)
    lost = [column for column in _NEEDED if column not in there]
    if lost and there & _OF_NO_OTHER_FILE:
        raise InputError(
            f"{name} is a table of xuna render, but its column {lost[0]!r} is missing",
            hint="keep all columns that begin with xuna_, also empty ones; a spreadsheet can hide them",
            code="review-columns",
        )


def header(list_columns: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of the table, including the list's columns with other names."""
    theirs = dict.fromkeys(column.strip() for column in list_columns)
    return (*_FIRST, *(name for name in theirs if name and name not in (*_FIRST, *_LAST)), *_LAST)


def record(columns: Sequence[str], ours: Fields, theirs: Fields) -> list[str]:
    """Return the cells of a row, safe to open in a spreadsheet program.

    Args:
        columns: the result of `header`.
        ours: the result of `cells_of_call` or `cells_left_out`.
        theirs: the contact's fields.
    """
    cells = {
        **{name.strip(): value for name, value in theirs.items()},
        **dict.fromkeys((*_FIRST, *_LAST)),
        **ours,
    }
    return [_cell(name, cells.get(name)) for name in columns]


def _cell(column: str, value: object) -> str:
    if value is None or value == "":
        return ""
    text = as_reject(value)
    safe = guard(text if isinstance(text, str) else _json(text))
    return f"'{safe}" if column in _TEXTS and safe[:1] != "'" else safe


def _json(value: object) -> str:
    # `guard` would put an apostrophe into the middle of a text at places where a spreadsheet may split the cell.
    text = json.dumps(value, default=str)
    return text.replace(";", "\\u003b").replace("|", "\\u007c")


def cells_of_call(call: Fields) -> dict[str, object]:
    """Return the cells of a call by column; `call_of` is the inverse.

    The first message has its own column, and the rest of the override another. A message that can't be read back
    exactly from a cell is in both.
    """
    override = call.get(CONFIG)
    message, rest = _parted(override) if isinstance(override, dict) else ("", {})
    cells: dict[str, object] = {
        ROW: call[ROW],
        NUMBER: call[TO],
        MESSAGE: message,
        SCREENING: CALL,
        TIMEZONE: call.get(ZONE),
        # `{}` means that the agent uses its own message; an empty message without it is an error.
        OVERRIDE: rest if rest or not message else None,
    }
    shown = {**call, KEY: str(call[KEY]).replace(_SEPARATOR, _SHOWN_SEPARATOR, 1)}
    return cells | {name: _as_text(shown.get(_WINDOW.get(name, name))) for name in _TEXTS}


def _as_text(value: object) -> object:
    """Return a text that any cell preserves exactly; as JSON if necessary."""
    if not isinstance(value, str) or (value.isprintable() and value == value.strip() and value[:1] != '"'):
        return value
    return json.dumps(value)


def _from_text(text: str) -> str:
    if text[:1] == '"':
        with contextlib.suppress(ValueError):
            return str(json.loads(text))
    return text


def cells_left_out(row_number: int, why: str) -> dict[str, object]:
    """Return the cells of a row that is not called."""
    return {ROW: row_number, SCREENING: why}


def _parted(override: Fields) -> tuple[str, Fields]:
    """Return the first message of an override, and the rest of it."""
    agent = override.get("agent")
    message = agent.get("first_message") if isinstance(agent, dict) else None
    if not isinstance(message, str) or not isinstance(agent, dict):
        return "", override
    if not message.isprintable() or message != message.strip() or not message:
        return _shown(message), override
    others = {name: value for name, value in agent.items() if name != "first_message"}
    rest = {name: value for name, value in override.items() if name != "agent"}
    return message, {**rest, "agent": others} if others else rest


class ReviewRows:
    """The rows of such a table, as calls of a rendered list.

    Args:
        rows: rows of the table.

    Raises:
        BrokenSealError: while iterating: a sealed row is no longer a call.

    Attributes:
        left_out: number of rows read so far that are not called.
        taken_back: row number and phone number of each of these that was a call when the table was written.
    """

    def __init__(self, rows: Iterable[Contact | Rejection]) -> None:
        self._rows = rows
        self.left_out = 0
        self.taken_back: list[tuple[int, str]] = []

    def __iter__(self) -> Iterator[Contact | Rejection]:
        for row in self._rows:
            if isinstance(row, Rejection):
                if row.contact is not None and _has_seal(row.contact):
                    raise BrokenSealError(f"row {row.row_number} can't be read any more: {row.message}")
                yield row
            elif str(row.fields.get(SCREENING, "")).strip().casefold() == CALL:
                yield call_of(row)
            elif _has_seal(row):  # only calls are sealed: the cell was changed, or the cells were shifted
                raise BrokenSealError(
                    f"row {row.row_number} is sealed as a call, but {SCREENING!r} is not {CALL!r}"
                )
            else:
                self.left_out += 1
                if cell := row.fields.get(NUMBER):
                    self.taken_back.append((row.row_number, _number(cell)))


def _has_seal(row: Contact) -> bool:
    return any(_SEAL.search(str(cell)) for cell in row.fields.values())


class _Fault(Exception):  # noqa: N818 - a finding about a row, not a failure of the program
    def __init__(self, code: str, column: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.column = column
        self.message = message


def call_of(row: Contact) -> Contact | Rejection:
    """Return the call in a row, or a rejection."""
    try:
        return Contact(row.row_number, _call(row.fields))
    except _Fault as fault:
        return Rejection(row.row_number, fault.code, fault.column, fault.message, row)


def _call(fields: Fields) -> Fields:
    for column in (*_FIRST, *_LAST):
        if isinstance(cell := fields.get(column), CellFault):
            raise _Fault(cell.code, column, cell.message)
    row_number = str(fields.get(ROW, ""))
    call: dict[str, object] = {TO: _number(fields.get(NUMBER, ""))}
    if override := _override(fields):
        call[CONFIG] = override
    if zone := fields.get(TIMEZONE):
        call[ZONE] = str(zone)
    call[ROW] = int(row_number) if row_number.isdecimal() else row_number
    texts = {
        _WINDOW.get(name, name): _from_text(str(value)) for name in _TEXTS if (value := fields.get(name))
    }
    call |= texts
    call[KEY] = str(call.get(KEY, "")).replace(_SHOWN_SEPARATOR, _SEPARATOR, 1)
    return call


def _number(cell: object) -> str:
    """Return a phone number; a spreadsheet program may have converted it to a number, and removed the +."""
    if cell.__class__ is str:
        number = str(cell)
    else:
        from xuna_cli.contacts.sheet_choice import as_phone  # noqa: PLC0415 - for a number cell of a workbook

        number = str(as_phone(cell))
    return f"+{number}" if number[:1].isdigit() else number


def _override(fields: Fields) -> Fields | None:
    override, message = fields.get(OVERRIDE), fields.get(MESSAGE) or ""
    override = None if override == "" else override
    agent = override.get("agent", {}) if isinstance(override, dict) else {}
    if not isinstance(override, dict | None) or not isinstance(agent, dict | None):
        raise _Fault("ready-override", OVERRIDE, f"{OVERRIDE!r} is not a JSON object that can be sent")
    if not isinstance(message, str):
        raise _Fault("ready-message", MESSAGE, f"{MESSAGE!r} is not text")
    if agent and "first_message" in agent:
        if _visible(message) != _visible(str(agent["first_message"])):
            raise _Fault(
                "ready-message",
                MESSAGE,
                f"{MESSAGE!r} and the first message in {OVERRIDE!r} differ; render the list again",
            )
        return override
    if message:
        return {**(override or {}), "agent": {**(agent or {}), "first_message": str(message)}}
    if override is None:
        raise _Fault(
            "ready-message",
            MESSAGE,
            f"{MESSAGE!r} is empty; to let the agent use its own message, write {{}} into {OVERRIDE!r}",
        )
    return override


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def _visible(text: str) -> str:
    return "".join(character for character in text if character.isprintable() and not character.isspace())
