"""Commands that share simulated time, API and ledger."""

import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import xuna_cli
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.calling.batch_call import batch_call
from xuna_cli.commands.campaigns.outcomes import OutcomesOptions
from xuna_cli.commands.campaigns.report import ReportOptions
from xuna_cli.commands.context import ledger_for_reading
from xuna_cli.commands.simulation import Simulation
from xuna_cli.dialing.clock import SimulatedClock
from xuna_cli.ledger.campaigns import calls, campaign
from xuna_cli.sandbox.server import SandboxServer
from xuna_cli.settings import Given, Settings

PACKAGE = Path(xuna_cli.__file__).parent
TAKES_THE_TIME = re.compile(
    r"datetime\.now|\.today\(|\btime\.(time|monotonic|sleep|localtime|gmtime)\b|import utc_now"
)
START = datetime(2031, 6, 2, 12, 0, tzinfo=UTC)  # a Monday


@pytest.fixture
def simulation(tmp_path, unsynced, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clock = SimulatedClock(START)
    with SandboxServer(seed=1, clock=lambda: clock.now().timestamp()) as server:
        yield Simulation(clock, server, tmp_path / "simulated.db")


@pytest.fixture
def call(simulation, people):
    def call(*rows, **options):
        given = {
            "settings": Settings(os.environ, None, Path.cwd()),
            "typed": frozenset(),
            "contacts": str(people(rows=list(rows))),
            "first_message": Given("Hi.", "-m"),
            "sandbox": True,
            "quiet": True,
            "simulation": simulation,
        }
        return batch_call(BatchCallOptions(**(given | options)))

    return call


def test_what_a_run_is_made_of_takes_the_time_only_from_the_clock():
    """Otherwise a part of a simulation would have the real time."""
    of_a_run = ("commands", "contacts", "dialing", "outcomes", "phone", "screening", "targets")
    with_other_times = {
        "commands/doctor.py",  # checks this machine
        "commands/durations.py",  # `3d` of `conversations list`
        "commands/fast_forward.py",  # when a simulation starts
        "commands/sandbox.py",  # a server of its own
        "dialing/clock.py",  # the clock
    }
    for path in (path for room in of_a_run for path in (PACKAGE / room).rglob("*.py")):
        if str(path.relative_to(PACKAGE)) not in with_other_times:
            found = TAKES_THE_TIME.search(path.read_text())
            assert found is None, f"{path}: {found[0]}"


def times_in_ledger(simulation):
    options = OutcomesOptions(
        settings=None, typed=frozenset(), name="people", sandbox=True, simulation=simulation
    )
    with ledger_for_reading(options) as ledger:
        found = campaign(ledger, "people")
        return {record.to_phone_number: record.batch.submitted_at for record in calls(ledger, found.id)}


def test_rules_ledger_and_sandbox_have_the_simulated_time(simulation, call):
    assert call(("+12125550101", "Ann")) == 0
    assert times_in_ledger(simulation) == {"+12125550101": "2031-06-02T12:00:00.000Z"}
    [dialled] = simulation.server.state.calls()
    assert dialled.at == START.timestamp()


def test_hours_are_those_of_the_simulated_time(simulation, call):
    hours = {"hours": Given("09:00-18:00", "--hours")}
    assert call(("+12125550101", "Ann"), **hours) == 0  # it is 08:00 in New York
    assert simulation.server.state.total == 0
    simulation.clock.move_to(START + timedelta(hours=2))
    assert call(("+12125550101", "Ann"), **hours) == 0
    assert times_in_ledger(simulation) == {"+12125550101": "2031-06-02T14:00:00.000Z"}


def test_waiting_for_hours_takes_no_real_time(simulation, call):
    began = time.monotonic()
    assert call(("+12125550101", "Ann"), hours=Given("09:00-18:00", "--hours"), wait=True) == 0
    assert time.monotonic() - began < 20
    assert START + timedelta(hours=1) <= simulation.clock.now() < START + timedelta(hours=1, minutes=1)
    assert times_in_ledger(simulation)["+12125550101"].startswith("2031-06-02T13:00:")


def test_the_log_has_the_simulated_time(simulation, call, tmp_path):
    call(("+12125550101", "Ann"), log=Given("run.log", "--log"))
    events = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
    assert {event["at"][:16] for event in events} == {"2031-06-02T12:00"}


def test_outcomes_and_report_are_read_in_the_simulated_time(simulation, call, cli, tmp_path):
    from xuna_cli.commands.campaigns.outcomes import read_outcomes
    from xuna_cli.commands.campaigns.report import write_report

    call(("+12125550101", "Ann"))
    simulation.clock.sleep(3600)
    common = {"settings": Settings(os.environ, None, Path.cwd()), "typed": frozenset(), "name": "people"}
    read = read_outcomes.__wrapped__(OutcomesOptions(**common, sandbox=True, simulation=simulation))
    assert read == 0
    to = tmp_path / "report.html"
    write_report.__wrapped__(ReportOptions(**common, to=to, sandbox=True, simulation=simulation))
    assert "2031-06-02" in to.read_text()


def test_nothing_else_is_written_and_nobody_else_is_asked(simulation, call, monkeypatch, tmp_path):
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:1")  # where no server listens
    monkeypatch.setenv("XUNA_LEDGER", str(tmp_path / "real.db"))
    call(("+12125550101", "Ann"), ledger=Given(str(tmp_path / "real.db"), "XUNA_LEDGER"))
    assert simulation.server.state.total == 1
    assert not (tmp_path / "real.db").exists()
    assert not list((tmp_path / "home").rglob("*.db"))
    assert not list((tmp_path / "home").rglob("*.jsonl"))
