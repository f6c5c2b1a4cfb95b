"""The named statements of queries.sql."""

import functools
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

ROWS_PER_STATEMENT = 500  # well below the parameter limits of SQLite and PostgreSQL

T = TypeVar("T")


def in_parts(items: Iterable[T], size: int = ROWS_PER_STATEMENT) -> Iterator[list[T]]:
    """Yield the items in portions (default: as many as one statement takes)."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


@functools.cache
def _statements() -> dict[str, str]:
    # Importing importlib.resources takes 4 ms.
    text = Path(__file__).with_name("queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: *(\S+) *$", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


@functools.cache
def named(name: str, count: int = 0, width: int = 1) -> str:
    """Return the statement `name`, with `{rows}` or `{list}` expanded.

    Args:
        name: name in queries.sql.
        count: number of rows or list items.
        width: parameters in each row of `{rows}`.
    """
    sql = _statements()[name]
    if count:
        row = "(" + ", ".join("?" * width) + ")"
        sql = sql.replace("{rows}", ", ".join([row] * count)).replace("{list}", ", ".join("?" * count))
    return sql
