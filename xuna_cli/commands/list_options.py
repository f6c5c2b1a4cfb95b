"""The options of a list and its messages: whom to call, what the agent says, and who is not called.

What the options mean is in `call_inputs`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from xuna_cli.commands.completion import (
    campaign_names,
    list_columns,
    list_columns_or_none,
    list_sheets,
    several_countries,
)
from xuna_cli.commands.option_types import Options, Panel, files, number, options_of_command, text
from xuna_cli.commands.options import BaseUrl, Ledger, ListFormat, Region, RequireLedger
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

STDIN = "-"
"""The name of a list that is read from standard input."""


@options_of_command
class ListAndMessageOptions(Options):
    """Whom to call, and what the agent says: what batch-call and render share."""

    NEEDS: ClassVar[Mapping[str, str]] = {"max_list_age": "do_not_call"}
    PANELS: ClassVar[tuple[str, ...]] = (MESSAGE, CALLER, LIST, CAMPAIGN, WHEN, WHOM, SENDING, OUTPUT)

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
            help="Let the agent say its own first message if neither the list nor the options give one.",
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
            help="Text encoding of the list (default: UTF-8, or UTF-16 with a BOM).",
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
            help="Column with the phone number (default: found by its name). Repeatable: the first column "
            "with a value is used.",
            rich_help_panel=LIST,
        ),
    ] = None
    region: Annotated[Region, Panel(LIST)] = None
    region_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns_or_none,
            metavar="COLUMN|none",
            help="Column with the country of numbers that have no +: a name, an ISO code or a calling code "
            "(default: found by its name). If the cell is empty, --region is used.",
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
            help="Do-not-call list to use in addition to the ledger's own. Repeatable. The files in "
            "XUNA_DO_NOT_CALL are always used.",
            rich_help_panel=WHOM,
        ),
    ] = None
    do_not_call_column: Annotated[
        list[str] | None,
        typer.Option(
            autocompletion=list_columns_or_none,
            metavar="COLUMN|none",
            help="Column that marks people who must not be called; any value except a clear no is a mark "
            "(default: found by its name). Repeatable.",
            rich_help_panel=WHOM,
        ),
    ] = None
    max_list_age: Annotated[
        Given | None,
        text(
            metavar="AGE",
            envvar="XUNA_MAX_LIST_AGE",
            help="Call nobody if a do-not-call file is older than this, e.g. 31d.",
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
            help="Skip people who were called in any campaign in the last N days (default: 0). With --key, a number is "
            "called once in a run.",
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
    state_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns_or_none,
            metavar="COLUMN|none",
            help="Column with the US state, the Canadian province or the postal code where the person lives; calling "
            "hours must hold there, too (default: found by its name).",
            rich_help_panel=WHEN,
        ),
    ] = None
    call_after_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns_or_none,
            metavar="COLUMN|none",
            help="Column with the earliest time to call the person (default: call_after, in any spelling).",
            rich_help_panel=WHEN,
        ),
    ] = None
    call_before_column: Annotated[
        str | None,
        typer.Option(
            autocompletion=list_columns_or_none,
            metavar="COLUMN|none",
            help="Column with the latest time to call the person (default: call_before, in any spelling).",
            rich_help_panel=WHEN,
        ),
    ] = None
    campaign: Annotated[
        str | None,
        typer.Option(
            autocompletion=campaign_names,
            metavar="NAME",
            help="Campaign name (default: the list's file name). Within a campaign nobody is called twice, "
            "or more often than --attempts says.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    ledger: Annotated[Ledger, Panel(CAMPAIGN)] = None
    require_ledger: Annotated[RequireLedger, Panel(CAMPAIGN)] = False
    base_url: Annotated[BaseUrl, Panel(SENDING)] = None
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
            help="Write the rejected rows to this CSV file, so that you can fix them and call them.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Only print errors and warnings about calls.", rich_help_panel=OUTPUT
        ),
    ] = False

    @property
    def inputs(self) -> list[Path | None]:
        """The files that the command reads."""
        contacts = None if self.contacts == STDIN else Path(self.contacts)
        return [contacts, self.first_message_file, *(self.do_not_call or ())]

    @property
    def default_campaign(self) -> str:
        """The campaign's name without `--campaign`; empty for a list on stdin."""
        return "" if self.contacts == STDIN else Path(self.contacts).absolute().stem
