"""`xuna`, except that the process stops itself (SIGSTOP) at a named point of its first POST.

    python -m tests.support.stopping_run submitted batch-call …

`submitted`: the batch is `submitting` in the ledger, and no byte of the POST was sent.
`posted`: the answer has arrived, and nothing of it is recorded.
"""

import signal
import sys
import threading

from xuna_cli import hooks
from xuna_cli.__main__ import main

POINTS = {"submitted": "submit:committed", "posted": "post:done"}


def stop_at(point: str) -> None:
    def passes(passed: str) -> None:
        if passed == POINTS[point]:
            hooks.listener = None
            # To this thread; otherwise it would run on for a moment while another thread gets the process's signal.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    hooks.listener = passes


if __name__ == "__main__":
    stop_at(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
