"""`xuna sandbox serve`."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tests.sandbox.conftest import Client
from tests.support.manual import table
from xuna_cli.commands.app import all_commands
from xuna_cli.sandbox.faults import ANY, any_fault

DOCUMENTED = {
    "agent_id": "agent_7101k5zvyjhmfg983brhmhkd98n6",
    "from_phone_number_id": "pn_xxxxxxxx",
    "calls": [
        {
            "to_phone_number": "+15559876543",
            "conversation_config_override": {
                "agent": {"first_message": "Hi, this is a follow-up call for John."}
            },
        },
        {
            "to_phone_number": "+15557654321",
            "conversation_config_override": {
                "agent": {"first_message": "Hi, this is a follow-up call for Maria."}
            },
        },
    ],
}


@contextmanager
def serving(*options):
    """Run the sandbox in its own process; yield it with the variables that it prints for export."""
    process = subprocess.Popen(
        [sys.executable, "-m", "xuna_cli", "sandbox", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.PIPE,
    )
    try:
        exports = [process.stdout.readline() for _ in range(5)]
        yield process, dict(re.findall(r"export (\w+)=(\S+)", "".join(exports)))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def standalone(tmp_path):
    with serving() as (process, exports):
        yield process, exports


def test_the_lines_that_serve_prints_are_all_that_a_run_needs(standalone, cli, monkeypatch, tmp_path):
    _, exports = standalone
    assert exports.keys() == {
        "XUNA_BASE_URL",
        "XUNA_AI_API_KEY",
        "XUNA_AGENT_ID",
        "XUNA_FROM_PHONE_NUMBER_ID",
        "XUNA_LEDGER",
    }
    for name, value in exports.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "people.csv"
    path.write_text("phone\n+15551234567\n")
    document = cli("batch-call", path, "--output", "json").document
    assert document["counts"]["accepted"] == 1
    assert document["ledger"]["path"] == exports["XUNA_LEDGER"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_the_documented_request_sent_with_curl_gets_the_documented_answer(standalone):
    _, exports = standalone
    url = exports["XUNA_BASE_URL"] + "/v1/convai/phone-numbers/batch-calls"
    headers = ["-H", "xi-api-key: sandbox", "-H", "Content-Type: application/json"]
    done = subprocess.run(
        ["curl", "-s", "--noproxy", "*", "-X", "POST", url, *headers, "-d", json.dumps(DOCUMENTED)],
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["batch_id"].startswith("batch_")
    assert answer["calls_initiated"] == 2


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_sandbox_quietly(standalone, signum):
    process, _ = standalone
    os.kill(process.pid, signum)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err


# ------------------------------------------------------------------------------ what it simulates


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "0% of calls unanswered, 0% of people opting out, no faults; seed 0"),
        (
            [
                "--unanswered=40%",
                "--opt-out=2.5%",
                "--fault=cut:1%",
                "--fault=rate-limit:5%",
                "--latency=200ms",
                "--seed=7",
            ],
            "40% of calls unanswered, 2.5% of people opting out, faults cut:1%, rate-limit:5%; seed 7; 200ms latency",
        ),
    ],
)
def test_it_says_what_it_simulates(options, told):
    with serving(*options) as (process, _):
        assert "calls nobody" in process.stderr.readline()
        assert process.stderr.readline() == f"xuna: The sandbox simulates {told}.\n"


@pytest.mark.slow
def test_its_clock_starts_at_a_given_time():
    with serving("--start-at", "2030-05-01T09:00-05:00") as (process, exports):
        process.stderr.readline()
        assert process.stderr.readline().endswith("seed 0; clock at 2030-05-01T09:00-05:00.\n")
        with Client(SimpleNamespace(base_url=exports["XUNA_BASE_URL"])) as client:
            assert client.get("/sandbox/clock").json()["iso"].startswith("2030-05-01T14:0")
            client.call(1)
            [record] = client.get("/v1/convai/conversations").json()["conversations"]
            started = datetime.fromtimestamp(record["metadata"]["start_time"], UTC)
            assert started.isoformat().startswith("2030-05-01T14:0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--start-at", "tomorrow"], "--start-at: 'tomorrow' is not a valid time"),
        (["--start-at", "2026-12-01T09:00"], "--start-at: '2026-12-01T09:00' has no UTC offset"),
        (["--unanswered", "40"], "--unanswered: invalid share '40'"),
        (["--unanswered", "-1%"], "--unanswered: invalid share '-1%'"),
        (["--opt-out", "101%"], "--opt-out: invalid share '101%'"),
        (["--opt-out", ""], "--opt-out: the value is empty"),
        (["--fault", "cut"], "--fault: invalid fault 'cut'"),
        (["--fault", "cat:1%"], "--fault: invalid fault 'cat:1%'"),
        (["--fault", "cut:1"], "--fault cut: invalid share '1'"),
        (["--fault", "cut:1%", "--fault", "CUT:2%"], "--fault: cut is given twice"),
        (["--latency", "200"], "--latency: invalid latency '200'"),
        (["--latency", "1h"], "--latency: invalid latency '1h'"),
        (["--seed", "x"], "--seed: 'x' is not a whole number"),
    ],
)
def test_a_value_that_means_nothing_is_an_error_that_names_the_option(cli, options, message):
    assert message in cli("sandbox", "serve", "--port", "0", *options, exits=2).err


def test_every_kind_of_fault_is_in_the_help_and_in_the_manual():
    [option] = [one for one in all_commands()["sandbox serve"].params if one.name == "fault"]
    assert set(ANY) == set(re.findall(r"[a-z-]+", option.help.split("Kinds: ")[1].split(" is for")[0]))
    assert {cells[0].strip("`") for cells in table("sandbox", "kind")} == set(ANY)


@pytest.mark.parametrize(
    ("kind", "exits", "counts", "requests"),
    [
        ("cut", 7, {"held": 2, "not_sent": 2}, 1),
        ("garbage", 7, {"held": 2, "not_sent": 2}, 1),
        ("answer", 7, {"held": 2, "not_sent": 2}, 1),
        ("short", 7, {"accepted": 2, "held": 2}, 2),
        pytest.param("rate-limit", 0, {"accepted": 4}, 3, marks=pytest.mark.slow),
        ("max-batch", 0, {"accepted": 4}, 4),
        ("refuse", 3, {"accepted": 3, "rejected": 1}, 3),
    ],
)
def test_a_run_meets_each_kind_of_fault_as_the_manual_says(cli, api, people, kind, exits, counts, requests):
    api.faults.add(replace(any_fault(kind, 1.0), times=1))
    options = ["--batch-size", "2", "--concurrency", "1", "--output", "json"]
    ran = cli("batch-call", people(4), *options, exits=exits)
    assert ran.counts == counts | {"rows": 4}
    assert [request.method for request in api.state.requests()].count("POST") == requests


def test_pages_makes_the_reading_of_outcomes_incomplete(cli, api, people):
    api.faults.add(any_fault("pages", 1.0))
    cli("batch-call", people(4))
    assert "incomplete" in cli("campaigns", "outcomes", "people", exits=6).out


@pytest.mark.slow
def test_every_request_waits_for_the_latency():
    with serving("--latency", "300ms") as (_, exports):
        url = exports["XUNA_BASE_URL"]
        with Client(SimpleNamespace(base_url=url)) as client:
            for path in ("agents", "phone-numbers", "conversations"):
                assert client.get(f"/v1/convai/{path}").elapsed.total_seconds() >= 0.3
            assert client.call().elapsed.total_seconds() >= 0.3


@pytest.mark.slow
def test_a_rehearsal_goes_the_same_way_each_time(cli, monkeypatch, people):
    """The rehearsal of `xuna help sandbox`, in two sandboxes with the same seed, and in one with another seed."""
    path = people(40)
    ends = [
        rehearse(cli, monkeypatch, path, f"rehearsal {turn}", seed) for turn, seed in enumerate((3, 3, 4))
    ]
    assert ends[0] == ends[1] != ends[2]
    held, answers = ends[0]
    assert 0 < len(held) < 40
    assert len(answers) == 40
    outcomes = [outcome for outcome, *_ in answers.values()]
    assert 8 <= outcomes.count("no-conversation") <= 24
    said = [json.loads(collected)["opt_out"] for *_, collected in answers.values() if collected]
    assert len(said) == 40 - outcomes.count("no-conversation")
    assert 0 < said.count(True) < len(said) / 2


def rehearse(cli, monkeypatch, path, campaign, seed):
    """Call everybody; return who was held, and the outcome of each person."""

    def calls():
        return list(csv.DictReader(cli("campaigns", "export", campaign).out.splitlines()))

    options = ["--unanswered", "40%", "--opt-out", "20%", "--fault", "cut:20%", "--fault", "rate-limit:10%"]
    with serving(*options, "--seed", str(seed)) as (_, exports):
        for name, value in exports.items():
            monkeypatch.setenv(name, value)
        sending = ["--campaign", campaign, "--batch-size", "2", "--max-unknown", "50"]
        cli("batch-call", path, *sending, exits=7)
        cli("campaigns", "outcomes", campaign)
        answers = {
            call["to_phone_number"]: (call["outcome"], call["evaluation"], call["collected_data"])
            for call in calls()
        }
        return sorted(call["to_phone_number"] for call in calls() if call["state"] == "unknown"), answers
