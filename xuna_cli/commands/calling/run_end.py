"""Finish a run, whatever its result: event log, metrics and the command of `--on-end`.

A failure here is only a warning; it changes neither the run nor its exit code.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.calling.call_inputs import campaign_of
from xuna_cli.commands.context import check_output_file, ledger_if_there, location_in
from xuna_cli.commands.error_sources import with_source
from xuna_cli.commands.options import Output
from xuna_cli.errors import ExitStatus, InputError, OutputError, UsageError, XunaError, reason_of
from xuna_cli.interrupts import INTERRUPTS
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.files import refuse_outputs
from xuna_cli.output.masking import masked_data
from xuna_cli.output.messages import print_error, say
from xuna_cli.output.result import document_of, dump, print_remarks, print_result
from xuna_cli.settings import Given

if TYPE_CHECKING:
    from xuna_cli.ledger.records import BatchRecord
    from xuna_cli.output.event_log import EventLog
    from xuna_cli.output.run import RunResult

ResultT = TypeVar("ResultT", "BatchCallResult", "RunResult")

ON_END_LIMIT_S = 60.0
STDERR = 2


def run_to_end(
    command: str,
    options: BatchCallOptions,
    work: "Callable[[EventLog | None], ResultT]",
    failed: "Callable[[BaseException], ResultT]",
) -> ExitStatus:
    """Do the work of a command that calls people, print its result, and return the exit code.

    Args:
        command: name of the command.
        options: its options.
        work: what it does, given the event log.
        failed: makes the result of work that failed before it had one.

    Raises:
        XunaError: the work could not start. With `--output json`, the error is also printed as a document.
    """
    end = RunEnd(command, options)
    try:
        end.open()
        result = work(end.log)
    except BaseException as error:
        if isinstance(error, XunaError):
            with_source(error, options)
        unfinished = failed(error)
        try:
            if options.output is Output.JSON and isinstance(error, XunaError):
                print_result(command, unfinished, Output.JSON)
        finally:
            end.tell(unfinished)
        raise
    status = result.exit_status
    try:
        if options.quiet and options.output is Output.TABLE:
            print_remarks(result, has_table=False)
        else:
            print_result(command, result, options.output)
        for each in result.errors:
            print_error(each)
    except OutputError as error:  # a failure here must not hide the result of the run
        print_error(error)
        status = status or error.exit_status
    end.tell(replace(result, exit_status=status))
    return status


class RunEnd:
    """Reports a run to the event log, the metrics file and `--on-end`.

    Args:
        command: name of the command.
        options: its options. A dry run is not reported.

    Attributes:
        log: the event log, opened by `open`, or None.
    """

    def __init__(self, command: str, options: BatchCallOptions) -> None:
        self._command = command
        self._options = options
        self._clock = options.clock
        self._began = self._clock.monotonic()
        self._metrics: Path | None = None
        self.log: EventLog | None = None

    def open(self) -> None:
        """Check the output files and open the log; raises as `check`."""
        self.check()
        if self._options.dry_run:
            return
        if (log := _path(self._options.log)) is not None:
            from xuna_cli.output.event_log import EventLog

            self.log = EventLog(log, on_failure=_warn, now=self._clock.now)

    def check(self) -> None:
        """Check the output files.

        Raises:
            XunaError: a file can't be written or must not be overwritten.
        """
        options = self._options
        log, metrics = _path(options.log), _path(options.metrics)
        refuse_outputs(log, metrics, options.rejects, options.report)
        for path in filter(None, (log, metrics, options.report)):
            check_output_file(options, path, options.inputs, location_in(options, aloud=False))
        for option, file in (("--log", log), ("--metrics", metrics)):
            if file is not None:
                _check_writable(file, option)
        if metrics is not None:
            if metrics.suffix != ".prom":
                raise UsageError(
                    f"--metrics {metrics}: the name of the file must end with .prom", code="metrics-name"
                )
            self._metrics = metrics

    def tell(self, result: "BatchCallResult | RunResult") -> None:
        """Report the end of the run."""
        options = self._options
        if options.dry_run:
            return
        INTERRUPTS.let_finish()
        seconds = self._clock.monotonic() - self._began
        calls = result.calls
        campaign = calls.campaign
        with contextlib.suppress(UsageError):
            campaign = campaign or campaign_of(options)
        if self.log is not None:
            self.log.ended(document_of("batch-call", calls), campaign=campaign, seconds=seconds)
            self.log.close()
        if self._metrics is not None:
            from xuna_cli.output.metrics import write_metrics

            try:
                write_metrics(
                    self._metrics,
                    campaign=campaign or "",
                    report=calls.report,
                    held=self._held(campaign) if calls.ledger is None else calls.held,
                    exit_code=result.exit_status,
                    ended_at=self._clock.now(),
                    seconds=seconds,
                )
            except InputError as error:
                _warn(error.message)
        if options.on_end is not None:
            document = dump(document_of(self._command, result))
            run_on_end(options.on_end, masked_data(document), int(result.exit_status))

    def _held(self, campaign: str | None) -> "Sequence[BatchRecord] | None":
        """Return the held batches of a campaign whose run failed before it looked; None if they can't be read."""
        from xuna_cli.ledger.campaigns import campaigns

        options = self._options
        try:
            ledger = ledger_if_there(location_in(options, aloud=False), now=options.clock.now)
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
        _warn(f"the --on-end command can't be run: {reason_of(error)}")
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


def _check_writable(path: Path, option: str) -> None:
    """Raise InputError if a file can't be written; after the calls, this would be known too late."""
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        why = "it is a folder" if path.is_dir() else "its folder is missing or not writable"
        raise InputError(
            f"{option} {path} can't be written: {why}",
            hint=f"name another file with {option}",
            code="output-unwritable",
        )


def _path(given: Given | None) -> Path | None:
    return None if given is None else given.path


def _warn(words: str) -> None:
    say(f"xuna: warning: {words}")
