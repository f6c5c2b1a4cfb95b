"""Do-not-call lists: the ledger's own, and files for one run."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xuna_cli.models import Reason
from xuna_cli.screening.rules import DO_NOT_CALL, Look

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
class DoNotCall:
    """Nobody is called whose number is on one of the lists.

    Attributes:
        lists: those for this run, each under its name.
    """

    lists: Sequence[tuple[str, Numbers]] = ()

    def __call__(self, look: Look) -> Reason | None:
        """Return nothing for who is on no list."""
        if look.listed is not None:
            words = f" ({look.listed})" if look.listed else ""
            return Reason("do-not-call", DO_NOT_CALL, f"do-not-call: on the ledger's list{words}")
        for name, numbers in self.lists:
            if look.target.to_phone_number in numbers:
                return Reason("do-not-call", DO_NOT_CALL, f"do-not-call: in {name}")
            for other in look.target.other_numbers:
                if other in numbers:
                    return Reason(
                        "do-not-call", DO_NOT_CALL, f"do-not-call: {other} of this row is in {name}"
                    )
        return None
