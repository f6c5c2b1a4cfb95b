"""The result of a run or a dry run of a prepared list."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from xuna_cli.commands.calling.call_inputs import again
from xuna_cli.commands.calling.prepared_list import PreparedList
from xuna_cli.dialing.report import Report
from xuna_cli.errors import ExitStatus, InputError, LedgerError, most_important
from xuna_cli.interrupts import INTERRUPTS
from xuna_cli.ledger.last_calls import RecentlyCalled
from xuna_cli.ledger.records import BatchRecord
from xuna_cli.output.batch_call import BatchCallResult

if TYPE_CHECKING:
    from xuna_cli.dialing.preview import Preview
    from xuna_cli.output.spreadsheet import Rejects


def call_result(
    prepared: PreparedList,
    report: Report,
    *,
    ledger: str,
    dry_run: bool = False,
    ledger_created: bool = False,
    run_id: int | None = None,
    held: Sequence[BatchRecord] = (),
    recently: RecentlyCalled | None = None,
    preview: "Preview | None" = None,
) -> BatchCallResult:
    """Build the result of a run or a dry run, with its exit code."""
    # An outcome missing from the ledger is worse than the write error that caused it.
    unrecorded = any(error.code == "outcome-unrecorded" for error in report.errors)
    statuses = {
        error.exit_status for error in report.errors if not (unrecorded and isinstance(error, LedgerError))
    }
    if INTERRUPTS.signum is not None:
        statuses.add(ExitStatus(128 + INTERRUPTS.signum))
    if report.counts["rejected"] or report.lacks_data:
        statuses.add(ExitStatus.REJECTED)
    if held:
        statuses.add(ExitStatus.HELD)
    return BatchCallResult(
        exit_status=most_important(statuses),
        campaign=prepared.campaign,
        run_id=run_id,
        dry_run=dry_run,
        sandbox=prepared.options.sandbox,
        ledger=ledger,
        ledger_created=ledger_created,
        report=report,
        held=held,
        address=prepared.address,
        rejects=str(prepared.options.rejects) if prepared.options.rejects is not None else None,
        again=again(prepared.options, prepared.campaign),
        marks=prepared.targets.lint.warnings,
        list_use=prepared.targets.plan.use,
        do_not_call_lists=[each.list for each in prepared.screening.do_not_call.lists],
        plus_added=prepared.targets.plus_added,
        recently=recently,
        preview=preview,
    )


def written(rejects: "Rejects | None", report: Report) -> Report:
    """Write the rejects; a failure must not hide the run's result."""
    try:
        if rejects is not None:
            rejects.write()
    except InputError as error:
        return replace(report, errors=(*report.errors, error))
    return report
