"""Runs the command line in this process, the way `main` does, and demands the exit code that is expected."""

import json
import signal
from dataclasses import dataclass
from typing import Any

import pytest

from xuna_cli.__main__ import main
from xuna_cli.interrupts import INTERRUPTS, SIGNALS


@dataclass(frozen=True)
class Ran:
    """What a command printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def counts(self) -> dict[str, int]:
        counts = self.document["counts"]
        assert counts["rows"] == sum(number for name, number in counts.items() if name != "rows")
        return {name: number for name, number in counts.items() if number}


class Cli:
    """`cli("batch-call", …)`; any exit code but `exits` fails the test."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *argv: object, exits: int = 0) -> Ran:
        self._capsys.readouterr()
        before = {signum: signal.getsignal(signum) for signum in SIGNALS}
        try:
            code = main([str(argument) for argument in argv])
        finally:
            INTERRUPTS.signum = None
            for signum, handler in before.items():
                signal.signal(signum, handler)
        out, err = self._capsys.readouterr()
        assert code == exits, f"exit {code}, not {exits}\n{out}\n{err}"
        return Ran(code, out, err)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)
