"""Run `xuna` or a shell in its own process on a pseudo-terminal: what a person sees, types and interrupts."""

import codecs
import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from functools import partial

from tests.support.sandbox_process import ROOT

PATIENCE_S = 60.0
XUNA = (sys.executable, "-m", "xuna_cli")


class Terminal:
    """Starts `xuna …` on its own terminal.

    Args:
        argv: the command line.
        program: the program to start; a shell gets the terminal as its controlling terminal.
        env: variables to add to the environment.
        stdin: a file to use instead of the terminal.
        stdout: as for `subprocess`, instead of the terminal.
        columns: width of the terminal.

    Attributes:
        seen: everything that was printed on the terminal.
    """

    def __init__(
        self, *argv: object, program=XUNA, env=None, stdin=None, stdout=None, columns: int = 100
    ) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, columns))
        given = {"COLUMNS": str(columns), "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [*program, *map(str, argv)],
            stdin=theirs if stdin is None else stdin,
            stdout=theirs if stdout is None else stdout,
            stderr=theirs,
            env={**os.environ, **given, **(env or {})},
            start_new_session=True,
            preexec_fn=None if program is XUNA else partial(fcntl.ioctl, theirs, termios.TIOCSCTTY),  # noqa: PLW1509
        )
        os.close(theirs)
        self.seen = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a read may end within a character

    def until(self, words: str) -> None:
        """Wait until these words were printed; fail if they don't come."""
        end = time.monotonic() + PATIENCE_S
        while words not in self.seen and self._read():
            assert time.monotonic() < end, self.seen
        assert words in self.seen, self.seen

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def answer(self, question: str, words: str) -> None:
        """Wait for a question, and type the answer and Enter."""
        self.until(question)
        self.type(words + "\n")

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(PATIENCE_S)

    def _read(self) -> bool:
        if not select.select([self._ours], [], [], PATIENCE_S)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += self._decoder.decode(data)
        return bool(data)
