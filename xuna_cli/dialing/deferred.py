"""People who wait for their hours: how many for which opening, and, where the run stays, who they are."""

import json
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import IO

from xuna_cli.models import CallTarget, Contact, Deferral, Reason

Opening = tuple[tuple[str, ...], datetime]


class Deferred:
    """Who was deferred. Thread-safe.

    Args:
        keep: whether they are to be called later in this run; they are kept on disk (a file without a
            name, 0600), not in memory.
    """

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._waiting: Counter[Opening] = Counter()
        self._spool: IO[str] | None = None

    def add(self, target: CallTarget, reason: Reason) -> None:
        """Note that somebody waits for an opening."""
        if reason.opens_at is None:
            raise AssertionError(reason.code)
        with self._lock:
            self._waiting[reason.zones, reason.opens_at] += 1
            if self._keep:
                self._spool = self._spool or _spool()
                self._spool.write(_line(target, reason.zones, reason.opens_at))

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
        with self._lock:
            spool, self._spool = self._spool, None
        if spool is None:
            return
        with spool:
            spool.seek(0)
            for line in spool:
                target, opening = _read(line)
                with self._lock:
                    self._waiting[opening] -= 1
                    if not self._waiting[opening]:
                        del self._waiting[opening]
                yield target

    def deferrals(self) -> tuple[Deferral, ...]:
        """Return how many wait for which opening, the next one first."""
        with self._lock:
            waiting = sorted(self._waiting.items(), key=lambda item: (item[0][1], item[0][0]))
        return tuple(Deferral(zones, opens_at, people) for (zones, opens_at), people in waiting)

    def close(self) -> None:
        """Forget who they are; how many they were is kept."""
        with self._lock:
            if self._spool is not None:
                self._spool.close()
                self._spool = None


def _spool() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")


def _line(target: CallTarget, zones: tuple[str, ...], opens_at: datetime) -> str:
    contact = target.contact
    fields = None if contact is None else [contact.row_number, dict(contact.fields)]
    record = [
        target.row_number,
        target.key,
        target.to_phone_number,
        target.override,
        target.timezone,
        target.other_numbers,
        fields,
        zones,
        opens_at.isoformat(),
    ]
    return json.dumps(record, default=str) + "\n"


def _read(line: str) -> tuple[CallTarget, Opening]:
    row_number, key, number, override, timezone, others, fields, zones, opens_at = json.loads(line)
    contact = None if fields is None else Contact(fields[0], fields[1])
    return (
        CallTarget(row_number, key, number, override, contact, timezone, tuple(others)),
        (tuple(zones), datetime.fromisoformat(opens_at)),
    )
