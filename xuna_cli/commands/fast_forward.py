"""Carry a campaign to its end in simulated time: `xuna run FILE --sandbox --fast-forward`.

All runs share one simulated clock, one sandbox in this process, and a ledger that only they use.
"""

import contextlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xuna_cli.commands.campaign_run import CampaignRun
from xuna_cli.commands.context import ledger_for_reading, location_of
from xuna_cli.commands.list_options import STDIN
from xuna_cli.commands.options import Output
from xuna_cli.commands.prompts import is_terminal
from xuna_cli.commands.run import RunOptions
from xuna_cli.commands.simulation import Simulation, faults_of, people_of, simulated
from xuna_cli.dialing.clock import SimulatedClock
from xuna_cli.errors import ExitStatus, UsageError, XunaError
from xuna_cli.interrupts import INTERRUPTS
from xuna_cli.ledger.campaigns import campaign, campaigns
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import HELD_STATES
from xuna_cli.outcomes.days import days_of
from xuna_cli.outcomes.opt_outs import OptOutRule, parse_rules
from xuna_cli.outcomes.summary import summarise
from xuna_cli.output.fast_forward import FastForwarded
from xuna_cli.output.messages import counted, print_error, simulated_messages
from xuna_cli.output.progress import ProgressLine
from xuna_cli.output.result import print_failure, print_result
from xuna_cli.output.run import RunResult
from xuna_cli.sandbox.account import account_with
from xuna_cli.sandbox.server import SandboxServer
from xuna_cli.screening.hours import parse_time
from xuna_cli.settings import Given
from xuna_cli.times import for_people

COMMAND = "run"

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

MOST_IDLE = 24
"""Runs in a row, each with something to do, that call nobody and learn nothing; others would not, either."""

LONGEST_REQUEST_S = 20.0
"""Longest time for a request: a simulated API that hangs must not stop a simulation for minutes."""

APPEARS_AFTER_S, SPREAD_S, GOES_ON_S = 5.0, 60.0, 300.0
"""Conversations appear soon after their call, and say for some minutes that the call goes on."""


FINAL = frozenset({ExitStatus.BUG, ExitStatus.USAGE, ExitStatus.CONFIGURATION, ExitStatus.INPUT})
"""Exit codes of a run that the same command would have again, whenever it is repeated."""


def fast_forward(options: RunOptions) -> ExitStatus:
    """Simulate a campaign, print its days, and return the exit code of its last run.

    Raises:
        XunaError: it can't be simulated. With `--output json`, the error is also printed as a document.
    """
    try:
        result = simulate(options)
    except XunaError as error:
        if options.output is Output.JSON:
            print_failure(COMMAND, error)
        raise
    print_result(COMMAND, result, options.output)
    for met in result.errors:
        print_error(met)
    return result.exit_status


def simulate(options: RunOptions) -> FastForwarded:
    """Repeat a campaign's run every hour of simulated time until it has finished or its time is over.

    Raises:
        UsageError: the options don't fit together, or the ledger exists.
        XunaError: the first run can't be made.
    """
    _check(options)
    with contextlib.ExitStack() as stack:
        clock = SimulatedClock(_start(options.start_at))
        ledger = _ledger(options, stack)
        server = stack.enter_context(_sandbox(options, clock))
        began = clock.now()
        watched = is_terminal(sys.stderr) and not options.quiet
        with ProgressLine(watched=watched) as line, simulated_messages(lambda: for_people(clock.now())):
            last, reason = _repeat(_of_simulation(options, Simulation(clock, server, ledger)), clock, line)
        with contextlib.closing(open_ledger(ledger, create=False)) as opened:
            if last.errors and not campaigns(opened):
                raise last.errors[0]
            found = campaign(opened, last.calls.campaign or "")
            days = days_of(opened, found)
        return FastForwarded(
            exit_status=last.exit_status,
            errors=last.errors,
            campaign=found.name,
            days=days,
            began=began,
            ended=clock.now(),
            reason=reason,
            held=sum(found.calls.get(state, 0) for state in HELD_STATES),
            ledger=str(ledger) if _is_named(options) else None,
            simulated=simulated(options),
            reads_opt_outs=bool(parse_rules(options.opt_out_when or ())),
            report=last.calls.report,
        )


def _repeat(options: RunOptions, clock: SimulatedClock, line: ProgressLine) -> tuple[RunResult, str]:
    """Return the last run, and why no other one follows; the reason is empty if the campaign has finished."""
    ends = clock.now() + timedelta(days=options.max_days)
    idle, known = 0, (0, 0)
    while True:
        line.show_text(f"simulated time: {for_people(clock.now())}")
        with contextlib.ExitStack() as stack:
            result = CampaignRun(options, stack, None).run()
        if result.finished:
            return result, ""
        if INTERRUPTS.signum is not None:
            return replace(result, exit_status=ExitStatus(128 + INTERRUPTS.signum)), "it was interrupted"
        if any(error.exit_status in FINAL for error in result.errors):
            return result, "each further run would fail"
        with ledger_for_reading(options) as ledger:
            waiting = summarise(ledger, campaign(ledger, result.calls.campaign or "")).undecided
        due_at = _due_at(result, clock.now(), waiting=waiting)
        if due_at is None:
            return result, "nothing else is due before a person decides"
        before, known = known, (waiting, len(result.calls.held))
        if result.calls.report.counts["accepted"] or known != before:
            idle = 0
        elif due_at <= clock.now():
            idle += 1
        if idle == MOST_IDLE:
            return result, f"{MOST_IDLE} runs in a row have called nobody and learned nothing"
        if (following := next_hour(clock.now(), due_at)) > ends:
            return result, f"it takes longer than {counted(options.max_days, 'day', 'days')} (--max-days)"
        clock.move_to(following)


def _due_at(result: RunResult, now: datetime, *, waiting: int) -> datetime | None:
    """Return the earliest time at which something may be due; None if a person has to decide first.

    Args:
        result: the last run.
        now: its time.
        waiting: number of calls whose outcome may still come.
    """
    report = result.calls.report
    due = [each.opens_at for each in report.deferrals]
    left = report.counts["not_sent"] + report.counts["in_flight"] + report.refused_calls
    if waiting or left or not report.list_complete or result.errors:
        due.append(now)
    if report.reasons.get("called-recently"):
        due.append(now + DAY)
    return min(due, default=None)


def next_hour(now: datetime, due_at: datetime) -> datetime:
    """Return the first full hour after now at which something is due."""
    earliest = max(due_at, now + timedelta(microseconds=1))
    hour = earliest.replace(minute=0, second=0, microsecond=0)
    return hour if hour == earliest else hour + HOUR


def _check(options: RunOptions) -> None:
    if not options.sandbox:
        raise UsageError(
            "--fast-forward needs --sandbox, so that nobody is called",
            hint="add --sandbox",
            code="fast-forward",
        )
    for name, given in (("--dry-run", options.dry_run), ("--check", options.check)):
        if given:
            raise UsageError(
                f"--fast-forward and {name} can't be combined",
                hint="leave one of them out",
                code="fast-forward",
            )
    if options.contacts == STDIN:
        raise UsageError(
            "--fast-forward reads the list again for each run, which is not possible with standard input",
            hint="write the list to a file, and name the file",
            code="fast-forward",
        )


def _start(start_at: Given | None) -> datetime:
    return datetime.now(UTC) if start_at is None else parse_time(start_at, source=start_at.source)


def _of_simulation(options: RunOptions, simulation: Simulation) -> RunOptions:
    """Return the options of the simulation's runs, which write no file of the campaign."""
    return replace(
        options,
        simulation=simulation,
        timeout=min(options.timeout, LONGEST_REQUEST_S),
        quiet=True,
        rejects=None,
        report=None,
    )


def _sandbox(options: RunOptions, clock: SimulatedClock) -> SandboxServer:
    return SandboxServer(
        account=account_with(options.agent_id, options.from_phone_number_id),
        faults=faults_of(options),
        seed=options.seed,
        clock=lambda: clock.now().timestamp(),
        conversations=replace(
            people_of(options),
            appear_after=APPEARS_AFTER_S,
            spread=SPREAD_S,
            in_progress=GOES_ON_S,
            opt_out_fields=_fields(parse_rules(options.opt_out_when or ["opt_out=true"])),
        ),
    )


def _fields(rules: Sequence[OptOutRule]) -> dict[str, tuple[object, object]]:
    """Return the fields of the rules, with the value of people who opt out, and of the others."""
    fields: dict[str, tuple[object, object]] = {}
    for rule in rules:
        said = {"true": True, "false": False}.get(rule.value.lower(), rule.value)
        others = (not said,) if isinstance(said, bool) else ("no", "yes", "")
        fields[rule.field] = (said, next(other for other in others if not rule.is_met(other)))
    return fields


def _is_named(options: RunOptions) -> bool:
    """Return whether the ledger was named on the command line; the campaign's own one is never used."""
    return options.sources.get("ledger") == "--ledger"


def _ledger(options: RunOptions, stack: contextlib.ExitStack) -> Path:
    """Create the ledger of the simulation."""
    if options.ledger is not None and _is_named(options):
        path = location_of(options.ledger, source=options.ledger.source, folder=options.ledger.folder)
        if not isinstance(path, Path) or path.exists():
            raise UsageError(
                f"--ledger: {path} can't be the ledger of a simulation, which needs a new file",
                hint="name a file that does not exist, or leave --ledger out",
                code="fast-forward",
            )
    else:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xuna-"))) / "ledger.db"
    open_ledger(path).close()
    return path
