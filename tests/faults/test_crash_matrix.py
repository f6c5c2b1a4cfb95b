"""SIGKILL at every named point, then the same command again: nobody is called twice, nobody is lost."""

import json
import re
import shutil
import signal

import pytest

from tests.faults.harness import numbers

CONCURRENCY, SIZE = 2, 3
ARGV = ("--concurrency", CONCURRENCY)

# Faults that make a run pass the point.
LIMITED = {"kind": "rate_limit", "posts": 0, "retry_after": 0, "times": 1}
PICKY = {"kind": "refuse", "numbers": [numbers(12)[4]]}
VAGUE = PICKY | {"loc": False}
# While the first POST waits, all other batches are claimed, so that the next connections are opened ahead.
SLOW = {"kind": "latency", "seconds": 1.0, "times": 1}

# Point, passing, faults, and whether the POST may have been sent, so that its people are held.
MAY_BE_SENT = True
POINTS = [
    ("create:before", 1, (), False),
    ("create:after", 1, (), False),
    ("migrate:before-commit", 1, (), False),
    ("migrate:after-commit", 1, (), False),
    ("acquire_lock:after", 1, (), False),
    ("start_run:before-commit", 1, (), False),
    ("start_run:after-commit", 1, (), False),
    ("claim:before-commit", 1, (), False),
    ("claim:after-commit", 1, (), False),
    ("submit:before-commit", 1, (), False),
    ("submit:before-commit", 3, (), MAY_BE_SENT),
    ("submit:after-commit", 1, (), MAY_BE_SENT),
    ("submit:after-commit", 3, (), MAY_BE_SENT),
    ("post:before-connecting", 1, (), MAY_BE_SENT),
    ("ahead:before-connecting", 1, (SLOW,), MAY_BE_SENT),
    ("ahead:connected", 2, (SLOW,), MAY_BE_SENT),
    ("ahead:taken", 2, (SLOW,), False),
    ("submit:committed", 2, (), MAY_BE_SENT),
    ("post:before-first-byte", 2, (), MAY_BE_SENT),
    ("post:headers-written", 2, (), MAY_BE_SENT),
    ("post:request-written", 1, (), MAY_BE_SENT),
    ("post:request-written", 4, (), MAY_BE_SENT),
    ("post:request-written", 3, (PICKY,), MAY_BE_SENT),  # of a split's child
    ("post:request-written", 4, (VAGUE,), MAY_BE_SENT),  # of a child's child
    ("post:answer-begun", 1, (), MAY_BE_SENT),
    ("post:answer-read", 2, (), MAY_BE_SENT),
    ("post:done", 3, (), MAY_BE_SENT),
    ("record:before-commit", 1, (), MAY_BE_SENT),
    ("record:before-commit", 4, (), MAY_BE_SENT),
    ("record:after-commit", 1, (), MAY_BE_SENT),
    ("record:after-commit", 4, (), False),
    ("back_to_claimed:before-commit", 1, (LIMITED,), MAY_BE_SENT),
    ("back_to_claimed:after-commit", 1, (LIMITED,), MAY_BE_SENT),
    ("split:before-commit", 1, (PICKY,), MAY_BE_SENT),
    ("split:after-commit", 1, (PICKY,), MAY_BE_SENT),
    ("split:after-commit", 2, (VAGUE,), MAY_BE_SENT),
    ("end_run:before-commit", 1, (), False),
    ("end_run:after-commit", 1, (), False),
    ("release_lock:after", 1, (), False),
    ("file:half-written", 1, (), False),
    ("rename:before", 1, (), False),
    ("rename:after", 1, (), False),
    ("emit:before", 1, (), False),
]


@pytest.mark.parametrize(
    ("point", "nth", "faults", "on_the_wire"),
    POINTS,
    ids=[
        f"{point}-{nth}" + ("-split" if PICKY in faults or VAGUE in faults else "")
        for point, nth, faults, _ in POINTS
    ],
)
def test_killed_at_a_named_point_and_run_again(rig, sandbox, point, nth, faults, on_the_wire):
    for fault in faults:
        sandbox.add_fault(**fault)
    rejects = rig.folder / "rejects.csv"
    # Senders share commits. With only one sender, it is certain that a specific commit happens.
    alone = point.startswith("ahead") or (nth > 1 and (faults or point.startswith(("submit", "record"))))
    senders = ("--concurrency", 1) if alone else ARGV
    killed = rig.call(*senders, "--rejects", rejects, plan={"point": point, "nth": nth})
    assert (killed.code, killed.reached) == (-signal.SIGKILL, point), killed
    again = rig.call(*ARGV, "--rejects", rejects)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert verdict.held <= (CONCURRENCY * SIZE if on_the_wire else 0)
    assert again.code == (7 if verdict.held else 3), again
    assert [path.name for path in rig.folder.glob("rejects*")] == ["rejects.csv"]
    assert rejects.read_text().count("phone-letters") == 1


@pytest.mark.parametrize(
    "point", ["recover:before", "recover:before-commit", "recover:after-commit", "recover:after"]
)
def test_killed_while_clearing_up_after_a_dead_run(rig, sandbox, point):
    first = rig.call(*ARGV, plan={"point": "post:request-written"})
    assert first.reached
    second = rig.call(*ARGV, plan={"point": point})
    assert (second.code, second.reached) == (-signal.SIGKILL, point), second
    rig.call(*ARGV, exits=7)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert 0 < verdict.held <= CONCURRENCY * SIZE


@pytest.mark.parametrize("point", ["resolve:before", "resolve:before-commit", "resolve:after-commit"])
@pytest.mark.parametrize("placed", [True, False])
def test_killed_while_resolving(rig, sandbox, point, placed):
    # The server accepted the batch in one case, and never saw it in the other.
    rig.call(
        "--concurrency",
        1,
        "--timeout",
        0.5,
        plan={"point": "post:request-written" if placed else "submit:after-commit"},
    )
    held = [row["ledger_batch_id"] for row in rig.export()]
    decide = ("campaigns", "resolve", "people", held[0], "--placed" if placed else "--not-placed")
    if placed:
        sandbox.dialled()  # the server has read the request by now
    _wait_out_the_deadline(rig)
    killed = rig.xuna(*decide, plan={"point": point})
    assert (killed.code, killed.reached) == (-signal.SIGKILL, point), killed
    assert rig.xuna(*decide).code == 0
    rig.call(exits=3)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert verdict.held == 0
    assert verdict.dialled == 12


def _wait_out_the_deadline(rig):
    """Make the POST older than its deadline, which resolving waits for."""
    import sqlite3

    with sqlite3.connect(rig.ledger) as connection:
        connection.execute(
            "UPDATE batches SET submitted_at = '2020-01-01T00:00:00.000Z' WHERE submitted_at IS NOT NULL"
        )
    connection.close()


@pytest.mark.parametrize("point", ["file:half-written", "rename:before", "rename:after"])
def test_killed_while_exporting_the_old_file_or_the_new_one_is_there(rig, point):
    rig.call(exits=3)
    target = rig.folder / "export.csv"
    target.write_text("the old one\n")
    export = ("campaigns", "export", "people", "--to", target)
    killed = rig.xuna(*export, plan={"point": point})
    assert (killed.code, killed.reached) == (-signal.SIGKILL, point), killed
    lines = target.read_text().splitlines()
    assert lines == ["the old one"] if point != "rename:after" else len(lines) == 13
    assert rig.xuna(*export).code == 0
    assert len(target.read_text().splitlines()) == 13
    assert target.stat().st_mode & 0o777 == 0o600


STRACE = shutil.which("strace")


@pytest.mark.skipif(STRACE is None, reason="strace, which kills at a system call, is not installed")
@pytest.mark.parametrize(
    ("call", "nth"),
    [("unlink", nth) for nth in (2, 3, 4, 5)]
    + [("fdatasync", nth) for nth in (4, 8, 11, 13, 17, 22)]
    + [("pwrite64", 12)],
)
def test_killed_inside_a_commit(rig, sandbox, call, nth):
    """Between two system calls of SQLite: half of the pages are written, or the journal is not deleted yet."""
    trace = rig.folder / "trace"
    wrap = (
        STRACE,
        "-f",
        "-qq",
        "-o",
        str(trace),
        "-e",
        f"trace={call}",
        "-e",
        f"inject={call}:signal=KILL:when={nth}",
    )
    killed = rig.call(*ARGV, wrap=wrap)
    assert killed.code in {-signal.SIGKILL, 128 + signal.SIGKILL}, (killed, trace.read_text())
    assert re.search(r"killed by SIGKILL", trace.read_text())
    again = rig.call(*ARGV)
    verdict = rig.judge(sandbox.record)
    assert not verdict.guilty, verdict
    assert verdict.held <= CONCURRENCY * SIZE
    assert again.code == (7 if verdict.held else 3)


def test_every_point_of_the_driver_is_passed_by_some_run(rig, sandbox):
    """A test of a point that no run passes would prove nothing."""
    trail = rig.folder / "trail"
    sandbox.add_fault(**LIMITED)
    sandbox.add_fault(**PICKY)
    rig.call(*ARGV, "--rejects", rig.folder / "rejects.csv", plan={"trail": str(trail)}, exits=3)
    passed = set(trail.read_text().split())
    assert {point for point, *_ in POINTS} <= passed
    assert json.loads(rig.xuna("campaigns", "show", "people", "--output", "json").out)
