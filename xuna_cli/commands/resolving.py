"""Walking a person through held batches."""

import sys
from collections.abc import Sequence

from xuna_cli.commands.prompts import is_interactive
from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import campaign, resolve
from xuna_cli.ledger.conversations import found_of_held, sync_of
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import BatchRecord, BatchState
from xuna_cli.output.campaigns import Evidence, explain_held
from xuna_cli.output.messages import counted, say


def resolve_by_id(ledger: Ledger, name: str, batch_ids: Sequence[int], *, placed: bool) -> None:
    """Decide some batches the same way; raises as `ledger.campaigns.resolve` does."""
    for batch in resolve(ledger, name, batch_ids, placed=placed):
        say(f"batch {batch.id}: {_said(batch)}")


def resolve_one_by_one(ledger: Ledger, name: str, *, address: str) -> None:
    """Ask about each held batch of a campaign.

    Raises:
        UsageError: if there is nobody to ask, or a batch may not be resolved yet.
    """
    held = ledger.batches(campaign(ledger, name).id, held_only=True)
    if not held:
        say(f"campaign {name!r} has no held batch: there is nothing to resolve")
        return
    if not is_interactive():
        ids = " ".join(str(batch.id) for batch in held)
        raise UsageError(
            f"campaign {name!r} has {counted(len(held), 'held batch', 'held batches')}, and there is nobody to ask",
            hint=f"xuna campaigns resolve {address} {ids} --placed (or --not-placed)",
            code="needs-decision",
        )
    evidence = evidence_for(ledger, name, address=address)
    for batch in held:
        say("\n" + explain_held(batch, evidence))
        only_placed = _only_placed(batch) or bool(evidence.found.get(batch.id))
        choices = "[p]laced, [s]kip" if only_placed else "[p]laced, [n]ot placed, [s]kip"
        sys.stderr.write(f"{choices}? ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
        if answer in {"p", "placed"} or (answer in {"n", "not placed"} and not only_placed):
            [now] = resolve(ledger, name, [batch.id], placed=answer.startswith("p"))
            say(f"batch {now.id}: {_said(now)}")
        else:
            say(f"batch {batch.id}: left as it is")


def evidence_for(ledger: Ledger, name: str, *, address: str) -> Evidence:
    """Return what the conversation records that were read prove of a campaign's held batches.

    Args:
        ledger: where.
        name: the campaign's.
        address: how a command that we suggest names the campaign and its ledger.
    """
    campaign_id = campaign(ledger, name).id
    sync = sync_of(ledger, campaign_id)
    command = f"xuna campaigns outcomes {address}"
    return Evidence(found_of_held(ledger, campaign_id), sync.read_at if sync else None, command)


def _only_placed(batch: BatchRecord) -> bool:
    return batch.state is BatchState.SHORT and batch.calls_initiated != 0


def _said(batch: BatchRecord) -> str:
    if batch.state is BatchState.ACCEPTED:
        return f"accepted; its {counted(batch.size, 'person is', 'people are')} not called again"
    return f"refused; its {counted(batch.size, 'person is', 'people are')} free to be called by the next run"
