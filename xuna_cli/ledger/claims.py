"""The ledger's claims: who is claimed, who is barred, and claiming call targets for a run's batches."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import itemgetter

from xuna_cli.ledger.attempts import STATUSES, Attempts, Due, LastCall, Never, NoMore, Standing, next_attempt
from xuna_cli.ledger.brakes import Brakes, Figures, Verdict, brake, figures_of
from xuna_cli.ledger.conversations import outcome_of, outcomes_of_keys, sync_of
from xuna_cli.ledger.database import Database
from xuna_cli.ledger.engine import retry_on_rollback
from xuna_cli.ledger.last_calls import claimed_by_others, last_calls
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT, named
from xuna_cli.ledger.records import Batch, BatchState, CalledAt, CallKey, CallOutcome, ClaimStatus, Run
from xuna_cli.ledger.runs import Runs, lost_claim
from xuna_cli.models import CallTarget
from xuna_cli.phone.same_person import other_form, with_other_forms

Groups = Sequence[Sequence[CallTarget]]
Barred = Mapping[str, str | Standing]
"""Keys of people who may not be called, with the reasons: the words of the do-not-call list, a `CalledAt`, or how
somebody stands whose next attempt may not be made."""


class Claims:
    """Claims and unclaims call targets, and tells who is claimed or barred."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._db = database
        self._runs = runs

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
            standing = standings.get(
                key, Never(NoMore.NOT_ASKED_FOR)
            )  # without an earlier call, nothing is proven
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

    # -- claiming

    @retry_on_rollback
    def claim(
        self,
        run: Run,
        groups: Groups,
        quiet_since: datetime | None = None,
        policy: Attempts | None = None,
        brakes: Brakes | None = None,
    ) -> list[Batch]:
        """Claim call targets in one transaction.

        Each group becomes a batch. People claimed by another run in the meantime are left out, and
        the batches are filled up from the groups behind them. People who have come onto the ledger's
        do-not-call list, whom the API has refused in this run, who were called within the quiet days, or whose
        attempt (of the number that the target has) may not be made now are left out, too.

        Args:
            run: this run.
            groups: the targets of each batch; all keys differ.
            quiet_since: leave out people called since then in any campaign, or claimed by another run now.
            policy: whom the run calls again.
            brakes: how many people may be claimed at all; people beyond that are left out.

        Returns:
            The batches, in order, none empty.

        Raises:
            LostClaimError: if another run has closed this one as dead. Nothing is claimed then.
        """
        with self._db.transaction():
            self._runs.check_open(run.id)
            # Claims of a campaign are serialised, or machines would block on rows that they then lose.
            self._db.change("lock_campaign", {"campaign_id": run.campaign_id})
            groups = self._still_free(run, groups)
            groups = self._without_barred(run, groups, quiet_since, policy)
            groups = self._without_other_forms(run, groups)
            if brakes is not None:
                groups = _first(groups, self.brake(run.campaign_id, brakes)[0].room)
            batches = [add_batch(self._db, run.id, group) for group in groups]
            if insert_calls(self._db, run.campaign_id, batches) == sum(map(len, groups)):
                return batches
            return self._repack(run, batches)

    def brake(self, campaign_id: int | None, brakes: Brakes) -> tuple[Verdict, Figures]:
        """Return what the brakes allow now, and why; `claim` asks again."""
        figures = figures_of(self._db, campaign_id, brakes)
        return brake(brakes, figures), figures

    def _still_free(self, run: Run, groups: Groups) -> Groups:
        """Leave out people whom another machine with the same list has claimed since they were read.

        The other machine has mostly claimed the very next ones: if the first are free, nobody else is looked up. What
        this overlooks costs only time, since the claim itself decides.
        """
        targets = [target for group in groups for target in group]
        firsts = [target.key for target in targets if target.attempt == 1]
        if not self.claim_statuses(run.campaign_id, firsts[:ROWS_PER_STATEMENT]):
            return groups
        known = self.claim_statuses(run.campaign_id, firsts)
        left = iter([target for target in targets if target.attempt > 1 or target.key not in known])
        refilled = [list(islice(left, len(group))) for group in groups]
        return [group for group in refilled if group]

    def _without_barred(
        self, run: Run, groups: Groups, quiet_since: datetime | None, policy: Attempts | None
    ) -> Groups:
        targets = [target for group in groups for target in group]
        barred = self.barred(run, targets, quiet_since, policy)
        refused = self.refused(run.campaign_id, [target.key for target in targets])
        if not barred and run.id not in refused.values():
            return groups
        return _kept(
            groups,
            lambda target: target.key not in barred and refused.get(target.key) != run.id,
        )

    def _without_other_forms(self, run: Run, groups: Groups) -> Groups:
        """Leave out people claimed under another form of the number, in the ledger or earlier in these groups.

        Later attempts have the key of the first one.
        """
        others = with_other_forms(target.key for group in groups for target in group if target.attempt == 1)
        if not others:
            return groups
        taken = {key for key, *_ in self._db.rows_in("claims_of_keys", tuple(others), run.campaign_id)}

        def is_first(target: CallTarget) -> bool:
            if target.attempt == 1 and other_form(target.key) in taken:
                return False
            taken.add(target.key)
            return True

        return _kept(groups, is_first)

    def _repack(self, run: Run, batches: Sequence[Batch]) -> list[Batch]:
        """Refill the batches from the front with the targets that were claimed; drop empty batches."""
        rows = self._db.rows_in("keys_of_batches", [batch.id for batch in batches])
        owner: dict[str, int] = dict(rows)
        ours = iter([target for batch in batches for target in batch.targets if target.key in owner])
        packed = []
        for batch in batches:
            targets = list(islice(ours, len(batch.targets)))
            if not targets:
                self._db.change("delete_batch", {"id": batch.id})
                continue
            moved = [target for target in targets if owner[target.key] != batch.id]
            move_calls(self._db, run.campaign_id, batch.id, moved)
            packed.append(_with_others(self._db, batch, targets))
        return packed

    @retry_on_rollback
    def unclaim(self, batch: Batch, keys: Sequence[str]) -> Batch | None:
        """Free some calls of a batch that is only claimed.

        Returns:
            The rest of the batch, or None.

        Raises:
            LostClaimError: if the batch no longer belongs to this run.
        """
        gone = set(keys)
        left = [target for target in batch.targets if target.key not in gone]
        with self._db.transaction():
            if not self._db.rows("batch", {"id": batch.id, "nonce": batch.nonce}):
                raise lost_claim(f"batch {batch.id} no longer belongs to this run")
            self._db.change_in("delete_calls", keys, batch.id)
            if not left:
                self._db.change("delete_batch", {"id": batch.id})
                return None
            return _with_others(self._db, batch, left)


# -- parts of a transaction


def add_batch(
    database: Database, run_id: int, targets: Sequence[CallTarget], parent_id: int | None = None
) -> Batch:
    """Insert a claimed batch; its calls must follow."""
    nonce = os.urandom(8).hex()
    [(batch_id,)] = database.engine.rows(
        named("add_batch"),
        {
            "run_id": run_id,
            "parent_id": parent_id,
            "size": len(targets),
            "nonce": nonce,
            "again": _again(targets),
        },
    )
    return Batch(int(batch_id), tuple(targets), nonce)


def insert_calls(database: Database, campaign_id: int, batches: Iterable[Batch]) -> int:
    """Insert claims for the targets of batches; return how many are new."""
    rows = [
        (campaign_id, target.key, target.attempt, target.to_phone_number, batch.id, target.row_number)
        for batch in batches
        for target in batch.targets
    ]
    # Sorted, so that neighbouring pages are written once and two machines can't deadlock.
    rows.sort(key=itemgetter(1))
    return database.insert("insert_calls", rows)


def move_calls(database: Database, campaign_id: int, batch_id: int, targets: Sequence[CallTarget]) -> None:
    """Move calls to another batch."""
    by_attempt: dict[int, list[str]] = defaultdict(list)
    for target in targets:
        by_attempt[target.attempt].append(target.key)
    for attempt, keys in by_attempt.items():
        database.change_in("move_calls", keys, batch_id, campaign_id, attempt)


def _with_others(database: Database, batch: Batch, targets: Sequence[CallTarget]) -> Batch:
    """Change a batch's people and its nonce, since an idempotency key must identify one request."""
    changed = Batch(batch.id, tuple(targets), os.urandom(8).hex())
    database.change(
        "resize_batch",
        {"id": batch.id, "size": len(targets), "nonce": changed.nonce, "again": _again(targets)},
    )
    return changed


def _first(groups: Groups, most: int | None) -> Groups:
    """Return the first targets, in groups of the same sizes; None for all of them."""
    if most is None:
        return groups
    left = islice((target for group in groups for target in group), most)
    cut = [list(islice(left, len(group))) for group in groups]
    return [group for group in cut if group]


def _kept(groups: Groups, keep: Callable[[CallTarget], bool]) -> Groups:
    left = [[target for target in group if keep(target)] for group in groups]
    return [group for group in left if group]


def _again(targets: Sequence[CallTarget]) -> int:
    """Return how many of the calls are not a person's first."""
    return sum(target.attempt > 1 for target in targets)


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
