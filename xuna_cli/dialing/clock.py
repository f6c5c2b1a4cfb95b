"""Time, as the run sees it: given from outside, so that tests need not wait."""

import threading
import time
from datetime import UTC, datetime

# A signal handler may set a flag but not notify a waiting thread (it could wait for itself), so nobody
# sleeps longer than this without looking at the flags.
LONGEST_SLEEP_S = 0.1


class Clock:
    """The real time."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Let go of the condition until it is notified, or for a while, but not for long."""
        condition.wait(min(seconds, LONGEST_SLEEP_S))
