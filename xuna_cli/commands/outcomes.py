"""`xuna campaigns outcomes`, `retry-list` and `report`: what came of a campaign."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.commands.options import (
    BaseUrl,
    CampaignName,
    EnvFile,
    LedgerFile,
    PhoneColumnOfList,
    RegionColumnOfList,
    Sandbox,
    TableOrJson,
)


def add_to(app: typer.Typer) -> None:
    """Put the commands under `xuna campaigns`."""
    app.command()(outcomes)
    app.command("retry-list")(retry_list)
    app.command()(report)


def outcomes(
    name: CampaignName,
    watch: Annotated[
        bool, typer.Option("--watch", help="Read again until every accepted call has an outcome.")
    ] = False,
    lasts: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long to watch, e.g. 45s, 30m or 2h.")
    ] = "30m",
    every: Annotated[
        str, typer.Option(metavar="TIME", help="Time between two readings at first; it grows to a minute.")
    ] = "5s",
    output: TableOrJson = "table",
    ledger: LedgerFile = None,
    sandbox: Sandbox = False,
    base_url: BaseUrl = None,
    env_file: EnvFile = None,
) -> None:
    """Read the conversation records since the first run, and keep in the ledger what they prove of each call.

    A record that can't be proven to be of one call is counted and joined with none.
    """
    import sys
    import time

    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.context import address, api_to_read, ledger_for_reading
    from xuna_cli.commands.durations import parse_for
    from xuna_cli.commands.prompts import is_terminal
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.outcomes.summary import Summary, summarise
    from xuna_cli.outcomes.sync import check_origin, sync_conversations
    from xuna_cli.outcomes.watching import LONGEST_WAIT_S, Pace
    from xuna_cli.outcomes.watching import watch as keep_watching
    from xuna_cli.output.messages import say
    from xuna_cli.output.outcomes import LiveSummary, print_summary

    check_output(output, "table", "json")
    first_wait = parse_for(every, "--every")
    pace = Pace(parse_for(lasts, "--for"), first_wait, max(LONGEST_WAIT_S, first_wait))
    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        found = campaign(opened, name)
        with api_to_read(env_file, base_url, sandbox=sandbox) as api:
            check_origin(found, api.origin)
            with LiveSummary(watched=is_terminal(sys.stderr)) as live:

                def read() -> Summary:
                    sync_conversations(opened, found, api.reader, on_progress=live.sync)
                    return summarise(opened, found)

                if watch:
                    last = keep_watching(
                        read,
                        pace,
                        show=live.show,
                        on_failure=lambda error: say(f"xuna: warning: {error.message}; it is tried again"),
                        monotonic=time.monotonic,
                        wait=time.sleep,
                    )
                else:
                    last = read()
    print_summary(last, output, address=address(name, ledger, sandbox=sandbox))
    if watch and last.waiting:
        say(
            f"xuna: {last.waiting:,} calls have no outcome yet, and the time to watch (--for {lasts}) is over"
        )
    if last.sync is not None and last.sync.incomplete:
        raise typer.Exit(6)


def retry_list(
    name: CampaignName,
    outcome: Annotated[
        str,
        typer.Option(
            metavar="OUTCOME,…", help="Whom to call again: failure, unknown, no-conversation or success."
        ),
    ],
    to: Annotated[Path, typer.Option("--to", "-o", help="The list to write (CSV, 0600).")],
    join: Annotated[
        Path | None,
        typer.Option(help="The list that was called: its columns are written beside.", metavar="CONTACTS"),
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Country of that list's numbers without +. (XUNA_REGION)")
    ] = None,
    phone_column: PhoneColumnOfList = None,
    region_column: RegionColumnOfList = None,
    after: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="no-conversation counts where the records were read so long after the call was sent.",
        ),
    ] = "1h",
    absence_counts: Annotated[
        bool,
        typer.Option(
            "--absence-counts", help="Let no-conversation count though records were cut off or not joined."
        ),
    ] = False,
    ledger: LedgerFile = None,
    sandbox: Sandbox = False,
    env_file: EnvFile = None,
) -> None:
    """Write the people of some outcomes as a list for a new campaign. Nobody is called by this.

    People of held batches are not among them: resolve those first.
    """
    from xuna_cli.commands.context import address, ledger_for_reading
    from xuna_cli.commands.durations import parse_for
    from xuna_cli.commands.retrying import Retry, write_retry_list

    retry = Retry.of(outcome, after=parse_for(after, "--after"), absence_counts=absence_counts)
    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        write_retry_list(
            opened,
            name,
            retry,
            to,
            join=join,
            region=region,
            phone_columns=phone_column or (),
            region_column=region_column,
            env_file=env_file,
            address=address(name, ledger, sandbox=sandbox),
        )


def report(
    name: CampaignName,
    to: Annotated[Path, typer.Option(help="The page to write (HTML, 0600).")],
    with_people: Annotated[
        bool, typer.Option("--with-people", help="With whole numbers, keys and rationales; masked otherwise.")
    ] = False,
    ledger: LedgerFile = None,
    sandbox: Sandbox = False,
    env_file: EnvFile = None,
) -> None:
    """Write one page about a campaign, from the ledger alone: it needs no network, and asks for none."""
    from datetime import UTC, datetime

    from xuna_cli.commands.context import address, check_output_of_ledger, ledger_for_reading
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.outcomes.report_data import report_data
    from xuna_cli.output.html_report import write_report
    from xuna_cli.output.messages import say

    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        found = campaign(opened, name)
        check_output_of_ledger(to, opened, found.source_path, env_file=env_file)
        seen = report_data(opened, found, now=datetime.now(UTC))
    write_report(seen, to, with_people=with_people, address=address(name, ledger, sandbox=sandbox))
    say(f"xuna: {to} is written" + ("" if with_people else "; numbers are masked (--with-people shows them)"))
