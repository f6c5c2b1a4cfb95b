"""The result of `xuna batch-call` as a table, JSON or CSV. The topic `json` describes the keys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from xuna_cli.contacts.columns import ListUse
from xuna_cli.dataclass import dataclass
from xuna_cli.dialing.report import COUNTS, Report
from xuna_cli.errors import ExitStatus, XunaError
from xuna_cli.ledger.last_calls import RecentlyCalled
from xuna_cli.ledger.records import HELD_STATES, BatchRecord, BatchState
from xuna_cli.models import LintWarning, Rejection
from xuna_cli.output.batches import batch_document
from xuna_cli.output.brakes import brake_lines, brakes_document
from xuna_cli.output.list_use import list_line
from xuna_cli.output.messages import COUNT_LABELS, attempt_words, count_words, counted
from xuna_cli.output.recently import recently_document, recently_line
from xuna_cli.output.rejections import duplicate_lines, rejection_lines
from xuna_cli.output.result import Result, Styled, Table
from xuna_cli.output.screening import screening_document, screening_lines, warnings_of
from xuna_cli.output.uncalled import uncalled_lines
from xuna_cli.screening.do_not_call import NumberList
from xuna_cli.screening.rules import OPT_OUTS_UNKNOWN

if TYPE_CHECKING:
    from xuna_cli.dialing.preview import Preview
    from xuna_cli.outcomes.other_campaigns import OtherCampaign

BATCHES_SHOWN = 50  # rows shown of more batches: the last ones, and those that need attention

STYLES = {
    BatchState.ACCEPTED: "green",
    BatchState.SHORT: "yellow",
    BatchState.UNKNOWN: "bold yellow",
    BatchState.REFUSED: "red",
}


@dataclass(frozen=True, slots=True)
class BatchCallResult(Result):
    """The result of `xuna batch-call`.

    Attributes:
        exit_status: the exit status.
        campaign: the campaign's name, if known.
        run_id: the ledger's id of the run; None in a dry run.
        dry_run: whether this was a dry run.
        sandbox: whether the sandbox was used.
        ledger: the ledger's location, if known.
        ledger_created: whether this run created the ledger.
        report: the run's report.
        held: the campaign's held batches.
        marks: warnings about messages.
        list_use: the use of the list's columns, if known.
        rejects: the file of rejected rows, if requested.
        again: the command that calls the fixed rejects.
        do_not_call_lists: the do-not-call files of this run.
        plus_added: number of rows whose number had a country code without + and was read with one.
        address: arguments that select this campaign and its ledger in suggested commands.
        preview: the preview of a dry run.
        recently: people recently called in other campaigns, if known.
        outcomes_read: whether the same command has read the conversation records.
        other_campaigns: the other campaigns whose records this run has read, or tried to read.
    """

    exit_status: ExitStatus = field()
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
    preview: "Preview | None" = None
    recently: RecentlyCalled | None = None
    outcomes_read: bool = False
    other_campaigns: "Sequence[OtherCampaign]" = ()

    @property
    def calls(self) -> "BatchCallResult":
        """What came of the calls: all of it."""
        return self

    @property
    def errors(self) -> Sequence[XunaError]:
        """Errors of the run."""
        return self.report.errors

    @property
    def partial(self) -> bool:
        """Whether calls were accepted, only data about people is missing, or a rehearsal only found rejected rows."""
        counts = self.report.counts
        lacks_data = self.exit_status is ExitStatus.REJECTED and (self.dry_run or not counts["rejected"])
        return bool(counts["accepted"] or lacks_data)

    def document(self) -> Mapping[str, object]:
        """Return the counts, the batches and the first rejected rows."""
        report = self.report
        return {
            "campaign": self.campaign,
            "run_id": None if self.run_id is None else str(self.run_id),
            "dry_run": self.dry_run,
            "sandbox": self.sandbox,
            "ledger": None if self.ledger is None else {"path": self.ledger, "created": self.ledger_created},
            "list": None if self.list_use is None else _list_use(self.list_use),
            "list_complete": report.list_complete,
            "counts": {
                "rows": sum(report.counts.values()),
                **{name: report.counts[name] for name in COUNTS},
            },
            **brakes_document(report.braked),
            "recently_called": None if self.recently is None else recently_document(self.recently),
            "other_campaigns": self._other_campaigns_document(),
            "preview": self._preview_document(),
            "phone_numbers": {"plus_added": self.plus_added},
            "do_not_call_lists": [
                {"name": one.name, "numbers": len(one.numbers), "unassigned": one.unassigned}
                for one in self.do_not_call_lists
            ],
            "pacing": {"refusals": report.refusals, "paused_seconds": round(report.paused, 3)},
            "attempts": {str(attempt): calls for attempt, calls in report.attempts.items()},
            "exhausted": report.exhausted,
            "awaiting_outcome": report.awaiting_outcome,
            "unproven": report.unproven,
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
                for record in self.held
            ],
            **screening_document(report, self.marks),
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
            "rejections": [_rejection(item) for item in report.rejections],
        }

    def _other_campaigns_document(self) -> list[Mapping[str, object]]:
        if not self.other_campaigns:
            return []
        from xuna_cli.output.other_campaigns import other_campaign_document  # noqa: PLC0415 - seldom

        return [other_campaign_document(one) for one in self.other_campaigns]

    def _preview_document(self) -> Mapping[str, object] | None:
        if self.preview is None:
            return None
        from xuna_cli.output.preview import preview_document  # noqa: PLC0415 - only for dry runs

        return preview_document(self.preview)

    def rows(self) -> Iterator[Sequence[object]]:
        """Yield a row for each batch."""
        yield "id", "batch_id", "state", "calls", "calls_initiated", "http_status", "error"
        for one in self.report.batches:
            yield (
                one.id,
                one.batch_id,
                one.state.value,
                one.size,
                one.calls_initiated,
                one.http_status,
                one.error,
            )

    def parts(self) -> Iterator[Table | str]:
        """Yield the batches, the totals and everything that needs attention."""
        if self.report.batches:
            yield _batches(self.report.batches)
        yield _totals(self)
        if self.list_use is not None and self.list_use.phone_columns:
            yield f"List: {list_line(self.list_use)}"
        if self.preview is not None:
            from xuna_cli.output.preview import preview_lines  # noqa: PLC0415 - only for dry runs

            yield from preview_lines(self.preview)
        yield from _attention(self)
        if any(one.problem is not None for one in self.other_campaigns):
            from xuna_cli.output.other_campaigns import unknown_lines  # noqa: PLC0415 - seldom

            yield from unknown_lines(self.other_campaigns, self.report)

    def remarks(self) -> Iterator[str]:
        """Yield what the brakes say, and a note about people recently called in other campaigns."""
        brakes = brake_lines(self.report.braked, is_used_up=self._is_used_up, address=self.address)
        yield from (f"xuna: {line}" for line in brakes)
        if self.recently is not None and self.recently.people:
            yield f"xuna: warning: {recently_line(self.recently, done=self.report.called > 0)}"
        if self.report.reasons.get(OPT_OUTS_UNKNOWN):
            from xuna_cli.output.other_campaigns import not_called_lines  # noqa: PLC0415 - seldom

            yield from not_called_lines(self.other_campaigns, self.report)

    @property
    def _is_used_up(self) -> bool:
        """Whether the whole list was read, and nobody on it can be called now or later."""
        to_come = ("deferred", "in_flight", "held", "not_sent")
        report = self.report
        return report.list_complete and not (report.errors or any(report.counts[name] for name in to_come))

    def unseen(self) -> Iterator[str]:
        """Yield who can't be called with these options, and who was called at an odd time or with odd words."""
        yield from uncalled_lines(self.report, self.rejects)
        if self.report.called:
            yield from (f"xuna: warning: {line}" for line in warnings_of(self.report, self.marks))


def _list_use(use: ListUse) -> dict[str, Any]:
    """Return the used columns: the first of each kind as a value of its own, and all as a list."""
    kinds = {
        "phone_column": use.phone_columns,
        "region_column": use.region_columns,
        "do_not_call_column": use.do_not_call_columns,
    }
    return {
        **{name: next(iter(columns), None) for name, columns in kinds.items()},
        **{f"{name}s": list(columns) for name, columns in kinds.items()},
        "call_after_column": use.call_after_column,
        "call_before_column": use.call_before_column,
        "sheet": use.sheet,
        "remark_columns": list(use.remark_columns),
        "state_columns": list(use.state_columns),
        "unused_columns": list(use.unused_columns),
    }


def _rejection(item: Rejection) -> dict[str, Any]:
    """Return a rejection as a JSON object."""
    return {"row": item.row_number, "code": item.code, "field": item.field, "message": item.message}


def _batches(batches: Sequence[BatchRecord]) -> Table:
    shown = _shown(batches)
    rows: list[tuple[object, ...]] = []
    if left_out := [one for one in batches if one.id not in shown]:
        calls = sum(one.size for one in left_out)
        initiated = sum(one.calls_initiated or 0 for one in left_out)
        rows.append((f"{len(left_out):,} others", f"{calls:,}", f"{initiated:,}", "not shown"))
    for one in batches:
        if one.id in shown:
            in_ledger = "" if one.state is BatchState.ACCEPTED else f" (ledger batch {one.id})"
            rows.append(
                (
                    one.batch_id or "-",
                    one.size,
                    "-" if one.calls_initiated is None else one.calls_initiated,
                    Styled(f"{one.state.value}{in_ledger}", STYLES.get(one.state, "")),
                )
            )
    return Table(
        ("Batch ID", "Calls", "Initiated", "State"), rows, right=("Calls", "Initiated"), whole=("Batch ID",)
    )


def _shown(batches: Sequence[BatchRecord]) -> set[int]:
    """Select the batches for a table: all held ones, then the last of the others."""
    held = [one.id for one in batches if one.state in HELD_STATES]
    others = [one.id for one in batches if one.state not in HELD_STATES]
    first = -BATCHES_SHOWN if _are_shortened(batches) else 0
    return set((others + held)[first:])


def _are_shortened(batches: Sequence[BatchRecord]) -> bool:
    """Return whether a table leaves batches out; a line about a single one would be as long as its row."""
    return len(batches) > BATCHES_SHOWN + 1


def _totals(result: BatchCallResult) -> str:
    counts = result.report.counts
    parts = [counted(sum(counts.values()), "row", "rows")]
    labels = dict(COUNT_LABELS)
    if result.dry_run:
        labels["not_sent"] = "would be called"
    parts += [
        count_words(name, counts[name]) if label == COUNT_LABELS[name] else f"{counts[name]:,} {label}"
        for name, label in labels.items()
        if counts[name] or name == "accepted"
    ]
    if result.dry_run:
        parts = [part for part in parts if not part.endswith(" accepted")]
    head = "Dry run" if result.dry_run else f"Campaign {result.campaign}"
    tail = " (sandbox: nobody was called)" if result.sandbox and not result.dry_run else ""
    return f"{head}: " + ", ".join(parts) + tail


def _needs_fixing(report: Report) -> bool:
    """Return whether the same command would fail again."""
    after_fixing = {ExitStatus.USAGE, ExitStatus.CONFIGURATION, ExitStatus.INPUT}
    return any(error.exit_status in after_fixing for error in report.errors)


def _refused(result: BatchCallResult) -> list[str]:
    report, lines = result.report, []
    if report.refused_calls:
        people = counted(report.refused_calls, "person", "people")
        lines.append(
            f"Refused by the API: {people}. Later runs call these people after everybody else, or, with "
            "--retry-refused, in the order of the list."
        )
    if report.refused_earlier:
        people = counted(report.refused_earlier, "person", "people")
        lines.append(
            f"Refused by the API in an earlier run: {people}. These people are called after everybody else. To "
            "call them in the order of the list, add --retry-refused."
        )
    return ["", *lines] if lines else []


def _attempts(result: BatchCallResult) -> list[str]:
    report, lines = result.report, []
    if any(attempt > 1 for attempt in report.attempts):
        calls = "Calls that would be made" if result.dry_run else "Accepted calls"
        lines.append(f"{calls}: {attempt_words(report.attempts)}")
    if report.exhausted:
        have = counted(report.exhausted, "row has", "rows have")
        lines.append(f"All attempts used: {have} no proven success, and no attempt left.")
    if report.unproven:
        have = counted(report.unproven, "row has", "rows have")
        lines.append(
            f"No proof: {have} attempts left, but a day after the last call its outcome is still not proven. "
            "Nobody is called again without proof."
        )
    if report.awaiting_outcome:
        have = counted(report.awaiting_outcome, "row has", "rows have")
        lines.append(
            f"Waiting for an outcome: {have} attempts left, but the last call has no proven outcome yet."
        )
        if not result.outcomes_read:
            lines.append(f"  to read the conversation records: xuna campaigns outcomes {result.address}")
    return ["", *lines] if lines else []


def _attention(result: BatchCallResult) -> list[str]:
    report = result.report
    lines: list[str] = []
    if _are_shortened(report.batches):
        lines.append("")
        lines.append(f"All batches: xuna campaigns show {result.address}")
    if rejected := list(rejection_lines(report, result.rejects, result.again)):
        lines += ["", *rejected]
    if duplicates := list(duplicate_lines(report)):
        lines += ["", *duplicates]
    lines += screening_lines(report, result.marks, result.rejects)
    lines += _attempts(result)
    lines += _refused(result)
    if result.held:
        calls = sum(batch.size for batch in result.held)
        lines.append("")
        lines.append(
            f"Held: {counted(calls, 'person', 'people')} in {counted(len(result.held), 'batch', 'batches')} "
            "may have been called, and will not be called again until you decide about them."
        )
        lines.append(f"  to see the batches: xuna campaigns show {result.address}")
        resolve = f"xuna campaigns resolve {result.address}"
        if not any(resolve in error.hint for error in report.errors):  # else the error says it
            lines.append(f"  to resolve them: {resolve}")
    if report.refusals:
        lines.append("")
        lines.append(
            f"The API asked to slow down {counted(report.refusals, 'time', 'times')}, so the run waited "
            f"{report.paused:.1f} s."
        )
    if report.counts["not_sent"] and not result.dry_run:
        lines.append("")
        lines.append(
            f"Not called yet: {counted(report.counts['not_sent'], 'person', 'people')}. "
            + ("Fix the error below first." if _needs_fixing(report) else "Run the same command again.")
        )
    if not report.list_complete:
        lines.append("The rest of the list was not read.")
    return lines
