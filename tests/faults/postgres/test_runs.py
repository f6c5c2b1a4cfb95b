"""Whole runs as real processes with a real server, which becomes unavailable in every way."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.sandbox_process import SandboxProcess
from tests.support.waiting import wait_until
from xuna_cli.errors import ExitStatus

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def sandbox(tmp_path):
    with SandboxProcess(tmp_path / "dialled.jsonl") as process:
        yield process


@pytest.fixture
def machine(sandbox, database, tmp_path):
    """Start `xuna` like one of several machines: `machine("batch-call", …)`."""
    started = []

    def start(*arguments, module="xuna_cli", before=(), ledger=database, **options):
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "XUNA_AI_API_KEY": sandbox.api_key,
            "XUNA_BASE_URL": sandbox.base_url,
            "XUNA_AGENT_ID": "agent_sandbox",
            "XUNA_FROM_PHONE_NUMBER_ID": "pn_sandbox",
            "XUNA_LEDGER": ledger,
        }
        command = [sys.executable, "-m", module, *before, *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, cwd=ROOT, env=env, **(pipes | options)))
        return started[-1]

    start.sandbox = sandbox
    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def contacts(tmp_path):
    def write(count: int) -> Path:
        path = tmp_path / "contacts.csv"
        path.write_text("phone\n" + "".join(f"+1212555{number:04}\n" for number in range(count)))
        return path

    return write


CALL = ("--yes", "--output", "json")


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def result(process, timeout=100) -> dict:
    output, errors = process.communicate(timeout=timeout)
    assert "s3cret" not in output + errors
    assert process.returncode == json.loads(output)["exit_code"], errors
    return json.loads(output)


def states(server, database) -> Counter:
    rows = server.admin(
        "SELECT state, SUM(size)::int FROM batches GROUP BY state", database=name_of(database)
    )
    return Counter(dict(rows))


# -- before the first claim


def test_a_server_that_is_gone_ends_the_run_with_6_and_nobody_is_called(machine, sandbox, contacts, database):
    gone = result(machine("batch-call", contacts(10), *CALL, ledger="postgresql://u:s3cret@127.0.0.1:1/x"))
    assert gone["exit_code"] == ExitStatus.UNREACHABLE
    assert sandbox.dialled()["total"] == 0


def test_a_role_that_may_only_read_ends_the_run_with_4_and_nobody_is_called(
    machine, sandbox, contacts, postgres_server, database
):
    result(machine("batch-call", contacts(0), *CALL))
    postgres_server.admin("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    postgres_server.admin("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database=name_of(database))
    reader = postgres_server.url(name_of(database), role="reader", password="reader")
    done = result(machine("batch-call", contacts(10), *CALL, ledger=reader))
    assert (done["exit_code"], done["errors"][0]["code"]) == (ExitStatus.CONFIGURATION, "ledger-unwritable")
    assert sandbox.dialled()["total"] == 0


@pytest.mark.parametrize(
    "case", [("53100", 4), ("25006", 4), ("57014", 6)], ids=["full", "read-only", "slow"]
)
def test_a_server_that_is_full_or_read_only_or_slow_at_the_first_claim_ends_the_run_and_nobody_is_called(
    machine, contacts, postgres_server, database, case
):
    state, status = case
    result(machine("batch-call", contacts(0), *CALL))
    postgres_server.fail_on_claims(name_of(database), state)
    done = result(machine("batch-call", contacts(10), *CALL))
    assert done["exit_code"] == status
    assert done["counts"]["not_sent"] == 10
    assert machine.sandbox.dialled()["total"] == 0


def test_a_server_that_answers_late_is_waited_for(machine, sandbox, contacts, postgres_server, database):
    result(machine("batch-call", contacts(0), *CALL))
    with postgres_server.connect(name_of(database)) as blocking:
        blocking.execute("BEGIN")
        blocking.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
        process = machine("batch-call", contacts(50), *CALL)
        wait_until(lambda: blocking.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall())
        assert sandbox.dialled()["total"] == 0
        blocking.execute("COMMIT")
    assert result(process)["exit_code"] == 0
    assert sandbox.dialled()["total"] == 50


# -- in the middle


def test_two_machines_in_lock_step_share_a_list_in_full_batches(machine, sandbox, contacts):
    sandbox.add_fault("latency", seconds=0.05)
    path = contacts(6_000)
    options = ("--batch-size", "50", "--concurrency", "2")
    runs = [result(one) for one in [machine("batch-call", path, *options, *CALL) for _ in range(2)]]
    dialled = sandbox.dialled()
    assert (dialled["total"], dialled["called_twice"], len(dialled["counts"])) == (6_000, [], 6_000)
    assert [run["exit_code"] for run in runs] == [0, 0]
    assert sum(run["counts"]["accepted"] for run in runs) == 6_000
    sizes = [batch["calls"] for run in runs for batch in run["batches"]]
    assert sum(size < 50 for size in sizes) <= 4


def test_two_machines_share_the_second_attempts_and_make_each_once(
    machine, sandbox, contacts, postgres_server, database
):
    again = ("--attempts", "3", "--again-after", "0.1s,1d", "--again", "failure", "--batch-size", "3", *CALL)
    path = contacts(300)
    result(machine("batch-call", path, *CALL))
    assert (
        result(machine("campaigns", "outcomes", "contacts", "--output", "json"))["outcomes"]["failure"] > 40
    )
    sandbox.add_fault("latency", seconds=0.05)
    with postgres_server.connect(name_of(database)) as blocking:
        blocking.execute("BEGIN")
        blocking.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
        processes = [machine("batch-call", path, *again) for _ in range(2)]
        wait_until(lambda: len(blocking.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall()) == 2)
        blocking.execute("COMMIT")
    runs = [result(process) for process in processes]
    seconds = [run["attempts"].get("2", 0) for run in runs]
    assert min(seconds) > 0, seconds
    times = Counter(sandbox.dialled()["counts"].values())
    assert times == {1: 300 - sum(seconds), 2: sum(seconds)}
    assert result(machine("batch-call", path, *again))["attempts"] == {}


def test_a_restart_of_the_server_costs_a_run_nothing_but_time(machine, sandbox, contacts, postgres_server):
    sandbox.add_fault("latency", seconds=0.05)
    process = machine("batch-call", contacts(1_500), "--batch-size", "10", "--concurrency", "3", *CALL)
    for dialled, mode in ((100, "fast"), (500, "immediate"), (900, "fast")):
        wait_until(lambda dialled=dialled: sandbox.dialled()["total"] > dialled or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        postgres_server.restart(mode)
    done = result(process)
    assert (done["exit_code"], done["counts"]["accepted"]) == (0, 1_500)
    dialled = sandbox.dialled()
    assert (dialled["total"], dialled["called_twice"]) == (1_500, [])


def test_connections_that_are_cut_all_the_time_cost_a_run_nothing_but_time(
    machine, sandbox, contacts, postgres_server, database
):
    process = machine("batch-call", contacts(1_000), "--batch-size", "5", "--concurrency", "4", *CALL)
    wait_until(lambda: sandbox.dialled()["total"])
    cuts = 0
    seed = random.Random(7)
    while process.poll() is None and cuts < 40:
        cuts += postgres_server.cut(name_of(database))
        time.sleep(seed.uniform(0.0, 0.1))
    done = result(process)
    assert (done["exit_code"], done["counts"]["accepted"], done["counts"]["held"]) == (0, 1_000, 0)
    dialled = sandbox.dialled()
    assert (dialled["total"], dialled["called_twice"]) == (1_000, [])
    assert cuts > 5


@pytest.mark.parametrize("seed", [1, 2])
def test_four_machines_that_are_killed_at_random_call_nobody_twice(
    machine, contacts, postgres_server, database, seed
):
    sandbox = machine.sandbox
    sandbox.add_fault("latency", seconds=0.02, taken=True)
    chance = random.Random(seed)
    path = contacts(1_200)
    options = ("--batch-size", "7", "--concurrency", "3", *CALL)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    runs = [machine("batch-call", path, *options, **quiet) for _ in range(4)]
    for _ in range(12):
        time.sleep(chance.uniform(0.05, 0.4))
        victim = chance.randrange(4)
        runs[victim].kill()
        runs[victim].wait()
        runs[victim] = machine("batch-call", path, *options, **quiet)
    for run in runs:
        run.wait(timeout=100)
    wait_until(lambda: not postgres_server.admin("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))
    done = result(machine("batch-call", path, *options))
    dialled = sandbox.dialled()
    assert dialled["called_twice"] == []
    counts = done["counts"]
    assert counts["in_flight"] == counts["not_sent"] == 0
    assert counts["accepted"] + counts["already_called"] + counts["held"] == 1_200
    assert counts["accepted"] + counts["already_called"] <= dialled["total"] <= 1_200
    found = states(postgres_server, database)
    assert found["claimed"] == found["submitting"] == 0
    assert done["exit_code"] == (ExitStatus.HELD if counts["held"] else ExitStatus.OK)


# -- suspended while others take over


def stopped(process) -> bool:
    stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0] == "T"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_process_that_wakes_up_after_another_run_took_over_sends_nothing_more(
    machine, sandbox, contacts, postgres_server, database
):
    path = contacts(100)
    options = ("--batch-size", "10", "--concurrency", "1", *CALL)
    asleep = machine("batch-call", path, *options, module="tests.support.stopping_run", before=("submitted",))
    wait_until(lambda: stopped(asleep))
    assert states(postgres_server, database)["submitting"] == 10
    postgres_server.cut(name_of(database))
    wait_until(lambda: not postgres_server.admin("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))

    other = result(machine("batch-call", path, *options))
    assert other["counts"]["held"] == 10  # the suspended run may have sent them, as far as is known
    assert other["counts"]["accepted"] == sandbox.dialled()["total"] == 90

    asleep.send_signal(signal.SIGCONT)
    woken = result(asleep)
    assert sandbox.dialled()["total"] == 90
    assert woken["errors"][0]["code"] == "ledger-lost-claim"
    assert woken["exit_code"] == ExitStatus.UNREACHABLE
    assert woken["counts"]["not_sent"] == woken["counts"]["rows"] > 0  # its ten calls are free again
    again = result(machine("batch-call", path, *options))
    assert (again["exit_code"], again["counts"]["accepted"], again["counts"]["held"]) == (0, 10, 0)
    dialled = sandbox.dialled()
    assert (dialled["total"], dialled["called_twice"]) == (100, [])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_an_outcome_that_a_sleeper_brings_late_replaces_unknown(
    machine, sandbox, contacts, postgres_server, database
):
    path = contacts(30)
    options = ("--batch-size", "10", "--concurrency", "1", *CALL)
    asleep = machine("batch-call", path, *options, module="tests.support.stopping_run", before=("posted",))
    wait_until(lambda: stopped(asleep))
    postgres_server.cut(name_of(database))
    wait_until(lambda: not postgres_server.admin("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"))
    other = result(machine("batch-call", path, *options))
    assert (other["exit_code"], other["counts"]["held"]) == (ExitStatus.HELD, 10)

    asleep.send_signal(signal.SIGCONT)
    woken = result(asleep)
    assert woken["counts"]["accepted"] == 10
    assert states(postgres_server, database) == {"accepted": 30}
    dialled = sandbox.dialled()
    assert (dialled["total"], dialled["called_twice"]) == (30, [])
