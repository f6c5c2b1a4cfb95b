"""Say in an error about an option where the option was set, if it was not typed."""

from collections.abc import Mapping
from typing import TypeVar

from xuna_cli.errors import XunaError
from xuna_cli.lazy_pattern import lazy_pattern

ErrorT = TypeVar("ErrorT", bound=XunaError)

_OPTION = lazy_pattern(r"--([a-z][a-z-]*)")
_OF_VALUE = (
    " {} does not exist",
    " {} can't be used",
    " has no column '{}'",
    " {} is a folder",
    " {} is missing",
)
"""How a message speaks of the value of an option, without the option."""
_FIELDS = {"format": "list_format", "for": "watch_for"}
"""Fields that aren't named like their option."""


def with_source(error: ErrorT, options: object) -> ErrorT:
    """Add the variable, or the line of the campaign file, to the message of an error about an option that is set there.

    Args:
        error: an error whose message may begin with an option, e.g. `--attempts 3 needs …`, or name an option's value,
            e.g. `people.csv does not exist`.
        options: the command's options; those of a command without settings have no sources.
    """
    sources: Mapping[str, str] = getattr(options, "sources", {})
    elsewhere = {name: source for name, source in sources.items() if _is_elsewhere(source)}
    if error.message.startswith(tuple(source.rsplit(", ", 1)[0] for source in elsewhere.values())):
        return error  # it names the place already
    if found := _OPTION.match(error.message):
        key = found[1]
        source = elsewhere.get(_FIELDS.get(key) or key.replace("-", "_"))
        if source is not None:
            error.message = f"{source.removesuffix(f', {key}')}: {error.message}"
        return error
    for name, source in elsewhere.items():
        given = getattr(options, name, None)
        values = given if isinstance(given, list | tuple) else [given]
        if any(value and form.format(value) in f" {error.message}" for value in values for form in _OF_VALUE):
            error.message = f"{source}: {error.message}"
            break
    return error


def _is_elsewhere(source: str) -> bool:
    """Return whether a value was not typed: its source is a variable, or a line of a file."""
    return " in " in source or ", line " in source
