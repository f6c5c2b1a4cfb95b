"""Write output files: atomically, readable by the owner only, and never over files that are needed."""

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import IO, cast

from xuna_cli.errors import InputError, UsageError, reason_of
from xuna_cli.output.messages import Stdout

SQLITE_MARK = b"SQLite format 3\0"
_DESCRIPTORS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")
_BESIDE_A_LEDGER = ("", "-journal", "-wal", "-shm", ".runs")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """Write a temporary file (0600) beside `path`, sync it, and rename it on success.

    A device or a pipe is written directly; a link is followed and kept.

    Raises:
        InputError: the file can't be written, or `path` is a ledger.
    """
    refuse_ledger(path)
    temporary: str | None = None
    try:
        if not is_ordinary(path):
            with os.fdopen(
                open_in_place(path), "w", encoding="utf-8", errors="backslashreplace", newline=""
            ) as stream:
                yield stream
            return
        path = path.resolve() if path.is_symlink() else path
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - a string
        temporary = None
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise InputError(
            f"{path} can't be written: {reason_of(error, writing=True)}",
            hint="name another file",
            code="output-unwritable",
        ) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def create_private(path: Path, text: str) -> None:
    """Create a file (0600) atomically.

    Raises:
        InputError: the file exists already or can't be written.
    """
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, path)  # unlike a rename, a link never replaces an existing file
    except OSError as error:
        raise InputError(
            f"{path} can't be written: {reason_of(error, writing=True)}",
            hint="check the folder's permissions",
            code="output-unwritable",
        ) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


@contextlib.contextmanager
def destination(to: Path | None) -> Iterator[IO[str]]:
    """Open stdout, or a file that appears once it is complete."""
    if to is None:
        yield cast(IO[str], Stdout())
    else:
        with replacing(to) as stream:
            yield stream


def write_json(stream: IO[str], names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as a JSON array of objects, in constant memory."""
    separator = "[\n"
    for row in rows:
        stream.write(separator + json.dumps(dict(zip(names, row, strict=True)), default=str))
        separator = ",\n"
    stream.write("[]\n" if separator == "[\n" else "\n]\n")


def is_ordinary(path: Path) -> bool:
    """Return whether a path is a regular file or does not exist (not a device, pipe or standard stream)."""
    if str(path).startswith(_DESCRIPTORS):
        return False
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def open_in_place(path: Path) -> int:
    """Return a descriptor that writes to a device or a pipe.

    Raises:
        OSError: the path can't be opened, or is a pipe without a reader.
    """
    # Without blocking: opening a pipe without a reader would wait forever.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def refuse_ledger(path: Path) -> None:
    """Raise InputError if an output file is a database, since it may be a ledger."""
    if not is_ordinary(path):
        return
    with contextlib.suppress(OSError), path.open("rb") as there:
        if there.read(len(SQLITE_MARK)) == SQLITE_MARK:
            raise InputError(
                f"{path} is a database, perhaps a ledger, so it was not overwritten",
                hint="name another file",
                code="output-is-ledger",
            )


def refuse_inputs(output: Path | None, inputs: Iterable[Path | None]) -> None:
    """Raise UsageError if an output file is also an input file."""
    if output is None or not is_ordinary(output):
        return
    for path in inputs:
        if path is not None and _is_same(output, path):
            raise UsageError(
                f"{output} is an input of this command, so it can't be its output",
                hint="name another file for the output",
                code="output-is-input",
            )


def refuse_outputs(*outputs: Path | None) -> None:
    """Raise UsageError if two output files are the same."""
    files = [path for path in outputs if path is not None and is_ordinary(path)]
    for one, other in combinations(files, 2):
        if _is_same(one, other):
            raise UsageError(
                f"{one} is named for two outputs of this command",
                hint="name another file for one of the outputs",
                code="output-twice",
            )


def beside_ledger(ledger: Path) -> list[Path]:
    """Return the files of a ledger, existing or not; none may be an output file."""
    return [ledger.with_name(ledger.name + ending) for ending in _BESIDE_A_LEDGER]


def is_within(output: Path, folder: Path) -> bool:
    """Return whether an output file would be directly in a folder."""
    return _is_same(output.parent, folder)


def _is_same(one: Path, other: Path) -> bool:
    with contextlib.suppress(OSError):
        return one.samefile(other)
    return one.resolve() == other.resolve()
