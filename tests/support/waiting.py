"""Wait for events, not for time; the limit only applies to events that never come."""

import time
from collections.abc import Callable

PATIENCE_S = 60.0


def wait_until(
    true: Callable[[], object], otherwise: str = "it did not happen", seconds: float = PATIENCE_S
) -> None:
    """Return as soon as a condition is true; fail if it never is."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise AssertionError(otherwise)
        time.sleep(0.005)
