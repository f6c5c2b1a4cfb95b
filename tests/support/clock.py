"""One clock for all tests. It stands still until the test, or code that waits, moves it."""

import threading
from datetime import UTC, datetime, timedelta

from xuna_cli.dialing.clock import LONGEST_SLEEP_S, Clock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEGIN_S = 1000.0


class FakeClock(Clock):
    """A clock that only moves by `advance` or by waiting; ledgers use its `now`.

    Attributes:
        at: the monotonic time.
        waits: lengths of all waits.
    """

    def __init__(self, start: datetime = NOON) -> None:
        self._start = start
        self._lock = threading.Lock()
        self.at = BEGIN_S
        self.waits: list[float] = []

    @property
    def passed(self) -> float:
        """Seconds since the start."""
        return self.at - BEGIN_S

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.at

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        if seconds <= LONGEST_SLEEP_S or seconds == float("inf"):
            # Whoever waits so shortly looks again and again for what another thread does: let that thread run, or
            # hours pass while it sends one batch.
            condition.wait(0.001)
        if seconds < float("inf"):
            self.waits.append(seconds)
            self.advance(seconds)

    def advance(self, seconds: float = 0.0, **delta: float) -> None:
        """Move the clock: `advance(2.5)`, `advance(hours=1)`."""
        with self._lock:
            self.at += seconds + timedelta(**delta).total_seconds()
