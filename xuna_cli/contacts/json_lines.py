"""Read JSON Lines: one object per line."""

import json
from collections.abc import Iterator

from xuna_cli.contacts.json_values import InvalidValueError, ValueReader, explain
from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection

_SPACE = " \t\r\n"


def read_json_lines(lines: Iterator[str], name: str) -> Iterator[Contact | Rejection]:
    """Yield each line that is not blank, with its line number.

    Args:
        lines: the file's lines.
        name: name of the list in messages.

    Raises:
        InputError: a line is not JSON. Reading stops there, because a list that was cut off ends with half a line,
            and the people after it must not be lost silently.
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
                f"{name}, line {number}: this line is not one JSON value: {_reason(error)}",
                hint="correct or remove the line; if the file is one array over several lines, add `--format json`",
                code="input-json",
            ) from None
        yield reader.contact(value, number, text, 0, end)


def _reason(error: ValueError) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    return f"{explain(error)} (column {error.colno})"
