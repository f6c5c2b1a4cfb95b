"""The JSON document: what scripts read. Its shape is design.md's, its version is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xuna_cli.contacts.columns import ListUse
from xuna_cli.dialing.report import COUNTS, Report
from xuna_cli.errors import ExitStatus
from xuna_cli.ledger.records import BatchRecord
from xuna_cli.models import LintWarning, Rejection
from xuna_cli.output.campaigns import batch_document
from xuna_cli.output.result import VERSION, dump, error_document
from xuna_cli.output.screening import screening_document
from xuna_cli.screening.do_not_call import NumberList


@dataclass(frozen=True, slots=True)
class BatchCallResult:
    """All that is to be said of one `xuna batch-call`.

    Attributes:
        exit_status: what the process ends with.
        campaign: its name; None where it did not come to that.
        run_id: the ledger's; None in a dry run.
        dry_run: whether nothing was sent on purpose.
        sandbox: whether nobody was really called.
        ledger: where it is; None where it did not come to that.
        ledger_created: whether this run made it.
        report: what became of the rows.
        held: the campaign's batches that wait for a person.
        marks: what looks wrong about what is said.
        list_use: which of the list's columns steer its calls; None where it did not come to that.
        rejects: the file with the rejected rows, if it was asked for.
        again: the command that feeds that file back.
        do_not_call_lists: the files of this run.
        plus_added: rows whose number had its country code, and no +, and was read with one.
        address: how a command that we suggest names the campaign and its ledger.
    """

    exit_status: ExitStatus
    campaign: str | None
    run_id: int | None
    dry_run: bool
    sandbox: bool
    ledger: str | None
    ledger_created: bool
    report: Report
    held: Sequence[BatchRecord] = ()
    marks: Sequence[LintWarning] = ()
    address: str = ""
    rejects: str | None = None
    again: str = ""
    list_use: ListUse | None = None
    do_not_call_lists: Sequence[NumberList] = ()
    plus_added: int = 0

    @property
    def status(self) -> str:
        """`success`, `partial` or `error`."""
        if self.exit_status is ExitStatus.OK:
            return "success"
        return "partial" if self.report.counts["accepted"] else "error"


def batch_call_document(result: BatchCallResult) -> str:
    """Return the document of a `batch-call`, with a line break at its end."""
    report = result.report
    document = {
        "xuna_result_version": VERSION,
        "command": "batch-call",
        "status": result.status,
        "exit_code": int(result.exit_status),
        "campaign": result.campaign,
        "run_id": None if result.run_id is None else str(result.run_id),
        "dry_run": result.dry_run,
        "sandbox": result.sandbox,
        "ledger": None
        if result.ledger is None
        else {"path": result.ledger, "created": result.ledger_created},
        "list": None if result.list_use is None else _list_use(result.list_use),
        "list_complete": report.list_complete,
        "counts": {
            "rows": sum(report.counts.values()),
            **{name: report.counts[name] for name in COUNTS},
        },
        "phone_numbers": {"plus_added": result.plus_added},
        "do_not_call_lists": [
            {"name": one.name, "numbers": len(one.numbers), "unassigned": one.unassigned}
            for one in result.do_not_call_lists
        ],
        "pacing": {"refusals": report.refusals, "paused_seconds": round(report.paused, 3)},
        "refused_by_api": {"in_this_run": report.refused_calls, "earlier": report.refused_earlier},
        "batches": [batch_document(record) for record in report.batches],
        "held_batches": [
            {
                "id": str(record.id),
                "state": record.state.value,
                "calls": record.size,
                "batch_id": record.batch_id,
                "submitted_at": record.submitted_at,
                "error": record.error,
            }
            for record in result.held
        ],
        **screening_document(report, result.marks),
        "rejections_total": report.counts["rejected"],
        "duplicates": [{"row": row, "of_row": of_row} for row, of_row in report.duplicates],
        "rejection_causes": [
            {
                "code": cause.code,
                "field": cause.field,
                "rows": cause.rows,
                "first_rows": list(cause.first_rows),
                "message": cause.message,
            }
            for cause in report.causes
        ],
        "rejections": [rejection(item) for item in report.rejections],
        "errors": [error_document(item) for item in report.errors],
    }
    return dump(document)


def _list_use(use: ListUse) -> dict[str, Any]:
    """Return what steers the calls: the first column of each kind by itself, and all of them."""
    kinds = {
        "phone_column": use.phone_columns,
        "region_column": use.region_columns,
        "do_not_call_column": use.do_not_call_columns,
    }
    return {
        **{name: next(iter(columns), None) for name, columns in kinds.items()},
        **{f"{name}s": list(columns) for name, columns in kinds.items()},
        "sheet": use.sheet,
        "unused_columns": list(use.unused_columns),
    }


def rejection(item: Rejection) -> dict[str, Any]:
    """Return a rejection as it stands in documents."""
    return {"row": item.row_number, "code": item.code, "field": item.field, "message": item.message}
