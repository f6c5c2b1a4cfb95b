"""Named points that a run passes. Nothing happens at them unless a test listens."""

from collections.abc import Callable

listener: Callable[[str], None] | None = None
"""What is called with the name of each point that is passed; None: nothing is."""


def reached(point: str) -> None:
    """Tell the listener, if there is one, that a point is passed."""
    if listener is not None:
        listener(point)
