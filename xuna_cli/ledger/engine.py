"""What an engine must offer to the ledger: what differs between SQLite and PostgreSQL, and nothing else."""

import functools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Protocol, TypeVar

from xuna_cli.errors import LedgerUnreachableError

Parameters = Mapping[str, object] | Sequence[object]

TRIES = 8  # of a transaction that the engine undid
FIRST_PAUSE_S = 0.02

WRITER = "writer:"  # ledger_info's names that begin so are an engine's own, and are not copied

P = ParamSpec("P")
T = TypeVar("T")


class Engine(Protocol):
    """What differs between SQLite and PostgreSQL, and nothing else."""

    serial_key: str
    """The type of a primary key that is never used again after a delete."""
    is_local: bool
    """Whether it is forgotten together with this machine's disk."""

    def check_place(self) -> None:
        """Raise LedgerError if the ledger can't be trusted where it is; asked again at the start of each run."""

    @property
    def location(self) -> str:
        """Where the ledger is, for people, without secrets."""

    @property
    def version(self) -> str:
        """The engine's name and version, for people."""

    def size(self) -> int:
        """Return how many bytes the ledger takes."""

    def has_schema(self) -> bool:
        """Return whether the ledger's tables are there."""

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows; outside a transaction, a reading."""

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement inside a transaction and return how many rows it changed."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and on the disk when it ends.

        Raises:
            RolledBackError: if nothing of it happened, for a reason that may be gone the next time.
        """

    def lock_exclusive(self) -> None:
        """Inside a transaction: let nobody else write until it ends."""

    def lock_named(self, name: str, *, shared: bool = False) -> None:
        """Inside a transaction: let whoever gives the same name wait until it ends.

        Args:
            name: of what only one may do.
            shared: let only those wait who don't say this, too.
        """

    def backup_before_migration(self, version: int) -> None:
        """Leave a copy before the schema changes, where the engine can."""

    def last_key(self, table: str) -> int:
        """Return the highest serial key of a table that was ever used."""

    def advance_key(self, table: str, key: int) -> None:
        """Inside a transaction: see to it that the table's next serial key is above this one."""

    def work_on_private_copy(self) -> None:
        """Work from now on with a private copy that is gone when it is closed."""

    def vacuum(self) -> None:
        """Leave nothing of what was deleted in the ledger's storage; outside any transaction."""

    def migration_backups(self) -> Sequence[str]:
        """Return where the copies are that changes of the schema have left, as far as this program made them."""

    def acquire_lock(self, run_id: int) -> None:
        """Take the lock that says that the run is alive."""

    def holds_lock(self, run_id: int) -> bool:
        """Return whether we still hold that lock, without a break since it was taken or proven regained."""

    def release_lock(self, run_id: int) -> None:
        """Drop the lock of a run that has ended."""

    def is_alive(self, run_id: int) -> bool:
        """Inside a transaction: return whether anybody holds the run's lock.

        If nobody does, nobody can take it before the transaction ends.
        """

    def forget_lock(self, run_id: int) -> None:
        """Remove what a dead run left of its lock."""

    def close(self) -> None:
        """Close the connection and drop the locks."""


class RolledBackError(LedgerUnreachableError):
    """Nothing of a transaction happened; it may be made again as it was."""

    default_code = "ledger-busy"


def retry_on_rollback(work: Callable[P, T]) -> Callable[P, T]:
    """Make work, which is one transaction, again when it was provably undone."""

    @functools.wraps(work)
    def repeat(*args: P.args, **kwargs: P.kwargs) -> T:
        for tried in range(1, TRIES):
            try:
                return work(*args, **kwargs)
            except RolledBackError:
                # Two that got in each other's way (a deadlock) must not meet again at once.
                time.sleep(random.uniform(0, FIRST_PAUSE_S * 2**tried))  # noqa: S311 - no secret
        return work(*args, **kwargs)

    return repeat
