"""Run `xuna` with one mined place: the process kills itself at the place that the plan names, and only there.

    python -m tests.faults.driver '{"point": "submit:after-commit", "nth": 2}' batch-call contacts.csv …

The program itself has no switch for this; its methods are wrapped here, in the process that will die.
With `{"list": true}`, the plan instead writes every point that a run passes to a file.
"""

import atexit
import contextlib
import functools
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

_here = threading.local()


class Mine:
    """The planned action, its place, and at which passing it happens.

    Args:
        point: name of the place; None for none.
        nth: the passing that counts, from 1.
        mark: file that shows that the place was reached.
        action: `kill`, `stop` (SIGSTOP), `raise`, a signal's name, or `rival`: run `command` and go on.
        command: command for `rival`.
        trail: file that gets a line for each passed point.
    """

    def __init__(self, point=None, nth=1, mark=None, action="kill", command=None, trail=None, **_) -> None:
        self._point = point
        self._left = nth
        self._mark = mark
        self._action = action
        self._command = command
        self._trail = trail
        self._lock = threading.Lock()
        self.ledger = None

    def passes(self, point: str) -> None:
        if self._trail is not None:
            with self._lock, Path(self._trail).open("a", encoding="utf-8") as trail:
                trail.write(point + "\n")
        if point != self._point:
            return
        with self._lock:
            self._left -= 1
            if self._left:
                return
        # A process that is stopped inside a transaction blocks everybody else's ledger, which is not what is tested
        # here.
        with self.ledger.lock if self._action == "stop" else contextlib.nullcontext():
            if self._mark is not None:
                Path(self._mark).write_text(point, encoding="utf-8")
            self._go_off(point)

    def _go_off(self, point: str) -> None:
        match self._action:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)  # a thread may run on for a moment
            case "stop":
                signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
                time.sleep(0.1)  # as above
            case "raise":
                raise RuntimeError(f"planted at {point}, with a secret {os.environ.get('XUNA_AI_API_KEY')}")
            case "rival":
                os.spawnvp(os.P_WAIT, self._command[0], self._command)
            case name:
                os.kill(os.getpid(), signal.Signals[name])
                time.sleep(0.05)  # the handler runs in the main thread


def lay(mine: Mine) -> None:
    """Listen to the program's named points, and add more around the work with the ledger and files."""
    from xuna_cli import hooks
    from xuna_cli.interrupts import Interrupts
    from xuna_cli.ledger import campaigns, ledger
    from xuna_cli.ledger.batches import Batches
    from xuna_cli.ledger.claims import Claims
    from xuna_cli.ledger.engines.sqlite import SqliteEngine
    from xuna_cli.ledger.ledger import Ledger
    from xuna_cli.ledger.runs import Runs
    from xuna_cli.output import spreadsheet

    def within(owner, name: str, label: str) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapped(*args, **kwargs):
            before, _here.doing = getattr(_here, "doing", None), label
            mine.passes(f"{label}:before")
            try:
                result = original(*args, **kwargs)
            finally:
                _here.doing = before
            mine.passes(f"{label}:after")
            return result

        setattr(owner, name, wrapped)

    for owner, methods in (
        (Runs, ("start_run", "recover", "end_run")),
        (Claims, ("claim",)),
        (Batches, ("submit", "back_to_claimed", "record", "split")),
        (ledger, ("migrate",)),
    ):
        for method in methods:
            within(owner, method, method)
    within(campaigns, "resolve", "resolve")
    within(SqliteEngine, "acquire_lock", "acquire_lock")
    within(SqliteEngine, "release_lock", "release_lock")
    within(SqliteEngine, "__init__", "create")
    within(spreadsheet.os, "replace", "rename")
    within(Interrupts, "install", "install")
    atexit.register(mine.passes, "exit")

    opened = Ledger.__init__

    def opening(self, *args, **kwargs):
        opened(self, *args, **kwargs)
        mine.ledger = self

    Ledger.__init__ = opening

    transaction = SqliteEngine.transaction

    @contextlib.contextmanager
    def mined(self, **options):
        doing = getattr(_here, "doing", None)
        with transaction(self, **options):
            yield
            mine.passes(f"{doing}:before-commit")
        mine.passes(f"{doing}:after-commit")

    SqliteEngine.transaction = mined

    hooks.listener = mine.passes

    write_rows = spreadsheet.write_rows

    def written(stream, header, rows):
        def passing():
            for number, row in enumerate(rows):
                if number == 0:
                    stream.flush()
                    mine.passes("file:half-written")
                yield row

        write_rows(stream, header, passing())

    spreadsheet.write_rows = written
    import xuna_cli.output.people as people_output

    people_output.write_rows = written


def jump(seconds: float) -> None:
    """Let the wall clock jump when the first batch is submitted, and keep the difference."""
    import datetime as dt

    from xuna_cli.api import client
    from xuna_cli.dialing import clock
    from xuna_cli.ledger import database
    from xuna_cli.ledger.batches import Batches

    offset = dt.timedelta()

    class Jumping(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime.now(tz) + offset

    for module in (client, clock, database):
        module.datetime = Jumping
    submit = Batches.submit

    def submitted(*args):
        nonlocal offset
        offset = dt.timedelta(seconds=seconds)
        return submit(*args)

    Batches.submit = submitted


def main(argv: list[str]) -> int:
    plan = json.loads(argv[0])
    lay(Mine(**plan))
    if "synchronous" in plan:
        from xuna_cli.ledger.engines import sqlite

        value = plan["synchronous"]
        sqlite.PRAGMAS = {
            **sqlite.PRAGMAS,
            "synchronous": (value, ["OFF", "NORMAL", "FULL", "EXTRA"].index(value)),
        }
    if "busy_timeout" in plan:
        from xuna_cli.ledger.engines import sqlite

        sqlite.BUSY_TIMEOUT_S = plan["busy_timeout"]
    if "jump" in plan:
        jump(plan["jump"])
    if "backoff" in plan:
        from xuna_cli.dialing import limiter

        limiter.FIRST_BACKOFF_S = plan["backoff"]
    import xuna_cli.__main__

    return xuna_cli.__main__.main(argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
