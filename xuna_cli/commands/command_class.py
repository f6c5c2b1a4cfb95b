"""The classes of our commands and groups: their help, and the errors of a command line.

The help is plain text, which looks the same on a narrow terminal, in a pipe and in a screen reader, and which needs no
library that would take longer to load than all the rest.
"""

import functools
import importlib
import inspect
import os
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, ClassVar

import typer
import typer.core
import typer.main

from xuna_cli.commands.given_values import check_given_once, check_needs, check_values, check_variables
from xuna_cli.commands.option_types import source_of
from xuna_cli.errors import UsageError, XunaError
from xuna_cli.gc_paused import GcPaused
from xuna_cli.output.masking import masked_words

_PLAINER = (
    (r"not a valid (int|integer)( range)?", "not a whole number"),
    (r"not a valid float( range)?", "not a number"),
    (r"not a valid boolean.*", "neither yes nor no"),
    (r"(\S+?)(?:\.0)? is not in the range x>=(\S+?)(?:\.0)?\.$", r"\1 is less than \2"),
    (
        r"(\S+?)(?:\.0)? is not in the range (\S+?)(?:\.0)?<=x<=(\S+?)(?:\.0)?\.$",
        r"\1 is not a number from \2 to \3",
    ),
    (r"\. Did you mean ", "; did you mean "),
    (r" \(Possible options: (.*), (\S+)\)", r"; did you mean \1 or \2?"),
    (r" \(Possible options: (\S+)\)", r"; did you mean \1?"),
    (
        r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)",
        r"unexpected argument: \1; put quotes around a value with spaces",
    ),
)

_RANGES = (
    (r"([\[ ])x>=([^\];\s]+)([\];])", r"\1at least \2\3"),
    (r"([\[ ])(\S+)<=x<=(\S+)\]$", r"\1\2 to \3]"),
)

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"

_HYPHEN = "\N{NON-BREAKING HYPHEN}"  # while the help is wrapped

_WIDEST = 100  # columns; longer lines are hard to read
_NARROW = 70  # columns; below that, a description has a line of its own


class _WithPlainHelp:
    """Help of a command or group, with its options in their groups (`rich_help_panel`)."""

    params: list[Any]
    help: str | None

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Make the context of an invocation, with the greatest width of the help."""
        return super().make_context(*args, max_content_width=_WIDEST, **more)  # type: ignore[misc]

    def get_help(self, ctx: Any) -> str:
        """Return the help. Its lines are only broken between words: people copy `--min-success` as a whole."""
        return str(super().get_help(ctx)).replace(_HYPHEN, "-")  # type: ignore[misc]

    def format_help_text(self, _ctx: Any, formatter: Any) -> None:
        """Write what the command does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_unbroken(inspect.cleandoc(self.help or "")))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, and the options by groups in the order of the parameters.

        The group Output, which nearly all commands share, comes behind the command's own options, and --help is the
        last if it is alone in its group.
        """
        groups = defaultdict(list)
        for param in self.get_params(ctx):  # type: ignore[attr-defined]
            if (record := param.get_help_record(ctx)) is not None:
                usual = "Arguments" if param.param_type_name == "argument" else "Options"
                names, description = record
                described = names, _unbroken(_replaced(_RANGES, description))
                groups[getattr(param, "rich_help_panel", None) or usual].append(described)
        last = ["Options", "Output"] if len(groups["Options"]) > 1 else ["Output", "Options"]
        own = [name for name in groups if name not in ("Arguments", *last)]
        for name in ("Arguments", *own, *last):
            if not (records := groups[name]):
                continue
            with formatter.section(typer.style(name, bold=True)):
                formatter.write_dl(records, col_max=8 if formatter.width < _NARROW else 30)


class Group(_WithPlainHelp, typer.core.TyperGroup):
    """A group of commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes | {"rich_markup_mode": None})

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write a line for each command, and the options."""
        lines = [(name, _unbroken(_first_paragraph(one.help))) for name, one in self.commands.items()]
        with formatter.section(typer.style("Commands", bold=True)):
            formatter.write_dl(lines)
        super().format_options(ctx, formatter)

    def all_commands(self) -> dict[str, Any]:
        """Return all commands by name."""
        return dict(self.commands)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line; if it is empty, print the help."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit(2)
        return super().parse_args(ctx, args)


class LazyGroup(Group):
    """A group that imports the module of a command when the command is called."""

    MODULES: ClassVar[dict[str, tuple[str, str]]] = {}
    """By the command's name: the module, whose `app` has the command or is a group, and the line in the help."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: Command(name, help=line) for name, (_, line) in self.MODULES.items()}

    def all_commands(self) -> dict[str, Any]:
        """Import and return all commands."""
        return {name: _load(name, *self.MODULES[name]) for name in self.MODULES}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the called command and its arguments."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, name and _load(name, *self.MODULES[name]), rest


@functools.cache
def _load(name: str, module: str, line: str) -> Any:
    """Import and return a command or a group. Making the other commands of its module would take long."""
    with GcPaused():
        app = importlib.import_module(module).app
        for one in app.registered_commands:
            if one.name == name:
                return typer.main.get_command_from_info(
                    one, pretty_exceptions_short=False, rich_markup_mode=None
                )
        group = typer.main.get_group(app)
    group.name, group.help = name, line
    return group


class Command(_WithPlainHelp, typer.core.TyperCommand):
    """A command with examples in its help, whose errors name the source of a wrong value.

    Attributes:
        examples: descriptions and indented commands; declared as the command's `epilog`.
    """

    def __init__(self, *args: Any, epilog: str | None = None, **attributes: Any) -> None:
        super().__init__(*args, **attributes | {"rich_markup_mode": None})
        self.examples = inspect.cleandoc(epilog or "")

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the arguments for the usage line; Typer writes required ones in braces, which are for choices."""
        return [re.sub(r"^\{([^{}|]*)\}", r"\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_epilog(self, _ctx: Any, formatter: Any) -> None:
        """Write the examples, whose lines must not be wrapped."""
        if self.examples:
            with formatter.section(typer.style("Examples", bold=True)):
                formatter.write(textwrap.indent(self.examples, "  ") + "\n")

    def make_parser(self, ctx: Any) -> Any:
        """Return a parser that refuses options that are given twice."""
        parser: Any = super().make_parser(ctx)
        parser.parse_args = functools.partial(_parse_once, ctx, parser.parse_args)
        return parser

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line; with `--output json`, also print a document on failure.

        Raises:
            UsageError: a value is wrong, whatever its source.
        """
        given = list(args)
        try:
            rest = super().parse_args(ctx, args)
            if not ctx.resilient_parsing:
                check_values(ctx)
                check_variables(ctx)
                check_needs(ctx)
        except typer.TyperException as error:
            failure = usage_error(error, ctx)
            failure.hint = _how_to_type(given) or failure.hint
            _print_failure(ctx, given, failure)
            raise failure from None
        except XunaError as error:
            _print_failure(ctx, given, error)
            raise
        return rest


def _unbroken(text: str) -> str:
    """Return a text whose words are not broken at their hyphens."""
    return text.replace("-", _HYPHEN)


def _parse_once(ctx: Any, parse: Callable[..., Any], args: list[str]) -> Any:
    values, rest, order = parse(args=args)
    if not ctx.resilient_parsing:
        check_given_once(order)
    return values, rest, order


def _how_to_type(args: list[str]) -> str:
    """Return how to type an option that was pasted from a document, which makes dashes of hyphens; "" without any."""
    for word in args:
        if (name := word.lstrip(_DASHES + "-")) and word.lstrip("-").startswith(tuple(_DASHES)):
            return f"type hyphens in place of the dashes of {word}: {'-' if len(name) == 1 else '--'}{name}"
    return ""


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").partition("\n\n")[0].split())


def usage_error(error: Any, ctx: Any) -> UsageError:
    """Convert an error that Typer found in a command line.

    Args:
        error: Typer's exception.
        ctx: the context of the command or group; None if there is none.
    """
    hint = "" if ctx is None else f"see: {ctx.command_path} --help"
    if type(error) is typer.BadParameter and error.param is not None:
        return UsageError(
            f"{source_of(ctx, error.param)}: {_plain(masked_words(error.message))}", code="option-value"
        )
    # Typer's message for a missing option is good.
    code = "option-value" if isinstance(error, typer.BadParameter) else "usage"
    return UsageError(_plain(masked_words(error.format_message())), hint=hint, code=code)


def _print_failure(ctx: Any, args: list[str], error: XunaError) -> None:
    """Print the JSON document of a command that can't start, if it has one and JSON was requested."""
    has_json = any(
        parameter.name == "output" and "json" in getattr(parameter.type, "choices", ())
        for parameter in ctx.command.params
    )
    asked = [value for name, value in pairwise(args) if name == "--output"]
    asked += [arg.removeprefix("--output=") for arg in args if arg.startswith("--output=")]
    if has_json and (asked or [os.environ.get("XUNA_OUTPUT", "")])[-1] == "json":
        from xuna_cli.output.result import print_failure

        print_failure(ctx.command_path.removeprefix("xuna "), error)


def _plain(message: str) -> str:
    """Rewrite Typer's message in plainer words."""
    plain = _replaced(_PLAINER, message)
    return plain[:1].lower() + plain[1:].rstrip(".")


def _replaced(pairs: Iterable[tuple[str, str]], text: str) -> str:
    for words, plainer in pairs:
        text = re.sub(words, plainer, text)
    return text
