"""Read a cell of a do-not-call list: return every number that it may mean, or the reason why none is certain.

A wrong reading costs nothing here, but a missing one means a call to a person who must not be called. So all readings
count. If no reading is certain, the list can't be used.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xuna_cli.errors import quoted
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.phone.cells import BETWEEN_NUMBERS, EXTENSION, PhoneProblem, digits_of, text_of
from xuna_cli.phone.reader import PhoneReader
from xuna_cli.phone.readings import is_assigned, others, read

# Labels before a number: `home: …`, `Tel. 2: …`, `(mobile) …`; labels after it: `… (mobile)`, `… - work`. A letter
# that is part of the number (1-800-FLOWERS) is not a label, because the rest would not be a number.
_LABEL_BEFORE = lazy_pattern(
    r"(?:[^\W_][\w .#'/-]{0,30}:|[(\[][^\d+()]*[)\]]|[^\W\d_][^\d+(:]*)[\s:.-]*(?=[+(\d])"
)
_LABEL_BEHIND = lazy_pattern(r"\s*(?:[(\[][^\d()]*[)\]]|[\s-]+[^\W\d_][^\d]*)$")
_LONGEST_CELL = 2_000  # for a list of numbers in one cell


class Reading(NamedTuple):
    """A number on a do-not-call list.

    Attributes:
        number: E.164.
        assigned: whether it is in a range that is in use. Other numbers are mostly incomplete, and the person has
            another number.
    """

    number: str
    assigned: bool


class SuppressionReader:
    """Reads the cells of do-not-call lists.

    Args:
        region: country of numbers without `+`, as returned by `check_region`. None: such numbers can't be read,
            unless they begin with an international prefix (00 or 011).

    Attributes:
        assigned: returns the E.164 form of a text that can only be one number in a range that is in use, otherwise
            None. For such a text, `read` gives this number; this is the faster way.
    """

    def __init__(self, region: str | None) -> None:
        self._region = region
        self.assigned = PhoneReader(region).assigned
        self._elsewhere: dict[str, SuppressionReader] = {}

    def read(self, raw: object, region: str | None = None) -> list[Reading]:
        """Return every number that a cell may mean, at least one.

        Args:
            raw: the cell: `str`, or a JSON value. A list is read item by item.
            region: the row's country, if it differs from the list's. Both are used, because the row's country may
                concern something else.

        Raises:
            PhoneProblem: no reading of the cell, or of a part of it, is certain.
        """
        if region is not None and region != self._region:
            return self._read_there(raw, region)
        if isinstance(raw, str) and raw:
            usual = self.assigned(raw)
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

        Without its extension, the number belongs to the person and to colleagues. It must be in use by itself: `+49
        6221,123456` is not an extension of +49 6221.
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
            further = []  # with + it belongs to one person; without a country it may belong to many
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
        """Return the numbers of a cell with several numbers, or with other words; empty if they can't be separated."""
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
