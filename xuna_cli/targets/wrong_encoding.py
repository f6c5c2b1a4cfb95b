r"""Detect text that was read in the wrong encoding: `JÃ¶rg` for Jörg.

UTF-8 writes a letter as two or more bytes: the first byte gives their number, and the others are 80 to BF (RFC 3629).
In Windows-1252, Latin-1, Mac Roman or code page 850, each byte is a letter or symbol, and such pairs occur in no
language. Text that could be words and quotation marks of a language (`«IRMÃ»`, `café »`) is not reported: only pairs
with letters of names count, a mark that closes a word does not, and Greek, Cyrillic, Hebrew, Arabic and East Asian
text is only recognized by two characters in a row.
"""

import re
from functools import cache

from xuna_cli.lazy_pattern import lazy_pattern

_FURTHER = bytes(range(0x80, 0xC0))
_CLOSING = "\u2018\u2019\u201c\u201d\u2026\u00bb\u203a\u00a0\u2013\u2014"


def _letters(octets: bytes, encoding: str) -> str:
    """Return the characters for bytes; Windows maps the five that the encoding lacks to control characters."""
    return "".join(bytes([octet]).decode(encoding, "ignore") or chr(octet) for octet in octets)


def _class(octets: bytes, encoding: str, without: str = "") -> str:
    letters = set(_letters(octets, encoding)) - set(without)
    if encoding == "cp1252":
        letters |= {chr(octet) for octet in octets} - set(without)  # Latin-1
    return "[" + "".join(sorted(map(re.escape, letters))) + "]"


def _pattern(encoding: str) -> str:
    further, plain = _class(_FURTHER, encoding), _class(_FURTHER, encoding, _CLOSING)
    latin = _class(b"\xc3\xc4\xc5", encoding)
    signs = _class(b"\xc2", encoding) + _class(
        bytes(range(0xA0, 0xC0)), encoding, _CLOSING.replace("\u00a0", "")
    )
    scripts = _class(b"\xce\xcf\xd0\xd1\xd7\xd8\xd9", encoding) + further
    asian = _class(bytes(range(0xE3, 0xEE)), encoding) + further + further
    marks = _class(b"\xe2", encoding) + _class(b"\x80", encoding) + further
    emoji = _class(b"\xf0", encoding) + _class(b"\x9f", encoding) + further + further
    return rf"{latin}(?:{plain}|{further}(?=[^\W\d_]))|{signs}|(?:{scripts}){{2,}}|(?:{asian}){{2,}}|{marks}|{emoji}"


ESCAPES = lazy_pattern(
    r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|(?<=[^\W\d_])%20(?=[^\W\d_])"
    r"|(?:=|%)[Cc][2-5](?:=|%)[89ABab][0-9A-Fa-f]"
)
r"""Codes of characters that were not decoded: `J\u00f6rg`, `Ann%20Lee`, `J=C3=B6rg`."""


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return the patterns; few lists need them, so they are compiled on first use."""
    # For Windows-1251 (Cyrillic), three pairs in a row are needed, because its letters also occur in normal words.
    cyrillic = rf"(?:{_class(bytes([0xD0, 0xD1]), 'cp1251')}{_class(_FURTHER, 'cp1251')}){{3,}}"
    return tuple(map(re.compile, (*map(_pattern, ("cp1252", "mac_roman", "cp850")), cyrillic)))


@cache
def _first_look() -> re.Pattern[str]:
    """Return a pattern for any two characters with which another pattern may begin; most texts have none."""
    encodings = ("cp1252", "mac_roman", "cp850", "cp1251")
    leading = {letter for each in encodings for letter in _letters(bytes(range(0xC2, 0xF1)), each)}
    further = {letter for each in encodings for letter in _letters(_FURTHER, each)} | set(map(chr, _FURTHER))
    return re.compile(
        "[{}][{}]".format(*("".join(sorted(map(re.escape, each))) for each in (leading, further)))
    )


def find_misread(text: str) -> str:
    """Return a part of a text that was read in a wrong encoding, or an empty text."""
    if not _first_look().search(text):
        return ""
    return next((match[0] for pattern in _patterns() if (match := pattern.search(text))), "")
