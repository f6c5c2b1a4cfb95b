"""Look up a value in a JSON contact by its path."""

from collections.abc import Mapping


def value_at(fields: Mapping[str, object], path: str) -> object:
    """Return the value at a path; None if there is none.

    Args:
        fields: the contact's fields.
        path: a key (which may contain dots), or keys and list positions separated by dots: `contact.phone`,
            `phones.0.value`.
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
