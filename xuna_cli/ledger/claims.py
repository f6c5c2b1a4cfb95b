"""The ledger's claims: claiming call targets for a run's batches, and freeing them."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from operator import itemgetter

from xuna_cli.ledger.attempts import Attempts
from xuna_cli.ledger.brakes import Brakes, Figures, Verdict, brake, figures_of
from xuna_cli.ledger.database import Database
from xuna_cli.ledger.engines.engine import retry_on_rollback
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT, named
from xuna_cli.ledger.records import Batch, Run
from xuna_cli.ledger.runs import Runs, lost_claim
from xuna_cli.ledger.standings import Standings
from xuna_cli.models import CallTarget
from xuna_cli.phone.same_person import other_form, with_other_forms

Groups = Sequence[Sequence[CallTarget]]


class Claims:
    """Claims and unclaims call targets."""

    def __init__(self, database: Database, runs: Runs, standings: Standings) -> None:
        self._db = database
        self._runs = runs
        self._standings = standings

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
        if not self._standings.claim_statuses(run.campaign_id, firsts[:ROWS_PER_STATEMENT]):
            return groups
        known = self._standings.claim_statuses(run.campaign_id, firsts)
        left = iter([target for target in targets if target.attempt > 1 or target.key not in known])
        refilled = [list(islice(left, len(group))) for group in groups]
        return [group for group in refilled if group]

    def _without_barred(
        self, run: Run, groups: Groups, quiet_since: datetime | None, policy: Attempts | None
    ) -> Groups:
        targets = [target for group in groups for target in group]
        barred = self._standings.barred(run, targets, quiet_since, policy)
        refused = self._standings.refused(run.campaign_id, [target.key for target in targets])
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
