"""Finish a run, whatever its result: event log, metrics and the command of `--on-end`.

A failure here is only a warning; it changes neither the run nor its exit code.
"""

import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xuna_cli.commands.call_inputs import STDIN, campaign_of
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.context import check_output_file, ledger_if_there, ledger_location
from xuna_cli.errors import InputError, UsageError, XunaError
from xuna_cli.interrupts import INTERRUPTS
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.files import refuse_outputs
from xuna_cli.output.masking import masked_data
from xuna_cli.output.messages import say
from xuna_cli.output.result import document_of, dump
from xuna_cli.settings import Given

if TYPE_CHECKING:
    from xuna_cli.ledger.records import BatchRecord
    from xuna_cli.output.event_log import EventLog

ON_END_LIMIT_S = 60.0
STDERR = 2


class RunEnd:
    """Reports a run to the event log, the metrics file and `--on-end`.

    Args:
        options: options of batch-call. A dry run is not reported.

    Attributes:
        log: the event log, opened by `open`, or None.
    """

    def __init__(self, options: BatchCallOptions) -> None:
        self._options = options
        self._clock = options.clock
        self._began = self._clock.monotonic()
        self._metrics: Path | None = None
        self.log: EventLog | None = None

    def open(self) -> None:
        """Check the output files and open the log.

        Raises:
            XunaError: a file can't be written or must not be overwritten.
        """
        options = self._options
        if options.dry_run:
            return
        log, metrics = _path(options.log), _path(options.metrics)
        refuse_outputs(log, metrics, options.rejects)
        for path in filter(None, (log, metrics)):
            self._check(path)
        if metrics is not None:
            if metrics.suffix != ".prom":
                raise UsageError(f"the file name {metrics} must end with .prom", code="metrics-name")
            if not os.access(metrics.parent, os.W_OK | os.X_OK):
                raise InputError(
                    f"{metrics} can't be written: its folder is missing or not writable",
                    hint="name another file with --metrics",
                    code="output-unwritable",
                )
            self._metrics = metrics
        if log is not None:
            from xuna_cli.output.event_log import EventLog

            self.log = EventLog(log, on_failure=_warn, now=self._clock.now)

    def _check(self, path: Path) -> None:
        options = self._options
        location = ledger_location(
            options.ledger, sandbox=options.sandbox, simulation=options.simulation, aloud=False
        )
        check_output_file(
            path,
            [
                None if options.contacts == STDIN else Path(options.contacts),
                options.first_message_file,
                *(options.do_not_call or ()),
            ],
            settings=options.settings,
            env_file=options.env_file,
            ledger=location if isinstance(location, Path) else None,
        )

    def tell(self, result: BatchCallResult) -> None:
        """Report the end of the run."""
        options = self._options
        if options.dry_run:
            return
        INTERRUPTS.let_finish()
        seconds = self._clock.monotonic() - self._began
        campaign = result.campaign
        with contextlib.suppress(UsageError):
            campaign = campaign or campaign_of(options)
        document = document_of("batch-call", result)
        if self.log is not None:
            self.log.ended(document, campaign=campaign, seconds=seconds)
            self.log.close()
        if self._metrics is not None:
            from xuna_cli.output.metrics import write_metrics

            try:
                write_metrics(
                    self._metrics,
                    campaign=campaign or "",
                    report=result.report,
                    held=self._held(campaign) if result.ledger is None else result.held,
                    exit_code=result.exit_status,
                    ended_at=self._clock.now(),
                    seconds=seconds,
                )
            except InputError as error:
                _warn(error.message)
        if options.on_end is not None:
            run_on_end(options.on_end, masked_data(dump(document)), int(result.exit_status))

    def _held(self, campaign: str | None) -> "Sequence[BatchRecord] | None":
        """Return the held batches of a campaign whose run failed before it looked; None if they can't be read."""
        from xuna_cli.ledger.campaigns import campaigns

        options = self._options
        try:
            ledger = ledger_if_there(ledger_location(options.ledger, sandbox=options.sandbox, aloud=False))
            if ledger is None:
                return ()
            with contextlib.closing(ledger):
                found = next((each for each in campaigns(ledger) if each.name == campaign), None)
                return () if found is None else ledger.batches(found.id, held_only=True)
        except XunaError:
            return None


def run_on_end(command: str, document: str, exit_code: int, limit: float = ON_END_LIMIT_S) -> None:
    """Run a command with a document on its stdin; its output goes to stderr.

    Args:
        command: shell command.
        document: JSON text for the command's stdin.
        exit_code: exit code of this process, passed as `XUNA_EXIT_CODE`.
        limit: seconds after which the command and its children are killed.
    """
    import subprocess

    try:
        process = subprocess.Popen(  # noqa: S602 - the user's own command
            command,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=STDERR,
            env={**os.environ, "XUNA_EXIT_CODE": str(exit_code)},
            start_new_session=True,
        )
    except OSError as error:
        _warn(f"the --on-end command can't be run: {error.strerror}")
        return
    try:
        process.communicate(document.encode(), timeout=limit)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        _warn(f"the --on-end command took longer than {limit:g} s and was killed")
        return
    if process.returncode:
        _warn(f"the --on-end command failed with exit code {process.returncode}")


def _path(given: Given | None) -> Path | None:
    return None if given is None else (given.folder or Path()) / Path(given).expanduser()


def _warn(words: str) -> None:
    say(f"xuna: warning: {words}")
