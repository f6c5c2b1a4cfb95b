"""Phone numbers that have two forms, both in use, for the same telephone and person.

- Brazil added a 9 to its mobile numbers from 2012 to 2016 (Anatel, Resolução 553/2010): +55 11 8765 4321 is now +55
11 98765 4321.
- Argentina's mobile numbers have a 9 after the country code when they are dialed from abroad, but not within the
country (ITU-T E.164 national numbering plan of Argentina): +54 11 2345 6789 is +54 9 11 2345 6789.

The list's form is dialed. But a person who was called, or must not be called, under one form is not called under the
other form. Mexico's old +52 1 is not included: it can't be dialed any more, and is read as +52.
"""

from collections.abc import Iterable

from xuna_cli.lazy_pattern import lazy_pattern

# A key is a number, or a number, U+001F and the value of a column; the part after the number is kept.
_BRAZIL = lazy_pattern(r"\+55([1-9][0-9])(9?)([6-9][0-9]{7})(?![0-9])")
_ARGENTINA = lazy_pattern(r"\+54(9?)([1-8][0-9]{9})(?![0-9])")


def other_form(key: str) -> str | None:
    """Return the other form of an E.164 number, or of a key that begins with one; None if there is none."""
    if not key.startswith(("+54", "+55")):  # a fast check for almost every number
        return None
    if match := _BRAZIL.match(key):
        area, nine, rest = match.groups()
        return f"+55{area}{'' if nine else '9'}{rest}{key[match.end() :]}"
    if match := _ARGENTINA.match(key):
        nine, rest = match.groups()
        return f"+54{'' if nine else '9'}{rest}{key[match.end() :]}"
    return None


def with_other_forms(keys: Iterable[str]) -> dict[str, str]:
    """Return the other forms of the keys, each with its key."""
    return {other: key for key in keys if (other := other_form(key)) is not None}


def one_form(key: str) -> str:
    """Return the same text for both forms of a key, to compare keys."""
    other = other_form(key)
    return key if other is None else min(key, other)
