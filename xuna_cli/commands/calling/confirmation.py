"""Ask a person before a run calls anybody, and show what it would do."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.calling.brakes import limit_with
from xuna_cli.commands.calling.call_inputs import rate_of
from xuna_cli.commands.calling.prepared_list import RECENT_DAYS, PreparedList
from xuna_cli.commands.calling.rehearsal import check_max_calls, count_for_max_calls, rehearse
from xuna_cli.commands.calling.watchers import RecentlyCounted
from xuna_cli.commands.list_options import STDIN
from xuna_cli.commands.prompts import DeclinedError, confirmed, is_interactive, is_terminal
from xuna_cli.dialing.report import Report
from xuna_cli.errors import UsageError
from xuna_cli.interrupts import INTERRUPTS, Interrupted
from xuna_cli.ledger.brakes import Braked
from xuna_cli.ledger.experience import Experience, experience_of
from xuna_cli.ledger.last_calls import RecentCalls
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import RunDescription
from xuna_cli.output.messages import counted, say

if TYPE_CHECKING:
    from xuna_cli.dialing.preview import Preview, PreviewBuilder


def preview_builder(options: BatchCallOptions, prepared: PreparedList) -> "PreviewBuilder":
    """Return what collects the preview of a rehearsal."""
    from xuna_cli.dialing.preview import PreviewBuilder

    rules = prepared.screening
    return PreviewBuilder(options.samples, (rules.hours or rules.usual).zones)


def preview_of(
    options: BatchCallOptions,
    prepared: PreparedList,
    collected: "PreviewBuilder",
    experience: Experience,
    *,
    later: bool = True,
) -> "Preview":
    """Return the preview of a rehearsal.

    Args:
        options: of the command.
        prepared: the list.
        collected: what the rehearsal found.
        experience: earlier durations in the ledger.
        later: whether to show people, too, who are deferred now.
    """
    return collected.build(
        experience,
        batch_size=options.batch_size,
        concurrency=options.concurrency,
        rate=rate_of(options.rate),
        price_per_minute=options.price_per_minute,
        limit=options.limit,
        later=later,
        again=None if prepared.attempts is None else prepared.targets.second_call(),
    )


def check_not_copied(prepared: PreparedList, ledger: Ledger, description: RunDescription) -> None:
    """Ask, or stop, if these people were called in a campaign of nearly the same name, e.g. `customers (1)`.

    Raises:
        UsageError: there is no terminal to ask at.
        DeclinedError: the person declined.
    """
    copied = prepared.copied(ledger, description)
    if copied is None:
        return
    if prepared.options.yes or prepared.options.sandbox or not is_interactive():
        raise copied.error(description.campaign)
    say(f"xuna: warning: {copied.message(description.campaign)}")
    if not confirmed("Call them again?"):
        raise DeclinedError("Cancelled. Nobody was called.", hint=copied.error(description.campaign).hint)


def ask(
    options: BatchCallOptions,
    prepared: PreparedList,
    ledger: Ledger,
    campaign_id: int | None,
    *,
    caller: str,
    seen: Braked | None,
) -> int | Report | None:
    """Ask for confirmation at a terminal, and refuse to start where `--max-calls` is too small.

    Args:
        options: of the command.
        prepared: the list.
        ledger: the ledger.
        campaign_id: the campaign; None if it is new.
        caller: the caller number for display.
        seen: what the brakes allow; None without brakes.

    Returns:
        The confirmed number of people; the report, if there is nobody to call; None if nobody was asked.

    Raises:
        UsageError: more people would be called than `--max-calls` allows, or xuna can't ask.
        DeclinedError: the person declined.
    """
    limit = limit_with(seen, options.limit, wait=options.wait)
    confirmed_already = options.yes or options.sandbox
    if not confirmed_already and options.contacts == STDIN and is_terminal(sys.stderr):
        raise UsageError(
            "the list comes from stdin, so xuna can't ask for confirmation",
            hint="add --yes",
            code="needs-yes",
        )
    if confirmed_already or not is_interactive():
        count_for_max_calls(prepared, ledger, campaign_id, limit=limit, wait=options.wait)
        return None
    from xuna_cli.output.prompt import prompt_lines

    recently = RecentCalls(ledger, prepared.clock.now(), RECENT_DAYS, campaign_id)
    collected = preview_builder(options, prepared)

    prepared.message_checks.aloud = False  # already shown above the question
    report = rehearse(prepared, ledger, campaign_id, limit, RecentlyCounted(recently), collected)
    report = replace(report, braked=seen)
    prepared.message_checks.aloud = True
    if INTERRUPTS.signum is not None:
        raise Interrupted(INTERRUPTS.signum)
    for error in report.errors:
        raise error
    check_max_calls(options, report, wait=options.wait)
    people = report.counts["not_sent"]
    later = report.counts["deferred"] - report.too_late if options.wait else 0
    if people + later == 0:
        return report
    for line in prompt_lines(
        report,
        prepared.targets.lint.warnings,
        caller=caller,
        campaign=prepared.campaign,
        list_use=prepared.targets.plan.use,
        wait=options.wait,
        preview=preview_of(options, prepared, collected, experience_of(ledger), later=options.wait),
        recently=recently.counted(),
    ):
        say(line)
    if not confirmed(f"Call {counted(people + later, 'person', 'people')}?"):
        raise DeclinedError("Cancelled. Nobody was called.", hint="to see more, add --dry-run --samples 20")
    return people + later
