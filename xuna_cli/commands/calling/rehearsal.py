"""Rehearsals of a prepared list: the dry run, and the counts before a run starts."""

import contextlib
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from xuna_cli.commands.account import origin_to_read
from xuna_cli.commands.call_options import BatchCallOptions, CallerOptions
from xuna_cli.commands.calling.brakes import braked, limit_with
from xuna_cli.commands.calling.call_result import call_result, written
from xuna_cli.commands.calling.campaign_changes import check_changes
from xuna_cli.commands.calling.prepared_list import RECENT_DAYS, PreparedList
from xuna_cli.commands.calling.watchers import ProgressShown, RecentlyCounted, RejectsKept
from xuna_cli.commands.prompts import is_terminal
from xuna_cli.dialing.observer import Observers, RunObserver
from xuna_cli.dialing.pipeline import targets_of
from xuna_cli.dialing.report import Report
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import UsageError
from xuna_cli.interrupts import INTERRUPTS
from xuna_cli.ledger.campaigns import has_calls
from xuna_cli.ledger.experience import Experience, experience_of
from xuna_cli.ledger.last_calls import RecentCalls
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.messages import counted, say
from xuna_cli.output.progress import ProgressLine

if TYPE_CHECKING:
    from xuna_cli.dialing.preview import Preview


def dry_run(
    prepared: PreparedList,
    *observers: RunObserver,
    preview: "Callable[[Experience], Preview] | None" = None,
) -> BatchCallResult:
    """Do everything except POSTs and writes.

    Args:
        prepared: the list.
        observers: are told of everybody who would be called, and of every other row.
        preview: makes the preview of what the ledger knows, in the end.
    """
    options = prepared.options
    wait = isinstance(options, BatchCallOptions) and options.wait
    with contextlib.ExitStack() as stack:
        ledger, campaign_id = check_with_ledger(prepared, stack)
        rejects = prepared.open_rejects(stack)
        kept = [] if rejects is None else [RejectsKept(rejects)]
        prepared.message_checks.aloud = options.quiet  # else the result has it
        recently = RecentCalls(ledger, prepared.clock.now(), RECENT_DAYS, campaign_id)
        seen = braked(ledger, campaign_id, prepared.brakes)
        report = rehearse(
            prepared,
            ledger,
            campaign_id,
            limit_with(seen, options.limit, wait=wait),
            RecentlyCounted(recently),
            *kept,
            *observers,
        )
        check_max_calls(options, report, wait=wait)
        report = replace(report, braked=seen)
        report = written(rejects, report)
        experience = Experience() if ledger is None else experience_of(ledger)
    return call_result(
        prepared,
        report,
        ledger=str(prepared.location),
        dry_run=True,
        recently=recently.counted(),
        preview=None if preview is None else preview(experience),
    )


def check_with_ledger(
    prepared: PreparedList, stack: contextlib.ExitStack
) -> tuple[Ledger | None, int | None]:
    """Check a list with what the ledger knows of its campaign, and warn; nothing is written.

    Returns:
        The ledger, if there is one, and the campaign's id, if the ledger has it.

    Raises:
        XunaError: the ledger can't be used, or the campaign was begun in another way.
    """
    options = prepared.options
    prepared.check_caller(options.agent_id, options.from_phone_number_id)
    ledger = prepared.ledger_to_read(stack)
    description = prepared.description(
        str(options.agent_id or ""),
        str(options.from_phone_number_id or ""),
        origin_to_read(options),
        deadline=0,
    )
    campaign_id = None
    if ledger is not None:
        campaign_id = ledger.check_campaign(description)
        if isinstance(options, BatchCallOptions):
            check_changes(ledger, campaign_id, description, options, rehearsal=True)
    if ledger is None or not has_calls(ledger, campaign_id):
        copied = prepared.copied(ledger, description)
        if copied is not None:
            say(f"xuna: warning: {copied.message(prepared.campaign)}")
    return ledger, campaign_id


def count_for_max_calls(
    prepared: PreparedList, ledger: Ledger, campaign_id: int | None, *, limit: int | None, wait: bool
) -> None:
    """Read the list ahead of a run that nobody confirms, no further than `--max-calls` needs.

    Args:
        prepared: the list.
        ledger: the ledger.
        campaign_id: the campaign; None if it is new.
        limit: how many people the run calls at most; None for no limit.
        wait: whether people are called, too, who are deferred now.

    Raises:
        UsageError: more people would be called.
    """
    options = prepared.options
    if options.max_calls is None:
        return
    ahead = options.max_calls + 1
    most = None if wait else ahead if limit is None else min(ahead, limit)
    check_max_calls(options, rehearse(prepared, ledger, campaign_id, most), wait=wait)


def check_max_calls(options: CallerOptions, report: Report, *, wait: bool = False) -> None:
    """Refuse to start where more people would be called than `--max-calls` allows.

    Args:
        options: of the command.
        report: of a rehearsal.
        wait: whether people are called, too, who are deferred now.

    Raises:
        UsageError: more people would be called.
        XunaError: the rehearsal failed, so it did not count everybody.
    """
    most = options.max_calls
    if most is None:
        return
    for error in report.errors:
        raise error
    people = report.counts["not_sent"] + (report.counts["deferred"] - report.too_late if wait else 0)
    if min(people, options.limit or people) > most:
        raise UsageError(
            f"this would call more than {counted(most, 'person', 'people')} (--max-calls), so nobody was called",
            hint="check with --dry-run, then raise --max-calls, or call fewer people with --limit",
            code="max-calls",
        )


def rehearse(
    prepared: PreparedList,
    ledger: Ledger | None,
    campaign_id: int | None,
    limit: int | None,
    *observers: RunObserver,
) -> Report:
    """Read, prepare and screen the list as a run does, without a claim or a POST, and show the progress."""
    from xuna_cli.dialing import rehearsal

    screener = Screener(prepared.screening_of_list(), prepared.clock.now, ledger, campaign_id)
    watched = is_terminal(sys.stderr) and not prepared.options.quiet
    with (
        contextlib.closing(rehearsal.RehearsedClaims(ledger, campaign_id, prepared.attempts)) as claims,
        prepared.readings.open() as contacts,
        ProgressLine(watched=watched) as line,
        INTERRUPTS,
    ):
        return rehearsal.rehearse(
            targets_of(contacts, prepared.targets.builder(contacts)),
            claims,
            screener,
            again=prepared.targets.builder_again(contacts),
            limit=limit,
            stop=INTERRUPTS.asked,
            observer=Observers(ProgressShown(line), *observers),
        )
