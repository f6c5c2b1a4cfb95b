"""Results as people see them: tables are drawn by rich."""

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from xuna_cli.output.messages import Stdout, fitted, shown
from xuna_cli.output.result import Result, Styled, Table

WIDTH_WITHOUT_TERMINAL = 200
"""Columns of a pipe, which has no width: nothing is cut."""
ANY_WIDTH = 10_000
BETWEEN = " · "


def console(stream: TextIO | None = None) -> Console:
    """Return a console for results, with colours only on a terminal, whatever the environment says."""
    terminal = (stream or Stdout()).isatty()
    return Console(
        file=stream or cast(TextIO, Stdout()),
        force_terminal=terminal,
        no_color=None if terminal else True,
        width=None if terminal else WIDTH_WITHOUT_TERMINAL,
        highlight=False,
        markup=False,
        emoji=False,
    )


def rich_table(columns: Sequence[str], right: Iterable[str] = ()) -> RichTable:
    """Return an empty table in this tool's style; cells are folded, never cut."""
    table = RichTable(header_style="bold")
    for name in columns:
        number = name in set(right)
        table.add_column(name, justify="right" if number else "left", no_wrap=number, overflow="fold")
    return table


def keep_words(table: RichTable, out: Console, width: int) -> bool:
    """Set the widths of a table's columns so that no word is broken; return False if the words don't fit.

    Left to itself, rich makes wide columns narrower, whatever is in them.
    """
    options = out.options.update(width=ANY_WIDTH)
    sizes = [
        [Measurement.get(out, options, one) for one in (column.header, *column.cells)]
        for column in table.columns
    ]
    most = [max(one.maximum for one in size) for size in sizes]
    least = [
        widest if column.no_wrap else max(one.minimum for one in size)
        for column, size, widest in zip(table.columns, sizes, most, strict=True)
    ]
    room = width - (Measurement.get(out, options, table).maximum - sum(most)) - sum(least)
    if room < 0:
        return False
    wanted = [widest - needed for widest, needed in zip(most, least, strict=True)]
    if sum(wanted) > room:
        for column, needed, more in zip(table.columns, least, wanted, strict=True):
            column.width = needed + room * more // sum(wanted)
    return True


def records(table: RichTable, *, headed: bool) -> RenderableType:
    """Return the rows of a table one below the other: the first cell on a line of its own, then the others.

    Args:
        table: the table.
        headed: whether each cell has its heading before it, and the others share a line.
    """
    heads = [Text.assemble(str(column.header), ": ") if headed else Text() for column in table.columns]
    lines: list[RenderableType] = []
    for row in zip(*(column.cells for column in table.columns), strict=True):
        first, *others = (head + cast(Text, one) for head, one in zip(heads, row, strict=True))
        first.no_wrap, first.overflow = True, "ignore"  # so that it can be copied
        below = [Text(BETWEEN).join(others)] if headed else others
        lines += [first, *(Padding(one, (0, 0, 0, 2), expand=False) for one in below)]
    return Group(*lines)


def cell(value: object, style: str = "") -> Text:
    """Return data as a cell, without markup and control characters."""
    return Text("" if value is None else shown(value), style=style)


def draw(table: Table, out: Console) -> RenderableType:
    """Return a table for a console, or its rows one below the other if an ID would be broken."""
    shown = [out.width >= table.from_width.get(name, 0) for name in table.columns]
    drawn = rich_table(list(compress(table.columns, shown)), table.right)
    for column in drawn.columns:
        column.no_wrap = column.no_wrap or column.header in table.whole
    for row in table.rows:
        drawn.add_row(*(cell(*one) if isinstance(one, Styled) else cell(one) for one in compress(row, shown)))
    return records(drawn, headed=True) if table.whole and not keep_words(drawn, out, out.width) else drawn


def print_parts(result: Result, stream: TextIO | None = None) -> None:
    """Print a result for people.

    Args:
        result: what there is to print.
        stream: where to; None: to stdout.

    Raises:
        OutputError: if it can't be written.
    """
    out = console(stream)
    for part in result.parts():
        if isinstance(part, Table):
            out.print(draw(part, out), crop=False)
        else:
            out.file.write(fitted(shown(part), out.width if out.is_terminal else 0) + "\n")
