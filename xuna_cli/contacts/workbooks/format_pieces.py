"""The pieces of a number format's code: literals, places of digits, and fields of a date."""

import re

from xuna_cli.lazy_pattern import lazy_pattern

_PIECE = lazy_pattern(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]|(?P<ampm>AM/PM|A/P)'
    r"|(?P<general>General)|(?P<number>[0#?.,%]|E[+-])|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|e+|g+|b+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)

Piece = tuple[str, str]
"""Its kind, which is the name of a group of the pattern, and its text."""


def split(code: str) -> list[list[Piece]]:
    """Return the pieces of each section of a code."""
    sections: list[list[Piece]] = [[]]
    for match in _PIECE.finditer(code):
        kind = match.lastgroup or "other"
        text = match[kind]
        if kind == "other" and text == ";":
            sections.append([])
        else:
            sections[-1].append((kind, text))
    return sections


def literal(kind: str, text: str) -> str:
    """Return the text that a piece without a value displays."""
    if kind == "bracket":  # a currency symbol: [$€-407]
        return text[1:].partition("-")[0] if text.startswith("$") else ""
    if kind == "fill":
        return ""
    return " " if kind == "space" else text


def is_elapsed(kind: str, text: str) -> bool:
    """Return whether a piece shows a duration, e.g. `[h]`."""
    return kind == "bracket" and text.lower() in {"h", "hh", "m", "mm", "s", "ss"}
