"""One clock for all tests: it stands still, and is moved on by the test or by who waits."""

import threading
from datetime import UTC, datetime, timedelta

from xuna_cli.dialing.clock import Clock

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEGIN_S = 1000.0


class FakeClock(Clock):
    """Time that passes only by waiting for it, or by `advance`; a ledger takes its `now`.

    Attributes:
        at: the monotonic time.
        waits: how long each wait was to last.
    """

    def __init__(self, start: datetime = NOON) -> None:
        self._start = start
        self._lock = threading.Lock()
        self.at = BEGIN_S
        self.waits: list[float] = []

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return self.at - BEGIN_S

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.at

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        if seconds == float("inf"):
            condition.wait(0.001)  # for another thread, not for time
        else:
            self.waits.append(seconds)
            self.advance(seconds)

    def advance(self, seconds: float = 0.0, **delta: float) -> None:
        """Let time pass: `advance(2.5)`, `advance(hours=1)`."""
        with self._lock:
            self.at += seconds + timedelta(**delta).total_seconds()
