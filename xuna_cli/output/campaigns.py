"""Campaigns and their batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xuna_cli.ledger.records import HELD_STATES, BatchRecord, BatchState, Campaign
from xuna_cli.output.batches import batch_document
from xuna_cli.output.messages import counted
from xuna_cli.output.result import Result, Styled, Table
from xuna_cli.times import for_people

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
                f"The conversation records of {self._read_at} have {found} of the {one.size} calls, so the batch "
                "was placed."
            )
        if self.read_at is None or (one.submitted_at or "") >= self.read_at:
            return (
                "The conversation records were not read since then. They may prove that the batch was placed. "
                f"To read them, run: {self.command}"
            )
        return (
            f"The conversation records of {self._read_at} have none of the calls, which proves nothing. "
            f"To read the records again, run: {self.command}"
        )

    @property
    def _read_at(self) -> str:
        return for_people(self.read_at or "")


@dataclass(frozen=True, slots=True)
class CampaignList(Result):
    """All campaigns of a ledger."""

    campaigns: Sequence[Campaign]

    def document(self) -> Mapping[str, object]:
        """Return the campaigns."""
        return {"campaigns": [campaign_document(one) for one in self.campaigns]}

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each campaign."""
        numbers = ("Accepted", "Held", "In progress")
        yield Table(
            ("Campaign", *numbers, "List", "Since"),
            map(_row, self.campaigns),
            right=numbers,
            from_width={"List": WIDE, "Since": WIDE},
        )


@dataclass(frozen=True, slots=True)
class CampaignFound(Result):
    """One campaign with its batches.

    Attributes:
        campaign: the campaign.
        batches: all of its batches.
        address: how a command that we suggest names the campaign and its ledger.
        evidence: what is proven of the held batches.
    """

    campaign: Campaign
    batches: Sequence[BatchRecord]
    address: str
    evidence: Evidence

    def document(self) -> Mapping[str, object]:
        """Return the campaign and its batches."""
        return {
            "campaign": campaign_document(self.campaign),
            "batches": [
                {
                    **batch_document(one),
                    "run_id": str(one.run_id),
                    "submitted_at": one.submitted_at,
                    "finished_at": one.finished_at,
                    **({"found": self.evidence.found.get(one.id, 0)} if one.state in HELD_STATES else {}),
                }
                for one in self.batches
            ],
            "records_read_at": self.evidence.read_at,
        }

    def parts(self) -> Iterator[Table | str]:
        """Yield the batches, and what to do about those that are held."""
        one = self.campaign
        yield f"Campaign {one.name}, from {one.source_path or 'stdin'}, through {one.api_origin}"
        if one.forgotten_at is not None:
            at = for_people(one.forgotten_at)
            yield f"The people of this campaign were forgotten at {at}. The campaign is closed."
        yield Table(
            ("Batch", "Calls", "State", "Batch ID", "Initiated", "Run", "Submitted"),
            map(_batch_row, self.batches),
            right=("Batch", "Run", "Calls", "Initiated"),
            from_width={"Batch ID": WIDE, "Initiated": WIDEST, "Run": WIDEST, "Submitted": WIDEST},
        )
        held = [each for each in self.batches if each.state in HELD_STATES]
        for each in held:
            yield from ("", *explain_held(each, self.evidence).split("\n"))
        if held:
            yield ""
            yield f"To resolve: xuna campaigns resolve {self.address}"


def _row(one: Campaign) -> tuple[object, ...]:
    held = sum(one.calls.get(state, 0) for state in HELD_STATES)
    moving = sum(one.calls.get(state, 0) for state in (BatchState.CLAIMED, BatchState.SUBMITTING))
    return (
        f"{one.name} (forgotten)" if one.forgotten_at else one.name,
        f"{one.calls.get(BatchState.ACCEPTED, 0):,}",
        Styled(f"{held:,}", "bold yellow" if held else ""),
        f"{moving:,}",
        one.source_path or "stdin",
        for_people(one.created_at),
    )


def _batch_row(one: BatchRecord) -> tuple[object, ...]:
    return (
        one.id,
        one.size,
        Styled(one.state.value, "bold yellow" if one.state in HELD_STATES else ""),
        one.batch_id or "-",
        "-" if one.calls_initiated is None else one.calls_initiated,
        one.run_id,
        for_people(one.submitted_at) if one.submitted_at else "-",
    )


def explain_held(one: BatchRecord, evidence: Evidence) -> str:
    """Say of a held batch when, how many, what happened, what is proven, and what to look for."""
    sent = for_people(one.submitted_at) if one.submitted_at else "?"
    head = f"Batch {one.id}: {counted(one.size, 'person', 'people')}, sent {sent}, "
    head += f"{one.state.value}: {one.error or '-'}"
    head += f"\n  {evidence.words(one)}"
    if one.state is BatchState.SHORT:
        return (
            f"{head}\n  The API queued {one.calls_initiated} of the calls as {one.batch_id}, but did not say who was "
            "left out. Look for this batch in the dashboard of XUNA AI.\n  Then resolve the batch as placed, and call "
            "the people who were left out in another campaign."
        )
    return (
        f"{head}\n  In the dashboard of XUNA AI, look for a batch of {counted(one.size, 'call', 'calls')} from {sent}, "
        'or a few minutes later.\n  If you find it, choose "placed". If the dashboard is up to date and the batch '
        'is not there, choose "not placed".'
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
