"""Progress on stderr, only on a terminal."""

import contextlib
import io
import sys
from types import TracebackType
from typing import IO, Self, TextIO, cast

from xuna_cli.dialing.report import Progress


class ProgressLine:
    """Shows how far a run is; does nothing where nobody watches.

    Args:
        watched: whether stderr is a terminal and progress is wanted.
        total: people to call, where it is known.
    """

    def __init__(self, *, watched: bool, total: int | None) -> None:
        self._watched = watched
        self._total = total

    def __enter__(self) -> Self:
        if self._watched:
            from rich.console import Console  # noqa: PLC0415 - only where somebody watches
            from rich.progress import (  # noqa: PLC0415
                BarColumn,
                MofNCompleteColumn,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )
            from rich.progress import Progress as Bar  # noqa: PLC0415

            shape = [SpinnerColumn(), TextColumn("{task.fields[read]:,} read")]
            if self._total is not None:
                shape += [BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn()]
            shape += [TextColumn("{task.fields[words]}", markup=False), TimeElapsedColumn()]
            console = Console(file=cast(IO[str], _Stderr(sys.stderr)), force_terminal=True)
            self._bar = Bar(*shape, console=console, transient=True, refresh_per_second=5)
            self._task = self._bar.add_task("", total=self._total, read=0, words="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watched:
            self._bar.stop()

    def show(self, progress: Progress) -> None:
        """Show where things stand."""
        if not self._watched:
            return
        words = f"{progress.submitted:,} submitted, {progress.in_progress} of {progress.allowed} senders"
        if speed := self._bar.tasks[0].speed:
            words += f", {speed:,.0f}/s"
        if progress.paused_for:
            words += f", the API asked to wait {progress.paused_for:.0f} s"
        self._bar.update(self._task, completed=progress.submitted, read=progress.rows, words=words)


class _Stderr(io.TextIOBase):
    """Stderr as a file whose writes never fail, in rich's own thread neither.

    A terminal that was closed (EIO) ends what is shown, and not the run.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return stderr's; rich draws with what it can show."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write, where that can be."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, where that can be."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()
