"""Reading again and again until every call has an outcome, or the time is over."""

from collections.abc import Callable
from dataclasses import dataclass

from xuna_cli.errors import UnreachableError
from xuna_cli.outcomes.summary import Summary

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look, and for how long.

    Attributes:
        lasts: seconds after which nobody looks any more.
        first_wait: seconds between two readings; twice as many each time that nothing has changed.
        longest_wait: but never more.
    """

    lasts: float
    first_wait: float = FIRST_WAIT_S
    longest_wait: float = LONGEST_WAIT_S


def watch(
    read: Callable[[], Summary],
    pace: Pace,
    *,
    show: Callable[[Summary], None],
    on_failure: Callable[[UnreachableError], None],
    monotonic: Callable[[], float],
    wait: Callable[[float], None],
) -> Summary:
    """Read until no accepted call waits for its outcome, or the time is over; return what was read last.

    Args:
        read: reads the records and sums up.
        pace: how often, how long.
        show: told every summary.
        on_failure: told when the API could not be read; that ends the watch only with its time.
        monotonic: seconds that never go back.
        wait: sleeps for so many seconds.

    Raises:
        UnreachableError: if nothing could be read in all that time.
    """
    ends = monotonic() + pace.lasts
    last: Summary | None = None
    pause = pace.first_wait
    while True:
        try:
            now = read()
        except UnreachableError as error:
            if monotonic() >= ends:
                if last is None:
                    raise
                return last
            on_failure(error)
        else:
            changed = last is None or now.outcomes != last.outcomes or now.held != last.held
            pause = pace.first_wait if changed else min(pause * 2, pace.longest_wait)
            last = now
            show(now)
            if now.waiting == 0:
                return now
        left = ends - monotonic()
        if left <= 0:
            if last is None:
                raise AssertionError("unreachable: the reading raised, or gave a summary")
            return last
        wait(min(pause, left))
