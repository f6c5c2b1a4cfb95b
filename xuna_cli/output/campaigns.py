"""Campaigns and their batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, field

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.records import HELD_STATES, BatchRecord, BatchState, Campaign, Resolution
from xuna_cli.output.batches import batch_document
from xuna_cli.output.messages import counted
from xuna_cli.output.result import Result, Styled, Table
from xuna_cli.times import for_people

WIDEST = 110
WIDE = 80  # terminal width that has room for more than the numbers
NUMBERS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence about held batches from the conversation records.

    Attributes:
        found: number of proven calls by the ledger's batch id.
        read_at: time of the last reading of the records, or None.
        command: the command that reads the records.
        numbers: first numbers of each batch, by the ledger's batch id.
        neighbours: the API's ids of the batches sent just before and after (or None), by the ledger's batch id.
    """

    found: Mapping[int, int]
    read_at: str | None
    command: str
    numbers: Mapping[int, Sequence[str]] = field(default_factory=dict)
    neighbours: Mapping[int, tuple[str | None, str | None]] = field(default_factory=dict)

    def marks(self, one: BatchRecord) -> str:
        """Describe what distinguishes a held batch from others of the same time and size."""
        numbers = ", ".join(self.numbers.get(one.id, ()))
        before, after = self.neighbours.get(one.id, (None, None))
        parts = [
            f"its first numbers are {numbers}" if numbers else "",
            f"the batch before it is {before}" if before else "",
            f"the batch after it is {after}" if after else "",
        ]
        return "; ".join(filter(None, parts))

    def words(self, one: BatchRecord) -> str:
        """Describe what is proven about a held batch; missing records prove nothing."""
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
            ("Campaign", *numbers, "Last run", "List"),
            map(_row, self.campaigns),
            right=numbers,
            from_width={"In progress": WIDE, "List": WIDEST},
        )


@dataclass(frozen=True, slots=True)
class CampaignFound(Result):
    """One campaign with its batches.

    Attributes:
        campaign: the campaign.
        batches: all batches of the campaign.
        address: arguments that select this campaign and its ledger in suggested commands.
        evidence: evidence about the held batches.
        resolutions: decisions about held batches, by the ledger's batch id.
    """

    campaign: Campaign
    batches: Sequence[BatchRecord]
    address: str
    evidence: Evidence
    resolutions: Mapping[int, Resolution] = field(default_factory=dict)

    def document(self) -> Mapping[str, object]:
        """Return the campaign and its batches."""
        return {
            "campaign": campaign_document(self.campaign),
            "batches": [
                {
                    **batch_document(one),
                    "again": one.again,
                    "run_id": str(one.run_id),
                    "submitted_at": one.submitted_at,
                    "finished_at": one.finished_at,
                    "resolution": self._resolution(one),
                    **(self._held(one) if one.state in HELD_STATES else {}),
                }
                for one in self.batches
            ],
            "records_read_at": self.evidence.read_at,
        }

    def _resolution(self, one: BatchRecord) -> Mapping[str, object] | None:
        decided = self.resolutions.get(one.id)
        return None if decided is None else {**asdict(decided), "batch_id": str(one.id)}

    def _held(self, one: BatchRecord) -> Mapping[str, object]:
        before, after = self.evidence.neighbours.get(one.id, (None, None))
        return {
            "found": self.evidence.found.get(one.id, 0),
            "first_numbers": list(self.evidence.numbers.get(one.id, ())),
            "batch_id_before": before,
            "batch_id_after": after,
        }

    def parts(self) -> Iterator[Table | str]:
        """Yield the batches, and what to do about held ones."""
        one = self.campaign
        yield f"Campaign {one.name}, from {one.source_path or 'stdin'}, through {one.api_origin}"
        if one.forgotten_at is not None:
            at = for_people(one.forgotten_at)
            yield f"The people of this campaign were forgotten at {at}. The campaign is closed."
        elif one.opt_out_when:
            yield f"Opt-outs are recognized by {', '.join(one.opt_out_when)}."
        yield Table(
            ("Batch", "Calls", "State", "Batch ID", "Initiated", "Run", "Submitted"),
            map(_batch_row, self.batches),
            right=("Batch", "Run", "Calls", "Initiated"),
            from_width={"Initiated": WIDEST, "Run": WIDEST},
            whole=("Batch ID",),
        )
        for decided in self.resolutions.values():
            why = decided.note or decided.evidence
            decision = decided.decision.value.replace("-", " ")
            yield (
                f"Batch {decided.batch_id}: {decision}, decided {for_people(decided.decided_at)} by "
                f"{decided.decided_by}" + (f": {why}" if why else "")
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
        for_people(one.last_at),
        one.source_path or "stdin",
    )


def _batch_row(one: BatchRecord) -> tuple[object, ...]:
    return (
        one.id,
        _calls(one),
        Styled(one.state.value, "bold yellow" if one.state in HELD_STATES else ""),
        one.batch_id or "-",
        "-" if one.calls_initiated is None else one.calls_initiated,
        one.run_id,
        for_people(one.submitted_at) if one.submitted_at else "-",
    )


def _calls(one: BatchRecord) -> str:
    return f"{one.size} ({one.again} again)" if one.again else str(one.size)


def neighbours(batches: Sequence[BatchRecord]) -> dict[int, tuple[str | None, str | None]]:
    """Return the API's ids of the batches sent just before and after each held batch."""
    sent = sorted(
        (each for each in batches if each.submitted_at and (each.batch_id or each.state in HELD_STATES)),
        key=lambda each: (each.submitted_at or "", each.id),
    )
    found = {}
    for place, each in enumerate(sent):
        if each.state in HELD_STATES:
            before = next((one.batch_id for one in reversed(sent[:place]) if one.batch_id), None)
            after = next((one.batch_id for one in sent[place + 1 :] if one.batch_id), None)
            found[each.id] = before, after
    return found


def explain_held(one: BatchRecord, evidence: Evidence) -> str:
    """Describe a held batch: time, size, error, evidence, and what to look for."""
    sent = for_people(one.submitted_at) if one.submitted_at else "?"
    head = f"Batch {one.id} ({one.state.value}): {counted(one.size, 'person', 'people')}, sent {sent}."
    head += f"\n  Reason: {one.error}." if one.error else ""
    head += f"\n  {evidence.words(one)}"
    if marks := evidence.marks(one):
        head += f"\n  To recognize the batch: {marks}."
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
    """Return a campaign as a JSON object."""
    return {
        "name": one.name,
        "key_column": one.key_column,
        "api_origin": one.api_origin,
        "source_path": one.source_path,
        "created_at": one.created_at,
        "last_run_at": one.last_run_at,
        "forgotten_at": one.forgotten_at,
        "opt_out_when": list(one.opt_out_when),
        "opt_outs_known_at": one.opt_outs_known_at,
        "calls": {
            state.value: one.calls.get(state, 0) for state in BatchState if state is not BatchState.REFUSED
        },
        "batches": {state.value: one.batches.get(state, 0) for state in BatchState},
    }
