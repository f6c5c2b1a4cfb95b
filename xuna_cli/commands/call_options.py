"""The options of `xuna batch-call` and `xuna render`. What they mean is in `call_inputs`."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.commands.completion import (
    agent_ids,
    caller_number_ids,
    campaign_names,
    list_columns,
    list_columns_or_none,
    list_sheets,
    one_country,
    several_countries,
    time_zones,
)
from xuna_cli.commands.option_types import Options, files, number, options_of_command, text
from xuna_cli.commands.options import ListFormat, Output
from xuna_cli.contacts.options import HiddenRows
from xuna_cli.settings import Given

MESSAGE = "Message"
LIST = "The list"
CAMPAIGN = "The campaign"
CALLER = "Who calls"
WHOM = "Who is not called"
WHEN = "When"
SENDING = "Sending"
OUTPUT = "Output"


@options_of_command
class ListAndMessageOptions(Options):
    """Whom to call, and what the agent says: what batch-call and render share."""

    PANELS = (MESSAGE, CALLER, LIST, CAMPAIGN, WHEN, WHOM, SENDING, OUTPUT)

    contacts: Annotated[
        str,
        typer.Argument(
            metavar="CONTACTS",
            help="List of people: CSV, TSV, JSON, JSON Lines or a workbook. `-` reads stdin.",
        ),
    ]
    first_message: Annotated[
        Given | None,
        text(
            "--first-message",
            "-m",
            envvar="XUNA_FIRST_MESSAGE",
            metavar="TEMPLATE",
            help='First message of the agent, e.g. "Hi {{ name }}."',
            rich_help_panel=MESSAGE,
        ),
    ] = None
    first_message_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="UTF-8 text file with the template of the first message.",
            rich_help_panel=MESSAGE,
        ),
    ] = None
    override: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=TEMPLATE",
            help="Set another part of conversation_config_override. PATH:=TEMPLATE sets JSON. Repeatable.",
            rich_help_panel=MESSAGE,
        ),
    ] = None
    agent_message: Annotated[
        bool,
        typer.Option(
            "--agent-message",
            envvar="XUNA_AGENT_MESSAGE",
            help="Let the agent say its own first message where the list and the options give none.",
            rich_help_panel=MESSAGE,
        ),
    ] = False
    strict_messages: Annotated[
        bool,
        typer.Option(
            "--strict-messages",
            help="Reject rows whose message looks broken, even slightly (default: warn only).",
            rich_help_panel=MESSAGE,
        ),
    ] = False
    allow_odd_messages: Annotated[
        bool,
        typer.Option(
            "--allow-odd-messages",
            envvar="XUNA_ALLOW_ODD_MESSAGES",
            help="Only warn about words that are never right in speech: null, #N/A, {name}, &amp; "
            "(default: reject these rows).",
            rich_help_panel=MESSAGE,
        ),
    ] = False
    list_format: Annotated[
        ListFormat | None,
        typer.Option("--format", help="Format of the list (default: detected).", rich_help_panel=LIST),
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(
            metavar="CHARACTER",
            help="Character between the cells of a CSV (default: detected).",
            rich_help_panel=LIST,
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Text encoding of the list (default: UTF-8, or what its byte order mark says).",
            rich_help_panel=LIST,
        ),
    ] = None
    sheet: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_sheets,
            metavar="NAME",
            help="Worksheet to read (default: the only visible one with a phone column).",
            rich_help_panel=LIST,
        ),
    ] = None
    hidden_rows: Annotated[
        HiddenRows | None,
        typer.Option(
            help="What to do with hidden rows of a workbook (default: stop, if there are any).",
            rich_help_panel=LIST,
        ),
    ] = None
    phone_column: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=list_columns,
            metavar="COLUMN",
            help="Column with the phone number (default: found by its name). Repeatable: the first column that is "
            "filled counts.",
            rich_help_panel=LIST,
        ),
    ] = None
    region: Annotated[
        Given | None,
        text(
            autocompletion=one_country,
            envvar="XUNA_REGION",
            metavar="CC",
            help="Country of numbers that have no +, e.g. US.",
            rich_help_panel=LIST,
        ),
    ] = None
    region_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns_or_none,
            metavar="COLUMN|none",
            help="Column with the country of numbers that have no +: a name, an ISO code or a calling code "
            "(default: found by its name). Where the cell is empty, --region counts.",
            rich_help_panel=LIST,
        ),
    ] = None
    strict_numbers: Annotated[
        bool,
        typer.Option(
            "--strict-numbers",
            help="Reject numbers outside the ranges that are in use.",
            rich_help_panel=LIST,
        ),
    ] = False
    key: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns,
            metavar="COLUMN",
            help="Allow one call per number and value of this column, e.g. order_id.",
            rich_help_panel=LIST,
        ),
    ] = None
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Call at most N people in this run.", rich_help_panel=LIST),
    ] = None
    max_calls: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            envvar="XUNA_MAX_CALLS",
            help="Call nobody if this run would call more than N people.",
            rich_help_panel=LIST,
        ),
    ] = None
    do_not_call: Annotated[
        list[Path] | None,
        files(
            metavar="FILE",
            envvar="XUNA_DO_NOT_CALL",
            help="Do-not-call list to obey besides the ledger's own. Repeatable. The files of the variable are "
            "obeyed in any case.",
            rich_help_panel=WHOM,
        ),
    ] = None
    do_not_call_column: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=list_columns_or_none,
            metavar="COLUMN|none",
            help="Column that marks people who must not be called: everything but a clear no marks them "
            "(default: found by its name). Repeatable.",
            rich_help_panel=WHOM,
        ),
    ] = None
    max_list_age: Annotated[
        Given | None,
        text(
            metavar="AGE",
            envvar="XUNA_MAX_LIST_AGE",
            help="Refuse do-not-call files that are older, e.g. 31d.",
            rich_help_panel=WHOM,
        ),
    ] = None
    country: Annotated[
        Given | None,
        text(
            autocompletion=several_countries,
            metavar="CC[,CC]",
            envvar="XUNA_COUNTRY",
            help="Only call numbers of these countries, e.g. US,CA.",
            rich_help_panel=WHOM,
        ),
    ] = None
    allow_premium: Annotated[
        bool,
        typer.Option(
            "--allow-premium",
            help="Also call premium-rate, shared-cost, personal and satellite numbers.",
            rich_help_panel=WHOM,
        ),
    ] = False
    consent_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns,
            metavar="COLUMN",
            help="Only call people who have a yes in this column.",
            rich_help_panel=WHOM,
        ),
    ] = None
    consent_values: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Values of that column that count as a yes (default: yes,true,1,express,written).",
            rich_help_panel=WHOM,
        ),
    ] = None
    quiet_days: Annotated[
        float,
        number(
            least=0,
            metavar="N",
            envvar="XUNA_QUIET_DAYS",
            help="Skip people who were called in any campaign in the last N days. With --key, a number is called "
            "once in a run.",
            rich_help_panel=WHOM,
        ),
    ] = 0
    timezone_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns,
            metavar="COLUMN",
            help="Column with the person's time zone, e.g. America/New_York (default: found by its name).",
            rich_help_panel=WHEN,
        ),
    ] = None
    campaign: Annotated[
        str | None,
        typer.Option(
            autocompletion=campaign_names,
            metavar="NAME",
            help="Campaign name (default: the list's file name). Within a campaign nobody is called twice.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    ledger: Annotated[
        Given | None,
        text(
            metavar="FILE|URL",
            envvar="XUNA_LEDGER",
            help="Ledger: the record of everybody who was called (default: in the user's data folder).",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    require_ledger: Annotated[
        bool,
        typer.Option(
            "--require-ledger",
            envvar="XUNA_REQUIRE_LEDGER",
            help="Stop if the ledger does not exist yet, e.g. because its disk is not mounted.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = False
    base_url: Annotated[
        Given | None,
        text(
            metavar="URL",
            envvar="XUNA_BASE_URL",
            help="URL of the API (default: https://api.xuna.ai).",
            rich_help_panel=SENDING,
        ),
    ] = None
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Call nobody: use a simulated API on this machine.", rich_help_panel=SENDING
        ),
    ] = False
    rejects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the rejected rows to this CSV file, to be fixed and fed back.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Only print errors and warnings about calls.", rich_help_panel=OUTPUT
        ),
    ] = False


@options_of_command
class CallerOptions(ListAndMessageOptions):
    """Who calls: what commands share that place calls."""

    agent_id: Annotated[
        Given | None,
        text(
            autocompletion=agent_ids,
            metavar="ID",
            envvar="XUNA_AGENT_ID",
            help="Agent that talks to the people; see `xuna agents list`.",
            rich_help_panel=CALLER,
        ),
    ] = None
    from_phone_number_id: Annotated[
        Given | None,
        text(
            autocompletion=caller_number_ids,
            metavar="ID",
            envvar="XUNA_FROM_PHONE_NUMBER_ID",
            help="Caller number; see `xuna phone-numbers list`.",
            rich_help_panel=CALLER,
        ),
    ] = None
    timeout: Annotated[
        float,
        number(
            least=0.001,
            metavar="SECONDS",
            envvar="XUNA_TIMEOUT",
            help="Longest time for one request as a whole.",
            rich_help_panel=SENDING,
        ),
    ] = 180
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Call without asking first.", rich_help_panel=SENDING)
    ] = False


@options_of_command
class BatchCallOptions(CallerOptions):
    """The options of `xuna batch-call`."""

    hours: Annotated[
        Given | None,
        text(
            metavar="HH:MM-HH:MM",
            envvar="XUNA_HOURS",
            help="Only call between these times, in the person's local time.",
            rich_help_panel=WHEN,
        ),
    ] = None
    days: Annotated[
        Given | None,
        text(
            metavar="DAYS",
            envvar="XUNA_DAYS",
            help="Only call on these days of the week, e.g. mon-fri.",
            rich_help_panel=WHEN,
        ),
    ] = None
    close_early: Annotated[
        Given | None,
        text(
            metavar="MINUTES",
            envvar="XUNA_CLOSE_EARLY",
            help="Stop this many minutes before calling hours end (default: 10).",
            rich_help_panel=WHEN,
        ),
    ] = None
    default_timezone: Annotated[
        Given | None,
        text(
            autocompletion=time_zones,
            metavar="ZONE",
            envvar="XUNA_DEFAULT_TIMEZONE",
            help="Time zone of people whose number doesn't tell one, e.g. America/New_York.",
            rich_help_panel=WHEN,
        ),
    ] = None
    until: Annotated[
        Given | None,
        text(
            metavar="TIME",
            help="Call nobody after this time, e.g. 2026-12-01T18:00-05:00.",
            rich_help_panel=WHEN,
        ),
    ] = None
    start: Annotated[
        Given | None,
        text(
            metavar="TIME",
            help="Call nobody before this time, e.g. 2026-12-01T09:00-05:00.",
            rich_help_panel=WHEN,
        ),
    ] = None
    not_on: Annotated[
        Given | None,
        text(
            metavar="DATE|FILE.ics[,…]",
            envvar="XUNA_NOT_ON",
            help="Call nobody on these days of their own calendar: dates, or calendar files with holidays.",
            rich_help_panel=WHEN,
        ),
    ] = None
    wait: Annotated[
        bool,
        typer.Option(
            "--wait",
            help="Keep running, and call deferred people when their hours begin.",
            rich_help_panel=WHEN,
        ),
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Rehearse: send nothing and write nothing.", rich_help_panel=SENDING),
    ] = False
    batch_size: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            envvar="XUNA_BATCH_SIZE",
            help="Calls in one request.",
            rich_help_panel=SENDING,
        ),
    ] = 100
    concurrency: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            envvar="XUNA_CONCURRENCY",
            help="Requests at the same time.",
            rich_help_panel=SENDING,
        ),
    ] = 4
    rate: Annotated[
        Given | None,
        text(
            metavar="N/s|N/m",
            envvar="XUNA_RATE",
            help="Highest number of calls per second or minute (default: no limit).",
            rich_help_panel=SENDING,
        ),
    ] = None
    give_up_after: Annotated[
        float,
        number(
            least=0,
            metavar="SECONDS",
            envvar="XUNA_GIVE_UP_AFTER",
            help="Stop when the API has refused everything for this many seconds.",
            rich_help_panel=SENDING,
        ),
    ] = 600
    max_unknown: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            envvar="XUNA_MAX_UNKNOWN",
            help="Stop after this many batches in a row with an unknown outcome.",
            rich_help_panel=SENDING,
        ),
    ] = 1
    retry_refused: Annotated[
        bool,
        typer.Option(
            "--retry-refused",
            help="Call people whom the API refused in an earlier run in the order of the list "
            "(default: after everybody else).",
            rich_help_panel=SENDING,
        ),
    ] = False
    pin: Annotated[
        bool,
        typer.Option(
            "--pin",
            help="Stop if the message template, agent or caller number is not that of the campaign's last run.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = False
    pin_agent: Annotated[
        bool,
        typer.Option(
            "--pin-agent",
            help="Stop if the agent's configuration has changed since the campaign's last run.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = False
    samples: Annotated[
        int, typer.Option(min=0, metavar="N", help="Messages that a dry run shows.", rich_help_panel=SENDING)
    ] = 3
    price_per_minute: Annotated[
        float | None,
        number(
            least=0,
            metavar="PRICE",
            envvar="XUNA_PRICE_PER_MINUTE",
            help="Price of a minute of a call, for the cost that a dry run estimates.",
            rich_help_panel=SENDING,
        ),
    ] = None
    output: Annotated[
        Output, typer.Option(envvar="XUNA_OUTPUT", help="Format of the result.", rich_help_panel=OUTPUT)
    ] = Output.TABLE
    log: Annotated[
        Given | None,
        text(
            "--log",
            metavar="FILE",
            envvar="XUNA_LOG",
            help="Append a line of JSON for each event of the run; see `xuna help log`.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    metrics: Annotated[
        Given | None,
        text(
            "--metrics",
            metavar="FILE.prom",
            envvar="XUNA_METRICS",
            help="Write the run's figures for Prometheus; see `xuna help log`.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    on_end: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="Run this command when the run ends, also after an error, with the JSON result on its stdin.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Print the outcome of each batch.", rich_help_panel=OUTPUT),
    ] = False
    require_seal: Annotated[
        bool,
        typer.Option(
            "--require-seal",
            envvar="XUNA_REQUIRE_SEAL",
            help="Only call lists that `xuna render --seal` wrote and nobody has changed since.",
            rich_help_panel=WHOM,
        ),
    ] = False
    signed_by: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar="XUNA_SIGNED_BY",
            help="Only call a sealed list with a signature (CONTACTS.sig) of somebody in this file of allowed "
            "signers; see `xuna help review`.",
            rich_help_panel=WHOM,
        ),
    ] = None


@options_of_command
class RenderOptions(CallerOptions):
    """The options of `xuna render`."""

    LEFT_OUT = frozenset({"yes"})

    seal: Annotated[
        bool,
        typer.Option(
            "--seal",
            help="Seal the calls and the agent: batch-call finds every later change.",
            rich_help_panel=OUTPUT,
        ),
    ] = False
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            "-o",
            metavar="FILE",
            help="File to write: .csv or .xlsx for people, .jsonl for programs (default: JSON Lines on stdout).",
            rich_help_panel=OUTPUT,
        ),
    ] = None
