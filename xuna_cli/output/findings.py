"""What `xuna doctor` found."""

from collections.abc import Sequence
from dataclasses import dataclass

from xuna_cli.errors import ExitStatus
from xuna_cli.output.document import VERSION, dump
from xuna_cli.output.messages import emit
from xuna_cli.output.table import cell, console, plain_table


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: it is.
        message: how it stands.
        exit_status: OK, or what a run would end with because of it; None: it was not looked at.
        hint: what to do.
    """

    what: str
    message: str
    exit_status: ExitStatus | None
    hint: str = ""


MARKS = {ExitStatus.OK: cell("ok", "green"), None: cell("--")}


def print_findings(findings: Sequence[Finding], output: str) -> None:
    """Print them as a table or a JSON document."""
    if output == "json":
        document = {
            "xuna_result_version": VERSION,
            "command": "doctor",
            "findings": [
                {
                    "what": finding.what,
                    "ok": finding.exit_status is ExitStatus.OK,
                    "message": finding.message,
                    "hint": finding.hint,
                }
                for finding in findings
            ],
        }
        emit(dump(document))
        return
    table = plain_table(None, ("", "What", "How it stands"))
    for finding in findings:
        words = finding.message + (f" — {finding.hint}" if finding.hint else "")
        table.add_row(MARKS.get(finding.exit_status, cell("!!", "bold red")), cell(finding.what), cell(words))
    console().print(table)
