"""Outcomes of a campaign as a table (live if watched) or JSON."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import XunaError
from xuna_cli.ledger.records import NO_NUMBER, OTHER_NUMBER, BatchRecord, CallOutcome, ConversationSync
from xuna_cli.outcomes.joining import BATCH_IN_DOUBT, NUMBER_ONLY, SAME_NUMBER_TWICE
from xuna_cli.outcomes.opt_outs import Harvest
from xuna_cli.outcomes.summary import DECIDED, Summary
from xuna_cli.output.messages import attempt_words, counted, say, shown
from xuna_cli.output.opt_outs import harvest_document, harvest_errors, harvest_line, harvest_remarks
from xuna_cli.output.result import Result, Styled, Table, cut_off

LABELS = {
    CallOutcome.SUCCESS: "success",
    CallOutcome.FAILURE: "failure",
    CallOutcome.UNKNOWN: "unknown (a conversation, but no verdict)",
    CallOutcome.IN_PROGRESS: "in progress",
    CallOutcome.UNPROVEN: "unproven (may be somebody else's conversation)",
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
    OTHER_NUMBER: "have a number that matches no call for certain",
    SAME_NUMBER_TWICE: "have a number that was called more than once in the batch",
    NUMBER_ONLY: "have a number, but nothing else that proves to which call they belong",
    BATCH_IN_DOUBT: "belong to a batch that may be held",
}


@dataclass(frozen=True, slots=True)
class OutcomesFound(Result):
    """Outcomes of a campaign.

    Attributes:
        summary: the summary of outcomes.
        address: arguments that select this campaign and its ledger in suggested commands.
        watched_for: duration of the watch; None if the records were read once.
        harvest: the opt-outs; None if not requested.
        settled: held batches that were accepted since all of their calls are proven.
    """

    summary: Summary
    address: str
    watched_for: str | None = None
    harvest: Harvest | None = None
    settled: Sequence[BatchRecord] = ()

    @property
    def errors(self) -> Sequence[XunaError]:
        """An incomplete list of records, and errors in the opt-out rules."""
        sync = self.summary.sync
        return [
            *cut_off(None if sync is None else sync.incomplete),
            *(() if self.harvest is None else harvest_errors(self.harvest)),
        ]

    @property
    def partial(self) -> bool:
        """True: the records that could be read are in the ledger."""
        return True

    def document(self) -> Mapping[str, object]:
        """Return the outcomes and counts."""
        summary, sync = self.summary, self.summary.sync
        return {
            "campaign": summary.campaign.name,
            "calls": summary.calls,
            "waiting": summary.waiting,
            "attempts": {str(attempt): calls for attempt, calls in summary.attempts.items()},
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
            "opt_outs": harvest_document(self.harvest),
            "settled_batches": [
                {"id": str(one.id), "batch_id": one.batch_id, "calls": one.size} for one in self.settled
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

    def parts(self) -> Iterator[Table | str]:
        """Yield the outcomes, the criteria and the state of the records."""
        accepted = counted(sum(self.summary.attempts.values()), "call", "calls")
        attempts, several = self.summary.attempts, ""
        if len(attempts) > 1:
            several = f" ({attempt_words(attempts)}); the outcomes are those of the last calls"
        yield f"Campaign {self.summary.campaign.name}: {accepted} accepted{several}"
        yield _outcomes(self.summary)
        if self.summary.criteria:
            results = ("Success", "Failure", "Unknown")
            rows = [
                (name, *(f"{counts.get(result.lower(), 0):,}" for result in results))
                for name, counts in self.summary.criteria.items()
            ]
            yield Table(("Criterion", *results), rows, right=results)
        if self.harvest is not None:
            yield harvest_line(self.harvest)
        if self.summary.sync is not None:
            yield from _sync_lines(self.summary.sync)
        for settled in self.settled:
            yield (
                f"Batch {settled.id} was held and is accepted now: the records have all of its {settled.size:,} calls"
            )
        for one in self.summary.held:
            proof = (
                f"{one.found} of the {one.batch.size} calls found, so the batch was placed"
                if one.found
                else f"none of the {one.batch.size} calls found, which proves nothing"
            )
            yield f"Held batch {one.batch.id} ({one.batch.state.value}): {proof}"
        if self.summary.held:
            yield f"  to resolve: xuna campaigns resolve {self.address}"

    def remarks(self) -> Iterator[str]:
        """Yield notes about the end of the watch and about opt-outs."""
        if self.watched_for and (waiting := self.summary.waiting):
            calls = counted(waiting, "call has", "calls have")
            yield f"xuna: Stopped watching after --for {self.watched_for}. {calls} no outcome yet."
        if self.harvest is not None:
            yield from harvest_remarks(self.harvest)


def _outcomes(summary: Summary) -> Table:
    rows = [
        (Styled(LABELS[outcome], STYLES.get(outcome, "")), f"{count:,}", f"{count / summary.calls:.1%}")
        for outcome in CallOutcome
        if (count := summary.outcomes.get(outcome, 0))
    ]
    return Table(("Outcome", "Calls", "Share"), rows, right=("Calls", "Share"))


def _sync_lines(sync: ConversationSync) -> Iterator[str]:
    yield (
        f"{counted(sync.records, 'record', 'records')} read: {sync.joined:,} matched to a call, "
        f"{sync.elsewhere:,} of other calls, {sync.unjoined:,} could not be matched to a call with certainty"
    )
    for reason, count in sync.reasons.items():
        yield f"  {count:,} {REASONS.get(reason, reason)}"
    if sync.incomplete:
        yield f"The list of records is incomplete: {sync.incomplete}"


def summary_line(summary: Summary) -> str:
    """Return the outcomes in a line: first those that the first number counts, then the others."""
    share = f"{summary.calls - summary.waiting:,} of {summary.calls:,}"
    several = any(attempt > 1 for attempt in summary.attempts)
    line = (
        f"{share} people have an outcome of their last call" if several else f"{share} calls have an outcome"
    )
    decided, others = _counts(summary, decided=True), _counts(summary, decided=False)
    return line + (f" ({decided})" if decided else "") + (f"; of the others: {others}" if others else "")


def _counts(summary: Summary, *, decided: bool) -> str:
    return ", ".join(
        f"{count:,} {outcome.value}"
        for outcome, count in sorted(summary.outcomes.items())
        if count and (outcome in DECIDED) == decided
    )


class LiveSummary:
    """Shows a changing summary: a live table on a terminal, otherwise a line on stderr for each change.

    Args:
        watched: whether stderr is a terminal.
    """

    def __init__(self, *, watched: bool) -> None:
        self._watched = watched
        self._said = ""

    def __enter__(self) -> Self:
        if self._watched:
            from rich.live import Live  # noqa: PLC0415 - only where somebody watches

            from xuna_cli.output.drawing import console  # noqa: PLC0415

            self._live = Live(console=console(sys.stderr), transient=True, refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watched:
            self._live.stop()

    def sync(self, sync: ConversationSync) -> None:
        """Show the progress of reading the records, unless a table is shown."""
        if self._watched and not self._said:
            from rich.text import Text  # noqa: PLC0415

            self._live.update(Text(f"{sync.records:,} records read, {sync.joined:,} matched"))

    def show(self, summary: Summary) -> None:
        """Show a summary."""
        words = summary_line(summary)
        if self._watched:
            from rich.console import Group  # noqa: PLC0415
            from rich.text import Text  # noqa: PLC0415

            from xuna_cli.output.drawing import draw  # noqa: PLC0415

            self._live.update(Group(draw(_outcomes(summary), self._live.console), Text(shown(words))))
        elif words != self._said:
            say(f"xuna: {words}")
        self._said = words
