"""The event log of `--log`: a JSON line for each event of a run, for monitoring.

`xuna help log` describes the lines. They contain no cells, names or messages; numbers are masked.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from xuna_cli import __version__
from xuna_cli.dialing.context import Plan
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.report import Pause
from xuna_cli.errors import InputError, reason_of
from xuna_cli.ledger.records import BatchRecord, Run, RunDescription
from xuna_cli.ledger.who import host_name
from xuna_cli.models import CallTarget, Reason, Rejection
from xuna_cli.output.files import is_ordinary
from xuna_cli.output.masking import mask

VERSION = 1


class EventLog(RunObserver):
    """Appends events to a file. Thread-safe, and safe with other runs.

    Each line is appended by one system call, so that lines of several runs are never mixed. After the first line that
    can't be written, logging stops; the run goes on.

    Args:
        path: the file; a new one is readable by its owner only.
        on_failure: receives the message when logging stops.
        now: returns the time in UTC.

    Raises:
        InputError: the file can't be written.
    """

    def __init__(
        self,
        path: Path,
        on_failure: Callable[[str], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._on_failure = on_failure
        self._now = now
        self._run: dict[str, object] = {"run": None, "campaign": None}
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK  # don't wait for a pipe's reader
        try:
            self._descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise InputError(
                f"{path} can't be written: {reason_of(error, writing=True)}",
                hint="name another file with --log",
                code="log-unwritable",
            ) from None
        self._lock = threading.Lock()
        self._broken = False
        if is_ordinary(path):
            self._end_torn_line()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def started(self, run: Run, description: RunDescription, plan: Plan, *, ledger: str) -> None:
        """A run has begun.

        Args:
            run: this run in the ledger.
            description: the run's description in the ledger.
            plan: the sending plan.
            ledger: the ledger's location.
        """
        self._run = {"run": str(run.id), "campaign": description.campaign}
        self._write(
            "run",
            list=description.source_path,
            list_sha256=description.list_sha256,
            api=description.api_origin,
            ledger=ledger,
            batch_size=plan.batch_size,
            concurrency=plan.concurrency,
            limit=plan.limit,
            host=host_name(),
            pid=os.getpid(),
            xuna_version=__version__,
        )

    def rejection(self, rejection: Rejection) -> None:
        """A row is rejected or permanently screened out."""
        self._write("rejection", row=rejection.row_number, code=rejection.code)

    def deferral(self, target: CallTarget, reason: Reason) -> None:
        """A row has to wait until its person may be called."""
        self._write(
            "deferral",
            row=target.row_number,
            number=mask(target.to_phone_number),
            code=reason.code,
            zones=list(reason.zones),
            opens_at=None if reason.opens_at is None else _iso(reason.opens_at),
        )

    def batch(self, record: BatchRecord) -> None:
        """A POST has its outcome."""
        self._write(
            "batch",
            batch=str(record.id),
            batch_id=record.batch_id,
            state=record.state.value,
            calls=record.size,
            calls_initiated=record.calls_initiated,
            http_status=record.http_status,
        )

    def outcome(self, record: BatchRecord, targets: Sequence[CallTarget]) -> None:
        """The people of a batch are settled."""
        for target in targets:
            self._write(
                "outcome",
                row=target.row_number,
                number=mask(target.to_phone_number),
                attempt=target.attempt,
                state=record.state.value,
                batch=str(record.id),
                batch_id=record.batch_id,
            )

    def pause(self, pause: Pause) -> None:
        """Nothing is sent for a while."""
        self._write("pause", code=pause.code, reason=pause.reason, seconds=round(pause.seconds, 1))

    def ended(self, document: Mapping[str, object], *, campaign: str | None, seconds: float) -> None:
        """The command has ended.

        Args:
            document: the result's JSON document.
            campaign: the campaign's name, used if the result has none.
            seconds: duration of the command.
        """
        self._run["campaign"] = self._run["campaign"] or campaign
        errors = document.get("errors")
        self._write(
            "end",
            exit_code=document["exit_code"],
            status=document["status"],
            counts=document.get("counts"),
            errors=[error["code"] for error in errors] if isinstance(errors, list) else [],
            seconds=round(seconds, 3),
        )

    def _write(self, event: str, **facts: object) -> None:
        if self._broken:
            return
        line = {"v": VERSION, "at": _iso(self._now()), "event": event, **self._run, **facts}
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            if os.write(self._descriptor, data) == len(data):
                return
            reason = "the disk is full"
        except OSError as error:
            reason = reason_of(error, writing=True)
        with self._lock:
            first, self._broken = not self._broken, True
        if first:
            self._on_failure(
                f"{self._path} can't be written any more ({reason}); the run continues without it"
            )

    def _end_torn_line(self) -> None:
        """Begin a new line if the last writer was killed within a line."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, os.SEEK_END) == 0:
                    return
                file.seek(-1, os.SEEK_END)
                torn = file.read(1) != b"\n"
            if torn:
                os.write(self._descriptor, b"\n")
        except OSError:  # the file may be writable but not readable
            pass


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
