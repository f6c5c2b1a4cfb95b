"""The log of `--debug`: one line on stderr for each step, without keys, phone numbers or messages.

A step is logged in the code that does it: `debug("ledger", "opened", path=path)`. While the log is off, that takes
one function call and one comparison.
"""

import sys
import threading
import time

from xuna_cli.lazy_pattern import lazy_pattern

# Seven or more digits, with separators, may be a phone number; only its last two digits are shown.
_NUMBER = lazy_pattern(r"\+?\d(?:[\s().-]{0,2}\d){6,}")
_SECRET_SHAPES = lazy_pattern(r"(://[^/\s:@]*):[^@/\s]*@|\b(?:sk|xi)[-_]\w{4,}")


class _Log:
    """State of the log: on or off, its start time, and the texts that it never shows."""

    def __init__(self) -> None:
        self.since: float | None = None
        self.secrets: set[str] = set()


_LOG = _Log()


def start_debug_log() -> None:
    """Turn the log on."""
    if _LOG.since is None:
        _LOG.since = time.monotonic()


def stop_debug_log() -> None:
    """Turn the log off."""
    _LOG.since = None


def never_show(secret: str) -> None:
    """Keep a secret, e.g. the API key, out of the log."""
    _LOG.secrets.add(secret)


def debug(room: str, step: str, **facts: object) -> None:
    """Log a step, if the log is on.

    Args:
        room: the room of the code, e.g. `ledger`.
        step: short description of the step.
        facts: values to show; phone numbers in them are masked. Never pass a message, a name or a cell.
    """
    since = _LOG.since
    if since is None or sys.stderr is None:
        return
    known = "".join(f" {name}={fact}" for name, fact in facts.items() if fact is not None)
    when = f"{time.monotonic() - since:8.3f} s {threading.current_thread().name}"
    try:
        sys.stderr.write(f"xuna: debug: {when} {masked(f'{room}: {step}{known}')}\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # a closed or full stderr must not stop the program
        pass


def masked(text: str) -> str:
    """Return the text on one line, without keys, passwords and phone numbers."""
    for secret in _LOG.secrets:
        text = text.replace(secret, "***")
    text = _SECRET_SHAPES.sub(lambda match: f"{match[1]}:***@" if match[1] else "***", text)
    text = _NUMBER.sub(lambda match: f"***{match[0][-2:]}", text)
    return "".join(character if character.isprintable() else "·" for character in text)
