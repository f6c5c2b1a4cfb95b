"""Templates that give JSON (`PATH:=TEMPLATE`): what stands in a cell can't become a key, or another value.

What an expression gives is marked where it is rendered, and put in afterwards: within quotes with JSON's own
escapes; elsewhere if it comes of `tojson`, or is by itself a number, true, false, null or a text with its quotes.
"""

import re
from json.encoder import encode_basestring

from xuna_cli.targets.values import JsonText, TemplateProblem, spoken

MARK = "\0"
"""Before and behind what an expression gives; no JSON has it as it stands."""
_SCALAR = re.compile(
    r'-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|"(?:[^"\\]|\\.)*"', re.ASCII
)
_STRING_MARKS = re.compile(r'\\.|["\\]', re.DOTALL)
USE_TOJSON = "insert values with {{ name | tojson }}, which adds the quotes"


def marked(value: object) -> str:
    """Return a value as it is spoken, marked as what an expression gives.

    Raises:
        TemplateProblem: it is nothing that can be spoken, or has the mark in it.
    """
    text = spoken(value)
    if not text:
        return ""
    if MARK in text:
        raise TemplateProblem("template-error", "the text contains a NUL character")
    return f"{MARK}{'j' if isinstance(value, JsonText) else 't'}{text}{MARK}"


def unmarked(text: str) -> str:
    """Return the JSON that a text with marks means.

    Raises:
        ValueError: a value stands where it could change more than itself.
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
