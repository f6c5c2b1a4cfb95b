"""The sandbox in a process of its own, for the fault suite and the benchmarks.

    with SandboxProcess(tmp_path / "dialled.jsonl", faults=[{"kind": "cut", "every": 3}]) as sandbox:
        ...                                  # talk to sandbox.base_url, with sandbox.api_key
        assert sandbox.dialled()["called_twice"] == []

It uses a free port, and ends with the test that started it.
"""

import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0


class SandboxProcess:
    """Starts with `start()` or `with`; ends with `stop()`, `kill()`, or its parent process.

    Args:
        record: file for the accepted calls, readable even after a kill; None for none.
        faults: faults as JSON.
        conversations: fields of `ConversationOptions`.
        options: other options of `SandboxServer`: port, api_key, remember, sync, seed.
    """

    def __init__(self, record=None, *, faults=(), conversations=None, **options) -> None:
        self.record = None if record is None else Path(record).absolute()
        self.api_key: str = options.get("api_key", "sandbox")
        self.base_url = ""
        self._options = options | {
            "record": None if self.record is None else str(self.record),
            "faults": list(faults),
            "conversations": conversations or {},
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> Self:
        """Start, and return when it answers. After a kill it starts on the same port."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.sandbox_process", json.dumps(self._options)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if not name.startswith("XUNA_")},
        )
        ready, _, _ = select.select([self._process.stdout], [], [], START_TIMEOUT)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self.kill()
            raise AssertionError("the sandbox process didn't start")
        started = json.loads(line)
        self.base_url = started["base_url"]
        self._options["port"] = started["port"]
        return self

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(timeout=60)
            self._close()

    def kill(self) -> None:
        """Send SIGKILL, and wait until the process has ended."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._close()

    def _close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info) -> None:
        self.kill()

    def _control(self, method: str, what: str, document=None):
        import httpx

        with httpx.Client(
            trust_env=False, timeout=60, verify=False
        ) as client:  # http: no authorities to load
            answer = client.request(method, f"{self.base_url}/sandbox/{what}", json=document)
        answer.raise_for_status()
        return answer.json()

    def add_fault(self, kind: str, **fields) -> None:
        self._control("POST", "faults", {"kind": kind, **fields})

    def faults(self) -> list[dict]:
        return self._control("GET", "faults")["faults"]

    def clear_faults(self) -> None:
        self._control("DELETE", "faults")

    def dialled(self) -> dict:
        """Return total, batches, counts (number → calls), called_twice and calls."""
        return self._control("GET", "dialled")

    def requests(self) -> list[dict]:
        """Return all complete requests."""
        return self._control("GET", "requests")["requests"]

    def reset(self) -> None:
        self._control("POST", "reset")

    def recorded(self) -> list[dict]:
        """Return every accepted call from the record file, even if the process is dead."""
        return read_record(self.record)

    def recorded_counts(self) -> Counter[str]:
        """Return the number of calls to each phone number, from the record file."""
        return Counter(call["to_phone_number"] for call in self.recorded())


def read_record(path) -> list[dict]:
    """Return the calls in a record file, without a last line that a kill cut off."""
    if path is None or not Path(path).exists():
        return []
    *lines, _ = Path(path).read_bytes().split(b"\n")
    calls = []
    for line in lines:
        try:
            calls.append(json.loads(line))
        except ValueError:  # cut by a kill; the next start ended the line
            continue
    return calls


def main(options: dict) -> None:
    from xuna_cli.sandbox.conversations import ConversationOptions
    from xuna_cli.sandbox.faults import from_json
    from xuna_cli.sandbox.server import SandboxServer

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is meant for the tests
    options["faults"] = [from_json(fault) for fault in options["faults"]]
    options["conversations"] = ConversationOptions(**options["conversations"])
    with SandboxServer(**options) as server:
        print(json.dumps({"base_url": server.base_url, "port": server.port}), flush=True)
        sys.stdin.buffer.read()  # ends when the parent ends


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
