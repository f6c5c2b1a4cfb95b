"""`xuna campaigns export`."""

from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import CampaignName, ExportFileOptions, JoinOptions
from xuna_cli.commands.results import prints
from xuna_cli.errors import UsageError
from xuna_cli.times import for_people

if TYPE_CHECKING:
    from xuna_cli.ledger.ledger import Ledger
    from xuna_cli.ledger.records import Campaign

app = typer.Typer()


@options_of_command
class CampaignExportOptions(JoinOptions, ExportFileOptions):
    """The options of `xuna campaigns export`."""

    name: CampaignName
    not_called: Annotated[
        bool,
        typer.Option(
            "--not-called", help="Write the rows that were not called instead, with the rule for each."
        ),
    ] = False
    audit: Annotated[
        bool,
        typer.Option(
            "--audit",
            help="Write everything that the ledger knows instead, as JSON Lines; each line has the hash of the line "
            "before.",
        ),
    ] = False


@app.command(
    "export",
    cls=Command,
    epilog="""
    Write the list with the outcome of each row.
      xuna campaigns export contacts --join contacts.csv --to results.csv

    Write the rows that were not called, with the rule; write everything for an audit.
      xuna campaigns export contacts --not-called --to not-called.csv
      xuna campaigns export contacts --audit --to audit.jsonl
    """,
)
@takes(CampaignExportOptions)
@prints("campaigns export")
def export_campaign(options: CampaignExportOptions) -> None:
    """Write a row for every call of a campaign: person, time, state and outcome."""
    from xuna_cli.commands.campaigns.people import people_of
    from xuna_cli.commands.context import check_output_of_ledger, ledger_for_reading
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.ledger.runs import runs_of
    from xuna_cli.output.messages import say
    from xuna_cli.output.people import export_people

    if sum((options.not_called, options.audit, options.join is not None)) > 1:
        raise UsageError("--not-called, --audit and --join can't be used together; choose one")
    with ledger_for_reading(options) as opened:
        found = campaign(opened, options.name)
        check_output_of_ledger(options, options.to, opened, options.join, found.source_path)
        if found.forgotten_at:
            say(
                f"xuna: The people of campaign {options.name!r} were forgotten at "
                f"{for_people(found.forgotten_at)}, so there are no rows."
            )
        if options.not_called or options.audit:
            _export_evidence(opened, found, options)
            return
        with people_of(opened, found, options) as people:
            lists = {run.id: run.source for run in runs_of(opened, found.id)}
            export_people(people.everybody, people.columns, options.output, options.to, lists)


def _export_evidence(ledger: "Ledger", campaign: "Campaign", options: CampaignExportOptions) -> None:
    """Write the rows that were not called, or the audit file."""
    from xuna_cli.ledger.not_called import not_called
    from xuna_cli.outcomes.audit import audit_records
    from xuna_cli.output.evidence import export_audit, export_not_called
    from xuna_cli.output.messages import say

    if options.not_called:
        export_not_called(not_called(ledger, campaign.id), options.output, options.to)
        return
    lines, last = export_audit(audit_records(ledger, campaign), options.to)
    say(f"xuna: {lines:,} lines were written. Keep the SHA-256 of the last line in another place: {last}")
