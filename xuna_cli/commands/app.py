"""The command line as a whole."""

from typing import Annotated

import typer

from xuna_cli import __version__
from xuna_cli.commands import (
    agents,
    batch_call,
    campaigns,
    conversations,
    do_not_call,
    doctor,
    ledger,
    outcomes,
    phone_numbers,
    render,
    sandbox,
)

app = typer.Typer(
    name="xuna",
    help="Call everybody on a list with a XUNA AI voice agent: nobody twice, nobody lost silently.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("batch-call")(batch_call.batch_call)
app.command("render")(render.render)
outcomes.add_to(campaigns.app)
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(do_not_call.app, name="do-not-call")
app.add_typer(conversations.app, name="conversations")
app.add_typer(agents.app, name="agents")
app.add_typer(phone_numbers.app, name="phone-numbers")
app.add_typer(ledger.app, name="ledger")
app.add_typer(sandbox.app, name="sandbox")
app.command("doctor")(doctor.doctor)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Call everybody on a list with a XUNA AI voice agent: nobody twice, nobody lost silently."""
    if version:
        from xuna_cli.output.messages import emit

        emit(f"xuna {__version__}\n")
        raise typer.Exit
