"""What came of a campaign: as a table, live while it is watched, and as JSON."""

import sys
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from xuna_cli.ledger.records import CallOutcome, ConversationSync
from xuna_cli.outcomes.joining import (
    BATCH_IN_DOUBT,
    NO_NUMBER,
    NUMBER_ALONE,
    OTHER_NUMBER,
    SAME_NUMBER_TWICE,
)
from xuna_cli.outcomes.summary import Summary
from xuna_cli.output.document import VERSION, dump
from xuna_cli.output.messages import emit, safe, say

LABELS = {
    CallOutcome.SUCCESS: "success",
    CallOutcome.FAILURE: "failure",
    CallOutcome.UNKNOWN: "unknown: there is a record, and no verdict",
    CallOutcome.IN_PROGRESS: "in progress",
    CallOutcome.UNPROVEN: "unproven: records that may be of somebody else",
    CallOutcome.NO_CONVERSATION: "no conversation",
    CallOutcome.NOT_READ: "not read",
}

STYLES = {
    CallOutcome.SUCCESS: "green",
    CallOutcome.FAILURE: "red",
    CallOutcome.UNKNOWN: "yellow",
    CallOutcome.UNPROVEN: "yellow",
}

REASONS = {
    NO_NUMBER: "have no number",
    OTHER_NUMBER: "have a number that their batch has not",
    SAME_NUMBER_TWICE: "are of a number that was called more than once in its batch",
    NUMBER_ALONE: "have a number and nothing else that would prove which call they are of",
    BATCH_IN_DOUBT: "are of a batch that may be a held one",
}


def summary_document(summary: Summary) -> dict[str, Any]:
    """Return a summary as it stands in documents."""
    sync = summary.sync
    return {
        "xuna_result_version": VERSION,
        "command": "campaigns outcomes",
        "campaign": summary.campaign.name,
        "calls": summary.calls,
        "waiting": summary.waiting,
        "outcomes": {outcome.value: summary.outcomes.get(outcome, 0) for outcome in CallOutcome},
        "criteria": {
            name: {result: counts.get(result, 0) for result in ("success", "failure", "unknown")}
            for name, counts in summary.criteria.items()
        },
        "held_batches": [
            {
                "id": str(one.batch.id),
                "batch_id": one.batch.batch_id,
                "state": one.batch.state.value,
                "calls": one.batch.size,
                "found": one.found,
            }
            for one in summary.held
        ],
        "reading": None
        if sync is None
        else {
            "read_at": sync.read_at,
            "incomplete": sync.incomplete,
            "records": sync.records,
            "joined": sync.joined,
            "elsewhere": sync.elsewhere,
            "unjoined": sync.unjoined,
            "reasons": dict(sync.reasons),
        },
    }


def print_summary(summary: Summary, output: str, *, address: str) -> None:
    """Print what came of a campaign; `address` is how a command that we suggest names it."""
    if output == "json":
        emit(dump(summary_document(summary)))
        return
    from xuna_cli.output.table import cell, console  # noqa: PLC0415 - rich, only where it is seen

    out = console()
    out.print(cell(f"Campaign {summary.campaign.name}: {summary.calls:,} calls accepted"), soft_wrap=True)
    out.print(_table(summary))
    if summary.criteria:
        out.print(_criteria(summary))
    for line in _lines(summary, address=address):
        out.print(cell(line), soft_wrap=True)


def _table(summary: Summary) -> Any:
    from xuna_cli.output.table import cell, plain_table  # noqa: PLC0415 - rich, only where it is seen

    table = plain_table(None, ("Outcome", "Calls", "Share"), right=("Calls", "Share"))
    for outcome in CallOutcome:
        if count := summary.outcomes.get(outcome, 0):
            table.add_row(
                cell(LABELS[outcome], STYLES.get(outcome, "")),
                cell(f"{count:,}"),
                cell(f"{count / summary.calls:.1%}"),
            )
    return table


def _criteria(summary: Summary) -> Any:
    from xuna_cli.output.table import cell, plain_table  # noqa: PLC0415 - rich, only where it is seen

    results = ("Success", "Failure", "Unknown")
    table = plain_table(None, ("Criterion", *results), right=results)
    for name, counts in summary.criteria.items():
        table.add_row(cell(name), *(cell(f"{counts.get(result.lower(), 0):,}") for result in results))
    return table


def _lines(summary: Summary, *, address: str) -> Iterator[str]:
    sync = summary.sync
    if sync is not None:
        yield (
            f"{sync.records:,} records read: {sync.joined:,} joined, {sync.elsewhere:,} of other calls, "
            f"{sync.unjoined:,} not joined, as it can't be proven which call they are of"
        )
        for reason, count in sync.reasons.items():
            yield f"  {count:,} {REASONS.get(reason, reason)}"
        if sync.incomplete:
            yield f"The list of records is cut off: {sync.incomplete}"
    for one in summary.held:
        if one.found:
            yield (
                f"Held batch {one.batch.id} ({one.batch.state.value}): found {one.found} of its "
                f"{one.batch.size} calls: it was placed"
            )
        else:
            yield (
                f"Held batch {one.batch.id} ({one.batch.state.value}): none of its calls found, "
                "which proves nothing"
            )
    if summary.held:
        yield f"  then: xuna campaigns resolve {address}"


class LiveSummary:
    """Shows a summary while it changes: a live table on a terminal, else a line on stderr for each change.

    Args:
        watched: whether stderr is a terminal.
    """

    def __init__(self, *, watched: bool) -> None:
        self._watched = watched
        self._said = ""

    def __enter__(self) -> Self:
        if self._watched:
            from rich.live import Live  # noqa: PLC0415 - only where somebody watches

            from xuna_cli.output.table import console  # noqa: PLC0415

            self._live = Live(console=console(sys.stderr), transient=True, refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watched:
            self._live.stop()

    def sync(self, sync: ConversationSync) -> None:
        """Show how far reading the records is, where nothing better is to be seen."""
        if self._watched and not self._said:
            from rich.text import Text  # noqa: PLC0415

            self._live.update(Text(f"{sync.records:,} records read, {sync.joined:,} joined"))

    def show(self, summary: Summary) -> None:
        """Show a summary."""
        counts = ", ".join(
            f"{count:,} {outcome.value}" for outcome, count in sorted(summary.outcomes.items())
        )
        words = f"{summary.calls - summary.waiting:,} of {summary.calls:,} calls have an outcome ({counts})"
        if self._watched:
            from rich.console import Group  # noqa: PLC0415
            from rich.text import Text  # noqa: PLC0415

            self._live.update(Group(_table(summary), Text(safe(words))))
        elif words != self._said:
            say(f"xuna: {words}")
        self._said = words
