"""Why rows were rejected: what the ledger keeps of it for reports."""

import threading
from collections import Counter
from collections.abc import Callable

from xuna_cli.dialing.report import Report
from xuna_cli.models import Rejection


class RejectionCodes:
    """Counts rejections by code and passes them on. Thread-safe.

    Args:
        on_rejection: gets each.
    """

    def __init__(self, on_rejection: Callable[[Rejection], None]) -> None:
        self._on_rejection = on_rejection
        self._lock = threading.Lock()
        self._codes: Counter[str] = Counter()

    def add(self, rejection: Rejection) -> None:
        """Count one."""
        with self._lock:
            self._codes[rejection.code] += 1
        self._on_rejection(rejection)

    def counts(self, report: Report) -> dict[str, int]:
        """Return what the ledger keeps of a run's rows."""
        # Screened rows are told of in the same way; they are no rejections.
        rejected = {
            f"rejected:{code}": rows for code, rows in self._codes.items() if code not in report.reasons
        }
        return {
            "rows": sum(report.counts.values()),
            "list_complete": int(report.list_complete),
            **report.counts,
            **rejected,
        }
