"""`xuna sandbox`: the stand-in API for curl and other clients."""

import shlex
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="A stand-in for the API that calls nobody.")


@app.callback()
def group() -> None:
    """A stand-in for the API that calls nobody."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8787,
    api_key: Annotated[str, typer.Option(help="The key that it accepts; no real one.")] = "sandbox",
) -> None:
    """Serve until interrupted, and print what to export."""
    import os

    from xuna_cli.errors import ConfigurationError
    from xuna_cli.interrupts import Interrupted
    from xuna_cli.output.messages import emit, say
    from xuna_cli.sandbox.account import SANDBOX_AGENT, SANDBOX_NUMBER
    from xuna_cli.sandbox.server import SandboxServer
    from xuna_cli.sandbox.server import serve as serve_sandbox
    from xuna_cli.settings import data_folder

    def announce(server: SandboxServer) -> None:
        ledger = data_folder(os.environ) / "sandbox-server.db"
        exports = {
            "XUNA_BASE_URL": server.base_url,
            "XUNA_AI_API_KEY": api_key,
            "XUNA_AGENT_ID": SANDBOX_AGENT.agent_id,
            "XUNA_FROM_PHONE_NUMBER_ID": SANDBOX_NUMBER.phone_number_id,
            "XUNA_LEDGER": str(ledger),
        }
        emit("".join(f"export {name}={shlex.quote(value)}\n" for name, value in exports.items()))
        import sys

        sys.stdout.flush()
        say(f"xuna: the sandbox serves at {server.base_url} and calls nobody; Ctrl-C ends it")

    try:
        serve_sandbox(port, api_key, on_start=announce)
    except OSError as error:
        raise ConfigurationError(
            f"port {port} can't be used: {error.strerror}", hint="name another with --port", code="port"
        ) from None
    except Interrupted:
        say("xuna: the sandbox has ended")
