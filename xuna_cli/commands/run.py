"""`xuna run`: options and help. The code is in `campaign_run`, and what reads the file in `campaign_file`."""

from pathlib import Path
from typing import Annotated, ClassVar

import typer

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.campaign_file import DEFAULTS, CampaignCommand
from xuna_cli.commands.completion import campaign_files
from xuna_cli.commands.list_options import LIST, OUTPUT, SENDING
from xuna_cli.commands.option_types import options_of_command, takes, text
from xuna_cli.commands.options import ApiOptions, LedgerOptions
from xuna_cli.commands.simulation import SIMULATION, FastForwardOptions, check_fast_forward
from xuna_cli.errors import ExitStatus
from xuna_cli.gc_paused import GcPaused

app = typer.Typer()


@options_of_command
class RunOptions(BatchCallOptions, LedgerOptions, ApiOptions, FastForwardOptions):
    """The options of `xuna run`: those of batch-call, of its other steps, and of the simulation."""

    COMMAND: ClassVar[str] = "run"
    PANELS: ClassVar[tuple[str, ...]] = (*BatchCallOptions.PANELS, SIMULATION)

    campaign_file: Annotated[
        Path,
        typer.Argument(
            autocompletion=campaign_files,
            metavar="FILE",
            help="Campaign file: the list and the options, see `xuna help campaign-file`.",
        ),
    ]
    contacts: Annotated[
        str,
        text(
            "--contacts",
            metavar="FILE|-",
            help="List of people: CSV, TSV, JSON, JSON Lines or a workbook; `-` reads stdin (default: `contacts` in "
            "the campaign file).",
            rich_help_panel=LIST,
        ),
    ] = ""

    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write an HTML report about the campaign to this file.",
            rich_help_panel=OUTPUT,
        ),
    ] = None

    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Only check the file, without the network, and show each setting and where it comes from.",
            rich_help_panel=SENDING,
        ),
    ] = False

    @property
    def inputs(self) -> list[Path | None]:
        """The files that the command reads."""
        return [*super().inputs, self.campaign_file, self.campaign_file.parent / DEFAULTS]

    @property
    def default_campaign(self) -> str:
        """The name of the campaign file."""
        return self.campaign_file.absolute().stem


@app.command(
    "run",
    cls=CampaignCommand,
    epilog="""
    Check the campaign file, rehearse the campaign, and run it.
      xuna run spring.toml --check
      xuna run spring.toml --dry-run
      xuna run spring.toml --sandbox --fast-forward
      xuna run spring.toml

    In a crontab: every hour, until the campaign has finished.
      0 * * * * cd ~/calls && ~/.local/bin/xuna run spring.toml --quiet

    More: xuna help campaign-file, xuna help cron
    """,
)
@takes(RunOptions)
def run_campaign(options: RunOptions) -> ExitStatus:
    """Do what is due in a campaign that a file describes.

    One run reads the outcomes of earlier calls, accepts held batches that are proven, puts people who opted out on
    the do-not-call list, calls the people who may be called now, and writes the report. Run it again to continue,
    e.g. every hour.

    Every option of batch-call can be in the file under its own name, e.g.
    `hours = "09:00-18:00"`. Paths in a file are relative to the file.

    An option on the command line wins over the file. The file wins over
    `xuna.toml` in its folder, which has what several campaigns share, and over
    the environment and `.env`.
    """
    check_fast_forward(options, options.typed)
    if options.fast_forward:
        from xuna_cli.commands.fast_forward import fast_forward

        return fast_forward(options)
    if options.check:
        from xuna_cli.commands.campaign_check import check

        return check(options)
    with GcPaused():
        from xuna_cli.commands.campaign_run import run

    return run(options)
