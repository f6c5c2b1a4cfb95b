"""Print help topics: formatted on a terminal, as Markdown otherwise."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown, MarkdownElement, TableElement
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from xuna_cli.help import summary
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.output.drawing import console, keep_words, records
from xuna_cli.output.messages import Stdout, emit

_FENCED = lazy_pattern(r"^```\w*\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_COMMENT = lazy_pattern(r"^<!--.*?-->\n", re.MULTILINE)
_THEME = Theme(
    {
        "markdown.h1": "bold",
        "markdown.h2": "bold",
        "markdown.code": "cyan",
        "markdown.table.header": "bold",
        "markdown.table.border": "dim",
    }
)


class _LeftHeading(Heading):
    """A left-aligned heading without a frame."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


class _WholeWords(TableElement):
    """A table, or its rows one below the other where a word, e.g. a name to copy, would be broken."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for table in super().__rich_console__(console, options):
            if isinstance(table, Table) and not keep_words(table, console, options.max_width):
                yield records(table, headed=False)
                yield ""
            else:
                yield table


class _Prose(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "table_open": _WholeWords,
    }


def plain(markdown: str) -> str:
    """Return a topic's Markdown without the comments that mark generated parts."""
    return _COMMENT.sub("", markdown)


def print_markdown(markdown: str) -> None:
    """Print a topic: formatted on a terminal, as Markdown otherwise."""
    text = plain(markdown)
    if not Stdout().isatty():
        emit(text)
        return
    out = console()
    with out.use_theme(_THEME):
        for part, is_code in _parts(text):
            if is_code:  # code lines are not wrapped, so that they can be copied
                out.print(Text(part, style="green"), soft_wrap=True)
            else:
                out.print(_Prose(part, hyperlinks=False), crop=False)
                out.print()


def print_topics(topics: Mapping[str, str]) -> None:
    """Print the names and titles of the topics."""
    width, widest = min(console().width, 100), max(map(len, topics))
    lines = [
        textwrap.fill(
            summary(text),
            width,
            initial_indent=f"  {name:<{widest}}  ",
            subsequent_indent=" " * (widest + 4),
        )
        for name, text in topics.items()
    ]
    emit(
        "Topics of the manual. Read one with: xuna help TOPIC\n\n"
        + "\n".join(lines)
        + "\n\nThe options of a command: xuna help COMMAND, or xuna COMMAND --help\n"
    )


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield blocks of prose and code, with whether a block is code."""
    end = 0
    for block in _FENCED.finditer(text):
        if prose := text[end : block.start()].strip():
            yield prose, False
        yield "".join(f"  {line}\n" for line in block[1].splitlines()), True
        end = block.end()
    if rest := text[end:].strip():
        yield rest, False
