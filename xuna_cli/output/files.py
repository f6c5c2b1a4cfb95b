"""Files that commands write: beside and renamed, readable by their owner only, and never over what is needed."""

import contextlib
import errno
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import IO, cast

from xuna_cli.errors import InputError, UsageError
from xuna_cli.output.messages import Stdout

SQLITE_MARK = b"SQLite format 3\0"
_DESCRIPTORS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")
_BESIDE_A_LEDGER = ("", "-journal", "-wal", "-shm", ".runs")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """Write a file of 0600 beside `path`, sync it, and give it its name when all went well.

    A device or a pipe is written as it is; a link is followed, and stays.

    Raises:
        InputError: if it can't be written there, or what is there is a ledger.
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
            f"{path} can't be written: {error.strerror}", hint="name another file", code="output-unwritable"
        ) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def create_private(path: Path, text: str) -> None:
    """Write a new file of 0600: the whole of it is there at once, or nothing.

    Raises:
        InputError: something is there already, or it can't be written.
    """
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, path)  # unlike a new name, it never replaces what is there
    except OSError as error:
        raise InputError(
            f"{path} can't be written: {error.strerror}",
            hint="check the folder's permissions",
            code="output-unwritable",
        ) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


@contextlib.contextmanager
def destination(to: Path | None) -> Iterator[IO[str]]:
    """Give the stream to write to: stdout, or a file that appears when all of it is written."""
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
    """Return whether a path is a file, or nothing yet: no device, no pipe, and none of our own streams."""
    if str(path).startswith(_DESCRIPTORS):
        return False
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def open_in_place(path: Path) -> int:
    """Return a descriptor that writes to a device or a pipe.

    Raises:
        OSError: it can't be opened, or is a pipe that nobody reads.
    """
    try:
        # Without waiting: a pipe that nobody reads would be waited for without end.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "it is a pipe that no program reads yet") from None
        raise
    os.set_blocking(descriptor, True)
    return descriptor


def refuse_ledger(path: Path) -> None:
    """Raise InputError if a file that is to be written is a database: it may be the record of who was called."""
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
    """Raise UsageError if a file that is to be written is one that is to be read."""
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
    """Raise UsageError if two files that are to be written are one."""
    files = [path for path in outputs if path is not None and is_ordinary(path)]
    for one, other in combinations(files, 2):
        if _is_same(one, other):
            raise UsageError(
                f"{one} is named for two outputs of this command",
                hint="name another file for one of the outputs",
                code="output-twice",
            )


def beside_ledger(ledger: Path) -> list[Path]:
    """Return the files that a ledger has, or may have: none of them may be an output."""
    return [ledger.with_name(ledger.name + ending) for ending in _BESIDE_A_LEDGER]


def is_within(output: Path, folder: Path) -> bool:
    """Return whether a file that is to be written would lie directly in a folder."""
    return _is_same(output.parent, folder)


def _is_same(one: Path, other: Path) -> bool:
    with contextlib.suppress(OSError):
        return one.samefile(other)
    return one.resolve() == other.resolve()
