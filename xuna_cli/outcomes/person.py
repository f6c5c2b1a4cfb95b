"""What the ledger knows about one person, in all campaigns: the answer to a complaint."""

from collections import defaultdict
from collections.abc import Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.campaigns import calls, campaigns
from xuna_cli.ledger.conversations import outcome_of, sync_of
from xuna_cli.ledger.do_not_call import Event, history
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.not_called import NotCalled
from xuna_cli.ledger.records import CallOutcome, CallRecord, RunRecord
from xuna_cli.ledger.runs import runs_of
from xuna_cli.phone.same_person import with_other_forms


@dataclass(frozen=True, slots=True)
class PersonCall:
    """A call to a person.

    Attributes:
        campaign: name of the campaign.
        run: the run that made the call.
        call: the call.
        outcome: what became of it.
    """

    campaign: str
    run: RunRecord
    call: CallRecord
    outcome: CallOutcome

    @property
    def called_at(self) -> str | None:
        """When the request was sent, in UTC, ISO 8601; None if it was not sent yet."""
        return self.call.batch.submitted_at


@dataclass(frozen=True, slots=True)
class PersonNotCalled:
    """A row with a person's number that was not called.

    Attributes:
        campaign: name of the campaign.
        row: the row, with the rule.
        first_at: begin of the first run that did not call the row, in UTC, ISO 8601.
        last_at: begin of the last of these runs that follow each other.
    """

    campaign: str
    row: NotCalled
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class Person:
    """What the ledger knows about one person.

    Attributes:
        calls: the calls, in the order of time.
        not_called: rows that were not called, in the order of time.
        do_not_call: additions to and removals from the do-not-call list.
        forgotten: number of campaigns whose people were deleted, so that nothing is known about them.
    """

    calls: Sequence[PersonCall]
    not_called: Sequence[PersonNotCalled]
    do_not_call: Sequence[Event]
    forgotten: int


def person(ledger: Ledger, numbers: Sequence[str]) -> Person:
    """Return what the ledger knows about a person, under any form of the numbers.

    Args:
        ledger: the ledger.
        numbers: E.164.
    """
    numbers = list(dict.fromkeys([*numbers, *with_other_forms(numbers)]))
    every = campaigns(ledger)
    return Person(
        _calls(ledger, numbers),
        [
            PersonNotCalled(name, NotCalled(*row), first_at, last_at)
            for name, first_at, last_at, *row in ledger.rows_in("not_called_of_numbers", numbers)
        ],
        history(ledger, numbers),
        sum(campaign.forgotten_at is not None for campaign in every),
    )


def _calls(ledger: Ledger, numbers: Sequence[str]) -> list[PersonCall]:
    batch_ids: defaultdict[int, set[int]] = defaultdict(set)
    for campaign_id, batch_id in ledger.rows_in("batches_of_numbers", numbers):
        batch_ids[campaign_id].add(batch_id)
    found = []
    for campaign in campaigns(ledger) if batch_ids else ():
        ids = batch_ids.get(campaign.id, set())
        batches = [batch for batch in ledger.batches(campaign.id) if batch.id in ids] if ids else []
        runs = {run.id: run for run in runs_of(ledger, campaign.id)} if ids else {}
        sync = sync_of(ledger, campaign.id)
        for call in calls(ledger, campaign.id, batches, outcomes=True):
            if call.to_phone_number in numbers:
                outcome = outcome_of(call.outcome, call.batch.submitted_at, sync)
                found.append(PersonCall(campaign.name, runs[call.batch.run_id], call, outcome))
    return sorted(found, key=lambda one: one.called_at or "~")
