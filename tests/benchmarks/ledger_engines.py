"""Speed of claiming and recording on both engines, with 1 to 8 processes on one campaign.

    python -m tests.benchmarks.ledger_engines [--people 40000] [--processes 1,2,4,8] [--order random]

Each process reads the same list (keys in random order, like phone numbers) and works like a run: statuses, one claim
of 20,000, then for each batch of 100 `submit`, `holds_lock` and `record`. There is no API, so the figures show what
the ledger allows, not the speed of a run. With `--api-ms` each batch waits as for an API with that latency, four
batches at a time in each process; people per second then grow with the number of processes until the ledger is the
limit. Prints a table on stderr and JSON on stdout.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.builders import described, person
from tests.support.postgres_server import PostgresServer
from xuna_cli.ledger.engines.location import ServerUrl, is_server_url
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState

ROOT = Path(__file__).resolve().parents[2]
BATCH = 100
AHEAD = 20_000
SENDERS = 4


def place_of(text: str):
    return ServerUrl(text) if is_server_url(text) else Path(text)


def work(place: str, count: int, order: str, api_ms: float) -> dict:
    """Act as one machine, which shares the list with the others."""
    numbers = list(range(count))
    if order == "random":
        random.Random(1).shuffle(numbers)  # the same list for all processes
    with contextlib.closing(open_ledger(place_of(place))) as ledger:
        run = ledger.start_run(described("benchmark"))
        print("ready", flush=True)
        sys.stdin.readline()
        claiming = 0.0
        won, lock = [], threading.Lock()

        def send(batch) -> None:
            ledger.submit(batch)
            assert ledger.holds_lock(run)
            time.sleep(api_ms / 1000)
            ledger.record(batch, BatchState.ACCEPTED, batch_id="b", calls_initiated=BATCH, http_status=200)
            with lock:
                won.append(len(batch.targets))

        waiting: dict = {}
        ahead = SENDERS * BATCH
        position = 0
        with ThreadPoolExecutor(SENDERS) as senders:
            while position < count or waiting:
                started = time.perf_counter()
                while len(waiting) < ahead and position < count:
                    part = [person(number) for number in numbers[position : position + 2000]]
                    position += len(part)
                    known = ledger.claim_statuses(
                        run.campaign_id, [target.key for target in part], run_id=run.id
                    )
                    waiting |= {target.key: target for target in part if target.key not in known}
                targets = list(waiting.values())[:ahead]
                waiting = dict(list(waiting.items())[ahead:])
                batches = ledger.claim(
                    run, [targets[at : at + BATCH] for at in range(0, len(targets), BATCH)]
                )
                claiming += time.perf_counter() - started
                list(senders.map(send, batches))
                ahead = min(2 * ahead, AHEAD)
        ledger.end_run(run)
    return {
        "batches": len(won),
        "people": sum(won),
        "full": sum(size == BATCH for size in won),
        "claiming_s": claiming,
    }


def measure(place: str, processes: int, options: argparse.Namespace) -> dict:
    open_ledger(place_of(place)).close()
    command = [sys.executable, "-m", "tests.benchmarks.ledger_engines", "--work", place]
    command += ["--people", str(options.people), "--order", options.order, "--api-ms", str(options.api_ms)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    children = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(processes)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    started = time.perf_counter()
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    done = [json.loads(child.communicate()[0]) for child in children]
    seconds = time.perf_counter() - started
    people, batches = sum(one["people"] for one in done), sum(one["batches"] for one in done)
    assert people == options.people, f"{people} of {options.people}"
    return {
        "processes": processes,
        "seconds": round(seconds, 2),
        "batches_per_s": round(batches / seconds, 1),
        "people_per_s": round(people / seconds),
        "full_batches": round(sum(one["full"] for one in done) / batches, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--processes", default="1,2,4,8")
    parser.add_argument("--engines", default="sqlite,postgres")
    parser.add_argument("--order", choices=["random", "sorted"], default="random")
    parser.add_argument("--api-ms", type=float, default=0.0)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(work(options.work, options.people, options.order, options.api_ms)))
        return
    results = []
    print(f"{'engine':<10}{'processes':>10}{'batches/s':>12}{'people/s':>12}{'full':>8}", file=sys.stderr)
    with PostgresServer() as server, tempfile.TemporaryDirectory() as folder:
        for engine in options.engines.split(","):
            for processes in map(int, options.processes.split(",")):
                place = f"{folder}/{processes}.db" if engine == "sqlite" else server.new_database()
                result = {"engine": engine, **measure(place, processes, options)}
                results.append(result)
                print(
                    f"{engine:<10}{processes:>10}{result['batches_per_s']:>12,.0f}{result['people_per_s']:>12,}"
                    f"{result['full_batches']:>8.1%}",
                    file=sys.stderr,
                )
    machine = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    settings = {"people": options.people, "order": options.order, "api_ms": options.api_ms, "batch": BATCH}
    print(
        json.dumps(
            {"benchmark": "ledger_engines", "machine": machine, **settings, "results": results}, indent=2
        )
    )


if __name__ == "__main__":
    main()
