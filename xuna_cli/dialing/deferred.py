"""Deferred people: how many wait for which opening and, if the run waits, who they are."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from xuna_cli.dialing.report import Deferral
from xuna_cli.dialing.spool import Spool
from xuna_cli.models import CallTarget, Reason

Opening = tuple[tuple[str, ...], datetime]


class Deferred:
    """Deferred people. Thread-safe.

    Args:
        keep: whether to keep them for later in this run, on disk (in a file without a
            name, 0600), not in memory.
    """

    def __init__(self, *, keep: bool) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[Opening] = Counter()
        self._too_late = 0
        self._reasons: Counter[str] = Counter()
        self._spool = Spool() if keep else None

    def add(self, target: CallTarget, reason: Reason) -> None:
        """Add a person; without an opening, the person does not wait for one."""
        with self._lock:
            self._reasons[reason.code] += 1
            if reason.opens_at is None:
                self._too_late += 1
                return
            self._waiting[reason.zones, reason.opens_at] += 1
        if self._spool is not None:
            self._spool.add(target, [reason.zones, reason.opens_at.isoformat(), reason.code])

    @property
    def next_opening(self) -> datetime | None:
        """Time of the first opening; None if nobody waits."""
        with self._lock:
            return min((opens_at for _, opens_at in self._waiting), default=None)

    @property
    def too_late(self) -> int:
        """Number of deferred people who can't be called at any later time that the rules allow."""
        with self._lock:
            return self._too_late

    @property
    def people(self) -> int:
        """Number of people who wait for an opening."""
        with self._lock:
            return self._waiting.total()

    def take(self) -> Iterator[CallTarget]:
        """Remove and yield all people who wait for an opening; those not consumed stay deferred."""
        if self._spool is None:
            return
        for target, note in self._spool.take():
            zones, opens_at, code = cast(list[Any], note)
            opening = (tuple(zones), datetime.fromisoformat(opens_at))
            with self._lock:
                self._waiting[opening] -= 1
                self._reasons[code] -= 1
                if not self._waiting[opening]:
                    del self._waiting[opening]
            yield target

    def reasons(self) -> Counter[str]:
        """Return the number of deferred people by reason code."""
        with self._lock:
            return self._reasons.copy()

    def deferrals(self) -> tuple[Deferral, ...]:
        """Return the number of waiting people by opening, earliest first."""
        with self._lock:
            waiting = sorted(self._waiting.items(), key=lambda item: (item[0][1], item[0][0]))
        return tuple(Deferral(zones, opens_at, people) for (zones, opens_at), people in waiting)

    def close(self) -> None:
        """Delete the people; the numbers are kept."""
        if self._spool is not None:
            self._spool.close()
