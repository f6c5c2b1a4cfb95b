"""`xuna campaigns resolve`: decide held batches."""

from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.completion import held_batches
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import CampaignName, LedgerOptions
from xuna_cli.errors import UsageError

if TYPE_CHECKING:
    from xuna_cli.ledger.ledger import Ledger
    from xuna_cli.ledger.records import BatchRecord, Campaign
    from xuna_cli.output.campaigns import Evidence

app = typer.Typer()


@options_of_command
class ResolveOptions(LedgerOptions):
    """The options of `xuna campaigns resolve`."""

    name: CampaignName
    batch: Annotated[
        list[int] | None,
        typer.Argument(
            autocompletion=held_batches,
            metavar="[BATCH]...",
            help="IDs of the batches in the ledger, as `campaigns show` lists them.",
        ),
    ] = None
    placed: Annotated[
        bool | None,
        typer.Option("--placed/--not-placed", help="Whether the calls of these batches were placed."),
    ] = None
    proven: Annotated[
        bool,
        typer.Option(
            "--proven", help="Accept the held batches whose calls are all in the conversation records."
        ),
    ] = False
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Reason to keep with the decision.")] = None


@app.command(
    "resolve",
    cls=Command,
    epilog="""
    Decide about each held batch, on a terminal.
      xuna campaigns resolve contacts

    In a script: batch 17 was placed, batch 18 was not.
      xuna campaigns resolve contacts 17 --placed
      xuna campaigns resolve contacts 18 --not-placed

    More: xuna help crash
    """,
)
@takes(ResolveOptions)
def resolve_batches(options: ResolveOptions) -> None:
    """Decide about held batches: one by one on a terminal, or by ID in a script.

    If a batch was placed, its people are not called again. If it was not placed, the next run can call them.
    """
    from xuna_cli.commands.context import address_in, ledger_for_reading
    from xuna_cli.ledger.campaigns import campaign, resolve, settle_proven
    from xuna_cli.output.messages import say

    batch, placed = options.batch, options.placed
    where = address_in(options, options.name)
    if options.proven and (batch or placed is not None):
        raise UsageError(
            "--proven takes no batch IDs, and neither --placed nor --not-placed",
            hint=f"run: xuna campaigns resolve {where} --proven",
        )
    if batch and placed is None:
        raise UsageError(
            "batch IDs need --placed or --not-placed",
            hint=f"e.g. xuna campaigns resolve {where} {batch[0]} --placed; "
            f"to be asked about each batch on a terminal: xuna campaigns resolve {where}",
        )
    if placed is not None and not batch:
        raise UsageError(
            "--placed and --not-placed need the IDs of the batches",
            hint=f"to see the IDs, run: xuna campaigns show {where}",
        )
    with ledger_for_reading(options) as opened:
        if batch and placed is not None:
            for one in resolve(opened, options.name, batch, placed=placed, note=options.note):
                say(_decided(one))
            return
        opened.recover()
        for one in settle_proven(opened, campaign(opened, options.name).id):
            say(proven(one))
        if options.proven:
            _say_what_is_left(opened, options.name, address=where)
        else:
            _ask_one_by_one(opened, options.name, address=where, note=options.note)


def proven(batch: "BatchRecord") -> str:
    """Format the message about held batches that the conversation records prove."""
    return f"batch {batch.id}: accepted; the conversation records have all of its {batch.size} calls"


def _say_what_is_left(ledger: "Ledger", name: str, *, address: str) -> None:
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.output.messages import counted, say

    held = ledger.batches(campaign(ledger, name).id, held_only=True)
    if held:
        left = counted(len(held), "held batch is", "held batches are")
        say(
            f"{left} not proven.\n  to read the records: xuna campaigns outcomes {address}\n"
            f"  to decide: xuna campaigns resolve {address}"
        )
    else:
        say(f"Campaign {name!r} has no held batch.")


def _ask_one_by_one(ledger: "Ledger", name: str, *, address: str, note: str | None) -> None:
    """Ask about each held batch that can be decided now.

    Raises:
        UsageError: there is no terminal to ask at.
    """
    import sys

    from xuna_cli.commands.prompts import is_interactive
    from xuna_cli.ledger.campaigns import campaign, obstacles, resolve
    from xuna_cli.output.campaigns import explain_held
    from xuna_cli.output.messages import counted, say, sentence

    found = campaign(ledger, name)
    held = ledger.batches(found.id, held_only=True)
    if not held:
        say(f"Campaign {name!r} has no held batch, so there is nothing to resolve.")
        return
    if not is_interactive():
        raise UsageError(
            f"campaign {name!r} has {counted(len(held), 'held batch', 'held batches')}, but there is "
            "no terminal to ask on",
            hint=f"to see what is known, run: xuna campaigns show {address}; then decide about each batch, "
            f"e.g. xuna campaigns resolve {address} {held[0].id} --placed",
            code="needs-decision",
        )
    evidence = evidence_for(ledger, found, address=address)
    for batch in held:
        why_not = obstacles(ledger, found.id).get(batch.id)
        if why_not is None:
            say(f"Batch {batch.id} was decided in the meantime.")
            continue
        if (obstacle := why_not[True]) is not None:
            say(f"\nBatch {batch.id} can't be decided now: {obstacle.message}. {sentence(obstacle.hint)}")
            continue
        say("\n" + explain_held(batch, evidence))
        only_placed = why_not[False] is not None
        choices = "[p]laced, [s]kip" if only_placed else "[p]laced, [n]ot placed, [s]kip"
        sys.stderr.write(f"Your decision: {choices}? ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
        if answer in {"p", "placed"} or (answer in {"n", "not placed"} and not only_placed):
            try:
                [now] = resolve(ledger, name, [batch.id], placed=answer.startswith("p"), note=note)
            except UsageError as error:
                say(f"Batch {batch.id} was not changed: {error.message}.")
            else:
                say(_decided(now))
        else:
            say(f"Batch {batch.id} was not changed.")


def evidence_for(ledger: "Ledger", campaign: "Campaign", *, address: str) -> "Evidence":
    """Return what the stored conversation records prove about a campaign's held batches.

    Args:
        ledger: the ledger.
        campaign: the campaign.
        address: arguments that select this campaign and its ledger in suggested commands.
    """
    from xuna_cli.ledger.campaigns import first_numbers
    from xuna_cli.ledger.conversations import found_of_held, sync_of
    from xuna_cli.output.campaigns import NUMBERS_SHOWN, Evidence, neighbours

    sync = sync_of(ledger, campaign.id)
    command = f"xuna campaigns outcomes {address}"
    held = ledger.batches(campaign.id, held_only=True)
    return Evidence(
        found_of_held(ledger, campaign.id),
        sync.read_at if sync else None,
        command,
        {batch.id: first_numbers(ledger, batch.id, NUMBERS_SHOWN) for batch in held},
        neighbours(ledger.batches(campaign.id)) if held else {},
    )


def _decided(batch: "BatchRecord") -> str:
    from xuna_cli.ledger.records import BatchState
    from xuna_cli.output.messages import counted

    people = counted(batch.size, "person", "people")
    if batch.state is BatchState.ACCEPTED:
        return f"Batch {batch.id} is accepted. No later run calls its {people} again."
    return f"Batch {batch.id} is refused. The next run can call its {people}."
