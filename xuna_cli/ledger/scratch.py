"""Keys that a rehearsal has seen: in a private database that is gone when it is closed."""

import sqlite3
from collections.abc import Sequence

from xuna_cli.same_person import one_form


class SeenKeys:
    """A set of keys in constant memory; SQLite spills it to an unnamed temporary file."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, keys: Sequence[str]) -> set[str]:
        """Remember keys (none twice among them) and return those that were not known."""
        insert = "INSERT INTO seen VALUES (?) ON CONFLICT DO NOTHING"
        return {key for key in keys if self._connection.execute(insert, (one_form(key),)).rowcount}

    def known(self, keys: Sequence[str]) -> set[str]:
        """Return those of the keys that were remembered."""
        asked = "SELECT 1 FROM seen WHERE key = ?"
        return {key for key in keys if self._connection.execute(asked, (one_form(key),)).fetchone()}

    def close(self) -> None:
        """Forget all of them."""
        self._connection.close()
