"""The contents of the manual's topics, for tests that compare them with the program."""

import re

import typer.main

from xuna_cli.commands.app import app
from xuna_cli.help import read_topic

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(topic: str, language: str | None = None) -> list[str]:
    """Return a topic's code blocks, or those in one language."""
    return blocks_of(read_topic(topic), language)


def blocks_of(text: str, language: str | None = None) -> list[str]:
    """Return the code blocks of a Markdown text, or those in one language."""
    return [code for kind, code in _BLOCK.findall(text) if language in (None, kind)]


def table(topic: str, first_heading: str) -> list[list[str]]:
    """Return the cells of the table with this heading in the first column, without the headings."""
    lines = read_topic(topic).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def code(text: str) -> list[str]:
    """Return the texts between backticks."""
    return re.findall(r"`([^`\n]+)`", _BLOCK.sub("", text))


def parse(argv: list[str]) -> None:
    """Parse the arguments of `xuna` without running a command; a wrong option raises Typer's error."""
    command = typer.main.get_command(app)
    context = command.make_context("xuna", list(argv))
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
