"""Disturbances from outside: a run is stopped, its ledger disappears, the disk is full, the clock jumps."""

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from tests.faults.harness import Rig, numbers
from tests.support.processes import open_files
from tests.support.sandbox_process import SandboxProcess
from tests.support.scripted import ACCOUNT, ScriptedServer, answer, slow_answer
from tests.support.waiting import wait_until
from xuna_cli.ledger.engines.sqlite import PAGE_SIZE


def posts(server):
    return sum(request.method == "POST" for request in server.requests)


def sent(sandbox):
    return [request for request in sandbox.requests() if request["method"] == "POST"]


# ------------------------------------------------------------------------------ stopped in the middle


def test_a_run_that_is_stopped_in_the_middle_of_a_post_and_goes_on_after_another(rig, sandbox):
    stopped = rig.start_calling("--concurrency", 1, plan={"point": "post:request-written", "action": "stop"})
    stopped.wait_until_stopped()
    other = rig.call(exits=3)
    assert other.document["counts"]["in_flight"] > 0  # as far as anybody can tell, it is alive
    stopped.kill(signal.SIGCONT)
    late = rig.took(stopped.finish(), exits=3)
    assert late.document["counts"]["held"] == 0
    rig.call(exits=3)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert (verdict.dialled, verdict.held) == (12, 0)


def test_a_run_whose_lock_is_gone_learns_that_it_was_taken_for_dead(rig, sandbox):
    """Somebody deletes the lock files: the other run takes over, and the late outcome still counts."""
    stopped = rig.start_calling("--concurrency", 1, plan={"point": "post:request-written", "action": "stop"})
    stopped.wait_until_stopped()
    shutil.rmtree(rig.ledger.with_name("ledger.db.runs"))
    rig.call(exits=7)
    stopped.kill(signal.SIGCONT)
    late = rig.took(stopped.finish())
    assert late.document["counts"]["accepted"] == 3
    rig.call(exits=3)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert (verdict.dialled, verdict.held) == (12, 0)


# ------------------------------------------------------------------------------------- the disk


@pytest.fixture
def small_disk(tmp_path):
    """A separate disk that can be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(1024)):
            pass


def test_a_full_disk_before_the_post_sends_nothing(sandbox, tmp_path, small_disk):
    rig = Rig(tmp_path, sandbox.base_url, numbers(12), XUNA_LEDGER=str(small_disk / "ledger.db"))
    rig.call(exits=0)
    also = Rig(
        tmp_path, sandbox.base_url, numbers(12, 15559880000), XUNA_LEDGER=str(small_disk / "ledger.db")
    )
    before = len(sent(sandbox))
    fill(small_disk)
    full = also.call("--campaign", "second", exits=4)
    assert "the disk is full" in full.err
    assert len(sent(sandbox)) == before
    (small_disk / "filler").unlink()
    assert also.call("--campaign", "second", exits=0).document["counts"]["accepted"] == 12
    assert not [who for who, times in sandbox.recorded_counts().items() if times > 1]


@pytest.mark.parametrize("limit", ["claim", "submit"])
def test_a_file_that_may_not_grow_sends_nothing(sandbox, tmp_path, limit):
    """RLIMIT_FSIZE has the effect of a full disk, for users other than root."""
    rig = Rig(tmp_path, sandbox.base_url, numbers(4_000))
    rig.xuna(*rig.call_argv("--limit", 3))
    size = rig.ledger.stat().st_size
    most = size if limit == "claim" else size + PAGE_SIZE

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    before = len(sent(sandbox))
    done = rig.call("--batch-size", 1_000, preexec_fn=limited, exits=4)
    assert len(sent(sandbox)) == before
    assert done.document["counts"]["not_sent"] > 0
    rig.call("--batch-size", 1_000, exits=0)
    assert not rig.judge(sandbox.record).guilty


def test_a_disk_that_fills_during_the_post_has_the_outcome_on_stderr(tmp_path, small_disk):
    ledger = small_disk / "ledger.db"
    answers = [*ACCOUNT, slow_answer(1.5, 200, {"batch_id": "batch_remember_me", "calls_initiated": 3})]
    with ScriptedServer(answers, unused=False) as server:
        rig = Rig(tmp_path, server.base_url, numbers(3), XUNA_LEDGER=str(ledger))
        running = rig.start_calling("--concurrency", 1)
        wait_until(lambda: posts(server) == 1, "no POST")
        fill(small_disk)
        done = rig.took(running.finish(), exits=7)
    for told in ("batch_remember_me", "3 of 3", "batch 1 ", "--placed"):
        assert told in done.err
    assert done.document["counts"]["held"] == 3
    (small_disk / "filler").unlink()
    again = rig.call(exits=7)  # it continues with the others, but there are none
    assert again.document["counts"]["held"] == 3
    shown = rig.xuna("campaigns", "resolve", "people", "1", "--placed")
    assert shown.code == 2  # the POST is younger than its deadline
    assert "may still be in progress" in shown.err


# ----------------------------------------------------------------------------- the ledger disappears


def during_the_post(tmp_path, harm, *, seconds=0.7, people=3, argv=()):
    """Do something to the ledger while the only POST is in progress; return the rig and the run's output."""
    answers = [*ACCOUNT, slow_answer(seconds, 200, {"batch_id": "batch_remember_me", "calls_initiated": 3})]
    with ScriptedServer(answers, unused=False) as server:
        rig = Rig(tmp_path, server.base_url, numbers(people))
        running = rig.start_calling("--concurrency", 1, *argv)
        wait_until(lambda: posts(server) == 1, "no POST")
        harm(rig.ledger)
        done = rig.took(running.finish())
    assert posts(server) == 1
    return rig, done


def replace(ledger):
    copy = ledger.with_name("copy.db")
    shutil.copy(ledger, copy)
    copy.replace(ledger)


@pytest.mark.parametrize(
    "harm",
    [lambda ledger: ledger.unlink(), replace, lambda ledger: ledger.rename(ledger.with_name("moved.db"))],
    ids=["deleted", "replaced", "moved"],
)
def test_a_ledger_that_is_taken_away_stops_the_run_and_the_outcome_is_said(tmp_path, harm):
    _, done = during_the_post(tmp_path, harm, people=6)
    assert done.code == 7, done
    for told in ("batch_remember_me", "3 of 3", "batch 1 ", "moved, replaced, emptied or deleted"):
        assert told in done.err
    counts = done.document["counts"]
    assert (counts["held"], counts["not_sent"], counts["rows"]) == (3, 3, 6)


def test_an_outcome_that_is_not_recorded_weighs_more_than_why(tmp_path):
    """The error keeps one sender from sending (4) while another has a request in progress (7)."""
    answers = [
        *ACCOUNT,
        slow_answer(1.0, 200, {"batch_id": "batch_slow", "calls_initiated": 3}),
        answer(200, {"batch_id": "batch_fast", "calls_initiated": 3}),
    ]
    with ScriptedServer(answers, unused=False) as server:
        rig = Rig(tmp_path, server.base_url, numbers(9))
        plan = {"point": "submit:before", "nth": 3, "action": "rival", "command": ["rm", str(rig.ledger)]}
        done = rig.call("--concurrency", 2, plan=plan, exits=7)
    assert {error["code"] for error in done.document["errors"]} == {"outcome-unrecorded", "ledger-replaced"}
    counts = done.document["counts"]
    assert (counts["accepted"], counts["held"], counts["not_sent"]) == (3, 3, 3)


def test_a_ledger_that_is_taken_away_before_the_post_sends_nothing(rig, sandbox):
    stopped = rig.start_calling("--concurrency", 1, plan={"point": "submit:before", "action": "stop"})
    stopped.wait_until_stopped()
    rig.ledger.unlink()
    stopped.kill(signal.SIGCONT)
    rig.took(stopped.finish(), exits=4)
    assert sent(sandbox) == []


def test_a_ledger_that_is_locked_for_a_while_is_waited_for(rig, sandbox):
    rig.call("--limit", 1)
    lock = sqlite3.connect(rig.ledger, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    running = rig.start_calling()
    wait_until(lambda: str(rig.ledger) in open_files(running.pid), "it was not opened")
    time.sleep(0.5)  # it still waits
    assert running.process.poll() is None
    lock.execute("ROLLBACK")
    lock.close()
    rig.took(running.finish(), exits=3)
    assert not rig.judge(sandbox.record).guilty


def test_a_ledger_that_stays_locked_sends_nothing_more_and_says_so(rig, sandbox):
    rig.call("--limit", 1)
    before = len(sent(sandbox))
    with contextlib.closing(sqlite3.connect(rig.ledger, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        done = rig.xuna(*rig.call_argv(), plan={"busy_timeout": 0.3})
    assert done.code == 4
    assert "is locked by another program" in done.err
    assert len(sent(sandbox)) == before


# ------------------------------------------------------------------------------- not a ledger


def unwritable(ledger):
    ledger.chmod(0o400)
    ledger.parent.chmod(0o500)


DAMAGE = {
    "empty": lambda ledger: ledger.write_bytes(b""),
    "text": lambda ledger: ledger.write_text("this was a ledger once, and now it is text " * 50),
    "zeros": lambda ledger: ledger.write_bytes(bytes(ledger.stat().st_size)),
    "header-gone": lambda ledger: overwrite(ledger, 0, bytes(16)),
    "half": lambda ledger: os.truncate(ledger, ledger.stat().st_size // 2 // 4096 * 4096),
    "first-page-alone": lambda ledger: os.truncate(ledger, 4096),
    "cut-inside-a-page": lambda ledger: os.truncate(ledger, ledger.stat().st_size - 1000),
    "pages-zeroed": lambda ledger: overwrite(ledger, 4096, bytes(ledger.stat().st_size - 4096)),
    "pages-garbled": lambda ledger: overwrite(ledger, 4096, bytes(range(256)) * ((ledger.stat().st_size - 4096) // 256)),
    "a-folder": lambda ledger: (ledger.unlink(), ledger.mkdir()),
    "another-database": lambda ledger: (ledger.unlink(), sqlite3.connect(ledger).execute("CREATE TABLE t (x)").connection.commit()),
}  # fmt: skip


def overwrite(path, at, data):
    with path.open("r+b") as stream:
        stream.seek(at)
        stream.write(data)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_ledger_is_an_error_and_never_a_new_one(rig, sandbox, damage):
    rig.call(exits=3)
    before = len(sent(sandbox))
    damage(rig.ledger)
    damaged = rig.ledger.read_bytes() if rig.ledger.is_file() else None
    for command in (rig.call_argv(), ("campaigns", "list")):
        done = rig.xuna(*command)
        assert done.code == 4, done
        assert str(rig.ledger) in done.err
        assert "Traceback" not in done.err
    assert len(sent(sandbox)) == before
    assert damaged is None or rig.ledger.read_bytes() == damaged


def test_a_ledger_of_a_newer_version_is_refused(rig, sandbox):
    rig.call(exits=3)
    with contextlib.closing(sqlite3.connect(rig.ledger)) as connection, connection:
        connection.execute("UPDATE ledger_info SET value = '999' WHERE name = 'schema_version'")
    before = len(sent(sandbox))
    done = rig.xuna(*rig.call_argv())
    assert done.code == 4
    assert "newer xuna" in done.err
    assert len(sent(sandbox)) == before


@contextlib.contextmanager
def read_only(folder):
    """Remove the permission to write; for root this needs a read-only disk."""
    if os.getuid() == 0:
        remount = ["mount", "-o", "remount,{}", folder]
        subprocess.run(
            [part.format("ro") if "remount" in str(part) else part for part in remount], check=True
        )
        yield
        subprocess.run(
            [part.format("rw") if "remount" in str(part) else part for part in remount], check=True
        )
    else:
        folder.chmod(0o500)
        (folder / "ledger.db").chmod(0o400)
        yield
        folder.chmod(0o700)


def test_a_ledger_that_may_not_be_written_sends_nothing(sandbox, tmp_path, request):
    folder = request.getfixturevalue("small_disk") if os.getuid() == 0 else tmp_path / "disk"
    folder.mkdir(exist_ok=True)
    rig = Rig(tmp_path, sandbox.base_url, numbers(12), XUNA_LEDGER=str(folder / "ledger.db"))
    rig.call("--limit", 1, exits=0)
    with read_only(folder):
        done = rig.xuna(*rig.call_argv())
    assert done.code == 4, done
    assert "can't be" in done.err
    assert len(sent(sandbox)) == 1
    rig.call(exits=0)
    assert not rig.judge(sandbox.record).guilty


# ----------------------------------------------------------------------------------------- the clock


@pytest.mark.parametrize("jump", [-10_000_000, 10_000_000, -3600, 3600])
def test_a_clock_that_jumps_in_the_middle_of_a_run_changes_nothing(rig, sandbox, jump):
    rig.call(plan={"jump": jump}, exits=3)
    rig.call(plan={"jump": -jump}, exits=3)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty
    assert verdict.dialled == 12


def test_a_batch_that_was_sent_in_the_future_can_be_resolved(rig, sandbox):
    """The clock was a year ahead when the batch was sent, and was corrected since."""
    sandbox.add_fault("cut", times=1, taken=False)
    held = rig.call("--concurrency", 1, plan={"jump": 365 * 86400}, exits=7).document["held_batches"]
    done = rig.xuna("campaigns", "resolve", "people", held[0]["id"], "--not-placed")
    assert done.code == 0, done
    rig.call(exits=3)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty
    assert verdict.dialled == 12


# ---------------------------------------------------------------------------------------- the server


def test_a_server_that_dies_and_comes_back(tmp_path):
    with SandboxProcess(tmp_path / "dialled.jsonl") as sandbox:
        sandbox.add_fault("latency", seconds=0.1)
        rig = Rig(tmp_path, sandbox.base_url, numbers(40))
        running = rig.start_calling("--concurrency", 2, plan={"backoff": 0.2})
        wait_until(lambda: len(sandbox.recorded()) >= 6, "nothing was dialled")
        sandbox.kill()
        time.sleep(0.3)
        sandbox.start()
        rig.took(running.finish())
        rig.call()
        verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert verdict.held <= 2 * 3
