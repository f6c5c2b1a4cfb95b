"""CSV for spreadsheets: safe to open, written atomically, readable by the owner only."""

import contextlib
import csv
import io
import json
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from xuna_cli.contacts.apostrophes import REJECT_COLUMNS, as_reject, guard, reject_columns
from xuna_cli.errors import InputError, reason_of
from xuna_cli.models import BEYOND_THE_HEADER, Rejection
from xuna_cli.output.files import is_ordinary, open_in_place, refuse_ledger, replacing


def cell(value: object) -> str:
    """Format a value as a cell that a spreadsheet does not calculate (OWASP: CSV injection)."""
    if value is None:
        return ""
    return guard(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def write_rows(stream: IO[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a header and rows."""
    stream.write(line([cell(name) for name in header]))
    stream.writelines(line([cell(value) for value in row]) for row in rows)


def line(cells: Sequence[str]) -> str:
    """Format a row of safe cells, with a line break."""
    stream = io.StringIO()
    # The csv module does not quote a lone carriage return, at which readers end a row.
    returns = any("\r" in text for text in cells)
    csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL).writerow(
        cells
    )
    return stream.getvalue()


class Rejects:
    """The file of `--rejects`: rejected rows to fix and call. Thread-safe.

    Rows are spooled until the end, since a JSON contact may have columns that no contact
    before had.

    Args:
        path: the output file.
        columns: the list's columns.
    """

    OURS = REJECT_COLUMNS

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        refuse_ledger(path)
        try:
            if path.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            if not path.parent.is_dir():
                raise NotADirectoryError(0, "the folder does not exist")
            # Opened now, so that a pipe without a reader is reported before anything is sent.
            self._in_place = None if is_ordinary(path) else os.fdopen(open_in_place(path), "w", newline="")
            # Spooled in the same folder, so that an unwritable folder is reported before anything is sent.
            folder = path.parent if self._in_place is None else None
            self._spool = tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder)  # noqa: SIM115 - closed in `discard`
        except OSError as error:
            raise _unwritable(path, error) from None
        self._path = path
        self._columns = dict.fromkeys(columns)
        self._lock = threading.Lock()
        self._broken: OSError | None = None

    def add(self, rejection: Rejection) -> None:
        """Add a rejection; fields that could not be read stay empty.

        `write` reports a full disk, which must not stop the calls in progress.
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
        """Delete the spooled rows; repeating does nothing."""
        with contextlib.suppress(OSError):  # `write` has reported what could not be flushed
            self._spool.close()
        if self._in_place is not None:
            with contextlib.suppress(OSError):
                self._in_place.close()

    def write(self) -> None:
        """Write the file even without rows, so that no old file is taken for this run's.

        Raises:
            InputError: the file can't be written, or a row could not be spooled.
        """
        # A fixed file of rejects has our columns already: they are replaced. Columns that only happen to have the same
        # names belong to the list and are kept: their cells are spoken.
        fed_back = reject_columns(list(self._columns))
        columns = [name for name in self._columns if name not in fed_back]
        prefix = "" if set(self.OURS).isdisjoint(columns) else "xuna_"
        ours = [prefix + name for name in self.OURS]
        with self._lock, self._destination() as stream:
            if self._broken is not None:
                raise self._broken
            self._spool.seek(0)
            rows = (
                # Surplus cells stay beyond the header: unless fixed, the row is too long again.
                (*(as_reject(fields.get(name)) for name in columns), *said, *beyond)
                for *said, beyond, fields in map(json.loads, self._spool)
            )
            write_rows(stream, (*columns, *ours), rows)

    @contextlib.contextmanager
    def _destination(self) -> Iterator[IO[str]]:
        if self._in_place is None:
            with replacing(self._path) as stream:
                yield stream
            return
        try:
            yield self._in_place
            self._in_place.flush()
        except BrokenPipeError:  # a reader who has left early: no failure, as with stdout
            pass
        except OSError as error:
            raise _unwritable(self._path, error) from None


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} can't be written: {reason_of(error, writing=True)}",
        hint="name another file with --rejects",
        code="output-unwritable",
    )
