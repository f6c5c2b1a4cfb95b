"""Extract the digits of one phone number from a cell, or explain why this is not possible.

Libphonenumber looks for a number *inside* a text, converts letters to digits and drops extensions. Each of these can
lead to a call to the wrong person. So the cell must contain a number and nothing else before the library sees it.
"""

import re
import unicodedata
from functools import cache

from xuna_cli.errors import quoted
from xuna_cli.lazy_pattern import lazy_pattern

# No phone number is longer, and the patterns below are fast for texts of this length.
LONGEST_CELL = 100
# Numbers of three digits are 911, 112, 999, 15…: emergency numbers, which may not be called.
SHORT = 3
ENOUGH_FOR_A_NUMBER = 7
_FLOATS_ARE_EXACT = 2**53

_EXCEL_NOTATION = lazy_pattern(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+")
# Decimals of a spreadsheet: 15559876543.0, 5559876543.00, 15559876543.5 (nobody writes one digit after a dot as the
# last group of a phone number).
_DECIMALS = lazy_pattern(r".*[.,]\d?|[^.,]*[.,]0+|.*\d{7}[.,]\d\d")
BETWEEN_NUMBERS = lazy_pattern(
    r":::|[/;,|&\\\n]| (?:or|and|oder|und|ou|et|o|y|e) |(?<=\d)[ )]*(?=\+)", re.IGNORECASE
)
# A number, then digits to dial after the call is connected: x12, ext. 12, ;ext=12, #12, p12, ,,12#
EXTENSION = lazy_pattern(
    r"(?P<number>[+(\d][\d ().\-]*)[,; ]?\(?"
    r"(?:(?:e?xtn?|extension|anexo|int|interno|dw|durchwahl|poste|ramal|доб|isub)\b[ .:=]*|x|[#*pw~,]+ ?)"
    r"\d+[#) ]*",
    re.IGNORECASE,
)
_NUMBER = lazy_pattern(r"[(]? ?\+?[0-9 ()][0-9 ().\-/]*")
# One slash is allowed after an area code: 030/1234567, +49 (0)6221/123456.
_AREA_CODE_BEFORE_SLASH = lazy_pattern(
    r"(?:[^\d+]*\d){1,5}\D*|[( ]*\+(?:\D*\d){1,7}\D*|[( ]*\+(?:\D*\d){1,3} ?\(0\)(?:\D*\d){1,5}\D*"
)
_SUBSCRIBER_AFTER_SLASH = lazy_pattern(r"(?:[^\d/]*\d){4,}[^\d/]*")

_EXCEL_TEXT = lazy_pattern(r'="+([^"]*)"+')  # how an export keeps a number from being shown as an amount
_APOSTROPHES = "'`\N{ACUTE ACCENT}\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
# RFC 3966, and the prefixes that links, messengers and the forms of Meta's advertisements write before a number.
_SCHEME = lazy_pattern(r"^(?:(?:tel|callto|sms|whatsapp)\s*[:.]\s*(?://)?|p:(?=\+))", re.IGNORECASE)
# The address of a WhatsApp user: the number with its country code, without +.
_WHATSAPP = lazy_pattern(r"\+?(\d{7,15})@(?:c\.us|s\.whatsapp\.net)", re.IGNORECASE)

# Characters that are invisible: Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt, Unicode 15.1)
# outside the category Cf, the combining keycap of emoji digits, and the blank Braille pattern.
_INVISIBLE = lazy_pattern(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u20e3\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)


class PhoneProblem(Exception):  # noqa: N818 - a finding about a cell, not a failure of the program
    """The reason why a cell is not a number that can be called.

    Args:
        code: code of the rejection, `phone-…`.
        message: description for people; it may quote the cell.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def text_of(raw: object) -> str:
    """Return the cell as cleaned text: characters with an ASCII meaning become ASCII, and invisible ones are removed.

    Raises:
        PhoneProblem: the cell is empty, or has a type that can't contain a number.
    """
    text = _cleaned(raw if isinstance(raw, str) else _text_of_value(raw))
    if not text:
        raise PhoneProblem("phone-missing", "the phone number is missing")
    return text


def _text_of_value(raw: object) -> str:
    if raw is None:
        raise PhoneProblem("phone-missing", "the phone number is missing")
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < _FLOATS_ARE_EXACT:
        raw = int(raw)  # JSON's 15551230002.0 means the number without the decimals
    if isinstance(raw, int) and not isinstance(raw, bool):
        if raw < 0:
            raise PhoneProblem(
                "phone-not-a-number", "a phone number can't be negative; perhaps the cell has a formula"
            )
        if raw.bit_length() > LONGEST_CELL:  # converting a huge integer to text raises an exception
            raise PhoneProblem("phone-not-possible", "the number in this cell is too long for a phone number")
        return str(raw)
    kind = {bool: "true or false", dict: "an object", list: "a list"}.get(type(raw), "a number with decimals")
    raise PhoneProblem("phone-not-text", f"the phone number is {kind}; write the number as text, in quotes")


def _cleaned(raw: str) -> str:
    if len(raw) > LONGEST_CELL:
        raise PhoneProblem("phone-not-a-number", f"{quoted(raw)} is too long for a phone number")
    text = raw if raw.isascii() else "".join(map(_plain, raw))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
    if wrapped := _EXCEL_TEXT.fullmatch(text):
        text = wrapped[1]
    text = _SCHEME.sub("", text.lstrip(_APOSTROPHES).strip(), count=1)
    if user := _WHATSAPP.fullmatch(text):
        text = f"+{user[1]}"
    return text


@cache
def _plain(char: str) -> str:
    """Return the meaning of one character in a number; empty for invisible ones."""
    if "\uff01" <= char <= "\uff5e":  # full-width forms correspond to ASCII one to one
        return chr(ord(char) - 0xFEE0)
    if char.isdecimal():  # Arabic-Indic and other digits, as in libphonenumber's normalize_digits_only
        return str(unicodedata.decimal(char))
    category = unicodedata.category(char)
    # Cf: zero-width and directional marks, soft hyphen, byte order mark.
    if category == "Cf" or _INVISIBLE.match(char):
        return ""
    if category == "Pd" or char in "\N{MINUS SIGN}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}":
        return "-"
    if char.isspace():
        return "\n" if category in ("Zl", "Zp") else char if char in "\n\r\t" else " "
    return char


def digits_of(text: str) -> str:
    """Return the digits of a cleaned cell, with a leading `+` if it has one.

    Raises:
        PhoneProblem: the cell is not exactly one number.
    """
    if _NUMBER.fullmatch(text) and not _DECIMALS.fullmatch(text) and _slash_is_fine(text):
        digits = re.sub(r"[^0-9+]", "", text)
        if digits not in ("", "+"):
            if len(digits.lstrip("+")) <= SHORT:
                raise short_number(text)
            return digits
    raise _explanation(text)


def _slash_is_fine(text: str) -> bool:
    before, slash, after = text.partition("/")
    return not slash or bool(
        _AREA_CODE_BEFORE_SLASH.fullmatch(before) and _SUBSCRIBER_AFTER_SLASH.fullmatch(after)
    )


def _explanation(text: str) -> PhoneProblem:
    """Return the reason why a cleaned cell is not one number."""
    cell = quoted(text)
    if _EXCEL_NOTATION.fullmatch(text):
        return PhoneProblem(
            "phone-excel-notation",
            f"{cell} was shortened by a spreadsheet, so digits are lost; format the column as text "
            "and enter the number again",
        )
    has_digits = any(char.isdigit() for char in text)
    has_letters = any(char.isalpha() for char in text)
    if not has_digits and not has_letters:
        return PhoneProblem("phone-missing", f"{cell} has no digits")
    numbers = [
        part for part in BETWEEN_NUMBERS.split(text) if sum(map(str.isdigit, part)) >= ENOUGH_FOR_A_NUMBER
    ]
    if len(numbers) > 1:
        return PhoneProblem("phone-several", f"{cell} contains more than one number")
    if EXTENSION.fullmatch(text):
        return PhoneProblem("phone-extension", f"{cell} has an extension, which can't be dialed")
    if has_letters:
        return PhoneProblem("phone-letters", f"{cell} contains letters; write the number with digits only")
    if "/" in text:
        return PhoneProblem(
            "phone-several", f"{cell} contains more than one number, or more digits after a slash"
        )
    if _DECIMALS.fullmatch(text):
        return PhoneProblem(
            "phone-decimal-point",
            f"{cell} has a decimal point, because a spreadsheet treated the number as an amount; "
            "format the column as text",
        )
    if text.startswith("-"):
        return PhoneProblem(
            "phone-not-a-number", f"{cell} starts with a minus sign; perhaps the cell has a formula"
        )
    odd = next((char for char in text if char not in "0123456789 ()-.+"), "+")
    shown = f"{odd!r}" if odd.isascii() else f"{odd!r} (U+{ord(odd):04X})"  # some look like +
    return PhoneProblem("phone-not-a-number", f"{cell} is not a phone number: it contains {shown}")


def short_number(cell: str) -> PhoneProblem:
    """Return the problem for a number such as 911."""
    return PhoneProblem(
        "phone-short-number", f"{quoted(cell)} is an emergency or short number, not a person's number"
    )
