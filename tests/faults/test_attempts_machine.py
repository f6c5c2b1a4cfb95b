"""The model of a server and of crashes, with several attempts: fates of calls, readings of the records, blind claims.

Each call that the server takes is compared with the policy at once: how many there were before, how long ago, and
whether what came of the last one was proven to the ledger when it was asked for the last time.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.faults.test_state_machine import ANSWERS, PEOPLE, SIZE, SOME, WHICH, Api, Calling
from xuna_cli.ledger.attempts import Attempts, Due
from xuna_cli.ledger.campaigns import calls
from xuna_cli.ledger.conversations import Link, iso, store, store_sync
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState, CallKey, CallOutcome, ConversationSync
from xuna_cli.models import CallTarget, Conversation, Evaluation

HOUR = timedelta(hours=1)
POLICY = Attempts(3, (4 * HOUR, 24 * HOUR), frozenset({CallOutcome.NO_CONVERSATION, CallOutcome.FAILURE}))
FINAL = {"success", "failure", "unknown"}
SENDS = st.tuples(st.sampled_from(["taken", *ANSWERS]), st.sampled_from(["", "", "", "before", "after"]))
PLACED = {BatchState.ACCEPTED, BatchState.UNKNOWN, BatchState.SHORT, BatchState.SUBMITTING}


@dataclass
class Dialled:
    """A call that the server has made; its fate is None as long as there is no record of it."""

    at: datetime
    key: str
    fate: str | None = None


class NotingApi(Api):
    """Notes each call, one by one."""

    def __init__(self, note) -> None:
        super().__init__()
        self._note = note

    def _answer(self, answer, people, key):
        before = Counter(self.dialled)
        outcome = super()._answer(answer, people, key)
        for person in (self.dialled - before).elements():
            self._note(person, key)
        return outcome


class CallingAgain(Calling):
    """Up to three runs at once on one campaign with several attempts."""

    attempts = POLICY

    def new_api(self):
        self.log = defaultdict(list)
        # Of whom the ledger knows a success, or a call in progress, whichever call it was.
        self.barred = set()
        self.proven = set()  # (person, attempt) whose outcome the ledger knows and the policy names
        return NotingApi(self.note)

    def note(self, person, key):
        """Compare a call with the policy when it is made."""
        before = self.log[person]
        if before and person not in self.excused:
            attempt = len(before) + 1
            assert attempt <= POLICY.most, person
            assert self.clock.now() - before[-1].at >= POLICY.spacing(attempt), person
            assert (person, len(before)) in self.proven, (person, before)
            assert person not in self.barred, (person, before)
        before.append(Dialled(self.clock.now(), key))

    def _claim(self, run, people):
        known = run.ledger.claim_statuses(run.run.campaign_id, people, run_id=run.run.id, policy=POLICY)
        targets = []
        for row, person in enumerate(people):
            standing = known.get(person)
            if standing is None:
                targets.append(CallTarget(row, person, person))
            elif isinstance(standing, Due):
                targets.append(CallTarget(row, standing.key, person, attempt=standing.attempt))
        self._claim_targets(run, targets)

    def _claim_targets(self, run, targets):
        groups = [targets[start : start + SIZE] for start in range(0, len(targets), SIZE)]
        if groups:
            batches = run.ledger.claim(run.run, groups, None, POLICY)
            run.queue += batches
            run.claimed += sum(len(batch.targets) for batch in batches)

    @precondition(lambda self: any(not run.stop() for run in self.alive))
    @rule(which=WHICH, people=SOME, attempt=st.integers(1, 4))
    def claim_blindly(self, which, people, attempt):
        """Claim an attempt without a look at the ledger, as a run whose look is old."""
        able = [run for run in self.alive if not run.stop()]
        targets = [CallTarget(row, person, person, attempt=attempt) for row, person in enumerate(people)]
        self._claim_targets(able[which % len(able)], targets)

    @rule(hours=st.sampled_from([2, 5, 25, 25]))
    def hours_pass(self, hours):
        self.clock.advance(hours * 3600)

    @rule(
        fates=st.lists(
            st.sampled_from(["success", "failure", "failure", "unknown", "in-progress", None]), min_size=4
        )
    )
    def calls_end(self, fates):
        """Some calls get a record, or a verdict."""
        open_ones = [made for each in self.log.values() for made in each if made.fate not in FINAL]
        for made, fate in zip(open_ones, fates, strict=False):
            made.fate = fate or made.fate

    @precondition(lambda self: self.log)
    @rule(complete=st.sampled_from([True, True, False]))
    def read(self, complete):
        """Read the records, to their end or not."""
        ledger = open_ledger(self.path, now=self.clock.now)
        proven, barred, links = set(), set(), []
        for call in calls(ledger, 1):
            made = next(
                (one for one in self.log[call.key] if f"batch_{one.key}" == call.batch.batch_id), None
            )
            if made is None:
                continue
            nth = self.log[call.key].index(made) + 1
            if made.fate is not None:
                links.append(Link(_record(made, call.key), [CallKey(call.key, call.attempt)], "batch"))
                if made.fate in {"success", "in-progress"}:
                    barred.add(call.key)
                if made.fate == "failure":
                    proven.add((call.key, nth))
            elif complete and self.clock.now() - made.at >= HOUR:
                proven.add((call.key, nth))
        store(ledger, 1, links)
        store_sync(
            ledger, 1, ConversationSync(iso(self.clock.now().timestamp()), None if complete else "cut off")
        )
        ledger.close()
        self.proven, self.barred = proven, barred

    @precondition(lambda self: self.log)
    @rule(
        hours=st.sampled_from([3, 5, 25, 25]),
        fate=st.sampled_from(["failure", "failure", None, "success"]),
        sends=st.lists(SENDS, min_size=1, max_size=4),
    )
    def later(self, hours, fate, sends):
        """The usual: calls end, time passes, all records are read, and people are called."""
        self.calls_end([fate] * 100)
        self.clock.advance(hours * 3600)
        self.read(True)
        for answer, dies in sends:
            self.send(0, PEOPLE, [answer], dies, 0)

    def _judge(self, states):
        ledger = open_ledger(self.path)
        of_person = defaultdict(Counter)
        for call in calls(ledger, 1):
            of_person[call.key][call.batch.state] += 1
        ledger.close()
        for person in {*self.api.dialled, *of_person} - self.excused:
            claimed = of_person[person]
            times = self.api.dialled[person]
            assert claimed[BatchState.ACCEPTED] <= times <= sum(claimed[state] for state in PLACED), person

    def nobody_is_called_twice(self):
        """Instead, `note` looks at each call."""


def _record(made, person):
    verdicts = {"goal": Evaluation(made.fate, "")} if made.fate in {"success", "failure"} else {}
    status = "in-progress" if made.fate == "in-progress" else "done"
    return Conversation(f"conv_{person}_{made.key}", status=status, evaluation=verdicts)


TestCallingAgain = CallingAgain.TestCase
TestCallingAgain.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
