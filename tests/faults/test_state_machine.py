"""A model of a server and of crashes, driven by hypothesis: claims, faults, crashes and decisions in any order.

It drives the run's own parts (`BatchSender` with a real ledger file), one POST at a time, with a clock that only this
test moves. A crash leaves the run like a killed process: its lock is gone, its row is open.
"""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.clock import FakeClock
from xuna_cli.api.outcomes import NotSent, Refusal, Refused, Taken, Unknown
from xuna_cli.dialing.batch_sender import BatchSender
from xuna_cli.dialing.connections import Connections
from xuna_cli.dialing.context import Plan, RunContext, Stop
from xuna_cli.dialing.limiter import ConcurrencyLimiter
from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import calls, resolve
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState, RunDescription
from xuna_cli.models import CallTarget
from xuna_cli.screening.order import Screening

PEOPLE = tuple(f"+1555987{number:04}" for number in range(14))
SIZE = 4
DEADLINE_S = 60.0
BAD = frozenset({PEOPLE[9]})  # the people whom the API refuses to call


SOME = st.lists(st.sampled_from(PEOPLE), min_size=3, max_size=9, unique=True)
SCREENER = Screener(Screening(), FakeClock().now, None)  # without rules
WHICH = st.integers(0, 2)  # an index into the runs


class Killed(BaseException):
    """Stands for SIGKILL."""


class Api:
    """The server: it accepts whole batches or nothing, whatever it answers."""

    def __init__(self) -> None:
        self.dialled = Counter()
        self.by_key = {}
        self.script = []
        self.dies = ""  # "before" or "after" the POST
        self.lives_for = 0  # POSTs before that one

    def connect(self):
        self.killing = self.dies if self.lives_for == 0 else ""
        self.lives_for -= 1
        if self.killing == "before":
            raise Killed
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def post(self, body, *, calls, idempotency_key):
        import json

        people = [call["to_phone_number"] for call in json.loads(body)["calls"]]
        assert len(people) == calls == len(set(people))
        answer = self.script.pop(0) if self.script else "taken"
        outcome = self._answer(answer, people, idempotency_key)
        if self.killing == "after":
            raise Killed
        return outcome

    def _answer(self, answer, people, key):
        offending = {at: "not this one" for at, person in enumerate(people) if person in BAD}
        match answer:
            case "not sent":
                return NotSent("nobody there")
            case "busy":
                return Refused(Refusal.FOR_NOW, 429, "busy", {}, 0.0)
            case "too large" if len(people) > 1:
                return Refused(Refusal.TOO_LARGE, 413, "too large", {})
            case "no":
                return Refused(Refusal.FOR_GOOD, 401, "no", {})
            case "lost":
                return Unknown("the connection broke")
        if offending:
            return Refused(Refusal.BAD_CALLS, 422, "some are bad", {} if answer == "vague" else offending)
        self.dialled.update(people if answer != "short" else people[1:])
        self.by_key[key] = people if answer != "short" else people[1:]
        if answer == "taken, then lost":
            return Unknown("the connection broke")
        return Taken(f"batch_{key}", len(people) - (answer == "short"), 200)

    def taken_of(self, batch_id):
        """Return whom it has taken of a batch, by the ledger's id."""
        return {
            person
            for key, people in self.by_key.items()
            if key.rpartition("-")[2] == str(batch_id)
            for person in people
        }


ANSWERS = ["taken", "taken, then lost", "lost", "not sent", "busy", "too large", "no", "short", "vague"]


class Run:
    """A process: its ledger connection, its run, and the batches that it has claimed."""

    def __init__(self, path, clock, api, attempts=None):
        self.ledger = open_ledger(path, now=clock.now)
        self.run = self.ledger.start_run(
            RunDescription("c", False, None, "https://api", "/list", "agent", "number", None, DEADLINE_S)
        )
        self.queue = []
        self.stats = RunStats()
        self.stop = Stop(lambda: False)
        plan = Plan("agent", "number", batch_size=SIZE, concurrency=1, max_unknown=2, attempts=attempts)
        limiter = ConcurrencyLimiter(
            concurrency=1, give_up_after=600, rate=None, stopping=self.stop, clock=clock, jitter=lambda: 0.5
        )
        context = RunContext(plan, self.run, self.ledger, api, self.stop, clock=clock)
        self.batch_sender = BatchSender(context, screener=SCREENER, limiter=limiter, stats=self.stats)
        self.claimed = 0

    def die(self):
        """Lose the lock and the connection like a killed process, without telling the ledger."""
        import os

        for descriptor in self.ledger.engine._locks.values():
            os.close(descriptor)
        self.ledger.engine._locks.clear()
        self.ledger.engine._connection.close()


class Calling(RuleBasedStateMachine):
    """Up to three runs at once of one campaign."""

    attempts = None

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.path = self.folder / "ledger.db"
        self.clock = FakeClock()
        self.api = self.new_api()
        self.alive = []
        self.excused = set()  # people whom a person wrongly declared not placed
        open_ledger(self.path).close()

    def new_api(self):
        return Api()

    def new_run(self):
        return Run(self.path, self.clock, self.api, self.attempts)

    def teardown(self):
        if not hasattr(self, "folder"):
            return
        for run in self.alive:
            run.die()
        # At the end, without faults, everybody is called who is not held or refused.
        self.api.script = []
        self.api.dies = ""
        last = self.new_run()
        self._claim(last, PEOPLE)
        while last.queue:
            last.batch_sender.send(last.queue.pop(0), Connections(self.api))
        last.ledger.end_run(last.run)
        states = self._states(last.ledger)
        last.ledger.close()
        self._judge(states)
        if not any(error.code == "api-refuses-all" for error in last.stats.report().errors):
            left = set(PEOPLE) - BAD - states.keys() - self.excused
            assert not left, left
        shutil.rmtree(self.folder)

    @precondition(lambda self: len(self.alive) < 3)
    @rule()
    def start(self):
        self.alive.append(self.new_run())

    @precondition(lambda self: any(not run.stop() for run in self.alive))
    @rule(which=WHICH, people=SOME)
    def claim(self, which, people):
        able = [run for run in self.alive if not run.stop()]
        self._claim(able[which % len(able)], people)

    def _claim(self, run, people):
        known = run.ledger.claim_statuses(run.run.campaign_id, people, run_id=run.run.id)
        fresh = [CallTarget(row, person, person) for row, person in enumerate(people) if person not in known]
        groups = [fresh[start : start + SIZE] for start in range(0, len(fresh), SIZE)]
        if groups:
            batches = run.ledger.claim(run.run, groups)
            run.queue += batches
            run.claimed += sum(len(batch.targets) for batch in batches)

    @rule(
        which=WHICH,
        people=SOME,
        answers=st.lists(st.sampled_from(ANSWERS), max_size=5),
        dies=st.sampled_from(["", "", "before", "after"]),
        lives_for=st.integers(0, 2),
    )
    def send(self, which, people, answers, dies, lives_for):
        """Send a batch of an existing run or a new one, so that most draws lead to a POST."""
        if not any(not run.stop() for run in self.alive):
            self.alive.append(self.new_run())
        able = [run for run in self.alive if run.queue or not run.stop()]
        run = able[which % len(able)]
        if not run.queue:
            self._claim(run, people)
        if not run.queue:
            return
        self.api.script = list(answers)
        self.api.dies, self.api.lives_for = dies, lives_for
        try:
            run.batch_sender.send(run.queue.pop(0), Connections(self.api))
        except Killed:
            run.die()
            self.alive.remove(run)
        finally:
            self.api.dies = ""

    @precondition(lambda self: self.alive)
    @rule(which=WHICH)
    def crash(self, which):
        self.alive.pop(which % len(self.alive)).die()

    @precondition(lambda self: self.alive)
    @rule(which=WHICH)
    def end(self, which):
        """A run that ends frees the claims that it has not sent."""
        run = self.alive.pop(which % len(self.alive))
        run.stats.count("not_sent", sum(len(batch.targets) for batch in run.queue))
        run.ledger.end_run(run.run)
        counts = run.stats.report().counts
        assert sum(counts.values()) == run.claimed, counts
        states = {
            batch.state for batch in run.ledger.batches(run.run.campaign_id) if batch.run_id == run.run.id
        }
        assert not {BatchState.CLAIMED, BatchState.SUBMITTING} & states
        run.ledger.close()

    @rule(seconds=st.sampled_from([1, 70, -3600, 86400]))
    def time_passes(self, seconds):
        self.clock.advance(seconds)

    @rule(placed=st.booleans(), rightly=st.sampled_from([True, True, True, False]))
    def resolve(self, placed, rightly):
        """A person looks at the dashboard, and is wrong sometimes."""
        ledger = open_ledger(self.path, now=self.clock.now)
        try:
            [campaign_id] = {run.run.campaign_id for run in self.alive} or {1}
            for batch in ledger.batches(campaign_id, held_only=True):
                people = {call.key for call in calls(ledger, campaign_id) if call.batch.id == batch.id}
                dialled = people & self.api.taken_of(batch.id)
                if rightly:
                    placed = bool(dialled)
                try:
                    resolve(ledger, "c", [batch.id], placed=placed)
                except UsageError:
                    continue
                self.excused |= people if not placed and dialled else set()
                self.excused |= people if placed and people - dialled else set()
        finally:
            ledger.close()

    @invariant()
    def nobody_is_called_twice(self):
        if hasattr(self, "api"):
            twice = {person for person, times in self.api.dialled.items() if times > 1}
            assert twice <= self.excused, twice - self.excused

    @invariant()
    def whom_the_ledger_calls_accepted_was_called(self):
        if hasattr(self, "path"):
            ledger = open_ledger(self.path)
            self._judge(self._states(ledger))
            ledger.close()

    def _states(self, ledger):
        return {call.key: call.batch.state for call in calls(ledger, 1)}

    def _judge(self, states):
        for person, state in states.items():
            if state is BatchState.ACCEPTED and person not in self.excused:
                assert self.api.dialled[person] == 1, person
        for person in self.api.dialled.keys() - self.excused:
            assert person in states, f"{person} was called, and is free to be called again"
        assert not BAD & self.api.dialled.keys()


TestCalling = Calling.TestCase
TestCalling.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
