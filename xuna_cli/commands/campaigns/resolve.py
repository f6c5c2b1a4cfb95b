"""`xuna campaigns resolve`: a person decides about held batches."""

from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.completion import held_batches
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import CampaignName, LedgerOptions
from xuna_cli.errors import UsageError

if TYPE_CHECKING:
    from xuna_cli.ledger.ledger import Ledger
    from xuna_cli.ledger.records import BatchRecord, Campaign
    from xuna_cli.output.campaigns import Evidence


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


@takes(ResolveOptions)
def resolve_batches(options: ResolveOptions) -> None:
    """Decide held batches, one by one on a terminal, or by id in a script.

    Placed: nobody of the batch is called again. Not placed: its people are free to be called by the next run.
    """
    from xuna_cli.commands.context import address_in, ledger_for_reading
    from xuna_cli.ledger.campaigns import resolve
    from xuna_cli.output.messages import say

    batch, placed = options.batch, options.placed
    where = address_in(options, options.name)
    if bool(batch) != (placed is not None):
        raise UsageError(
            "batch IDs need --placed or --not-placed",
            hint=f"e.g. xuna campaigns resolve {where} {batch[0] if batch else 17} --placed; "
            f"on a terminal: xuna campaigns resolve {where}",
        )
    with ledger_for_reading(options) as opened:
        if batch and placed is not None:
            for one in resolve(opened, options.name, batch, placed=placed):
                say(_decided(one))
        else:
            _ask_one_by_one(opened, options.name, address=where)


def _ask_one_by_one(ledger: "Ledger", name: str, *, address: str) -> None:
    """Ask about each held batch of a campaign.

    Raises:
        UsageError: there is nobody to ask, or a batch may not be resolved yet.
    """
    import sys

    from xuna_cli.commands.prompts import is_interactive
    from xuna_cli.ledger.campaigns import campaign, resolve
    from xuna_cli.ledger.records import BatchState
    from xuna_cli.output.campaigns import explain_held
    from xuna_cli.output.messages import counted, say

    found = campaign(ledger, name)
    held = ledger.batches(found.id, held_only=True)
    if not held:
        say(f"campaign {name!r} has no held batch, so there is nothing to resolve")
        return
    if not is_interactive():
        ids = " ".join(str(batch.id) for batch in held)
        raise UsageError(
            f"campaign {name!r} has {counted(len(held), 'held batch', 'held batches')}, but there is "
            "no terminal to ask on",
            hint=f"xuna campaigns resolve {address} {ids} --placed (or --not-placed)",
            code="needs-decision",
        )
    evidence = evidence_for(ledger, found, address=address)
    for batch in held:
        say("\n" + explain_held(batch, evidence))
        partly_placed = batch.state is BatchState.SHORT and batch.calls_initiated != 0
        only_placed = partly_placed or bool(evidence.found.get(batch.id))
        choices = "[p]laced, [s]kip" if only_placed else "[p]laced, [n]ot placed, [s]kip"
        sys.stderr.write(f"{choices}? ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
        if answer in {"p", "placed"} or (answer in {"n", "not placed"} and not only_placed):
            [now] = resolve(ledger, name, [batch.id], placed=answer.startswith("p"))
            say(_decided(now))
        else:
            say(f"batch {batch.id}: not changed")


def evidence_for(ledger: "Ledger", campaign: "Campaign", *, address: str) -> "Evidence":
    """Return what the conversation records that were read prove of a campaign's held batches.

    Args:
        ledger: where.
        campaign: which.
        address: how a command that we suggest names the campaign and its ledger.
    """
    from xuna_cli.ledger.conversations import found_of_held, sync_of
    from xuna_cli.output.campaigns import Evidence

    sync = sync_of(ledger, campaign.id)
    command = f"xuna campaigns outcomes {address}"
    return Evidence(found_of_held(ledger, campaign.id), sync.read_at if sync else None, command)


def _decided(batch: "BatchRecord") -> str:
    from xuna_cli.ledger.records import BatchState
    from xuna_cli.output.messages import counted

    people = counted(batch.size, "person is", "people are")
    if batch.state is BatchState.ACCEPTED:
        return f"batch {batch.id}: accepted; its {people} not called again"
    return f"batch {batch.id}: refused; its {people} free to be called by the next run"
