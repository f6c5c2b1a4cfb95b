"""A value within a JSON contact, by its path."""

from collections.abc import Mapping


def value_at(fields: Mapping[str, object], path: str) -> object:
    """Return the value that a path leads to; None: there is none.

    Args:
        fields: the contact.
        path: a key as it stands (which may have dots in it), or keys and positions in lists with dots between
            them: `contact.phone`, `phones.0.value`.
    """
    if path in fields:
        return fields[path]
    value: object = fields
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
