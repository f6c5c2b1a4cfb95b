"""`xuna`, but for one thing: the process stops itself (SIGSTOP) at a named point of its first POST.

    python -m tests.support.stopping_run submitted batch-call …

`submitted`: the batch is `submitting` in the ledger, and no byte of the POST is on the wire.
`posted`: the answer is there, and nothing of it is recorded.
"""

import signal
import sys
import threading

from xuna_cli.__main__ import main
from xuna_cli.api.client import Client
from xuna_cli.ledger.batches import Batches


def stop_at(point: str) -> None:
    # To this very thread: it would run on for a moment while another one takes the process's signal.
    stops = iter([lambda: signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)])
    owner, name = {"submitted": (Batches, "submit"), "posted": (Client, "place_calls")}[point]
    work = getattr(owner, name)

    def stopping(self, *args, **kwargs):
        done = work(self, *args, **kwargs)
        next(stops, lambda: None)()
        return done

    setattr(owner, name, stopping)


if __name__ == "__main__":
    stop_at(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
