"""What a person is told before they are asked."""

import json
from collections.abc import Iterator, Sequence

from xuna_cli.contacts.columns import ListUse
from xuna_cli.dialing.report import Report
from xuna_cli.models import LintWarning
from xuna_cli.output.list_use import list_line
from xuna_cli.output.messages import COUNT_LABELS, counted
from xuna_cli.output.screening import warnings_of


def prompt_lines(
    report: Report,
    marks: Sequence[LintWarning],
    *,
    caller: str,
    campaign: str,
    list_use: ListUse,
    later: int,
    recently: int,
    days: int,
) -> Iterator[str]:
    """Yield what is about to happen, a line each.

    Args:
        report: of a rehearsal.
        marks: what looks wrong in what will be said.
        caller: the caller number, for people.
        campaign: its name.
        list_use: which of the list's columns steer its calls.
        later: people who will be called as their hours come.
        recently: people who were called in other campaigns in the last `days`.
        days: what counts as recently.
    """
    people = counted(report.counts["not_sent"], "person", "people")
    yield f"\nAbout to call {people} from {caller}, campaign {campaign!r}."
    if others := _others(report):
        yield f"  not called: {others}"
    yield f"  {list_line(list_use)}"
    yield f"  first message: {_spoken(report)}"
    yield from (f"  {line}" for line in warnings_of(report, marks))
    if recently:
        where = f"in other campaigns of this ledger in the last {days} days"
        yield f"  {recently:,} of them were called {where} (--quiet-days leaves them alone)"
    if later:
        yield f"  and {later:,} more as their hours come"


def _others(report: Report) -> str:
    return ", ".join(
        f"{number:,} {COUNT_LABELS[name]}"
        for name, number in report.counts.items()
        if number and name != "not_sent"
    )


def _spoken(report: Report) -> str:
    override = json.loads(report.example.override or "{}") if report.example else {}
    agent = override.get("agent")
    message = agent.get("first_message") if isinstance(agent, dict) else None
    return "the agent's own" if message is None else f"“{message}”"
