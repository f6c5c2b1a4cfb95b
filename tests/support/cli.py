"""Run the command line in this process, like `main`, and check its exit code."""

import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.json_schema import check_document
from xuna_cli.__main__ import main
from xuna_cli.debug_log import stop_debug_log
from xuna_cli.interrupts import INTERRUPTS, SIGNALS
from xuna_cli.output.masking import set_masking
from xuna_cli.sandbox.server import SandboxServer


@dataclass(frozen=True)
class Ran:
    """The output of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def counts(self) -> dict[str, int]:
        """The counts of rows that are not 0, also for `run`."""
        counts = self.document.get("batch_call", self.document)["counts"]
        assert counts["rows"] == sum(number for name, number in counts.items() if name != "rows")
        return {name: number for name, number in counts.items() if number}


class Cli:
    """`cli("batch-call", …)` runs in the test's own folder; an exit code not in `exits` fails the test.

    Attributes:
        folder: the current folder, which is also the home folder.
        server: the sandbox that the environment points to, if a fixture has started one.
    """

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.server: SandboxServer | None = None
        self._capsys = capsys

    def __call__(self, *argv: object, exits: int | tuple[int, ...] = 0) -> Ran:
        self._capsys.readouterr()
        before = {signum: signal.getsignal(signum) for signum in SIGNALS}
        try:
            code = main([str(argument) for argument in argv])
        finally:
            INTERRUPTS.signum = None
            stop_debug_log()
            set_masking(asked=None, in_ci=False)
            for signum, handler in before.items():
                signal.signal(signum, handler)
        out, err = self._capsys.readouterr()
        assert code in (exits if isinstance(exits, tuple) else (exits,)), f"exit {code}\n{out}\n{err}"
        if "--output" in argv and "json" in argv and out.startswith("{"):
            check_document(json.loads(out))
        return Ran(code, out, err)

    def call(self, *argv: object, exits: int = 0) -> dict[str, Any]:
        """Run batch-call, and return its document after checking that its counts add up."""
        ran = self("batch-call", *argv, "--output", "json", exits=exits)
        assert ran.counts is not None
        return ran.document

    def said_until_now(self) -> str:
        """Return what a running command has written to stderr since the last call."""
        return self._capsys.readouterr().err

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def ledger(self) -> Path:
        return self.folder / "home/data/xuna/ledger.db"

    @property
    def called(self) -> list[str]:
        return [call.to_phone_number for call in self.server.state.calls()]

    @property
    def said(self) -> list[Any]:
        return [call.conversation_config_override for call in self.server.state.calls()]
