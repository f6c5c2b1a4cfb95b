"""`xuna campaigns list` and `show`."""

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import CampaignName, LedgerResultOptions
from xuna_cli.commands.results import prints
from xuna_cli.output.result import Result

app = typer.Typer()


@options_of_command
class ShowOptions(LedgerResultOptions):
    """The options of `xuna campaigns show`."""

    name: CampaignName


@app.command(
    "list",
    cls=Command,
    epilog="""
    List all campaigns.
      xuna campaigns list
    """,
)
@takes(LedgerResultOptions)
@prints("campaigns list")
def list_campaigns(options: LedgerResultOptions) -> Result:
    """List all campaigns, newest first, with the state of their calls."""
    from xuna_cli.commands.context import ledger_for_reading
    from xuna_cli.errors import LedgerError
    from xuna_cli.ledger.campaigns import campaigns
    from xuna_cli.output.campaigns import CampaignList
    from xuna_cli.output.messages import say, sentence

    try:
        with ledger_for_reading(options) as opened:
            return CampaignList(sorted(campaigns(opened), key=lambda one: one.last_at, reverse=True))
    except LedgerError as error:
        if error.code != "ledger-missing":
            raise
        say(f"xuna: {sentence(f'{error.message} yet')} The first run creates it.")
        return CampaignList([])


@app.command(
    "show",
    cls=Command,
    epilog="""
    Show a campaign and its held batches.
      xuna campaigns show contacts
    """,
)
@takes(ShowOptions)
@prints("campaigns show")
def show_campaign(options: ShowOptions) -> Result:
    """Show a campaign, its batches, and what to do about held ones."""
    from xuna_cli.commands.campaigns.resolve import evidence_for
    from xuna_cli.commands.context import address_in, ledger_for_reading
    from xuna_cli.ledger.campaigns import campaign, resolutions
    from xuna_cli.output.campaigns import CampaignFound

    where = address_in(options, options.name)
    with ledger_for_reading(options) as opened:
        found = campaign(opened, options.name)
        evidence = evidence_for(opened, found, address=where)
        decided = resolutions(opened, found.id)
        return CampaignFound(found, opened.batches(found.id), where, evidence, decided)
