"""The do-not-call lists of one run: which files they are, how old they may be, what is said of them."""

import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from xuna_cli.commands.number_files import read_numbers
from xuna_cli.errors import InputError, UsageError
from xuna_cli.output.messages import counted
from xuna_cli.screening.do_not_call import ListFile, NumberList
from xuna_cli.settings import Settings

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|w)")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def listed_in(settings: Settings) -> list[Path]:
    """Return the do-not-call files that XUNA_DO_NOT_CALL names."""
    setting = settings.get("XUNA_DO_NOT_CALL")
    folder = setting.folder or Path()
    return [folder / part for part in (setting.value or "").split(os.pathsep) if part.strip()]


def load_lists(
    settings: Settings,
    files: Sequence[Path],
    *,
    region: str | None,
    longest_age: timedelta | None,
    now: Callable[[], datetime],
) -> list[ListFile]:
    """Read the lists of `--do-not-call`, and those of XUNA_DO_NOT_CALL, which no flag takes away.

    Args:
        settings: of this invocation.
        files: the flag's.
        region: the country of numbers without +.
        longest_age: of a file, by the time of its last change.
        now: the clock, in UTC.

    Raises:
        InputError: one can't be read, is too old, or has a row that is no number.
    """
    by_setting = listed_in(settings)

    def read(path: Path) -> NumberList:
        _check_age(path, longest_age, now())
        return read_numbers(path, region=region)

    return [
        ListFile(partial(read, path), partial(_version, path))
        for path in dict.fromkeys([*files, *by_setting])
    ]


def said_of(one: NumberList) -> str:
    """Return how many numbers a list has."""
    return f"do-not-call list {one.name}: {counted(len(one.numbers), 'number', 'numbers')}"


def warning_of(one: NumberList) -> str | None:
    """Return what is to be known of numbers that nobody may have; None: there are none.

    It is said whatever --quiet: it changes who is called.
    """
    if not one.unassigned:
        return None
    some = counted(one.unassigned, "number is", "numbers are")
    return (
        f"do-not-call list {one.name}: {some} in no range that is in use, first {one.example}. "
        "If a part is missing, the person who is meant will be called."
    )


def _version(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None  # reading it says why
    return status.st_mtime_ns, status.st_size, status.st_ino


def _check_age(path: Path, longest_age: timedelta | None, now: datetime) -> None:
    if longest_age is None:
        return
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo)
    except OSError as error:
        raise InputError(
            f"do-not-call list {path} can't be read: {error.strerror}", hint="check the path", code="input"
        ) from None
    if now - changed > longest_age:
        raise InputError(
            f"do-not-call list {path} was last changed at {changed:%Y-%m-%d %H:%M} UTC, which is longer ago than "
            "--max-list-age allows",
            hint="get the list anew from its registry",
            code="list-too-old",
        )


def parse_age(text: str, *, source: str) -> timedelta:
    """Return the span of `31d`, `12h`, `90m` or `2w`.

    Raises:
        UsageError: it is not of that form.
    """
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(
            f"{source}: {text!r} is no span of time", hint="write 31d, 12h, 90m or 2w", code="age"
        )
    try:
        return float(match[1]) * _UNITS[match[2]]
    except OverflowError:
        return timedelta.max
