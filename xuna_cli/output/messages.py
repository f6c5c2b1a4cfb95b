"""Messages on stderr, and text that is safe to print. Cheap to import: no rich."""

import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from xuna_cli.errors import OutputError, XunaError, reason_of
from xuna_cli.hooks import reached
from xuna_cli.output.masking import masked_data, masked_words

COUNT_LABELS = {
    "accepted": "accepted",
    "already_called": "already called",
    "duplicates": "duplicates",
    "rejected": "rejected",
    "do_not_call": "on a do-not-call list",
    "screened": "screened out",
    "deferred": "deferred",
    "in_flight": "in progress in another run",
    "held": "held",
    "not_sent": "not sent",
}


COMMANDS = ("xuna batch-call", "xuna campaigns", "printf ")
"""Beginnings of lines for copying."""


def attempt_words(attempts: Mapping[int, int]) -> str:
    """Return numbers of calls by attempt, e.g. `80 at attempt 1, 12 at attempt 2`."""
    return ", ".join(f"{calls:,} at attempt {attempt}" for attempt, calls in attempts.items())


def count_words(name: str, number: int) -> str:
    """Format one of a run's counts with its label: `2 duplicates`, `1 duplicate`."""
    label = COUNT_LABELS[name]
    return f"{number:,} {label.removesuffix('s') if name == 'duplicates' and number == 1 else label}"


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def sentence(words: str) -> str:
    """Return a phrase, e.g. an error's message, as a sentence."""
    return f"{words[:1].upper()}{words[1:]}."


def safe(text: object) -> str:
    """Return untrusted text without characters that control a terminal.

    Control, format (bidirectional, zero-width) and line-breaking characters become `·`; what the
    encoding can't show is left to the stream's error handler.
    """
    return "".join(character if character.isprintable() else "·" for character in str(text))


def shown(text: object) -> str:
    """Return text for display: safe, and with masked numbers if requested."""
    return safe(masked_words(str(text)))


def fitted(line: str, width: int) -> str:
    """Wrap a long line between words.

    A command for copying (`  xuna …`, `…: xuna …`) is not wrapped, and has a line of its own.

    Args:
        line: without line breaks.
        width: columns of the terminal; 0 if there is none, to not wrap.
    """
    words = line.lstrip()
    if not 0 < width < len(line) or words.startswith(COMMANDS):
        return line
    from textwrap import wrap  # noqa: PLC0415 - seldom

    deeper = " " * (len(line) - len(words) + 2)
    text, colon, command = line.partition(": xuna ")
    lines = wrap(
        f"{text}:" if colon else text,
        width,
        subsequent_indent=deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join([*lines, f"{deeper}xuna {command}"] if colon else lines)


def _width(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):  # the stream has no descriptor or is closed
        return 0


class _Simulated:
    """Messages of simulated runs.

    Args:
        now: returns the simulated time, for people.
    """

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now
        self._said: set[str] = set()

    def marked(self, text: str) -> str | None:
        """Return a message with the simulated time; None if it was said before."""
        if text in self._said:
            return None
        self._said.add(text)
        return f"simulated {self._now()}: {text.removeprefix('xuna: ')}"


_SIMULATED: list[_Simulated] = []


@contextmanager
def simulated_messages(now: Callable[[], str]) -> Iterator[None]:
    """Let `say` mark messages as those of simulated runs, and write each one only once.

    Args:
        now: returns the simulated time, for people.
    """
    _SIMULATED.append(_Simulated(now))
    try:
        yield
    finally:
        _SIMULATED.pop()


def say(text: str, stream: TextIO | None = None) -> None:
    """Write a line to stderr; ignore a closed or full stderr."""
    stream = stream or sys.stderr
    marked = _SIMULATED[-1].marked(text) if _SIMULATED else text
    if stream is None or marked is None:
        return
    width = _width(stream)
    try:
        stream.write("\n".join(fitted(shown(line), width) for line in marked.split("\n")) + "\n")
        stream.flush()
    except (OSError, ValueError):
        pass


def print_error(error: XunaError) -> None:
    """Print an error with its hint."""
    say(error_text(error))


def error_text(error: XunaError) -> str:
    """Return an error as lines of text."""
    kind = "error: " if error.exit_status else ""  # otherwise the person wanted this
    return f"xuna: {kind}{error.message}" + (f"\n  {error.hint}" if error.hint else "")


def emit(text: str) -> None:
    """Write a result to stdout. A closed pipe (`| head -1`) is not a failure.

    Raises:
        OutputError: stdout can't be written, e.g. because a disk is full.
    """
    if sys.stdout is None:  # closed by the parent process
        return
    reached("emit:before")
    try:
        sys.stdout.write(masked_data(text))
        sys.stdout.flush()
        reached("emit:after")
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:
        silence_stdout()
        raise OutputError(
            f"the output can't be written: {reason_of(error, writing=True)}",
            hint="to see what was done, run: xuna campaigns list",
        ) from None


def silence_stdout() -> None:
    """Discard further output to stdout; the interpreter would fail on it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)


class Stdout(io.TextIOBase):
    """Stdout as a file whose writes go through `emit`."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return stdout's encoding, from which rich chooses its line characters."""
        return getattr(sys.stdout, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Return whether stdout is a terminal."""
        return sys.stdout is not None and sys.stdout.isatty()

    def write(self, text: str) -> int:
        """Write through `emit`."""
        emit(text)
        return len(text)
