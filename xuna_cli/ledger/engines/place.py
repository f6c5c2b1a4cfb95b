"""Check that a ledger file is in a safe place, and that a missing one did not exist before.

SQLite finds the journal of a broken transaction by the name of its file. A file with two names has two
journals: a transaction that was killed under one name is not undone under the other, and is undone later,
over newer pages. Therefore a ledger must have one name, in one folder.
"""

import os
import shlex
import stat
from pathlib import Path

from xuna_cli.errors import LedgerError
from xuna_cli.ledger.engines.file_systems import (
    LOCAL,
    MEMORY,
    is_mount_point,
    is_shared,
    mount_point_of,
    mounts,
)

ONE_MACHINE = "keep the ledger on a local disk, or on PostgreSQL with --ledger postgresql://…"


def journal_of(path: Path) -> Path:
    """Return the path of a ledger file's journal."""
    return path.with_name(path.name + "-journal")


def runs_of(path: Path) -> Path:
    """Return the folder with the locks of a ledger file's runs."""
    return path.with_name(path.name + ".runs")


def check_place(path: Path) -> None:
    """Check that a ledger file, which need not exist, is in a safe place.

    Args:
        path: absolute, without symbolic links.

    Raises:
        LedgerError: if other machines may see the file system, or the file may have another name.
    """
    table = mounts()
    point = mount_point_of(path, table)
    kind = table[point] if point else ""
    if is_shared(kind):
        raise LedgerError(
            f"{path} is on a file system that other machines may use, too ({kind}): SQLite's locks can't be "
            "trusted there",
            hint=ONE_MACHINE,
            code="ledger-network",
        )
    for file in (path, journal_of(path), runs_of(path)):
        if is_mount_point(file, table):
            raise LedgerError(
                f"{file} is mounted as a single file, so the ledger has another path outside",
                hint=f"mount the whole folder {path.parent}, e.g. docker run -v /srv/xuna:{path.parent}",
                code="ledger-linked",
            )
        if file != path and file.is_symlink():
            raise LedgerError(
                f"{file} is a symbolic link, so that the ledger's files are in two folders",
                hint=f"keep everything beside {path}",
                code="ledger-linked",
            )
    for file in (path, journal_of(path)):
        _check_links(file, point)


def cautions(path: Path, *, created: bool) -> list[str]:
    """Return warnings about the place of a ledger file.

    Args:
        path: path of the file.
        created: whether the file is new.
    """
    table = mounts()
    point = mount_point_of(Path(os.path.realpath(path)), table)
    kind = table[point] if point else ""
    if created and kind in MEMORY:
        return [f"{path} is in memory ({kind}), so after a restart it is unknown who was called"]
    if kind and kind not in LOCAL:
        return [f"{path} is on an unknown file system ({kind}); {ONE_MACHINE}"]
    return []


def check_never_there(path: Path, *, named: Path) -> None:
    """Check that a missing ledger did not exist before.

    Args:
        path: absolute, without symbolic links.
        named: the name as given.

    Raises:
        LedgerError: if a link leads to the path, or a trace or a backup of a ledger lies beside it.
    """
    left = traces(path)
    if path.exists():  # created by another run in the meantime: its journal belongs to a live transaction
        return
    if named.is_symlink():
        raise LedgerError(
            f"the ledger {path}, to which the link {named} points, does not exist",
            hint="mount the disk, or put the ledger back; for a new ledger, use the path without the link: --ledger "
            f"{shlex.quote(str(path))}",
            code="ledger-gone",
        )
    if not left:
        return
    if left[0] == journal_of(path):
        raise LedgerError(
            f"the ledger {path} is missing, but its journal exists",
            hint="put the ledger back, because the two files belong together; for a new ledger, name "
            "another file with --ledger",
            code="ledger-corrupt",
        )
    raise LedgerError(
        f"the ledger {path} is missing, but existed before: {left[0].name} is beside it",
        hint="put the ledger back, or restore a copy (people who were called since then could be called again); "
        "for a new ledger, name another file with --ledger",
        code="ledger-gone",
    )


def traces(path: Path) -> list[Path]:
    """Return files beside a missing ledger that show that it existed, the journal first."""
    name = path.name
    try:
        names = sorted(one.name for one in path.parent.iterdir())
    except OSError:
        return []
    own = (name + "-journal", name + "-wal", name + ".runs", name + "~", name + ".old", path.stem + ".bak")
    backups = [one for one in names if one.startswith(name) and one.endswith(".bak")]
    return [path.parent / one for one in dict.fromkeys([*own, *backups]) if one in names]


def _check_links(file: Path, point: Path | None) -> None:
    try:
        status = file.lstat()
    except OSError:
        return
    if status.st_nlink <= 1 or not stat.S_ISREG(status.st_mode):
        return
    beside = [
        other.path
        for other in os.scandir(file.parent)
        if other.name != file.name and other.inode() == status.st_ino and other.is_file(follow_symlinks=False)
    ]
    other = (
        f"also called {beside[0]}"
        if beside
        else f"find them: find {_typed(point)} -xdev -samefile {_typed(file)}"
    )
    raise LedgerError(
        f"{file} has {status.st_nlink} names (hard links), and each name would have its own journal; {other}",
        hint="while no run is in progress, keep the name that has a -journal file beside it, or any name if "
        "none has one, and remove the other names",
        code="ledger-linked",
    )


def _typed(path: Path | None) -> str:
    return shlex.quote(str(path or "/"))
