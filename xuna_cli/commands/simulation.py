"""The simulation: options for what the sandbox simulates, and what commands use instead of the real time and API."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.completion import fault_kinds
from xuna_cli.commands.option_types import options_of_command, text
from xuna_cli.dataclass import dataclass
from xuna_cli.errors import UsageError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.settings import Given

if TYPE_CHECKING:
    from xuna_cli.dialing.clock import Clock
    from xuna_cli.sandbox.conversations import ConversationOptions
    from xuna_cli.sandbox.faults import Fault
    from xuna_cli.sandbox.server import SandboxServer

SIMULATION = "Simulation"

_PERCENTAGE = lazy_pattern(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")


@dataclass(frozen=True, slots=True)
class Simulation:
    """What commands use instead of the real time, the real API and the real ledger.

    Attributes:
        clock: the time for rules, waits and the ledger.
        server: the running sandbox, which has the same clock.
        ledger: the ledger's file.
    """

    clock: "Clock"
    server: "SandboxServer"
    ledger: Path


Unanswered = Annotated[
    Given,
    text(
        metavar="SHARE",
        help="Share of the calls that nobody answers, e.g. 40%; they get no conversation.",
        rich_help_panel=SIMULATION,
    ),
]
OptOut = Annotated[
    Given | None,
    text(
        metavar="SHARE",
        help="Share of the people who opt out when they answer, e.g. 2%. Their conversations have opt_out: true in the "
        "collected data, and all others opt_out: false.",
        rich_help_panel=SIMULATION,
    ),
]


@options_of_command
class SimulatedOptions:
    """Options for the people and the faults that the sandbox simulates."""

    unanswered: Unanswered = Given("0%", "--unanswered")
    opt_out: OptOut = None
    fault: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=fault_kinds,
            metavar="KIND:SHARE",
            help="How POST requests go wrong, and which share of them, e.g. cut:1%. Kinds: answer, cut, drip, garbage, "
            "hang, latency, max-batch, rate-limit, refuse, short; pages is for requests that list conversations. "
            "See `xuna help sandbox`. Repeatable.",
            rich_help_panel=SIMULATION,
        ),
    ] = None
    seed: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Number that decides the simulated answers and faults; the same number gives the same ones.",
            rich_help_panel=SIMULATION,
        ),
    ] = 0
    start_at: Annotated[
        Given | None,
        text(
            metavar="TIME",
            help="Time that the sandbox's clock shows at the start, e.g. 2026-12-01T09:00-05:00 (default: now).",
            rich_help_panel=SIMULATION,
        ),
    ] = None


@options_of_command
class FastForwardOptions(SimulatedOptions):
    """Options for carrying a campaign through simulated time."""

    unanswered: Unanswered = Given("40%", "--unanswered")
    opt_out: OptOut = Given("2%", "--opt-out")
    fast_forward: Annotated[
        bool,
        typer.Option(
            "--fast-forward",
            help="With --sandbox: repeat the run every hour of simulated time until the campaign has finished, and "
            "print its days. See `xuna help sandbox`.",
            rich_help_panel=SIMULATION,
        ),
    ] = False
    max_days: Annotated[
        int,
        typer.Option(
            min=1,
            max=3650,
            metavar="N",
            help="Maximum simulated time, in days.",
            rich_help_panel=SIMULATION,
        ),
    ] = 30


def check_fast_forward(options: FastForwardOptions, typed: frozenset[str]) -> None:
    """Raise UsageError if an option was given that is only for --fast-forward, without it."""
    only = [
        one.name for one in fields(FastForwardOptions) if one.name in typed and one.name != "fast_forward"
    ]
    if only and not options.fast_forward:
        raise UsageError(
            f"--{only[0].replace('_', '-')} needs --fast-forward",
            hint="to rehearse the campaign in simulated time, add --sandbox --fast-forward",
            code="fast-forward",
        )


def people_of(options: SimulatedOptions) -> "ConversationOptions":
    """Return how the simulated people behave.

    Raises:
        UsageError: an option has an invalid value.
    """
    from xuna_cli.sandbox.conversations import ConversationOptions

    return ConversationOptions(
        unanswered=_share(options.unanswered),
        opt_out=None if options.opt_out is None else _share(options.opt_out),
    )


def faults_of(options: SimulatedOptions) -> Iterator["Fault"]:
    """Yield the faults given as `KIND:SHARE`.

    Raises:
        UsageError: one of them has another form or an unknown kind.
    """
    from xuna_cli.sandbox.faults import ANY, any_fault

    kinds = set()
    for one in options.fault or ():
        name, colon, share = one.partition(":")
        kind = name.strip().lower().replace("_", "-")
        if not colon or kind not in ANY:
            raise UsageError(
                f"--fault: invalid fault {one!r}",
                hint=f"write it like cut:1%; kinds are {', '.join(sorted(ANY))}",
                code="fault",
            )
        if kind in kinds:
            raise UsageError(f"--fault: {kind} is given twice", hint="give each kind one share", code="fault")
        kinds.add(kind)
        yield any_fault(kind, _share(Given(share, f"--fault {name.strip()}")))


def _share(given: Given) -> float:
    """Return `40%` as 0.4."""
    match = _PERCENTAGE.fullmatch(given.strip())
    if match is None or float(match[1]) > 100:  # noqa: PLR2004 - percent
        raise UsageError(
            f"{given.source}: invalid share {str(given)!r}", hint="write it like 40% or 0.5%", code="share"
        )
    return float(match[1]) / 100


def simulated(options: SimulatedOptions) -> str:
    """Describe the simulated people and faults."""
    told = [
        f"{options.unanswered} of calls unanswered",
        f"{options.opt_out or '0%'} of people opting out",
        f"faults {', '.join(options.fault)}" if options.fault else "no faults",
    ]
    return f"{', '.join(told)}; seed {options.seed}"
