import itertools
import json
import threading
from contextlib import ExitStack

import pytest

from tests.support.builders import claimed, description
from tests.support.clock import FakeClock
from tests.support.observing import Told
from tests.support.way import server, way
from xuna_cli.api.outcomes import Refusal, Refused, Taken, Unknown
from xuna_cli.dialing.clock import Clock
from xuna_cli.dialing.context import Plan, RunContext, Stop
from xuna_cli.dialing.pipeline import targets_of
from xuna_cli.dialing.run import Dialer
from xuna_cli.dialing.screener import Screener
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.models import CallTarget, Contact, Rejection
from xuna_cli.screening.order import Screening

__all__ = ["server", "way"]


def let_all_through():
    """A screener without rules, with an empty do-not-call list."""
    return Screener(Screening(), Clock().now, None)


class ScriptedApi:
    """Answers each POST with a function of its numbers, and keeps the posts."""

    def __init__(self, answer) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self.posts: list[list[str]] = []
        self.idempotency_keys: list[str] = []
        self.dialled: list[str] = []

    def connect(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def take_up(self):
        return True

    def post(self, body, *, calls, idempotency_key):
        numbers = [call["to_phone_number"] for call in json.loads(body)["calls"]]
        assert len(numbers) == calls
        with self._lock:
            self.posts.append(numbers)
            self.idempotency_keys.append(idempotency_key)
            post = len(self.posts)
        outcome = self._answer(numbers, post)
        with self._lock:
            if isinstance(outcome, Taken):
                self.dialled += numbers[: outcome.calls_initiated]
            elif isinstance(outcome, Unknown) and outcome.message == "dialled":
                self.dialled += numbers
        return outcome


SERIAL = itertools.count(1)


def taken(numbers, post=0):
    return Taken(f"batch_{next(SERIAL)}", len(numbers), 200)


def bad(words="bad", offending=None, status=422):
    return Refused(Refusal.BAD_CALLS, status, words, offending or {})


def for_now(retry_after=None):
    return Refused(Refusal.FOR_NOW, 429, "HTTP 429", {}, retry_after)


def prepare(contact):
    value = contact.fields["phone"]
    if value is None:
        return Rejection(contact.row_number, "phone-empty", "phone", "no number", contact)
    return CallTarget(contact.row_number, f"+1555{value:07d}", f"+1555{value:07d}", None, contact)


def rows(*values):
    return [Contact(row, {"phone": value}) for row, value in enumerate(values, 2)]


class Scene:
    """A ledger and an API, for one or more runs."""

    def __init__(self, ledger, clock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.rejected: list[Rejection] = []
        self.recorded = []
        self.stop = False
        self.api = None
        self.progress = []
        self.on_batch = self.recorded.append
        self.pauses = []

    def dial(self, list_, answer=taken, *, prepare=prepare, screening=None, **plan):
        self.api = answer if isinstance(answer, ScriptedApi) else ScriptedApi(answer)
        given = {"batch_size": 10, "concurrency": 1, "address": "spring"} | plan
        self.run = self.ledger.start_run(description())
        observer = Told(
            rejection=self.rejected.append,
            batch=self.on_batch,
            progress=self.progress.append,
            pause=self.pauses.append,
        )
        context = RunContext(
            Plan(agent_id="agent_1", from_phone_number_id="pn_1", **given),
            self.run,
            self.ledger,
            self.api,
            Stop(lambda: self.stop),
            observer,
            self.clock,
        )
        report = Dialer(context, screening or Screening()).dial(targets_of(list_, prepare))
        assert report.counts["not_sent"] == 0 or report.errors or not report.list_complete or self.stop
        self.ledger.engine.release_lock(self.run.id)  # it still exists if the end could not be written
        assert self.called_twice() == []
        return report

    def called_twice(self):
        return sorted({one for one in self.api.dialled if self.api.dialled.count(one) > 1})

    @property
    def states(self):
        """State → numbers, of all claims."""
        found: dict[str, list[str]] = {}
        for key, (_, state) in claimed(self.ledger, self.run.campaign_id).items():
            found.setdefault(state, []).append(key)
        return {state: sorted(numbers) for state, numbers in found.items()}


def counts(report):
    return {name: number for name, number in report.counts.items() if number}


def settled(report):
    """The counts without not-sent rows, because it depends on timing how far the list was read when a run stopped."""
    return {name: number for name, number in counts(report).items() if name != "not_sent"}


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def make_scene(tmp_path_factory, unsynced):
    with ExitStack() as stack:

        def make():
            ledger = open_ledger(tmp_path_factory.mktemp("ledger") / "ledger.db", now=FakeClock().now)
            stack.callback(ledger.close)
            return Scene(ledger, FakeClock())

        yield make


@pytest.fixture
def scene(make_scene):
    return make_scene()
