"""Mask phone numbers; all printed text passes through here.

With `--mask`, all text on stdout and stderr shows `+1212•••0101`; in CI, messages and tables do. Files keep full
numbers. Cheap to import.
"""

import re
from functools import cache

from xuna_cli.lazy_pattern import lazy_pattern

FEWEST_DIGITS = 7
FEWEST_DIGITS_ALONE = 8  # digits of an unformatted phone number; shorter ones are row or batch numbers
LONG = 9
ENDS_SHOWN = 4
QUOTES = {"'", '"', "\u2018", "\u201c"}
OPENS_JSON = '": "'  # a text in a document that is only an id
HIDDEN = 3  # minimum number of hidden digits

# Also as escaped in JSON.
_OPEN = r"\((?=\d{1,5}\))"  # not that of "+12125550101 (1 new)"
_OPENS = rf"(?:{_OPEN})?"
_BETWEEN = rf"(?:[ \t\u00a0\u2007\u2009\u202f).\-\u2010-\u2015]|{_OPEN}|\\u00a0|\\u202f|\\u201[0-5]){{0,3}}"
_TEXT = rf"""
    (?P<kept>
        (?<!\d) \d{{4}}-\d\d-\d\d (?!\d) (?: [T ] \d\d:\d\d (?: :\d\d (?: \.\d+ )? )? (?: [+-]\d\d:\d\d )? )?
      | (?<![\d.]) \d{{1,2}}\.\d{{1,2}}\.\d{{4}} (?![\d.])                        # a date
      | (?<![\d.]) \d{{1,3}} (?: \.\d{{1,3}} ){{3}} (?![\d.])                      # an address of a machine
      | (?<![\d.+]) \d+\.\d+ (?![\d.])                                            # a decimal
      | \b [0-9a-fA-F]{{8}} (?: -[0-9a-fA-F]{{4}} ){{3}} -[0-9a-fA-F]{{12}} \b      # a UUID
    )
  | (?P<number>
        \+ {_OPENS} \d (?: {_BETWEEN} \d ){{{FEWEST_DIGITS - 1},14}} (?!\d)
      | (?<![\w./+-]) (?<!":[ ]) {_OPENS} \d (?: {_BETWEEN} \d ){{{FEWEST_DIGITS - 1},14}} (?!\w)
    )
    """
_COMPACT_DATE = lazy_pattern(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


@cache
def _pattern() -> re.Pattern[str]:
    # Made only if something is masked: it takes a millisecond or two.
    return re.compile(_TEXT, re.VERBOSE)


class _Masking:
    """Masking settings of this process."""

    def __init__(self) -> None:
        self.words = False
        self.data = False


_MASKING = _Masking()


def set_masking(*, asked: bool | None, in_ci: bool) -> None:
    """Set what is masked from now on.

    Args:
        asked: value of --mask; None if not given.
        in_ci: whether the output is a CI log, which more people may read.
    """
    _MASKING.data = bool(asked)
    _MASKING.words = in_ci if asked is None else asked


def masked_words(text: str) -> str:
    """Mask a message or a text in a table."""
    return mask(text) if _MASKING.words else text


def masked_data(text: str) -> str:
    """Mask printed JSON or CSV."""
    return mask(text) if _MASKING.data else text


def mask(text: str) -> str:
    """Return text with all phone numbers masked."""
    return _pattern().sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    text = found[0]
    digits = re.sub(r"\\u....|\D", "", text)
    before = found.string[max(0, found.start() - len(OPENS_JSON)) : found.start()]
    quoted = before[-1:] in QUOTES and before != OPENS_JSON
    if found["kept"] is not None or (text.isdigit() and _is_none(digits, quoted=quoted)):
        return text
    last = ENDS_SHOWN if len(digits) >= LONG else 2
    first = max(0, min(ENDS_SHOWN, len(digits) - last - HIDDEN))
    return f"{'+' if text.startswith('+') else ''}{digits[:first]}•••{digits[-last:]}"


def _is_none(digits: str, *, quoted: bool) -> bool:
    """Return whether plain digits are a row number, an id or a date rather than a phone number."""
    return (len(digits) < FEWEST_DIGITS_ALONE and not quoted) or _COMPACT_DATE.fullmatch(digits) is not None
