"""Do-not-call lists: the ledger's own, and files for one run."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xuna_cli.models import Reason
from xuna_cli.screening.rules import DO_NOT_CALL, Look

_SORTED_AT_ONCE = 1 << 16


class Numbers:
    """A set of E.164 numbers in eight bytes each.

    Args:
        numbers: in any order, as often as they like.
    """

    def __init__(self, numbers: Iterable[str]) -> None:
        # Sorted in portions, so that never more than a portion of them are Python objects at once.
        parts: list[array[int]] = []
        part: array[int] = array("Q")
        for number in numbers:
            part.append(int(number[1:]))
            if len(part) == _SORTED_AT_ONCE:
                parts.append(array("Q", sorted(part)))
                part = array("Q")
        parts.append(array("Q", sorted(part)))
        self._parts = [part for part in parts if part]

    def __contains__(self, number: object) -> bool:
        """Return whether an E.164 number is among them."""
        if not isinstance(number, str):
            return False
        wanted = int(number[1:])
        for part in self._parts:
            place = bisect_left(part, wanted)
            if place < len(part) and part[place] == wanted:
                return True
        return False

    def __iter__(self) -> Iterator[str]:
        """Yield them as E.164, one that was given twice perhaps twice."""
        for part in self._parts:
            yield from (f"+{number}" for number in part)

    def __len__(self) -> int:
        """Return how many there are, one that was given twice counted twice."""
        return sum(map(len, self._parts))


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
        return None
