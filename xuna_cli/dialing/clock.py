"""The run's clock, which tests replace to avoid waiting."""

import threading
import time
from datetime import UTC, datetime

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
