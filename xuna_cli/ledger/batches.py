"""The ledger's batches: written to disk before the POST, and again with the outcome right after."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from xuna_cli.errors import LedgerError, RepeatedBatchIdError
from xuna_cli.ledger.attempts import Attempts
from xuna_cli.ledger.claims import add_batch, insert_calls, move_calls
from xuna_cli.ledger.database import Database
from xuna_cli.ledger.engines.engine import retry_on_rollback
from xuna_cli.ledger.last_calls import NO_CAMPAIGN
from xuna_cli.ledger.queries import named
from xuna_cli.ledger.records import Batch, BatchRecord, BatchState, Run
from xuna_cli.ledger.runs import Runs, lost_claim
from xuna_cli.ledger.standings import Barred, Standings
from xuna_cli.models import CallTarget


class Batches:
    """Changes the states of batches."""

    def __init__(self, database: Database, runs: Runs, standings: Standings) -> None:
        self._db = database
        self._engine = database.engine
        self._runs = runs
        self._standings = standings

    # -- reading

    def batches(self, campaign_id: int, *, held_only: bool = False) -> list[BatchRecord]:
        """Return the campaign's batches, or only the held ones, in order."""
        asked = {"campaign_id": campaign_id, "held_only": int(held_only)}
        return [batch_record(row) for row in self._db.rows("batches_of_campaign", asked)]

    def has_accepted(self, campaign_id: int) -> bool:
        """Return whether the ledger has an accepted batch of the campaign."""
        return bool(self._db.rows("ever_accepted", {"campaign_id": campaign_id}))

    # -- before the POST

    @retry_on_rollback
    def submit(
        self, batch: Batch, quiet_since: datetime | None = None, policy: Attempts | None = None
    ) -> Barred:
        """Commit to disk that the batch's POST is about to be sent.

        Args:
            batch: a claimed batch of this run.
            quiet_since: bar people who were called since then, or are being called now, in any campaign.
            policy: whom the run calls again.

        Returns:
            The keys of people who are barred, with the reasons: on the do-not-call list, called within
            the quiet days (a `CalledAt`), or called before with an outcome that doesn't, or no longer,
            allow another attempt. If there are any, the batch is not submitted, and nothing may
            be sent before they are unclaimed. This is the last check, in the transaction that precedes
            the POST.

        Raises:
            LedgerError: if the commit failed, or the batch no longer belongs to this run. Nothing may
                be sent.
        """

        def submit() -> Barred:
            # A reader of others' calls waits until the calls being submitted are visible.
            self._engine.lock_named("submit", shared=quiet_since is None)
            campaign_id = NO_CAMPAIGN
            if quiet_since is not None or any(target.attempt > 1 for target in batch.targets):
                [(campaign_id,)] = self._db.rows("campaign_of_batch", {"id": batch.id}) or [(NO_CAMPAIGN,)]
            if barred := self._standings.barred_from_post(campaign_id, batch.targets, quiet_since, policy):
                return barred
            at = self._db.timestamp()
            owner = self._engine.rows(named("submit"), {**_of(batch), "submitted_at": at})
            if not owner:
                raise lost_claim(f"batch {batch.id} no longer belongs to this run")
            self._runs.check_open(owner[0][0])
            # The records were read before this POST, whatever the clock said then: they prove nothing about its calls.
            self._db.change("set_back_reading", {"id": batch.id, "submitted_at": at})
            return {}

        return self._db.group_commit.run(submit)

    @retry_on_rollback
    def back_to_claimed(self, batch: Batch) -> None:
        """Put a batch back to `claimed`: its POST was provably not sent, or refused for now.

        Raises:
            LostClaimError: if the batch no longer belongs to this run; the refusal can still be recorded.
        """
        with self._db.transaction():
            if not self._db.change("back_to_claimed", _of(batch)):
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
        """Record the outcome of a POST. `refused` frees the batch's calls in the same transaction.

        Returns:
            False if a person has resolved the batch differently in the meantime.

        Raises:
            RepeatedBatchIdError: if another batch of the campaign has this `batch_id`; nothing is recorded then.
            LedgerError: if the outcome can't be written, or the ledger has no record of a sent batch.
        """

        def record() -> bool:
            if batch_id is not None and state is not BatchState.REFUSED:
                self._refuse_repeated(batch, batch_id)
            outcome = self._outcome(batch, state, batch_id=batch_id, calls_initiated=calls_initiated)
            outcome |= {"http_status": http_status, "error": error}
            changed = self._db.change("record", outcome)
            if changed and state is BatchState.REFUSED:
                self._db.change("delete_calls_of_batch", {"id": batch.id})
            lost = not changed and not self._db.rows("batch", _of(batch))
            if lost and state is not BatchState.REFUSED:
                # After a restore, or a failover to a standby that lagged behind, its people are free.
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
        """Claim again the people of a batch that a person resolved as not placed although the API accepted it.

        Args:
            batch: a batch of a run that another run considered dead.
            state: `accepted` or `short`.
            batch_id: the API's id.
            calls_initiated: the API's count.
            error: error message to store.

        Returns:
            How many of them another run has claimed in the meantime; None if the batch was not resolved so.

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
        """Refuse a batch and move its calls to child batches, ready to be submitted.

        Args:
            run: this run.
            parent: a batch that the API has provably refused.
            parts: the targets of each child, none empty. Calls of the parent in none of them (the
                API rejected them) are deleted.
            http_status: status of the refusal.
            error: the API's message.
            refused: people whom the API refused to call, with its message, to be remembered.

        Returns:
            The children, in order.

        Raises:
            LostClaimError: if another run has closed this one as dead; the refusal can still be recorded.
        """
        with self._db.transaction():
            self._runs.check_open(run.id)
            outcome = self._outcome(parent, BatchState.REFUSED, http_status=http_status, error=error)
            if not self._db.change("record", outcome):
                raise lost_claim(f"batch {parent.id} no longer belongs to this run")
            children = [add_batch(self._db, run.id, part, parent.id) for part in parts]
            for child in children:
                move_calls(self._db, run.campaign_id, child.id, child.targets)
            self._db.change("delete_calls_of_batch", {"id": parent.id})
            at = self._db.timestamp()
            rows = [
                (run.campaign_id, target.key, target.to_phone_number, run.id, at, words)
                for target, words in sorted(refused, key=lambda one: one[0].key)
            ]
            self._db.insert("add_refusals", rows)
        return children

    def _outcome(self, batch: Batch, state: BatchState, **known: object) -> dict[str, object]:
        """Return the query parameters for the outcome of a POST."""
        unknown = dict.fromkeys(("batch_id", "calls_initiated", "http_status", "error"))
        at = self._db.timestamp()
        return {**_of(batch), "state": state.value, "finished_at": at, **unknown, **known}

    def _refuse_repeated(self, batch: Batch, batch_id: str) -> None:
        """Inside a transaction, raise RepeatedBatchIdError if another batch of the campaign has this API id.

        A proxy that replays an old response, or an API that takes the request for an old one, causes this.
        """
        self._engine.lock_named(f"batch_id {batch_id}")  # two batches may get the same id at the same moment
        for (other,) in self._db.rows("batch_of_batch_id", {"id": batch.id, "batch_id": batch_id}):
            raise RepeatedBatchIdError(
                f"the API answered with {batch_id}, which is already the ID of batch {other} of this campaign"
            )


def _of(batch: Batch) -> dict[str, object]:
    """Return the query parameters for a batch.

    The nonce is among them, because a ledger that was set back (a restore, a failover to a standby that lagged behind)
    gives the number of a lost batch to another one.
    """
    return {"id": batch.id, "nonce": batch.nonce}


def batch_record(row: Sequence[Any]) -> BatchRecord:
    """Make a record of the first columns of `batches_of_campaign`."""
    batch_id, run_id, parent_id, state, *rest = row[:12]
    return BatchRecord(batch_id, run_id, parent_id, BatchState(state), *rest)
