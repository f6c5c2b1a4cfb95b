"""The keys that a rehearsal has seen, in a temporary database."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from xuna_cli.phone.same_person import one_form

_AT_ONCE = 500  # keys per statement: SQLite before 3.32 takes 999 parameters


class SeenKeys:
    """A set of keys in constant memory; SQLite spills it to an unnamed temporary file."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("CREATE TABLE seen (key TEXT PRIMARY KEY, row INTEGER) WITHOUT ROWID")

    def add(self, keys: Sequence[str], rows: Sequence[int | None] = ()) -> set[str]:
        """Add distinct keys with their rows, and return the new ones."""
        forms = [one_form(key) for key in keys]
        known = dict(self._found(forms))
        # The first of two forms of a number counts.
        fresh = {
            form: (key, row)
            for form, key, row in reversed(list(zip_longest(forms, keys, rows)))
            if form not in known
        }
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT INTO seen VALUES (?, ?)", ((form, row) for form, (_, row) in fresh.items())
        )
        self._connection.execute("COMMIT")
        return {key for key, _ in fresh.values()}

    def rows_of(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the stored rows of the keys."""
        forms = {key: one_form(key) for key in keys}
        rows = dict(self._found(list(forms.values())))
        return {key: row for key, form in forms.items() if (row := rows.get(form)) is not None}

    def known(self, keys: Sequence[str]) -> set[str]:
        """Return the known ones of these keys."""
        forms = {key: one_form(key) for key in keys}
        found = dict(self._found(list(forms.values())))
        return {key for key, form in forms.items() if form in found}

    def _found(self, forms: Sequence[str]) -> Iterator[tuple[str, int | None]]:
        for start in range(0, len(forms), _AT_ONCE):
            part = forms[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            yield from self._connection.execute(f"SELECT key, row FROM seen WHERE key IN ({marks})", part)  # noqa: S608 - question marks

    def close(self) -> None:
        """Delete all keys."""
        self._connection.close()
