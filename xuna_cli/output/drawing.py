"""Results as people see them: tables are drawn by rich."""

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import TextIO, cast

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from xuna_cli.output.messages import Stdout, fitted, shown
from xuna_cli.output.result import Result, Styled, Table

WIDTH_WITHOUT_TERMINAL = 200
"""Columns of a pipe, which has no width: nothing is cut."""


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


def cell(value: object, style: str = "") -> Text:
    """Return data as a cell, without markup and control characters."""
    return Text("" if value is None else shown(value), style=style)


def draw(table: Table, width: int) -> RichTable:
    """Return a table for a console that has so many columns."""
    if table.narrow is not None and width < table.narrow_below:
        table = table.narrow
    shown = [width >= table.from_width.get(name, 0) for name in table.columns]
    drawn = rich_table(list(compress(table.columns, shown)), table.right)
    for row in table.rows:
        drawn.add_row(*(cell(*one) if isinstance(one, Styled) else cell(one) for one in compress(row, shown)))
    return drawn


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
            out.print(draw(part, out.width))
        else:
            out.file.write(fitted(shown(part), out.width if out.is_terminal else 0) + "\n")
