"""The command line as a whole."""

from typing import Annotated

import typer

from xuna_cli import __version__
from xuna_cli.commands import (
    agents,
    campaigns,
    conversations,
    do_not_call,
    doctor,
    ledger,
    outcomes,
    phone_numbers,
    sandbox,
)
from xuna_cli.commands.call_options import BatchCallOptions, RenderOptions
from xuna_cli.commands.option_types import Command, takes
from xuna_cli.errors import ExitStatus

app = typer.Typer(
    name="xuna",
    help="Call everybody on a list with a XUNA AI voice agent: nobody twice, nobody lost silently.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
outcomes.add_to(campaigns.app)
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(do_not_call.app, name="do-not-call")
app.add_typer(conversations.app, name="conversations")
app.add_typer(agents.app, name="agents")
app.add_typer(phone_numbers.app, name="phone-numbers")
app.add_typer(ledger.app, name="ledger")
app.add_typer(sandbox.app, name="sandbox")
app.command("doctor")(doctor.doctor)


@app.command("batch-call", cls=Command)
@takes(BatchCallOptions)
def batch_call(options: BatchCallOptions) -> ExitStatus:
    """Call everybody on a list, once.

    Every row becomes a call with its own first message. The calls go to the API in batches.
    Running the same command again only calls people who have not been called yet.
    """
    from xuna_cli.commands.batch_call import batch_call

    return batch_call(options)


@app.command("render", cls=Command)
@takes(RenderOptions)
def render(options: RenderOptions) -> ExitStatus:
    """Write the finished calls to a file for review. Place them with `xuna batch-call FILE`.

    The options are those of batch-call. Calling hours (--hours, --until) are checked when the calls are placed,
    not here.
    """
    from xuna_cli.commands.render import render

    return render(options)


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
