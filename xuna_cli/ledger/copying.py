"""Copy a ledger into another one, on either engine.

One transaction on each side: nobody writes the source meanwhile, and an unfinished copy is not
there. The source is marked as moved in its own transaction, after the target's is on disk. Rows are copied in
portions, in constant memory. Serial keys are shifted above all keys that the target has ever used; in a new ledger
they stay the same. The statements are made from the tables of the migrations, so that
no table can be forgotten.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import LedgerError, UsageError
from xuna_cli.ledger.engines.engine import WRITER
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.moved import MOVED_AT, MOVED_TO, check_not_moved
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT
from xuna_cli.ledger.tables import Table, tables

# Entries of ledger_info that each ledger has for itself.
OWN = frozenset({"schema_version", "ledger_id", MOVED_TO, MOVED_AT})

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """Result of a copy.

    Attributes:
        rows: number of rows by table.
        moved: offset of each table's serial keys in the target.
    """

    rows: Mapping[str, int]
    moved: Mapping[str, int]


def copy_ledger(source: Ledger, target: Ledger, *, keep: bool = False) -> Copied:
    """Copy everything, verify the copy before the commit, and mark the source as moved.

    Args:
        source: the ledger to copy; dead runs are recovered first, and writers are locked out.
        target: another ledger, on any engine.
        keep: don't mark the source as moved, and accept a source that is marked already.

    Raises:
        UsageError: if both are the same, a run is alive in the source, or the target knows one of the
            campaigns. Nothing is changed then.
        LedgerError: if either ledger fails, the copy differs, or the source was moved before.
    """
    if source.ledger_id == target.ledger_id:
        raise UsageError("the source and the target are the same ledger", code="ledger-same")
    if not keep:
        check_not_moved(source.location, source.moved)
    source.recover()
    complete = False
    try:
        with source.transaction(moved_too=keep, exclusive=True):
            with target.transaction(exclusive=True):
                copied = _copy_all(source, target)
            complete = True
            if not keep:
                source.change("set_info", {"name": MOVED_TO, "value": target.location})
                source.change("set_info", {"name": MOVED_AT, "value": source.timestamp()})
    except LedgerError as error:
        if not complete:
            raise
        raise LedgerError(
            f"the copy in {target.location} is complete, but {source.location} could not be marked as moved: "
            f"{error.message}",
            hint="move the old ledger away, so that nobody calls from it, and use only the new ledger",
            code="ledger-not-marked",
        ) from error
    return copied


def _copy_all(source: Ledger, target: Ledger) -> Copied:
    _check(source, target)
    moved = {table.name: target.engine.last_key(table.name) for table in tables() if table.serial}
    rows = {table.name: _copy(source, target, table, moved) for table in tables()}
    for table in tables():
        _compare(source, target, table, moved)
    return Copied(rows, moved)


def _check(source: Ledger, target: Ledger) -> None:
    if alive := source.rows("open_runs"):
        raise UsageError(
            f"a run is in progress in {source.location} (run {alive[0][0]}), and would continue there",
            hint="wait until that run has ended",
            code="ledger-run-alive",
        )
    for (name,) in source.query("SELECT name FROM campaigns ORDER BY name"):
        if target.rows("campaign_by_name", {"name": name}):
            raise UsageError(
                f"{target.location} already has campaign {name!r}; two ledgers with the same "
                "campaign can't be combined",
                hint="copy into a new ledger",
                code="ledger-knows-campaign",
            )


def _copy(source: Ledger, target: Ledger, table: Table, moved: Mapping[str, int]) -> int:
    # For natural keys (a number, a name), the target may have the same entry: its own stays.
    shared = "" if _is_ours(table) else " ON CONFLICT DO NOTHING"
    count = highest = 0
    for rows in _portions(source, table):
        arriving = [_moved(row, table, moved) for row in rows]
        marks = ", ".join(["(" + ", ".join("?" * len(table.columns)) + ")"] * len(rows))
        target.engine.change(
            f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES {marks}{shared}",  # noqa: S608 - the migrations' words
            [value for row in arriving for value in row],
        )
        count += len(rows)
        if table.serial:
            highest = max(highest, *(_key(row, table)[0] for row in arriving))
    if table.serial:
        target.engine.advance_key(table.name, highest)
    return count


def _compare(source: Ledger, target: Ledger, table: Table, moved: Mapping[str, int]) -> None:
    """Raise LedgerError if a row of the target is missing, different or surplus."""
    names, keys = ", ".join(table.columns), ", ".join(table.key)
    sent = 0
    for rows in _portions(source, table):
        sent += len(rows)
        expected = {_key(row, table): row for row in (_moved(row, table, moved) for row in rows)}
        marks = ", ".join(["(" + ", ".join("?" * len(table.key)) + ")"] * len(expected))
        found = target.query(
            f"SELECT {names} FROM {table.name} WHERE ({keys}) IN (VALUES {marks})",  # noqa: S608 - the migrations' words
            [value for key in expected for value in key],
        )
        arrived = {_key(row, table): row for row in found}
        if arrived.keys() != expected.keys() or (
            _is_ours(table) and not all(_same(row, arrived[key]) for key, row in expected.items())
        ):
            raise _differs(source, target, table)
    if table.serial:
        [(count,)] = target.query(
            f"SELECT COUNT(*) FROM {table.name} WHERE {table.key[0]} > ?",  # noqa: S608 - the migrations' words
            (moved[table.name],),
        )
        if count != sent:
            raise _differs(source, target, table)


def _portions(ledger: Ledger, table: Table) -> Iterator[Sequence[Row]]:
    """Yield a table's rows in key order, in portions for one statement each."""
    keys = ", ".join(table.key)
    marks = ", ".join("?" * len(table.key))
    select = f"SELECT {', '.join(table.columns)} FROM {table.name}"  # noqa: S608 - the migrations' words
    order = f" ORDER BY {keys} LIMIT {ROWS_PER_STATEMENT}"
    rows: Sequence[Row] = ledger.query(select + order)
    while rows:
        portion = [row for row in rows if table.name != "ledger_info" or not _is_own(row[0])]
        if portion:
            yield portion
        last = _key(rows[-1], table)
        rows = ledger.query(f"{select} WHERE ({keys}) > ({marks}){order}", last)


def _is_own(name: str) -> bool:
    return name in OWN or name.startswith(WRITER)


def _is_ours(table: Table) -> bool:
    return table.serial or bool(table.references)


def _key(row: Row, table: Table) -> Row:
    return tuple(row[table.columns.index(column)] for column in table.key)


def _moved(row: Row, table: Table, moved: Mapping[str, int]) -> Row:
    def shift(column: str, value: Any) -> Any:
        of = table.name if table.serial and column in table.key else table.references.get(column)
        return value if value is None or of is None else value + moved[of]

    return tuple(shift(column, value) for column, value in zip(table.columns, row, strict=True))


def _same(sent: Row, arrived: Row) -> bool:
    return all(_same_value(*pair) for pair in zip(sent, arrived, strict=True))


def _same_value(sent: object, arrived: object) -> bool:
    if isinstance(sent, float) and isinstance(arrived, float | int):
        return math.isclose(sent, arrived, rel_tol=1e-6)  # PostgreSQL's REAL has four bytes
    if isinstance(sent, str) and isinstance(arrived, str):
        return sent.replace("\x00", "\N{SYMBOL FOR NULL}") == arrived.replace("\x00", "\N{SYMBOL FOR NULL}")
    return sent == arrived


def _differs(source: Ledger, target: Ledger, table: Table) -> LedgerError:
    return LedgerError(
        f"table {table.name} in {target.location} differs from that in {source.location} after copying; "
        "nothing was copied",
        code="ledger-copy-differs",
    )
