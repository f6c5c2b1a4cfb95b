"""Carry a campaign to its end in simulated time: `xuna run FILE --sandbox --fast-forward`.

All runs share one simulated clock, one sandbox in this process, and a ledger that only they use.
"""

import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.context import location_of
from xuna_cli.commands.list_options import STDIN
from xuna_cli.commands.option_types import options_of_command
from xuna_cli.commands.simulation import FastForwardOptions, Simulation, faults_of, people_of
from xuna_cli.dialing.clock import SimulatedClock
from xuna_cli.errors import ExitStatus, UsageError, XunaError
from xuna_cli.interrupts import INTERRUPTS
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import HELD_STATES
from xuna_cli.outcomes.days import days_of
from xuna_cli.output.fast_forward import FastForwarded
from xuna_cli.output.messages import counted, each_message_once
from xuna_cli.sandbox.account import account_with
from xuna_cli.sandbox.server import SandboxServer
from xuna_cli.screening.hours import parse_time
from xuna_cli.settings import Given

HOUR = timedelta(hours=1)

LONGEST_REQUEST_S = 20.0
"""Longest time for a request: a simulated API that hangs must not stop a simulation for minutes."""

APPEARS_AFTER_S, SPREAD_S, GOES_ON_S = 5.0, 60.0, 300.0
"""Conversations appear soon after their call, and say for some minutes that the call goes on."""


@options_of_command
class SimulatedRunOptions(BatchCallOptions, FastForwardOptions):
    """Options of a campaign and its simulation."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How one run of a campaign ended.

    Attributes:
        campaign: the campaign's name.
        exit_status: the run's exit status.
        errors: the run's errors.
        finished: whether nothing will be due any more.
        due_at: the earliest time at which something may be due; None if a person has to decide first.
    """

    campaign: str
    exit_status: ExitStatus
    errors: tuple[XunaError, ...]
    finished: bool
    due_at: datetime | None


def fast_forward(
    options: SimulatedRunOptions, run_once: Callable[[SimulatedRunOptions], Turn]
) -> FastForwarded:
    """Repeat a campaign's run every hour of simulated time until it has finished or its time is over.

    Args:
        options: the run's options.
        run_once: makes one run with the options that it is given, which hold the simulation.

    Raises:
        UsageError: the options don't fit together, or the ledger exists.
        XunaError: a run can't be made.
    """
    _check(options)
    with contextlib.ExitStack() as stack:
        clock = SimulatedClock(_start(options.start_at))
        simulation = Simulation(clock, stack.enter_context(_sandbox(options, clock)), _ledger(options, stack))
        options = replace(
            options,
            simulation=simulation,
            timeout=min(options.timeout, LONGEST_REQUEST_S),
            quiet=True,
            # What a real run writes and tells is for real runs.
            log=None,
            metrics=None,
            on_end=None,
            rejects=None,
        )
        began = clock.now()
        last = began + timedelta(days=options.max_days)
        reason = ""
        with each_message_once():
            turn = run_once(options)
            while not turn.finished and not reason:
                if INTERRUPTS.asked():
                    reason = "it was interrupted"
                elif turn.due_at is None:
                    reason = "nothing else is due before a person decides"
                elif (following := next_hour(clock.now(), turn.due_at)) > last:
                    reason = f"it takes longer than {counted(options.max_days, 'day', 'days')} (--max-days)"
                else:
                    clock.move_to(following)
                    turn = run_once(options)
        with contextlib.closing(open_ledger(simulation.ledger, create=False)) as ledger:
            found = campaign(ledger, turn.campaign)
            days = days_of(ledger, found)
        return FastForwarded(
            exit_status=turn.exit_status
            if INTERRUPTS.signum is None
            else ExitStatus(128 + INTERRUPTS.signum),
            errors=turn.errors,
            campaign=found.name,
            days=days,
            began=began,
            ended=clock.now(),
            finished=turn.finished,
            reason=reason,
            held=sum(found.calls.get(state, 0) for state in HELD_STATES),
            ledger=str(simulation.ledger) if _names_ledger(options) else None,
        )


def next_hour(now: datetime, due_at: datetime) -> datetime:
    """Return the first full hour after now at which something is due."""
    earliest = max(due_at, now + timedelta(microseconds=1))
    hour = earliest.replace(minute=0, second=0, microsecond=0)
    return hour if hour == earliest else hour + HOUR


def _check(options: SimulatedRunOptions) -> None:
    if not options.sandbox:
        raise UsageError(
            "--fast-forward needs --sandbox, so that nobody is called",
            hint="add --sandbox",
            code="fast-forward",
        )
    if options.dry_run:
        raise UsageError(
            "--fast-forward and --dry-run can't be combined",
            hint="choose one: --dry-run shows what a run would do now, --fast-forward what a campaign would do in time",
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


def _sandbox(options: SimulatedRunOptions, clock: SimulatedClock) -> SandboxServer:
    return SandboxServer(
        account=account_with(options.agent_id, options.from_phone_number_id),
        faults=faults_of(options),
        seed=options.seed,
        clock=lambda: clock.now().timestamp(),
        conversations=replace(
            people_of(options), appear_after=APPEARS_AFTER_S, spread=SPREAD_S, in_progress=GOES_ON_S
        ),
    )


def _names_ledger(options: SimulatedRunOptions) -> bool:
    """Return whether a ledger was named on the command line; a campaign's own ledger is never used."""
    return "ledger" in options.typed


def _ledger(options: SimulatedRunOptions, stack: contextlib.ExitStack) -> Path:
    """Create the ledger of the simulation."""
    if options.ledger is not None and _names_ledger(options):
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
