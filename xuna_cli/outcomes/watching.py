"""Read the records repeatedly until every call has an outcome or the time is over."""

from collections.abc import Callable

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import UnreachableError
from xuna_cli.outcomes.summary import Summary

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Interval and duration of watching.

    Attributes:
        lasts: duration of the watch in seconds.
        first_wait: seconds between two readings, doubled after each reading without a change.
        longest_wait: maximum of these seconds.
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
    """Read until every accepted call has an outcome, or the time is over; return the last summary.

    Args:
        read: reads the records and returns a summary.
        pace: interval and duration.
        show: receives every summary.
        on_failure: receives errors of the API, which don't end the watch.
        monotonic: monotonic clock in seconds.
        wait: sleeps for a number of seconds.

    Raises:
        UnreachableError: if nothing could be read until the end.
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
