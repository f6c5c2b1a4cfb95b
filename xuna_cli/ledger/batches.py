"""The ledger's batches: that each is on the disk before its POST, and what came of it right after."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from xuna_cli.errors import LedgerError, RepeatedBatchIdError
from xuna_cli.ledger.claims import Claims, add_batch, insert_calls, move_calls
from xuna_cli.ledger.database import Database
from xuna_cli.ledger.engine import retry_on_rollback
from xuna_cli.ledger.queries import named
from xuna_cli.ledger.records import Batch, BatchRecord, BatchState, Run
from xuna_cli.ledger.runs import Runs, lost_claim
from xuna_cli.models import CallTarget


class Batches:
    """Takes batches from one state to the next."""

    def __init__(self, database: Database, runs: Runs, claims: Claims) -> None:
        self._db = database
        self._engine = database.engine
        self._runs = runs
        self._claims = claims

    # -- reading

    def batches(self, campaign_id: int, *, held_only: bool = False) -> list[BatchRecord]:
        """Return the campaign's batches, or those that wait for a person, in order."""
        asked = {"campaign_id": campaign_id, "held_only": int(held_only)}
        return [batch_record(row) for row in self._db.rows("batches_of_campaign", asked)]

    def has_accepted(self, campaign_id: int) -> bool:
        """Return whether the API has ever queued a call of the campaign, as far as the ledger knows."""
        return bool(self._db.rows("ever_accepted", {"campaign_id": campaign_id}))

    # -- before the POST

    @retry_on_rollback
    def submit(self, batch: Batch, quiet_since: datetime | None = None) -> Mapping[str, str]:
        """Put it on the disk that the batch's POST is about to go out.

        Args:
            batch: a claimed one of ours.
            quiet_since: keep back who was called since then, or is being called now, in any campaign.

        Returns:
            Those of its numbers that are on the ledger's do-not-call list, and why; and those that were
            called within the quiet days, with a `CalledAt`. The batch is not submitted then, and nothing may
            be sent before they are unclaimed: this is the last look, inside the transaction that the POST
            follows.

        Raises:
            LedgerError: if that could not be done, or if the batch no longer belongs to this run. Nothing may
                be sent then.
        """

        def submit() -> Mapping[str, str]:
            # Who looks at others' calls waits until those that are being submitted are there to be seen.
            self._engine.lock_named("submit", shared=quiet_since is None)
            if barred := self._claims.barred_from_post(batch.targets, quiet_since):
                return barred
            at = self._db.timestamp()
            owner = self._engine.rows(named("submit"), {"id": batch.id, "submitted_at": at})
            if not owner:
                raise lost_claim(f"batch {batch.id} no longer belongs to this run")
            self._runs.check_open(owner[0][0])
            return {}

        return self._db.group_commit.run(submit)

    @retry_on_rollback
    def back_to_claimed(self, batch: Batch) -> None:
        """Note that a POST provably did not happen, or was refused for now, and may be made again.

        Raises:
            LostClaimError: if the batch no longer belongs to this run; that it was not taken can be recorded.
        """
        with self._db.transaction():
            if not self._db.change("back_to_claimed", {"id": batch.id}):
                raise lost_claim(f"batch {batch.id} no longer belongs to this run")

    # -- after it

    @retry_on_rollback
    def record(
        self,
        batch: Batch,
        state: BatchState,
        *,
        batch_id: str | None = None,
        calls_initiated: int | None = None,
        http_status: int | None = None,
        error: str | None = None,
    ) -> bool:
        """Record the outcome of a POST. `refused` gives back the batch's calls in the same transaction.

        Returns:
            False if the batch was decided otherwise in the meantime (a person resolved it).

        Raises:
            RepeatedBatchIdError: if another batch of the campaign has this `batch_id`; nothing is recorded then.
            LedgerError: if it can't be written, or the ledger knows nothing of a batch that was sent.
        """

        def record() -> bool:
            if batch_id is not None and state is not BatchState.REFUSED:
                self._refuse_repeated(batch, batch_id)
            outcome = self._outcome(batch, state, batch_id=batch_id, calls_initiated=calls_initiated)
            outcome |= {"http_status": http_status, "error": error}
            changed = self._db.change("record", outcome)
            if changed and state is BatchState.REFUSED:
                self._db.change("delete_calls_of_batch", {"id": batch.id})
            lost = not changed and not self._db.rows("batch", {"id": batch.id})
            if lost and state is not BatchState.REFUSED:
                # As after a failover to a standby that was behind, or a restore: its people are free there.
                raise LedgerError(
                    f"{self._db.location} has lost batch {batch.id}, so its people could be called again",
                    hint="stop all runs; the database server was reset to an earlier state",
                    code="ledger-set-back",
                )
            return changed == 1

        return self._db.group_commit.run(record)

    @retry_on_rollback
    def reclaim(
        self, batch: Batch, state: BatchState, *, batch_id: str, calls_initiated: int, error: str | None
    ) -> int | None:
        """Take back the people of a batch that a person resolved as not placed, and that the API took.

        Args:
            batch: of a run that another one took for dead.
            state: `accepted` or `short`.
            batch_id: the API's.
            calls_initiated: the API's.
            error: what is to be known of it.

        Returns:
            How many of them somebody else has claimed in the meantime; None if it was not resolved so.

        Raises:
            RepeatedBatchIdError: as `record`.
        """
        with self._db.transaction():
            self._refuse_repeated(batch, batch_id)
            outcome = self._outcome(
                batch, state, batch_id=batch_id, calls_initiated=calls_initiated, error=error
            )
            if not self._db.change("reclaim_batch", outcome):
                return None
            [(campaign_id,)] = self._db.rows("campaign_of_batch", {"id": batch.id})
            return len(batch.targets) - insert_calls(self._db, campaign_id, [batch])

    @retry_on_rollback
    def split(
        self,
        run: Run,
        parent: Batch,
        parts: Sequence[Sequence[CallTarget]],
        *,
        http_status: int | None,
        error: str,
        refused: Sequence[tuple[CallTarget, str]] = (),
    ) -> list[Batch]:
        """Refuse a batch and hand its calls to children, ready to be submitted.

        Args:
            run: ours.
            parent: a batch that the API has provably refused.
            parts: the targets of each child, none empty. The parent's calls that are in none of them (the
                API rejected them) are deleted.
            http_status: of the refusal.
            error: the API's words.
            refused: whom the API refused to call, and its words: it is remembered of them.

        Returns:
            The children, in order.

        Raises:
            LostClaimError: if another run took this one for dead; the refusal can be recorded.
        """
        with self._db.transaction():
            self._runs.check_open(run.id)
            outcome = self._outcome(parent, BatchState.REFUSED, http_status=http_status, error=error)
            self._db.change("record", outcome)
            children = [add_batch(self._db, run.id, part, parent.id) for part in parts]
            for child in children:
                keys = [target.key for target in child.targets]
                move_calls(self._db, run.campaign_id, child.id, keys)
            self._db.change("delete_calls_of_batch", {"id": parent.id})
            at = self._db.timestamp()
            rows = [
                (run.campaign_id, target.key, target.to_phone_number, run.id, at, words)
                for target, words in sorted(refused, key=lambda one: one[0].key)
            ]
            self._db.insert("add_refusals", rows)
        return children

    def _outcome(self, batch: Batch, state: BatchState, **known: object) -> dict[str, object]:
        """Return the parameters with which the outcome of a batch's POST is written."""
        unknown = dict.fromkeys(("batch_id", "calls_initiated", "http_status", "error"))
        at = self._db.timestamp()
        return {"id": batch.id, "state": state.value, "finished_at": at, **unknown, **known}

    def _refuse_repeated(self, batch: Batch, batch_id: str) -> None:
        """Raise RepeatedBatchIdError, inside a transaction, if another batch of the campaign has the API's id.

        A proxy that replays an old answer, or an API that takes the request for an old one, answers so.
        """
        self._engine.lock_named(f"batch_id {batch_id}")  # two batches that get it at the same moment
        for (other,) in self._db.rows("batch_of_batch_id", {"id": batch.id, "batch_id": batch_id}):
            raise RepeatedBatchIdError(
                f"the API answered with {batch_id}, which is already the ID of batch {other} of this campaign"
            )


def batch_record(row: Sequence[Any]) -> BatchRecord:
    """Make a record of the first columns of `batches_of_campaign`."""
    batch_id, run_id, parent_id, state, *rest = row[:11]
    return BatchRecord(batch_id, run_id, parent_id, BatchState(state), *rest)
