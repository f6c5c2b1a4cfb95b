"""Kill runs at random times under a mix of all faults, for any length of time; print one JSON line.

    python -m tests.faults.soak --trials 1000 --seed 7 [--kind crowd] [--ledger postgresql://…]

In a trial of the kind `file`, several machines run one campaign file. A trial has a small list, one or more runs that are killed, stopped or not disturbed while the server misbehaves, a
last run without faults, and the judge. This process imports everything once and forks: each run is still a separate
process, and gets a real SIGKILL.
"""

import argparse
import json
import mmap
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.faults.harness import environment, numbers, write_list
from tests.faults.judge import HELD, Verdict, judge
from tests.faults.mix import faults_of_large_batches, some_faults
from tests.support.sandbox_process import SandboxProcess, read_record

KINDS = ("kill", "faults", "mix", "crowd", "large", "again", "file")
WITH_ATTEMPTS = ("again", "file")
SIZE = 3
LARGE = 1_300  # people in a batch that is too large for one statement of the ledger
DEADLINE_S = 1.5
LONGEST_RUN_S = 30.0
PATIENCE = 6  # factor for large batches, and for deadlines that a busy machine doesn't reach
SPACING_S = 0.2
POLICY = ("--attempts", "3", "--again-after", f"{SPACING_S}s", "--again", "failure")
STARTING, CALLING, ENDED = 0, 1, 2
FIRST_BACKOFF_S = 0.02  # the real second would be most of a trial


@dataclass
class Run:
    """A running process; `stage` says how far it has come."""

    pid: int
    folder: Path
    concurrency: int
    born: float
    stages: mmap.mmap
    slot: int
    # Seconds, whether from the first claim on, signal.
    plan: list[tuple[float, bool, int]] = field(default_factory=list)
    calling_since: float | None = None
    status: int | None = None
    stopped: bool = False

    @property
    def stage(self) -> int:
        return self.stages[self.slot]

    @property
    def killed(self) -> bool:
        return self.status is not None and os.WIFSIGNALED(self.status)

    @property
    def code(self) -> int:
        return os.waitstatus_to_exitcode(self.status)

    def document(self) -> dict | None:
        """Return the document of batch-call, or that part of the document of `xuna run`."""
        text = (self.folder / f"out-{self.slot}").read_text()
        document = json.loads(text) if text.startswith("{") and text.endswith("}\n") else None
        return document if document is None else document.get("batch_call") or document

    def exit_code(self) -> int | None:
        """Return the exit code that the document has."""
        text = (self.folder / f"out-{self.slot}").read_text()
        return json.loads(text)["exit_code"] if text.startswith("{") and text.endswith("}\n") else None

    def errors(self) -> str:
        return (self.folder / f"err-{self.slot}").read_text()


class Forks:
    """Starts `xuna` in forks of this process, and sends them the signals of their plans."""

    def __init__(self) -> None:
        self._typical = 0.1  # known duration of calling in seconds, so that kills happen during it
        self._stages = mmap.mmap(-1, 4096)
        self._slot = 0

    def fork(self, argv: list[str], env: dict[str, str], folder: Path, concurrency: int = 0) -> Run:
        self._slot = (self._slot + 1) % 4096
        self._stages[self._slot] = STARTING
        for name in ("out", "err"):
            (folder / f"{name}-{self._slot}").touch(mode=0o600)
        born = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._become(argv, env, folder)
        return Run(pid, folder, concurrency, born, self._stages, self._slot)

    def _become(self, argv: list[str], env: dict[str, str], folder: Path) -> None:
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for number, name in ((1, "out"), (2, "err")):
                os.dup2(os.open(folder / f"{name}-{self._slot}", os.O_WRONLY | os.O_TRUNC), number)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(env)
            random.seed()
            self._tell_stages()
            from xuna_cli.__main__ import main

            code = main(argv)
            sys.stderr.flush()
        finally:
            os._exit(code)

    def _tell_stages(self) -> None:
        from xuna_cli.dialing import limiter
        from xuna_cli.ledger.runs import Runs

        start_run, end_run = Runs.start_run, Runs.end_run

        def started(runs, description):
            run = start_run(runs, description)
            self._stages[self._slot] = CALLING
            return run

        def ended(runs, run):
            end_run(runs, run)
            self._stages[self._slot] = ENDED

        Runs.start_run, Runs.end_run = started, ended
        limiter.FIRST_BACKOFF_S = FIRST_BACKOFF_S

    def delay(self, draw: random.Random) -> tuple[float, bool]:
        """Return a time for a signal: mostly during the calls, sometimes at any time."""
        if draw.random() < 0.75:
            return draw.uniform(0, self._typical), True
        return draw.uniform(0, self._typical + 0.1), False

    def wait(self, runs: list[Run]) -> None:
        """Wait for all runs, and send the planned signals."""
        left = list(runs)
        while left:
            now = time.monotonic()
            for run in list(left):
                if run.calling_since is None and run.stage != STARTING:
                    run.calling_since = now
                self._signal(run, now)
                pid, status = os.waitpid(run.pid, os.WNOHANG)
                if pid:
                    run.status = status
                    left.remove(run)
                    if not run.killed and run.calling_since is not None:
                        self._typical += 0.1 * (min(now - run.calling_since, 0.5) - self._typical)
                elif now - run.born > LONGEST_RUN_S * PATIENCE:
                    os.kill(run.pid, signal.SIGKILL)
                    os.waitpid(run.pid, 0)
                    raise AssertionError(f"a run took more than {LONGEST_RUN_S * PATIENCE} s: {run.folder}")
            time.sleep(0.0005)

    def _signal(self, run: Run, now: float) -> None:
        while run.plan:
            seconds, from_calling, signum = run.plan[0]
            since = run.calling_since if from_calling else run.born
            if since is None or now - since < seconds:
                return
            run.plan.pop(0)
            os.kill(run.pid, signum)


class Trial:
    """One list, from the first run to the verdict."""

    def __init__(
        self,
        forks: Forks,
        sandbox: SandboxProcess,
        folder: Path,
        draw: random.Random,
        *,
        kind: str,
        first: int,
        ledger: str | None,
    ) -> None:
        self._forks = forks
        self._sandbox = sandbox
        self._folder = folder
        self._draw = draw
        self._kind = kind
        self.most = 3 if kind in WITH_ATTEMPTS else 1
        large = kind == "large"
        self._size = LARGE if large else SIZE
        self._deadline = DEADLINE_S * (PATIENCE if large else 1)
        self.people = numbers(
            draw.randint(2 * LARGE, 2 * LARGE + 200) if large else draw.randint(12, 40), first
        )
        also = (*draw.sample(self.people, draw.randint(0, 2)), *(["nonsense"] * draw.randint(0, 1)))
        self._rows = len(self.people) + len(also)
        self._list = write_list(folder / f"soak-{first}.csv", self.people, also=also)
        self._command = ["batch-call", str(self._list)]
        if kind == "file":
            file = self._list.with_suffix(".toml")
            lines = [
                f'contacts = "{self._list.name}"',
                "attempts = 3",
                f'again-after = "{SPACING_S}s"',
                'again = "failure"',
            ]
            file.write_text("\n".join(lines) + "\n")
            self._command = ["run", str(file)]
        more = {} if ledger is None else {"XUNA_LEDGER": ledger}
        self._environment = environment(folder, sandbox.base_url, **more)
        self._offset = sandbox.record.stat().st_size if sandbox.record.exists() else 0
        self.runs: list[Run] = []
        self.kills = self.kills_while_calling = self.again = 0
        self._may_hold = 0  # maximum number of people

    def go(self) -> Verdict:
        some = faults_of_large_batches if self._kind == "large" else some_faults
        faults, doubtful = ([], []) if self._kind == "kill" else some(self._draw, self.people)
        for fault in faults:
            self._sandbox.add_fault(**fault)
        for _ in range(self._draw.randint(1, 3)):
            self._round()
            if self._kind == "again":
                self._read(killed=self._draw.random() < 0.3)
            if self._kind in WITH_ATTEMPTS:
                time.sleep(SPACING_S * self._draw.choice([0, 0.9, 1.1]))
        kinds = Counter(json.dumps(fault, sort_keys=True) for fault in doubtful)
        for armed in self._sandbox.faults():
            struck = armed.pop("struck")
            if any(json.loads(fault).items() <= armed.items() for fault in kinds):
                self._may_hold += struck * self._size
        self._sandbox.clear_faults()
        self._last_run()
        verdict = self._judge()
        if (
            not verdict.guilty
            and verdict.held
            and self._draw.random() < (0.3 if self._size == LARGE else 0.04)
        ):
            verdict = self._resolve_and_finish(verdict.held)
        return verdict

    def _argv(self, concurrency: int) -> list[str]:
        draw = self._draw
        return [
            *self._command, "--output", "json", "--batch-size", str(self._size), "--timeout", str(self._deadline),
            "--concurrency", str(concurrency), "--max-unknown", str(draw.choice([1, 2, 50])), "--give-up-after", "5",
            *(["--limit", str(draw.randint(1, len(self.people)))] if draw.random() < 0.15 else []),
            *(["--retry-refused"] if draw.random() < 0.3 else []),
            *(["--rejects", f"rejects-{draw.randint(0, 1)}.csv"] if draw.random() < 0.3 else []),
            *(POLICY if self._kind == "again" and draw.random() < 0.9 else []),
        ]  # fmt: skip

    def _round(self) -> None:
        draw = self._draw
        runs = []
        for _ in range(draw.randint(2, 4) if self._kind in {"crowd", "file"} else draw.randint(1, self.most)):
            concurrency = draw.randint(1, 4)
            run = self._forks.fork(self._argv(concurrency), self._environment, self._folder, concurrency)
            if self._kind != "faults" and draw.random() < 0.85:
                seconds, from_calling = self._forks.delay(draw)
                if self._size == LARGE:
                    seconds *= draw.choice([1, 3, 9])
                gentle = draw.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
                match draw.randint(0, 9):
                    case 0:
                        run.plan = [(seconds, from_calling, gentle)]
                    case 1:
                        run.plan = [
                            (seconds, from_calling, gentle),
                            (seconds + draw.uniform(0, 0.02), from_calling, gentle),
                        ]
                    case 2:
                        run.plan = [
                            (seconds, from_calling, signal.SIGSTOP),
                            (
                                seconds + draw.uniform(0, 0.3),
                                from_calling,
                                draw.choice([signal.SIGCONT, signal.SIGKILL]),
                            ),
                        ]
                    case _:
                        run.plan = [(seconds, from_calling, signal.SIGKILL)]
            runs.append(run)
        self._forks.wait(runs)
        self._took(runs)

    def _took(self, runs: list[Run]) -> None:
        self.runs += runs
        for run in runs:
            if run.killed:
                self.kills += 1
                self.kills_while_calling += run.stage == CALLING
            if (run.killed or run.code >= 128) and run.stage == CALLING:  # at once, or at the second signal
                self._may_hold += run.concurrency * self._size
            assert run.killed or run.code in {0, 3, 4, 6, 7, 129, 130, 143}, (run, run.code, run.errors())
            for never in ("database is locked", "Traceback", "a bug in xuna", "is locked by"):
                assert never not in run.errors(), (run, run.errors())

    def _read(self, *, killed: bool = False) -> None:
        """Read the conversation records."""
        argv = ["campaigns", "outcomes", self._list.stem, "--output", "json"]
        run = self._forks.fork(argv, self._environment, self._folder)
        if killed:
            run.plan = [(self._draw.uniform(0, 0.1), False, signal.SIGKILL)]
        self._forks.wait([run])
        # 2, 4: nobody was called yet.
        assert run.killed or run.code in {0, 2, 4}, (run, run.code, run.errors())
        assert "Traceback" not in run.errors(), run.errors()

    def _last_run(self) -> None:
        """Run until nobody is left who is due."""
        for _ in range(self.most):
            if self._kind == "again":
                self._read()
            if self._kind in WITH_ATTEMPTS:
                time.sleep(1.1 * SPACING_S)
            self._run_to_the_end()

    def _run_to_the_end(self) -> None:
        """Run until nobody is in flight, because a server may need a moment to see that a process is dead."""
        argv = [*self._command, "--output", "json", "--batch-size", str(self._size)]
        argv += POLICY if self._kind == "again" else ()
        for _ in range(50):
            last = self._forks.fork(argv, self._environment, self._folder, 4)
            self._forks.wait([last])
            self._took([last])
            assert last.code in {0, 3, 7}, (last, last.errors())
            if not last.document()["counts"]["in_flight"]:
                return
            time.sleep(0.1)
        raise AssertionError(f"dead runs are taken for living ones: {last.document()}")

    def _recorded(self) -> list[dict]:
        every = (
            read_record(self._sandbox.record)
            if not self._offset
            else _read_from(self._sandbox.record, self._offset)
        )
        mine = set(self.people)
        return [call for call in every if call["to_phone_number"] in mine]

    def _judge(self) -> Verdict:
        exporting = self._forks.fork(
            ["campaigns", "export", self._list.stem, "--output", "json"], self._environment, self._folder
        )
        self._forks.wait([exporting])
        exported = json.loads((self._folder / f"out-{exporting.slot}").read_text())
        results = [document for run in self.runs if (document := run.document())]
        for run in self.runs:
            # The second signal quits at once, even if the result was just printed.
            left = run.killed or "xuna: Quit." in run.errors()
            assert left or run.exit_code() in {None, run.code}, (run, run.document())
        self._exported = exported
        verdict = judge(
            self.people, self._recorded(), exported, results, rows=self._rows, finished=True, most=self.most
        )
        assert verdict.held <= self._may_hold, (verdict, self._may_hold)
        if self._kind in WITH_ATTEMPTS:
            self._check_attempts()
        return verdict

    def _check_attempts(self) -> None:
        """Compare the calls of each person with the policy, and with the fates that the server has drawn."""
        from xuna_cli.sandbox.account import Account
        from xuna_cli.sandbox.conversations import Conversations
        from xuna_cli.sandbox.state import DialledCall, SandboxState

        records = Conversations(Account(), SandboxState())
        made: dict[str, list[tuple[float, str]]] = {number: [] for number in self.people}
        for call in self._recorded():
            record = records.detail(DialledCall(**call))
            fate = record["evaluation_results"]["goal_reached"]["result"]
            made[call["to_phone_number"]].append((call["at"], fate))
        held = {row["to_phone_number"] for row in self._exported if row["state"] in HELD}
        for number, calls in made.items():
            for (before, fate), (after, _) in pairwise(calls):
                assert after - before >= SPACING_S, f"{number} was called within the spacing: {calls}"
                assert fate == "failure", f"{number} was called again after {fate}: {calls}"
            left = calls and len(calls) < self.most and calls[-1][1] == "failure" and number not in held
            assert not left, f"{number} was not called again: {calls}"
            self.again += max(0, len(calls) - 1)

    def _resolve_and_finish(self, held: int) -> Verdict:
        """Decide the unknown batches by the server's record; then everybody is called exactly once."""
        time.sleep(self._deadline)
        self._may_hold += held
        placed = Counter(call["idempotency_key"].rpartition("-")[2] for call in self._recorded())
        held_in = Counter(row["ledger_batch_id"] for row in self._exported if row["state"] in HELD)
        for batch, size in sorted(held_in.items()):
            if 0 < placed[str(batch)] < size:
                continue  # short, whether xuna knows it or not: nobody knows who was left out
            decided = "--placed" if placed[str(batch)] else "--not-placed"
            argv = ["campaigns", "resolve", self._list.stem, str(batch), decided]
            run = self._forks.fork(argv, self._environment, self._folder)
            self._forks.wait([run])
            assert run.code == 0, (argv, run.errors())
        self._last_run()
        return self._judge()


def _read_from(path: Path, offset: int) -> list[dict]:
    with path.open("rb") as stream:
        stream.seek(offset)
        return [json.loads(line) for line in stream.read().split(b"\n")[:-1]]


def warm_up(folder: Path, sandbox: SandboxProcess) -> None:
    """Import the modules of a run in this process, by making one run."""
    import contextlib
    import io

    from xuna_cli.__main__ import main
    from xuna_cli.interrupts import SIGNALS

    handlers = {signum: signal.getsignal(signum) for signum in SIGNALS}
    ours = dict(os.environ)
    path = write_list(folder / "warm.csv", numbers(2, 15540000000))
    path.with_suffix(".toml").write_text('contacts = "warm.csv"\n')
    theirs = environment(folder, sandbox.base_url, XUNA_LEDGER=str(folder / "warm.db"))
    os.environ.clear()
    os.environ.update(theirs)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        codes = [
            main([*words])
            for words in (
                ("batch-call", str(path)),
                ("run", str(path.with_suffix(".toml"))),
                ("campaigns", "outcomes", "warm"),
                ("campaigns", "export", "warm"),
            )
        ]
    assert codes == [0, 0, 0, 0], codes
    os.environ.clear()
    os.environ.update(ours)
    for signum, handler in handlers.items():
        signal.signal(signum, handler)
    while threading.active_count() > 1:  # a process that forks must have no other threads
        time.sleep(0.01)


def soak(trials: int, seed: int, kinds: tuple[str, ...] = KINDS, ledger: str | None = None) -> dict:
    """Run the trials, and return the contents of the JSON line.

    Args:
        trials: number of trials of each kind.
        seed: seed of all random draws; the moment at which a signal arrives depends on the machine.
        kinds: kinds of trials, from `KINDS`.
        ledger: file or URL for all trials; None for a new file for each.
    """
    started = time.monotonic()
    sums: Counter[str] = Counter()
    crimes = []
    most: dict[str, int] = defaultdict(lambda: 1)  # calls of a number
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    forks = Forks()
    with SandboxProcess(folder / "dialled.jsonl", seed=None) as sandbox:
        warm_up(folder, sandbox)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as a fork has it before it sets its own handlers
        # Only from the fictional area code; others contain costly numbers, which are not called by default.
        first = 15550000000 + seed % 50 * 100_000
        for number in range(trials):
            for kind in kinds:
                inside = folder / f"{kind}-{number}"
                inside.mkdir()
                draw = random.Random(f"{seed}:{kind}:{number}")
                trial = Trial(forks, sandbox, inside, draw, kind=kind, first=first, ledger=ledger)
                most.update(dict.fromkeys(trial.people, trial.most))
                first += 3_000 if kind == "large" else 50  # each number is used in only one trial
                try:
                    verdict = trial.go()
                except AssertionError as error:
                    crimes.append(f"{inside}: {error}")
                    sandbox.clear_faults()
                    continue
                sums.update(
                    trials=1, runs=len(trial.runs), kills=trial.kills, kills_while_calling=trial.kills_while_calling,
                    people=verdict.people, dialled=verdict.dialled, lost=len(verdict.lost), held=verdict.held,
                    rejected=verdict.rejected, exposed=len(verdict.exposed), invented=len(verdict.invented),
                    miscounted=len(verdict.miscounted), strangers=len(verdict.strangers), again=trial.again,
                )  # fmt: skip
                if verdict.guilty:
                    crimes.append(f"{inside}: {verdict.guilty}")
                else:
                    shutil.rmtree(inside)
        doubled = [who for who, times in sandbox.recorded_counts().items() if times > most[who]]
    if not crimes:
        shutil.rmtree(folder)
    for crime in crimes:
        print(crime[:3000], file=sys.stderr)
    names = ("trials", "kills", "kills_while_calling", "runs", "people", "dialled", "again")
    return {
        **{name: sums[name] for name in names},
        "doubled": len(doubled),
        **{
            name: sums[name]
            for name in ("lost", "held", "rejected", "exposed", "invented", "strangers", "miscounted")
        },
        "crimes": len(crimes),
        "kinds": list(kinds),
        "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100, help="of each kind")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--kind", choices=KINDS, action="append", help="repeatable; all of them by default")
    parser.add_argument("--ledger", help="a file or URL for all trials; else a new file for each")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    report = soak(options.trials, seed, tuple(options.kind or KINDS), options.ledger)
    print(json.dumps(report))
    return 1 if report["crimes"] or report["doubled"] or report["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
