"""The rich table of a run, and what needs the user's attention."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xuna_cli.dialing.report import Report
from xuna_cli.errors import ExitStatus
from xuna_cli.ledger.records import HELD_STATES, BatchRecord, BatchState
from xuna_cli.output.document import BatchCallResult
from xuna_cli.output.drawing import cell, plain_table
from xuna_cli.output.list_use import list_line
from xuna_cli.output.messages import COUNT_LABELS, counted, safe
from xuna_cli.output.rejections import duplicate_lines, rejection_lines
from xuna_cli.output.screening import screening_lines

BATCHES_SHOWN = 50  # the last ones, but for those that need attention

STYLES = {
    BatchState.ACCEPTED: "green",
    BatchState.SHORT: "yellow",
    BatchState.UNKNOWN: "bold yellow",
    BatchState.REFUSED: "red",
}


def print_result(result: BatchCallResult, out: Console) -> None:
    """Print what became of a run."""
    report = result.report
    if report.batches:
        out.print(_batches(report.batches))
    out.print(_totals(result))
    if result.list_use is not None:
        out.print(Text(safe(list_line(result.list_use))), soft_wrap=True)
    for line in _attention(result):
        out.print(Text(safe(line)), soft_wrap=True)


def _batches(batches: Sequence[BatchRecord]) -> Table:
    table = plain_table(("Batch ID", "Calls", "Initiated", "State"), right=("Calls", "Initiated"))
    shown = _shown(batches)
    if left_out := [one for one in batches if one.id not in shown]:
        calls = sum(one.size for one in left_out)
        initiated = sum(one.calls_initiated or 0 for one in left_out)
        table.add_row(
            cell(f"{len(left_out):,} others"), cell(f"{calls:,}"), cell(f"{initiated:,}"), cell("not shown")
        )
    for one in batches:
        if one.id in shown:
            state = (
                f"{one.state.value} (ledger batch {one.id})"
                if one.state is not BatchState.ACCEPTED
                else one.state
            )
            table.add_row(
                cell(one.batch_id or "-"),
                cell(one.size),
                cell("-" if one.calls_initiated is None else one.calls_initiated),
                cell(state, STYLES.get(one.state, "")),
            )
    return table


def _shown(batches: Sequence[BatchRecord]) -> set[int]:
    """Return which batches fit into a table: held ones first, then the last of the others."""
    held = [one.id for one in batches if one.state in HELD_STATES]
    others = [one.id for one in batches if one.state not in HELD_STATES]
    return set((others + held)[-BATCHES_SHOWN:])


def _totals(result: BatchCallResult) -> Text:
    counts = result.report.counts
    parts = [counted(sum(counts.values()), "row", "rows")]
    labels = dict(COUNT_LABELS)
    if result.dry_run:
        labels["not_sent"] = "would be called"
    parts += [
        f"{counts[name]:,} {label}" for name, label in labels.items() if counts[name] or name == "accepted"
    ]
    if result.dry_run:
        parts = [part for part in parts if not part.endswith(" accepted")]
    head = "Dry run" if result.dry_run else f"Campaign {result.campaign}"
    tail = " (sandbox: nobody was called)" if result.sandbox and not result.dry_run else ""
    return Text(safe(f"{head}: " + ", ".join(parts) + tail))


def _needs_mending(report: Report) -> bool:
    """Return whether the same command would end the same way."""
    after_mending = {ExitStatus.USAGE, ExitStatus.CONFIGURATION, ExitStatus.INPUT}
    return any(error.exit_status in after_mending for error in report.errors)


def _refused(result: BatchCallResult) -> list[str]:
    report, lines = result.report, []
    if report.refused_calls:
        people = counted(report.refused_calls, "person", "people")
        lines.append(
            f"Refused by the API: {people}. Later runs call them after everybody else; with --retry-refused, in "
            "the order of the list."
        )
    if report.refused_earlier:
        people = counted(report.refused_earlier, "person", "people")
        lines.append(
            f"Refused by the API in an earlier run: {people}. They are called after everybody else, unless "
            "--retry-refused is given."
        )
    return ["", *lines] if lines else []


def _attention(result: BatchCallResult) -> list[str]:
    report = result.report
    lines: list[str] = []
    if len(report.batches) > BATCHES_SHOWN:
        lines.append("")
        lines.append(f"All batches: xuna campaigns show {result.address}")
    if rejected := list(rejection_lines(report, result.rejects, result.again)):
        lines += ["", *rejected]
    if duplicates := list(duplicate_lines(report)):
        lines += ["", *duplicates]
    lines += screening_lines(report, result.marks)
    lines += _refused(result)
    if result.held:
        calls = sum(batch.size for batch in result.held)
        lines.append("")
        lines.append(
            f"Held: {counted(calls, 'person', 'people')} in {counted(len(result.held), 'batch', 'batches')} "
            "may or may not have been called, and are not called again until you say so."
        )
        lines.append(f"  look: xuna campaigns show {result.address}")
        lines.append(f"  then: xuna campaigns resolve {result.address}")
    if report.refusals:
        lines.append("")
        lines.append(
            f"The API asked to slow down {counted(report.refusals, 'time', 'times')}; "
            f"the run waited {report.paused:.1f} s for it."
        )
    if report.counts["not_sent"] and not result.dry_run:
        lines.append("")
        lines.append(
            f"Not sent: {counted(report.counts['not_sent'], 'person', 'people')} still to be called. "
            + ("Mend what is said below first." if _needs_mending(report) else "Run the same command again.")
        )
    if not report.list_complete:
        lines.append("The list was not read to its end.")
    return lines
