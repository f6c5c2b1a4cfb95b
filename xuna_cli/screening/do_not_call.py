"""Do-not-call lists: the ledger's own, and files for one run."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from xuna_cli.models import Reason
from xuna_cli.phone.same_person import other_form
from xuna_cli.screening.rules import DO_NOT_CALL, ScreeningContext

_BUCKETS = 509  # a prime: numbers come in runs, and are spread by it


class Numbers:
    """A set of E.164 numbers in eight bytes each.

    Args:
        numbers: in any order, as often as they like.
    """

    def __init__(self, numbers: Iterable[str]) -> None:
        # Each bucket is sorted by itself, so that few of them are Python objects at once, and searched by itself.
        self._buckets: list[array[int]] = [array("Q") for _ in range(_BUCKETS)]
        for number in numbers:
            digits = int(number[1:])
            self._buckets[digits % _BUCKETS].append(digits)
        for place, bucket in enumerate(self._buckets):
            self._buckets[place] = array("Q", sorted(set(bucket)))

    def __contains__(self, number: object) -> bool:
        """Return whether an E.164 number is among them."""
        if not isinstance(number, str):
            return False
        digits = int(number[1:])
        bucket = self._buckets[digits % _BUCKETS]
        place = bisect_left(bucket, digits)
        return place < len(bucket) and bucket[place] == digits

    def __iter__(self) -> Iterator[str]:
        """Yield each once, as E.164, in no order."""
        for bucket in self._buckets:
            yield from (f"+{digits}" for digits in bucket)

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(map(len, self._buckets))


@dataclass(frozen=True, slots=True)
class NumberList:
    """A list for one run.

    Attributes:
        name: what messages call it.
        numbers: who is on it.
        unassigned: how many of them are possible, but in no range that is in use. For a suppression that is
            nearly always a missing part, and the person who is meant has another number.
        example: the first of those, and where it stands.
    """

    name: str
    numbers: Numbers
    unassigned: int = 0
    example: str = ""

    def has(self, number: str) -> bool:
        """Return whether an E.164 number is on it, in whichever form."""
        return number in self.numbers or other_form(number) in self.numbers


class ListFile:
    """A list in a file that may change while a run waits.

    Args:
        read: reads it.
        version: what is another one when the file has changed.
    """

    def __init__(self, read: Callable[[], NumberList], version: Callable[[], object]) -> None:
        self._read = read
        self._version = version
        self._seen = version()
        self.list = read()

    def read_again(self) -> bool:
        """Read the file again if it has changed since; return whether it has.

        Raises:
            InputError: it can't be read any more.
        """
        seen = self._version()
        if seen == self._seen:
            return False
        self.list = self._read()  # other threads see the old list or the new one
        self._seen = seen
        return True


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """Nobody is called whose number is on one of the lists, in whichever form it stands there.

    Attributes:
        lists: those for this run.
    """

    lists: Sequence[ListFile] = ()

    def read_again(self) -> list[NumberList]:
        """Read the files again that have changed, and return their lists.

        Raises:
            InputError: one can't be read any more.
        """
        return [each.list for each in self.lists if each.read_again()]

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return nothing for who is on no list."""
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
