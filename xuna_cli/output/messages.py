"""Plain words on stderr, and text that is safe to print. Cheap to import: no rich."""

import sys
from typing import TextIO

from xuna_cli.errors import XunaError

COUNT_LABELS = {
    "accepted": "accepted",
    "already_called": "already called",
    "duplicates": "duplicates",
    "rejected": "rejected",
    "do_not_call": "on a do-not-call list",
    "screened": "screened out",
    "deferred": "deferred",
    "in_flight": "in flight elsewhere",
    "held": "held",
    "not_sent": "not sent",
}


def safe(text: object) -> str:
    """Return text without anything that a terminal would obey: it may come from a contact or a server.

    Control, format (bidirectional, zero-width) and line-breaking characters become `·`; what the
    encoding can't show is left to the stream's error handler.
    """
    return "".join(character if character.isprintable() else "·" for character in str(text))


def say(text: str, stream: TextIO | None = None) -> None:
    """Write a line to stderr; a stderr that is closed or full is no reason to fail."""
    stream = stream or sys.stderr
    if stream is None:
        return
    try:
        stream.write("\n".join(safe(line) for line in text.split("\n")) + "\n")
        stream.flush()
    except (OSError, ValueError):
        pass


def print_error(error: XunaError) -> None:
    """Tell a person what happened and what to do next."""
    say(error_text(error))


def error_text(error: XunaError) -> str:
    """Return an error as lines of text."""
    return f"xuna: error: {error.message}" + (f"\n  {error.hint}" if error.hint else "")


def emit(text: str) -> None:
    """Write a result to stdout; raises OSError, which `main` turns into an exit code."""
    if sys.stdout is not None:
        sys.stdout.write(text)
