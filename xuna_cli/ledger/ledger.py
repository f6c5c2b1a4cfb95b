"""The ledger: the record of calls, claims and batches.

The promise depends on an order: `submit` is on disk before the POST, and `record` before anything else is
done with the outcome. Each operation is one transaction or one read; `submit` and `record` share transactions
with those of other senders (see group_commit.py).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from xuna_cli.ledger.batches import Batches
from xuna_cli.ledger.claims import Claims
from xuna_cli.ledger.database import Database, utc_now
from xuna_cli.ledger.engines.engine import Engine
from xuna_cli.ledger.migrations import STEPS, migrate
from xuna_cli.ledger.runs import Runs
from xuna_cli.ledger.standings import Standings


class Ledger(Database):
    """A set of claims: to call somebody is to be the one who inserts (campaign, key, attempt).

    The operations of a run are in four classes by role: runs, standings, claims and batches.

    Args:
        engine: an open connection to the ledger.
        now: the clock, in UTC.
        create: create the ledger's tables if there are none.
        read_only: whether nothing may be written, not even the schema.
        steps: the statements of each schema version, up to this program's.

    Attributes:
        created: whether the ledger is new.
        ledger_id: unique id of the ledger.

    Raises:
        LedgerError: if the database is not a ledger, is newer than this program, or may not be created.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        now: Callable[[], datetime] = utc_now,
        create: bool = True,
        read_only: bool = False,
        steps: Mapping[int, Sequence[str]] = STEPS,
    ) -> None:
        super().__init__(engine, now)
        self.created = migrate(self, steps, create=create, read_only=read_only)
        self.ledger_id = self.info("ledger_id")

        runs = Runs(self)
        self.start_run = runs.start_run
        self.end_run = runs.end_run
        self.recover = runs.recover
        self.holds_lock = runs.holds_lock
        self.check_campaign = runs.check_campaign

        standings = Standings(self)
        self.claim_statuses = standings.claim_statuses
        self.not_due = standings.not_due
        self.row_numbers = standings.row_numbers
        self.refused = standings.refused
        self.on_do_not_call_list = standings.on_do_not_call_list
        self.barred = standings.barred

        claims = Claims(self, runs, standings)
        self.brake = claims.brake
        self.claim = claims.claim
        self.unclaim = claims.unclaim

        batches = Batches(self, runs, standings)
        self.batches = batches.batches
        self.has_accepted = batches.has_accepted
        self.submit = batches.submit
        self.back_to_claimed = batches.back_to_claimed
        self.record = batches.record
        self.reclaim = batches.reclaim
        self.split = batches.split
