"""Declare each option once, as a field of a frozen dataclass.

    @options_of_command
    class CopyOptions(Options):
        to: Annotated[Path, typer.Option("--to", "-o", help="File to write.")]
        batch_size: Annotated[int, typer.Option(min=1, envvar="XUNA_BATCH_SIZE", help="Calls per request.")] = 100
        rate: Annotated[Given | None, text(envvar="XUNA_RATE", metavar="N/s", help="Most calls per second.")] = None

    @app.command("copy", cls=Command)
    @takes(CopyOptions)
    def copy(options: CopyOptions) -> ExitStatus | None:
        ...

A value comes from the command line, the environment variable, `.env` or the default, in this order. Typer does
the first two by itself; `--env-file` puts the third into Typer's `default_map`.
"""

import dataclasses
import functools
import inspect
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar, dataclass_transform

import typer
import typer.core
from typer.models import ParameterInfo

from xuna_cli import __version__
from xuna_cli.commands.error_sources import with_source
from xuna_cli.dataclass import dataclass
from xuna_cli.debug_log import debug, start_debug_log
from xuna_cli.errors import ExitStatus, XunaError
from xuna_cli.output.masking import set_masking
from xuna_cli.settings import Given, Settings, expanded

if TYPE_CHECKING:
    from xuna_cli.commands.simulation import Simulation
    from xuna_cli.dialing.clock import Clock

BLANK = "the value is empty; give one, or leave this out"
"""Problem of a value that a script has perhaps forgotten to set."""

FROM_FILE = "xuna_cli.from_file"
"""In `meta` of a context: the sources of the values of a campaign file, by parameter."""


class Panel(str):
    """The group in which the help of one command shows a shared option: `Annotated[Ledger, Panel("The campaign")]`."""

    __slots__ = ()


OptionsT = TypeVar("OptionsT")


def text(*names: str, metavar: str = "TEXT", **more: Any) -> Any:
    """Declare a text option whose value (`Given`) remembers its source.

    Args:
        names: the option's names (default: made from the field's name).
        metavar: placeholder of the value in the help.
        more: further arguments of `typer.Option`.
    """
    return typer.Option(*names, metavar=metavar, parser=_as_given, callback=_given, **more)


def number(*names: str, least: float, most: float | None = None, **more: Any) -> Any:
    """Declare an option for a number from `least` to `most`; `inf` and `nan` are rejected."""
    return typer.Option(*names, min=least, max=most, callback=_finite, **more)


def files(*names: str, **more: Any) -> Any:
    """Declare an option for paths; the paths of its environment variable are always added."""
    return typer.Option(*names, callback=_with_those_of_settings, **more)


def separated(*names: str, **more: Any) -> Any:
    """Declare an option for texts that is repeated or comma-separated."""
    return typer.Option(*names, callback=_parts, **more)


def _load_settings(ctx: typer.Context, env_file: Path | None) -> Path | None:
    """Load the settings before other options are parsed, as their last source."""
    if env_file is not None and is_blank(env_file):
        raise typer.BadParameter(BLANK)
    env_file = None if env_file is None else expanded(env_file)
    settings = Settings(os.environ, env_file, Path.cwd())
    ctx.obj = settings
    ctx.default_map = {
        str(parameter.name): _of_file(parameter, value)
        for parameter in ctx.command.params
        if isinstance(parameter.envvar, str) and (value := settings.of_file(parameter.envvar)) is not None
    }
    return env_file


def _of_file(parameter: Any, value: Given) -> Given | Path | list[Path]:
    """Return a value of the settings file; paths there are relative to the file."""
    if getattr(parameter, "multiple", False):
        return value.paths
    return value.path if parameter.type.name == "path" else value


def _set_masking(mask: bool | None) -> bool | None:
    set_masking(asked=mask, in_ci=bool(os.environ.get("CI")))
    return mask


def _start_debug_log(debug: bool) -> bool:
    if debug:
        start_debug_log()
    return debug


@dataclass_transform(frozen_default=True, kw_only_default=True)
def options_of_command(declared: type[OptionsT]) -> type[OptionsT]:
    """Make a frozen dataclass of options, without methods that would have to be compiled for a hundred fields."""
    made = dataclass(frozen=True, kw_only=True, eq=False, repr=False, init=False)(declared)
    made.__init__ = _fill  # type: ignore[method-assign]
    return made


def _fill(self: Any, **given: Any) -> None:
    """Set all fields of an options dataclass.

    Raises:
        TypeError: a field without a default is missing, or there is no such field.
    """
    for field in dataclasses.fields(self):
        if field.name in given:
            value = given.pop(field.name)
        elif field.default is not dataclasses.MISSING:
            value = field.default
        elif field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        else:
            raise TypeError(f"{type(self).__name__}: {field.name} is missing")
        setattr(self, field.name, value)
    if given:
        raise TypeError(f"{type(self).__name__} has no field {', '.join(given)}")


@options_of_command
class Options:
    """Base of all commands with settings.

    Attributes:
        settings: values of the environment and the file; only they hold the API key.
        typed: names of the fields given on the command line, or in a campaign file that it names.
        sources: where each given field was given, for messages; fields with their default are left out.
        simulation: what the command uses instead of the real time, API and ledger; no option sets it.
    """

    PANELS: ClassVar[tuple[str, ...]] = ()
    """The groups of options in the order in which the help shows them."""

    LEFT_OUT: ClassVar[frozenset[str]] = frozenset()
    """Inherited fields that are not options of this command; they keep their defaults."""

    NEEDS: ClassVar[Mapping[str, str]] = {}
    """Fields that have no effect without another one; `given_values` refuses them without it."""

    SHOWS_NAMES: ClassVar[bool] = False
    """Whether the command shows misspelled variables in its result; `given_values` refuses them elsewhere."""

    settings: Settings
    typed: frozenset[str]
    sources: Mapping[str, str] = dataclasses.field(default_factory=dict)
    simulation: "Simulation | None" = None
    env_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            callback=_load_settings,
            is_eager=True,
            help="Read settings from this file (default: .env in the current folder).",
            rich_help_panel="Output",
        ),
    ] = None
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            envvar="XUNA_DEBUG",
            callback=_start_debug_log,
            is_eager=True,
            help="Print each step to stderr, without keys, phone numbers and messages.",
            rich_help_panel="Output",
        ),
    ] = False
    mask: Annotated[
        bool | None,
        typer.Option(
            "--mask/--no-mask",
            envvar="XUNA_MASK",
            callback=_set_masking,
            is_eager=True,
            help="Mask phone numbers in everything that is printed, e.g. +1212•••0101, but not in files "
            "(default: only in CI, in messages and tables).",
            rich_help_panel="Output",
        ),
    ] = None

    @property
    def clock(self) -> "Clock":
        """The command's only source of time."""
        if self.simulation is not None:
            return self.simulation.clock
        from xuna_cli.dialing.clock import Clock

        return Clock()


def takes(
    options: type[OptionsT],
) -> Callable[[Callable[[OptionsT], ExitStatus | None]], Callable[..., None]]:
    """Turn a function that takes one options dataclass into a Typer command.

    Args:
        options: the dataclass; a field that is `Annotated` with `typer.Option` or `typer.Argument` is a
            parameter of the command. The name of a parameter is that of the field. A default is added to its help.
    """

    def decorate(run: Callable[[OptionsT], ExitStatus | None]) -> Callable[..., None]:
        @functools.wraps(run)
        def command(*, ctx: typer.Context, **given: Any) -> None:
            if issubclass(options, Options):
                given |= {"settings": ctx.obj, "typed": _typed(ctx), "sources": _sources(ctx)}
                _log_options(ctx, given)
            made = options(**given)
            try:
                raise typer.Exit(int(run(made) or 0))
            except XunaError as error:
                raise with_source(error, made) from None

        command.needs = getattr(options, "NEEDS", {})  # type: ignore[attr-defined]
        command.shows_names = getattr(options, "SHOWS_NAMES", False)  # type: ignore[attr-defined]
        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        parameters = [context, *_parameters(options)]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return command

    return decorate


def _log_options(ctx: typer.Context, given: Mapping[str, Any]) -> None:
    """Log the given options and their sources; leave out values that may hold a name or a message."""
    debug("command", ctx.command_path, version=__version__, python=sys.version.split()[0])
    for parameter in ctx.command.params:
        source, value = ctx.get_parameter_source(str(parameter.name)), given.get(str(parameter.name))
        if source is not None and source.name != "DEFAULT":
            shown = value if isinstance(value, bool | int | float | StrEnum) else None
            debug("option", str(parameter.name), value=shown, source=source_of(ctx, parameter))


def source_of(ctx: typer.Context, parameter: Any) -> str:
    """Return the source of a parameter's value, for messages."""
    if (of_file := ctx.meta.get(FROM_FILE, {}).get(parameter.name)) is not None:
        return str(of_file)
    source = ctx.get_parameter_source(parameter.name)
    if source is not None and source.name == "ENVIRONMENT":
        return f"{parameter.envvar} in the environment"
    if source is not None and source.name == "DEFAULT_MAP":
        return f"{parameter.envvar} in {ctx.obj.path}"
    names = [name for name in parameter.opts if name.startswith("--")]
    return str(names[0] if names else parameter.human_readable_name)


def is_blank(value: str | Path) -> bool:
    """Return whether a text or a path is empty; Python makes the current folder of an empty path."""
    return str(value).strip() in ({"", "."} if isinstance(value, Path) else {""})


def key_of(option: Any) -> str:
    """Return the long name of an option without the dashes."""
    return next((name.removeprefix("--") for name in option.opts if name.startswith("--")), "")


def _as_given(value: str) -> str:
    return value  # `str` would drop the source of a value from the file


def _given(ctx: typer.Context, parameter: typer.CallbackParam, value: str | None) -> Given | None:
    if value is None or isinstance(value, Given):  # from the file
        return value
    return Given(value, source_of(ctx, parameter))


def _finite(value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a usable number")
    return value


def _with_those_of_settings(
    ctx: typer.Context, parameter: typer.CallbackParam, value: list[Path] | None
) -> list[Path]:
    if any(map(is_blank, value or ())):
        raise typer.BadParameter(BLANK)
    found = ctx.obj.find(parameter.envvar)
    return list(dict.fromkeys([*(value or ()), *(found.paths if found is not None else ())]))


def _parts(ctx: typer.Context, parameter: typer.CallbackParam, value: list[str] | None) -> list[str]:
    source = ctx.get_parameter_source(str(parameter.name))
    given = ctx.obj.find(parameter.envvar)  # the raw text: Typer splits it at spaces
    texts = value or () if source is not None and source.name == "COMMANDLINE" else filter(None, [given])
    return [part.strip() for text in texts for part in text.split(",")]


def _typed(ctx: typer.Context) -> frozenset[str]:
    sources = ((name, ctx.get_parameter_source(name)) for name in ctx.params)
    return frozenset(name for name, source in sources if source is not None and source.name == "COMMANDLINE")


def _sources(ctx: typer.Context) -> dict[str, str]:
    return {
        str(parameter.name): source_of(ctx, parameter)
        for parameter in ctx.command.params
        if (source := ctx.get_parameter_source(str(parameter.name))) is not None and source.name != "DEFAULT"
    }


def declaration(field: dataclasses.Field[Any]) -> ParameterInfo | None:
    """Return the option or argument of a field, or None."""
    return next(
        (one for one in getattr(field.type, "__metadata__", ()) if isinstance(one, ParameterInfo)), None
    )


def _in_panel(field: dataclasses.Field[Any]) -> ParameterInfo | None:
    """Return a copy of what declares a field, in the group that the field names."""
    if (info := declaration(field)) is None:
        return None
    panel = next((one for one in field.type.__metadata__ if isinstance(one, Panel)), None)  # type: ignore[union-attr]
    info = copy(info)
    info.rich_help_panel = info.rich_help_panel if panel is None else str(panel)
    return info


def _parameters(options: type) -> Iterator[inspect.Parameter]:
    declared = [
        (field, info) for field in dataclasses.fields(options) if (info := _in_panel(field)) is not None
    ]
    left_out: frozenset[str] = getattr(options, "LEFT_OUT", frozenset())
    if unknown := left_out - {field.name for field, _ in declared}:
        raise AssertionError(unknown)
    declared = [one for one in declared if one[0].name not in left_out]
    panels: tuple[str | None, ...] = getattr(options, "PANELS", ())
    declared.sort(
        key=lambda one: panels.index(one[1].rich_help_panel) if one[1].rich_help_panel in panels else -1
    )
    for field, info in declared:
        default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
        info.show_default = False
        is_told = isinstance(default, bool) or default in (inspect.Parameter.empty, None)
        if not is_told and "(default:" not in (info.help or ""):
            info.help = f"{(info.help or '').removesuffix('.')} (default: {default})."
        annotation = Annotated[field.type.__origin__, info]  # type: ignore[name-defined]
        yield inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
