"""The environment of benchmarks: lists, servers, ledgers, and measured child processes."""

import contextlib
import json
import os
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import baseline
from tests.benchmarks.lists import callable_in
from tests.support.sandbox_process import SandboxProcess

ROOT = Path(__file__).resolve().parents[2]
MESSAGE = baseline.MESSAGE.replace("{", "{{ ").replace("}", " }}")


@dataclass(frozen=True)
class Ran:
    """The kernel's measurements of a child process that has ended.

    Attributes:
        cpu: seconds of CPU time, user and system, of all threads.
        wall: seconds of real time.
        peak: maximum resident memory in MiB.
        out: its stdout.
    """

    cpu: float
    wall: float
    peak: float
    out: str


def run(argv, *, env=None, exits=(0,)):
    """Run a child process to its end."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen(argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode not in exits:
            raise AssertionError(f"{argv} exited with {child.returncode}: {err.read().decode()[-2000:]}")
        scale = 2**10 if sys.platform == "linux" else 2**20  # KiB on Linux, bytes on macOS
        return Ran(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / scale, out.read().decode())


def alternate(times, **ways):
    """Run each of the ways in turn, this many times; return the measurements by name."""
    figures = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            figures[name].append(way())
    return figures


def middle(runs, what):
    """Return the median of one attribute of several `Ran`s."""
    return statistics.median(getattr(each, what) for each in runs)


class Server:
    """The sandbox in its own process, which counts calls without storing them."""

    def __init__(self):
        self._process = SandboxProcess(remember="count")

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._process.stop()

    @property
    def base_url(self):
        return self._process.base_url

    def taken(self):
        """Return how many calls and batches it took since it was last asked. Not through httpx, which
        would double the memory of this process, and with it the least that a child can show.
        """
        with urllib.request.urlopen(f"{self.base_url}/sandbox/dialled") as answer:
            document = json.load(answer)
        reset = urllib.request.Request(f"{self.base_url}/sandbox/reset", method="POST")
        urllib.request.urlopen(reset).close()
        return document["total"], document["batches"]


class PunctualServer:
    """A server that takes this many seconds for each batch and only counts it."""

    def __init__(self, seconds):
        self._argv = [sys.executable, "-m", "tests.benchmarks.punctual_server", str(seconds)]

    def __enter__(self):
        self._process = subprocess.Popen(self._argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        port = self._process.stdout.readline().strip()
        if not port:  # the server has printed why
            self._process.communicate()
            raise SystemExit("A server of the benchmarks did not start. Install xuna with '.[test]'.")
        self.base_url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def taken(self):
        """Return how many calls and batches it accepted since the last call of this."""
        with urllib.request.urlopen(f"{self.base_url}/taken") as answer:
            return tuple(json.load(answer))


class DistantServer(PunctualServer):
    """A punctual server behind a slow network, over TLS.

    Attributes:
        ca_file: the certificate of its authority.
    """

    def __init__(self, seconds, round_trip, folder):
        self.ca_file = str(Path(folder) / "ca.pem")
        module = "tests.benchmarks.distant_server"
        self._argv = [sys.executable, "-m", module, str(seconds), str(round_trip), str(folder)]

    def __enter__(self):
        super().__enter__()
        self.base_url = self.base_url.replace("http://127.0.0.1", "https://localhost")
        return self

    def taken(self):
        trusted = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(f"{self.base_url}/taken", context=trusted) as answer:
            return tuple(json.load(answer))


class Stage:
    """A folder with lists and ledgers, and the numbers of repetitions.

    Args:
        size: number of contacts where the goal says a million.
        long: repetitions of a run that takes many seconds.
        short: repetitions of a run that takes less than a second.
    """

    def __init__(self, folder, *, size=1_000_000, long=3, short=7):
        self.folder = Path(folder)
        self.size = size
        self.long = long
        self.short = short
        self._fresh = 0

    def part(self, share):
        """Return a share of the size, at least ten contacts."""
        return max(10, int(self.size * share))

    def list(self, kind, size):
        """Return the path of a list, which is made once."""
        name, _, suffix = kind.partition(".")
        path = self.folder / f"{name}-{size}.{suffix}"
        if not path.exists():
            run([sys.executable, "-m", "tests.benchmarks.lists", kind, str(size), str(path)])
        return path

    def fresh_ledger(self):
        """Return a path without a ledger, and delete the last ledger."""
        shutil.rmtree(self.folder / f"ledger-{self._fresh}", ignore_errors=True)
        self._fresh += 1
        folder = self.folder / f"ledger-{self._fresh}"
        folder.mkdir()
        return folder / "ledger.db"

    def environment(self, ca_file=None):
        """Return the environment of a child process: no settings and no home folder of the person who measures.

        Args:
            ca_file: the certificate that the child trusts; None for the usual authorities.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XUNA_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
        return kept | {
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XUNA_AI_API_KEY": "sandbox",
            "XUNA_AGENT_ID": "agent_sandbox",
            "XUNA_FROM_PHONE_NUMBER_ID": "pn_sandbox",
            "NO_PROXY": "127.0.0.1,localhost",
            **({"SSL_CERT_FILE": ca_file} if ca_file else {}),
        }

    def command(self, contacts, base_url, *, ledger=None):
        """Return a command line of `xuna batch-call`; without `ledger`, a new one is used."""
        return [
            *(
                sys.executable,
                "-m",
                "xuna_cli",
                "batch-call",
                str(contacts),
                "-m",
                MESSAGE,
                "--yes",
                "--quiet",
            ),
            *("--ledger", str(ledger or self.fresh_ledger()), "--base-url", base_url),
        ]

    def batch_call(self, contacts, server, *, expect, ledger=None, batch_size=500, options=()):
        """Run `xuna batch-call` to its end, and compare its result with what the server received.

        Args:
            contacts: the list.
            server: the server for the calls.
            expect: the expected counts, without `rows` and counts that are 0.
            ledger: the ledger; None for a new one.
            batch_size: calls in one POST.
            options: more options.
        """
        argv = [
            *self.command(contacts, server.base_url, ledger=ledger),
            *("--campaign", "benchmark", "--batch-size", str(batch_size), "--output", "json", *options),
        ]
        ran = run(argv, env=self.environment(getattr(server, "ca_file", None)), exits=(0, 3))
        counts = {name: number for name, number in json.loads(ran.out)["counts"].items() if number}
        del counts["rows"]
        accepted = counts.get("accepted", 0)
        taken = server.taken()
        if counts != {name: number for name, number in expect.items() if number}:
            raise AssertionError(f"{counts}, and not {expect}")
        if taken != (accepted, -(-accepted // batch_size)):
            raise AssertionError(f"the server took (calls, batches) {taken}, and {accepted} were accepted")
        return ran

    def script(self, contacts, server, *, expect, check="possible", region="", batch_size=500):
        """Run the baseline to its end, and check it in the same way.

        Args:
            contacts: the list.
            server: the server for the calls.
            expect: how many people can be called; it may call more, because it accepts `555-1234` and drops
                extensions.
            check: its check of phone numbers.
            region: country of numbers without `+`.
            batch_size: calls in one POST.
        """
        argv = [
            sys.executable,
            baseline.__file__,
            str(contacts),
            server.base_url,
            check,
            region,
            str(batch_size),
        ]
        ran = run(argv, env=self.environment())
        initiated, _ = map(int, ran.out.split())
        taken, _ = server.taken()
        if taken != initiated or initiated < expect:
            raise AssertionError(f"the script called {initiated}, the server took {taken}, {expect} were fit")
        return ran


@contextlib.contextmanager
def staged(**options):
    """Yield a stage in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="xuna-benchmarks-") as folder:
        yield Stage(folder, **options)


def fit(kind, size):
    """Return the expected counts of a first run with such a list."""
    good = callable_in(kind, size)
    return {"accepted": good, "rejected": size - good}
