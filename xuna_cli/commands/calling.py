"""What `xuna batch-call` does, from its options to its exit code."""

import contextlib

from xuna_cli.commands.call_options import Options, source_of
from xuna_cli.commands.context import read_settings
from xuna_cli.commands.invocation import Invocation
from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.errors import (
    ExitStatus,
    OutputError,
    UsageError,
    XunaError,
)
from xuna_cli.output.document import BatchCallResult, batch_call_document
from xuna_cli.output.messages import emit, print_error, say
from xuna_cli.output.spreadsheet import batches_csv
from xuna_cli.settings import Settings

OUTPUTS = ("table", "json", "csv")


def call(options: Options) -> ExitStatus:
    """Do it, print the result, and return the exit code.

    Raises:
        XunaError: what stopped it before a row was read, where no document is asked for.
    """
    settings = read_settings(options.env_file)
    output = settings.get("XUNA_OUTPUT", options.output, option="--output", default="table").value
    if output not in OUTPUTS:
        raise UsageError(f"--output {output}: it has to be one of {', '.join(OUTPUTS)}")
    try:
        result = _call(options, settings)
    except XunaError as error:
        if output == "json":
            stats = RunStats()
            stats.error(error)
            stats.list_complete = False
            result = BatchCallResult(
                error.exit_status, None, None, options.dry_run, options.sandbox, None, False, stats.report()
            )
            emit(batch_call_document(result))
        raise
    try:
        _print(result, output, quiet=options.quiet)
    except OutputError as error:  # it must not hide what became of the run
        print_error(error)
        return result.exit_status or error.exit_status
    return result.exit_status


def _call(options: Options, settings: Settings) -> BatchCallResult:
    with contextlib.ExitStack() as stack:
        call_ = Invocation(options, settings, source_of(options, stack))
        call_.say_warnings()
        result = call_.rehearse() if options.dry_run else call_.run()
    nobody = result.report.list_complete and not any(result.report.counts.values())
    if nobody and not options.quiet:
        say(f"xuna: warning: {options.contacts} has no contacts in it")
    return result


def _print(result: BatchCallResult, output: str, *, quiet: bool) -> None:
    if output == "json":
        emit(batch_call_document(result))
    elif output == "csv":
        emit(batches_csv(result.report.batches))
    elif not quiet:
        from xuna_cli.output.table import console, print_result

        print_result(result, console())
    for error in result.report.errors:
        print_error(error)
