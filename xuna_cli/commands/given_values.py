"""Check what was given for the options of a command, whatever the options are.

Some values are wrong for every option. Some variables have the name of an option that reads no variable.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from xuna_cli.commands.option_types import BLANK, is_blank, key_of, source_of
from xuna_cli.errors import UsageError
from xuna_cli.settings import Settings, expanded

LARGEST = 10**12
"""Largest whole number. No list has more people, and larger ones don't fit into a ledger."""

LAST_COUNTS = frozenset({"Sending", "Output", "Simulation"})
"""Groups of options that say how a run sends and writes, but not who is called, when, and with which message."""

MAY_BE_BLANK = frozenset({"delimiter"})
"""Options that can have a space as their value."""


def check_values(ctx: Any) -> None:
    """Check the values of all options, and replace a leading `~` in paths, which a shell leaves in `--to=~/x.csv`.

    Raises:
        typer.BadParameter: a value is blank, as if a script forgot to set a variable, or too large.
    """
    for parameter in ctx.command.params:
        value = ctx.params.get(parameter.name)
        if value and parameter.type.name == "path":
            several = isinstance(value, list)
            ctx.params[parameter.name] = [*map(_path, value)] if several else _path(value)
        for problem in _problems(parameter, value):
            if ctx.get_parameter_source(parameter.name).name != "DEFAULT":
                raise typer.BadParameter(problem, ctx=ctx, param=parameter)


def check_given_once(order: Sequence[Any]) -> None:
    """Check that no option is typed twice that can have one value: the first one, e.g. a day without calls, is lost.

    Of options that only say how a run sends and writes, the last value counts, so that a script can add its own.

    Args:
        order: what was typed: the option or argument of each value.

    Raises:
        UsageError: an option is typed twice.
    """
    for parameter in dict.fromkeys(order):
        if has_one_value(parameter) and (times := order.count(parameter)) > 1:
            option, several = f"--{key_of(parameter)}", "," in (parameter.metavar or "")
            raise UsageError(
                f"{option} is given {times} times, but can have only one value",
                hint=f"write the values with commas: {option} {parameter.metavar}"
                if several
                else f"give {option} once",
            )


def has_one_value(parameter: Any) -> bool:
    """Return whether a parameter is an option that must not be typed twice."""
    return (
        parameter.param_type_name == "option"
        and not (parameter.multiple or parameter.is_flag)
        and parameter.rich_help_panel not in LAST_COUNTS
    )


def check_needs(ctx: Any) -> None:
    """Check that no option is typed whose effect needs another one (`NEEDS` of the command's options).

    Raises:
        UsageError: an option is typed without the one that it needs.
    """
    needs = getattr(ctx.command.callback, "needs", {})
    by_name = {one.name: one for one in ctx.command.params} if needs else {}
    for name in needs.keys() & by_name.keys():
        option, other = by_name[name], by_name[needs[name]]
        if ctx.get_parameter_source(name).name == "COMMANDLINE" and not ctx.params.get(other.name):
            raise UsageError(
                f"{source_of(ctx, option)} needs {_as_typed(other)}",
                hint=f"add {_as_typed(other)}, or leave {_as_typed(option)} out",
            )


def _as_typed(parameter: Any) -> str:
    return f"--{key_of(parameter)}" if key_of(parameter) else str(parameter.metavar).strip("[]")


def _path(given: str | Path) -> str:
    return str(expanded(Path(given)))


def _problems(parameter: Any, value: Any) -> Iterator[str]:
    values = value if isinstance(value, list | tuple) else [value]
    texts = [one for one in values if isinstance(one, str | Path)]
    if texts and all(map(is_blank, texts)) and parameter.name not in MAY_BE_BLANK:
        yield BLANK
    for one in values:
        if isinstance(one, int) and abs(one) > LARGEST:
            yield f"{one} is too large"


def check_variables(ctx: Any) -> None:
    """Check that no variable is misspelled, or is named like an option that is not read from variables.

    Somebody who sets `XUNA_SANDBOX` believes that nobody is called; with a misspelled ledger, an opt-out goes to
    another one. A variable that a script uses for itself is no problem if its option is given.

    Raises:
        UsageError: there is such a variable, and its option is not given.
    """
    unknown = dict(ctx.obj.unknown_names()) if isinstance(ctx.obj, Settings) else {}
    for option in ctx.command.params if unknown else ():
        name = f"XUNA_{key_of(option).upper().replace('-', '_')}"
        if name in unknown and not _is_given(ctx, option):
            raise UsageError(
                f"{name} in {unknown[name]} is not a variable of xuna",
                hint=f"use --{key_of(option)}, or remove {name}",
                code="unknown-variable",
            )
    if unknown and not getattr(ctx.command.callback, "shows_names", False):
        ctx.obj.check_names()


def _is_given(ctx: Any, option: Any) -> bool:
    return bool(ctx.get_parameter_source(option.name).name != "DEFAULT")
