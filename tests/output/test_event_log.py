"""The event log has complete lines, even with several writers, and never ends a run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.builders import description
from tests.support.clock import FakeClock
from tests.support.sandbox_process import ROOT
from xuna_cli.dialing.context import Plan
from xuna_cli.dialing.observer import Observers, RunObserver
from xuna_cli.dialing.report import Pause
from xuna_cli.errors import InputError
from xuna_cli.ledger.records import BatchRecord, BatchState, Run
from xuna_cli.models import CallTarget, Contact, Reason, Rejection
from xuna_cli.output.event_log import EventLog

ANN = CallTarget(2, "+12125550101", "+12125550101", '{"agent": {"first_message": "Hi Ann"}}')
ACCEPTED = BatchRecord(5, 1, None, BatchState.ACCEPTED, 1, "batch_7", 1, 200, error="words of +12125550101")


@pytest.fixture
def failures():
    return []


@pytest.fixture
def opened(tmp_path, failures):
    """Open the test's log, also several times."""
    clock = FakeClock()
    logs = []

    def open_log(path=tmp_path / "events.jsonl"):
        logs.append(EventLog(path, failures.append, clock.now))
        return logs[-1]

    yield open_log
    for log in logs:
        log.close()


def lines(tmp_path):
    return [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]


def test_every_event_is_a_line_without_names_and_words(opened, tmp_path):
    log = opened()
    log.started(Run(7, 3, "spring"), description(), Plan("agent_1", "pn_1"), ledger="/l.db")
    log.rejection(Rejection(9, "phone-empty", "Ann's phone", "Ann said no", Contact(9, {"name": "Ann"})))
    log.deferral(
        ANN, Reason("outside-hours", "deferred", "07:12 in …", "", ("Europe/Rome",), FakeClock().now())
    )
    log.batch(ACCEPTED)
    log.outcome(ACCEPTED, [ANN])
    log.pause(Pause("rate-limited", "rate limited by the API", 7.25))
    log.ended(
        {
            "exit_code": 3,
            "status": "partial",
            "counts": {"rows": 2},
            "errors": [{"code": "x", "message": "Ann"}],
        },
        campaign="other",
        seconds=1.23456,
    )
    found = lines(tmp_path)
    assert [one["event"] for one in found] == [
        "run", "rejection", "deferral", "batch", "outcome", "pause", "end",
    ]  # fmt: skip
    assert all(
        (one["v"], one["at"], one["run"], one["campaign"]) == (1, "2026-03-01T12:00:00.000Z", "7", "spring")
        for one in found
    )
    assert found[1] | {"row": 9, "code": "phone-empty"} == found[1]
    assert (found[2]["number"], found[2]["opens_at"]) == ("+1212•••0101", "2026-03-01T12:00:00.000Z")
    assert (found[4]["row"], found[4]["number"], found[4]["state"]) == (2, "+1212•••0101", "accepted")
    assert (found[5]["reason"], found[5]["seconds"]) == ("rate limited by the API", 7.2)
    assert (found[6]["exit_code"], found[6]["errors"], found[6]["seconds"]) == (3, ["x"], 1.235)
    text = (tmp_path / "events.jsonl").read_text()
    assert not re.search("Ann|words|12125550101", text)
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o777 == 0o600


def test_an_end_before_the_run_began_has_the_campaign_that_was_meant(opened, tmp_path):
    opened().ended({"exit_code": 5, "status": "error"}, campaign="spring", seconds=0.0)
    [end] = lines(tmp_path)
    assert (end["run"], end["campaign"], end["counts"], end["errors"]) == (None, "spring", None, [])


def test_a_line_that_somebody_was_killed_in_is_ended_first(opened, tmp_path):
    (tmp_path / "events.jsonl").write_text('{"v":1,"ev')
    opened().batch(ACCEPTED)
    torn, whole = (tmp_path / "events.jsonl").read_text().splitlines()
    assert torn == '{"v":1,"ev'
    assert json.loads(whole)["event"] == "batch"


WRITER = """
import sys
from pathlib import Path
from xuna_cli.models import Rejection
from xuna_cli.output.event_log import EventLog

log = EventLog(Path(sys.argv[1]), sys.exit)
for row in range(3000):
    log.rejection(Rejection(row, sys.argv[2] * 40, "", ""))
"""


def test_the_lines_of_two_runs_at_once_are_whole(tmp_path):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "events.jsonl"), letter],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for letter in "abc"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    found = lines(tmp_path)
    assert len(found) == 9000
    for letter in "abc":
        assert [one["row"] for one in found if one["code"] == letter * 40] == list(range(3000))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_full_disk_is_said_once_and_is_not_the_end(opened, failures):
    log = opened(Path("/dev/full"))
    for _ in range(3):
        log.batch(ACCEPTED)
    [words] = failures
    assert words == "/dev/full can't be written any more (the disk is full); the run continues without it"


@pytest.mark.parametrize("path", ["missing/events.jsonl", "."])
def test_a_file_that_cannot_be_opened_is_an_error(opened, tmp_path, path):
    with pytest.raises(InputError, match="can't be written"):
        opened(tmp_path / path)


def test_a_pipe_that_nobody_reads_is_an_error_and_a_full_one_is_said(opened, tmp_path, failures):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="that no program reads"):
        opened(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log = opened(pipe)
    while not failures:  # nobody waits for whoever reads slowly
        log.batch(ACCEPTED)
    assert b"\n" in os.read(reader, 100_000)
    log.batch(ACCEPTED)
    assert len(failures) == 1
    os.close(reader)


def test_observers_pass_on_all_that_an_observer_is_told():
    told = []

    def noting(name, who):
        return lambda _self, *args: told.append((who, name, args))

    names = [name for name in vars(RunObserver) if not name.startswith("_")]
    both = [type("Noting", (RunObserver,), {name: noting(name, who) for name in names})() for who in (0, 1)]
    for observers in (
        Observers(*both),
        Observers(RunObserver(), both[0]),
        Observers(RunObserver(), Observers(both[0])),
        Observers(RunObserver()),
        Observers(),
    ):
        for name in names:
            getattr(observers, name)("a", name)
    first = [(who, name, ("a", name)) for name in names for who in (0, 1)]
    assert told == [*first, *(2 * [each for each in first if each[0] == 0])]
