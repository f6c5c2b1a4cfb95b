"""Join a list with the ledger: every row of the file with its person's last call, in constant memory."""

import contextlib
from collections.abc import Callable, Iterable, Iterator

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.campaigns import calls
from xuna_cli.ledger.conversations import outcome_of, outcomes_of_keys, sync_of
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.queries import in_parts
from xuna_cli.ledger.records import BatchState, CallKey, CallOutcome, CallRecord, Campaign
from xuna_cli.ledger.runs import runs_of
from xuna_cli.ledger.seen_keys import SeenKeys
from xuna_cli.models import CallTarget, Contact, Rejection

NOT_CALLED = "not-called"
REJECTED = "rejected"
DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the list and its call; at least one is present.

    Attributes:
        contact: the row as read; None if the list no longer has the person.
        row_number: row number in the list, or in the ledger if the list lacks the person.
        state: the batch's state, or `not-called`, `rejected` or `duplicate`.
        call: the person's last call in the ledger.
        outcome: the call's outcome.
        message: why a row was rejected, or the rule by which the campaign did not call it.
    """

    contact: Contact | None
    row_number: int
    state: str
    call: CallRecord | None = None
    outcome: CallOutcome | None = None
    message: str | None = None


class JoinedList:
    """Iterates over the list's rows and then over the campaign's people that the list lacks.

    A row is matched to its person's last call by the key, not by the row number.

    Args:
        ledger: the ledger.
        campaign: the campaign.
        contacts: the list's rows.
        prepare: returns a contact's key, as in the run.
        source: absolute path of the list.

    Attributes:
        moved: people whose row number in this list has changed since the call.
        missing: called people who are not in the list.
    """

    def __init__(
        self,
        ledger: Ledger,
        campaign: Campaign,
        contacts: Iterable[Contact | Rejection],
        prepare: Callable[[Contact], CallTarget | Rejection],
        source: str,
    ) -> None:
        self.moved = 0
        self.missing = 0
        self._ledger = ledger
        self._campaign = campaign
        self._contacts = contacts
        self._prepare = prepare
        self._source = source
        self._sync = sync_of(ledger, campaign.id)
        # A run of another file, such as a rendered list or fixed rows, has row numbers of its own.
        self._runs = {run.id for run in runs_of(ledger, campaign.id) if run.source == source}
        self._batches = {
            batch.id: batch for batch in ledger.batches(campaign.id) if batch.state is not BatchState.REFUSED
        }

    def __iter__(self) -> Iterator[Person]:
        """Yield all people; raise InputError if the list can't be read further."""
        with contextlib.closing(SeenKeys()) as seen:
            for portion in in_parts(self._contacts):
                yield from self._beside(portion, seen)
            every = calls(self._ledger, self._campaign.id, outcomes=True)
            for part in in_parts(call for call in every if call.is_last):
                unseen = seen.add([call.key for call in part])
                for call in part:
                    if call.key in unseen:
                        self.missing += 1
                        yield self._person(None, call.row_number, call)

    def _beside(self, portion: list[Contact | Rejection], seen: SeenKeys) -> Iterator[Person]:
        made = [row if isinstance(row, Rejection) else self._prepare(row) for row in portion]
        keys = list(dict.fromkeys(target.key for target in made if isinstance(target, CallTarget)))
        known = self._calls(keys)
        rules = self._rules(one for one in made if isinstance(one, CallTarget) and one.key not in known)
        fresh = seen.add(keys)
        for row, target in zip(portion, made, strict=True):
            contact = row.contact if isinstance(row, Rejection) else row
            if isinstance(target, Rejection):
                yield Person(contact, target.row_number, REJECTED, message=target.message)
            elif target.key not in fresh:
                yield Person(contact, target.row_number, DUPLICATE)
            else:
                fresh.discard(target.key)
                call = known.get(target.key)
                if call is None:
                    rule = rules.get((target.row_number, target.to_phone_number))
                    yield Person(contact, target.row_number, NOT_CALLED, message=rule)
                else:
                    of_list = call.batch.run_id in self._runs
                    self.moved += of_list and call.row_number != target.row_number
                    yield self._person(contact, target.row_number, call)

    def _calls(self, keys: list[str]) -> dict[str, CallRecord]:
        outcomes = outcomes_of_keys(self._ledger, self._campaign.id, keys)
        found: dict[str, CallRecord] = {}
        rows = self._ledger.rows_in("calls_of_keys", keys, self._campaign.id)
        for key, attempt, batch_id, row_number, number in rows:  # the last attempt comes last
            if (batch := self._batches.get(batch_id)) is not None:
                outcome = outcomes.get(CallKey(key, attempt))
                found[key] = CallRecord(row_number, key, number, batch, outcome, attempt)
        return found

    def _rules(self, targets: Iterable[CallTarget]) -> dict[tuple[int, str], str]:
        """Return by row and number the rule by which the campaign last did not call it.

        About people who were only deferred, or whose row the last run did not read, nothing is known.
        """
        rows = [target.row_number for target in targets]
        found = self._ledger.rows_in("rules_of_rows", rows, self._campaign.id, self._source)
        return {(row, number): rule for row, number, rule in found}

    def _person(self, contact: Contact | None, row_number: int, call: CallRecord) -> Person:
        outcome = outcome_of(call.outcome, call.batch.submitted_at, self._sync)
        return Person(contact, row_number, call.batch.state.value, call, outcome)
