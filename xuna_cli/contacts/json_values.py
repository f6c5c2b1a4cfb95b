"""Decode JSON values without losing anything; JSON arrays and JSON Lines share these rules.

This uses the `json` module. ijson is no faster at arrays once it looks for duplicate keys; it turns half an emoji
into "?", refuses long integers, and accepts unlimited nesting until memory is full.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import field

from xuna_cli.dataclass import dataclass
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import Contact, Rejection

DEEPEST = 100  # levels of nesting; the API's overrides have about four
# NUL, which PostgreSQL can't store, and surrogates, which no encoding can write.
_ESCAPES_TO_CHECK = lazy_pattern(r"\\u(?:0000|[dD][89a-fA-F])")


class InvalidValueError(ValueError):
    """The text is complete but not usable JSON; the message says why."""


@dataclass(slots=True)
class ValueReader:
    """Decodes one value at a time, and remembers keys that occur twice in one object."""

    duplicates: list[str] = field(default_factory=list)
    _decoder: json.JSONDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._fields, parse_constant=_no_constant, parse_float=_finite
        )

    def decode(self, text: str, start: int) -> tuple[object, int]:
        """Decode the value at `start`; return it and its end.

        Raises:
            json.JSONDecodeError: the text is not JSON, or not complete.
            InvalidValueError: NaN, infinity, or a number or nesting that is too large.
        """
        self.duplicates.clear()
        try:
            value, end = self._decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            raise
        except RecursionError:
            raise InvalidValueError("it is nested too deeply") from None
        except ValueError as error:
            raise InvalidValueError(str(error)) from None
        # Counting brackets is fast, and gives an upper limit of the depth.
        if text.count("{", start, end) + text.count("[", start, end) > DEEPEST and _is_deeper(value, DEEPEST):
            raise InvalidValueError(f"it is nested more than {DEEPEST} levels deep")
        return value, end

    def _fields(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            keys = [key for key, _ in pairs]
            self.duplicates.append(next(key for key in fields if keys.count(key) > 1))
        return fields

    def contact(self, value: object, row_number: int, text: str, start: int, end: int) -> Contact | Rejection:
        """Return the contact for the value that was decoded from `text[start:end]`, or a rejection."""
        if not isinstance(value, dict):
            kind = {list: "an array", str: "a text", type(None): "null", bool: "true or false"}
            what = kind.get(type(value), "a number")
            message = f"the entry is {what}, not an object with fields"
            return Rejection(row_number, "row-not-an-object", "", message)
        fields = {key: cell.strip() if type(cell) is str else cell for key, cell in value.items()}
        contact = Contact(row_number, fields)
        # Almost no contact has an escape, and a plain search is faster than the pattern.
        if text.find("\\u", start, end) >= 0 and _ESCAPES_TO_CHECK.search(text, start, end):
            escape = _broken_character(value)
            if escape:
                message = f"the object contains {escape}, which is not a valid character"
                return Rejection(row_number, "row-broken-character", "", message)
        if self.duplicates:
            key = self.duplicates[0]
            message = f"the object has the key {key!r} twice; remove one of the two"
            return Rejection(row_number, "row-duplicate-field", key, message, contact)
        return contact


def explain(error: json.JSONDecodeError) -> str:
    """Explain why a text is not JSON at the position of an error, and what to write instead."""
    return mistake_at(error.doc, error.pos) or _IN_PLAIN_WORDS.get(error.msg, error.msg)


def mistake_at(text: str, at: int) -> str:
    """Explain a known mistake at a position of a text; empty if it is unknown."""
    rest, before = text[at : at + 20], text[:at].rstrip()[-1:]
    for pattern, words in _MISTAKES:
        if pattern.match(rest):
            return words
    if rest[:1] in "]}" and rest and before == ",":
        return f"there is a comma before `{rest[0]}`; remove the comma"
    if rest[:1] == "{" and before in "}]":
        return "a comma is missing between two values"
    return ""


_MISTAKES = (
    (re.compile(r"//|/\*|#"), "JSON has no comments; remove the comment"),
    (re.compile(r"'"), "JSON has only double quotes; write \"…\" instead of '…'"),
    (re.compile(r"[“”«»]"), 'these are typographic quotes; write "…"'),
    (re.compile(r"(None|undefined|nil)\b"), "this is not JSON; write null, or leave out the field"),
    (re.compile(r"True\b"), "this is not JSON; write true"),
    (re.compile(r"False\b"), "this is not JSON; write false"),
    (
        re.compile(r"(module\.exports|export|const|let|var)\b"),
        "this is JavaScript; remove the text before the value and the semicolon after it",
    ),
    (re.compile(r"[A-Za-z_]\w*\s*:"), "field names need double quotes"),
)


_IN_PLAIN_WORDS = {
    "Expecting value": "a value is missing, or is not JSON",
    "Expecting property name enclosed in double quotes": "a field name in double quotes is missing",
    "Illegal trailing comma before end of object": "there is a comma before `}`; remove the comma",
    "Illegal trailing comma before end of array": "there is a comma before `]`; remove the comma",
    "Expecting ':' delimiter": "a colon is missing after a field name",
    "Expecting ',' delimiter": "a comma is missing between two values",
    "Extra data": "there is more text after the value",
    "Unterminated string starting at": "a text has no closing quote",
    "Invalid control character at": "a text contains a control character, e.g. a line break; write \\n",
    "Invalid \\escape": "a backslash in a text has to be written twice",
}
"""Messages of the json module, and what they mean for somebody who writes a list."""


def _no_constant(constant: str) -> object:
    raise ValueError(
        f"{constant} is not JSON (pandas and JavaScript write it for a missing value); write null"
    )


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _is_deeper(value: object, levels: int) -> bool:
    level = [value]
    for _ in range(levels + 1):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _broken_character(value: object) -> str:
    r"""Return an escape (`\ud83d`, `\u0000`) that is not a usable character; empty if there is none."""
    text = json.dumps(value, ensure_ascii=False)
    for character in text:
        if "\ud800" <= character <= "\udfff":
            return f"\\u{ord(character):04x}"
    # json writes NUL as this escape, and writes a backslash before a letter u as two backslashes
    return "\\u0000" if "\\u0000" in text.replace("\\\\", "") else ""
