"""An hourly cron line on one campaign file carries a campaign to its end, and every call is the one that a model makes.

Days pass in simulated time, in three zones, with several attempts, opt-outs, a process that is killed, an API that
fails, and records that can't be read. The model knows the rules, and what the API tells; it shares no code with xuna.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.commands.conftest import cli  # noqa: F401 - a fixture
from tests.support.builders import write_list
from tests.support.simulated import killed_run, simulated_run
from xuna_cli.commands import campaign_run
from xuna_cli.commands.simulation import Simulation
from xuna_cli.dialing.clock import SimulatedClock
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

    class Hourly:
        ledger = simulation.ledger

        def run(self, *, exits=0, readable=True):
            """Return the document of the run; everybody who is due has to be called."""
            before = server.state.total
            now = clock.now()
            if readable:
                model.read(now, server.state.calls())
            expected = model.due(now)
            document = cli("run", "spring.toml", "--output", "json", exits=exits).document
            self.check(server.state.calls()[before:], expected)
            return document

        def kill(self, point, nth):
            """Let a run be killed; return whom it called."""
            before = server.state.total
            assert killed_run(simulation, "run", "spring.toml", point=point, nth=nth) == -9
            return [call.to_phone_number for call in server.state.calls()[before:]]

        def check(self, calls, expected):
            assert [call.to_phone_number for call in calls] == expected, f"{clock.now()}"
            for call in calls:
                model.took(call.to_phone_number, datetime.fromtimestamp(call.at, UTC))
                said = call.conversation_config_override["agent"]["first_message"]
                assert said == f"Hi Ann, this is call number {call.nth}."

    return Hourly()


def test_an_hourly_run_carries_a_campaign_to_its_end(cli, server, clock, model, hourly):  # noqa: F811
    held: list[str] = []
    happened = set()
    finished_at = None
    while finished_at is None or clock.now() < finished_at + timedelta(days=1):
        now, before = clock.now(), server.state.total
        assert now < MONDAY + timedelta(days=9), "it never finishes"
        match (now - MONDAY) // HOUR:
            case 3:  # 09:00 in New York: two batches are taken, and the run is killed before it writes of the second
                due = model.due(now)
                called = hourly.kill("post:answer-read", nth=2)
                assert called == due[: 2 * BATCH]
                for number in called:
                    model.took(number, now)
                held = called[BATCH:]
                model.held |= set(held)
                happened.add("killed")
            case 6:  # 09:00 in Los Angeles: the records can't be read; whoever was not called yet is called, and nobody again
                server.faults.add(Answer(on="conversations", status=401, body="no", times=1))
                document = hourly.run(exits=4, readable=False)
                assert document["steps"][0]["status"] == "failed"
                happened.add("unreadable")
            case 27:  # 09:00 in New York again: the API fails, and the run stops; a person looks, and decides
                model.read(now, server.state.calls())
                assert len(model.due(now)) > BATCH
                server.faults.add(Answer(status=500, times=1))
                document = cli("run", "spring.toml", "--output", "json", exits=7).document
                assert server.state.total == before
                [batch] = document["batch_call"]["batches"]
                assert (batch["state"], batch["calls"]) == ("unknown", BATCH)
                resolve = ("campaigns", "resolve", "spring", batch["id"], "--not-placed")
                cli(*resolve, "--ledger", hourly.ledger)
                happened.add("failed")
            case _:
                if held and model.has_records(held, server.state.calls()):
                    model.settle(held, now)
                    held = []
                    happened.add("settled")
                document = hourly.run(exits=7 if held else 0)
                is_finished = server.state.total == before and model.is_finished(now)
                assert document["campaign_finished"] is is_finished
                finished_at = finished_at or (now if is_finished else None)
        clock.move_to(now + HOUR)
    assert happened == {"killed", "unreadable", "settled", "failed"}
    assert finished_at - MONDAY > timedelta(days=2)
    check_promises(server.state.calls(), model)


def check_promises(calls, model):
    """Hold what the person at the other end is promised, whatever the model says."""
    by_number: dict[str, list] = {}
    for call in calls:
        by_number.setdefault(call.to_phone_number, []).append(call)
    assert by_number.keys() == set(model.numbers)
    assert {len(each) for each in by_number.values()} == set(range(1, MOST + 1))
    for number, each in by_number.items():
        for earlier, later in pairwise(each):
            assert later.at - earlier.at >= SPACING[later.nth].total_seconds()
            assert model.attempts[number][earlier.nth - 1].outcome in AGAIN
        for call in each:
            local = datetime.fromtimestamp(call.at, ZONES[number[2:5]])
            assert 9 <= local.hour < 12
            assert local.weekday() < 5
    assert model.barred
