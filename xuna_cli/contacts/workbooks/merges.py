"""Merged cells: a cell over several rows holds for each of them, as a person reads it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from xuna_cli.contacts.workbooks.sheets import SheetRow, WorkbookError, put

_MOST = 1_000_000


class Merge(NamedTuple):
    """A cell that covers several rows.

    Attributes:
        column: its first column, from 0.
        first: its first row, from 1.
        last: its last row.
    """

    column: int
    first: int
    last: int


def check_number(merges: int) -> None:
    """Check that a list of people can have so many merged cells.

    Raises:
        WorkbookError: there are too many.
    """
    if merges > _MOST:
        raise WorkbookError("it has far more merged cells than a contact list")


def filled_down(rows: Iterator[SheetRow], merges: Sequence[Merge]) -> Iterator[SheetRow]:
    """Yield the rows with the values of merged cells in each row that they cover.

    A row that has no value of its own stays blank. A value under a merged cell, which no program displays, is dropped.

    Args:
        rows: the rows of a sheet in their order.
        merges: its merged cells.
    """
    by_first: dict[int, list[Merge]] = defaultdict(list)
    for merge in merges:
        by_first[merge.first].append(merge)
    over: list[tuple[Merge, str]] = []
    for row in rows:
        if over:
            over = [(merge, text) for merge, text in over if row.number <= merge.last]
            columns = {merge.column for merge, _ in over}
            if any(cell for column, cell in enumerate(row.cells) if column not in columns):
                for merge, text in over:
                    put(row.cells, merge.column, text)
            else:
                row.cells.clear()
        for merge in by_first.get(row.number, ()):
            over.append((merge, row.cells[merge.column] if merge.column < len(row.cells) else ""))
        yield row
