"""`xuna render`: its options. What it does is in rendering.py."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.commands import arguments
from xuna_cli.commands.batch_call import CAMPAIGN, LIST, OUTPUT, SAID


def render(
    contacts: Annotated[
        str,
        typer.Argument(metavar="CONTACTS", help="The list: CSV, TSV, JSON, JSON Lines or XLSX; - is stdin."),
    ],
    to: Annotated[
        Path | None, typer.Option("--to", help="Write this file, not stdout.", rich_help_panel=OUTPUT)
    ] = None,
    first_message: Annotated[
        str | None,
        typer.Option("--first-message", "-m", metavar="TEMPLATE", rich_help_panel=SAID),
    ] = None,
    first_message_file: Annotated[Path | None, typer.Option(rich_help_panel=SAID)] = None,
    override: Annotated[list[str] | None, typer.Option(metavar="PATH=TEMPLATE", rich_help_panel=SAID)] = None,
    strict_messages: arguments.StrictMessages = False,
    allow_odd_messages: arguments.AllowOddMessages = False,
    agent_message: arguments.AgentMessage = False,
    list_format: Annotated[str | None, typer.Option("--format", rich_help_panel=LIST)] = None,
    delimiter: Annotated[str | None, typer.Option(rich_help_panel=LIST)] = None,
    encoding: Annotated[str | None, typer.Option(rich_help_panel=LIST)] = None,
    sheet: Annotated[str | None, typer.Option(rich_help_panel=LIST)] = None,
    hidden_rows: arguments.HiddenRows = None,
    phone_column: arguments.PhoneColumn = None,
    region: Annotated[str | None, typer.Option(rich_help_panel=LIST)] = None,
    region_column: arguments.RegionColumn = None,
    strict_numbers: Annotated[bool, typer.Option("--strict-numbers", rich_help_panel=LIST)] = False,
    key: Annotated[str | None, typer.Option(metavar="COLUMN", rich_help_panel=LIST)] = None,
    limit: Annotated[int | None, typer.Option(min=1, rich_help_panel=LIST)] = None,
    max_calls: arguments.MaxCalls = None,
    do_not_call: arguments.DoNotCall = None,
    do_not_call_column: arguments.DoNotCallColumn = None,
    max_list_age: arguments.MaxListAge = None,
    country: arguments.Country = None,
    allow_premium: arguments.AllowPremium = False,
    consent_column: arguments.ConsentColumn = None,
    consent_values: arguments.ConsentValues = None,
    quiet_days: arguments.QuietDays = None,
    timezone_column: arguments.TimezoneColumn = None,
    campaign: Annotated[str | None, typer.Option(rich_help_panel=CAMPAIGN)] = None,
    ledger: Annotated[str | None, typer.Option(rich_help_panel=CAMPAIGN)] = None,
    require_ledger: arguments.RequireLedger = False,
    base_url: Annotated[str | None, typer.Option(rich_help_panel=CAMPAIGN)] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", rich_help_panel=CAMPAIGN)] = False,
    rejects: Annotated[Path | None, typer.Option(rich_help_panel=OUTPUT)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", rich_help_panel=OUTPUT)] = False,
    env_file: Annotated[Path | None, typer.Option(rich_help_panel=OUTPUT)] = None,
) -> None:
    """Write who would be called and what would be said, to be reviewed and then called: batch-call takes it.

    The options are batch-call's own. When people may be called (--hours, --until) is judged when they are
    called, not here.
    """
    options = dict(locals())
    from xuna_cli.commands.call_options import Options
    from xuna_cli.commands.rendering import render as render_list

    to = options.pop("to")
    raise typer.Exit(int(render_list(Options(**options), to)))
