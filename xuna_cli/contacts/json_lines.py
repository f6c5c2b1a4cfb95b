"""JSON Lines: one object a line."""

import json
from collections.abc import Iterator

from xuna_cli.contacts.json_values import InvalidValueError, ValueReader, explain
from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection

_SPACE = " \t\r\n"


def read_json_lines(lines: Iterator[str], name: str) -> Iterator[Contact | Rejection]:
    """Yield each line that isn't blank once, under its line number.

    Args:
        lines: the file's lines.
        name: what messages call the list.

    Raises:
        InputError: a line is not JSON. The list ends there, since half a line is how a list that was cut
            off looks, and whoever followed must not be missed silently.
    """
    reader = ValueReader()
    for number, line in enumerate(lines, 1):
        text = line.strip(_SPACE)
        if not text:
            continue
        try:
            value, end = reader.decode(text, 0)
            if end != len(text):
                raise InvalidValueError("there is more text after the value")
        except (json.JSONDecodeError, InvalidValueError) as error:
            raise InputError(
                f"{name}, line {number}: this line is not one JSON value: {_reason(error, text)}.",
                hint="Correct or remove the line. If the file is one array over several lines, add `--format json`.",
                code="input-json",
            ) from None
        yield reader.contact(value, number, text, 0, end)


def _reason(error: ValueError, text: str) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    return f"{explain(text, error.pos) or error.msg} at column {error.colno}"
