"""How people stand in the ledger: who is claimed, and who may not be called."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from xuna_cli.ledger.attempts import STATUSES, Attempts, Due, LastCall, Never, NoMore, Standing, next_attempt
from xuna_cli.ledger.conversations import outcome_of, outcomes_of_keys, sync_of
from xuna_cli.ledger.database import Database
from xuna_cli.ledger.last_calls import claimed_by_others, last_calls
from xuna_cli.ledger.records import BatchState, CalledAt, CallKey, CallOutcome, ClaimStatus, Run
from xuna_cli.models import CallTarget

Barred = Mapping[str, str | Standing]
"""Keys of people who may not be called, with the reasons: the words of the do-not-call list, a `CalledAt`, or how
somebody stands whose next attempt may not be made."""


class Standings:
    """Tells who is claimed, and who may not be called."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # -- who is claimed

    def claim_statuses(
        self,
        campaign_id: int,
        keys: Sequence[str],
        *,
        run_id: int | None = None,
        policy: Attempts | None = None,
    ) -> dict[str, Standing]:
        """Return how those people stand whom the ledger knows in this campaign, in any form of the number.

        A person's last call counts.

        Args:
            campaign_id: the campaign.
            keys: keys of people.
            run_id: the asking run; people that it has claimed, or that the API refused in it, are duplicates.
            policy: whom the run calls again; without one, nobody is due.
        """
        found = None if policy is not None else self._statuses(campaign_id, keys, run_id)
        if found is None:
            calls = _by_person(self._calls_of(campaign_id, keys))
            found = self._standings(campaign_id, calls, policy)
            found.update(
                (key, ClaimStatus.DUPLICATE)
                for key, of_key in calls.items()
                if _last(of_key).run_id == run_id
            )
        if run_id is not None:
            refused = self.refused(campaign_id, keys)
            found.update((key, ClaimStatus.DUPLICATE) for key in keys if refused.get(key) == run_id)
        return found

    def _statuses(
        self, campaign_id: int, keys: Sequence[str], run_id: int | None
    ) -> dict[str, Standing] | None:
        """Return what `claim_statuses` does without a policy; None if somebody has several calls, which is rare."""
        rows = list(self._db.rows_of_keys("states_of_keys", keys, campaign_id))
        found: dict[str, Standing] = {
            key: STATUSES[state] if run != run_id else ClaimStatus.DUPLICATE for key, state, run in rows
        }
        return found if len(found) == len(rows) else None

    def _calls_of(self, campaign_id: int, keys: Sequence[str]) -> Iterator[tuple[str, LastCall]]:
        """Yield each call of these people, with the key as given."""
        for key, *call in self._db.rows_of_keys("claims_of_keys", keys, campaign_id):
            yield key, LastCall._make(call)

    def _standings(
        self, campaign_id: int, calls: Mapping[str, Sequence[LastCall]], policy: Attempts | None
    ) -> dict[str, Standing]:
        now = self._db.now()
        if policy is None or not calls:
            not_read = CallOutcome.NOT_READ
            return {key: next_attempt(None, _last(made), not_read, None, now) for key, made in calls.items()}
        sync = sync_of(self._db, campaign_id)
        keys = sorted(
            {call.key for made in calls.values() for call in made if call.state == BatchState.ACCEPTED}
        )
        outcomes = outcomes_of_keys(self._db, campaign_id, keys)
        standings = {}
        for key, made in calls.items():
            last = _last(made)
            outcome = outcome_of(outcomes.get(CallKey(last.key, last.attempt)), last.submitted_at, sync)
            records = (outcomes.get(CallKey(call.key, call.attempt)) for call in made)
            recorded = frozenset().union(*(record.outcomes for record in records if record is not None))
            # Calls under both forms of a number are more than the number of the last one.
            call = last._replace(attempt=max(last.attempt, len(made)))
            standings[key] = next_attempt(policy, call, outcome, sync, now, recorded=recorded)
        return standings

    def not_due(
        self, campaign_id: int, targets: Sequence[CallTarget], policy: Attempts | None
    ) -> dict[str, Standing]:
        """Return the people whose later attempt may not be made now, by what the ledger says of their earlier ones."""
        again = {target.key: target for target in targets if target.attempt > 1}
        if not again:
            return {}
        calls = self._calls_of(campaign_id, tuple(again))
        earlier = _by_person((key, call) for key, call in calls if call.attempt < again[key].attempt)
        standings = self._standings(campaign_id, earlier, policy)
        found: dict[str, Standing] = {}
        for key, target in again.items():
            # Without an earlier call, nothing is proven.
            standing = standings.get(key, Never(NoMore.NOT_ASKED_FOR))
            if standing != Due(key, target.attempt):
                found[key] = standing
        return found

    def row_numbers(self, campaign_id: int, keys: Sequence[str]) -> dict[str, int]:
        """Return the row number of each claimed key, in any form of the number."""
        return dict(self._db.rows_of_keys("row_numbers_of_keys", keys, campaign_id))

    # -- who may not be

    def refused(self, campaign_id: int, keys: Sequence[str]) -> dict[str, int]:
        """Return the keys whom the API refused to call, each with the last run in which it did."""
        if not self._db.rows("refused_any", {"campaign_id": campaign_id}):
            return {}
        return dict(self._db.rows_of_keys("refused_keys", keys, campaign_id))

    def on_do_not_call_list(self, numbers: Iterable[str]) -> dict[str, str]:
        """Return the numbers that are on the do-not-call list, each with its reason or ""."""
        if not self._db.rows("do_not_call_any"):
            return {}
        found = self._db.rows_of_keys("on_do_not_call_list", tuple(numbers))
        return {number: reason or "" for number, reason in found}

    def barred(
        self,
        run: Run,
        targets: Sequence[CallTarget],
        quiet_since: datetime | None = None,
        policy: Attempts | None = None,
    ) -> Barred:
        """Return the people whom a claim leaves out, with the reasons, as `submit` does."""
        barred = self.barred_from_post(run.campaign_id, targets, quiet_since, policy)
        if quiet_since is not None:
            claimed = claimed_by_others(self._db, [target.to_phone_number for target in targets], run.id)
            now = {target.key: CalledAt("now") for target in targets if target.to_phone_number in claimed}
            barred = {**now, **barred}
        return barred

    def barred_from_post(
        self,
        campaign_id: int,
        targets: Sequence[CallTarget],
        quiet_since: datetime | None,
        policy: Attempts | None,
    ) -> Barred:
        """Return the people that `submit` bars, with the reasons."""
        barred: dict[str, str | Standing] = {}
        barred.update(self.not_due(campaign_id, targets, policy))
        if quiet_since is not None:
            called = last_calls(self._db, targets, quiet_since, campaign_id=campaign_id)
            barred.update((key, CalledAt(at)) for key, at in called.items())
        if reasons := self.on_do_not_call_list(number for target in targets for number in target.numbers):
            # A person with one number on the list is not called under another number.
            barred.update(
                (target.key, reasons[number])
                for target in targets
                for number in target.numbers
                if number in reasons
            )
        return barred


def _by_person(calls: Iterable[tuple[str, LastCall]]) -> dict[str, list[LastCall]]:
    """Return each person's calls, by the key as given."""
    of_person: dict[str, list[LastCall]] = defaultdict(list)
    for key, call in calls:
        of_person[key].append(call)
    return of_person


def _last(calls: Sequence[LastCall]) -> LastCall:
    """Return the last of a person's calls.

    An old ledger, or a batch whose proof came late, may have calls under both forms of a number: a call that may be in
    progress counts first, and rows with either form find the same call.
    """
    return max(
        calls,
        key=lambda call: (
            call.state != BatchState.ACCEPTED,
            call.attempt,
            call.submitted_at or "",
            call.key,
        ),
    )
