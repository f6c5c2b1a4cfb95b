"""`xuna`, but for one thing: the process stops itself (SIGSTOP) at a named point of its first POST.

    python -m tests.support.stopping_run submitted batch-call …

`submitted`: the batch is `submitting` in the ledger, nothing of the POST is under way.
`posted`: the answer is there, and nothing of it is recorded.
"""

import os
import signal
import sys

from xuna_cli.__main__ import main
from xuna_cli.api.client import Client


def stop_at(point: str) -> None:
    place_calls = Client.place_calls
    stops = iter([lambda: os.kill(os.getpid(), signal.SIGSTOP)])

    def stopping(self, *args, **kwargs):
        if point == "submitted":
            next(stops, lambda: None)()
        outcome = place_calls(self, *args, **kwargs)
        if point == "posted":
            next(stops, lambda: None)()
        return outcome

    Client.place_calls = stopping


if __name__ == "__main__":
    stop_at(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
