"""`xuna sandbox`: the stand-in API for curl and other clients."""

from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.option_types import Command, options_of_command, takes

if TYPE_CHECKING:
    from xuna_cli.sandbox.server import SandboxServer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Make a group of a single command."""


@options_of_command
class ServeOptions:
    """The options of `xuna sandbox serve`."""

    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8787
    api_key: Annotated[str, typer.Option(help="Key to accept; not a real one.")] = "sandbox"


@app.command(
    cls=Command,
    epilog="""
    Start the sandbox. It prints the variables to set in another terminal.
      xuna sandbox serve
    """,
)
@takes(ServeOptions)
def serve(options: ServeOptions) -> None:
    """Serve until interrupted, and print what to export."""
    from xuna_cli.errors import ConfigurationError
    from xuna_cli.interrupts import Interrupted
    from xuna_cli.output.messages import say
    from xuna_cli.sandbox.server import serve as serve_sandbox

    try:
        serve_sandbox(options.port, options.api_key, on_start=_announce)
    except OSError as error:
        raise ConfigurationError(
            f"port {options.port} can't be used: {error.strerror}",
            hint="name another with --port",
            code="port",
        ) from None
    except Interrupted:
        say("xuna: the sandbox has ended")


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
    say(f"xuna: the sandbox serves at {server.base_url} and calls nobody; Ctrl-C ends it")
