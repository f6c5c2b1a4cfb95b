"""The clock: the system's, or a simulated one that waiting moves."""

import threading
import time
from datetime import UTC, datetime, timedelta

# A signal handler may set a flag but not notify a waiting thread (a deadlock is possible), so nobody
# sleeps longer than this without looking at the flags.
LONGEST_SLEEP_S = 0.1


class Clock:
    """The system's clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds of a monotonic clock."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Wait for a notification of the condition, but only for a short time."""
        condition.wait(min(seconds, LONGEST_SLEEP_S))

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class SimulatedClock(Clock):
    """A clock that stands still; only waiting, sleeping and `move_to` move it. Thread-safe.

    Args:
        start: the time at first, with a time zone.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._passed = 0.0  # seconds; no timedelta, whose microseconds would round a short wait down to none
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the simulated time in UTC."""
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        """Return simulated seconds since the start."""
        return self._passed

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Let so much time pass, unless the wait is short or unlimited and another thread ends it."""
        is_for_time = LONGEST_SLEEP_S < seconds < float("inf")
        was_ended = not is_for_time and condition.wait(LONGEST_SLEEP_S)
        if seconds < float("inf") and not was_ended:
            self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        with self._lock:
            self._passed += max(0.0, seconds)

    def move_to(self, at: datetime) -> None:
        """Move forward to a time; the clock never moves back."""
        with self._lock:
            self._passed = max(self._passed, (at - self._start).total_seconds())
