"""Keys that a rehearsal has seen: in a private database that is gone when it is closed."""

import sqlite3
from collections.abc import Sequence
from itertools import zip_longest

from xuna_cli.phone.same_person import one_form


class SeenKeys:
    """A set of keys in constant memory; SQLite spills it to an unnamed temporary file."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID")

    def add(self, keys: Sequence[str], rows: Sequence[int | None] = ()) -> set[str]:
        """Remember keys (none twice among them), with their rows, and return those that were not known."""
        insert = "INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING"
        return {
            key
            for key, row in zip_longest(keys, rows)
            if self._connection.execute(insert, (one_form(key), row)).rowcount
        }

    def rows_of(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the row with which each of the keys was remembered, where there is one."""
        asked = "SELECT row FROM seen WHERE key = ?"
        found = {key: self._connection.execute(asked, (one_form(key),)).fetchone() for key in keys}
        return {key: row[0] for key, row in found.items() if row is not None and row[0] is not None}

    def known(self, keys: Sequence[str]) -> set[str]:
        """Return those of the keys that were remembered."""
        asked = "SELECT 1 FROM seen WHERE key = ?"
        return {key for key in keys if self._connection.execute(asked, (one_form(key),)).fetchone()}

    def close(self) -> None:
        """Forget all of them."""
        self._connection.close()
