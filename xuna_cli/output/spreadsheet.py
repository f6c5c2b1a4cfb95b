"""CSV for spreadsheets: safe to open, written beside and renamed, readable only by its owner."""

import contextlib
import csv
import io
import json
import os
import tempfile
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from xuna_cli.contacts.apostrophes import REJECT_COLUMNS, as_reject, guard
from xuna_cli.errors import InputError
from xuna_cli.models import BEYOND_THE_HEADER, Rejection
from xuna_cli.output.files import is_ordinary, open_in_place, refuse_ledger, replacing


def cell(value: object) -> str:
    """Return a value as a cell that a spreadsheet shows and doesn't calculate (OWASP: CSV injection)."""
    if value is None:
        return ""
    return guard(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def write_rows(stream: IO[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a header and rows."""
    stream.write(line([cell(name) for name in header]))
    stream.writelines(line([cell(value) for value in row]) for row in rows)


def line(cells: Sequence[str]) -> str:
    """Return a row of cells that are safe already, with its line break."""
    stream = io.StringIO()
    # The csv module puts no quotes around a carriage return by itself, and readers end a row there.
    returns = any("\r" in text for text in cells)
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL).writerow(
        cells
    )
    return stream.getvalue()


class Rejects:
    """The file of `--rejects`: the rejected rows, to be fixed and fed back. Thread-safe.

    Rows are kept in a private spool until the end, since a JSON contact may bring columns that none
    before it had.

    Args:
        path: the file to be.
        columns: the list's.
    """

    OURS = REJECT_COLUMNS

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        refuse_ledger(path)
        try:
            if path.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            if not path.parent.is_dir():
                raise NotADirectoryError(0, "the folder does not exist")
            # Opened now: a pipe that nobody reads is told before anything is sent.
            self._in_place = None if is_ordinary(path) else os.fdopen(open_in_place(path), "w", newline="")
            # Spooled where it will be: a folder that takes no files is told before anything is sent.
            folder = path.parent if self._in_place is None else None
            self._spool = tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder)  # noqa: SIM115 - closed in `discard`
        except OSError as error:
            raise InputError(
                f"{path} can't be written: {error.strerror}",
                hint="name another file with --rejects",
                code="output-unwritable",
            ) from None
        self._path = path
        self._columns = dict.fromkeys(columns)
        self._lock = threading.Lock()
        self._broken: OSError | None = None

    def add(self, rejection: Rejection) -> None:
        """Keep a rejection; what the contact could not be read of is left empty.

        A disk that is full is said by `write`: it must not stop the calls that are under way.
        """
        fields = dict(rejection.contact.fields) if rejection.contact else {}
        beyond = fields.pop(BEYOND_THE_HEADER, ())
        said = [rejection.row_number, rejection.code, rejection.message, beyond]
        line = json.dumps([*said, fields], default=str)
        with self._lock:
            self._columns.update(dict.fromkeys(fields))
            try:
                self._spool.write(line + "\n")
            except OSError as error:
                self._broken = self._broken or error

    def discard(self) -> None:
        """Let go of what was kept; a second time does nothing."""
        with contextlib.suppress(OSError):  # what could not be flushed was said by `write`
            self._spool.close()
        if self._in_place is not None:
            with contextlib.suppress(OSError):
                self._in_place.close()

    def write(self) -> None:
        """Write the file, also when it has no rows: an old one must not be taken for this run's.

        Raises:
            InputError: if it can't be written, or not all of it could be kept.
        """
        # A list that was fixed before has our columns: they are replaced. Columns that only happen to
        # have one of the names are somebody's, and are kept.
        fed_back = set(self.OURS) <= self._columns.keys()
        columns = [name for name in self._columns if not (fed_back and name in self.OURS)]
        ours = [f"xuna_{name}" if name in columns else name for name in self.OURS]
        with self._lock, self._destination() as stream:
            if self._broken is not None:
                raise self._broken
            self._spool.seek(0)
            rows = (
                # Cells beyond the header stay beyond it: fed back as it is, the row is too long again.
                (*(as_reject(fields.get(name)) for name in columns), *said, *beyond)
                for *said, beyond, fields in map(json.loads, self._spool)
            )
            write_rows(stream, (*columns, *ours), rows)

    def _destination(self) -> contextlib.AbstractContextManager[IO[str]]:
        return replacing(self._path) if self._in_place is None else contextlib.nullcontext(self._in_place)
