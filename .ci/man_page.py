"""Make the man page from the declarations of the commands and the topics of the manual."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKS = {
    "strong_open": r"\fB",
    "strong_close": r"\fP",
    "em_open": r"\fI",
    "em_close": r"\fP",
    "softbreak": "\n",
}


def man_page(version: str, about: str, commands: Iterable[tuple[str, Any]], topics: Iterable[str]) -> str:
    """Return the man page as roff.

    Args:
        version: version of the program.
        about: one sentence about the program.
        commands: name and declaration of each command.
        topics: topics as Markdown.
    """
    lines = [
        f'.TH XUNA 1 "" "xuna {version}" "User Commands"',
        ".nh",
        ".ad l",
        ".SH NAME",
        rf"xuna \- {escaped(about[0].lower() + about[1:].rstrip('.'))}",
        ".SH SYNOPSIS",
        r"\fBxuna\fP \fICOMMAND\fP [\fIARGUMENT\fP|\fIOPTION\fP]...",
        ".SH COMMANDS",
    ]
    for name, command in commands:
        lines += _command(name, command)
    for topic in topics:
        lines += _topic(topic)
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Escape text for roff, so that it contains no escapes or requests."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    yield f".SS xuna {escaped(' '.join([name, *(one.metavar or one.name.upper() for one in arguments)]))}"
    for number, paragraph in enumerate((command.help or "").split("\n\n")):
        if number:
            yield ".PP"
        yield escaped(" ".join(paragraph.split())).replace("`", "")
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            term = rf"\fI{escaped(parameter.metavar or parameter.name.upper())}\fP"
        else:
            names = ", ".join(
                rf"\fB{escaped(name)}\fP" for name in [*parameter.opts, *parameter.secondary_opts]
            )
            value = "" if parameter.is_flag else rf" \fI{escaped(_value(parameter))}\fP"
            term = names + value
        yield ".TP"
        yield term
        variable = rf" [{parameter.envvar}]" if parameter.envvar else ""
        yield escaped(f"{parameter.help}{variable}").replace("`", "")
    if examples := getattr(command, "examples", ""):
        yield from (".PP", "Examples:", ".PP", ".RS 4", ".nf", escaped(examples), ".fi", ".RE")


def _value(option: Any) -> str:
    choices = getattr(option.type, "choices", None)
    return option.metavar or ("|".join(choices) if choices else option.type.name.upper())


def _topic(markdown: str) -> Iterator[str]:
    tokens = iter(MarkdownIt("commonmark").enable("table").parse(markdown))
    marker = ""
    for token in tokens:
        match token.type:
            case "heading_open":
                title = _inline(next(tokens))
                yield f".SH {title.upper()}" if token.tag == "h1" else f".SS {title}"
            case "paragraph_open":
                if marker:
                    yield marker
                elif not token.hidden:
                    yield ".PP"
                marker = ""
                yield _inline(next(tokens))
            case "list_item_open":
                marker = f'.IP "{token.info}." 4' if token.info else r".IP \(bu 3"
            case "fence":
                yield from (".PP", ".RS 4", ".nf", escaped(token.content.rstrip("\n")), ".fi", ".RE")
            case "table_open":
                yield from _table(tokens)


def _table(tokens: Iterator[Token]) -> Iterator[str]:
    """Yield a paragraph with a term for each row, because a table is too wide for 80 columns."""
    headings: list[str] = []
    row: list[str] = []
    for token in tokens:
        if token.type == "table_close":
            return
        if token.type == "inline":
            row.append(_inline(token))
        elif token.type == "tr_close":
            if headings:
                more = [
                    f"{name[0].upper()}{name[1:]}: {cell}"
                    for name, cell in zip(headings[2:], row[2:], strict=True)
                    if cell
                ]
                yield from (".TP", rf"\fB{row[0]}\fP", "\n".join([row[1], *more]) or r"\&")
            else:
                headings = row
            row = []


def _inline(token: Token) -> str:
    text, address = "", ""
    for child in token.children or ():
        address = str(child.attrs.get("href", address))
        if child.type == "text":
            text += escaped(child.content)
        elif child.type == "code_inline":
            text += rf"\fB{escaped(child.content)}\fP"
        elif child.type == "link_close" and address.startswith("http"):
            text += f" ({escaped(address)})"
        else:
            text += _MARKS.get(child.type, "")
    return text
