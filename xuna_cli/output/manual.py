"""The manual's topics on a terminal; in a pipe they stay the Markdown that they are."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown, MarkdownElement
from rich.text import Text
from rich.theme import Theme

from xuna_cli.help import summary
from xuna_cli.output.drawing import console
from xuna_cli.output.messages import Stdout, emit

_FENCED = re.compile(r"^```\w*\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^<!--.*?-->\n+", re.MULTILINE)
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
    """A heading on the left, without a frame."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        yield self.text


class _Prose(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
    }


def plain(markdown: str) -> str:
    """Return a topic as it is read in a pipe: without the comments that mark generated parts."""
    return _COMMENT.sub("", markdown)


def print_markdown(markdown: str) -> None:
    """Print a topic: drawn on a terminal, as it is elsewhere."""
    text = plain(markdown)
    if not Stdout().isatty():
        emit(text)
        return
    out = console()
    with out.use_theme(_THEME):
        for part, is_code in _parts(text):
            if is_code:  # its lines stay whole, however narrow the terminal is: they are for copying
                out.print(Text(part, style="green"), soft_wrap=True)
            else:
                out.print(_Prose(part, hyperlinks=False))
                out.print()


def print_topics(topics: Mapping[str, str]) -> None:
    """Print the topics' names and what they are about."""
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
    """Yield prose and code in turn, with whether it is code."""
    end = 0
    for block in _FENCED.finditer(text):
        if prose := text[end : block.start()].strip():
            yield prose, False
        yield "".join(f"  {line}\n" for line in block[1].splitlines()), True
        end = block.end()
    if rest := text[end:].strip():
        yield rest, False
