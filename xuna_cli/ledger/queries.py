"""The named statements of queries.sql."""

import functools
import re
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import TypeVar

ROWS_PER_STATEMENT = 500  # below SQLite's and PostgreSQL's limits of parameters, with room

T = TypeVar("T")


def in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in portions that one statement takes."""
    for start in range(0, len(items), ROWS_PER_STATEMENT):
        yield items[start : start + ROWS_PER_STATEMENT]


@functools.cache
def _statements() -> dict[str, str]:
    text = resources.files(__package__).joinpath("queries.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: *(\S+) *$", text, flags=re.MULTILINE)[1:]
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


@functools.cache
def named(name: str, count: int = 0, width: int = 1) -> str:
    """Return the statement `name`, with `{rows}` or `{list}` expanded.

    Args:
        name: as in queries.sql.
        count: how many rows or list items follow.
        width: parameters in each row of `{rows}`.
    """
    sql = _statements()[name]
    if count:
        row = "(" + ", ".join("?" * width) + ")"
        sql = sql.replace("{rows}", ", ".join([row] * count)).replace("{list}", ", ".join("?" * count))
    return sql
