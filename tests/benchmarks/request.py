"""The CPU of one request of 100 calls, by its parts; one request at a time, to a server that answers at once.

    python -m tests.benchmarks.request ARGUMENT…

runs `xuna` with these arguments and prints the median of each part in milliseconds, as JSON.
"""

import collections
import json
import statistics
import sys
import threading
import time

from tests.benchmarks.results import Row
from tests.benchmarks.stage import DistantServer, PunctualServer, run
from xuna_cli import hooks

PARTS = {
    ("ahead:before-connecting", "ahead:connected"): "connection",
    ("ahead:taken", "submit:committed"): "intent",
    ("submit:committed", "post:done"): "request",
    ("post:done", "ahead:taken"): "outcome",  # and the body of the next request
}
POSTS = 100


def request(stage):
    """Over http and over https."""
    contacts = stage.list("e164.csv", POSTS * 100)
    for server in (PunctualServer(0), DistantServer(0, 0, stage.folder)):
        with server:
            scheme = server.base_url.partition(":")[0]
            argv = [*stage.command(contacts, server.base_url)[3:], "--concurrency", "1"]
            ran = run(
                [sys.executable, "-m", "tests.benchmarks.request", *argv],
                env=stage.environment(getattr(server, "ca_file", None)),
            )
            if server.taken() != (POSTS * 100, POSTS):
                raise AssertionError("the server did not take every batch")
        took = json.loads(ran.out)
        whole = sum(took.values())
        made_of = ", ".join(f"{part} {each:.2f}" for part, each in took.items())
        yield Row(
            "request",
            f"share of its own connection in the CPU of a request of 100 calls, {scheme}",
            took["connection"] / whole,
            beside=f"{whole:.2f} ms: {made_of}",
        )
        yield Row(
            "request",
            f"share of the ledger and the next body in it, {scheme}",
            (took["intent"] + took["outcome"]) / whole,
        )


def main(argv):
    from xuna_cli.__main__ import main as xuna

    last = threading.local()
    took = collections.defaultdict(list)

    def listen(point):
        now, before = time.thread_time(), getattr(last, "seen", None)
        if before is not None and (part := PARTS.get((before[0], point))):
            took[part].append((now - before[1]) * 1000)
        if any(point in ends for ends in PARTS):
            last.seen = point, time.thread_time()

    hooks.listener = listen
    status = xuna(argv)
    print(json.dumps({part: statistics.median(took[part]) for part in PARTS.values()}))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
