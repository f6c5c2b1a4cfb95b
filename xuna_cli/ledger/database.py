"""The ledger's database: one connection behind one lock, its transactions and named statements."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from xuna_cli.ledger.engines.engine import Engine, Parameters
from xuna_cli.ledger.group_commit import GroupCommit
from xuna_cli.ledger.moved import MOVED_AT, MOVED_TO, Moved, check_not_moved
from xuna_cli.ledger.queries import in_parts, named
from xuna_cli.phone.same_person import with_other_forms
from xuna_cli.times import for_machines


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


class Database:
    """The connection that all parts of the ledger share.

    Args:
        engine: an open connection to the ledger.
        now: the clock, in UTC.

    Attributes:
        engine: the open connection.
        lock: lock that protects the connection.
        group_commit: shared transactions of several threads.
        living_runs: runs of this process; while there are any, the ledger can't be marked as moved.
    """

    def __init__(self, engine: Engine, now: Callable[[], datetime] = utc_now) -> None:
        self.engine = engine
        self.lock = threading.RLock()
        self.group_commit = GroupCommit(self.lock, self.transaction)
        self.living_runs: set[int] = set()
        self._now = now

    @property
    def location(self) -> str:
        """The ledger's location, for messages."""
        return self.engine.location

    @property
    def is_local(self) -> bool:
        """Whether the ledger is on this machine."""
        return self.engine.is_local

    @property
    def moved(self) -> Moved | None:
        """The ledger's new location, if it was moved."""
        to = self.info(MOVED_TO)
        return Moved(to, self.info(MOVED_AT)) if to else None

    @property
    def schema_version(self) -> int:
        """The version of the schema; 0 if there are no tables yet."""
        return int(self.info("schema_version")) if self.engine.has_schema() else 0

    def close(self) -> None:
        """Close the connection and release the locks of its runs."""
        with self.lock:
            self.engine.close()

    @contextmanager
    def transaction(self, *, moved_too: bool = False, exclusive: bool = False) -> Iterator[None]:
        """Run a block all or nothing; the result is on the disk when the block ends.

        Args:
            moved_too: allow a ledger that was moved.
            exclusive: keep all others from writing until the transaction ends.

        Raises:
            LedgerError: if the ledger can't be written, or was moved.
        """
        with self.lock, self.engine.transaction(exclusive=exclusive):
            if not self.living_runs and not moved_too:
                check_not_moved(self.location, self.moved)
            yield

    # -- reading

    def query(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run a statement that only reads."""
        with self.lock:
            return self.engine.rows(sql, parameters)

    def rows(self, name: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Run a named SELECT of queries.sql."""
        return self.query(named(name), parameters)

    def rows_in(self, name: str, items: Sequence[object], *before: object) -> list[tuple[Any, ...]]:
        """Run a named SELECT with a `{list}` for any number of items.

        Args:
            name: name in queries.sql.
            items: the list's items.
            before: values of the parameters before the list.
        """
        parts = (self.query(named(name, len(part)), (*before, *part)) for part in in_parts(items))
        return list(chain.from_iterable(parts))

    def rows_of_keys(self, name: str, keys: Sequence[str], *before: object) -> Iterator[tuple[Any, ...]]:
        """Yield a named SELECT's rows for each key, in any form that the ledger has of the number.

        Args:
            name: name in queries.sql; the first column is a key or a number.
            keys: keys or numbers.
            before: values of the parameters before the list.

        Yields:
            Rows with the key as given; rows stored in the given form come last.
        """
        others = with_other_forms(keys)
        for other, *values in self.rows_in(name, list(others), *before):
            yield others[other], *values
        yield from self.rows_in(name, keys, *before)

    def info(self, name: str) -> str:
        """Return an entry of `ledger_info`, or "" if there is none."""
        rows = self.rows("info", {"name": name})
        return str(rows[0][0]) if rows else ""

    # -- changing, inside a transaction

    def change(self, name: str, parameters: Parameters = ()) -> int:
        """Run a named change of queries.sql; return how many rows it changed."""
        return self.engine.change(named(name), parameters)

    def change_in(self, name: str, items: Sequence[object], *before: object) -> int:
        """Run a change with a `{list}`, as `rows_in` does; return how many rows it changed."""
        return sum(self.engine.change(named(name, len(part)), (*before, *part)) for part in in_parts(items))

    def insert(self, name: str, rows: Sequence[Sequence[object]]) -> int:
        """Run a change with `{rows}` for any number of rows; return how many it inserted."""
        return sum(
            self.engine.change(named(name, len(part), len(part[0])), tuple(chain.from_iterable(part)))
            for part in in_parts(rows)
        )

    # -- time

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return self._now()

    def timestamp(self) -> str:
        """Return the current time in the ledger's format."""
        return as_written(self._now())

    def age(self, at: str) -> timedelta:
        """Return the age of a time in the ledger."""
        return self._now() - datetime.fromisoformat(at)


def as_written(at: datetime) -> str:
    """Format an aware time for the ledger: UTC, ISO 8601, milliseconds."""
    return for_machines(at, "milliseconds")
