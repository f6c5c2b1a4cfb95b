"""Several attempts, through the commands: three days in a simulation against a model, and what is said about them."""

import contextlib
import csv
import io
import json
import os
import sqlite3
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.commands.conftest import number
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.calling.attempts import as_options, attempts_of
from xuna_cli.commands.calling.batch_call import batch_call
from xuna_cli.commands.campaigns.outcomes import OutcomesOptions, read_outcomes
from xuna_cli.commands.options import Output
from xuna_cli.commands.simulation import Simulation
from xuna_cli.dialing.clock import SimulatedClock
from xuna_cli.errors import UsageError
from xuna_cli.ledger.records import CallOutcome
from xuna_cli.sandbox.conversations import ConversationOptions, Conversations
from xuna_cli.sandbox.server import SandboxServer
from xuna_cli.settings import Given, Settings

START = datetime(2031, 6, 2, 12, 0, tzinfo=UTC)
HOUR = 3600.0
POLICY = {"attempts": 3, "again_after": "4h,1d", "again": "no-conversation,failure"}
HELLO = ("-m", "Hi {{ name }}.")
FLAGS = ("--attempts", "3", "--again-after", "4h,1d", "--again", "no-conversation,failure")


class Campaign:
    """A campaign in simulated time."""

    def __init__(self, folder, capsys, *, seed=1, **conversations):
        self.clock = SimulatedClock(START)
        self.options = ConversationOptions(**conversations)
        self.server = SandboxServer(
            seed=seed, clock=lambda: self.clock.now().timestamp(), conversations=self.options
        )
        self.simulation = Simulation(self.clock, self.server, folder / "simulated.db")
        self._capsys = capsys
        self._settings = Settings(os.environ, None, Path.cwd())

    def call(self, path, *, exits=0, message="Hi {{ name }}.", **options):
        """Run batch-call; return its document."""
        self._capsys.readouterr()
        given = {
            "settings": self._settings,
            "typed": frozenset({"first_message"}),
            "contacts": str(path),
            "first_message": Given(message, "-m"),
            "sandbox": True,
            "output": Output.JSON,
            "simulation": self.simulation,
        }
        assert batch_call(BatchCallOptions(**(given | options))) == exits
        out = self._capsys.readouterr()
        self.err = out.err
        return json.loads(out.out)

    def read(self):
        """Read the conversation records."""
        common = {
            "settings": self._settings,
            "typed": frozenset(),
            "sandbox": True,
            "simulation": self.simulation,
        }
        assert read_outcomes.__wrapped__(OutcomesOptions(name="people", **common)) == 0
        self._capsys.readouterr()

    def dialled(self):
        """Return each number's calls: time, what was said, and the fate that the sandbox has drawn for it."""
        records = Conversations(self.server.account, self.server.state, self.options)
        found = defaultdict(list)
        for call in self.server.state.calls():
            answered = records._appears_at(call) is not None
            fate = records.detail(call)["evaluation_results"]["goal_reached"]["result"] if answered else None
            said = call.conversation_config_override["agent"]["first_message"]
            found[call.to_phone_number].append((call.at, said, fate))
        return found


@pytest.fixture
def campaign(tmp_path, unsynced, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    started = []

    def begin(**conversations):
        started.append(Campaign(tmp_path, capsys, **conversations))
        started[-1].server.start()
        return started[-1]

    yield begin
    for each in started:
        each.server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_three_days_of_an_hourly_job_call_as_a_model_says(campaign, people, seed):
    """Whoever was not reached is called again, as often and as late as the policy says, and nobody else is."""
    scene = campaign(unanswered=0.5, seed=seed)
    path = people(40)
    again = {"first_message_again": "Me again, {{ name }}, call {{ attempt }}."}
    counts = defaultdict(int)
    for hour in range(60):
        document = scene.call(path, **POLICY, **again)
        for attempt, calls in document["attempts"].items():
            counts[attempt] += calls
        scene.clock.sleep(HOUR)
        if hour % 5 != 3:  # now and then nobody reads the records
            scene.read()
    dialled = scene.dialled()
    assert dialled.keys() == {number(index) for index in range(40)}
    for calls in dialled.values():
        assert len(calls) <= 3
        for attempt, (before, after) in enumerate(pairwise(calls), 2):
            assert before[2] in {None, "failure"}  # no conversation, or a failure
            assert timedelta(0) <= timedelta(seconds=after[0] - before[0]) - [4, 24][attempt - 2] * timedelta(
                hours=1
            )
            assert after[1].endswith(f"call {attempt}.")
        assert calls[0][1].startswith("Hi ")
        # In the end nobody is left who was due.
        assert len(calls) == 3 or calls[-1][2] in {"success", "unknown"}
    last = scene.call(path, **POLICY, **again)
    exhausted = sum(
        calls[-1][2] in {None, "failure", "unknown"} and len(calls) == 3 for calls in dialled.values()
    )
    assert last["exhausted"] == exhausted > 0
    assert last["awaiting_outcome"] == 0
    assert counts == {
        str(attempt): sum(len(calls) >= attempt for calls in dialled.values()) for attempt in (1, 2, 3)
    }
    assert scene.call(path)["counts"]["already_called"] == 40


def test_a_next_attempt_that_is_not_due_is_deferred_with_its_time(campaign, people):
    scene = campaign(unanswered=1.0)
    path = people(2)
    assert scene.call(path, **POLICY)["attempts"] == {"1": 2}
    unread = scene.call(path, **POLICY)
    assert (unread["counts"]["already_called"], unread["awaiting_outcome"], unread["deferred_until"]) == (
        2,
        2,
        [],
    )
    scene.clock.sleep(2 * HOUR)
    scene.read()
    early = scene.call(path, **POLICY)
    assert early["counts"]["deferred"] == 2
    assert early["screening"]["reasons"] == {"next-attempt": 2}
    [opening] = early["deferred_until"]
    assert (opening["zones"], opening["people"]) == ([], 2)
    due = datetime.fromisoformat(opening["opens_at"])
    assert START + timedelta(hours=4) <= due <= START + timedelta(hours=4, minutes=2)
    rehearsed = scene.call(path, **POLICY, dry_run=True)
    assert rehearsed["counts"]["deferred"] == 2
    # --wait stays until then, and the words that were made for the second call are said.
    waited = scene.call(path, **POLICY, first_message_again="Me again, {{ name }}.", wait=True)
    assert waited["attempts"] == {"2": 2}
    assert scene.clock.now() >= due
    assert [said for calls in scene.dialled().values() for _, said, _ in calls] == [
        "Hi Person 0.", "Me again, Person 0.", "Hi Person 1.", "Me again, Person 1."
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        ({"do_not_call": "yes"}, {}),
        ({"consent": ""}, {"consent_column": Given("consent", "--consent-column")}),
        ({}, {"country": Given("CA", "--country")}),
    ],
)
def test_who_waits_for_the_next_attempt_has_passed_the_rules_of_this_run(campaign, people, cell, options):
    scene = campaign(unanswered=1.0)
    header = ("phone", "name", "consent", "do_not_call")
    ann = {"phone": "+12125550100", "name": "Ann", "consent": "yes", "do_not_call": ""}
    scene.call(people(rows=[tuple(ann.values())], header=header), **POLICY)
    scene.clock.sleep(2 * HOUR)
    scene.read()
    changed = people(rows=[tuple((ann | cell).values())], header=header)
    document = scene.call(
        changed, **POLICY, **options, wait=True, exits=3 if "consent_column" in options else 0
    )
    assert (document["attempts"], document["counts"]["deferred"]) == ({}, 0)
    assert document["counts"]["screened"] + document["counts"]["do_not_call"] == 1
    assert [len(calls) for calls in scene.dialled().values()] == [1]


def test_rules_apply_to_each_attempt_and_who_left_the_list_is_not_called(campaign, people):
    scene = campaign(unanswered=1.0)
    scene.call(people(3), **POLICY)
    scene.clock.sleep(5 * HOUR)
    scene.read()
    hours = {"hours": Given("09:00-09:30", "--hours"), "default_timezone": Given("America/New_York", "-")}
    assert scene.call(people(3), **POLICY, **hours)["counts"]["deferred"] == 3
    quiet = scene.call(people(3), **POLICY, quiet_days=30, limit=1)
    assert quiet["attempts"] == {"2": 1}
    left = scene.call(people(rows=[(number(2), "Person 2")]), **POLICY)
    assert left["attempts"] == {"2": 1}
    assert [len(calls) for calls in scene.dialled().values()] == [2, 1, 2]


def test_the_same_person_in_two_rows_is_called_once_at_each_attempt(campaign, people):
    scene = campaign(unanswered=1.0)
    path = people(rows=[(number(0), "Ann"), (number(0), "Ann B."), (number(1), "Bob")])
    first = scene.call(path, **POLICY)
    scene.clock.sleep(5 * HOUR)
    scene.read()
    rehearsed, second = scene.call(path, **POLICY, dry_run=True), scene.call(path, **POLICY)
    assert (first["attempts"], second["attempts"]) == ({"1": 2}, {"2": 2})
    assert (
        first["counts"]["duplicates"]
        == second["counts"]["duplicates"]
        == rehearsed["counts"]["duplicates"]
        == 1
    )
    assert rehearsed["counts"]["not_sent"] == 2
    assert rehearsed["attempts"] == {"2": 2}


def test_a_row_whose_words_for_the_next_attempt_cannot_be_made_is_rejected_and_not_called(campaign, people):
    scene = campaign(unanswered=1.0)
    path = people(rows=[(number(0), "Ann", "noon"), (number(1), "Bob", "")], header=("phone", "name", "time"))
    scene.call(path, **POLICY)
    scene.clock.sleep(5 * HOUR)
    scene.read()
    again = {"first_message_again": "Again at {{ time }}, {{ name }}."}
    second = scene.call(path, **POLICY, **again, exits=3)
    assert (second["attempts"], second["counts"]["rejected"]) == ({"2": 1}, 1)
    assert [len(calls) for calls in scene.dialled().values()] == [2, 1]


def test_a_column_of_the_list_is_said_where_it_has_the_name_of_the_attempt(campaign, people):
    scene = campaign(unanswered=1.0)
    rows = [(number(0), "Ann", "fifth")]
    path = people(rows=rows, header=("phone", "name", "Attempt"))
    scene.call(path, message="The {{ attempt }} one.", **POLICY)
    assert "so {{ attempt }} is what stands there" in scene.err
    assert [said for calls in scene.dialled().values() for _, said, _ in calls] == ["The fifth one."]


# -- what is typed


def options(**given):
    return BatchCallOptions(settings=None, typed=frozenset(), contacts="c.csv", **given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"again_after": "4h"}, "--again-after needs --attempts"),
        ({"again": "failure"}, "--again needs --attempts"),
        ({"first_message_again": "Hi"}, "--first-message-again needs --attempts"),
        ({"attempts": 3}, "--attempts 3 needs --again-after"),
        (
            {"attempts": 2, "again_after": "4h,1d", "again": "failure"},
            "--attempts 2 needs at most 1 time: one before each call after the first",
        ),
        ({"attempts": 3, "again_after": "4h"}, "--attempts 3 needs --again"),
        ({"attempts": 3, "again": "failure"}, "--attempts 3 needs --again-after"),
        (POLICY | {"again_after": "4"}, "'4' is not a time with a unit"),
        (POLICY | {"again_after": "4h,,1d"}, "'' is not a time with a unit"),
        (POLICY | {"again_after": "0h"}, "'0h' is not a time with a unit"),
        (POLICY | {"again_after": ""}, "is not a time with a unit"),
        (POLICY | {"again_after": "-4h"}, "is not a time with a unit"),
        (POLICY | {"again": "success"}, "nobody can be called again after 'success'"),
        (POLICY | {"again": "failure,unproven"}, "nobody can be called again after 'unproven'"),
        (POLICY | {"again": "failures"}, "nobody can be called again after 'failures'"),
        (POLICY | {"again": ","}, "nobody can be called again after"),
        ({"attempts": 1, "again": "success"}, "nobody can be called again after 'success'"),
    ],
)
def test_a_policy_that_cannot_be_read_is_an_error(given, words):
    with pytest.raises(UsageError) as caught:
        attempts_of(options(**given))
    assert words in caught.value.message
    assert caught.value.hint


def test_one_attempt_is_no_policy_and_the_same_policy_is_the_same_text():
    assert attempts_of(options()) is None
    assert attempts_of(options(attempts=1)) is None
    policy = attempts_of(options(attempts=3, again_after=" 240m , 24h", again="failure, no-conversation"))
    assert as_options(policy) == "--attempts 3 --again-after 4h,1d --again failure,no-conversation"
    assert policy == attempts_of(options(**POLICY))
    assert policy.again == {CallOutcome.FAILURE, CallOutcome.NO_CONVERSATION}


def test_mistakes_are_exit_2_and_call_nobody(cli, api, people):
    for argv in (
        ("--attempts", "0"),
        ("--attempts", "two"),
        ("--again-after", "4h"),
        (*FLAGS[:2], *FLAGS[4:]),
    ):
        cli("batch-call", people(1), *HELLO, *argv, "--yes", exits=2)
    assert cli.called == []


def test_a_reviewed_list_has_the_words_of_one_attempt(cli, api, people):
    cli("render", people(1), *HELLO, "--to", "review.csv")
    said = cli("batch-call", "review.csv", *FLAGS, "--yes", exits=2).err
    assert "--attempts can't change it" in said
    assert cli.called == []


def test_another_policy_in_mid_campaign_is_said_and_pinned(cli, api, people):
    path = people(2)
    cli("batch-call", path, *HELLO, "--limit", "1")
    said = cli("batch-call", path, *HELLO, *FLAGS).err
    assert "from now on, people are called again: --attempts 3" in said
    assert "--attempts" not in cli("batch-call", path, *HELLO, *FLAGS).err
    other = (*FLAGS[:3], "1h", *FLAGS[4:])
    assert (
        "people are now called again by --attempts 3 --again-after 1h"
        in cli("batch-call", path, *HELLO, *other).err
    )
    assert "this run has no --attempts" in cli("batch-call", path, *HELLO).err
    cli("batch-call", path, *HELLO, "--pin", exits=2)
    document = json.loads(cli("campaigns", "runs", "people", "--output", "json").out)
    assert [run["attempts"] is None for run in document["runs"]] == [True, False, False, False, True]


def age(ledger, *changes):
    """Let all calls be made years ago."""
    with contextlib.closing(sqlite3.connect(ledger)) as connection, connection:
        for column in ("submitted_at", "finished_at"):
            connection.execute(f"UPDATE batches SET {column} = '2020-01-01T00:00:00.000Z'")
        for change in changes:
            connection.execute(change)


ABSENT = ("--attempts", "3", "--again-after", "1h", "--again", "no-conversation")


def test_a_clock_that_is_hours_ahead_of_the_apis_proves_no_absence(served, cli, people, clock):
    served()
    clock.advance(hours=-3)
    path = people(6)
    cli("batch-call", path, *HELLO)
    age(cli.ledger)
    cli("campaigns", "outcomes", "people")
    assert cli.call(path, *HELLO, *ABSENT)["attempts"] == {}


def test_an_account_without_the_agent_proves_no_absence(served, cli, people):
    """The key of another account sees no conversation of this campaign."""
    served(unanswered=1.0)
    path = people(6)
    cli("batch-call", path, *HELLO)
    age(cli.ledger, "UPDATE runs SET agent_id = 'agent_of_another_account'")
    read = json.loads(cli("campaigns", "outcomes", "people", "--output", "json", exits=6).out)
    assert "has no agent agent_of_another_account" in read["reading"]["incomplete"]
    assert cli.call(path, *HELLO, *ABSENT)["attempts"] == {}
    age(cli.ledger, "UPDATE runs SET agent_id = 'agent_sandbox'")
    cli("campaigns", "outcomes", "people")
    assert cli.call(path, *HELLO, *ABSENT)["attempts"] == {"2": 6}


def test_a_run_with_a_mistyped_agent_does_not_end_the_attempts_of_the_others(served, cli, people):
    served(unanswered=1.0)
    path = people(6)
    cli("batch-call", path, *HELLO, "--agent-id", "agent_mistyped", exits=4)
    cli("batch-call", path, *HELLO)
    age(cli.ledger)
    cli("campaigns", "outcomes", "people")
    assert cli.call(path, *HELLO, *ABSENT)["attempts"] == {"2": 6}


# -- what is said of it later


def test_export_retry_list_outcomes_and_report_tell_the_attempts_apart(served, cli, people, clock):
    served(unanswered=0.6)
    path = people(12)
    cli("batch-call", path, *HELLO, "--attempts", "2", "--again-after", "0.001s", "--again", "failure")
    cli("campaigns", "outcomes", "people")
    second = cli.call(path, *HELLO, "--attempts", "2", "--again-after", "0.001s", "--again", "failure")
    again = second["attempts"]["2"]
    assert again > 0
    read = json.loads(cli("campaigns", "outcomes", "people", "--output", "json").out)
    assert read["attempts"] == {"1": 12, "2": again}
    assert read["calls"] == sum(read["outcomes"].values()) == 12

    exported = json.loads(cli("campaigns", "export", "people", "--output", "json").out)
    assert len(exported) == 12 + again
    by_person = defaultdict(list)
    for row in exported:
        by_person[row["key"]].append((row["attempt"], row["outcome"]))
    assert all([attempt for attempt, _ in calls] == [1, 2][: len(calls)] for calls in by_person.values())
    assert all(calls[0][1] == "failure" for calls in by_person.values() if len(calls) > 1)

    joined = list(csv.DictReader(io.StringIO(cli("campaigns", "export", "people", "--join", path).out)))
    assert [row["phone"] for row in joined] == [number(index) for index in range(12)]
    assert [int(row["attempt"]) for row in joined] == [by_person[row["phone"]][-1][0] for row in joined]
    assert [row["outcome"] for row in joined] == [by_person[row["phone"]][-1][1] for row in joined]

    cli("campaigns", "retry-list", "people", "--outcome", "failure", "--to", "again.csv")
    with Path("again.csv").open(encoding="utf-8-sig", newline="") as file:
        chosen = {row["phone"] for row in csv.DictReader(file)}
    assert chosen == {key for key, calls in by_person.items() if calls[-1][1] == "failure"}

    cli("campaigns", "export", "people", "--audit", "--to", "audit.jsonl")
    lines = [json.loads(line) for line in Path("audit.jsonl").read_text().splitlines()]
    assert sorted(line["attempt"] for line in lines if line["type"] == "call") == [1] * 12 + [2] * again
    assert all(line["attempts"].startswith("--attempts 2") for line in lines if line["type"] == "run")
    assert [line["again"] for line in lines if line["type"] == "batch"] == [0, again]

    shown = json.loads(cli("campaigns", "show", "people", "--output", "json").out)
    assert [batch["again"] for batch in shown["batches"]] == [0, again]
    assert f"{again} ({again} again)" in cli("campaigns", "show", "people").out

    cli("campaigns", "report", "people", "--to", "report.html")
    page = " ".join(Path("report.html").read_text().split())
    assert f"{12 + again}" in page
    assert "(attempt 2)" in page
