"""Real time: how well a run uses the time it waits for a slow API, and how soon the first POST is sent."""

import http.server
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import replace

from tests.benchmarks import bare
from tests.benchmarks.results import Row
from tests.benchmarks.stage import ROOT, DistantServer, PunctualServer, alternate, middle, run

LATENCY_S = 0.050
CONCURRENCY = 8
BATCH = 100
SERVER_FAR_S = 0.200
ROUND_TRIP_S = 0.080
CONCURRENCY_FAR = 4


def wall(stage):
    """A tenth of the size, in batches of 100; the server takes 50 ms for each."""
    size = stage.part(1 / 10)
    contacts = stage.list("e164.csv", size)
    ten = stage.list("e164.csv", 10)
    posts = -(-size // BATCH)

    def bare_client():
        argv = [sys.executable, bare.__file__, server.base_url, *map(str, (posts, BATCH, CONCURRENCY))]
        ran = run(argv, env=stage.environment())
        if server.taken() != (posts * BATCH, posts):
            raise AssertionError("the server did not take every batch of the bare client")
        return replace(ran, wall=float(ran.out))

    with PunctualServer(LATENCY_S) as server:
        runs = alternate(
            stage.long,
            start=lambda: stage.batch_call(ten, server, expect={"accepted": 10}),
            xuna=lambda: stage.batch_call(
                contacts,
                server,
                expect={"accepted": size},
                batch_size=BATCH,
                options=("--concurrency", str(CONCURRENCY)),
            ),
            bare=bare_client,
        )
    rounds = -(-size // (BATCH * CONCURRENCY))
    possible = rounds * LATENCY_S
    took = middle(runs["xuna"], "wall")
    start = middle(runs["start"], "wall") - LATENCY_S
    figures = {name: [ran.wall for ran in each] for name, each in runs.items()}
    made_of = f"{took:.2f} s, where {rounds} rounds of {LATENCY_S * 1000:.0f} ms are {possible:.2f} s"
    yield Row(
        "wall",
        "share of what latency x concurrency allows, once started",
        possible / (took - start),
        0.95,
        at_least=True,
        beside=f"{made_of} and starting is {start:.2f} s",
        runs=figures,
    )
    least = middle(runs["bare"], "wall")
    yield Row(
        "wall",
        "share of what a bare client reaches with prepared batches, once started",
        least / (took - start),
        beside=f"{least:.2f} s of it; {possible / least:.0%} of what latency x concurrency allows",
    )
    yield Row(
        "wall",
        "share of what latency x concurrency allows, start and end of the process included",
        possible / took,
        beside=made_of,
    )


def distant(stage):
    """A small part of the size, in batches of 100, to a distant server over TLS."""
    posts = -(-stage.part(1 / 125) // BATCH)
    contacts, ten = stage.list("e164.csv", posts * BATCH), stage.list("e164.csv", 10)
    options = ("--concurrency", str(CONCURRENCY_FAR))

    def kept(posts):
        argv = [sys.executable, bare.__file__, server.base_url, *map(str, (posts, BATCH, CONCURRENCY_FAR))]
        ran = run([*argv, "kept"], env=stage.environment(server.ca_file))
        if server.taken() != (posts * BATCH, posts):
            raise AssertionError("the server did not take every batch of the bare client")
        return replace(ran, wall=float(ran.out))

    with DistantServer(SERVER_FAR_S, ROUND_TRIP_S, stage.folder) as server:
        runs = alternate(
            stage.long,
            start=lambda: stage.batch_call(ten, server, expect={"accepted": 10}),
            xuna=lambda: stage.batch_call(
                contacts, server, expect={"accepted": posts * BATCH}, batch_size=BATCH, options=options
            ),
            kept_start=lambda: kept(CONCURRENCY_FAR),
            kept=lambda: kept(posts),
        )
    each = SERVER_FAR_S + ROUND_TRIP_S
    start = middle(runs["start"], "wall") - each
    took = middle(runs["xuna"], "wall") - start
    least = middle(runs["kept"], "wall") - (middle(runs["kept_start"], "wall") - each)
    yield Row(
        "distant",
        "share of the speed of a client that keeps its connections, over TLS, without the start",
        least / took,
        0.97,
        at_least=True,
        beside=f"{least:.2f} s against {took:.2f} s for {posts} POSTs, {CONCURRENCY_FAR} at a time, of "
        f"{each * 1000:.0f} ms; starting is {start:.2f} s",
        runs={name: [ran.wall for ran in each] for name, each in runs.items()},
    )


class _FirstPost(http.server.BaseHTTPRequestHandler):
    """Answers the request for the caller number, and records when the first batch arrives."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = b'[{"phone_number_id": "pn_sandbox", "phone_number": "+15550100000", "label": "Benchmark"}]'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.server.arrived.set()
        self.server.over.wait()


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _FirstPost)
        self.arrived = threading.Event()
        self.over = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


def _time_to_first_post(stage, contacts):
    with _Listener() as listener:
        argv = stage.command(contacts, f"http://127.0.0.1:{listener.server_port}")
        start = time.perf_counter()
        child = subprocess.Popen(
            argv, cwd=ROOT, env=stage.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            if not listener.arrived.wait(60):
                raise AssertionError("no POST came")
            return time.perf_counter() - start
        finally:
            child.kill()
            child.wait()
            listener.over.set()
            listener.shutdown()


def first_post(stage):
    """Time from the start of the process to the first POST, for a long list and a short one."""
    few, many = (stage.list("e164.csv", size) for size in (stage.part(1 / 1000), stage.size))
    runs = alternate(
        stage.short,
        few=lambda: _time_to_first_post(stage, few),
        many=lambda: _time_to_first_post(stage, many),
    )
    short, long = (statistics.median(runs[name]) for name in ("few", "many"))
    yield Row(
        "first-post",
        f"time to the first POST, {stage.size:,} contacts against {stage.part(1 / 1000):,}",
        long / short,
        1.05,
        beside=f"{long * 1000:.0f} ms against {short * 1000:.0f} ms",
        runs=runs,
    )
