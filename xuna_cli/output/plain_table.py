"""Results as people see them. A table that needs no folding is drawn here: loading rich takes longer than most runs.

What it draws is what rich would draw.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress
from typing import TextIO, cast

from xuna_cli.output.messages import Stdout, fitted, shown
from xuna_cli.output.result import Result, Styled, Table

WIDTH_WITHOUT_TERMINAL = 200
"""A pipe has no width: nothing is cut."""
COLOURS = {"bold": "1", "green": "32", "yellow": "33", "bold yellow": "1;33", "red": "31"}
"""What terminals call the styles of tables."""


def print_parts(result: Result, stream: TextIO | None = None) -> None:
    """Print a result for people.

    Args:
        result: what there is to print.
        stream: where to; None: to stdout.

    Raises:
        OutputError: if it can't be written.
    """
    out = cast(TextIO, Stdout()) if stream is None else stream
    width = shutil.get_terminal_size().columns if out.isatty() else 0
    for part in result.parts():
        if not isinstance(part, Table):
            out.write(fitted(shown(part), width) + "\n")
            continue
        is_narrow = part.narrow is not None and 0 < width < part.narrow_below
        table = part.narrow if is_narrow and part.narrow is not None else part
        table = replace(table, rows=list(table.rows))
        drawn = _drawn(table, out)
        if drawn is not None:
            out.write(drawn)
            continue
        from xuna_cli.output.drawing import console, draw  # noqa: PLC0415 - rich, only where it is needed

        by_rich = console(stream)
        by_rich.print(draw(table, by_rich.width))


def _drawn(table: Table, out: TextIO) -> str | None:
    if not (out.encoding or "utf-8").lower().startswith("utf"):
        return None  # it can't show the lines
    if not out.isatty():
        return plain_table(table, WIDTH_WITHOUT_TERMINAL)
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "").lower() in {"", "dumb", "unknown"}:
        return None
    return plain_table(table, shutil.get_terminal_size().columns, colours=COLOURS)


def plain_table(table: Table, width: int, *, colours: Mapping[str, str] | None = None) -> str | None:
    """Return a table as text.

    Args:
        table: the table.
        width: of the terminal.
        colours: codes of the styles; None: there are no colours.

    Returns:
        None where it has other letters than ASCII's, or other colours, or has to be folded: rich can do that.
    """
    fits = [width >= table.from_width.get(name, 0) for name in table.columns]
    headings = [Styled(name, "bold") for name in table.columns]
    rows = [[_cell(one) for one in compress(row, fits)] for row in (headings, *table.rows)]
    cells = [cell for row in rows for cell in row]
    if len(rows) == 1 or not all(text.isascii() and text == text.strip() for text, _ in cells):
        return None
    if colours is not None and any(style and style not in colours for _, style in cells):
        return None
    widths = [max(len(text) for text, _ in column) for column in zip(*rows, strict=True)]
    if sum(widths) + 3 * len(widths) + 1 > width:
        return None
    right = [name in table.right for name in compress(table.columns, fits)]
    head, *body = (
        [
            f" {_coloured(text.rjust(space) if to_right else text.ljust(space), style, colours)} "
            for (text, style), space, to_right in zip(row, widths, right, strict=True)
        ]
        for row in rows
    )
    return "".join(
        [
            _line("┏┳┓", ["━" * (space + 2) for space in widths]),
            _line("┃┃┃", head),
            _line("┡╇┩", ["━" * (space + 2) for space in widths]),
            *(_line("│││", row) for row in body),
            _line("└┴┘", ["─" * (space + 2) for space in widths]),
        ]
    )


def _cell(value: object) -> tuple[str, str]:
    text, style = value if isinstance(value, Styled) else (value, "")
    return "" if text is None else shown(text), style


def _coloured(text: str, style: str, colours: Mapping[str, str] | None) -> str:
    return f"\x1b[{colours[style]}m{text}\x1b[0m" if style and colours is not None else text


def _line(edges: str, cells: Sequence[str]) -> str:
    return f"{edges[0]}{edges[1].join(cells)}{edges[2]}\n"
