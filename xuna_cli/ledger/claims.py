"""The ledger's claims: who is claimed, who is barred, and claiming call targets for a run's batches."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import itemgetter
from secrets import token_hex

from xuna_cli.ledger.database import Database
from xuna_cli.ledger.engine import retry_on_rollback
from xuna_cli.ledger.last_calls import claimed_by_others, last_calls
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT, named
from xuna_cli.ledger.records import HELD_STATES, Batch, BatchState, CalledAt, ClaimStatus, Run
from xuna_cli.ledger.runs import Runs
from xuna_cli.models import CallTarget
from xuna_cli.phone.same_person import other_form, with_other_forms

Groups = Sequence[Sequence[CallTarget]]


class Claims:
    """Claims and unclaims call targets, and tells who is claimed or barred."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._db = database
        self._runs = runs

    # -- who is claimed

    def claim_statuses(
        self, campaign_id: int, keys: Sequence[str], *, run_id: int | None = None
    ) -> dict[str, ClaimStatus]:
        """Return the claim status of those keys that the ledger knows in this campaign, in any form of the number.

        Args:
            campaign_id: the campaign.
            keys: keys of people.
            run_id: the asking run; people that it has claimed, or that the API refused in it, are duplicates.
        """
        found = {
            key: _claim_status(state, own=owner == run_id)
            for key, state, owner in self._db.rows_of_keys("claims_of_keys", keys, campaign_id)
        }
        if run_id is not None:
            refused = self.refused(campaign_id, keys)
            found.update((key, ClaimStatus.DUPLICATE) for key in keys if refused.get(key) == run_id)
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
        self, run: Run, targets: Sequence[CallTarget], quiet_since: datetime | None = None
    ) -> Mapping[str, str]:
        """Return the people whom a claim leaves out, with the reasons, as `submit` does."""
        barred = self.barred_from_post(targets, quiet_since)
        if quiet_since is not None:
            claimed = claimed_by_others(self._db, [target.to_phone_number for target in targets], run.id)
            barred = {**dict.fromkeys(claimed, CalledAt("now")), **barred}
        return barred

    def barred_from_post(self, targets: Sequence[CallTarget], quiet_since: datetime | None) -> dict[str, str]:
        """Return the numbers that `submit` bars, with the reasons."""
        barred: dict[str, str] = {}
        if quiet_since is not None:
            called = last_calls(self._db, [target.to_phone_number for target in targets], quiet_since)
            barred.update((number, CalledAt(at)) for number, at in called.items())
        if reasons := self.on_do_not_call_list(number for target in targets for number in target.numbers):
            # A person with one number on the list is not called under another number.
            barred.update(
                (target.to_phone_number, reasons[number])
                for target in targets
                for number in target.numbers
                if number in reasons
            )
        return barred

    # -- claiming

    @retry_on_rollback
    def claim(self, run: Run, groups: Groups, quiet_since: datetime | None = None) -> list[Batch]:
        """Claim call targets in one transaction.

        Each group becomes a batch. People claimed by another run in the meantime are left out, and
        the batches are filled up from the groups behind them. People who have come onto the ledger's
        do-not-call list, whom the API has refused in this run, or who were called within the quiet days are
        left out, too.

        Args:
            run: this run.
            groups: the targets of each batch; all keys differ.
            quiet_since: leave out people called since then in any campaign, or claimed by another run now.

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
            groups = self._without_barred(run, groups, quiet_since)
            groups = self._without_other_forms(run, groups)
            batches = [add_batch(self._db, run.id, group) for group in groups]
            if insert_calls(self._db, run.campaign_id, batches) == sum(map(len, groups)):
                return batches
            return self._repack(run, batches)

    def _still_free(self, run: Run, groups: Groups) -> Groups:
        """Leave out people whom another machine with the same list has claimed since they were read.

        The other machine has mostly claimed the very next ones: if the first are free, nobody else is looked up. What
        this overlooks costs only time, since the claim itself decides.
        """
        targets = [target for group in groups for target in group]
        if not self.claim_statuses(run.campaign_id, [target.key for target in targets[:ROWS_PER_STATEMENT]]):
            return groups
        known = self.claim_statuses(run.campaign_id, [target.key for target in targets])
        left = iter([target for target in targets if target.key not in known])
        refilled = [list(islice(left, len(group))) for group in groups]
        return [group for group in refilled if group]

    def _without_barred(self, run: Run, groups: Groups, quiet_since: datetime | None) -> Groups:
        targets = [target for group in groups for target in group]
        barred = self.barred(run, targets, quiet_since)
        refused = self.refused(run.campaign_id, [target.key for target in targets])
        if not barred and run.id not in refused.values():
            return groups
        return _kept(
            groups,
            lambda target: target.to_phone_number not in barred and refused.get(target.key) != run.id,
        )

    def _without_other_forms(self, run: Run, groups: Groups) -> Groups:
        """Leave out people claimed under another form of the number, in the ledger or earlier in these groups."""
        others = with_other_forms(target.key for group in groups for target in group)
        if not others:
            return groups
        taken = {key for key, *_ in self._db.rows_in("claims_of_keys", tuple(others), run.campaign_id)}

        def is_first(target: CallTarget) -> bool:
            if other_form(target.key) in taken:
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
            moved = [target.key for target in targets if owner[target.key] != batch.id]
            move_calls(self._db, run.campaign_id, batch.id, moved)
            packed.append(_with_others(self._db, batch, targets))
        return packed

    @retry_on_rollback
    def unclaim(self, batch: Batch, keys: Sequence[str]) -> Batch | None:
        """Free some calls of a batch that is only claimed.

        Returns:
            The rest of the batch, or None.
        """
        gone = set(keys)
        left = [target for target in batch.targets if target.key not in gone]
        with self._db.transaction():
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
    nonce = token_hex(8)
    [(batch_id,)] = database.engine.rows(
        named("add_batch"),
        {"run_id": run_id, "parent_id": parent_id, "size": len(targets), "nonce": nonce},
    )
    return Batch(int(batch_id), tuple(targets), nonce)


def insert_calls(database: Database, campaign_id: int, batches: Iterable[Batch]) -> int:
    """Insert claims for the targets of batches; return how many are new."""
    rows = [
        (campaign_id, target.key, target.to_phone_number, batch.id, target.row_number)
        for batch in batches
        for target in batch.targets
    ]
    # Sorted, so that neighbouring pages are written once and two machines can't deadlock.
    rows.sort(key=itemgetter(1))
    return database.insert("insert_calls", rows)


def move_calls(database: Database, campaign_id: int, batch_id: int, keys: Sequence[str]) -> None:
    """Move calls to another batch."""
    database.change_in("move_calls", keys, batch_id, campaign_id)


def _with_others(database: Database, batch: Batch, targets: Sequence[CallTarget]) -> Batch:
    """Change a batch's people and its nonce, since an idempotency key must identify one request."""
    changed = Batch(batch.id, tuple(targets), token_hex(8))
    database.change("resize_batch", {"id": batch.id, "size": len(targets), "nonce": changed.nonce})
    return changed


def _kept(groups: Groups, keep: Callable[[CallTarget], bool]) -> Groups:
    left = [[target for target in group if keep(target)] for group in groups]
    return [group for group in left if group]


def _claim_status(state: str, *, own: bool) -> ClaimStatus:
    if own:
        return ClaimStatus.DUPLICATE
    if state == BatchState.ACCEPTED:
        return ClaimStatus.ALREADY_CALLED
    if state in HELD_STATES:
        return ClaimStatus.HELD
    return ClaimStatus.IN_FLIGHT
