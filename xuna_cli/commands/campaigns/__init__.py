"""`xuna campaigns`: what the ledger knows of campaigns. Each command has a module of its own name."""

import typer

from xuna_cli.commands.campaigns.export import export_campaign
from xuna_cli.commands.campaigns.forget import forget_campaigns
from xuna_cli.commands.campaigns.outcomes import read_outcomes
from xuna_cli.commands.campaigns.report import write_report
from xuna_cli.commands.campaigns.resolve import resolve_batches
from xuna_cli.commands.campaigns.retry_list import write_retry_list
from xuna_cli.commands.campaigns.show import list_campaigns, show_campaign
from xuna_cli.commands.option_types import Command

app = typer.Typer(no_args_is_help=True)
for _name, _command in (
    ("list", list_campaigns),
    ("show", show_campaign),
    ("export", export_campaign),
    ("resolve", resolve_batches),
    ("forget", forget_campaigns),
    ("outcomes", read_outcomes),
    ("retry-list", write_retry_list),
    ("report", write_report),
):
    app.command(_name, cls=Command)(_command)
