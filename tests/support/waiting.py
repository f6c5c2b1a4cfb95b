"""Waits for what happens, never for time: the limit is only there for what never comes."""

import time
from collections.abc import Callable

PATIENCE_S = 60.0


def wait_until(
    true: Callable[[], object], otherwise: str = "it did not happen", seconds: float = PATIENCE_S
) -> None:
    """Return as soon as something is true; fail when it doesn't become so."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise AssertionError(otherwise)
        time.sleep(0.005)
