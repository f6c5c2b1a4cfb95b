"""The summary before the confirmation prompt."""

from collections.abc import Iterator, Sequence

from xuna_cli.contacts.columns import ListUse
from xuna_cli.dialing.preview import Preview
from xuna_cli.dialing.report import Report
from xuna_cli.ledger.last_calls import RecentlyCalled
from xuna_cli.models import LintWarning
from xuna_cli.output.brakes import brake_lines
from xuna_cli.output.list_use import list_line
from xuna_cli.output.messages import attempt_words, count_words, counted, sentence
from xuna_cli.output.preview import estimate_lines, message_lines, people_lines
from xuna_cli.output.recently import recently_line
from xuna_cli.output.screening import opening_lines, warnings_of


def prompt_lines(
    report: Report,
    marks: Sequence[LintWarning],
    *,
    caller: str,
    campaign: str,
    list_use: ListUse,
    wait: bool,
    preview: Preview,
    recently: RecentlyCalled,
) -> Iterator[str]:
    """Yield the lines of the summary.

    Args:
        report: report of a rehearsal.
        marks: warnings about messages.
        caller: the caller number for display.
        campaign: the campaign's name.
        list_use: the use of the list's columns.
        wait: whether the run waits for deferred people.
        preview: preview of the calls.
        recently: people recently called in other campaigns.
    """
    people = counted(report.counts["not_sent"], "person", "people")
    yield f"\nAbout to call {people} from {caller}, campaign {campaign!r}."
    yield from (f"  {line}" for line in brake_lines(report.braked))
    if any(attempt > 1 for attempt in report.attempts):
        yield f"  Calls: {attempt_words(report.attempts)}"
    if others := _others(report):
        yield f"  Not called: {others}"
    yield f"  List: {list_line(list_use)}"
    yield "  First messages:"
    yield from (f"  {line}" for line in message_lines(preview))
    yield from (f"  {line}" for line in people_lines(preview))
    yield from (f"  {line}" for line in estimate_lines(preview.estimate))
    yield from (f"  {sentence(line)}" for line in warnings_of(report, marks))
    if recently.people:
        yield f"  WARNING: {recently_line(recently, done=False)}"
    if later := report.counts["deferred"] - report.too_late:
        if wait:
            yield f"  {later:,} more will be called later:"
        else:
            yield f"  Not now, but by a later run: {counted(later, 'person', 'people')}"
        yield from (f"  {line}" for line in opening_lines(report))


def _others(report: Report) -> str:
    return ", ".join(
        count_words(name, number) for name, number in report.counts.items() if number and name != "not_sent"
    )
