"""Templates that make JSON (`PATH:=TEMPLATE`): a cell can't become a key, or change another value.

The result of each expression is marked when the template is rendered, and inserted afterwards. Within quotes it gets
JSON's escapes. Elsewhere it must come from `tojson`, or be a number, true, false, null or a quoted text.
"""

import re
from json.encoder import encode_basestring

from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.targets.values import JsonText, TemplateProblem, spoken

MARK = "\0"
"""Mark before and after the result of an expression; JSON never contains it unescaped."""
_SCALAR = lazy_pattern(
    r'-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|"(?:[^"\\]|\\.)*"', re.ASCII
)
_STRING_MARKS = lazy_pattern(r'\\.|["\\]', re.DOTALL)
USE_TOJSON = "insert values with {{ name | tojson }}, which adds the quotes"


def marked(value: object) -> str:
    """Return a value as it is spoken, marked as the result of an expression.

    Raises:
        TemplateProblem: the value can't be spoken, or contains the mark.
    """
    text = spoken(value)
    if not text:
        return ""
    if MARK in text:
        raise TemplateProblem("template-error", "the text contains a NUL character")
    return f"{MARK}{'j' if isinstance(value, JsonText) else 't'}{text}{MARK}"


def unmarked(text: str) -> str:
    """Return the JSON for a text with marks.

    Raises:
        ValueError: a value is in a place where it could change more than itself.
    """
    pieces = text.split(MARK)
    made = []
    quoted = False
    for position, piece in enumerate(pieces):
        if position % 2 == 0:
            made.append(piece)
            for match in _STRING_MARKS.finditer(piece):
                if match[0] == '"':
                    quoted = not quoted
                elif match[0] == "\\":
                    raise ValueError("there is a backslash before a value")
            continue
        kind, value = piece[:1], piece[1:]
        if kind == "j":
            if quoted:
                raise ValueError("tojson adds quotes; remove the quotes around it")
            made.append(value)
        elif quoted:
            made.append(encode_basestring(value)[1:-1])
        elif _SCALAR.fullmatch(value.strip()):
            made.append(value)
        else:
            raise ValueError("a text has no quotes, or there is more than one value")
    return "".join(made)
