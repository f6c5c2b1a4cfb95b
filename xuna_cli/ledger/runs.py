"""The ledger's runs: each holds a lock that dies with its process; dead runs are recovered."""

import os
from collections import defaultdict
from collections.abc import Mapping

from xuna_cli import __version__
from xuna_cli.errors import LostClaimError
from xuna_cli.ledger.campaign_rules import check_same_campaign, storable
from xuna_cli.ledger.database import Database
from xuna_cli.ledger.engines.engine import retry_on_rollback
from xuna_cli.ledger.moved import check_not_moved
from xuna_cli.ledger.opt_out_rules import keep_rules
from xuna_cli.ledger.queries import named
from xuna_cli.ledger.records import Run, RunDescription, RunRecord
from xuna_cli.ledger.who import host_name, user_name


class Runs:
    """Starts, ends and recovers runs."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._engine = database.engine

    def start_run(self, description: RunDescription) -> Run:
        """Start a run, and recover from dead runs.

        Raises:
            UsageError: if the campaign's first run was made with another key, API origin or, under a
                default name, another list, and somebody was called or is held in the campaign.
            LedgerError: if the ledger can't be written, is in an unsafe place, or was set back.
        """
        self._engine.check_place()
        self.recover()
        description = storable(description)
        with self._db.transaction():
            campaign_id = self._enter_campaign(description)
            [(run_id,)] = self._engine.rows(
                named("add_run"),
                {
                    "campaign_id": campaign_id,
                    "started_at": self._db.timestamp(),
                    "agent_id": description.agent_id,
                    "from_phone_number_id": description.from_phone_number_id,
                    "source": description.source_path or "-",
                    "template": description.template,
                    "deadline": description.deadline,
                    "host": host_name(),
                    "pid": os.getpid(),
                    "xuna_version": __version__,
                    "zone_rules": description.zone_rules,
                    "user_name": user_name(),
                    "api_origin": description.api_origin,
                    "list_hash": description.list_sha256,
                    "agent_hash": description.agent_hash,
                    "attempts": description.attempts,
                    "signed_by": description.signed_by,
                },
            )
            # Take the lock before the row becomes visible, so that every live run has its lock.
            self._engine.acquire_lock(run_id)
        self._db.living_runs.add(run_id)
        self._engine.remember_run(run_id)
        return Run(id=run_id, campaign_id=campaign_id, campaign=description.campaign)

    def _enter_campaign(self, description: RunDescription) -> int:
        self._db.change(
            "add_campaign",
            {
                "name": description.campaign,
                "key_column": description.key_column,
                "api_origin": description.api_origin,
                "source_path": description.source_path,
                "created_at": self._db.timestamp(),
            },
        )
        by_name = {"name": description.campaign}
        [(campaign_id, *_)] = self._db.rows("campaign_by_name", by_name)
        # From here on, nobody can forget the campaign before this run is visible; check that nobody just did.
        self._db.change("lock_campaign", {"campaign_id": campaign_id})
        [(campaign_id, *first_run)] = self._db.rows("campaign_by_name", by_name)
        if self._is_bound(campaign_id, *first_run):
            check_same_campaign(description, *first_run)
        else:
            self._db.change(
                "bind_campaign",
                {
                    "campaign_id": campaign_id,
                    "key_column": description.key_column,
                    "api_origin": description.api_origin,
                    "source_path": description.source_path,
                },
            )
        if description.opt_out_when is not None:
            keep_rules(self._db, int(campaign_id), description.opt_out_when)
        return int(campaign_id)

    def _is_bound(self, campaign_id: int, forgotten_at: str | None, *_: object) -> bool:
        """Return whether a run must agree with the campaign's first run.

        It need not if no call was accepted or is held, and no run is open: a mistyped URL or key has called nobody.
        """
        of_campaign = {"campaign_id": campaign_id}
        return forgotten_at is not None or any(
            self._db.rows(name, of_campaign) for name in ("called_any", "open_runs_of_campaign")
        )

    def check_campaign(self, description: RunDescription) -> int | None:
        """Return the campaign's id, or None if it is new; raises as `start_run`."""
        check_not_moved(self._db.location, self._db.moved)
        description = storable(description)
        for campaign_id, *first_run in self._db.rows("campaign_by_name", {"name": description.campaign}):
            if self._is_bound(campaign_id, *first_run):
                check_same_campaign(description, *first_run)
            return int(campaign_id)
        return None

    def recover(self) -> None:
        """Recover from dead runs: `submitting` becomes `unknown`, and unsent claims are freed."""
        for (run_id,) in self._db.rows("open_runs"):
            if self._close_if_dead(run_id):
                self._engine.forget_lock(run_id)

    @retry_on_rollback
    def _close_if_dead(self, run_id: int) -> bool:
        with self._db.transaction():
            # Checked inside the transaction, so that a disconnected run can't come back in between.
            if self._engine.is_alive(run_id):
                return False
            self._close(run_id, "the run ended while the request was in progress")
        return True

    @retry_on_rollback
    def end_run(self, run: Run) -> None:
        """End a run of this process: free its unsent claims and release its lock."""
        with self._db.transaction():
            self._close(run.id, "the outcome could not be recorded")
        with self._db.lock:
            self._db.living_runs.discard(run.id)
            self._engine.release_lock(run.id)

    def _close(self, run_id: int, error: str) -> None:
        of_run = {"run_id": run_id}
        at = self._db.timestamp()
        if self._db.change("end_run", {**of_run, "ended_at": at}):
            self._db.change("orphan_submitting", {**of_run, "error": error, "finished_at": at})
            self._db.change("delete_claimed_calls", of_run)
            self._db.change("delete_claimed_batches", of_run)

    def holds_lock(self, run: Run) -> bool:
        """Return whether the run still holds its lock; without it, nothing may be sent."""
        if self._engine.is_local:  # asked before every POST, which must not wait for the connection
            return self._engine.holds_lock(run.id)
        with self._db.lock:
            return self._engine.holds_lock(run.id)

    def check_open(self, run_id: int) -> None:
        """Inside a transaction, raise LostClaimError if another run has closed this one, or may do so.

        Later claims would belong to no run and never be freed.
        """
        if not self._engine.holds_lock(run_id) or not self._db.rows("open_run", {"run_id": run_id}):
            raise lost_claim(f"run {run_id} may no longer claim people")


def lost_claim(what: str) -> LostClaimError:
    """Return the error that another run has closed this one."""
    return LostClaimError(
        f"{what}, because another run considered this run dead", hint="run the same command again"
    )


# -- what is asked of runs later


def runs_of(database: Database, campaign_id: int) -> list[RunRecord]:
    """Return the campaign's runs, in order."""
    return [RunRecord(*row) for row in database.rows("runs_of_campaign", {"campaign_id": campaign_id})]


def last_run_that_called(
    database: Database, campaign_id: int, *, agent_id: str | None = None
) -> RunRecord | None:
    """Return the campaign's last run that made a batch, or None.

    Args:
        database: the ledger's database.
        campaign_id: the campaign.
        agent_id: only runs with this agent and a known configuration.
    """
    asked = {"campaign_id": campaign_id, "agent_id": agent_id or "", "any_agent": int(agent_id is None)}
    return next((RunRecord(*row) for row in database.rows("last_run_that_called", asked)), None)


def store_exit_code(database: Database, run_id: int, exit_code: int) -> None:
    """Store a run's exit code."""
    with database.transaction():
        database.change("set_exit_code", {"run_id": run_id, "exit_code": exit_code})


def store_counts(database: Database, run_id: int, counts: Mapping[str, int]) -> None:
    """Store a run's row counts, without zeros."""
    with database.transaction():
        for name, count in counts.items():
            if count:
                database.change("add_run_count", {"run_id": run_id, "name": name, "count": count})


def counts_of_runs(database: Database, campaign_id: int) -> dict[int, dict[str, int]]:
    """Return the row counts of the campaign's runs, by run, in order."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for run_id, name, count in database.rows("run_counts", {"campaign_id": campaign_id}):
        found[run_id][name] = int(count)
    return dict(found)
