"""A campaign that is carried to its end in simulated time."""

import contextlib
import os
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from xuna_cli.commands.account import api_to_read
from xuna_cli.commands.batch_call import BatchCall
from xuna_cli.commands.campaigns.outcomes import OutcomesOptions
from xuna_cli.commands.context import ledger_for_reading
from xuna_cli.commands.fast_forward import SimulatedRunOptions, Turn, fast_forward, next_hour
from xuna_cli.errors import ExitStatus, UsageError
from xuna_cli.interrupts import INTERRUPTS
from xuna_cli.ledger.campaigns import campaign, settle_proven
from xuna_cli.ledger.records import CallOutcome
from xuna_cli.outcomes.opt_outs import Harvester, parse_rules
from xuna_cli.outcomes.summary import summarise
from xuna_cli.outcomes.sync import sync_conversations
from xuna_cli.settings import Given, Settings

MONDAY = "2026-11-30T06:00-05:00"


@pytest.fixture(autouse=True)
def machine_in_new_york(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def options(tmp_path, unsynced, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def options(people, **more):
        given = {
            "settings": Settings(os.environ, None, Path.cwd()),
            "typed": frozenset(more),
            "contacts": str(people),
            "first_message": Given("Hi.", "-m"),
            "sandbox": True,
            "start_at": Given(MONDAY, "--start-at"),
            "opt_out": Given("10%", "--opt-out"),
        }
        return SimulatedRunOptions(**(given | more))

    return options


def run_once(options):
    """Call who may be called, read the outcomes of the run before, and say when something is due."""
    with contextlib.ExitStack() as stack:
        called = BatchCall(options, stack).run()
    reading = OutcomesOptions(
        settings=options.settings,
        typed=frozenset(),
        name=called.campaign,
        sandbox=True,
        simulation=options.simulation,
    )
    with ledger_for_reading(reading) as ledger, api_to_read(reading) as api:
        found = campaign(ledger, called.campaign)
        harvester = Harvester(
            ledger, found, parse_rules(["opt_out=true"]), command="run", on_added=lambda _: None
        )
        sync_conversations(ledger, found, api.reader)
        harvester.harvest()
        settle_proven(ledger, found.id)
        summary = summarise(ledger, found)
    now = options.simulation.clock.now()
    openings = [each.opens_at for each in called.report.deferrals]
    waiting = summary.waiting - summary.outcomes.get(CallOutcome.NO_CONVERSATION, 0) > 0 or (
        called.report.counts["accepted"] > 0 or not called.report.list_complete
    )
    due = min([*openings, *([now + timedelta(minutes=1)] if waiting else [])], default=None)
    finished = due is None and not summary.held and not called.report.counts["not_sent"]
    return Turn(called.campaign, called.exit_status, tuple(called.report.errors), finished, due)


def rows_of(count):
    """Return people in New York, Chicago and Los Angeles."""
    return [
        (f"+1{('212', '312', '213')[index % 3]}555{1000 + index}", f"Person {index}")
        for index in range(count)
    ]


def rows(forwarded):
    return [
        (str(day.day), day.called, day.answered, day.successes, day.opt_outs, day.deferred)
        for day in forwarded.days
    ]


def test_the_next_hour_is_a_full_one_at_which_something_is_due():
    now = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
    assert next_hour(now, now) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert next_hour(now, now - timedelta(days=3)) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert next_hour(now.replace(minute=0), now) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert next_hour(now, datetime(2026, 12, 1, 14, tzinfo=UTC)) == datetime(2026, 12, 1, 14, tzinfo=UTC)
    assert next_hour(now, datetime(2026, 12, 1, 14, 1, tzinfo=UTC)) == datetime(2026, 12, 1, 15, tzinfo=UTC)


@pytest.fixture
def three_days(options, people):
    """Ninety people in three zones, of whom a day has time for ten in each."""

    def options_of(**more):
        given = {
            "limit": 10,
            "hours": Given("09:00-10:00", "--hours"),
            "unanswered": Given("40%", "--unanswered"),
        }
        return options(people(rows=rows_of(90)), **(given | more))

    return options_of


def test_three_days_pass_in_seconds_and_each_day_is_told(three_days):
    began = time.monotonic()
    simulations = []

    def watched(options):
        simulations.append(options.simulation)
        return run_once(options)

    done = fast_forward(three_days(), watched)
    assert time.monotonic() - began < 30
    assert (done.finished, done.reason, done.held, done.ledger) == (True, "", 0, None)
    assert [str(day.day) for day in done.days] == ["2026-11-30", "2026-12-01", "2026-12-02"]
    assert [day.called for day in done.days] == [30, 30, 30]
    assert [day.deferred for day in done.days] == [60, 30, 0]
    assert all(0 < day.successes < day.answered < day.called for day in done.days)
    assert 0 < sum(day.opt_outs for day in done.days) < 15
    sandbox = simulations[0].server.state
    assert {simulation.server.state for simulation in simulations} == {sandbox}
    hours = {datetime.fromtimestamp(call.at, UTC).hour for call in sandbox.calls()}
    assert hours == {14, 15, 17}  # nine o'clock in New York, Chicago and Los Angeles
    assert sandbox.total == 90
    assert sandbox.called_twice() == []
    assert not simulations[0].ledger.exists()


def test_the_same_seed_gives_the_same_days_and_another_seed_others(three_days):
    assert rows(fast_forward(three_days(), run_once)) == rows(fast_forward(three_days(), run_once))
    assert rows(fast_forward(three_days(), run_once)) != rows(fast_forward(three_days(seed=1), run_once))


def test_people_of_a_cut_connection_are_held_until_their_conversations_are_read(three_days):
    done = fast_forward(
        three_days(fault=["cut:30%"], batch_size=2, max_unknown=100, unanswered=Given("0%", "--unanswered")),
        run_once,
    )
    assert sum(day.called for day in done.days) == 90
    assert (done.finished, done.held) == (True, 0)


def test_people_whom_nobody_can_prove_stay_held_and_end_the_simulation(three_days):
    done = fast_forward(three_days(fault=["cut:30%"], batch_size=2, max_unknown=100), run_once)
    assert (done.finished, done.reason) == (False, "nothing else is due before a person decides")
    assert done.held > 0
    assert done.held + sum(day.called for day in done.days) == 90
    assert done.exit_status == ExitStatus.HELD
    text = "\n".join(part for part in done.parts() if isinstance(part, str))
    assert "people are held" in text


def test_a_simulation_ends_after_so_many_days(three_days):
    done = fast_forward(three_days(max_days=2), run_once)
    assert (done.finished, done.reason) == (False, "it takes longer than 2 days (--max-days)")
    assert [day.called for day in done.days] == [30, 30]


def test_a_named_ledger_is_made_and_kept(three_days, tmp_path, cli):
    path = tmp_path / "simulated.db"
    done = fast_forward(three_days(ledger=Given(str(path), "--ledger")), run_once)
    assert done.ledger == str(path)
    shown = cli("campaigns", "show", "people", "--ledger", path, "--output", "json").document
    assert shown["campaign"]["calls"]["accepted"] == 90
    with pytest.raises(UsageError, match="needs a new file"):
        fast_forward(three_days(ledger=Given(str(path), "--ledger")), run_once)


def test_the_campaigns_own_ledger_and_files_are_left_alone(three_days, tmp_path, monkeypatch):
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:1")
    own = tmp_path / "own.db"
    options = three_days(
        typed=frozenset(),
        ledger=Given(str(own), "XUNA_LEDGER"),
        log=Given("run.log", "--log"),
        metrics=Given("run.prom", "--metrics"),
        rejects=tmp_path / "rejects.csv",
        on_end="touch told",
        wait=False,
    )
    before = sorted(tmp_path.rglob("*"))
    assert fast_forward(options, run_once).finished
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"sandbox": False}, "--fast-forward needs --sandbox"),
        ({"dry_run": True}, "--fast-forward and --dry-run can't be combined"),
        ({"contacts": "-"}, "not possible with standard input"),
        ({"start_at": Given("soon", "--start-at")}, "--start-at: 'soon' is not a valid time"),
        ({"fault": ["cat:1%"]}, "--fault: invalid fault 'cat:1%'"),
        ({"ledger": Given("postgresql://db/x", "--ledger")}, "needs a new file"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_runs(three_days, more, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        fast_forward(three_days(**more), lambda _: pytest.fail("it ran"))


def test_a_signal_ends_the_simulation_with_the_days_so_far(three_days):
    def interrupted(options):
        done = run_once(options)
        INTERRUPTS.signum = signal.SIGINT
        return done

    try:
        done = fast_forward(three_days(), interrupted)
    finally:
        INTERRUPTS.signum = None
    assert (done.finished, done.reason) == (False, "it was interrupted")
    assert done.exit_status == 128 + signal.SIGINT


def test_a_warning_of_all_runs_is_said_once(three_days, capsys):
    fast_forward(three_days(start_at=Given("2031-12-01T06:00-05:00", "--start-at")), run_once)
    assert capsys.readouterr().err.count("time zones by tz") == 1
