"""An hourly cron line on one campaign file carries a campaign to its end, and every call is the one that a model makes.

Days pass in simulated time, in three zones, with several attempts, opt-outs, a process that is killed, an API that
fails, and records that can't be read. The model knows the rules, and what the API tells; it shares no code with xuna.
"""

import random
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.commands.conftest import cli  # noqa: F401 - a fixture
from tests.support.builders import write_list
from tests.support.ledgers import database, place, postgres_server  # noqa: F401 - fixtures
from tests.support.simulated import simulated_run, start_run
from xuna_cli.commands import campaign_run
from xuna_cli.commands.simulation import Simulation
from xuna_cli.dialing.clock import SimulatedClock
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.sandbox.conversations import ConversationOptions, Conversations
from xuna_cli.sandbox.faults import Answer
from xuna_cli.sandbox.server import SandboxServer

MONDAY = datetime(2026, 11, 30, 11, 0, tzinfo=UTC)  # 06:00 in New York
HOUR = timedelta(hours=1)
ZONES = {
    "212": ZoneInfo("America/New_York"),
    "312": ZoneInfo("America/Chicago"),
    "213": ZoneInfo("America/Los_Angeles"),
}
SEED = 40  # so that all people of the batch that is held answer, which proves it
PEOPLE = 45
BATCH = 4
MOST = 3
SPACING = {2: timedelta(hours=4), 3: timedelta(days=1)}
AGAIN = {"no-conversation", "failure"}

FILE = f"""
contacts = "people.csv"
first-message = "Hi {{{{ name }}}}, this is call number {{{{ attempt }}}}."
hours = "09:00-12:00"
days = "mon-fri"
attempts = {MOST}
again-after = ["4h", "1d"]
again = ["no-conversation", "failure"]
opt-out-when = ["opt_out=true"]
batch-size = {BATCH}
concurrency = 1
"""


@dataclass
class Attempt:
    """A call that the API took: who, when (what the spacing is measured from), and what was heard of it so far."""

    number: str
    nth: int
    at: datetime
    outcome: str | None = None
    opted_out: bool = False


@dataclass
class Model:
    """What must have happened, from the rules and from what the API tells.

    Attributes:
        world: tells what came of a call.
        attempts: by number.
        held: numbers whose last call is of a batch that nobody knows of.
        barred: who opted out.
    """

    numbers: list[str]
    world: Conversations
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)

    def read(self, now: datetime, calls) -> None:
        """Learn what the records tell at this time."""
        by_call = {(call.to_phone_number, call.nth): call for call in calls}
        for attempt in (one for each in self.attempts.values() for one in each):
            told = self._told(by_call[attempt.number, attempt.nth], now)
            attempt.outcome = told[0] or attempt.outcome
            if told[1]:
                self.barred.add(attempt.number)

    def _told(self, call, now: datetime) -> tuple[str | None, bool]:
        age = now.timestamp() - call.at
        if not self.world._has_appeared(call):
            return ("no-conversation" if age >= 3600 else None), False
        record = self.world.detail(call)
        if not record["evaluation_results"]:
            return None, False
        results = {one["result"] for one in record["evaluation_results"].values()}
        verdict = "failure" if "failure" in results else "success" if results == {"success"} else "unknown"
        return verdict, bool(record["collected_data"].get("opt_out"))

    def due(self, now: datetime) -> list[str]:
        """Return who has to be called now, in the order of the list."""
        return [number for number in self.numbers if self._is_due(number, now) and self._is_open(number, now)]

    def _is_due(self, number: str, now: datetime) -> bool:
        if number in self.barred or number in self.held:
            return False
        made = self.attempts.get(number, [])
        if not made:
            return True
        last = made[-1]
        return len(made) < MOST and last.outcome in AGAIN and now >= last.at + SPACING[len(made) + 1]

    def _is_open(self, number: str, now: datetime) -> bool:
        local = now.astimezone(ZONES[number[2:5]])
        return local.weekday() < 5 and 9 <= local.hour < 12

    def took(self, number: str, at: datetime) -> None:
        made = self.attempts.setdefault(number, [])
        made.append(Attempt(number, len(made) + 1, at))

    def settle(self, batch: list[str], at: datetime) -> None:
        """Take a held batch for placed: from now on, its spacing is measured from this decision."""
        self.held -= set(batch)
        for number in batch:
            self.attempts[number][-1].at = at

    def has_records(self, batch: list[str], calls) -> bool:
        last = {call.to_phone_number: call for call in calls}
        return all(self.world._has_appeared(last[number]) for number in batch)

    def is_finished(self, now: datetime) -> bool:
        return not self.held and all(self._is_done(number, now) for number in self.numbers)

    def _is_done(self, number: str, now: datetime) -> bool:
        made = self.attempts.get(number, [])
        if not made or made[-1].outcome is None:
            return False
        last = made[-1]
        if last.outcome not in AGAIN or len(made) == MOST:
            return True
        # Of who opted out before the next attempt was due, the run only says so when it is.
        return number in self.barred and now >= last.at + SPACING[len(made) + 1]


@pytest.fixture
def clock():
    return SimulatedClock(MONDAY)


@pytest.fixture
def server(clock):
    options = ConversationOptions(
        unanswered=0.45,
        opt_out=0.15,
        appear_after=5,
        spread=60,
        in_progress=300,
        batch_ids=True,
        directions=True,
    )
    with SandboxServer(seed=SEED, clock=lambda: clock.now().timestamp(), conversations=options) as server:
        server.options = options
        yield server


@pytest.fixture
def model(server):
    areas = list(ZONES)
    numbers = [f"+1{areas[index % 3]}555{1000 + index}" for index in range(PEOPLE)]
    return Model(numbers, Conversations(server.account, server.state, server.options))


@pytest.fixture
def hourly(cli, server, clock, model, monkeypatch, tmp_path):  # noqa: F811
    """Make the run of an hour, and hold that the API was asked for exactly the calls that were to be made."""
    write_list(tmp_path / "people.csv", [(number, "Ann") for number in model.numbers])
    cli.write("spring.toml", FILE)
    simulation = Simulation(clock, server, tmp_path / "ledger.db")
    monkeypatch.setattr(campaign_run, "run", simulated_run(simulation))
    return Hourly(cli, simulation, model)


class Hourly:
    """The runs of a campaign, and what goes wrong in them.

    Attributes:
        held: batches that the API took, and of whose answer the ledger knows nothing.
        settled: how many of them the records have proven.
    """

    def __init__(self, cli, simulation, model) -> None:  # noqa: F811
        self._cli = cli
        self._simulation = simulation
        self._server = simulation.server
        self._clock = simulation.clock
        self._model = model
        self.held: list[list[str]] = []
        self.settled = 0

    @property
    def _now(self) -> datetime:
        return self._clock.now()

    def _look_back(self) -> list[str]:
        """Let the model learn what a run learns before it calls; return who is due then."""
        model, calls = self._model, self._server.state.calls()
        for batch in [each for each in self.held if model.has_records(each, calls)]:
            model.settle(batch, self._now)
            self.held.remove(batch)
            self.settled += 1
        model.read(self._now, calls)
        return model.due(self._now)

    def _check(self, before: int, expected: list[str]) -> None:
        """Hold that these calls were made since, each with its own words."""
        calls = self._server.state.calls()[before:]
        assert [call.to_phone_number for call in calls] == expected, f"{self._now}"
        for call in calls:
            self._model.took(call.to_phone_number, datetime.fromtimestamp(call.at, UTC))
            said = call.conversation_config_override["agent"]["first_message"]
            assert said == f"Hi Ann, this is call number {call.nth}."

    def _run(self, exits: int):
        return self._cli("run", "spring.toml", "--output", "json", exits=exits).document

    def goes_well(self) -> bool:
        """Make a run that calls everybody who is due; return whether it says that the campaign has finished."""
        before, due = self._server.state.total, self._look_back()
        document = self._run(exits=7 if self.held else 0)
        self._check(before, due)
        is_finished = not due and self._model.is_finished(self._now)
        assert document["campaign_finished"] is is_finished
        return is_finished

    def cannot_read(self) -> None:
        """Make a run that learns nothing, and calls whom it may call by what was read before."""
        before, due = self._server.state.total, self._model.due(self._now)
        self._server.faults.add(Answer(on="conversations", status=401, body="no", times=1))
        assert self._run(exits=4)["steps"][0]["status"] == "failed"
        self._check(before, due)

    def fails(self) -> None:
        """Let the API fail without taking the first batch; the run stops, and a person looks, and decides."""
        before, due = self._server.state.total, self._look_back()
        assert due
        self._server.faults.add(Answer(status=500, times=1))
        [batch] = self._run(exits=7)["batch_call"]["batches"]
        assert (batch["state"], batch["calls"]) == ("unknown", len(due[:BATCH]))
        self._check(before, [])
        self._was_not_placed(batch["id"])

    def is_killed(self, point: str, nth: int) -> None:
        """Kill a run right after its nth batch was written down as to be sent, or after its answer has come."""
        before, due = self._server.state.total, self._look_back()
        answered = nth - (point == "submit:committed")
        killed = start_run(self._simulation, "run", "spring.toml", point=point, nth=nth)
        killed.communicate(timeout=60)
        code = killed.returncode
        assert code == (-9 if len(due) > (nth - 1) * BATCH else 7 if self.held else 0)
        self._check(before, due[: answered * BATCH])
        if code != -9:
            return
        if answered == nth:
            self.held.append(due[(nth - 1) * BATCH : nth * BATCH])
            self._model.held |= set(self.held[-1])
        else:
            self._was_not_placed()

    def _was_not_placed(self, batch: str | None = None) -> None:
        ledger = self._simulation.ledger
        if batch is None:  # the newest one, of a killed run
            with closing(open_ledger(ledger, create=False)) as opened:
                opened.recover()
                batch = opened.batches(campaign(opened, "spring").id, held_only=True)[-1].id
        self._cli("campaigns", "resolve", "spring", batch, "--not-placed", "--ledger", ledger)


def test_an_hourly_run_carries_a_campaign_to_its_end(server, clock, model, hourly):
    finished_at = None
    while finished_at is None or clock.now() < finished_at + timedelta(days=1):
        assert clock.now() < MONDAY + timedelta(days=9), "it never finishes"
        match (clock.now() - MONDAY) // HOUR:
            case 3:  # 09:00 in New York: two batches are taken, and nothing is written of the second
                hourly.is_killed("post:answer-read", nth=2)
            case 6:  # 09:00 in Los Angeles: whoever was not called yet is called, and nobody again
                hourly.cannot_read()
            case 27:  # 09:00 in New York again
                hourly.fails()
            case _:
                if hourly.goes_well():
                    finished_at = finished_at or clock.now()
        clock.move_to(clock.now() + HOUR)
    assert hourly.settled == 1
    assert finished_at - MONDAY > timedelta(days=2)
    assert model.barred
    by_number = promised(server.state.calls(), model)
    assert by_number.keys() == set(model.numbers)
    assert {len(each) for each in by_number.values()} == set(range(1, MOST + 1))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_goes_wrong_in_an_hour_the_calls_are_those_of_the_model(seed, server, clock, model, hourly):
    chance = random.Random(seed)
    went_wrong = Counter()
    while clock.now() < MONDAY + timedelta(days=4):
        is_due, is_called = bool(model.due(clock.now())), bool(model.attempts)
        match chance.choice(("kill", "cannot read", "fail", "well", "well")) if is_due else "well":
            case "kill":
                hourly.is_killed(
                    chance.choice(("post:answer-read", "submit:committed")), chance.randint(1, 3)
                )
                went_wrong["kill"] += 1
            case "cannot read" if is_called:
                hourly.cannot_read()
                went_wrong["cannot read"] += 1
            case "fail":
                hourly.fails()
                went_wrong["fail"] += 1
            case _:
                hourly.goes_well()
        clock.move_to(clock.now() + HOUR)
    assert went_wrong.total() > 2
    promised(server.state.calls(), model)


HOURS_OF_TWO = (3, 4, 6, 27, 28, 30, 51, 52, 54)  # at which somebody is due, on three days


def test_two_machines_with_one_campaign_file_share_the_work(place, cli, server, clock, model, tmp_path):  # noqa: F811
    write_list(tmp_path / "people.csv", [(number, "Ann") for number in model.numbers])
    cli.write("spring.toml", FILE)
    simulation = Simulation(clock, server, place)
    for hour in HOURS_OF_TWO:
        clock.move_to(MONDAY + hour * HOUR)
        before = server.state.total
        model.read(clock.now(), server.state.calls())
        due = model.due(clock.now())
        assert due
        machines = [start_run(simulation, "run", "spring.toml", "--output", "json") for _ in range(2)]
        said = [machine.communicate(timeout=60)[1] for machine in machines]
        assert [machine.returncode for machine in machines] == [0, 0], said
        calls = server.state.calls()[before:]
        assert sorted(call.to_phone_number for call in calls) == sorted(due)
        for call in calls:
            model.took(call.to_phone_number, datetime.fromtimestamp(call.at, UTC))
    assert len(promised(server.state.calls(), model)) == PEOPLE


def promised(calls, model):
    """Hold what the person at the other end is promised, whatever the model says; return the calls by number."""
    by_number: dict[str, list] = {}
    for call in calls:
        by_number.setdefault(call.to_phone_number, []).append(call)
    for number, each in by_number.items():
        assert len(each) <= MOST
        for earlier, later in pairwise(each):
            assert later.at - earlier.at >= SPACING[later.nth].total_seconds()
            assert model.attempts[number][earlier.nth - 1].outcome in AGAIN
        for call in each:
            local = datetime.fromtimestamp(call.at, ZONES[number[2:5]])
            assert 9 <= local.hour < 12
            assert local.weekday() < 5
    return by_number
