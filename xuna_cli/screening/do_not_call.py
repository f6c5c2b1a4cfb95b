"""The do-not-call rule: the ledger's own list, and lists from files for one run."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.models import Reason
from xuna_cli.phone.same_person import other_form
from xuna_cli.screening.rules import DO_NOT_CALL, OPT_OUTS_UNKNOWN, SCREENED, ScreeningContext

_BUCKETS = 509  # prime, to spread consecutive numbers over the buckets


class Numbers:
    """A set of E.164 numbers that takes eight bytes for each.

    Args:
        numbers: E.164 numbers in any order; duplicates are allowed.
    """

    def __init__(self, numbers: Iterable[str]) -> None:
        # Each bucket is sorted and searched separately, so that few numbers are Python objects at the same time.
        self._buckets: list[array[int]] = [array("Q") for _ in range(_BUCKETS)]
        for number in numbers:
            digits = int(number[1:])
            self._buckets[digits % _BUCKETS].append(digits)
        for place, bucket in enumerate(self._buckets):
            self._buckets[place] = array("Q", sorted(set(bucket)))
        self._size = sum(map(len, self._buckets))

    def __contains__(self, number: object) -> bool:
        """Return whether an E.164 number is in the set."""
        if not isinstance(number, str):
            return False
        digits = int(number[1:])
        bucket = self._buckets[digits % _BUCKETS]
        place = bisect_left(bucket, digits)
        return place < len(bucket) and bucket[place] == digits

    def __iter__(self) -> Iterator[str]:
        """Yield each number once, as E.164, in no particular order."""
        for bucket in self._buckets:
            yield from (f"+{digits}" for digits in bucket)

    def __len__(self) -> int:
        """Return how many numbers the set has."""
        return self._size


@dataclass(frozen=True, slots=True)
class NumberList:
    """A do-not-call list for one run.

    Attributes:
        name: name of the list in messages.
        numbers: the numbers on the list.
        unassigned: how many of them are possible, but in no range that is in use. Such an entry is nearly always
            incomplete, and the person has another number.
        example: the first of those, and its place in the file.
    """

    name: str
    numbers: Numbers
    unassigned: int = 0
    example: str = ""

    def has(self, number: str) -> bool:
        """Return whether an E.164 number is on the list, in any of its forms."""
        return number in self.numbers or other_form(number) in self.numbers


class ListFile:
    """A do-not-call list in a file that may change while a run waits.

    Args:
        read: reads the list.
        version: returns a value that differs after the file has changed.
    """

    def __init__(self, read: Callable[[], NumberList], version: Callable[[], object]) -> None:
        self._read = read
        self._version = version
        self._seen = version()
        self.list = read()

    def read_again(self) -> bool:
        """Read the file again if it has changed; return whether it has.

        Raises:
            InputError: the file can't be read any more.
        """
        seen = self._version()
        if seen == self._seen:
            return False
        self.list = self._read()  # atomic: other threads see either the old list or the new one
        self._seen = seen
        return True


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """Call nobody whose number is on a do-not-call list, in any form of the number.

    Attributes:
        lists: the lists for this run.
    """

    lists: Sequence[ListFile] = ()

    def read_again(self) -> list[NumberList]:
        """Read changed files again, and return their lists.

        Raises:
            InputError: a file can't be read any more.
        """
        return [each.list for each in self.lists if each.read_again()]

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None if no list has the number."""
        if look.listed is not None:
            words = f" ({look.listed})" if look.listed else ""
            return Reason("do-not-call", DO_NOT_CALL, f"do-not-call: on the ledger's do-not-call list{words}")
        number = look.target.to_phone_number
        for each in self.lists:
            if each.list.has(number):
                return Reason("do-not-call", DO_NOT_CALL, f"do-not-call: listed in {each.list.name}")
            for other in look.target.other_numbers:
                if each.list.has(other):
                    words = f"do-not-call: {other}, another number of this row, is listed in {each.list.name}"
                    return Reason("do-not-call", DO_NOT_CALL, words)
        return None


@dataclass(frozen=True, slots=True)
class OptOutsUnknown:
    """Call nobody who may have opted out in a conversation whose record was not read, or has no number.

    Attributes:
        campaigns: the numbers of these people, by the campaign that has called them. They may change while a run waits.
    """

    campaigns: Sequence[NumberList]

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None if none of these campaigns has called any number of the person."""
        for each in self.campaigns:
            for number in look.target.numbers:
                if each.has(number):
                    why = f"may have opted out in campaign {each.name!r}, which has called {number}"
                    return Reason(OPT_OUTS_UNKNOWN, SCREENED, f"{OPT_OUTS_UNKNOWN}: {why}")
        return None
