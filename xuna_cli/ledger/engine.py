"""What an engine must offer to the ledger: what differs between SQLite and PostgreSQL, and nothing else."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Parameters = Mapping[str, object] | Sequence[object]


class Engine(Protocol):
    """What differs between SQLite and PostgreSQL, and nothing else."""

    serial_key: str
    created: bool

    @property
    def location(self) -> str:
        """Where the ledger is, for people, without secrets."""

    def has_schema(self) -> bool:
        """Return whether the ledger's tables are there."""

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows."""

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a statement and return how many rows it changed."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and on the disk when it ends; writers come one after the other."""

    def copy_aside(self, version: int) -> None:
        """Leave a copy before the schema changes, where the engine can."""

    def private_copy(self) -> None:
        """Go on with a copy that nobody else sees: what is read only may have an older schema."""

    def vacuum(self) -> None:
        """Leave nothing of what was deleted in the ledger's storage; outside any transaction."""

    def copies_aside(self) -> Sequence[str]:
        """Return where the copies are that changes of the schema have left, as far as this program made them."""

    def hold(self, run_id: int) -> None:
        """Take the lock that says that the run is alive."""

    def holds(self, run_id: int) -> bool:
        """Return whether we still hold that lock."""

    def let_go(self, run_id: int) -> None:
        """Drop the lock of a run that has ended."""

    def is_alive(self, run_id: int) -> bool:
        """Return whether anybody holds the run's lock."""

    def forget_lock(self, run_id: int) -> None:
        """Remove what a dead run left of its lock."""

    def close(self) -> None:
        """Close the connection and drop the locks."""
