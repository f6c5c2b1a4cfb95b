"""`xuna campaigns outcomes`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.opt_outs import OptOutWhen
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import ApiOptions, CampaignName, LedgerOptions, ResultOptions
from xuna_cli.commands.results import prints
from xuna_cli.output.result import Result

if TYPE_CHECKING:
    from xuna_cli.ledger.records import BatchRecord, ConversationSync
    from xuna_cli.outcomes.opt_outs import Harvest
    from xuna_cli.outcomes.summary import Summary

app = typer.Typer()


@options_of_command
class OutcomesOptions(LedgerOptions, ApiOptions, ResultOptions):
    """The options of `xuna campaigns outcomes`."""

    NEEDS: ClassVar[Mapping[str, str]] = {"watch_for": "watch", "every": "watch"}

    name: CampaignName
    watch: Annotated[
        bool, typer.Option("--watch", help="Read again until every accepted call has an outcome.")
    ] = False
    watch_for: Annotated[
        str, typer.Option("--for", metavar="TIME", help="Maximum time to watch, e.g. 45s, 30m or 2h.")
    ] = "30m"
    every: Annotated[
        str, typer.Option(metavar="TIME", help="Time between the first readings; it grows to a minute.")
    ] = "5s"
    opt_out_when: OptOutWhen = None
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Use the local sandbox and its ledger.")] = False


@app.command(
    "outcomes",
    cls=Command,
    epilog="""
    Read the records once.
      xuna campaigns outcomes contacts

    Wait until every call has an outcome, two hours at most.
      xuna campaigns outcomes contacts --watch --for 2h

    Put people who opted out on the do-not-call list, by a field that the agent collects.
      xuna campaigns outcomes contacts --opt-out-when opt_out=true

    More: xuna help outcomes, xuna help do-not-call
    """,
)
@takes(OutcomesOptions)
@prints("campaigns outcomes")
def read_outcomes(options: OutcomesOptions) -> Result:
    """Read the conversation records since the first run, match them to calls, and store the outcomes in the ledger.

    A record that can't be matched to one call with certainty is only counted. A held batch is accepted if all of
    its calls are proven.
    """
    import sys

    from xuna_cli.commands.account import api_to_read, origin_to_read
    from xuna_cli.commands.context import address_in, ledger_for_reading
    from xuna_cli.commands.durations import parse_for
    from xuna_cli.commands.opt_outs import harvester_of
    from xuna_cli.commands.prompts import is_terminal
    from xuna_cli.ledger.campaigns import campaign, settle_proven
    from xuna_cli.outcomes.opt_outs import parse_rules
    from xuna_cli.outcomes.summary import summarise
    from xuna_cli.outcomes.sync import check_origin, sync_conversations
    from xuna_cli.outcomes.watching import LONGEST_WAIT_S, Pace, watch
    from xuna_cli.output.messages import say
    from xuna_cli.output.outcomes import LiveSummary, OutcomesFound

    first_wait = parse_for(options.every, "--every")
    pace = Pace(parse_for(options.watch_for, "--for"), first_wait, max(LONGEST_WAIT_S, first_wait))
    harvest: Harvest | None = None
    parse_rules(options.opt_out_when or ())  # a wrong rule is told before anything is done
    settled: list[BatchRecord] = []
    with ledger_for_reading(options) as opened:
        found = campaign(opened, options.name)
        check_origin(found, origin_to_read(options))  # tells more than a missing key
        harvester = harvester_of(
            options, opened, found, command="campaigns outcomes", given=options.opt_out_when
        )
        with api_to_read(options) as reader, LiveSummary(watched=is_terminal(sys.stderr)) as live:

            def read() -> "Summary":
                nonlocal harvest
                sync: ConversationSync | None = None
                try:
                    sync = sync_conversations(
                        opened,
                        found,
                        reader,
                        harvester,
                        on_progress=live.sync,
                    )
                finally:  # what was read before the failure is stored, and its opt-outs are added
                    harvest = harvester.harvest(sync)
                settled.extend(settle_proven(opened, found.id))
                return summarise(opened, found)

            if options.watch:
                last = watch(
                    read,
                    pace,
                    show=live.show,
                    on_failure=lambda error: say(f"xuna: warning: {error.message}; trying again"),
                    monotonic=options.clock.monotonic,
                    wait=options.clock.sleep,
                )
            else:
                last = read()
    return OutcomesFound(
        last,
        address_in(options, options.name),
        watched_for=options.watch_for if options.watch else None,
        harvest=harvest,
        settled=settled,
    )
