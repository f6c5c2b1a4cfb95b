"""The options of the commands that place or render calls: `batch-call`, `render`, and what `test-call` shares."""

from pathlib import Path
from typing import Annotated, ClassVar

import typer

from xuna_cli.commands.completion import outcomes_to_call_again, time_zones
from xuna_cli.commands.list_options import (
    CALLER,
    CAMPAIGN,
    MESSAGE,
    OUTPUT,
    SENDING,
    WHEN,
    WHOM,
    ListAndMessageOptions,
)
from xuna_cli.commands.opt_outs import OptOutWhen
from xuna_cli.commands.option_types import Panel, number, options_of_command, text
from xuna_cli.commands.options import AgentId, CallerNumberId, Output, to_file
from xuna_cli.settings import Given

MOST_CONCURRENT = 256
"""Each request at the same time has its own thread and connection. With the default size of a batch, this many requests
call 25,600 people."""


LONGEST_TIMEOUT = 86_400
"""Seconds. A socket can't wait for much more than a century, and a request that fails for that reason is held."""


@options_of_command
class CallerOptions(ListAndMessageOptions):
    """Agent and caller number, shared by the commands that place calls."""

    agent_id: Annotated[AgentId, Panel(CALLER)] = None
    from_phone_number_id: Annotated[CallerNumberId, Panel(CALLER)] = None
    timeout: Annotated[
        float,
        number(
            least=0.001,
            most=LONGEST_TIMEOUT,
            metavar="SECONDS",
            envvar="XUNA_TIMEOUT",
            help="Maximum time for a whole request.",
            rich_help_panel=SENDING,
        ),
    ] = 180
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Call without asking first.", rich_help_panel=SENDING)
    ] = False


@options_of_command
class BatchCallOptions(CallerOptions):
    """The options of `xuna batch-call`.

    Attributes:
        COMMAND: name of the command, for the ledger.
        report: report about the campaign to write; only `xuna run` has this option.
    """

    COMMAND: ClassVar[str] = "batch-call"
    report: Path | None = None

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
            help="Time zone for numbers that don't reveal one, e.g. America/New_York.",
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
            help="Call nobody on these days, by the person's own calendar: dates, or calendar files with holidays.",
            rich_help_panel=WHEN,
        ),
    ] = None
    wait: Annotated[
        bool,
        typer.Option(
            "--wait",
            help="Keep running: call deferred people when the rules allow it, and all others when the canary has "
            "passed.",
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
            help="Number of calls in one request.",
            rich_help_panel=SENDING,
        ),
    ] = 100
    concurrency: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_CONCURRENT,
            metavar="N",
            envvar="XUNA_CONCURRENCY",
            help="Number of requests at the same time.",
            rich_help_panel=SENDING,
        ),
    ] = 4
    rate: Annotated[
        Given | None,
        text(
            metavar="N/s|N/m",
            envvar="XUNA_RATE",
            help="Maximum number of calls per second or minute, e.g. 10/s (default: no limit).",
            rich_help_panel=SENDING,
        ),
    ] = None
    give_up_after: Annotated[
        float,
        number(
            least=0,
            metavar="SECONDS",
            envvar="XUNA_GIVE_UP_AFTER",
            help="Stop after this many seconds without success.",
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
            help="Keep the order of the list for people whom the API refused in an earlier run (default: call them "
            "after everybody else).",
            rich_help_panel=SENDING,
        ),
    ] = False
    attempts: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Maximum number of calls for each person of the campaign (default: 1); see `xuna help attempts`.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    again_after: Annotated[
        str | None,
        typer.Option(
            metavar="TIME[,TIME]",
            help="Minimum time before the second call, the third and so on, e.g. 4h,1d; the last time repeats.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    again: Annotated[
        str | None,
        typer.Option(
            autocompletion=outcomes_to_call_again,
            metavar="OUTCOME[,OUTCOME]",
            help="Outcomes of a call after which the person is called again: no-conversation, failure or unknown.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    first_message_again: Annotated[
        str | None,
        typer.Option(
            metavar="TEMPLATE",
            help="First message of the second and each further call (default: that of the first call). "
            "{{ attempt }} is the number of the call.",
            rich_help_panel=MESSAGE,
        ),
    ] = None
    opt_out_when: Annotated[OptOutWhen, Panel(WHOM)] = None
    canary: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Call N people of the campaign first, and the others only if --min-success holds; see "
            "`xuna help canary`.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    min_success: Annotated[
        Given | None,
        text(
            "--min-success",
            metavar="PERCENT",
            help="Share of the --canary people who must have a success before the others are called, e.g. 30%.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    stop_after: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Stop calling when N people of the campaign have a success.",
            rich_help_panel=CAMPAIGN,
        ),
    ] = None
    pin: Annotated[
        bool,
        typer.Option(
            "--pin",
            help="Stop if the message template, agent, caller number or attempts differ from the campaign's last "
            "run.",
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
        int,
        typer.Option(
            min=0, metavar="N", help="Number of messages that a dry run shows.", rich_help_panel=SENDING
        ),
    ] = 3
    price_per_minute: Annotated[
        float | None,
        number(
            least=0,
            metavar="PRICE",
            envvar="XUNA_PRICE_PER_MINUTE",
            help="Price of one minute of calling, to estimate the cost in a dry run.",
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
            help="Only call a sealed list that somebody in this file of allowed signers has signed "
            "(CONTACTS.sig); see `xuna help review`.",
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
            help="Seal the calls and the agent, so that batch-call detects every later change.",
            rich_help_panel=OUTPUT,
        ),
    ] = False
    to: Annotated[
        Path | None,
        to_file(
            "File to write: .csv or .xlsx for people, .jsonl for programs (default: JSON Lines on stdout)."
        ),
    ] = None
