"""`xuna campaigns report`."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import OUTPUT, CampaignName, LedgerOptions

app = typer.Typer()


@options_of_command
class ReportOptions(LedgerOptions):
    """The options of `xuna campaigns report`."""

    name: CampaignName
    to: Annotated[
        Path,
        typer.Option("--to", "-o", metavar="FILE", help="HTML file to write.", rich_help_panel=OUTPUT),
    ]
    with_people: Annotated[
        bool,
        typer.Option("--with-people", help="Show complete numbers, keys and rationales (default: masked)."),
    ] = False


@app.command(
    "report",
    cls=Command,
    epilog="""
    Write a page for the people who asked for the campaign.
      xuna campaigns report contacts --to report.html
    """,
)
@takes(ReportOptions)
def write_report(options: ReportOptions) -> None:
    """Write an HTML report about a campaign. It only reads the ledger, not the network."""
    from xuna_cli.output.messages import say

    write_report_of(options, options.name, options.to, with_people=options.with_people)
    masked = "" if options.with_people else " Numbers are masked. To show them, add --with-people."
    say(f"xuna: {options.to} was written.{masked}")


def write_report_of(options: LedgerOptions, name: str, to: Path, *, with_people: bool = False) -> None:
    """Write the report of a campaign.

    Args:
        options: where the ledger is, and the time.
        name: the campaign's name.
        to: the HTML file.
        with_people: whether to show whole numbers, keys and rationales.

    Raises:
        XunaError: the ledger can't be read, has no such campaign, or the file can't be written.
    """
    from xuna_cli.commands.context import address_in, check_output_of_ledger, ledger_for_reading
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.outcomes.report_data import report_data
    from xuna_cli.output import html_report

    with ledger_for_reading(options) as opened:
        found = campaign(opened, name)
        check_output_of_ledger(options, to, opened, found.source_path)
        data = report_data(opened, found, now=options.clock.now())
    html_report.write_report(data, to, with_people=with_people, address=address_in(options, name))
