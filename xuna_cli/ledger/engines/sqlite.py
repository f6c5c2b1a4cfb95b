"""The ledger on SQLite: a file, and beside it an OS lock for each run."""

import contextlib
import fcntl
import glob
import os
import shlex
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from xuna_cli.errors import ConfigurationError, LedgerError, reason_of
from xuna_cli.ledger.engines.engine import Parameters
from xuna_cli.ledger.engines.hot_journal import check_journal
from xuna_cli.ledger.engines.place import check_never_there, check_place, runs_of

# Long enough that a crowd of runs queues instead of failing; a claim of 20,000 takes well under a second.
BUSY_TIMEOUT_S = 60.0

# Keys come in random order, so that a claim writes most pages of their index anew: four times as large, they
# cost two fifths less system time (a million claims: 1.8 s, not 2.9).
PAGE_SIZE = 16_384

# A commit must be durable before its POST: the folder, too, is synced when the journal is deleted.
# The values that SQLite reports; synchronous 3 is EXTRA. WAL would take a quarter of the time for a commit. It is
# avoided because a copy of the file without its WAL (a backup after a run was killed) would lack the last commits, and
# people would be called again. It also has a corruption bug with several connections up to SQLite 3.51.2.
PRAGMAS: Mapping[str, tuple[str, object]] = {
    "journal_mode": ("DELETE", "delete"),
    "synchronous": ("EXTRA", 3),
    "foreign_keys": ("ON", 1),
    "secure_delete": ("ON", 1),
    "fullfsync": ("ON", 1),
}

APPLICATION_ID = int.from_bytes(b"xuna", "big")  # identifies ledger files among SQLite databases


class SqliteEngine:
    """One connection to a ledger file.

    Args:
        path: the ledger file.
        create: create a missing file (0600, in a folder of 0700).
        read_only: never write, not even to recover from a crash.

    Raises:
        LedgerError: if the file is missing, not a database, damaged, or in an unsafe place.
    """

    serial_key = "INTEGER PRIMARY KEY AUTOINCREMENT"
    is_local = True

    def __init__(self, path: Path, *, create: bool, read_only: bool = False) -> None:
        self.path = Path(os.path.realpath(path))
        self._connection: sqlite3.Connection
        self._locks: dict[int, int] = {}
        if sqlite3.sqlite_version_info < (3, 35):
            raise LedgerError(
                f"this Python has SQLite {sqlite3.sqlite_version}; the ledger needs 3.35 or newer",
                hint="install a Python with a newer SQLite",
            )
        with _errors(self.path):
            self.check_place()
            if not self.path.exists():
                check_never_there(self.path, named=path)
                if not create:
                    raise LedgerError(
                        f"there is no ledger at {self.path}", hint="check the path", code="ledger-missing"
                    )
                self._create_file()
            if self.path.is_dir() or self.path.stat().st_size == 0:
                raise LedgerError(
                    f"{self.path} is {'a folder' if self.path.is_dir() else 'empty'}, not a ledger",
                    hint="restore the ledger from a copy, or name another file with --ledger; "
                    "a new ledger does not know who was called",
                    code="ledger-corrupt",
                )
            check_journal(self.path)
            self._connect(read_only=read_only)

    def check_place(self) -> None:
        """Raise LedgerError if the file may have a second name, or other machines may use it."""
        check_place(self.path)

    @property
    def location(self) -> str:
        """The path of the file."""
        return str(self.path)

    @property
    def version(self) -> str:
        """SQLite's version."""
        return f"SQLite {sqlite3.sqlite_version}"

    def size(self) -> int:
        """Return the size of the file in bytes."""
        with _errors(self.path):
            return self.path.stat().st_size

    def has_schema(self) -> bool:
        """Return whether the ledger's tables exist."""
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE name = 'ledger_info'"))

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows."""
        with _errors(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement and return how many rows it changed."""
        with _errors(self.path):
            return self._connection.execute(sql, parameters).rowcount

    @contextlib.contextmanager
    def transaction(self, *, exclusive: bool = False) -> Iterator[None]:  # noqa: ARG002 - see below
        """Run a block all or nothing; the result is on the disk when the block ends.

        Args:
            exclusive: no difference here, because only one transaction can write at a time.

        Raises:
            LedgerError: if it could not be committed, or if the file is not the one that was opened.
        """
        with _errors(self.path):
            self._check_same_file()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def lock_named(self, name: str, *, shared: bool = False) -> None:
        """Do nothing: only one transaction can write at a time."""

    def last_key(self, table: str) -> int:
        """Return the highest serial key that a table has ever used."""
        rows = self.rows("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        return int(rows[0][0]) if rows else 0

    def advance_key(self, table: str, key: int) -> None:
        """Do nothing: SQLite continues after the highest key that was ever inserted."""

    def backup_before_migration(self, version: int) -> None:
        """Copy the file to one beside it before the schema changes."""
        target = self.path.with_name(f"{self.path.name}.v{version}.bak")
        with _errors(self.path):
            target.unlink(missing_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            # Through another connection: SQLite copies nothing out of one that is about to write, and
            # Python's `backup` would wait forever.
            uri = self.path.as_uri() + "?mode=ro"
            with (
                contextlib.closing(sqlite3.connect(uri, uri=True)) as source,
                contextlib.closing(sqlite3.connect(target)) as copy,
            ):
                source.backup(copy)

    def work_on_private_copy(self) -> None:
        """Switch to a private copy, which is deleted when the connection is closed."""
        with _errors(self.path):
            # Without a name, SQLite uses an unnamed temporary file.
            copy = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._connection.backup(copy)
            self._connection.close()
            self._connection = copy

    def vacuum(self) -> None:
        """Rewrite the file without deleted data."""
        with _errors(self.path):
            self._check_same_file()
            self._connection.execute("VACUUM")

    def migration_backups(self) -> list[str]:
        """Return the ledger's backups from schema changes."""
        return sorted(map(str, self.path.parent.glob(f"{glob.escape(self.path.name)}.v*.bak")))

    def acquire_lock(self, run_id: int) -> None:
        """Take the lock of a new run, which the OS releases when the process ends.

        Raises:
            LedgerError: if this is an older copy of the ledger that was used last.
        """
        with _errors(self.path):
            if run_id <= (last := self._last_run()):
                raise LedgerError(
                    f"the ledger {self.path} is older than the one that was used last (a backup?): that one has run "
                    f"{last:,}, and this one ends before run {run_id:,}",
                    hint="put the newer ledger back; to use this one (whom the newer one called could be called "
                    f"again), run: rm {shlex.quote(str(self._last_run_file))}",
                    code="ledger-set-back",
                )
            file = self._lock_file(run_id)
            file.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._locks[run_id] = descriptor

    def remember_run(self, run_id: int) -> None:
        """Note the last run in a file beside the ledger, which an older copy of the ledger does not change.

        Written after the run is on the disk, so that the note is never ahead of the ledger.
        """
        with contextlib.suppress(OSError):  # a ledger without a note can be used as well
            descriptor = os.open(self._last_run_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, f"{self._ledger_id()} {run_id}\n".encode())
            finally:
                os.close(descriptor)

    def release_lock(self, run_id: int) -> None:
        """Release the lock of a run that has ended, and remove its file."""
        descriptor = self._locks.pop(run_id, None)
        if descriptor is not None:
            with contextlib.suppress(OSError):
                self._lock_file(run_id).unlink()
            os.close(descriptor)

    def holds_lock(self, run_id: int) -> bool:
        """Return whether this process holds the run's lock; a live process never loses an OS lock."""
        return run_id in self._locks

    def is_alive(self, run_id: int) -> bool:
        """Return whether any process holds the run's lock."""
        if run_id in self._locks:
            return True
        try:
            descriptor = os.open(self._lock_file(run_id), os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            # Shared, so that two checks at once don't take each other for the run.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def forget_lock(self, run_id: int) -> None:
        """Remove the lock file of a dead run."""
        with contextlib.suppress(OSError):
            self._lock_file(run_id).unlink()

    def close(self) -> None:
        """Close the connection and release the locks."""
        for run_id in list(self._locks):
            self.release_lock(run_id)
        self._connection.close()

    def _lock_file(self, run_id: int) -> Path:
        return runs_of(self.path) / f"{run_id}.lock"

    @property
    def _last_run_file(self) -> Path:
        return runs_of(self.path) / "last-run"

    def _last_run(self) -> int:
        """Return the highest run that was noted for this ledger; 0 if there is no note, or it is another ledger's."""
        try:
            note = self._last_run_file.read_text(encoding="utf-8").split()
        except (FileNotFoundError, UnicodeDecodeError):
            return 0
        is_ours = len(note) == 2 and note[0] == self._ledger_id() and note[1].isdecimal()  # noqa: PLR2004 - id and run
        return int(note[1]) if is_ours else 0

    def _ledger_id(self) -> str:
        [(ledger_id,)] = self.rows("SELECT value FROM ledger_info WHERE name = 'ledger_id'")
        return str(ledger_id)

    def _create_file(self) -> None:
        """Create a complete database and then give it its name in one step."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _only_one_in(self.path.parent):
            if self.path.exists():  # created by another run in the meantime
                return
            descriptor, name = tempfile.mkstemp(prefix=self.path.name + ".new-", dir=self.path.parent)  # 0600
            os.close(descriptor)
            try:
                with contextlib.closing(sqlite3.connect(name)) as connection:
                    connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
                    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                Path(name).rename(self.path)
            finally:
                Path(name).unlink(missing_ok=True)
            _sync_folder(self.path.parent)

    def _connect(self, *, read_only: bool) -> None:
        uri = self.path.as_uri() + ("?mode=ro" if read_only else "?mode=rw")
        self._connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            if self._connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise LedgerError(
                    f"{self.path} is a SQLite database, but not a ledger of xuna",
                    hint="name another file with --ledger",
                    code="ledger-corrupt",
                )
            [(pages,)] = self._connection.execute("PRAGMA page_count").fetchall()
            [(page_size,)] = self._connection.execute("PRAGMA page_size").fetchall()
            if self.path.stat().st_size < pages * page_size:  # SQLite fills a cut last page with zeros
                raise LedgerError(
                    f"the ledger {self.path} is damaged, because its end is missing",
                    hint="restore the ledger from a copy; do not start a new ledger",
                    code="ledger-corrupt",
                )
            for name, (value, expected) in PRAGMAS.items():
                self._connection.execute(f"PRAGMA {name} = {value}")
                got = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
                if got != expected and not (read_only and name == "journal_mode"):
                    raise LedgerError(f"{self.path}: SQLite refused {name} = {value} (it is {got})")
        except BaseException:
            self._connection.close()
            raise
        self._identity = _identity(self.path)

    def _check_same_file(self) -> None:
        if _identity(self.path) != self._identity:
            raise LedgerError(
                f"the ledger {self.path} was moved, replaced, emptied or deleted while it was in use",
                hint="put the ledger back before anything else is sent",
                code="ledger-replaced",
            )


def check_permissions(path: Path) -> None:
    """Check that a ledger can be written or created at this path.

    Raises:
        ConfigurationError: if it can't.
    """
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):  # permissions don't prove that the disk can be written
            pass
        if path.exists():
            with path.open("r+b"):
                pass
    except OSError as error:
        raise ConfigurationError(
            f"{path} can't be written: {reason_of(error, writing=True)}",
            hint="name another file with --ledger",
        ) from None


def _identity(path: Path) -> tuple[int, int, bool] | None:
    """Return the file's device and number, and whether it is empty: SQLite would make a new ledger of an empty file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size == 0


@contextlib.contextmanager
def _only_one_in(folder: Path) -> Iterator[None]:
    """Lock a folder so that only one process creates a ledger in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Translate errors of SQLite and the OS into a LedgerError with a hint."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(path, error) from error
    except OSError as error:
        raise LedgerError(
            f"the ledger {path} can't be used: {reason_of(error)}",
            hint="check the path, its permissions and the disk, or name another file with --ledger",
            code="ledger-unwritable",
        ) from error


# By the prefix of SQLite's error name: code, message, hint.
EXPLANATIONS = {
    "SQLITE_NOTADB": (
        "ledger-corrupt",
        "is not a database",
        "restore the ledger from a copy; do not start a new ledger",
    ),
    "SQLITE_CORRUPT": (
        "ledger-corrupt",
        "is damaged",
        "restore the ledger from a copy; do not start a new ledger",
    ),
    "SQLITE_FULL": (
        "ledger-full",
        "can't grow, because the disk is full",
        "free some disk space and run the same command again",
    ),
    "SQLITE_BUSY": ("ledger-busy", "is locked by another program", "run the same command again"),
    "SQLITE_READONLY": ("ledger-unwritable", "can't be written", "check its permissions and its folder's"),
    "SQLITE_CANTOPEN": ("ledger-unwritable", "can't be opened", "check its permissions and its folder's"),
    "SQLITE_IOERR": ("ledger-unwritable", "can't be read or written", "check the disk"),
}


def _explain(path: Path, error: sqlite3.Error) -> LedgerError:
    name = getattr(error, "sqlite_errorname", "") or ""
    for beginning, (code, what, hint) in EXPLANATIONS.items():
        if name.startswith(beginning):
            return LedgerError(f"the ledger {path} {what} ({error})", hint=hint, code=code)
    return LedgerError(f"the ledger {path} failed: {error}", code="ledger")
