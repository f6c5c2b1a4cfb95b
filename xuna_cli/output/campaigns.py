"""Campaigns, batches and calls as tables, JSON and CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xuna_cli.ledger.records import HELD_STATES, BatchRecord, BatchState, Campaign
from xuna_cli.output.document import VERSION, batch, dump
from xuna_cli.output.messages import counted, emit

WIDEST = 110
WIDE = 80  # columns of a terminal that has room for more than the numbers


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the conversation records prove of held batches.

    Attributes:
        found: calls that were made, by the ledger's id of the batch.
        read_at: when the records were read; None: they were not.
        command: reads them.
    """

    found: Mapping[int, int]
    read_at: str | None
    command: str

    def words(self, one: BatchRecord) -> str:
        """Say what is proven of a held batch; the lack of records proves nothing."""
        if found := self.found.get(one.id, 0):
            return (
                f"The conversation records have {found} of its {one.size} calls (read {self.read_at}): "
                "it was placed."
            )
        if self.read_at is None or (one.submitted_at or "") >= self.read_at:
            return (
                "The conversation records were not read since; they may prove that it was placed: "
                f"{self.command}"
            )
        return (
            f"The conversation records had none of its calls (read {self.read_at}), which proves nothing; "
            f"to read again: {self.command}"
        )


def print_campaigns(campaigns: Sequence[Campaign], output: str) -> None:
    """Print all campaigns."""
    if output == "json":
        emit(
            dump({"xuna_result_version": VERSION, "campaigns": [campaign_document(one) for one in campaigns]})
        )
        return
    from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

    out = console()
    numbers = ("Accepted", "Held", "In flight")
    wide = out.width >= WIDE
    table = plain_table(None, ("Campaign", *numbers, *(("List", "Since") if wide else ())), right=numbers)
    for one in campaigns:
        held = sum(one.calls.get(state, 0) for state in HELD_STATES)
        moving = sum(one.calls.get(state, 0) for state in (BatchState.CLAIMED, BatchState.SUBMITTING))
        table.add_row(
            cell(f"{one.name} (forgotten)" if one.forgotten_at else one.name),
            cell(f"{one.calls.get(BatchState.ACCEPTED, 0):,}"),
            cell(f"{held:,}", "bold yellow" if held else ""),
            cell(f"{moving:,}"),
            *(
                (cell(one.source_path or "stdin"), cell(one.created_at[:16].replace("T", " ")))
                if wide
                else ()
            ),
        )
    out.print(table)


def print_campaign(
    campaign: Campaign,
    batches: Sequence[BatchRecord],
    output: str,
    *,
    address: str,
    evidence: Evidence,
) -> None:
    """Print one campaign with its batches, and explain what is held.

    Args:
        campaign: it.
        batches: all of it.
        output: `table` or `json`.
        address: how a command that we suggest names the campaign and its ledger.
        evidence: what is proven of the held ones.
    """
    if output == "json":
        document = {
            "xuna_result_version": VERSION,
            "campaign": campaign_document(campaign),
            "batches": [
                {
                    **batch(one),
                    "run_id": str(one.run_id),
                    "submitted_at": one.submitted_at,
                    "finished_at": one.finished_at,
                    **({"found": evidence.found.get(one.id, 0)} if one.state in HELD_STATES else {}),
                }
                for one in batches
            ],
            "records_read_at": evidence.read_at,
        }
        emit(dump(document))
        return
    from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

    out = console()
    out.print(
        cell(
            f"Campaign {campaign.name}, from {campaign.source_path or 'stdin'}, through {campaign.api_origin}"
        )
    )
    if campaign.forgotten_at is not None:
        out.print(cell(f"Its people were forgotten at {campaign.forgotten_at}; it is closed."))
    names = ("Batch", "Calls", "State", "Batch ID", "Initiated", "Run", "Submitted")
    shown = names if out.width >= WIDEST else names[:4] if out.width >= WIDE else names[:3]
    table = plain_table(None, shown, right=("Batch", "Run", "Calls", "Initiated"))
    for one in batches:
        cells = (
            cell(one.id),
            cell(one.size),
            cell(one.state.value, "bold yellow" if one.state in HELD_STATES else ""),
            cell(one.batch_id or "-"),
            cell("-" if one.calls_initiated is None else one.calls_initiated),
            cell(one.run_id),
            cell(one.submitted_at or "-"),
        )
        table.add_row(*cells[: len(shown)])
    out.print(table)
    held = [one for one in batches if one.state in HELD_STATES]
    for one in held:
        for line in ("", *explain_held(one, evidence).split("\n")):
            out.print(cell(line), soft_wrap=True)
    if held:
        out.print(cell(""))
        out.print(cell(f"Then: xuna campaigns resolve {address}"), soft_wrap=True)


def explain_held(one: BatchRecord, evidence: Evidence) -> str:
    """Say of a held batch when, how many, what happened, what is proven, and what to look for."""
    head = f"Batch {one.id}: {counted(one.size, 'person', 'people')}, sent {one.submitted_at or '?'}, "
    head += f"{one.state.value}: {one.error or '-'}"
    head += f"\n  {evidence.words(one)}"
    if one.state is BatchState.SHORT:
        return (
            f"{head}\n  In the API's dashboard, look for {one.batch_id}: it queued {one.calls_initiated} of them. Who "
            "was left out, if anybody, can't be told from here;\n  resolve it as placed, and call those who were "
            "left out under another campaign."
        )
    return (
        f"{head}\n  In the API's dashboard, look for a batch of {one.size} calls that was made at {one.submitted_at} "
        "(UTC) or within some minutes after it.\n  It is there: placed. It is not there, and the dashboard is up to "
        "date: not placed."
    )


def campaign_document(one: Campaign) -> dict[str, object]:
    """Return a campaign as it stands in documents."""
    return {
        "name": one.name,
        "key_column": one.key_column,
        "api_origin": one.api_origin,
        "source_path": one.source_path,
        "created_at": one.created_at,
        "forgotten_at": one.forgotten_at,
        "calls": {
            state.value: one.calls.get(state, 0) for state in BatchState if state is not BatchState.REFUSED
        },
        "batches": {state.value: one.batches.get(state, 0) for state in BatchState},
    }
