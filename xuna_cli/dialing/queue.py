"""Between the thread that claims and those that send."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from xuna_cli.dialing.clock import Clock
from xuna_cli.ledger.records import Batch


class BatchQueue:
    """Batches that wait for a sender, and how many are with one. Thread-safe.

    Args:
        stopping: whether nothing more is to be sent; `get` gives nothing then.
        clock: time.
    """

    def __init__(self, stopping: Callable[[], bool], clock: Clock) -> None:
        self._stopping = stopping
        self._clock = clock
        self._changed = threading.Condition()
        self._batches: deque[Batch] = deque()
        self._taken = 0
        self._closed = False

    def put(self, batches: Iterable[Batch]) -> None:
        """Let batches wait."""
        with self._changed:
            self._batches.extend(batches)
            self._changed.notify_all()

    def get(self) -> Batch | None:
        """Wait for a batch; None when there will be none."""
        with self._changed:
            while not self._stopping():
                if self._batches:
                    self._changed.notify_all()
                    self._taken += 1
                    return self._batches.popleft()
                if self._closed:
                    break
                self._clock.wait(self._changed, float("inf"))
        return None

    def has_batches(self) -> bool:
        """Return whether a batch waits."""
        with self._changed:
            return bool(self._batches)

    def done(self) -> None:
        """Note that a batch that was got is settled."""
        with self._changed:
            self._taken -= 1
            self._changed.notify_all()

    def is_idle(self) -> bool:
        """Return whether there is no batch, neither here nor with a sender."""
        with self._changed:
            return not self._batches and not self._taken

    def wait(self, seconds: float) -> None:
        """Wait a while, but not for long: somebody may want to stop."""
        with self._changed:
            self._clock.wait(self._changed, seconds)

    def wait_until_short(self, length: int) -> bool:
        """Wait a moment for the queue to be that short; return whether it is."""
        with self._changed:
            if len(self._batches) > length:
                self._clock.wait(self._changed, float("inf"))
            return len(self._batches) <= length

    def close(self) -> None:
        """Let nobody wait for another batch."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def drain(self) -> list[Batch]:
        """Take out all that wait."""
        with self._changed:
            left = list(self._batches)
            self._batches.clear()
            return left
