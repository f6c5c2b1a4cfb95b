"""`xuna sandbox`: a simulated API for rehearsals, curl and other clients."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.command_class import Command, Group
from xuna_cli.commands.option_types import options_of_command, takes, text
from xuna_cli.commands.simulation import SIMULATION, SimulatedOptions, faults_of, people_of, simulated
from xuna_cli.settings import Given

if TYPE_CHECKING:
    from xuna_cli.sandbox.faults import Fault
    from xuna_cli.sandbox.server import SandboxServer

app = typer.Typer(cls=Group)


@app.callback()
def group() -> None:
    """Make a group of a single command."""


@options_of_command
class ServeOptions(SimulatedOptions):
    """The options of `xuna sandbox serve`."""

    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Port to listen on; 0 takes a free one.")
    ] = 8787
    api_key: Annotated[
        str, typer.Option(metavar="KEY", help="Key that the sandbox accepts; never a real one.")
    ] = "sandbox"
    latency: Annotated[
        Given | None,
        text(
            metavar="TIME",
            help="Time to wait before each answer, e.g. 200ms or 1.5s (default: 0s).",
            rich_help_panel=SIMULATION,
        ),
    ] = None


@app.command(
    cls=Command,
    epilog="""
    Start the sandbox. It prints the variables to set in another terminal.
      xuna sandbox serve

    Rehearse faults.
      xuna sandbox serve --unanswered 40% --opt-out 2% --fault cut:1% --latency 200ms

    More: xuna help sandbox
    """,
)
@takes(ServeOptions)
def serve(options: ServeOptions) -> None:
    """Run a simulated API until you press Ctrl-C, and print the variables to export.

    The sandbox calls nobody. It can simulate unanswered calls, opt-outs, faults and a slow network.
    """
    from xuna_cli.errors import ConfigurationError, reason_of
    from xuna_cli.interrupts import Interrupted
    from xuna_cli.output.messages import say
    from xuna_cli.sandbox.server import SandboxServer

    faults = [*faults_of(options), *_latencies(options.latency)]
    people, clock = people_of(options), _clock(options.start_at)
    try:
        with SandboxServer(
            port=options.port,
            api_key=options.api_key,
            faults=faults,
            seed=options.seed,
            conversations=people,
            clock=clock,
        ) as server:
            _announce(server)
            latency = f"; {options.latency} latency" if options.latency else ""
            time = f"; clock at {options.start_at}" if options.start_at else ""
            say(f"xuna: The sandbox simulates {simulated(options)}{latency}{time}.")
            server.wait()
    except OSError as error:
        raise ConfigurationError(
            f"port {options.port} can't be used: {reason_of(error)}",
            hint="choose another port with --port",
            code="port",
        ) from None
    except Interrupted:
        say("xuna: The sandbox has stopped.")


def _latencies(given: Given | None) -> Iterator["Fault"]:
    """Parse the latency of each endpoint."""
    from xuna_cli.commands.durations import parse_latency
    from xuna_cli.sandbox.faults import ENDPOINTS, Latency

    if given is not None:
        seconds = parse_latency(given)
        yield from (Latency(on=endpoint, seconds=seconds) for endpoint in ENDPOINTS)


def _clock(start_at: Given | None) -> Callable[[], float]:
    """Return a clock that starts at a time, in Unix seconds."""
    import time

    from xuna_cli.screening.hours import parse_time

    if start_at is None:
        return time.time
    ahead = parse_time(start_at, source=start_at.source).timestamp() - time.time()
    return lambda: time.time() + ahead


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
    say(f"xuna: The sandbox runs at {server.base_url} and calls nobody. Press Ctrl-C to stop it.")
