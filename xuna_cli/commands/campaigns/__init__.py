"""`xuna campaigns`: one module per command, of the same name."""

import typer

from xuna_cli.commands.campaigns.export import export_campaign
from xuna_cli.commands.campaigns.forget import forget_campaigns
from xuna_cli.commands.campaigns.outcomes import read_outcomes
from xuna_cli.commands.campaigns.report import write_report
from xuna_cli.commands.campaigns.resolve import resolve_batches
from xuna_cli.commands.campaigns.retry_list import write_retry_list
from xuna_cli.commands.campaigns.runs import list_runs
from xuna_cli.commands.campaigns.show import list_campaigns, show_campaign
from xuna_cli.commands.command_class import Command, Group

app = typer.Typer(cls=Group)
for _name, _command, _examples in (
    (
        "list",
        list_campaigns,
        """
        List all campaigns.
          xuna campaigns list
        """,
    ),
    (
        "show",
        show_campaign,
        """
        Show a campaign and its held batches.
          xuna campaigns show contacts
        """,
    ),
    (
        "runs",
        list_runs,
        """
        Show who called whom, when, and with which list, message and agent.
          xuna campaigns runs contacts
        """,
    ),
    (
        "export",
        export_campaign,
        """
        Write the list with the outcome of each row.
          xuna campaigns export contacts --join contacts.csv --to results.csv

        Write the rows that were not called, with the rule; write everything for an audit.
          xuna campaigns export contacts --not-called --to not-called.csv
          xuna campaigns export contacts --audit --to audit.jsonl
        """,
    ),
    (
        "resolve",
        resolve_batches,
        """
        Decide about each held batch, on a terminal.
          xuna campaigns resolve contacts

        In a script: batch 17 was placed, batch 18 was not.
          xuna campaigns resolve contacts 17 --placed
          xuna campaigns resolve contacts 18 --not-placed

        More: xuna help crash
        """,
    ),
    (
        "forget",
        forget_campaigns,
        """
        Delete the people of a campaign, or of all campaigns that are a year old.
          xuna campaigns forget contacts
          xuna campaigns forget --older-than 365
        """,
    ),
    (
        "outcomes",
        read_outcomes,
        """
        Read the records once.
          xuna campaigns outcomes contacts

        Wait until every call has an outcome, two hours at most.
          xuna campaigns outcomes contacts --watch --for 2h

        Put people who opted out on the do-not-call list, by a field that the agent collects.
          xuna campaigns outcomes contacts --opt-out-when opt_out=true

        More: xuna help outcomes, xuna help do-not-call
        """,
    ),
    (
        "retry-list",
        write_retry_list,
        """
        Write the people to call again to a list, and call it as a new campaign.
          xuna campaigns retry-list contacts --outcome failure,no-conversation --to again.csv
          xuna batch-call again.csv --campaign contacts-again -m 'Hello again.'
        """,
    ),
    (
        "report",
        write_report,
        """
        Write a page for the people who asked for the campaign.
          xuna campaigns report contacts --to report.html
        """,
    ),
):
    app.command(_name, cls=Command, epilog=_examples)(_command)
