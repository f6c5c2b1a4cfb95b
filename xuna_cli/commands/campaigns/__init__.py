"""`xuna campaigns`: the module of each command."""

from typing import ClassVar

import typer

from xuna_cli.commands.command_class import LazyGroup

COMMANDS = {
    "list": ("show", "List all campaigns, newest first, with the state of their calls."),
    "show": ("show", "Show a campaign, its batches, and what to do about held ones."),
    "runs": (
        "runs",
        "Show the runs of a campaign: user, time, list, message, agent, caller number and row counts.",
    ),
    "person": (
        "person",
        "Show all calls to a person in all campaigns, the rows that were not called, and the do-not-call list.",
    ),
    "export": ("export", "Write a row for every call of a campaign: person, time, state and outcome."),
    "resolve": ("resolve", "Decide about held batches: one by one on a terminal, or by ID in a script."),
    "forget": (
        "forget",
        "Permanently delete the people of a campaign. Its counts stay, and the campaign is closed.",
    ),
    "outcomes": (
        "outcomes",
        "Read the conversation records since the first run, match them to calls, and store the outcomes in the ledger.",
    ),
    "retry-list": (
        "retry_list",
        "Write the people with the given outcomes to a list for a new campaign. This calls nobody.",
    ),
    "report": ("report", "Write an HTML report about a campaign. It only reads the ledger, not the network."),
}


class CampaignsGroup(LazyGroup):
    """The group `xuna campaigns`."""

    MODULES: ClassVar = {
        name: (f"xuna_cli.commands.campaigns.{module}", line) for name, (module, line) in COMMANDS.items()
    }


app = typer.Typer(cls=CampaignsGroup)
