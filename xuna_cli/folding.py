"""Normalize column names, to compare different spellings of one name."""

import unicodedata
from functools import lru_cache

from xuna_cli.lazy_pattern import lazy_pattern

# Letters that Unicode doesn't decompose into a base letter and a mark.
_LETTERS = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe"})
_CAMEL = lazy_pattern(r"(?<=[a-z])(?=[A-Z])")
_PARTS = lazy_pattern(r"[\W_\d]+")


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return the letters and digits of a name, without case, accents, spaces and punctuation.

    "Phone Number", "phone_number" and "PHONE-NUMBER" give the same result, and so do "Téléphone" and "telephone".
    """
    return "".join(filter(str.isalnum, _without_marks(name)))


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, folded as in `fold`. `MobilePhone2` and `mobile_phone 2` give the same words."""
    return tuple(filter(None, _PARTS.split(_without_marks(_CAMEL.sub(" ", name)))))


def _without_marks(name: str) -> str:
    if name.isascii():
        return name.casefold()
    taken_apart = unicodedata.normalize("NFKD", name.casefold()).translate(_LETTERS)
    return unicodedata.normalize(
        "NFC", "".join(letter for letter in taken_apart if not unicodedata.combining(letter))
    )
