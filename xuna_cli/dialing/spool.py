"""A spool on disk for people who are called later in this run."""

import json
import tempfile
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO

from xuna_cli.models import CallTarget, CallWindow, Contact


class Spool:
    """Call targets, each with a note, in a file without a name (0600). Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file: IO[str] | None = None

    def add(self, target: CallTarget, note: object = None) -> None:
        """Add a target with a note that JSON can hold."""
        with self._lock:
            self._file = self._file or _file()
            self._file.write(_line(target, note))

    def take(self) -> Iterator[tuple[CallTarget, object]]:
        """Remove and yield the targets with their notes; those not consumed stay."""
        with self._lock:
            file, self._file = self._file, None
        if file is None:
            return
        with file:
            file.seek(0)
            try:
                for line in file:
                    yield _read(line)
            finally:
                self._put_back(file)

    def _put_back(self, lines: Iterable[str]) -> None:
        with self._lock:
            for line in lines:
                self._file = self._file or _file()
                self._file.write(line)

    def close(self) -> None:
        """Delete all targets."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def _file() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")


def _line(target: CallTarget, note: object) -> str:
    contact = target.contact
    fields = None if contact is None else [contact.row_number, dict(contact.fields)]
    record = [
        target.row_number,
        target.key,
        target.to_phone_number,
        target.override,
        target.timezone,
        target.other_numbers,
        _window_line(target.window),
        target.attempt,
        fields,
        note,
    ]
    return json.dumps(record, default=str) + "\n"


def _read(line: str) -> tuple[CallTarget, object]:
    row_number, key, number, override, timezone, others, times, attempt, fields, note = json.loads(line)
    contact = None if fields is None else Contact(fields[0], fields[1])
    window = None if times is None else CallWindow(*map(_time, times))
    target = CallTarget(row_number, key, number, override, contact, timezone, tuple(others), window, attempt)
    return target, note


def _window_line(window: CallWindow | None) -> list[str | None] | None:
    if window is None:
        return None
    return [None if end is None else end.isoformat() for end in (window.after, window.before)]


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
