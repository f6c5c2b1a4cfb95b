"""Write a report about a bug: where it happened, and nothing about people or keys."""

import os
import platform
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from xuna_cli import __version__
from xuna_cli.settings import user_folder


def write_crash_report(
    error: Exception, environ: Mapping[str, str], now: datetime | None = None
) -> Path | None:
    """Write the known facts about a bug to a new file that only its owner can read.

    The file has the versions of xuna, Python and the platform, the command's name, and the type and code positions of
    every exception of the chain. It leaves out exception texts, arguments and local variables, because they may
    contain the key, a number or a name.

    Args:
        error: the exception.
        environ: the process's environment, for `XDG_STATE_HOME` (default: `~/.local/state`).
        now: the current time (default: the clock's).

    Returns:
        Path of the file. None if it can't be written, because that must not hide the bug.
    """
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    try:
        folder = user_folder(environ, "XDG_STATE_HOME", ".local/state")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"crash-{moment}-{os.getpid()}.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(_report(error, moment))
    except (OSError, RuntimeError):
        return None
    return path


def _report(error: Exception, moment: str) -> str:
    commands = [word for word in sys.argv[1:3] if re.fullmatch(r"[a-z]+(-[a-z]+)*", word)]
    lines = [
        f"xuna {__version__}, {moment}",
        f"Python {platform.python_version()} on {platform.platform()}",
        f"command: xuna {' '.join(commands)}",
        "",
    ]
    for exception in _chain(error):
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
            for frame in traceback.extract_tb(exception.__traceback__)
        ]
        lines += [type(exception).__name__, ""]
    return "\n".join(lines)


def _chain(error: BaseException) -> list[BaseException]:
    """Return the exceptions that led to this one, the earliest first."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.insert(0, current)
        current = current.__cause__ or current.__context__
    return chain
