"""`xuna batch-call`: its options. What it does is in calling.py."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.commands import arguments

WHO, SAID, LIST, CAMPAIGN, SENDING, OUTPUT = (
    "Who calls",
    "What is said",
    "The list",
    "The campaign",
    "Sending",
    "Output",
)


def batch_call(
    contacts: Annotated[
        str,
        typer.Argument(metavar="CONTACTS", help="The list: CSV, TSV, JSON, JSON Lines or XLSX; - is stdin."),
    ],
    agent_id: Annotated[
        str | None, typer.Option(help="The agent that calls. (XUNA_AGENT_ID)", rich_help_panel=WHO)
    ] = None,
    from_phone_number_id: Annotated[
        str | None,
        typer.Option(help="The caller number's id. (XUNA_FROM_PHONE_NUMBER_ID)", rich_help_panel=WHO),
    ] = None,
    first_message: Annotated[
        str | None,
        typer.Option(
            "--first-message",
            "-m",
            metavar="TEMPLATE",
            help='What the agent says first, e.g. "Hi {{ name }}." (XUNA_FIRST_MESSAGE)',
            rich_help_panel=SAID,
        ),
    ] = None,
    first_message_file: Annotated[
        Path | None, typer.Option(help="A file with that template, in UTF-8.", rich_help_panel=SAID)
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=TEMPLATE",
            help="Another part of conversation_config_override; PATH:=TEMPLATE gives JSON. Repeatable.",
            rich_help_panel=SAID,
        ),
    ] = None,
    list_format: Annotated[
        str | None,
        typer.Option("--format", help="csv, tsv, json, jsonl or xlsx; else found out.", rich_help_panel=LIST),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Between the cells of a CSV; else found out.", rich_help_panel=LIST)
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the list; else UTF-8 or its byte order mark.", rich_help_panel=LIST)
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Of a workbook; else the first.", rich_help_panel=LIST)
    ] = None,
    hidden_rows: arguments.HiddenRows = None,
    phone_column: arguments.PhoneColumn = None,
    region: Annotated[
        str | None,
        typer.Option(help="Country of numbers without +, e.g. US. (XUNA_REGION)", rich_help_panel=LIST),
    ] = None,
    region_column: arguments.RegionColumn = None,
    strict_numbers: Annotated[
        bool, typer.Option("--strict-numbers", help="Demand assigned numbers.", rich_help_panel=LIST)
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Call a number once for each value of this column, not once.",
            rich_help_panel=LIST,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Call at most so many people in this run.", rich_help_panel=LIST)
    ] = None,
    campaign: Annotated[
        str | None,
        typer.Option(
            help="Nobody is called twice under this name; else the file's.", rich_help_panel=CAMPAIGN
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(help="The record of who was called. (XUNA_LEDGER)", rich_help_panel=CAMPAIGN),
    ] = None,
    require_ledger: arguments.RequireLedger = False,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Calls in one request; 100. (XUNA_BATCH_SIZE)", rich_help_panel=SENDING),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, help="Requests at once; 4. (XUNA_CONCURRENCY)", rich_help_panel=SENDING),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            metavar="N/s|N/m",
            help="Calls per second or minute, at most. (XUNA_RATE)",
            rich_help_panel=SENDING,
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Seconds that one request may take in all; 180. (XUNA_TIMEOUT)", rich_help_panel=SENDING
        ),
    ] = None,
    give_up_after: Annotated[
        float | None,
        typer.Option(
            help="Seconds of refusals in a row that end the run; 600. (XUNA_GIVE_UP_AFTER)",
            rich_help_panel=SENDING,
        ),
    ] = None,
    max_unknown: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Batches of unknown outcome in a row that end the run; 1. (XUNA_MAX_UNKNOWN)",
            rich_help_panel=SENDING,
        ),
    ] = None,
    retry_refused: Annotated[
        bool,
        typer.Option(
            "--retry-refused",
            help="Call people whom the API refused in an earlier run in the order of the list (default: after "
            "everybody else).",
            rich_help_panel=SENDING,
        ),
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(help="Where the API is. (XUNA_BASE_URL)", rich_help_panel=SENDING)
    ] = None,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Call nobody: use a stand-in on this machine.", rich_help_panel=SENDING
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send and write nothing.", rich_help_panel=SENDING)
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.", rich_help_panel=SENDING)] = False,
    output: Annotated[
        str | None, typer.Option(help="table, json or csv. (XUNA_OUTPUT)", rich_help_panel=OUTPUT)
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="Write the rejected rows here, as a CSV to mend.", rich_help_panel=OUTPUT),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but errors.", rich_help_panel=OUTPUT)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what becomes of each batch.", rich_help_panel=OUTPUT)
    ] = False,
    env_file: Annotated[
        Path | None, typer.Option(help="Read settings from it, not from .env.", rich_help_panel=OUTPUT)
    ] = None,
    do_not_call: arguments.DoNotCall = None,
    do_not_call_column: arguments.DoNotCallColumn = None,
    max_list_age: arguments.MaxListAge = None,
    country: arguments.Country = None,
    allow_premium: arguments.AllowPremium = False,
    consent_column: arguments.ConsentColumn = None,
    consent_values: arguments.ConsentValues = None,
    quiet_days: arguments.QuietDays = None,
    hours: arguments.Hours = None,
    days: arguments.Days = None,
    close_early: arguments.CloseEarly = None,
    timezone_column: arguments.TimezoneColumn = None,
    default_timezone: arguments.DefaultTimezone = None,
    until: arguments.Until = None,
    wait: arguments.Wait = False,
    max_calls: arguments.MaxCalls = None,
    strict_messages: arguments.StrictMessages = False,
    allow_odd_messages: arguments.AllowOddMessages = False,
    agent_message: arguments.AgentMessage = False,
) -> None:
    """Call everybody on a list, once.

    Every row becomes a call target with its own first message; the targets go to the API in batches. Running
    the same command again calls only those who were not called yet.
    """
    options = dict(locals())
    from xuna_cli.commands.call_options import Options
    from xuna_cli.commands.calling import call

    raise typer.Exit(int(call(Options(**options))))
