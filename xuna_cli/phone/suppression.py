"""What a cell of a do-not-call list says: every number that may be meant, or the reason why none is certain.

Here to read a number that is not meant costs nothing, and not to read the one that is meant is a call to somebody
who must not be called. So all readings count. Where none is certain, the list can't be used.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xuna_cli.phone.cells import BETWEEN_NUMBERS, EXTENSION, PhoneProblem, digits_of, quoted, text_of
from xuna_cli.phone.reader import PhoneReader
from xuna_cli.phone.readings import is_assigned, others, read

# `home: …`, `Tel. 2: …`, `(mobile) …` in front; `… (mobile)`, `… - work` behind. A letter that is a part of the
# number (1-800-FLOWERS) is none of them: what is left then is no number.
_LABEL_BEFORE = re.compile(
    r"(?:[^\W_][\w .#'/-]{0,30}:|[(\[][^\d+()]*[)\]]|[^\W\d_][^\d+(:]*)[\s:.-]*(?=[+(\d])"
)
_LABEL_BEHIND = re.compile(r"\s*(?:[(\[][^\d()]*[)\]]|[\s-]+[^\W\d_][^\d]*)$")
_LONGEST_CELL = 2_000  # of a list of numbers in one cell


class Reading(NamedTuple):
    """A number that nobody is to call.

    Attributes:
        number: E.164.
        assigned: whether it is in a range that is in use. One that isn't mostly lacks a part, and the person
            who is meant has another.
    """

    number: str
    assigned: bool


class SuppressionReader:
    """Reads the cells of do-not-call lists.

    Args:
        region: the country of numbers without `+`, as `check_region` returns it; None: such numbers can't be
            read, unless they are dialled abroad with 00 or 011.
    """

    def __init__(self, region: str | None) -> None:
        self._region = region
        self._assigned = PhoneReader(region).assigned
        self._elsewhere: dict[str, SuppressionReader] = {}

    def read(self, raw: object, region: str | None = None) -> list[Reading]:
        """Return every number that a cell may mean, at least one.

        Args:
            raw: the cell: `str`, or what JSON has. A list is read item by item.
            region: the country that the row says, if it is another one than the list's. Both count: what says
                it may be about something else.

        Raises:
            PhoneProblem: no reading of it, or of a part of it, is certain.
        """
        if region is not None and region != self._region:
            return self._read_there(raw, region)
        if isinstance(raw, str) and raw:
            usual = self._assigned(raw)
            if usual is not None:
                return [Reading(usual, assigned=True)]
        if isinstance(raw, list) and raw:
            return _each_once(reading for item in raw for reading in self.read(item))
        try:
            return self._one(text_of(raw))
        except PhoneProblem as problem:
            found = self._several(raw) if isinstance(raw, str) else []
            if not found:
                raise problem from None
            return found

    def _read_there(self, raw: object, region: str) -> list[Reading]:
        if region not in self._elsewhere:
            self._elsewhere[region] = SuppressionReader(region)
        found: list[Reading] = []
        problem: PhoneProblem | None = None
        for read_in in (self._elsewhere[region].read, self.read):
            try:
                found += read_in(raw)
            except PhoneProblem as caught:
                problem = problem or caught
        if problem is not None and not found:
            raise problem
        return _each_once(found)

    def _one(self, text: str) -> list[Reading]:
        """Return the readings of one number, complete or with an extension.

        Without the extension the number is the person's and their colleagues'. What is left has to be assigned:
        `+49 6221,123456` is no extension of +49 6221.
        """
        if extension := EXTENSION.fullmatch(text):
            try:
                digits_of(text)
            except PhoneProblem as problem:
                found = [one for one in self._one(extension["number"]) if one.assigned]
                if not found:
                    message = f"{problem.message}, and the number before the extension is not in use"
                    raise PhoneProblem(problem.code, message) from None
                return found
        return self._readings(text, digits_of(text))

    def _readings(self, text: str, digits: str) -> list[Reading]:
        problem, first = None, None
        if digits[0] == "+" or self._region is not None:
            try:
                first = read(text, digits, self._region)
            except PhoneProblem as caught:
                problem = caught
        further = others(text, digits, self._region, first)
        if digits[0] not in "+0" and self._region is None:
            further = []  # with + it may be somebody's, but without a country it may be many people's
        certain = [Reading(number, assigned=True) for number in further]
        if first is not None:
            return [Reading(first, is_assigned(first)), *certain]
        if certain:
            return certain
        if problem is None:
            message = (
                f"{quoted(text)} has no country code; write the number with + and the country code, "
                "or use --region"
            )
            problem = PhoneProblem("phone-no-country", message)
        raise problem

    def _several(self, raw: str) -> list[Reading]:
        """Return the numbers of a cell that has several, or words beside them; none: they can't be told."""
        if len(raw) > _LONGEST_CELL:
            return []
        found: list[Reading] = []
        for part in BETWEEN_NUMBERS.split(raw):
            if not any(map(str.isdigit, part)):
                continue
            try:
                found += self._labelled(text_of(part))
            except PhoneProblem:
                return []
        return _each_once(found)

    def _labelled(self, text: str) -> list[Reading]:
        without = _LABEL_BEHIND.sub("", _LABEL_BEFORE.sub("", text, count=1), count=1)
        found = self._one(text_of(without))
        if all(not one.assigned for one in found) and not text_of(without).startswith("+"):
            raise PhoneProblem("phone-letters", f"{quoted(text)} is not a number that is in use")
        return found


def _each_once(readings: Iterable[Reading] | Iterator[Reading]) -> list[Reading]:
    return list(dict.fromkeys(readings))
