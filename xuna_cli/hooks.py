"""Named points in a run. They do nothing unless a test listens."""

from collections.abc import Callable

listener: Callable[[str], None] | None = None
"""Function that gets the name of each point; None if no test listens."""


def reached(point: str) -> None:
    """Pass the name of a point to the listener, if there is one."""
    if listener is not None:
        listener(point)
