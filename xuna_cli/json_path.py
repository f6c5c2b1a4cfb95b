"""Look up values in a JSON contact by their paths."""

from collections.abc import Iterator, Mapping


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


def values_within(fields: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """Yield what the objects and lists of a contact contain, at any depth and in their order.

    Yields:
        The path for `value_at`, the same path without list positions, and the value.
    """
    ahead = [(name, name, value) for name, value in fields.items() if isinstance(value, (dict, list))]
    ahead.reverse()
    while ahead:
        path, names, value = ahead.pop()
        inside = []
        if isinstance(value, Mapping):
            inside = [(f"{path}.{name}", f"{names}.{name}", each) for name, each in value.items()]
        elif isinstance(value, list):
            inside = [(f"{path}.{position}", names, each) for position, each in enumerate(value)]
        yield from inside
        ahead.extend(reversed([each for each in inside if isinstance(each[2], (dict, list))]))
