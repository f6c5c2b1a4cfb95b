"""`xuna campaigns runs`."""

from typing import Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import OUTPUT, CampaignName, LedgerOptions, Output
from xuna_cli.commands.results import prints
from xuna_cli.output.result import Result

app = typer.Typer()


@options_of_command
class RunsOptions(LedgerOptions):
    """The options of `xuna campaigns runs`."""

    name: CampaignName
    output: Annotated[Output, typer.Option(help="Format of the result.", rich_help_panel=OUTPUT)] = (
        Output.TABLE
    )


@app.command(
    "runs",
    cls=Command,
    epilog="""
    Show who called whom, when, and with which list, message and agent.
      xuna campaigns runs contacts
    """,
)
@takes(RunsOptions)
@prints("campaigns runs")
def list_runs(options: RunsOptions) -> Result:
    """Show the runs of a campaign: user, time, list, message, agent, caller number and row counts."""
    from xuna_cli.commands.context import ledger_for_reading
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.ledger.runs import counts_of_runs, runs_of
    from xuna_cli.output.evidence import RunList

    with ledger_for_reading(options) as opened:
        found = campaign(opened, options.name)
        return RunList(found.name, runs_of(opened, found.id), counts_of_runs(opened, found.id))
