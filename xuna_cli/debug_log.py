"""What `--debug` shows: a line on stderr for each step, without keys, phone numbers or messages.

A step is logged where it happens: `debug("ledger", "opened", path=path)`. While the log is off, that costs a
call and a test.
"""

import re
import sys
import threading
import time

# From seven digits on, with what people write between them, a text may be a phone number; its last two are kept.
_NUMBER = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){6,}")
_SECRET_SHAPES = re.compile(r"(://[^/\s:@]*):[^@/\s]*@|\b(?:sk|xi)[-_]\w{4,}")


class _Log:
    """Whether the log is on, since when, and which texts it never shows."""

    def __init__(self) -> None:
        self.since: float | None = None
        self.secrets: set[str] = set()


_LOG = _Log()


def start_debug_log() -> None:
    """Show the steps from now on."""
    if _LOG.since is None:
        _LOG.since = time.monotonic()


def stop_debug_log() -> None:
    """Show no steps any more."""
    _LOG.since = None


def never_show(secret: str) -> None:
    """Keep a text, e.g. the API key, out of the log."""
    _LOG.secrets.add(secret)


def debug(room: str, step: str, **facts: object) -> None:
    """Show a step, if the log is on.

    Args:
        room: where it happens, e.g. `ledger`.
        step: what happens, in a few words.
        facts: what is known about it; phone numbers in them are masked. Never a message, a name or a cell.
    """
    since = _LOG.since
    if since is None or sys.stderr is None:
        return
    known = "".join(f" {name}={fact}" for name, fact in facts.items() if fact is not None)
    when = f"{time.monotonic() - since:8.3f} s {threading.current_thread().name}"
    try:
        sys.stderr.write(f"xuna: debug: {when} {masked(f'{room}: {step}{known}')}\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # a stderr that is closed or full is no reason to fail
        pass


def masked(text: str) -> str:
    """Return a text of one line without keys, passwords and phone numbers."""
    for secret in _LOG.secrets:
        text = text.replace(secret, "***")
    text = _SECRET_SHAPES.sub(lambda match: f"{match[1]}:***@" if match[1] else "***", text)
    text = _NUMBER.sub(lambda match: f"***{match[0][-2:]}", text)
    return "".join(character if character.isprintable() else "·" for character in text)
