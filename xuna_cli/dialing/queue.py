"""Queue from the claiming thread to the senders."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from xuna_cli.dialing.clock import Clock
from xuna_cli.ledger.records import Batch


class BatchQueue:
    """Queued batches, and the number of batches being sent. Thread-safe.

    Args:
        stopping: whether the run is stopping; `get` then returns None.
        clock: the clock.
    """

    def __init__(self, stopping: Callable[[], bool], clock: Clock) -> None:
        self._stopping = stopping
        self._clock = clock
        self._changed = threading.Condition()
        self._batches: deque[Batch] = deque()
        self._taken = 0
        self._closed = False

    def put(self, batches: Iterable[Batch]) -> None:
        """Queue batches."""
        with self._changed:
            self._batches.extend(batches)
            self._changed.notify_all()

    def get(self) -> Batch | None:
        """Wait for a batch; None if there will be no more."""
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
        """Return whether a batch is queued."""
        with self._changed:
            return bool(self._batches)

    def done(self) -> None:
        """Note that a fetched batch is settled."""
        with self._changed:
            self._taken -= 1
            self._changed.notify_all()

    def is_idle(self) -> bool:
        """Return whether no batch is queued or being sent."""
        with self._changed:
            return not self._batches and not self._taken

    def wait(self, seconds: float) -> None:
        """Wait briefly, so that the caller can check for a stop."""
        with self._changed:
            self._clock.wait(self._changed, seconds)

    def wait_until_short(self, length: int) -> bool:
        """Wait briefly until at most `length` batches are queued; return whether that is so."""
        with self._changed:
            if len(self._batches) > length:
                self._clock.wait(self._changed, float("inf"))
            return len(self._batches) <= length

    def close(self) -> None:
        """Close the queue: no more batches will come."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def drain(self) -> list[Batch]:
        """Remove and return all queued batches."""
        with self._changed:
            left = list(self._batches)
            self._batches.clear()
            return left
