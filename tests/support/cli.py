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


class Xuna:
    """`xuna …` in this process, in a folder and a home of its own, against a sandbox of its own."""

    def __init__(self, folder, server, capsys) -> None:
        self.folder = folder
        self.server = server
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments):
        self._capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        self.out, self.err = self._capsys.readouterr()
        return status

    def call(self, *arguments, expect=0):
        """Run batch-call and return its document."""
        status = self("batch-call", *arguments, "--output", "json")
        assert status == expect, self.err
        document = json.loads(self.out)
        assert document["counts"]["rows"] == sum(document["counts"].values()) - document["counts"]["rows"]
        return document

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    @property
    def ledger(self):
        return self.folder / "data/xuna/ledger.db"

    @property
    def called(self):
        return [call.to_phone_number for call in self.server.state._calls]

    @property
    def said(self):
        return [call.conversation_config_override for call in self.server.state._calls]


@pytest.fixture
def xuna(tmp_path, server, capsys, monkeypatch):
    for name in ("CI", "XUNA_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XUNA_BASE_URL", server.base_url)
    monkeypatch.setenv("XUNA_AI_API_KEY", "sandbox")
    monkeypatch.setenv("XUNA_AGENT_ID", "agent_sandbox")
    monkeypatch.setenv("XUNA_FROM_PHONE_NUMBER_ID", "pn_sandbox")
    monkeypatch.chdir(tmp_path)
    return Xuna(tmp_path, server, capsys)
