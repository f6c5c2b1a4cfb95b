"""The interface of a database engine: only what differs between SQLite and PostgreSQL."""

import functools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Protocol, TypeVar

from xuna_cli.errors import LedgerUnreachableError

Parameters = Mapping[str, object] | Sequence[object]

TRIES = 8  # tries of a transaction that is rolled back
FIRST_PAUSE_S = 0.02

WRITER = "writer:"  # prefix of names in ledger_info that belong to an engine; not copied

P = ParamSpec("P")
T = TypeVar("T")


class Engine(Protocol):
    """A connection to a ledger on SQLite or PostgreSQL."""

    serial_key: str
    """SQL type of a primary key whose numbers are never used again after a delete."""
    is_local: bool
    """Whether the ledger is on this machine."""

    def check_place(self) -> None:
        """Raise LedgerError if the ledger's location can't be trusted; called again at the start of each run."""

    @property
    def location(self) -> str:
        """The ledger's location for messages, without secrets."""

    @property
    def version(self) -> str:
        """The engine's name and version, for messages."""

    def size(self) -> int:
        """Return the ledger's size in bytes."""

    def has_schema(self) -> bool:
        """Return whether the ledger's tables exist."""

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows; outside a transaction, it must only read."""

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement inside a transaction and return how many rows it changed."""

    def transaction(self, *, exclusive: bool = False) -> AbstractContextManager[None]:
        """Run a block all or nothing; the result is on the disk when the block ends.

        Args:
            exclusive: keep all others from writing, and from changing the schema, until the transaction ends.

        Raises:
            RolledBackError: the transaction was rolled back, and may succeed when it is repeated.
        """

    def lock_named(self, name: str, *, shared: bool = False) -> None:
        """Inside a transaction: take the lock of a name, until the transaction ends.

        Args:
            name: what the lock protects.
            shared: wait only for holders that don't share the lock.
        """

    def backup_before_migration(self, version: int) -> None:
        """Back the ledger up before its schema changes, where the engine can."""

    def last_key(self, table: str) -> int:
        """Return the highest serial key that a table has ever used."""

    def advance_key(self, table: str, key: int) -> None:
        """Inside a transaction: make a table's next serial key higher than this one."""

    def work_on_private_copy(self) -> None:
        """Switch to a private copy, which is deleted when the connection is closed."""

    def vacuum(self) -> None:
        """Remove deleted data from the ledger's storage; outside any transaction."""

    def migration_backups(self) -> Sequence[str]:
        """Return the paths of backups that this program made before schema changes."""

    def acquire_lock(self, run_id: int) -> None:
        """Take the lock of a new run, which shows that the run is alive.

        Raises:
            LedgerError: the ledger was set back: it has given this number to an earlier run, too.
        """

    def remember_run(self, run_id: int) -> None:
        """Note a new run outside the ledger, where the engine can, so that a ledger that is set back is noticed."""

    def holds_lock(self, run_id: int) -> bool:
        """Return whether this process still holds a run's lock, and has held it without a gap."""

    def release_lock(self, run_id: int) -> None:
        """Release the lock of a run that has ended."""

    def is_alive(self, run_id: int) -> bool:
        """Inside a transaction: return whether any process holds a run's lock.

        If none does, none can take it before the transaction ends.
        """

    def forget_lock(self, run_id: int) -> None:
        """Remove the remains of a dead run's lock."""

    def close(self) -> None:
        """Close the connection and release the locks."""


class RolledBackError(LedgerUnreachableError):
    """A transaction was rolled back and may be repeated."""

    default_code = "ledger-busy"


def retry_on_rollback(work: Callable[P, T]) -> Callable[P, T]:
    """Repeat a transaction that was provably rolled back."""

    @functools.wraps(work)
    def repeat(*args: P.args, **kwargs: P.kwargs) -> T:
        for tried in range(1, TRIES):
            try:
                return work(*args, **kwargs)
            except RolledBackError:
                # Two transactions that blocked each other (a deadlock) must not meet again at once.
                time.sleep(random.uniform(0, FIRST_PAUSE_S * 2**tried))  # noqa: S311 - no secret
        return work(*args, **kwargs)

    return repeat
