"""Many processes with one ledger, and processes that die."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.builders import described, person
from xuna_cli.ledger.records import BatchState, ClaimStatus

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]


def process(place, code: str, *arguments) -> subprocess.Popen:
    where = place.reveal() if hasattr(place, "reveal") else str(place)
    program = (
        "import json, os, random, sys\n"
        "from pathlib import Path\n"
        "from tests.support.builders import described, people, numbers_of\n"
        "from xuna_cli.ledger.opening import open_ledger\n"
        "from xuna_cli.ledger.engines.location import ServerUrl\n"
        "from xuna_cli.ledger.records import BatchState\n"
        "where, arguments = sys.argv[1], [int(one) for one in sys.argv[2:]]\n"
        "ledger = open_ledger(ServerUrl(where) if '://' in where else Path(where))\n" + code
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, where, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def test_a_killed_process_leaves_unknown_and_free_people(opened, place):
    child = process(
        place,
        "run = ledger.start_run(described())\n"
        "sent, left = ledger.claim(run, [people(1, 2), people(3)])\n"
        "ledger.submit(sent)\n"
        "print(sent.id, flush=True)\n"
        "sys.stdin.read()\n",
    )
    batch_id = int(child.stdout.readline())
    ledger = opened()
    ledger.recover()
    assert ledger.query("SELECT state FROM batches WHERE id = :id", {"id": batch_id}) == [("submitting",)]
    child.send_signal(signal.SIGKILL)
    child.communicate()
    while ledger.query("SELECT state FROM batches WHERE id = :id", {"id": batch_id}) != [("unknown",)]:
        ledger.recover()  # the server needs a moment to notice; the test's time limit applies
    keys = [person(number).key for number in (1, 2, 3)]
    run = ledger.start_run(described())
    assert ledger.claim_statuses(run.campaign_id, keys) == dict.fromkeys(keys[:2], ClaimStatus.HELD)


def test_a_crowd_that_claims_the_same_people_in_any_order_gets_each_of_them_once(opened, place):
    count, processes = 3_000, 4
    opened().close()
    children = [
        process(
            place,
            f"numbers = list(range({count}))\n"
            "random.Random(arguments[0]).shuffle(numbers)\n"
            "run = ledger.start_run(described())\n"
            "print('ready', flush=True); sys.stdin.readline()\n"
            "mine = []\n"
            "while numbers:\n"
            "    now, numbers = numbers[:350], numbers[350:]\n"
            "    for batch in ledger.claim(run, [people(*now[:100]), people(*now[100:200]), people(*now[200:])]):\n"
            "        ledger.submit(batch); ledger.record(batch, BatchState.ACCEPTED)\n"
            "        mine += numbers_of([batch])[0]\n"
            "ledger.end_run(run)\n"
            "print(json.dumps(mine))\n",
            number,
        )
        for number in range(processes)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in random.Random(1).sample(children, processes):
        child.stdin.write("go\n")
        child.stdin.flush()
    results = [json.loads(child.communicate(timeout=100)[0]) for child in children]
    assert sorted(number for mine in results for number in mine) == list(range(count))
    ledger = opened()
    states = ledger.query("SELECT state, SUM(size) FROM batches GROUP BY state")
    assert [(state, int(size)) for state, size in states] == [(BatchState.ACCEPTED, count)]


def test_many_that_open_at_once_make_one_ledger(place):
    children = [
        process(place, "print(ledger.ledger_id); ledger.start_run(described()); ledger.close()")
        for _ in range(6)
    ]
    ids = {child.communicate(timeout=100)[0] for child in children}
    assert len(ids) == 1
    assert all(child.returncode == 0 for child in children)
