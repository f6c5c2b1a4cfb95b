"""Phone cells to E.164, or a reason in people's words.

The rules of every country are libphonenumber's (the `phonenumbers` package). Ours is what may be
shown to it: the library looks for a number *inside* a text, turns letters into digits and forgets
extensions, and each of these can make a call to somebody else. So a cell must be nothing but a
number before it is asked, and everything else is rejected with a message, never guessed.
"""

import difflib
import re
import unicodedata
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult
from phonenumbers.re_util import enable_pattern_cache
from phonenumbers.shortnumberinfo import is_emergency_number, is_valid_short_number_for_region

from xuna_cli.errors import UsageError
from xuna_cli.targets.numbering_plan import NumberingPlan, plan_of_number, plan_of_region

# No number needs more; and the patterns below stay quick on any text this short.
_LONGEST_CELL = 100
# Numbers of three digits are 911, 112, 999, 15…: reached from within a country, by people in need.
_SHORT = 3
_ENOUGH_FOR_A_NUMBER = 7

_EXCEL_NOTATION = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+")
# A spreadsheet's decimals: 15559876543.0, 5559876543.00, 15559876543.5 (nobody writes a number's
# last group with one digit after a dot).
_DECIMALS = re.compile(r".*[.,]\d?|[^.,]*[.,]0+|.*\d{7}[.,]\d\d")
_BETWEEN_NUMBERS = re.compile(
    r"[/;,|&\\\n]| (?:or|and|oder|und|ou|et|o|y|e) |(?<=\d)[ )]*(?=\+)", re.IGNORECASE
)
# A number, then what is dialled after the call is connected: x12, ext. 12, ;ext=12, #12, p12, ,,12#
_EXTENSION = re.compile(
    r"(?P<number>[+(\d][\d ().\-]*)[,; ]?\(?"
    r"(?:(?:e?xtn?|extension|anexo|int|interno|dw|durchwahl|poste|ramal|доб|isub)\b[ .:=]*|x|[#*pw~,]+ ?)"
    r"\d+[#) ]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[(]? ?\+?[0-9 ()][0-9 ().\-/]*")
# A slash may stand once, behind an area code: 030/1234567, +49 (0)6221/123456.
_AREA_CODE_BEFORE_SLASH = re.compile(
    r"(?:[^\d+]*\d){1,5}\D*|[( ]*\+(?:\D*\d){1,7}\D*|[( ]*\+(?:\D*\d){1,3} ?\(0\)(?:\D*\d){1,5}\D*"
)
_SUBSCRIBER_AFTER_SLASH = re.compile(r"(?:[^\d/]*\d){4,}[^\d/]*")

# The shape of what the quick way takes. It is a part of what `_digits_of` lets pass unchanged:
# dots only between groups of three or more that can't be decimals, no slash, no leading minus.
_USUAL = re.compile(r"\+?\(?[0-9](?:[0-9() -]|\.(?=[0-9]{3})(?!0+$))*[0-9]", re.ASCII)
_SEPARATORS = {ord(char): None for char in "() -."}

_WHY_NOT_POSSIBLE = {
    ValidationResult.TOO_SHORT: "it is too short",
    ValidationResult.TOO_LONG: "it is too long",
    ValidationResult.INVALID_LENGTH: "no number of that country has this many digits",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "its area code is missing",
    ValidationResult.INVALID_COUNTRY_CODE: "no country has this calling code",
}


class PhoneProblem(Exception):  # noqa: N818 - a finding about a cell, not a failure of the program
    """Why a cell is no number that can be called.

    Args:
        code: the rejection's slug, `phone-…`.
        message: for a person; may quote the cell.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def check_region(region: str) -> str:
    """Return `region` as libphonenumber knows it: two upper-case letters (ISO 3166-1 alpha-2).

    Raises:
        UsageError: no such region; the message names the nearest ones.
    """
    known = phonenumbers.SUPPORTED_REGIONS
    wanted = region.strip().upper()
    if wanted in known:
        return wanted
    called = {"UK": "GB", "USA": "US", "EN": "GB", "GBR": "GB", "DEU": "DE", "CAN": "CA"}.get(wanted)
    if called:
        nearest = [called]
    elif wanted.lstrip("+0").isdecimal():
        nearest = list(phonenumbers.region_codes_for_country_code(int(wanted.lstrip("+0")[:4])))[:3]
    else:
        nearest = difflib.get_close_matches(wanted, sorted(known), n=3, cutoff=0.4)
    hint = f"Nearest: {', '.join(nearest)}." if nearest else "Two letters, as in US, GB or DE."
    raise UsageError(f"--region {region!r} is no country that phone numbers are known for.", hint=hint)


class PhoneReader:
    """Reads phone cells of one list.

    Args:
        region: the country of numbers without `+`, as `check_region` returns it; None: such numbers
            are rejected.
        strict: demand numbers that are *valid* (assigned ranges), not merely *possible* (right length).
            The vendor's own +1 555 examples are possible, and not valid.
    """

    def __init__(self, region: str | None = None, *, strict: bool = False) -> None:
        enable_pattern_cache()  # the library's own switch: a third faster with numbers of many countries
        self._region = region
        self._strict = strict
        self._home = None if region is None else plan_of_region(region)
        self._by_first_digits: dict[str, NumberingPlan | None] = {}

    def normalise(self, raw: object) -> str:
        """Return the E.164 form of a cell.

        Args:
            raw: the cell: `str`, or what JSON has. An `int` counts as its digits.

        Raises:
            PhoneProblem: the cell is no number that can be called; nothing else is raised for any cell.
        """
        # The usual ones are settled by the library's own metadata, ten times faster (E.164 as it stands by
        # one pattern, thirty times). Whatever that can't settle, and every rejection, goes the careful way.
        if type(raw) is not str or self._strict:
            return self._careful(raw)
        plan = self._by_first_digits.get(raw[1:4])
        if plan is not None and raw[0] == "+" and plan.unchanged.fullmatch(raw, plan.begins):
            return raw
        if _USUAL.fullmatch(raw):
            quick = self._quick(raw if raw[1:].isdigit() and raw[0] != "(" else raw.translate(_SEPARATORS))
            if quick is not None:
                return quick
        return self._careful(raw)

    def normalise_to_suppress(self, raw: object) -> str:
        """Return the E.164 form of a cell of a do-not-call list: an extension is taken off.

        Whoever is behind the extension asked not to be called; without it the number is theirs and their
        colleagues'. On a list of people to call it would be somebody else.

        Raises:
            PhoneProblem: as `normalise`.
        """
        try:
            return self.normalise(raw)
        except PhoneProblem as problem:
            match = _EXTENSION.fullmatch(_text_of(raw)) if problem.code == "phone-extension" else None
            if match is None:
                raise
        return self.normalise(match["number"])

    def _quick(self, digits: str) -> str | None:
        """Return the E.164 form where the library's verdict is certain to be *possible*, else None.

        This follows `phonenumbers.parse` and `is_possible_number_with_reason` step by step, and gives
        up (None) at each step where they would do more than take the digits or strip a prefix.

        Args:
            digits: ASCII digits, with or without a leading `+`.
        """
        plan = self._home
        if digits[0] == "+":
            plan = self._plan_after_plus(digits)
            if plan is None:
                return None
            national = plan.without_prefix(digits[1 + len(plan.calling_code) :])
        elif plan is None or plan.dialled_abroad.match(digits):
            return None
        elif not digits.startswith(plan.calling_code):
            national = plan.without_prefix(digits)
        elif len(digits) > plan.longest:
            national = plan.without_prefix(digits[len(plan.calling_code) :])
            national = plan.main.without_prefix(national) if national else None
        elif plan.viable.fullmatch(digits):
            national = plan.without_prefix(digits)
        else:
            return None
        if national is None or len(national) not in plan.lengths or plan.short.fullmatch(national):
            return None
        main = plan.main
        if main is not plan and (len(national) not in main.lengths or main.short.fullmatch(national)):
            return None
        e164 = f"+{plan.calling_code}{national}"
        # A number from which a further prefix could be stripped isn't settled: see `_careful`.
        return e164 if e164 == digits or main.without_prefix(national) == national else None

    def _plan_after_plus(self, number: str) -> NumberingPlan | None:
        first = number[1:4]
        if first not in self._by_first_digits:
            self._by_first_digits[first] = plan_of_number(first)
        return self._by_first_digits[first]

    def _careful(self, raw: object) -> str:
        cell = _text_of(raw)
        digits = _digits_of(cell)
        if len(digits.lstrip("+")) <= _SHORT:
            raise _short_number(cell)
        if digits[0] != "+" and self._region is None:
            raise PhoneProblem(
                "phone-no-country",
                f"{_quoted(cell)} has no country: write it with + and the country code, or give --region",
            )
        # What was unusual may have been its separators alone.
        quick = None if self._strict else self._quick(digits)
        return quick if quick is not None else self._by_library(cell, digits)

    def _by_library(self, cell: str, digits: str) -> str:
        # What a number with + means must not depend on --region: the library would fall back on it.
        international = digits.startswith("+")
        region = None if international else self._region
        number = self._parse(cell, digits, region)
        self._check(cell, number, region)
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        # One person must have one key. Where the library reads its own output differently (it strips
        # another prefix), nobody knows which number is meant.
        if self._quick(e164) != e164 and self._parse(cell, e164, None) != number:
            raise PhoneProblem("phone-not-possible", f"{_quoted(cell)} can be read as more than one number")
        return e164

    def _parse(self, cell: str, digits: str, region: str | None) -> PhoneNumber:
        try:
            return phonenumbers.parse(digits, region)
        except NumberParseException as problem:
            if problem.error_type == NumberParseException.INVALID_COUNTRY_CODE:
                message = f"{_quoted(cell)} begins with a calling code that no country has"
                raise PhoneProblem("phone-unknown-country", message) from None
            why = (
                "it is too long" if problem.error_type == NumberParseException.TOO_LONG else "it is too short"
            )
            raise PhoneProblem(
                "phone-not-possible", f"{_quoted(cell)} can't be a phone number: {why}"
            ) from None

    def _check(self, cell: str, number: PhoneNumber, region: str | None) -> None:
        main = phonenumbers.region_code_for_country_code(number.country_code or 0)
        national = phonenumbers.national_significant_number(number)
        for place in {main, region or main}:
            emergency = is_emergency_number(national, place)
            if emergency or (
                is_valid_short_number_for_region(number, place) and not phonenumbers.is_valid_number(number)
            ):
                raise _short_number(cell)
        reason = phonenumbers.is_possible_number_with_reason(number)
        # `is_possible_number` alone would take local-only numbers: 555-1234 in the US.
        if reason != ValidationResult.IS_POSSIBLE:
            place = f" in {region}" if region else ""
            message = f"{_quoted(cell)} can't be a phone number{place}: {_WHY_NOT_POSSIBLE[reason]}"
            if region is not None and cell.lstrip("( ").startswith("00"):
                message += " (00 is not how one dials abroad from there; write +)"
            raise PhoneProblem("phone-not-possible", message)
        if self._strict and not phonenumbers.is_valid_number(number):
            raise PhoneProblem(
                "phone-not-valid", f"{_quoted(cell)} has the right length, but no such number is assigned"
            )


def normalise(raw: object, *, region: str | None, strict: bool = False) -> str:
    """Return the E.164 form of a single cell; see `PhoneReader`, which is faster for many.

    Raises:
        PhoneProblem: the cell is no number that can be called.
    """
    return _reader(region, strict=strict).normalise(raw)


@cache
def _reader(region: str | None, *, strict: bool) -> PhoneReader:
    return PhoneReader(region, strict=strict)


# --- from a cell to digits ------------------------------------------------------------------------


def _text_of(raw: object) -> str:
    """Return the cell as cleaned text: ASCII where a character has an ASCII meaning, nothing invisible."""
    if raw is None:
        raise PhoneProblem("phone-missing", "there is no phone number")
    if isinstance(raw, int) and not isinstance(raw, bool):
        if raw < 0:
            raise PhoneProblem(
                "phone-not-a-number", "a phone number can't be negative; is it the result of a formula?"
            )
        if raw.bit_length() > _LONGEST_CELL:  # printing a huge integer raises
            raise PhoneProblem("phone-not-possible", "the number in this cell is too long for a phone number")
        return str(raw)
    if not isinstance(raw, str):
        kind = {bool: "true or false", dict: "an object", list: "a list"}.get(
            type(raw), "a number with decimals"
        )
        raise PhoneProblem("phone-not-text", f"the phone number is {kind}; write it as text, in quotes")
    if len(raw) > _LONGEST_CELL:
        raise PhoneProblem("phone-not-a-number", f"{_quoted(raw)} is too long for a phone number")
    text = raw if raw.isascii() else "".join(map(_plain, raw))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
    # Excel's mark for "this is text".
    text = text.removeprefix("'").removeprefix("\N{RIGHT SINGLE QUOTATION MARK}").strip()
    text = re.sub(r"^tel\s*[:.]\s*", "", text, flags=re.IGNORECASE)  # RFC 3966
    if not text:
        raise PhoneProblem("phone-missing", "there is no phone number")
    return text


@cache
def _plain(char: str) -> str:
    """Return what one character means in a number; invisible ones mean nothing."""
    if "\uff01" <= char <= "\uff5e":  # full-width forms: one to one with ASCII
        return chr(ord(char) - 0xFEE0)
    if char.isdecimal():  # Arabic-Indic and other digits, as libphonenumber's normalize_digits_only
        return str(unicodedata.decimal(char))
    category = unicodedata.category(char)
    if category == "Cf":  # zero-width and directional marks, soft hyphen, byte-order mark
        return ""
    if category == "Pd" or char in "\N{MINUS SIGN}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}":
        return "-"
    if char.isspace():
        return "\n" if category in ("Zl", "Zp") else char if char in "\n\r\t" else " "
    return char


def _digits_of(text: str) -> str:
    """Return the digits of a cleaned cell, with `+` in front where it has one."""
    if _NUMBER.fullmatch(text) and not _DECIMALS.fullmatch(text) and _slash_is_fine(text):
        digits = re.sub(r"[^0-9+]", "", text)
        if digits not in ("", "+"):
            return digits
    raise _explanation(text)


def _slash_is_fine(text: str) -> bool:
    before, slash, after = text.partition("/")
    return not slash or bool(
        _AREA_CODE_BEFORE_SLASH.fullmatch(before) and _SUBSCRIBER_AFTER_SLASH.fullmatch(after)
    )


def _explanation(text: str) -> PhoneProblem:
    """Return the problem that says why a cleaned cell is not one number."""
    cell = _quoted(text)
    if _EXCEL_NOTATION.fullmatch(text):
        return PhoneProblem(
            "phone-excel-notation",
            f"{cell} is what a spreadsheet made of a number, and digits are lost: format the column as text",
        )
    has_digits = any(char.isdigit() for char in text)
    has_letters = any(char.isalpha() for char in text)
    if not has_digits and not has_letters:
        return PhoneProblem("phone-missing", f"{cell} has no digits")
    numbers = [
        part for part in _BETWEEN_NUMBERS.split(text) if sum(map(str.isdigit, part)) >= _ENOUGH_FOR_A_NUMBER
    ]
    if len(numbers) > 1:
        return PhoneProblem("phone-several", f"{cell} is more than one number")
    if _EXTENSION.fullmatch(text):
        return PhoneProblem("phone-extension", f"{cell} has an extension, which can't be dialled")
    if has_letters:
        return PhoneProblem("phone-letters", f"{cell} has letters in it; write the number with digits alone")
    if "/" in text:
        return PhoneProblem(
            "phone-several", f"{cell} is more than one number, or has more digits after a slash"
        )
    if _DECIMALS.fullmatch(text):
        return PhoneProblem(
            "phone-decimal-point",
            f"{cell} has a decimal point: a spreadsheet took it for an amount; format the column as text",
        )
    if text.startswith("-"):
        return PhoneProblem(
            "phone-not-a-number", f"{cell} begins with a minus; is it the result of a formula?"
        )
    odd = next((char for char in text if char not in "0123456789 ()-.+"), "+")
    return PhoneProblem(
        "phone-not-a-number", f"{cell} is not one phone number: {odd!r} does not belong there"
    )


def _short_number(cell: str) -> PhoneProblem:
    return PhoneProblem(
        "phone-short-number", f"{_quoted(cell)} is an emergency or short number, not a person's"
    )


def _quoted(text: str, longest: int = 40) -> str:
    return f'"{text}"' if len(text) <= longest else f'"{text[: longest - 1]}…"'
