"""`xuna campaigns export`."""

from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import CampaignName, ExportFileOptions, JoinOptions
from xuna_cli.commands.results import prints
from xuna_cli.times import for_people


@options_of_command
class CampaignExportOptions(JoinOptions, ExportFileOptions):
    """The options of `xuna campaigns export`."""

    name: CampaignName


@takes(CampaignExportOptions)
@prints("campaigns export")
def export_campaign(options: CampaignExportOptions) -> None:
    """Write a row for every call of a campaign: who, when, how it stands, and what came of it."""
    from xuna_cli.commands.campaigns.people import people_of
    from xuna_cli.commands.context import check_output_of_ledger, ledger_for_reading
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.output.messages import say
    from xuna_cli.output.people import export_people

    with ledger_for_reading(options) as opened:
        found = campaign(opened, options.name)
        check_output_of_ledger(options, options.to, opened, options.join, found.source_path)
        if found.forgotten_at:
            say(
                f"xuna: the people of campaign {options.name!r} were forgotten at "
                f"{for_people(found.forgotten_at)}, so there are no rows"
            )
        with people_of(opened, found, options) as people:
            export_people(people.everybody, people.columns, options.output, options.to)
