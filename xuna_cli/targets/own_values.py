"""A row's own values of the override: its ready-made override, and its columns `first_message` and `override.PATH`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from xuna_cli.errors import InputError
from xuna_cli.folding import fold
from xuna_cli.targets.names import unspaced
from xuna_cli.targets.override import (
    FIRST_MESSAGE,
    OverrideProblem,
    Path,
    check_sendable,
    clash,
    merge,
    parse_json,
)
from xuna_cli.targets.values import TargetProblem, is_empty

OWN_OVERRIDE = "conversation_config_override"
_COLUMN_PREFIX = "override"
# Common paths. If a spreadsheet has removed the dots from a column's name, only these can be recognized.
_KNOWN_PATHS = (FIRST_MESSAGE, ("agent", "language"), ("agent", "prompt", "prompt"), ("tts", "voice_id"))
_BY_UNSPACED_NAME = {unspaced("".join((_COLUMN_PREFIX, *path))): path for path in _KNOWN_PATHS} | {
    unspaced(FIRST_MESSAGE[-1]): FIRST_MESSAGE,
    unspaced(OWN_OVERRIDE): (),
}
_DEEPEST = 4
_OVERRIDES = frozenset(map(fold, ("conversation_config_override", "first_message")))
_HOLDERS = frozenset(map(fold, ("conversation_config_override", "conversation_initiation_client_data")))


def own_columns(columns: Iterable[str]) -> dict[str, Path]:
    """Return the columns with literal values of the override, and their paths; an empty path means the whole override.

    Raises:
        InputError: a column's path has an empty part, or two columns set the same value.
    """
    found: dict[str, Path] = {}
    for column in columns:
        path = own_path(column)
        if path is None:
            continue
        if not all(path):
            raise InputError(f"the column {column!r} has an empty part in its path", code="override-path")
        for other, taken in found.items():
            if path == taken or (path and taken and clash(path, taken)):
                raise InputError(
                    f"the columns {other!r} and {column!r} set the same value",
                    hint="rename or remove one of them",
                    code="override-conflict",
                )
        found[column] = path
    return found


@lru_cache(maxsize=4096)
def own_path(column: str) -> Path | None:
    """Return the path of a column with a literal value; empty for the whole override; None for other columns."""
    prefix, dot, rest = column.partition(".")
    if dot and unspaced(prefix) == _COLUMN_PREFIX:
        return tuple(_path_part(part.strip()) for part in rest.split("."))
    return _BY_UNSPACED_NAME.get(unspaced(column))


def _path_part(part: str) -> str:
    """Return a part of a path in the API's spelling: `first_message` for `First Message`."""
    return part if part.isidentifier() and not part[:1].isupper() else re.sub(r"[\s-]+", "_", part).casefold()


def own_values(fields: Mapping[str, object], columns: Mapping[str, Path]) -> dict[str, object]:
    """Return a row's own values: its ready-made override, with its literal columns merged into it.

    Args:
        fields: the row's cells; they are not changed.
        columns: the result of `own_columns`.

    Raises:
        OverrideProblem: a value can't be sent.
    """
    values: dict[str, object] = {}
    for column, path in sorted(columns.items(), key=lambda item: bool(item[1])):  # whole override first
        cell = fields.get(column)
        if is_empty(cell):
            continue
        if not path:
            values = _ready_made(cell, column)
            continue
        if path == FIRST_MESSAGE and not isinstance(cell, str):
            raise OverrideProblem("first-message-not-text", f"{column!r} must be text", column)
        check_sendable(cell, column)
        values = merge(values, _nested(path, cell))
    return values


def _ready_made(cell: object, column: str) -> dict[str, object]:
    if isinstance(cell, str):  # in CSV and XLSX an object can only be JSON text
        try:
            cell = parse_json(cell)
        except ValueError as problem:
            message = f"{column} is not JSON: {problem}"
            raise OverrideProblem("override-not-json", message, column) from None
    if not isinstance(cell, dict):
        raise OverrideProblem("override-not-object", f"{column} must be an object", column)
    check_sendable(cell, column)
    return cell


def _nested(path: Path, value: object) -> dict[str, object]:
    for part in reversed(path):
        value = {part: value}
    return value if isinstance(value, dict) else {}


def check_placed(fields: Mapping[str, object]) -> None:
    """Check that a contact has overrides only in `conversation_config_override` and in columns for single values.

    Raises:
        TargetProblem: an override is elsewhere (`override-misplaced`); the message has its path.
    """
    for column, value in fields.items():
        if not isinstance(value, (dict, list, str)) or own_path(column) is not None:
            continue
        if isinstance(value, str):
            # In a table, an object can only be JSON text.
            found = column if fold(column) in _HOLDERS and OWN_OVERRIDE in value else None
        else:
            found = next(_overrides(value, column, 0), None)
        if found is not None:
            message = (
                f"{found!r} is not where the API expects an override, so it would have no effect; "
                f"move it to {OWN_OVERRIDE!r} of the contact itself"
            )
            raise TargetProblem("override-misplaced", message, column)


def _overrides(value: object, path: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for position, each in enumerate(value):
            yield from _overrides(each, f"{path}.{position}", depth + 1)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if fold(name) in _OVERRIDES:
                yield f"{path}.{name}"
            yield from _overrides(each, f"{path}.{name}", depth + 1)
