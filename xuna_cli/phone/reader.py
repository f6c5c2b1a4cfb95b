"""Convert phone cells to E.164, or explain in plain words why this is not possible.

`cells` decides which texts the library may see, and `readings` has its interpretations. This module chooses the
reading for a person to call: everything that is uncertain is rejected with a message, and nothing is guessed. For a
do-not-call list it is the opposite; see `suppression`.
"""

import re
from functools import cache

from phonenumbers.re_util import enable_pattern_cache

from xuna_cli.errors import quoted
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.phone.cells import PhoneProblem, digits_of, text_of
from xuna_cli.phone.plan import NumberingPlan, plan_of_number, plan_of_region
from xuna_cli.phone.readings import check_placeholder, is_assigned, others, read, same_country

__all__ = ["PhoneProblem", "PhoneReader", "normalise"]

# The form that the fast path accepts. It is a subset of what `digits_of` leaves unchanged: dots only between groups
# of three or more digits that can't be decimals, no slash, no leading minus.
_USUAL = lazy_pattern(r"\+?\(?[0-9](?:[0-9() -]|\.(?=[0-9]{3})(?!0+$))*[0-9]", re.ASCII)
_SEPARATORS = {ord(char): None for char in "() -."}
_MANY = 6  # repetitions of the same digit
_SEQUENCES = frozenset({"1234", "9876"})


class PhoneReader:
    """Reads the phone cells of one list.

    Args:
        region: country of numbers without `+`, as returned by `check_region`; None to reject such numbers.
        strict: whether numbers must be *valid* (in ranges that are in use), not only *possible* (with a right
            length). The vendor's +1 555 examples are possible, but not valid.

    Attributes:
        plus_added: number of cells that had a country code without +, and were read as if they had one.
    """

    def __init__(self, region: str | None = None, *, strict: bool = False) -> None:
        enable_pattern_cache()  # a switch of the library; a third faster for numbers of many countries
        self._region = region
        self._strict = strict
        self._home = None if region is None else plan_of_region(region)
        self._by_first_digits: dict[str, NumberingPlan | None] = {}
        self.plus_added = 0

    def normalise(self, raw: object) -> str:
        """Return the E.164 form of a cell.

        Args:
            raw: the cell: `str`, or a JSON value. A whole number counts as its digits.

        Raises:
            PhoneProblem: the cell is not a number that can be called; no cell raises another exception.
        """
        # Common forms are decided by the library's own metadata, ten times faster (plain E.164 by one pattern, thirty
        # times faster). All other cells, and all rejections, take the slow path.
        if type(raw) is not str or self._strict:
            return self._slow_path(text_of(raw))
        plan = self._by_first_digits.get(raw[1:4])
        if plan is not None and raw[0] == "+" and plan.unchanged.fullmatch(raw, plan.code.begins):
            return raw
        if number := self._usual(raw):
            return number
        cell = text_of(raw)
        return (cell != raw and self._usual(cell)) or self._slow_path(cell)

    def _usual(self, cell: str) -> str | None:
        """Return the E.164 form of a cell in the usual form with only one reading, or None."""
        if not _USUAL.fullmatch(cell):
            return None
        digits = cell if cell[1:].isdigit() and cell[0] != "(" else cell.translate(_SEPARATORS)
        number = self._fast_path(digits)
        return number if number is not None and self._is_certain(digits, number) else None

    def assigned(self, cell: str) -> str | None:
        """Return the E.164 form of a cell in the usual form that can only be this assigned number, or None."""
        plan = self._by_first_digits.get(cell[1:4])
        if plan is None or cell[0] != "+" or not plan.unchanged.fullmatch(cell, plan.code.begins):
            number = self._usual(cell)
            if number is None:
                return None
            cell, plan = number, self._plan_of(number[1:4])
        return cell if plan is not None and plan.is_assigned(cell) else None

    def _is_certain(self, digits: str, number: str) -> bool:
        """Return whether only the first reading is possible; if not, take the slow path."""
        plan = self._plan_of(number[1:4])
        if plan is None or (_is_odd(number, plan.code.begins) and not plan.is_assigned(number)):
            return False
        if digits[0] == "+":
            return True
        if number[1:] == digits:
            self._count_plus(number)
            return True
        with_plus = self._plan_of(digits[:3])
        if with_plus is None:  # the number begins with 0
            return not digits.startswith(("00", "011"))
        begins = with_plus.code.begins - 1
        if len(digits) - begins < with_plus.shortest or not (
            with_plus.is_assigned(digits, begins) or with_plus.prefix.match(digits, begins)
        ):
            return True
        return with_plus.code is not plan.code and plan.is_assigned(number)

    def _count_plus(self, number: str) -> None:
        # In North America the country code is also dialed within the country, so no + was lost.
        self.plus_added += number[1] != "1"

    def _fast_path(self, digits: str) -> str | None:
        """Return the E.164 form if the library's verdict is certainly *possible*, or None.

        This follows `phonenumbers.parse` and `is_possible_number_with_reason` step by step. It gives up (None) at
        each step that would do more than take the digits or strip a prefix.

        Args:
            digits: ASCII digits, with or without a leading `+`.
        """
        plan = self._home
        if digits[0] == "+":
            plan = self._plan_of(digits[1:4])
            if plan is None:
                return None
            national = plan.without_prefix(digits[1 + len(plan.code.code) :])
        elif plan is None or plan.dialled_abroad.match(digits):
            return None
        elif not digits.startswith(plan.code.code):
            national = plan.without_prefix(digits)
        elif len(digits) > plan.longest:
            national = plan.without_prefix(digits[len(plan.code.code) :])
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
        if not main.code.dialled.fullmatch(national):
            return None
        e164 = f"+{plan.code.code}{national}"
        # If another prefix could be stripped from the number, it is not certain; see `_slow_path`.
        return e164 if e164 == digits or main.without_prefix(national) == national else None

    def _plan_of(self, first: str) -> NumberingPlan | None:
        if first not in self._by_first_digits:
            self._by_first_digits[first] = plan_of_number(first)
        return self._by_first_digits[first]

    def _slow_path(self, cell: str) -> str:
        digits = digits_of(cell)
        if digits[0] != "+" and self._region is None:
            check_placeholder(cell, digits)
            raise PhoneProblem(
                "phone-no-country",
                f"{quoted(cell)} has no country code; write the number with + and the country code, or use --region",
            )
        number = self._only_reading(cell, digits)
        if self._strict and not is_assigned(number):
            raise PhoneProblem(
                "phone-not-valid", f"{quoted(cell)} has the right length, but is outside the ranges in use"
            )
        return number

    def _only_reading(self, cell: str, digits: str) -> str:
        problem, first = None, None
        try:
            first = read(cell, digits, self._region)
        except PhoneProblem as caught:
            problem = caught
        further = others(cell, digits, self._region, first)
        if first is not None and not further:
            if first[1:] == digits:
                self._count_plus(first)
            return first
        is_sure = first is not None and is_assigned(first)
        if not is_sure and len(further) == 1 and same_country(digits, self._region, further[0]):
            # A spreadsheet has removed the +, and the rest is not a number of the country.
            self._count_plus(further[0])
            return further[0]
        if first is not None:
            readings = " or ".join([first, *further])
            message = f"{quoted(cell)} may mean {readings}; write the number with + and the country code"
            raise PhoneProblem("phone-two-readings", message)
        if further and problem is not None:
            raise PhoneProblem(
                problem.code, f"{problem.message}; if you mean {further[0]}, write that number"
            )
        raise problem or AssertionError(cell)


def _is_odd(number: str, begins: int) -> bool:
    """Return whether a national number may be a placeholder, or have an extra zero."""
    first = number[begins]
    return first == "0" or number[begins : begins + 4] in _SEQUENCES or number.count(first, begins) > _MANY


def normalise(raw: object, *, region: str | None, strict: bool = False) -> str:
    """Return the E.164 form of a single cell; `PhoneReader` is faster for many cells.

    Raises:
        PhoneProblem: the cell is not a number that can be called.
    """
    return _reader(region, strict=strict).normalise(raw)


@cache
def _reader(region: str | None, *, strict: bool) -> PhoneReader:
    return PhoneReader(region, strict=strict)
