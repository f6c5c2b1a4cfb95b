"""Detect a conversation override in the wrong place of a contact, where it would have no effect."""

from collections.abc import Iterator, Mapping

from xuna_cli.folding import fold
from xuna_cli.targets.own_values import OWN_OVERRIDE, own_path
from xuna_cli.targets.values import TargetProblem

_DEEPEST = 4
_OVERRIDES = frozenset(map(fold, ("conversation_config_override", "first_message")))
_HOLDERS = frozenset(map(fold, ("conversation_config_override", "conversation_initiation_client_data")))


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
