"""Progress on stderr, only on a terminal: done and total, rate, and pauses."""

import contextlib
import io
import sys
import textwrap
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import IO, Self, TextIO, cast

from xuna_cli.dataclass import dataclass
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.report import Pause, Progress
from xuna_cli.output.messages import counted, safe, say, sentence

RATE_OVER_S = 60.0
SHORTEST_S = 2.0  # seconds over which the rate is measured
WHOLE_MINUTES_FROM_S = 90
WHOLE_HOURS_FROM_S = 5400
BETWEEN_PAUSES_SAID_S = 60.0
BETWEEN = " · "


class RecentRate:
    """Rate of people in the last minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, at: float, done: int) -> None:
        """Note the number of people done at a time in seconds."""
        self._seen.append((at, done))
        while len(self._seen) > 1 and self._seen[1][0] <= at - RATE_OVER_S:
            self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        """The rate; None if there is not enough data."""
        if not self._seen:
            return None
        (began, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - began) if now - began >= SHORTEST_S else None


@dataclass(frozen=True, slots=True)
class Expected:
    """Counts from before a run.

    Attributes:
        people: number of people to call; None if not counted.
        rows: number of rows in the list; None if not counted.
    """

    people: int | None = None
    rows: int | None = None


UNCOUNTED = Expected()


def progress_lines(
    progress: Progress, per_second: float | None, width: int, expected: Expected = UNCOUNTED
) -> list[str]:
    """Format the progress as lines that fit into the terminal; parts are not split."""
    parts = list(_how_far(progress, expected))
    nobody = progress.complete and not progress.people
    if progress.in_progress is not None and not nobody:
        if per_second is not None:
            parts.append(f"{_rounded(60 * per_second):,}/min")
            left = _people_left(progress, expected)
            if left is not None and left > 0 and per_second > 0:
                parts.append(f"{_duration(left / per_second)} left")
        parts.append(f"{counted(progress.in_progress, 'request', 'requests')} in progress")
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}{BETWEEN}{part}" if lines[-1] else part
        lines[-1:] = [longer] if len(longer) <= width or not lines[-1] else [lines[-1], part]
    return lines + (textwrap.wrap(pause_words(progress.pause), width) if progress.pause else [])


def _how_far(progress: Progress, expected: Expected) -> Iterator[str]:
    done = progress.done
    total = progress.people if progress.complete else expected.people
    if total == done == 0:
        yield "nobody to call"
        return
    if total is not None:
        total = max(total, done)
        yield f"{done:,} of {total:,} called ({100 * done // total}%)"
        return
    if progress.in_progress is not None:
        yield f"{done:,} called"
    if expected.rows:
        share = min(100, 100 * progress.rows // expected.rows)
        yield f"{progress.rows:,} of {counted(expected.rows, 'row', 'rows')} read ({share}%)"
    else:
        yield f"{counted(progress.rows, 'row', 'rows')} read"


def _people_left(progress: Progress, expected: Expected) -> float | None:
    """Return the number of people still to be called; None if unknown."""
    if progress.complete:
        return progress.people - progress.done
    if expected.people is not None:
        return expected.people - progress.done
    if expected.rows and progress.rows:  # assume the same share of people in the remaining rows
        return progress.people * max(1.0, expected.rows / progress.rows) - progress.done
    return None


def _rounded(number: float) -> int:
    """Round a number to two significant digits, since more would only flicker."""
    whole = round(number)
    return round(whole, 2 - len(str(whole)))


def pause_words(pause: Pause) -> str:
    """Describe a pause and what comes next."""
    words = f"{sentence(pause.reason)} Retrying in {_duration(pause.seconds)}"
    if pause.gives_up_in is not None:
        words += f"; the run stops after at most {_duration(pause.gives_up_in)} without an answer"
    return f"{words}."


def _duration(seconds: float) -> str:
    if seconds < WHOLE_MINUTES_FROM_S:
        return f"{max(1, round(seconds))} s"
    if seconds < WHOLE_HOURS_FROM_S:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600, 1):g} h"


class PausesSaid(RunObserver):
    """Prints pauses at intervals, if there is no progress line.

    Args:
        monotonic: time in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._said_at = float("-inf")

    def pause(self, pause: Pause) -> None:
        """Print the pause, unless one was printed recently."""
        now = self._monotonic()
        if now - self._said_at >= BETWEEN_PAUSES_SAID_S:
            self._said_at = now
            say(f"xuna: {pause_words(pause)}")


class ProgressLine:
    """Shows the progress of a run, if watched.

    Args:
        watched: whether stderr is a terminal and progress is wanted.
        expected: counts from before the run.
        monotonic: time in seconds.
    """

    def __init__(
        self,
        *,
        watched: bool,
        expected: Expected = UNCOUNTED,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watched = watched
        self._expected = expected
        self._monotonic = monotonic
        self._rate = RecentRate()

    def __enter__(self) -> Self:
        if self._watched:
            from rich.console import Console  # noqa: PLC0415 - only where somebody watches
            from rich.live import Live  # noqa: PLC0415

            console = Console(file=cast(IO[str], _Stderr(sys.stderr)), force_terminal=True)
            self._live = Live(console=console, transient=True, refresh_per_second=5)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watched:
            self._live.stop()

    def show(self, progress: Progress) -> None:
        """Show the progress."""
        if not self._watched:
            return
        self._rate.note(self._monotonic(), progress.done)
        self._draw(
            progress_lines(progress, self._rate.per_second, self._live.console.width - 1, self._expected)
        )

    def show_text(self, text: str) -> None:
        """Show a line of text."""
        if self._watched:
            self._draw([text])

    def _draw(self, lines: Sequence[str]) -> None:
        from rich.text import Text  # noqa: PLC0415 - only where somebody watches

        self._live.update(Text("\n".join(map(safe, lines)), no_wrap=True, overflow="fold"))


class _Stderr(io.TextIOBase):
    """Stderr as a file whose writes never fail, not even in rich's thread.

    A closed terminal (EIO) ends the display, not the run.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return stderr's encoding, from which rich chooses its characters."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write, ignoring errors."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, ignoring errors."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()
