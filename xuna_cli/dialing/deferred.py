"""People who wait for their hours: how many for which opening, and, where the run stays, who they are."""

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
    """Who was deferred. Thread-safe.

    Args:
        keep: whether they are to be called later in this run; they are kept on disk (a file without a
            name, 0600), not in memory.
    """

    def __init__(self, *, keep: bool) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[Opening] = Counter()
        self._reasons: Counter[str] = Counter()
        self._spool = Spool() if keep else None

    def add(self, target: CallTarget, reason: Reason) -> None:
        """Note that somebody waits for an opening."""
        if reason.opens_at is None:
            raise AssertionError(reason.code)
        with self._lock:
            self._waiting[reason.zones, reason.opens_at] += 1
            self._reasons[reason.code] += 1
        if self._spool is not None:
            self._spool.add(target, [reason.zones, reason.opens_at.isoformat(), reason.code])

    @property
    def next_opening(self) -> datetime | None:
        """When the first of them can be called; None: nobody waits."""
        with self._lock:
            return min((opens_at for _, opens_at in self._waiting), default=None)

    @property
    def people(self) -> int:
        """How many wait."""
        with self._lock:
            return self._waiting.total()

    def take(self) -> Iterator[CallTarget]:
        """Yield everybody who waits; each waits no longer when it is given. Who is left out waits on."""
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
        """Return how many wait for which reason, by its code."""
        with self._lock:
            return self._reasons.copy()

    def deferrals(self) -> tuple[Deferral, ...]:
        """Return how many wait for which opening, the next one first."""
        with self._lock:
            waiting = sorted(self._waiting.items(), key=lambda item: (item[0][1], item[0][0]))
        return tuple(Deferral(zones, opens_at, people) for (zones, opens_at), people in waiting)

    def close(self) -> None:
        """Forget who they are; how many they were is kept."""
        if self._spool is not None:
            self._spool.close()
