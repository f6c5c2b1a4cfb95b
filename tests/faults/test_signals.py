"""SIGINT, SIGTERM and SIGHUP, once and twice, at several points of a run."""

import signal
import time

import pytest

from tests.faults.harness import Rig, numbers
from tests.support.scripted import ACCOUNT, ScriptedServer, answer, silence
from tests.support.waiting import wait_until

ONCE = [
    ("start_run:before", 0),
    ("start_run:after-commit", 0),
    ("claim:before-commit", 0),
    ("claim:after-commit", 0),
    ("submit:before", 0),
    ("submit:after-commit", 0),
    ("post:before-first-byte", 0),
    ("post:request-written", 3),
    ("post:answer-begun", 3),
    ("record:before-commit", 3),
    ("record:after-commit", 3),
]


@pytest.mark.parametrize(
    ("point", "least", "signum"),
    [(*row, signal.SIGINT) for row in ONCE]
    + [
        (*ONCE[5], signal.SIGTERM),
        (*ONCE[7], signal.SIGTERM),
        (*ONCE[5], signal.SIGHUP),
        (*ONCE[7], signal.SIGHUP),
    ],
)
def test_the_first_signal_lets_finish_what_is_on_the_wire_and_reports(rig, sandbox, point, least, signum):
    sandbox.add_fault("latency", seconds=0.1)
    done = rig.call("--concurrency", 1, plan={"point": point, "action": signum.name}, exits=128 + signum)
    assert done.reached == point
    document = done.document
    assert document["exit_code"] == 128 + signum
    assert document["counts"]["held"] == 0
    assert document["counts"]["accepted"] >= least
    assert document["counts"]["accepted"] <= 6
    assert {row["state"] for row in rig.export()} <= {"accepted"}  # claims that were not sent are freed
    rig.call(exits=3)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert (verdict.dialled, verdict.held) == (12, 0)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_run_leaves_nothing(rig, sandbox, signum):
    done = rig.xuna(*rig.call_argv(), plan={"point": "get", "action": signum.name})
    assert done.code == 128 + signum
    assert "Traceback" not in done.err
    assert [request for request in sandbox.requests() if request["method"] == "POST"] == []
    rig.call(exits=3)
    assert not rig.judge(sandbox.record).guilty


@pytest.mark.parametrize(
    "command", [("batch-call", "people.csv", "--dry-run"), ("--version",)], ids=["dry-run", "version"]
)
@pytest.mark.parametrize(("point", "code"), [("install:after", 128 + signal.SIGINT), ("exit", 0)])
def test_a_signal_at_the_edges_of_the_program_is_quiet(rig, command, point, code):
    done = rig.xuna(*command, plan={"point": point, "action": "SIGINT"})
    assert (done.reached, done.code) == (point, code if command == ("--version",) or code else 3), done
    assert "Traceback" not in done.err
    assert "Interrupted" not in done.err


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("busy", [429, 503])
def test_a_pause_ends_with_the_signal(tmp_path, signum, busy):
    with ScriptedServer([*ACCOUNT, answer(busy, b"", {"Retry-After": "300"})]) as server:
        rig = Rig(tmp_path, server.base_url, numbers(3))
        running = rig.start_calling()
        wait_until(lambda: len(server.requests) == 3, "no POST")
        time.sleep(0.2)
        running.kill(signum)
        done = rig.took(running.finish(), exits=128 + signum)
    assert done.document["counts"]["not_sent"] == 3
    assert rig.export() == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_second_signal_leaves_at_once_and_the_next_run_finds_it(tmp_path, signum):
    with ScriptedServer(
        [*ACCOUNT, silence(), *ACCOUNT, answer(200, {"batch_id": "b", "calls_initiated": 3})], unused=False
    ) as server:
        rig = Rig(tmp_path, server.base_url, numbers(6))
        errors = tmp_path / "stderr"
        with errors.open("w") as stderr:
            running = rig.start_calling("--concurrency", 1, stderr=stderr)
        wait_until(lambda: len(server.requests) == 3, "no POST")
        running.kill(signum)
        wait_until(lambda: "Stopping" in errors.read_text(), "the first signal did not come")
        assert running.process.poll() is None
        running.kill(signum)
        assert running.finish().code == 128 + signum
        assert "Traceback" not in errors.read_text()
        again = rig.call("--concurrency", 1, exits=7)
    assert (again.document["counts"]["held"], again.document["counts"]["accepted"]) == (3, 3)


def test_a_signal_that_was_ignored_at_the_start_stays_ignored(rig, sandbox):
    """Under nohup, SIGHUP is ignored."""

    def nohup():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    rig.call(plan={"point": "submit:before", "action": "SIGHUP"}, preexec_fn=nohup, exits=3)
    assert rig.judge(sandbox.record).dialled == 12


@pytest.mark.parametrize("stderr", ["closed", "broken", "full"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_with_nobody_to_read_stderr(sandbox, tmp_path, stderr, times):
    import os

    sandbox.add_fault("latency", seconds=1.0)
    rig = Rig(tmp_path, sandbox.base_url, numbers(6))
    reading, writing = os.pipe()
    os.close(reading)
    where = {"closed": None, "broken": writing, "full": os.open("/dev/full", os.O_WRONLY)}[stderr]
    running = rig.start_calling(
        "--concurrency", 1, stderr=where, preexec_fn=(lambda: os.close(2)) if where is None else None
    )
    os.close(writing)
    wait_until(lambda: any(seen["method"] == "POST" for seen in sandbox.requests()), "no POST")
    for _ in range(times):
        running.kill(signal.SIGINT)
        time.sleep(0.1)
    out, _ = running.process.communicate(timeout=60)
    assert running.process.returncode == 130
    if times == 1:
        assert '"accepted": 3' in out
    again = rig.call(exits=0 if times == 1 else 7)
    assert again.document["counts"]["held"] == (0 if times == 1 else 3)
    assert not rig.judge(sandbox.record).guilty


@pytest.mark.parametrize("point", ["end_run:after", "emit:before", "emit:after"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_very_end_takes_neither_the_result_nor_its_exit_code(rig, sandbox, point, signum):
    done = rig.call(plan={"point": point, "action": signum.name})
    assert done.reached == point
    assert done.document["exit_code"] == done.code
    assert done.document["counts"]["accepted"] == 12
