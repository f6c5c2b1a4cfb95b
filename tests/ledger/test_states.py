"""The ledger as a state machine with a model: several runs with one file, which die at any time.

The invariant: no key is claimed by two batches, and nobody else claims a person who is accepted, held or in progress.
"""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.builders import description, target
from tests.support.clock import FakeClock
from xuna_cli.errors import LedgerError, UsageError
from xuna_cli.ledger.campaigns import calls, resolve
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import HELD_STATES, Batch, BatchState, ClaimStatus

PEOPLE = 12
GROUPS = st.lists(st.integers(0, PEOPLE - 1), min_size=1, max_size=8, unique=True)
OUTCOMES = st.sampled_from([BatchState.ACCEPTED, BatchState.SHORT, BatchState.REFUSED, BatchState.UNKNOWN])


class LedgerMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-states-"))
        self.path = self.folder / "ledger.db"
        self.clock = FakeClock()
        self.open = []  # (ledger, run) of each live run
        self.batches: dict[int, Batch] = {}
        self.state: dict[int, BatchState] = {}  # the model: batch → state, without deleted batches
        self.owner: dict[str, int] = {}  # the model: key → batch
        self.run_of: dict[int, int] = {}
        self.watcher = self._opened()

    def _opened(self):
        ledger = open_ledger(self.path, now=self.clock.now)
        ledger.engine.rows("PRAGMA synchronous = OFF")  # no power failure in this test
        return ledger

    def teardown(self):
        for ledger, _ in self.open:
            ledger.close()
        self.watcher.close()
        shutil.rmtree(self.folder)

    # -- the model

    def _forget(self, batch_id):
        self.state.pop(batch_id)
        self._free(batch_id)

    def _free(self, batch_id):
        self.owner = {key: owner for key, owner in self.owner.items() if owner != batch_id}

    def _settled(self, batch_id, state):
        self.state[batch_id] = state
        if state is BatchState.REFUSED:
            self._free(batch_id)

    def _recovered(self):
        alive = {run.id for _, run in self.open}
        for batch_id, run_id in list(self.run_of.items()):
            if run_id not in alive and batch_id in self.state:
                if self.state[batch_id] is BatchState.SUBMITTING:
                    self.state[batch_id] = BatchState.UNKNOWN
                elif self.state[batch_id] is BatchState.CLAIMED:
                    self._forget(batch_id)

    def _one(self, data, *states):
        """Draw a live run's batch in one of the states, or None."""
        fit = [
            (ledger, run, batch_id)
            for ledger, run in self.open
            for batch_id, run_id in self.run_of.items()
            if run_id == run.id and self.state.get(batch_id) in states
        ]
        return data.draw(st.sampled_from(fit)) if fit else None

    # -- what runs do

    @precondition(lambda self: len(self.open) < 3)
    @rule()
    def start(self):
        ledger = self._opened()
        run = ledger.start_run(description())
        self._recovered()
        self.open.append((ledger, run))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), numbers=GROUPS, size=st.integers(1, 4))
    def claim(self, data, numbers, size):
        ledger, run = data.draw(st.sampled_from(self.open))
        wanted = [target(number) for number in numbers]
        made = ledger.claim(run, [wanted[start : start + size] for start in range(0, len(wanted), size)])
        free = [one for one in wanted if one.key not in self.owner]
        assert [one for batch in made for one in batch.targets] == free
        assert all(len(batch.targets) <= size for batch in made)
        for batch in made:
            assert batch.id not in self.run_of  # an ID is never used again
            self.batches[batch.id] = batch
            self.state[batch.id] = BatchState.CLAIMED
            self.run_of[batch.id] = run.id
            self.owner.update((one.key, batch.id) for one in batch.targets)

    @rule(data=st.data())
    def submit(self, data):
        if found := self._one(data, BatchState.CLAIMED):
            ledger, _, batch_id = found
            ledger.submit(self.batches[batch_id])
            self.state[batch_id] = BatchState.SUBMITTING

    @rule(data=st.data())
    def submit_what_may_not_be(self, data):
        if found := self._one(data, *(state for state in BatchState if state is not BatchState.CLAIMED)):
            ledger, _, batch_id = found
            try:
                ledger.submit(self.batches[batch_id])
            except LedgerError:
                return
            raise AssertionError(f"a batch that is {self.state[batch_id]} was submitted")

    @rule(data=st.data())
    def go_back(self, data):
        if found := self._one(data, BatchState.SUBMITTING):
            ledger, _, batch_id = found
            ledger.back_to_claimed(self.batches[batch_id])
            self.state[batch_id] = BatchState.CLAIMED

    @rule(data=st.data(), outcome=OUTCOMES)
    def record(self, data, outcome):
        if found := self._one(data, *BatchState):
            ledger, _, batch_id = found
            fit = self.state[batch_id] in {BatchState.CLAIMED, BatchState.SUBMITTING, BatchState.UNKNOWN}
            assert ledger.record(self.batches[batch_id], outcome) is fit
            if fit:
                self._settled(batch_id, outcome)

    @rule(data=st.data())
    def split(self, data):
        if found := self._one(data, BatchState.SUBMITTING):
            ledger, run, batch_id = found
            parent = self.batches[batch_id]
            rejected = set(data.draw(st.lists(st.sampled_from(parent.targets), max_size=2)))
            good = [one for one in parent.targets if one not in rejected]
            middle = (len(good) + 1) // 2
            parts = [part for part in (good[:middle], good[middle:]) if part]
            children = ledger.split(run, parent, parts, http_status=422, error="bad")
            self._settled(batch_id, BatchState.REFUSED)
            for child, part in zip(children, parts, strict=True):
                assert list(child.targets) == part
                self.batches[child.id] = child
                self.state[child.id] = BatchState.CLAIMED
                self.run_of[child.id] = run.id
                self.owner.update((one.key, child.id) for one in part)

    @rule(data=st.data())
    def unclaim(self, data):
        if found := self._one(data, BatchState.CLAIMED):
            ledger, _, batch_id = found
            batch = self.batches[batch_id]
            gone = data.draw(st.lists(st.sampled_from(batch.targets), unique_by=lambda one: one.key))
            left = ledger.unclaim(batch, [one.key for one in gone])
            for one in gone:
                del self.owner[one.key]
            if left is None:
                self._forget(batch_id)
            else:
                self.batches[batch_id] = left

    @precondition(lambda self: self.open)
    @rule(data=st.data(), dies=st.booleans())
    def end(self, data, dies):
        pair = data.draw(st.sampled_from(self.open))
        self.open.remove(pair)
        ledger, run = pair
        if not dies:
            ledger.end_run(run)
            self._recovered_of(run.id)
        ledger.close()

    def _recovered_of(self, run_id):
        for batch_id, owner in list(self.run_of.items()):
            if owner == run_id and batch_id in self.state:
                if self.state[batch_id] is BatchState.SUBMITTING:
                    self.state[batch_id] = BatchState.UNKNOWN
                elif self.state[batch_id] is BatchState.CLAIMED:
                    self._forget(batch_id)

    @rule()
    def recover(self):
        self.watcher.recover()
        self._recovered()

    @rule(hours=st.integers(1, 3))
    def time_passes(self, hours):
        self.clock.advance(hours=hours)

    @precondition(lambda self: self.state)
    @rule(data=st.data(), placed=st.booleans())
    def decide(self, data, placed):
        batch_id = data.draw(st.sampled_from(sorted(self.state)))
        alive = self.run_of[batch_id] in {run.id for _, run in self.open}
        wanted = BatchState.ACCEPTED if placed else BatchState.REFUSED
        try:
            resolve(self.watcher, "spring", [batch_id], placed=placed)
        except UsageError:
            self._recovered()
            now = self.state.get(batch_id)
            young = batch_id in self.state and self._is_young(batch_id)
            assert now is not wanted
            assert now not in HELD_STATES or alive or young or (now is BatchState.SHORT and not placed)
        else:
            self._recovered()
            if self.state[batch_id] is not wanted:
                assert self.state[batch_id] in HELD_STATES
                assert not alive
                self._settled(batch_id, wanted)

    def _is_young(self, batch_id):
        [record] = [one for one in self.watcher.batches(1) if one.id == batch_id]
        return record.submitted_at is not None and self.watcher.age(record.submitted_at).total_seconds() < 180

    # -- what always holds

    @invariant()
    def the_ledger_is_the_model(self):
        if not self.run_of:
            return
        found = {call.key: call.batch.id for call in calls(self.watcher, 1)}
        assert found == self.owner
        records = {record.id: record for record in self.watcher.batches(1)}
        assert {batch_id: record.state for batch_id, record in records.items()} == self.state
        for batch_id, record in records.items():
            people = sum(owner == batch_id for owner in self.owner.values())
            assert people == (0 if record.state is BatchState.REFUSED else record.size)

    @invariant()
    def whoever_stands_is_named(self):
        if not self.run_of:
            return
        statuses = self.watcher.claim_statuses(1, [target(number).key for number in range(PEOPLE)])
        words = {
            BatchState.ACCEPTED: ClaimStatus.ALREADY_CALLED,
            BatchState.SHORT: ClaimStatus.HELD,
            BatchState.UNKNOWN: ClaimStatus.HELD,
            BatchState.CLAIMED: ClaimStatus.IN_FLIGHT,
            BatchState.SUBMITTING: ClaimStatus.IN_FLIGHT,
        }
        assert statuses == {key: words[self.state[batch_id]] for key, batch_id in self.owner.items()}


LedgerMachine.TestCase.settings = settings(
    stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLedgerStates = LedgerMachine.TestCase
