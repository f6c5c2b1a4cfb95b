"""`xuna run --sandbox --fast-forward`: a campaign runs to its end in simulated time."""

import csv
import json
import os
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.support.builders import write_list
from tests.support.terminal import Terminal
from xuna_cli.commands.fast_forward import next_hour

MONDAY = "2026-11-30T06:00-05:00"
JSON = ("--output", "json")
FEW = ("--unanswered", "0%")
ZONES = {
    "212": ZoneInfo("America/New_York"),
    "312": ZoneInfo("America/Chicago"),
    "213": ZoneInfo("America/Los_Angeles"),
}


@pytest.fixture(autouse=True)
def machine_in_new_york(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def spring(cli, unsynced):
    """Write a campaign file for people in three time zones; a day has time for ten of them in each."""

    def write(*lines, people=90, hours="09:00-10:00", limit=10):
        codes = list(ZONES)
        rows = [(f"+1{codes[index % 3]}555{1000 + index}", f"Person {index}") for index in range(people)]
        write_list(cli.folder / "people.csv", rows)
        given = ['contacts = "people.csv"', 'first-message = "Hi {{ name }}."', f'hours = "{hours}"']
        return cli.write("spring.toml", "\n".join([*given, f"limit = {limit}", *lines]) + "\n")

    return write


@pytest.fixture
def forward(cli):
    """Simulate the campaign; return the document."""

    def forward(*argv, exits=0, start=MONDAY):
        command = ("run", "spring.toml", "--sandbox", "--fast-forward", "--start-at", start)
        return cli(*command, *argv, *JSON, exits=exits).document

    return forward


def by_attempt(call):
    return call["to_phone_number"], call["attempt"]


def sent(call):
    return datetime.fromisoformat(call["submitted_at"])


def column(document, name):
    return [day[name] for day in document["days"]]


def test_the_next_hour_is_a_full_one_at_which_something_is_due():
    now = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
    assert next_hour(now, now) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert next_hour(now, datetime(2026, 11, 27, tzinfo=UTC)) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert next_hour(now.replace(minute=0), now) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert next_hour(now, datetime(2026, 12, 1, 14, tzinfo=UTC)) == datetime(2026, 12, 1, 14, tzinfo=UTC)
    assert next_hour(now, datetime(2026, 12, 1, 14, 1, tzinfo=UTC)) == datetime(2026, 12, 1, 15, tzinfo=UTC)


def test_a_small_campaign_is_told_in_a_table(cli, spring):
    spring(people=3)
    ran = cli("run", "spring.toml", "--sandbox", "--fast-forward", "--start-at", MONDAY, *FEW)
    assert "│ Mon 30 Nov │      3 │        3 │" in ran.out
    assert "Campaign 'spring' would finish at 2026-11-30 13:00 EST, after" in ran.out
    assert "nobody was called: 0% of calls unanswered, 2% of people opting out, no faults; seed 0" in ran.out
    assert "Opt-outs were not read, because opt-out-when is not set." in ran.out
    assert ran.err == ""


@pytest.mark.slow
def test_three_days_pass_in_seconds_and_each_day_is_told(cli, spring, forward):
    spring('opt-out-when = ["opt_out=true"]')
    began = time.monotonic()
    document = forward("--ledger", "simulated.db", "--opt-out", "10%")
    assert time.monotonic() - began < 30
    assert document["campaign_finished"] is True
    assert document["ledger"] == str(cli.folder / "simulated.db")
    assert column(document, "day") == ["2026-11-30", "2026-12-01", "2026-12-02"]
    assert column(document, "called") == [30, 30, 30]
    assert column(document, "deferred") == [60, 30, 0]
    assert all(0 < day["successes"] < day["answered"] < day["called"] for day in document["days"])
    assert 0 < sum(column(document, "opt_outs")) < 15
    exported = list(
        csv.DictReader(cli("campaigns", "export", "spring", "--ledger", "simulated.db").out.splitlines())
    )
    assert len({call["to_phone_number"] for call in exported}) == 90
    at = {(call["to_phone_number"][:5], call["submitted_at"][11:16]) for call in exported}
    assert at == {("+1212", "14:00"), ("+1312", "15:00"), ("+1213", "17:00")}  # nine o'clock in each zone
    listed = cli("do-not-call", "list", "--ledger", "simulated.db", *JSON).document["do_not_call"]
    assert sum(column(document, "opt_outs")) == len(listed)


@pytest.mark.slow
def test_attempts_converge_and_each_call_is_one_that_the_policy_allows(cli, spring, forward):
    """All calls of three days, compared with the policy, the hours and the opt-outs."""
    policy = ("attempts = 3", 'again-after = "4h,1d"', 'again = "no-conversation,failure"')
    spring(*policy, 'opt-out-when = "opt_out=true"', hours="09:00-18:00", limit=1000)
    document = forward("--ledger", "simulated.db", "--opt-out", "10%")
    assert document["campaign_finished"] is True
    assert column(document, "day") == ["2026-11-30", "2026-12-01"]
    calls = json.loads(cli("campaigns", "export", "spring", "--ledger", "simulated.db", *JSON).out)
    opted_out = {
        one["to_phone_number"]: datetime.fromisoformat(one["added_at"])
        for one in cli("do-not-call", "list", "--ledger", "simulated.db", *JSON).document["do_not_call"]
    }
    assert sum(column(document, "called")) == len(calls)
    assert sum(column(document, "opt_outs")) == len(opted_out) > 0
    ends = Counter()
    for number, of_person in groupby(sorted(calls, key=by_attempt), key=lambda call: call["to_phone_number"]):
        *earlier, last = list(of_person)
        assert [call["attempt"] for call in (*earlier, last)] == list(range(1, len(earlier) + 2))
        for call, following in pairwise((*earlier, last)):
            spacing = timedelta(hours=4) if call["attempt"] == 1 else timedelta(days=1)
            assert sent(following) - sent(call) >= spacing
            assert call["outcome"] in {"no-conversation", "failure"}
            assert number not in opted_out or sent(following) < opted_out[number]
        for call in (*earlier, last):
            assert 9 <= sent(call).astimezone(ZONES[number[2:5]]).hour < 18
        is_over = len(earlier) == 2 or number in opted_out
        assert is_over or last["outcome"] not in {"no-conversation", "failure"}
        ends["exhausted" if earlier[1:] and last["outcome"] != "success" else last["outcome"]] += 1
    assert ends.total() == 90
    assert ends["success"] > ends["exhausted"] > 0
    assert column(document, "exhausted")[-1] == ends["exhausted"]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_days_and_another_seed_others(spring, forward):
    spring()
    assert forward() == forward()
    assert forward()["days"] != forward("--seed", 1)["days"]


@pytest.mark.parametrize(
    "rule",
    ["opt_out=true", "wants_calls=no", "consent=false", "status=do not call", "stop=yes", "polite=failure"],
)
@pytest.mark.slow
def test_people_opt_out_in_the_field_that_the_campaign_reads(spring, forward, rule):
    spring(f'opt-out-when = ["{rule}"]', people=30)
    document = forward(*FEW, "--opt-out", "50%")
    assert 5 < sum(column(document, "opt_outs")) < 25
    assert sum(column(forward(*FEW, "--opt-out", "0%"), "opt_outs")) == 0


@pytest.mark.slow
def test_people_of_a_cut_connection_are_held_until_their_conversations_are_read(spring, forward):
    spring("batch-size = 2", "max-unknown = 100")
    document = forward("--fault", "cut:30%", *FEW)
    assert sum(column(document, "called")) == 90
    assert document["campaign_finished"] is True
    assert document["held"] == 0


@pytest.mark.slow
def test_people_whom_nobody_can_prove_stay_held_and_end_the_simulation(cli, spring, forward):
    spring("batch-size = 2", "max-unknown = 100")
    document = forward("--fault", "cut:30%", exits=7)
    assert document["campaign_finished"] is False
    assert document["reason"] == "nothing else is due before a person decides"
    assert document["held"] > 0
    assert document["held"] + sum(column(document, "called")) == 90
    command = (
        "run",
        "spring.toml",
        "--sandbox",
        "--fast-forward",
        "--start-at",
        MONDAY,
        "--fault",
        "cut:30%",
    )
    assert f"{document['held']} people are held. In a real campaign" in cli(*command, exits=7).out


@pytest.mark.slow
def test_a_list_that_gets_too_old_ends_the_simulation_on_that_day(cli, spring, forward):
    spring('do-not-call = "dnc.csv"', 'max-list-age = "1d"')
    at = datetime.fromisoformat(MONDAY).timestamp() - 3600
    os.utime(cli.write("dnc.csv", "phone\n+12125551000\n"), (at, at))
    document = forward(exits=5)
    assert column(document, "called") == [30]
    assert document["campaign_finished"] is False
    assert document["reason"] == "each further run would fail"
    assert "dnc.csv" in document["errors"][0]["message"]


@pytest.mark.slow
def test_an_api_that_always_refuses_ends_the_simulation(spring, forward):
    spring("give-up-after = 30", people=3, hours="00:00-24:00")
    document = forward("--fault", "rate-limit:100%", exits=6)
    assert document["reason"] == "24 runs in a row have called nobody and learned nothing"
    assert document["runs"] in {24, 25}
    assert set(column(document, "called")) == {0}


@pytest.mark.slow
def test_who_is_never_called_is_told_with_the_reason(cli, spring, forward):
    """One is only to be called between two full hours, at which a cron job of every hour never runs."""
    path = spring(hours="09:00-18:00", limit=1000)
    rows = [
        ("+12125551001", "Ann", "", ""),
        ("+12125551002", "Bob", "2026-11-30 11:15", "2026-11-30 11:45"),
        ("nonsense", "Cy", "", ""),
    ]
    write_list(path.parent / "people.csv", rows, header=("phone", "name", "call_after", "call_before"))
    document = forward(*FEW, exits=3)
    assert document["not_called"] == {"rejected": 1, "screened": 1}
    assert set(document["rules"].values()) == {1}
    assert "expired" in document["rules"]
    command = ("run", "spring.toml", "--sandbox", "--fast-forward", "--start-at", MONDAY)
    assert "Never called: 1 rejected, 1 screened out (" in cli(*command, exits=3).out


@pytest.mark.slow
def test_who_was_called_once_and_may_not_be_called_again_is_not_said_to_be_never_called(spring, forward):
    path = spring("attempts = 2", 'again-after = "2h"', 'again = "no-conversation"', hours="09:00-18:00")
    rows = [("+12125551001", "Ann", "2026-11-30 10:30")]
    write_list(path.parent / "people.csv", rows, header=("phone", "name", "call_before"))
    document = forward("--unanswered", "100%")
    assert column(document, "called") == [1]
    assert document["not_called"] == {}
    assert document["rules"] == {"expired": 1}


@pytest.mark.slow
def test_the_simulated_time_is_shown_on_a_terminal(cli, spring):
    spring(people=3)
    terminal = Terminal("run", "spring.toml", "--sandbox", "--fast-forward", "--start-at", MONDAY)
    assert terminal.end() == 0
    assert "simulated time: 2026-11-30 " in terminal.seen
    assert "Mon 30 Nov" in terminal.seen


@pytest.mark.slow
def test_a_simulation_ends_after_so_many_days(spring, forward):
    spring()
    document = forward("--max-days", "2")
    assert document["campaign_finished"] is False
    assert document["reason"] == "it takes longer than 2 days (--max-days)"
    assert column(document, "called") == [30, 30]


@pytest.mark.slow
def test_the_days_are_written_as_csv(cli, spring):
    spring(people=3)
    out = cli(
        "run", "spring.toml", "--sandbox", "--fast-forward", "--start-at", MONDAY, "--output", "csv"
    ).out
    [day] = csv.DictReader(out.splitlines())
    assert (day["day"], day["called"]) == ("2026-11-30", "3")


@pytest.mark.slow
def test_the_campaigns_own_ledger_and_files_are_left_alone(spring, forward, cli, monkeypatch):
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:1")  # where no server listens
    monkeypatch.setenv("XUNA_LEDGER", str(cli.folder / "of-environment.db"))
    files = (
        'ledger = "own.db"',
        'log = "l.jsonl"',
        'metrics = "m.prom"',
        'rejects = "r.csv"',
        'report = "r.html"',
    )
    spring(*files, 'on-end = "touch told"', people=3)
    before = sorted(cli.folder.rglob("*"))
    assert forward()["ledger"] is None
    assert sorted(cli.folder.rglob("*")) == before


def test_a_ledger_that_exists_is_never_used(spring, cli):
    spring(people=3)
    cli("run", "spring.toml", "--sandbox", "--ledger", "own.db")
    own = cli.write("own.db", "")
    error = cli("run", "spring.toml", "--sandbox", "--fast-forward", "--ledger", own, exits=2).err
    assert "own.db can't be the ledger of a simulation, which needs a new file" in error


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--fast-forward"], "--fast-forward needs --sandbox"),
        (["--sandbox", "--fast-forward", "--dry-run"], "--fast-forward and --dry-run can't be combined"),
        (["--sandbox", "--fast-forward", "--check"], "--fast-forward and --check can't be combined"),
        (["--sandbox", "--fast-forward", "--contacts", "-"], "not possible with standard input"),
        (["--sandbox", "--fast-forward", "--start-at", "soon"], "--start-at: 'soon' is not a valid time"),
        (["--sandbox", "--fast-forward", "--fault", "cat:1%"], "--fault: invalid fault 'cat:1%'"),
        (["--sandbox", "--fast-forward", "--unanswered", "4"], "--unanswered: invalid share '4'"),
        (["--sandbox", "--fast-forward", "--max-days", "0"], "--max-days: 0 is not a number from 1 to"),
        (["--sandbox", "--fast-forward", "--ledger", "postgresql://db/x"], "needs a new file"),
        (["--sandbox", "--unanswered", "40%"], "--unanswered needs --fast-forward"),
        (["--start-at", MONDAY], "--start-at needs --fast-forward"),
    ],
)
def test_options_that_make_no_sense_are_refused(cli, spring, argv, message):
    spring(people=1)
    assert message in cli("run", "spring.toml", *argv, exits=2).err


def test_a_failure_is_a_document_too(cli, spring):
    spring(people=1)
    (cli.folder / "people.csv").unlink()
    ran = cli("run", "spring.toml", "--sandbox", "--fast-forward", *JSON, exits=5)
    assert json.loads(ran.out)["command"] == "run"
    assert "people.csv" in ran.err


def test_a_simulation_is_not_a_setting_of_the_campaign(cli, spring):
    spring("fast-forward = true", people=1)
    error = cli("run", "spring.toml", exits=2).err
    assert "fast-forward can't be set in a file, because it belongs to a single run" in error


@pytest.mark.slow
def test_messages_are_marked_with_the_simulated_time_and_said_once(cli, spring):
    spring('opt-out-when = ["opt_out=true"]', people=30)
    start = "2031-12-01T06:00-05:00"
    command = ("run", "spring.toml", "--sandbox", "--fast-forward", "--start-at", start, "--opt-out", "50%")
    lines = cli(*command).err.splitlines()
    assert lines[0].startswith("simulated 2031-12-01 06:00 EST: warning: time zones by tz")
    assert all(line.startswith("simulated 2031-12-") for line in lines)
    assert "".join(lines).count("time zones by tz") == 1


@pytest.mark.parametrize(
    ("share", "called", "said"),
    [("10%", 90, "Canary passed: 10 of 10"), ("100%", 10, "Canary stopped: 10 of 10")],
)
def test_a_canary_carries_the_campaign_on_or_ends_it(spring, cli, share, called, said):
    """Some of its people don't answer: they count as not a success an hour later, when all records were read."""
    spring("canary = 10", f'min-success = "{share}"', hours="09:00-20:00", limit=1000)
    command = ("run", "spring.toml", "--sandbox", "--fast-forward", "--start-at", MONDAY)
    document = cli(*command, "--unanswered", "40%", *JSON).document
    assert (document["campaign_finished"], sum(column(document, "called"))) == (True, called)
    assert said in cli(*command, "--unanswered", "40%").out
