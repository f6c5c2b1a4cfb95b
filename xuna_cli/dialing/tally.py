"""What became of every row, counted once."""

import threading
from collections import Counter

from xuna_cli.errors import XunaError
from xuna_cli.models import COUNTS, BatchRecord, CallTarget, Rejection, Report, Standing

REJECTIONS_KEPT = 1_000


class Tally:
    """The counts of a run, and what its report will say. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._batches: list[BatchRecord] = []
        self._rejections: list[Rejection] = []
        self._errors: list[XunaError] = []
        self.example: CallTarget | None = None
        self.rows = 0
        self.list_complete = True

    def count(self, what: str | Standing, rows: int = 1) -> None:
        """Note that so many rows became `what`, one of `COUNTS`."""
        with self._lock:
            self._counts[str(what)] += rows

    def reject(self, rejection: Rejection) -> None:
        """Note a rejected row."""
        with self._lock:
            self._counts["rejected"] += 1
            if len(self._rejections) < REJECTIONS_KEPT:
                self._rejections.append(rejection)

    def batch(self, record: BatchRecord) -> None:
        """Note the outcome of a POST."""
        with self._lock:
            self._batches.append(record)

    def error(self, error: XunaError) -> None:
        """Note what stopped the run; the same thing said twice is said once."""
        with self._lock:
            if all((known.code, known.message) != (error.code, error.message) for known in self._errors):
                self._errors.append(error)

    def get(self, what: str) -> int:
        """Return a count."""
        return self._counts[what]

    def report(self, *, refusals: int = 0, paused: float = 0.0) -> Report:
        """Return all of it, frozen."""
        with self._lock:
            return Report(
                counts={name: self._counts[name] for name in COUNTS},
                batches=tuple(self._batches),
                rejections=tuple(self._rejections),
                list_complete=self.list_complete,
                errors=tuple(self._errors),
                example=self.example,
                refusals=refusals,
                paused=paused,
            )
