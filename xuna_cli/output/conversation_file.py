"""Conversations as lines of a file that the next export continues."""

import csv
import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from xuna_cli.errors import InputError, reason_of
from xuna_cli.ledger.conversations import iso, verdict
from xuna_cli.models import Conversation
from xuna_cli.output import spreadsheet
from xuna_cli.output.messages import Stdout, safe

COLUMNS = (
    "conversation_id",
    "agent_id",
    "started_at",
    "duration",
    "external_number",
    "direction",
    "batch_id",
    "status",
    "outcome",
    "evaluation",
    "collected_data",
    "audio",
)


def as_row(one: Conversation) -> dict[str, object]:
    """Return a conversation as a dict with the keys `COLUMNS`."""
    return {
        "conversation_id": one.conversation_id,
        "agent_id": one.agent_id,
        "started_at": began(one),
        "duration": one.duration,
        "external_number": one.external_number,
        "direction": one.direction,
        "batch_id": one.batch_call_id,
        "status": one.status,
        "outcome": verdict(one).value,
        "evaluation": {
            name: {"result": judged.result, "rationale": judged.rationale}
            for name, judged in one.evaluation.items()
        },
        "collected_data": dict(one.collected),
        "audio": one.audio,
    }


def began(one: Conversation) -> str | None:
    """Return the begin of a conversation in the ledger's time format."""
    return None if one.started_at is None else iso(one.started_at)


class ConversationFile:
    """Writes conversations as lines to stdout or to a file, which is continued if it exists.

    The incomplete line of a killed export is cut off when the file is opened again.

    Args:
        path: the file, which becomes 0600; None for stdout.
        form: `jsonl` or `csv`.
        with_transcript: whether each line has the transcript.

    Attributes:
        found: number of existing lines, after `ids` was read.
        written: number of added lines.

    Raises:
        InputError: the file can't be written, is in use, is not such an export, or is not a regular file.
    """

    def __init__(self, path: Path | None, form: str, *, with_transcript: bool) -> None:
        self.found = 0
        self.written = 0
        self._path = path
        self._csv = form == "csv"
        self._with_transcript = with_transcript
        self._header = (*COLUMNS, "transcript") if with_transcript else COLUMNS
        self._stream = cast(IO[str], Stdout())

    def __enter__(self) -> Self:
        empty = True
        if self._path is not None:
            try:
                descriptor = self._open(self._path)
                self._stream = os.fdopen(
                    descriptor, "a", encoding="utf-8", errors="backslashreplace", newline="\n"
                )
            except OSError as error:
                raise self._unusable(
                    f"it can't be written ({reason_of(error, writing=True)})", "name another file"
                ) from None
            try:
                empty = self._continue(descriptor)
            except BaseException:
                self._stream.close()
                raise
        if empty and self._csv:
            self._stream.write(self._csv_line(self._header))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._path is None:
            return
        try:
            with self._stream:
                self._stream.flush()
                os.fsync(self._stream.fileno())
        except OSError as failed:
            raise self._unusable(
                f"it can't be written ({reason_of(failed, writing=True)})", "free some disk space"
            ) from None

    def ids(self) -> Iterator[str]:
        """Yield the ids of the conversations in the file.

        Raises:
            InputError: the file is not an export of the same form.
        """
        if self._path is None:
            return
        self._stream.flush()
        with self._path.open(encoding="utf-8", newline="\n") as lines:
            try:
                for line in islice(lines, int(self._csv), None):
                    yield self._id_in(line)
                    self.found += 1
            except (ValueError, UnicodeError, csv.Error):
                raise self._foreign(self.found + 1 + self._csv) from None

    def write(self, one: Conversation) -> None:
        """Write a conversation; raise InputError if that fails."""
        values = as_row(one)
        if self._with_transcript:
            values["transcript"] = [
                {"speaker": turn.speaker, "at": turn.at, "message": turn.message} for turn in one.transcript
            ]
        line = (
            self._csv_line([values[name] for name in self._header])
            if self._csv
            else json.dumps(values) + "\n"
        )
        if self._path is None:
            self._stream.write(line)
        else:
            try:
                self._stream.write(line)
            except OSError as error:
                raise self._unusable(
                    f"it can't be written ({reason_of(error, writing=True)})", "free some disk space"
                ) from None
        self.written += 1

    def _id_in(self, line: str) -> str:
        if self._csv:
            [row] = csv.reader([line])
            if len(row) != len(self._header):
                raise ValueError
            return row[0].removeprefix("'")
        values = json.loads(line)
        if set(values) != set(self._header):
            raise ValueError
        return str(values["conversation_id"])

    def _csv_line(self, values: Sequence[object]) -> str:
        cells = [
            spreadsheet.cell(value if isinstance(value, str | None) else json.dumps(value))
            for value in values
        ]
        # Each row is one line, so that an incomplete one is recognized.
        return spreadsheet.line([safe(text) for text in cells])

    def _open(self, path: Path) -> int:
        """Open the file without following links; pipes and devices can't be continued."""
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            raise self._unusable(
                "it is a symbolic link, which is not allowed here", "name the file that the link points to"
            ) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise self._unusable(
                "it is not a regular file", "name another file, or write to stdout without --to"
            )
        return descriptor

    def _continue(self, descriptor: int) -> bool:
        """Lock and check an existing export, cut off an incomplete line, and return whether the file is empty."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._check_first_line()
            os.fchmod(descriptor, 0o600)  # only the owner may read transcripts, whoever created the file
            return self._cut_off_half_a_line(descriptor) == 0
        except BlockingIOError:
            raise self._unusable(
                "another export is writing to this file", "wait until that export has ended"
            ) from None
        except OSError as error:
            raise self._unusable(
                f"it can't be written ({reason_of(error, writing=True)})", "name another file"
            ) from None

    def _cut_off_half_a_line(self, descriptor: int) -> int:
        """Drop everything after the last line break; return the remaining size."""
        size = end = os.fstat(descriptor).st_size
        while end > 0:
            start = max(0, end - 65_536)
            block = os.pread(descriptor, end - start, start)
            if (position := block.rfind(b"\n")) >= 0:
                end = start + position + 1
                break
            end = start
        if end < size:
            os.ftruncate(descriptor, end)
        return end

    def _check_first_line(self) -> None:
        """Raise for a file that is not such an export."""
        path = self._path or Path()
        ours = b"conversation_id," if self._csv else b'{"conversation_id": '
        with path.open("rb") as file:
            head = file.read(len(ours))
            if not ours.startswith(head):
                raise self._foreign(1)
            line = (head + file.readline()).decode("utf-8", "replace")
        if not line.endswith("\n"):
            return  # empty, or a part of this export's first line
        try:
            if self._csv:
                if next(csv.reader([line])) != list(self._header):
                    raise ValueError
            else:
                self._id_in(line)
        except (ValueError, csv.Error):
            raise self._foreign(1) from None

    def _foreign(self, line: int) -> InputError:
        return self._unusable(
            f"the file exists, but line {line} does not come from the same kind of export",
            "name another file, or give the same --output and --with-transcript as before",
        )

    def _unusable(self, why: str, hint: str) -> InputError:
        return InputError(f"{self._path}: {why}", hint=hint, code="output-unwritable")
