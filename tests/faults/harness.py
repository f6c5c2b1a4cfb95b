"""Real processes of `xuna` with a server, to kill and start again."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.judge import Verdict, judge
from tests.support import builders
from tests.support.json_schema import check_document
from tests.support.sandbox_process import ROOT, read_record
from tests.support.waiting import PATIENCE_S, wait_until

KEY = "sandbox"


@dataclass(frozen=True)
class Finished:
    """The end of a process.

    Attributes:
        code: exit code; if negative, the signal that killed the process.
        reached: the named point that the process passed, if it was mined.
    """

    code: int
    out: str
    err: str
    seconds: float
    reached: str | None = None

    @property
    def document(self) -> dict:
        document = json.loads(self.out)
        check_document(document)
        return document


def numbers(count: int, first: int = 15559870000) -> list[str]:
    return [f"+{first + number}" for number in range(count)]


def write_list(path: Path, people: list[str], *, also: tuple[str, ...] = ()) -> Path:
    """Write a list; `also` adds rows, e.g. duplicates and bad ones."""
    return builders.write_list(
        path, ((number, f"Person {row}") for row, number in enumerate((*people, *also)))
    )


def environment(folder: Path, base_url: str, **more: str) -> dict[str, str]:
    """Return a minimal environment with everything that a run needs."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "XUNA_AI_API_KEY": KEY,
        "XUNA_AGENT_ID": "agent_sandbox",
        "XUNA_FROM_PHONE_NUMBER_ID": "pn_sandbox",
        "XUNA_BASE_URL": base_url,
        "XUNA_LEDGER": str(folder / "ledger.db"),
        "XUNA_FIRST_MESSAGE": "Hi {{ name }}.",
        **more,
    }


class Started:
    """A running process of `xuna`."""

    def __init__(self, process: subprocess.Popen[str], mark: Path) -> None:
        self.process = process
        self._mark = mark
        self._since = time.monotonic()

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self, signum: int = signal.SIGKILL) -> None:
        self.process.send_signal(signum)

    def wait_for_mark(self, seconds: float = PATIENCE_S) -> None:
        """Wait until the mined point is reached."""
        wait_until(self._mark.exists, "the point was not reached", seconds)

    def wait_until_stopped(self) -> None:
        """Wait until the process is stopped (SIGSTOP) at the mined point."""
        self.wait_for_mark()
        asked = os.WSTOPPED | os.WNOWAIT | os.WNOHANG
        wait_until(lambda: os.waitid(os.P_PID, self.pid, asked) is not None, "it was not stopped")

    def finish(self, seconds: float = PATIENCE_S) -> Finished:
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"still running after {seconds} s\n{out}\n{err}") from None
        reached = self._mark.read_text(encoding="utf-8") if self._mark.exists() else None
        return Finished(self.process.returncode, out, err, time.monotonic() - self._since, reached)


class Rig:
    """A folder with a list and a ledger, and processes that use them.

    Args:
        folder: an empty folder.
        base_url: URL of the server.
        people: phone numbers on the list.
        also: more rows of the list: duplicates, bad ones.
        more: variables to add to `environment`.
    """

    def __init__(
        self, folder: Path, base_url: str, people: list[str], *, also: tuple[str, ...] = (), **more: str
    ) -> None:
        self.folder = folder
        self.people = people
        self.rows = len(people) + len(also)
        self.list = write_list(folder / "people.csv", people, also=also)
        self.environment = environment(folder, base_url, **more)
        self.ledger = Path(self.environment["XUNA_LEDGER"])
        self.results: list[dict] = []
        self._started = 0

    def command(self, *argv: object, plan: dict | None = None, mark: Path | None = None) -> list[str]:
        if plan is None:
            return [sys.executable, "-m", "xuna_cli", *map(str, argv)]
        full = {**plan, "mark": str(mark)}
        return [sys.executable, "-m", "tests.faults.driver", json.dumps(full), *map(str, argv)]

    def start(
        self,
        *argv: object,
        plan: dict | None = None,
        wrap: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
        **popen,
    ) -> Started:
        """Start `xuna …`; with a plan, mined (see driver)."""
        self._started += 1
        mark = self.folder / f"reached-{self._started}"
        process = subprocess.Popen(
            [*wrap, *self.command(*argv, plan=plan, mark=mark)],
            **{
                "env": {**self.environment, **(env or {})},
                "cwd": self.folder,
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                **popen,
            },
        )
        return Started(process, mark)

    def xuna(self, *argv: object, **options) -> Finished:
        return self.start(*argv, **options).finish()

    def call_argv(self, *argv: object) -> tuple[object, ...]:
        return ("batch-call", self.list, "--output", "json", "--batch-size", "3", *argv)

    def start_calling(self, *argv: object, **options) -> Started:
        return self.start(*self.call_argv(*argv), **options)

    def call(self, *argv: object, exits: int | None = None, **options) -> Finished:
        """Run `xuna batch-call` on the list to its end; keep the result for the judge."""
        return self.took(self.start_calling(*argv, **options).finish(), exits=exits)

    def took(self, finished: Finished, *, exits: int | None = None) -> Finished:
        """Keep a result for the judge."""
        assert exits is None or finished.code == exits, finished
        assert "Traceback" not in finished.err, finished
        if finished.out.strip():
            self.results.append(finished.document)
        return finished

    def export(self) -> list[dict]:
        """Return who is in the ledger, and in which state, read without the program (the soak uses the program)."""
        names = ("to_phone_number", "attempt", "state", "ledger_batch_id", "batch_id")
        sql = (
            "SELECT c.to_phone_number, c.attempt, b.state, b.id, b.batch_id "
            "FROM calls c JOIN batches b ON b.id = c.batch_id ORDER BY c.key, c.attempt"
        )
        with contextlib.closing(sqlite3.connect(self.ledger, timeout=30)) as connection:
            return [dict(zip(names, row, strict=True)) for row in connection.execute(sql)]

    def judge(self, recorded, *, finished: bool = True, most: int = 1) -> Verdict:
        """Compare everything; `recorded` is the server's record, or its file."""
        if isinstance(recorded, (str, Path)):
            recorded = read_record(recorded)
        return judge(
            self.people, recorded, self.export(), self.results, rows=self.rows, finished=finished, most=most
        )
