"""Read JSON in constant memory: an array of contacts, or an object with an array under `contacts` or `calls`."""

import io
import json
from collections.abc import Iterator
from itertools import count
from typing import NoReturn

from xuna_cli.contacts.columns import listed
from xuna_cli.contacts.json_values import InvalidValueError, ValueReader, explain, mistake_at
from xuna_cli.contacts.options import LIST_KEYS
from xuna_cli.contacts.source import LONGEST
from xuna_cli.errors import InputError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import Contact, Rejection

CUT_OFF = "the file ends in the middle of the list"

_CHUNK = 64 * 1024  # characters
_SPACE = lazy_pattern(r"[ \t\r\n]*")


def read_json(
    text: io.TextIOWrapper, name: str, beside: dict[str, object] | None = None
) -> Iterator[Contact | Rejection]:
    """Yield each entry of the array, numbered from 1.

    Args:
        text: the file from its start.
        name: name of the list in messages.
        beside: receives the object's other fields as they are read.

    Raises:
        InputError: the text stops being JSON, ends too early, or has no such array. Earlier entries were yielded.
    """
    window = _Window(text, name)
    opening = window.peek()
    if opening == "[":
        yield from _entries(window)
    elif opening == "{":
        yield from _entries_in_object(window, {} if beside is None else beside)
    else:
        window.fail_at_start()
    if window.peek():
        window.fail(
            "there is more text after the end of the list",
            hint="if the file has one object per line, add `--format jsonl`",
        )


def _entries(window: "_Window") -> Iterator[Contact | Rejection]:
    window.take("[")
    if window.peek() == "]":
        window.take("]")
        return
    for row_number in count(1):
        window.row_number = row_number
        yield window.contact()
        if window.take(",]") == "]":
            window.row_number = 0
            return


def _entries_in_object(window: "_Window", beside: dict[str, object]) -> Iterator[Contact | Rejection]:
    keys: list[str] = []
    found = ""
    window.take("{")
    while window.peek() != "}":
        key = window.value() if window.peek() == '"' else window.fail("expected a key in double quotes")
        window.take(":")
        keys.append(str(key))
        if key not in LIST_KEYS:
            beside[str(key)] = window.value()
        elif found:
            window.fail(f"the object has two lists, {found!r} and {key!r}")
        else:
            found = str(key)
            yield from _entries(window)
        if window.take(",}") == "}":
            break
        if window.peek() == "}":
            window.fail("expected a key after the comma")
    else:
        window.take("}")
    if not found:
        window.fail(
            f"the object has no `contacts` or `calls`; its keys: {listed(keys)}",
            hint="use an array of objects; if the file has one object per line, add `--format jsonl`",
        )


class _Window:
    """A buffer with the part of the text that is being read; text that was read is discarded."""

    def __init__(self, text: io.TextIOWrapper, name: str) -> None:
        self.row_number = 0  # number of the current entry, for messages; 0 outside the array
        self._name = name
        self._text = text
        self._reader = ValueReader()
        self._buffer = ""
        self._at = 0
        self._lines = 1  # number of the buffer's first line

    def peek(self) -> str:
        """Return the next character that is not white space; empty at the end of the text."""
        while True:
            self._at = _SPACE.match(self._buffer, self._at).end()  # type: ignore[union-attr]  # it can be empty
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> str:
        """Return the next character, which must be one of those expected, and move on."""
        character = self.peek()
        if not character or character not in expected:
            wanted = " or ".join(f"`{each}`" for each in expected)
            self.fail(f"expected {wanted}" if character else CUT_OFF)
        self._at += 1
        return character

    def contact(self) -> Contact | Rejection:
        """Read the next value as entry `row_number` of the array."""
        start, value = self._next()
        return self._reader.contact(value, self.row_number, self._buffer, start, self._at)

    def value(self) -> object:
        """Read the next value."""
        return self._next()[1]

    def _next(self) -> tuple[int, object]:
        """Read the next value; return its position in the buffer, and the value."""
        self.peek()
        while True:
            try:
                value, end = self._reader.decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                # Perhaps only the buffer's end cuts it off. For a real error, this costs a few retries.
                if not self._more():
                    self._at = min(error.pos, len(self._buffer))
                    cut = self._at == len(self._buffer) or error.msg.startswith("Unterminated string")
                    self.fail(CUT_OFF if cut else explain(error))
            except InvalidValueError as error:
                self.fail(str(error))
            else:
                # A number at the end of the buffer may have more digits.
                if end < len(self._buffer) or not self._more():
                    start, self._at = self._at, end
                    return start, value

    def _more(self) -> bool:
        """Discard what was read, and read more; return False at the end of the text."""
        rest = len(self._buffer) - self._at
        if rest > LONGEST:
            self.fail(f"a value has more than {LONGEST:,} characters")
        # Read as much again as is waiting, so that a long value is not read too many times.
        more = self._text.read(max(_CHUNK, rest))
        if more:
            self._lines += self._buffer.count("\n", 0, self._at)
            self._buffer = self._buffer[self._at :] + more
            self._at = 0
        return bool(more)

    def fail_at_start(self) -> NoReturn:
        """Raise the error for a text that begins with neither `[` nor `{`."""
        what = "expected `[`, or `{` with an array under `contacts` or `calls`"
        self.fail(mistake_at(self._buffer, self._at) or what)

    def fail(self, what: str, *, hint: str = "") -> NoReturn:
        """Raise an error for the current position."""
        line = self._lines + self._buffer.count("\n", 0, self._at)
        entry = f" (contact {self.row_number})" if self.row_number else ""
        raise InputError(
            f"{self._name}, line {line}{entry}: {what}",
            hint=hint
            or "correct the JSON at that line"
            + ("; perhaps the program that wrote the file stopped too early" if what == CUT_OFF else ""),
            code="input-json",
        )
