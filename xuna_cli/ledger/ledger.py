"""The ledger: who was called, who is about to be, and what came of every batch.

The promise rests on an order: `submit` is on the disk before the POST, `record` before anything else is
made of the outcome. Every public method is one transaction, or one reading; `submit` and `record` share
theirs with those of other senders (see group_commit.py).
"""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from xuna_cli import __version__
from xuna_cli.errors import LedgerError, LostClaimError, RepeatedBatchIdError
from xuna_cli.ledger.campaign_rules import check_not_forgotten, check_same_campaign, storable
from xuna_cli.ledger.engine import Engine, Parameters, retry_on_rollback
from xuna_cli.ledger.group_commit import GroupCommit
from xuna_cli.ledger.last_calls import claimed_by_others, last_calls
from xuna_cli.ledger.moved import MOVED_AT, MOVED_TO, Moved, check_not_moved
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT, in_parts, named, schema_versions
from xuna_cli.ledger.records import (
    HELD_STATES,
    Batch,
    BatchRecord,
    BatchState,
    CalledAt,
    ClaimStatus,
    Run,
    RunDescription,
)
from xuna_cli.models import CallTarget
from xuna_cli.phone.same_person import other_form, with_other_forms


def utc_now() -> datetime:
    """Return the time now, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """A set of claims: to call somebody is to be the one who inserts (campaign, key).

    Args:
        engine: an open connection to where the ledger is.
        now: the clock, in UTC.
        create: make the ledger's tables where there are none.
        read_only: whether nothing may be written, the schema included.
        versions: the schema's statements by version; the last one is what this program knows.

    Raises:
        LedgerError: if what is there is no ledger, or newer than this program, or may not be made.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        now: Callable[[], datetime] = utc_now,
        create: bool = True,
        read_only: bool = False,
        versions: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        self.engine = engine
        self._now = now
        self._versions = versions or schema_versions()
        self._lock = threading.RLock()
        self._group_commit = GroupCommit(self._lock, self.transaction)
        self._alive: set[int] = set()  # our runs; while one is alive, nobody marks the ledger as moved
        self.created = self._migrate(create=create, read_only=read_only)
        """Whether opening it has made it."""
        self.ledger_id = self._info("ledger_id")

    @property
    def location(self) -> str:
        """Where it is, for people."""
        return self.engine.location

    @property
    def moved(self) -> Moved | None:
        """Where it goes on, if it was moved."""
        to = self._info(MOVED_TO)
        return Moved(to, self._info(MOVED_AT)) if to else None

    @property
    def schema_version(self) -> int:
        """The version of its schema."""
        return self._version()

    @property
    def is_local(self) -> bool:
        """Whether it is forgotten together with this machine's disk."""
        return self.engine.is_local

    def close(self) -> None:
        """Close it; the locks of its runs go with it."""
        with self._lock:
            self.engine.close()

    # -- runs

    def start_run(self, description: RunDescription) -> Run:
        """Enter a run, and clear up after runs that died.

        Raises:
            UsageError: if the campaign's first run was made with another key, API origin or, under a
                default name, another list.
            LedgerError: if it can't be written, or trusted where it is.
        """
        self.engine.check_place()
        self.recover()
        description = storable(description)
        with self.transaction():
            campaign_id = self._campaign_for(description)
            [(run_id,)] = self.engine.rows(
                named("add_run"),
                {
                    "campaign_id": campaign_id,
                    "started_at": self.timestamp(),
                    "agent_id": description.agent_id,
                    "from_phone_number_id": description.from_phone_number_id,
                    "source": description.source_path or "-",
                    "template": description.template,
                    "deadline": description.deadline,
                    "host": socket.gethostname(),
                    "pid": os.getpid(),
                    "xuna_version": __version__,
                    "zone_rules": description.zone_rules,
                },
            )
            # The lock is there before the row can be seen: nobody finds a living run without it.
            self.engine.acquire_lock(run_id)
        self._alive.add(run_id)
        return Run(id=run_id, campaign_id=campaign_id, campaign=description.campaign)

    def recover(self) -> None:
        """Turn what dead runs left: `submitting` becomes `unknown`, what was only claimed is given back."""
        for (run_id,) in self.rows("open_runs"):
            if self._close_if_dead(run_id):
                self.engine.forget_lock(run_id)

    @retry_on_rollback
    def _close_if_dead(self, run_id: int) -> bool:
        with self.transaction():
            # Asked inside, so that a run that is not dead but was cut off can't come back in between.
            if self.engine.is_alive(run_id):
                return False
            self._close_run(run_id, "the run ended while the POST was under way")
        return True

    @retry_on_rollback
    def end_run(self, run: Run) -> None:
        """Close a run of our own: what it only claimed is given back, and its lock is dropped."""
        with self.transaction():
            self._close_run(run.id, "the outcome could not be recorded")
        with self._lock:
            self._alive.discard(run.id)
            self.engine.release_lock(run.id)

    def holds(self, run: Run) -> bool:
        """Return whether the run still holds its lock, without which nothing may be posted."""
        if self.is_local:  # it is asked before every POST, and there needs no connection to wait for
            return self.engine.holds_lock(run.id)
        with self._lock:
            return self.engine.holds_lock(run.id)

    def _close_run(self, run_id: int, error: str) -> None:
        parameters = {"run_id": run_id}
        at = self.timestamp()
        if self.engine.change(named("end_run"), {**parameters, "ended_at": at}):
            self.engine.change(named("orphan_submitting"), {**parameters, "error": error, "finished_at": at})
            self.engine.change(named("delete_claimed_calls"), parameters)
            self.engine.change(named("delete_claimed_batches"), parameters)

    def _campaign_for(self, description: RunDescription) -> int:
        self.engine.change(
            named("add_campaign"),
            {
                "name": description.campaign,
                "key_column": description.key_column,
                "api_origin": description.api_origin,
                "source_path": description.source_path,
                "created_at": self.timestamp(),
            },
        )
        [(campaign_id, *_)] = self.engine.rows(named("campaign_by_name"), {"name": description.campaign})
        # Only now nobody can forget it until our run is there to be seen.
        self.engine.change(named("lock_campaign"), {"campaign_id": campaign_id})
        [row] = self.engine.rows(named("campaign_by_name"), {"name": description.campaign})
        campaign_id, _, key_column, api_origin, source_path, _, forgotten_at = row
        check_not_forgotten(description.campaign, forgotten_at)
        check_same_campaign(description, key_column, api_origin, source_path)
        return int(campaign_id)

    def check_campaign(self, description: RunDescription) -> int | None:
        """Return the campaign's id, or None if it is new; raise as `start_run` would."""
        check_not_moved(self.location, self.moved)
        description = storable(description)
        found = self.rows("campaign_by_name", {"name": description.campaign})
        if not found:
            return None
        campaign_id, _, key_column, api_origin, source_path, _, forgotten_at = found[0]
        check_not_forgotten(description.campaign, forgotten_at)
        check_same_campaign(description, key_column, api_origin, source_path)
        return int(campaign_id)

    # -- claims

    def standings(
        self, campaign_id: int, keys: Sequence[str], *, run_id: int | None = None
    ) -> dict[str, ClaimStatus]:
        """Return how those of the keys stand that the ledger knows in this campaign, in whichever form.

        Args:
            campaign_id: the campaign's.
            keys: who.
            run_id: the asking run's: whom it has claimed, or the API has refused in it, is a duplicate.
        """
        batch_of: dict[str, int] = {}
        others = with_other_forms(keys)
        with self._lock:
            for part in in_parts([*keys, *others] if others else keys):
                batch_of.update(self.engine.rows(named("batches_of_keys", len(part)), (campaign_id, *part)))
            # Few batches hold many keys: asking for each once is cheaper than a join for every key.
            standing = {
                batch_id: _standing(BatchState(state), own=owner == run_id)
                for part in in_parts(tuple(set(batch_of.values())))
                for batch_id, state, owner in self.engine.rows(named("owners", len(part)), part)
            }
        for other, key in others.items():
            if other in batch_of:
                batch_of.setdefault(key, batch_of[other])
        # A batch that is gone in between was given back, and its keys are free.
        found = {key: standing[batch_id] for key, batch_id in batch_of.items() if batch_id in standing}
        if run_id is not None:
            refused = self.refused(campaign_id, keys)
            found.update((key, ClaimStatus.DUPLICATE) for key in keys if refused.get(key) == run_id)
        return found

    def row_numbers(self, campaign_id: int, keys: Sequence[str]) -> dict[str, int]:
        """Return for those of the keys that are claimed, in whichever form, the row that they were claimed with."""
        found: dict[str, int] = {}
        others = with_other_forms(keys)
        for part in in_parts([*keys, *others]):
            found.update(self.query(named("rows_of_keys", len(part)), (campaign_id, *part)))
        for other, key in others.items():
            if other in found:
                found.setdefault(key, found[other])
        return {key: found[key] for key in keys if key in found}

    def refused(self, campaign_id: int, keys: Sequence[str]) -> dict[str, int]:
        """Return those of the keys whom the API refused to call, each with the run in which it did so last."""
        if not self.rows("refused_any", {"campaign_id": campaign_id}):
            return {}
        found: dict[str, int] = {}
        others = with_other_forms(keys)
        for part in in_parts([*keys, *others]):
            found.update(self.query(named("refused_keys", len(part)), (campaign_id, *part)))
        for other, key in others.items():
            if other in found:
                found.setdefault(key, found[other])
        return {key: found[key] for key in keys if key in found}

    def has_accepted(self, campaign_id: int) -> bool:
        """Return whether the API has ever queued a call of the campaign, as far as the ledger knows."""
        return bool(self.rows("ever_accepted", {"campaign_id": campaign_id}))

    @retry_on_rollback
    def claim(
        self, run: Run, groups: Sequence[Sequence[CallTarget]], quiet_since: datetime | None = None
    ) -> list[Batch]:
        """Claim call targets, all of them in one transaction.

        Each group becomes a batch. Those that somebody else has claimed in the meantime are left out, and
        the batches are filled up from the groups behind them. Those who have come onto the ledger's
        do-not-call list, whom the API has refused in this run, or who are to be left alone for the quiet
        days are left out, too.

        Args:
            run: ours.
            groups: the targets of each batch, no key twice among them all.
            quiet_since: leave out who was called since then in any campaign, or is claimed by another run now.

        Returns:
            The batches, in order, none empty.

        Raises:
            LostClaimError: if another run took this one for dead. Nothing is claimed then.
        """
        with self.transaction():
            self._check_open(run.id)
            # Machines that read the same list take turns: else all but one wait for people whom they won't get.
            self.engine.change(named("lock_campaign"), {"campaign_id": run.campaign_id})
            groups = self._without_barred(run, self._still_free(run, groups), quiet_since)
            groups = self._without_other_forms(run, groups)
            batches = [self._add_batch(run.id, group) for group in groups]
            rows = [
                (run.campaign_id, target.key, target.to_phone_number, batch.id, target.row_number)
                for batch in batches
                for target in batch.targets
            ]
            # Sorted: neighbouring pages are written once, and two machines can't deadlock.
            rows.sort(key=itemgetter(1))
            won = sum(
                self.engine.change(named("claim", len(part), 5), list(chain.from_iterable(part)))
                for part in in_parts(rows)
            )
            if won == len(rows):
                return batches
            return self._repack(run, batches)

    def _still_free(self, run: Run, groups: Sequence[Sequence[CallTarget]]) -> Sequence[Sequence[CallTarget]]:
        """Leave out whom another machine, which reads the same list, has claimed since they were read.

        It has mostly claimed the very next ones: where the first are free, nobody else is looked up. What
        this overlooks costs time alone, since the claim itself decides.
        """
        targets = [target for group in groups for target in group]
        if not self.standings(run.campaign_id, [target.key for target in targets[:ROWS_PER_STATEMENT]]):
            return groups
        known = self.standings(run.campaign_id, [target.key for target in targets])
        left = iter([target for target in targets if target.key not in known])
        refilled = [list(islice(left, len(group))) for group in groups]
        return [group for group in refilled if group]

    def _without_other_forms(
        self, run: Run, groups: Sequence[Sequence[CallTarget]]
    ) -> Sequence[Sequence[CallTarget]]:
        """Leave out who is claimed, or claimed before in these groups, under another form of the number."""
        others = with_other_forms(target.key for group in groups for target in group)
        if not others:
            return groups
        taken: set[str] = set()
        for part in in_parts(tuple(others)):
            rows = self.engine.rows(named("batches_of_keys", len(part)), (run.campaign_id, *part))
            taken.update(key for key, _ in rows)
        left: list[list[CallTarget]] = []
        for group in groups:
            left.append([])
            for target in group:
                if other_form(target.key) not in taken:
                    left[-1].append(target)
                    taken.add(target.key)
        return [group for group in left if group]

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
            LedgerError: if that could not be done, or if the batch is not ours any more. Nothing may
                be sent then.
        """

        def submit() -> Mapping[str, str]:
            # Who looks at others' calls waits until those that are being submitted are there to be seen.
            self.engine.lock_named("submit", shared=quiet_since is None)
            if barred := self._barred(batch.targets, quiet_since):
                return barred
            owner = self.engine.rows(named("submit"), {"id": batch.id, "submitted_at": self.timestamp()})
            if not owner:
                raise _lost(f"batch {batch.id} is not ours any more")
            self._check_open(owner[0][0])
            return {}

        return self._group_commit.run(submit)

    def listed(self, numbers: Iterable[str]) -> dict[str, str]:
        """Return those of the numbers that are on the do-not-call list, each with the reason given, or ""."""
        if not self.rows("do_not_call_any"):
            return {}
        found: dict[str, str] = {}
        numbers = tuple(numbers)
        others = with_other_forms(numbers)
        for part in in_parts([*numbers, *others] if others else numbers):
            for number, reason in self.query(named("do_not_call_listed", len(part)), part):
                found[number] = reason or ""
        if others:
            found |= {number: found[other] for other, number in others.items() if other in found}
            found = {number: found[number] for number in numbers if number in found}
        return found

    def barred(
        self, run: Run, targets: Sequence[CallTarget], quiet_since: datetime | None = None
    ) -> Mapping[str, str]:
        """Return whom a claim leaves out, and why; as `submit` does."""
        barred = self._barred(targets, quiet_since)
        if quiet_since is not None:
            claimed = claimed_by_others(self, [target.to_phone_number for target in targets], run.id)
            barred = {**dict.fromkeys(claimed, CalledAt("now")), **barred}
        return barred

    def _barred(self, targets: Sequence[CallTarget], quiet_since: datetime | None) -> dict[str, str]:
        barred: dict[str, str] = {}
        if quiet_since is not None:
            called = last_calls(self, [target.to_phone_number for target in targets], quiet_since)
            barred.update((number, CalledAt(at)) for number, at in called.items())
        if listed := self.listed(number for target in targets for number in target.numbers):
            # Whoever is listed under one of their numbers is not called under another.
            barred.update(
                (target.to_phone_number, listed[number])
                for target in targets
                for number in target.numbers
                if number in listed
            )
        return barred

    def _without_barred(
        self, run: Run, groups: Sequence[Sequence[CallTarget]], quiet_since: datetime | None
    ) -> Sequence[Sequence[CallTarget]]:
        targets = [target for group in groups for target in group]
        barred = self.barred(run, targets, quiet_since)
        refused = self.refused(run.campaign_id, [target.key for target in targets])
        if not barred and run.id not in refused.values():
            return groups
        left = [
            [
                target
                for target in group
                if target.to_phone_number not in barred and refused.get(target.key) != run.id
            ]
            for group in groups
        ]
        return [group for group in left if group]

    @retry_on_rollback
    def back_to_claimed(self, batch: Batch) -> None:
        """Note that a POST provably did not happen, or was refused for now, and may be made again.

        Raises:
            LostClaimError: if the batch is not ours any more; that it was not taken can be recorded.
        """
        with self.transaction():
            if not self.engine.change(named("back_to_claimed"), {"id": batch.id}):
                raise _lost(f"batch {batch.id} is not ours any more")

    @retry_on_rollback
    def unclaim(self, batch: Batch, keys: Sequence[str]) -> Batch | None:
        """Give back some calls of a batch that is only claimed.

        Returns:
            What is left of the batch, or None.
        """
        gone = set(keys)
        left = tuple(target for target in batch.targets if target.key not in gone)
        with self.transaction():
            for part in in_parts(keys):
                self.engine.change(named("delete_calls", len(part)), (batch.id, *part))
            if not left:
                self.engine.change(named("delete_batch"), {"id": batch.id})
                return None
            return self._resized(batch, left)

    # -- outcomes

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
            changed = self.engine.change(
                named("record"),
                {
                    "id": batch.id,
                    "state": state.value,
                    "batch_id": batch_id,
                    "calls_initiated": calls_initiated,
                    "http_status": http_status,
                    "error": error,
                    "finished_at": self.timestamp(),
                },
            )
            if changed and state is BatchState.REFUSED:
                self.engine.change(named("delete_calls_of_batch"), {"id": batch.id})
            if not changed and state is not BatchState.REFUSED and not self.rows("batch", {"id": batch.id}):
                # As after a failover to a standby that was behind, or a restore: its people are free there.
                raise LedgerError(
                    f"{self.location} has lost batch {batch.id}, and would let its people be called again",
                    hint="stop all runs; the server was set back to an earlier state",
                    code="ledger-set-back",
                )
            return changed == 1

        return self._group_commit.run(record)

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
        with self.transaction():
            self._refuse_repeated(batch, batch_id)
            changed = self.change(
                "reclaim_batch",
                {
                    "id": batch.id,
                    "state": state.value,
                    "batch_id": batch_id,
                    "calls_initiated": calls_initiated,
                    "error": error,
                    "finished_at": self.timestamp(),
                },
            )
            if not changed:
                return None
            [(campaign_id,)] = self.rows("campaign_of_batch", {"id": batch.id})
            rows = [
                (campaign_id, target.key, target.to_phone_number, batch.id, target.row_number)
                for target in sorted(batch.targets, key=lambda target: target.key)
            ]
            won = sum(
                self.engine.change(named("claim", len(part), 5), list(chain.from_iterable(part)))
                for part in in_parts(rows)
            )
        return len(rows) - won

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
        with self.transaction():
            self._check_open(run.id)
            self.engine.change(
                named("record"),
                {
                    "id": parent.id,
                    "state": BatchState.REFUSED.value,
                    "batch_id": None,
                    "calls_initiated": None,
                    "http_status": http_status,
                    "error": error,
                    "finished_at": self.timestamp(),
                },
            )
            children = []
            for part in parts:
                child = self._add_batch(run.id, part, parent.id)
                self._move(run.campaign_id, child.id, [target.key for target in part])
                children.append(child)
            self.engine.change(named("delete_calls_of_batch"), {"id": parent.id})
            self._remember(run, refused)
        return children

    def _remember(self, run: Run, refused: Sequence[tuple[CallTarget, str]]) -> None:
        at = self.timestamp()
        rows = [
            (run.campaign_id, target.key, target.to_phone_number, run.id, at, words)
            for target, words in sorted(refused, key=lambda one: one[0].key)
        ]
        for part in in_parts(rows):
            self.engine.change(named("add_refusals", len(part), 6), list(chain.from_iterable(part)))

    # -- sync

    def batches(self, campaign_id: int, *, held_only: bool = False) -> list[BatchRecord]:
        """Return the campaign's batches, or those that wait for a person, in order."""
        rows = self.rows("held_batches" if held_only else "batches_of_campaign", {"campaign_id": campaign_id})
        return [batch_record(row) for row in rows]

    def rows(self, name: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run one of queries.sql's readings."""
        return self.query(named(name), parameters)

    def query(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run a reading of queries.sql that was expanded by `named`."""
        with self._lock:
            return self.engine.rows(sql, parameters)

    def change(self, name: str, parameters: Parameters = ()) -> int:
        """Run one of queries.sql's changes, inside a transaction; return how many rows it changed."""
        return self.engine.change(named(name), parameters)

    # -- the rest

    def _check_open(self, run_id: int) -> None:
        """Raise LostClaimError, inside a transaction, if another run has closed ours, or may do so.

        What it claims after that would be nobody's, and never be given back.
        """
        if not self.engine.holds_lock(run_id) or not self.engine.rows(named("open_run"), {"run_id": run_id}):
            raise _lost(f"run {run_id} may claim nothing more")

    def _add_batch(self, run_id: int, targets: Sequence[CallTarget], parent_id: int | None = None) -> Batch:
        nonce = _nonce()
        [(batch_id,)] = self.engine.rows(
            named("add_batch"),
            {"run_id": run_id, "parent_id": parent_id, "size": len(targets), "nonce": nonce},
        )
        return Batch(int(batch_id), tuple(targets), nonce)

    def _resized(self, batch: Batch, targets: Sequence[CallTarget]) -> Batch:
        """Give a batch other people, and with them another nonce: the key of one request names one request."""
        resized = Batch(batch.id, tuple(targets), _nonce())
        self.engine.change(named("resize_batch"), {"id": batch.id, "size": len(targets)})
        self.engine.change(named("renew_nonce"), {"id": batch.id, "nonce": resized.nonce})
        return resized

    def _refuse_repeated(self, batch: Batch, batch_id: str) -> None:
        """Raise RepeatedBatchIdError, inside a transaction, if another batch of the campaign has the API's id.

        A proxy that replays an old answer, or an API that takes the request for an old one, answers so.
        """
        self.engine.lock_named(f"batch_id {batch_id}")  # two batches that get it at the same moment
        for (other,) in self.rows("batch_of_batch_id", {"id": batch.id, "batch_id": batch_id}):
            raise RepeatedBatchIdError(
                f"the API answered with {batch_id}, which is the id of batch {other} of this campaign already"
            )

    def _move(self, campaign_id: int, batch_id: int, keys: Sequence[str]) -> None:
        for part in in_parts(keys):
            self.engine.change(named("move_calls", len(part)), (batch_id, campaign_id, *part))

    def _repack(self, run: Run, batches: Sequence[Batch]) -> list[Batch]:
        """Fill the batches from the front with the targets that are really ours; drop the empty ones."""
        owner: dict[str, int] = {}
        for part in in_parts([batch.id for batch in batches]):
            owner.update(self.engine.rows(named("keys_of_batches", len(part)), part))
        ours = [target for batch in batches for target in batch.targets if target.key in owner]
        packed = []
        start = 0
        for batch in batches:
            targets = ours[start : start + len(batch.targets)]
            start += len(batch.targets)
            if not targets:
                self.engine.change(named("delete_batch"), {"id": batch.id})
                continue
            moved = [target.key for target in targets if owner[target.key] != batch.id]
            self._move(run.campaign_id, batch.id, moved)
            packed.append(self._resized(batch, targets))
        return packed

    def _migrate(self, *, create: bool, read_only: bool) -> bool:
        """Bring the schema to what this program knows; return whether there was none."""
        version, newest = self._version(), max(self._versions)
        if version > newest:
            raise LedgerError(
                f"the ledger {self.location} was written by a newer xuna (its version is {version}, "
                f"this program knows {newest})",
                hint="upgrade: pip install --upgrade xuna-cli",
                code="ledger-newer",
            )
        if version == newest:
            return False
        if version == 0 and not create:  # as a first run that was killed leaves it
            raise LedgerError(f"there is no ledger at {self.location}", code="ledger-missing")
        if read_only:
            self.engine.work_on_private_copy()
        with self.transaction(moved_too=True):
            self.engine.lock_exclusive()
            version = self._version()  # another process may have been faster
            if 0 < version < newest and not read_only:
                self.engine.backup_before_migration(version)
            for step, statements in sorted(self._versions.items()):
                if step > version:
                    for statement in statements:
                        self.engine.change(statement.replace("SERIAL_KEY", self.engine.serial_key))
            self.engine.change(named("set_info"), {"name": "schema_version", "value": str(newest)})
            if version == 0:
                self.engine.change(named("set_info"), {"name": "ledger_id", "value": secrets.token_hex(8)})
        return version == 0

    def _version(self) -> int:
        """Return the schema's version; 0 where nothing is there yet."""
        return int(self._info("schema_version")) if self.engine.has_schema() else 0

    def _info(self, name: str) -> str:
        rows = self.rows("info", {"name": name})
        return str(rows[0][0]) if rows else ""

    @contextmanager
    def transaction(self, *, moved_too: bool = False) -> Iterator[None]:
        """All or nothing; on the disk when it ends.

        Args:
            moved_too: also where the ledger goes on elsewhere, and nobody may be called from it any more.

        Raises:
            LedgerError: if it can't be written, or goes on elsewhere.
        """
        with self._lock, self.engine.transaction():
            if not self._alive and not moved_too:
                check_not_moved(self.location, self.moved)
            yield

    def timestamp(self) -> str:
        """Return the time now as the ledger writes it: UTC, ISO 8601, milliseconds."""
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def age(self, at: str) -> timedelta:
        """Return how long ago a time of the ledger is."""
        return self._now() - datetime.fromisoformat(at)


def batch_record(row: Sequence[Any]) -> BatchRecord:
    """Make a record of the first columns of `batches_of_campaign`."""
    batch_id, run_id, parent_id, state, *rest = row[:11]
    return BatchRecord(batch_id, run_id, parent_id, BatchState(state), *rest)


def _nonce() -> str:
    return secrets.token_hex(8)


def _lost(what: str) -> LostClaimError:
    return LostClaimError(f"{what}: another run took this one for dead", hint="run the same command again")


def _standing(state: BatchState, *, own: bool) -> ClaimStatus:
    if own:
        return ClaimStatus.DUPLICATE
    if state is BatchState.ACCEPTED:
        return ClaimStatus.ALREADY_CALLED
    if state in HELD_STATES:
        return ClaimStatus.HELD
    return ClaimStatus.IN_FLIGHT
