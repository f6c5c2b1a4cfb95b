"""`xuna sandbox`: a simulated API for rehearsals, curl and other clients."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.completion import fault_kinds
from xuna_cli.commands.option_types import Command, options_of_command, takes, text
from xuna_cli.errors import UsageError
from xuna_cli.settings import Given

if TYPE_CHECKING:
    from xuna_cli.sandbox.faults import Fault
    from xuna_cli.sandbox.server import SandboxServer

app = typer.Typer(no_args_is_help=True)

_PERCENTAGE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")


@app.callback()
def group() -> None:
    """Make a group of a single command."""


@options_of_command
class ServeOptions:
    """The options of `xuna sandbox serve`."""

    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8787
    api_key: Annotated[str, typer.Option(help="Key to accept; not a real one.")] = "sandbox"
    unanswered: Annotated[
        Given | None,
        text(
            metavar="SHARE",
            help="Calls that nobody answers, e.g. 40%; they get no conversation (default: 0%).",
        ),
    ] = None
    opt_out: Annotated[
        Given | None,
        text(
            metavar="SHARE",
            help="People who opt out when they answer, e.g. 2%. The collected data of each conversation then has "
            "opt_out: true or false (default: no such field).",
        ),
    ] = None
    fault: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=fault_kinds,
            metavar="KIND:SHARE",
            help="Share of the POST requests that go wrong, and how, e.g. cut:1%. Kinds: answer, cut, drip, garbage, "
            "hang, latency, max-batch, rate-limit, refuse, short; pages strikes requests for conversations. See "
            "`xuna help sandbox`. Can be repeated.",
        ),
    ] = None
    latency: Annotated[
        Given | None,
        text(metavar="TIME", help="Time to wait before each answer, e.g. 200ms or 1.5s (default: 0s)."),
    ] = None
    seed: Annotated[
        int,
        typer.Option(
            metavar="N", help="Another number makes people and faults behave otherwise (default: 0)."
        ),
    ] = 0


@app.command(
    cls=Command,
    epilog="""
    Start the sandbox. It prints the variables to set in another terminal.
      xuna sandbox serve

    Rehearse what goes wrong.
      xuna sandbox serve --unanswered 40% --opt-out 2% --fault cut:1% --latency 200ms

    More: xuna help sandbox
    """,
)
@takes(ServeOptions)
def serve(options: ServeOptions) -> None:
    """Run a simulated API until you press Ctrl-C, and print the variables to export.

    The sandbox calls nobody. It can simulate unanswered calls, opt-outs, faults and a slow network.
    """
    from xuna_cli.errors import ConfigurationError
    from xuna_cli.interrupts import Interrupted
    from xuna_cli.output.messages import say
    from xuna_cli.sandbox.conversations import ConversationOptions
    from xuna_cli.sandbox.server import SandboxServer

    faults = [*_faults(options.fault or ()), *_latencies(options.latency)]
    conversations = ConversationOptions(
        unanswered=0.0 if options.unanswered is None else _share(options.unanswered),
        opt_out=None if options.opt_out is None else _share(options.opt_out),
    )
    try:
        with SandboxServer(
            port=options.port,
            api_key=options.api_key,
            faults=faults,
            seed=options.seed,
            conversations=conversations,
        ) as server:
            _announce(server)
            say(f"xuna: the sandbox simulates {_simulated(options)}")
            server.wait()
    except OSError as error:
        raise ConfigurationError(
            f"port {options.port} can't be used: {error.strerror}",
            hint="choose another port with --port",
            code="port",
        ) from None
    except Interrupted:
        say("xuna: the sandbox has stopped")


def _share(given: Given) -> float:
    """Return `40%` as 0.4."""
    match = _PERCENTAGE.fullmatch(given.strip())
    if match is None or float(match[1]) > 100:  # noqa: PLR2004 - percent
        raise UsageError(
            f"{given.source}: invalid share {str(given)!r}", hint="write it like 40% or 0.5%", code="share"
        )
    return float(match[1]) / 100


def _faults(given: list[str] | tuple[()]) -> Iterator["Fault"]:
    """Parse the faults given as `KIND:SHARE`."""
    from xuna_cli.sandbox.faults import ANY, any_fault

    kinds = set()
    for one in given:
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


def _latencies(given: Given | None) -> Iterator["Fault"]:
    """Parse the latency of each endpoint."""
    from xuna_cli.commands.durations import parse_latency
    from xuna_cli.sandbox.faults import ENDPOINTS, Latency

    if given is not None:
        seconds = parse_latency(given)
        yield from (Latency(on=endpoint, seconds=seconds) for endpoint in ENDPOINTS)


def _simulated(options: ServeOptions) -> str:
    """Describe the simulated behavior."""
    told = [
        f"{options.unanswered or '0%'} of calls unanswered",
        f"{options.opt_out or '0%'} of people opting out",
        f"faults {', '.join(options.fault)}" if options.fault else "no faults",
        f"{options.latency} latency" if options.latency else "no latency",
    ]
    return f"{', '.join(told)}; seed {options.seed}"


def _announce(server: "SandboxServer") -> None:
    import os
    import shlex

    from xuna_cli.output.messages import emit, say
    from xuna_cli.sandbox.account import SANDBOX_AGENT, SANDBOX_NUMBER
    from xuna_cli.settings import data_folder

    exports = {
        "XUNA_BASE_URL": server.base_url,
        "XUNA_AI_API_KEY": server.account.api_key,
        "XUNA_AGENT_ID": SANDBOX_AGENT.agent_id,
        "XUNA_FROM_PHONE_NUMBER_ID": SANDBOX_NUMBER.phone_number_id,
        "XUNA_LEDGER": str(data_folder(os.environ) / "sandbox-server.db"),
    }
    emit("".join(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items()))
    say(f"xuna: the sandbox runs at {server.base_url} and calls nobody. Press Ctrl-C to stop it")
