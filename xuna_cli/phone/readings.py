"""Interpretations of a number: the library's, and others that people may have in mind.

The rules of every country come from libphonenumber (the `phonenumbers` package). *Possible* means that a number has
one of its country's lengths and a valid start. *Assigned* is what the library calls *valid*.
"""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult
from phonenumbers.shortnumberinfo import is_emergency_number, is_valid_short_number_for_region

from xuna_cli.errors import quoted
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.phone.cells import PhoneProblem, short_number
from xuna_cli.phone.plan import (
    NumberingPlan,
    plan_of_code,
    plan_of_number,
    plan_of_region,
)

_WHY_NOT_POSSIBLE = {
    ValidationResult.TOO_SHORT: "it is too short",
    ValidationResult.TOO_LONG: "it is too long",
    ValidationResult.INVALID_LENGTH: "no number in that country has this many digits",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
    ValidationResult.INVALID_COUNTRY_CODE: "this country code does not exist",
}

# Mexico: since August 2019 the 1 after the country code, and 01, 044 and 045 before a national number, are no longer
# dialed (Plan Técnico Fundamental de Numeración, DOF 21-06-2018). The number means the same without them.
_OLD_MEXICAN = lazy_pattern(r"\+521(\d{10})")
_OLD_MEXICAN_AT_HOME = lazy_pattern(r"(?:(?:00|011)?521|01|04[45]|1)(\d{10})")

# 0000000000, 1111111, 0123456789, 1234567890, 9876543210
_MADE_UP = lazy_pattern(r"(\d)\1{6,}|0{4,}|0?1234567(?:8(?:90?)?)?|0?9876543(?:2(?:10?)?)?")


def read(cell: str, digits: str, region: str | None) -> str:
    """Return libphonenumber's interpretation of a number, as E.164.

    Args:
        cell: the cell, for messages.
        digits: the cell's digits, as returned by `cells.digits_of`.
        region: country of numbers without +. It is not used for a number with +; the library would use it as a
            fallback.

    Raises:
        PhoneProblem: the number is not *possible*, is a short number or a placeholder, or is ambiguous.
    """
    digits = _without_old_prefix(digits, region)
    international = digits.startswith("+")
    region = None if international else region
    _check_placeholder(cell, digits, region)
    number = _parse(cell, digits, region)
    _check(cell, number, region)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    # One person must have one key. If the library reads its own output differently (it strips another prefix), it is
    # unknown which number is meant.
    if e164 != digits and _parse(cell, e164, None) != number:
        raise PhoneProblem("phone-not-possible", f"{quoted(cell)} may mean more than one number")
    return e164


def is_assigned(e164: str) -> bool:
    """Return whether a number is in a range that is in use, like `phonenumbers.is_valid_number`."""
    plan = plan_of_number(e164[1:4])
    return plan is not None and plan.is_assigned(e164)


def others(cell: str, digits: str, region: str | None, first: str | None) -> list[str]:
    """Return the assigned numbers that a cell may mean, other than its first interpretation.

    Spreadsheets remove the + before a country code. People write `(0)` or a 0 in countries that have no such prefix,
    and use the international prefix of another country (00, 011).

    Args:
        cell: the cleaned cell.
        digits: digits of the cell.
        region: country of numbers without +.
        first: result of `read` for the cell, or None.
    """
    sure = first is not None and is_assigned(first)
    plan = plan_of_region(region) if region is not None else None
    candidates: list[str] = []
    if digits[0] == "+":
        if not sure or "(0)" in cell.replace(" ", ""):
            candidates.append(_without_zero(digits))
    elif plan is not None and digits.startswith(plan.code.code):
        candidates.append(f"+{digits}")
    if digits[0] != "+" and not sure:
        if digits[0] != "0":
            candidates.append(f"+{digits}")
        candidates += [f"+{digits.removeprefix(each)}" for each in ("00", "011") if digits.startswith(each)]
        if plan is not None and _has_needless_zero(plan, digits):
            candidates.append(f"+{plan.code.code}{digits[1:]}")
    found = (_assigned_reading(cell, candidate) for candidate in dict.fromkeys(candidates))
    return [number for number in dict.fromkeys(found) if number is not None and number != first]


def same_country(digits: str, region: str | None, number: str) -> bool:
    """Return whether `number` equals `digits` with a + added, and belongs to the country `region`."""
    plan = plan_of_region(region) if region is not None else None
    return plan is not None and number == f"+{digits}" and digits.startswith(plan.code.code)


def check_placeholder(cell: str, digits: str) -> None:
    """Check that digits are not a placeholder that people type into a required field: 0000000000, 1234567890.

    Raises:
        PhoneProblem: the digits are a placeholder.
    """
    if _MADE_UP.fullmatch(digits.lstrip("+")):
        raise PhoneProblem("phone-placeholder", f"{quoted(cell)} is a placeholder, not a real number")


def _check_placeholder(cell: str, digits: str, region: str | None) -> None:
    plan = plan_of_number(digits[1:4]) if digits[0] == "+" else plan_of_region(region or "")
    national = digits[plan.code.begins :] if plan is not None and digits[0] == "+" else digits
    if not (_MADE_UP.fullmatch(national) or _MADE_UP.fullmatch(digits.lstrip("+"))):
        return
    # +44 7777 777777, or 01 23 45 67 89 in Paris, are real numbers.
    if plan is not None and plan.code.assigned.fullmatch(plan.without_prefix(national) or national):
        return
    raise PhoneProblem("phone-placeholder", f"{quoted(cell)} is a placeholder, not a real number")


def _without_old_prefix(digits: str, region: str | None) -> str:
    old = _OLD_MEXICAN.fullmatch(digits) or (
        _OLD_MEXICAN_AT_HOME.fullmatch(digits) if region == "MX" else None
    )
    return digits if old is None else f"+52{old[1]}"


def _without_zero(digits: str) -> str:
    plan = plan_of_number(digits[1:4])
    if plan is None or digits[plan.code.begins : plan.code.begins + 1] != "0":
        return digits
    return digits[: plan.code.begins] + digits[plan.code.begins + 1 :]


def _has_needless_zero(plan: NumberingPlan, digits: str) -> bool:
    """Return whether digits begin with a 0 that is neither a trunk prefix nor an international prefix there."""
    return digits[0] == "0" and not plan.prefix.match(digits) and not plan.dialled_abroad.match(digits)


def _assigned_reading(cell: str, digits: str) -> str | None:
    try:
        number = read(cell, digits, None)
    except PhoneProblem:
        return None
    return number if is_assigned(number) else None


def _parse(cell: str, digits: str, region: str | None) -> PhoneNumber:
    try:
        return phonenumbers.parse(digits, region)
    except NumberParseException as problem:
        if problem.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            message = f"{quoted(cell)} starts with a country code that does not exist"
            raise PhoneProblem("phone-unknown-country", message) from None
        too_long = problem.error_type == NumberParseException.TOO_LONG
        why = "it is too long" if too_long else "it is too short"
        raise PhoneProblem("phone-not-possible", f"{quoted(cell)} can't be a phone number: {why}") from None


def _check(cell: str, number: PhoneNumber, region: str | None) -> None:
    main = phonenumbers.region_code_for_country_code(number.country_code or 0)
    national = phonenumbers.national_significant_number(number)
    for place in {main, region or main}:
        emergency = is_emergency_number(national, place)
        if emergency or (
            is_valid_short_number_for_region(number, place) and not phonenumbers.is_valid_number(number)
        ):
            raise short_number(cell)
    reason = phonenumbers.is_possible_number_with_reason(number)
    # `is_possible_number` would accept local-only numbers: 555-1234 in the US.
    why = None if reason == ValidationResult.IS_POSSIBLE else _WHY_NOT_POSSIBLE[reason]
    if why is None and not plan_of_code(str(number.country_code)).code.dialled.fullmatch(national):
        why = "no number in that country starts like this"
    if why is not None:
        place = f" in {region}" if region else ""
        message = f"{quoted(cell)} can't be a phone number{place}: {why}"
        if region is not None and cell.lstrip("( ").startswith("00"):
            message += " (00 is not the international prefix there; write + instead)"
        raise PhoneProblem("phone-not-possible", message)
