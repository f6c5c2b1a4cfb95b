"""Completion values for options and arguments.

Each function is passed to Typer as `autocompletion=`; Typer drops values that don't begin with the typed text.
No function uses the network, writes a file or fails: without data, there are no values.
"""

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from xuna_cli.ledger.ledger import Ledger

Value = str | tuple[str, str]
"""A value, or a value with words for it."""

LARGEST_WORKBOOK = 2 * 1024 * 1024
"""Bytes of a workbook that is opened for its columns while somebody waits."""


def _completion(
    find: Callable[[typer.Context, str], Iterable[Value]],
) -> Callable[[typer.Context, str], list[Value]]:
    """Wrap a completion function so that it never fails."""

    @functools.wraps(find)
    def offered(ctx: typer.Context, incomplete: str) -> list[Value]:
        try:
            return list(find(ctx, incomplete))
        except Exception:  # noqa: BLE001 - whoever presses Tab wants no error
            return []

    offered.__annotations__ = {"ctx": typer.Context, "incomplete": str}
    return offered


def _in_list(values: Iterable[Value], incomplete: str) -> Iterator[Value]:
    """Yield values that continue a comma-separated list."""
    typed, comma, _ = incomplete.rpartition(",")
    taken = set(typed.split(","))
    for value in values:
        name, words = (value, "") if isinstance(value, str) else value
        if name not in taken:
            yield typed + comma + name, words


@_completion
def agent_ids(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - Typer's signature
    """Return the agents from the last lookup."""
    from xuna_cli.commands.account_cache import AGENTS, recall

    return recall(AGENTS).items()


@_completion
def caller_number_ids(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the caller numbers from the last lookup."""
    from xuna_cli.commands.account_cache import CALLER_NUMBERS, recall

    return recall(CALLER_NUMBERS).items()


@_completion
def campaign_names(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the campaigns of a ledger file; a database server is not asked."""
    from xuna_cli.ledger.campaigns import campaigns

    with _ledger(ctx) as ledger:
        return [one.name for one in campaigns(ledger)]


@contextlib.contextmanager
def _ledger(ctx: typer.Context) -> Iterator["Ledger"]:
    """Open a ledger file for reading."""
    from xuna_cli.commands.context import ledger_location
    from xuna_cli.ledger.opening import open_ledger

    location = ledger_location(ctx.params.get("ledger"), sandbox=bool(ctx.params.get("sandbox")))
    if not isinstance(location, Path):
        raise TypeError(location)  # a database server would need the network
    with contextlib.closing(open_ledger(location, create=False, read_only=True)) as ledger:
        yield ledger


@_completion
def held_batches(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the held batches of the campaign on the command line."""
    from xuna_cli.ledger.campaigns import campaign

    with _ledger(ctx) as ledger:
        held = ledger.batches(campaign(ledger, ctx.params["name"]).id, held_only=True)
    return [(str(one.id), f"{one.state}, {one.size:,} calls, {one.submitted_at}") for one in held]


@_completion
def fault_kinds(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return each kind of fault with a small share."""
    from xuna_cli.sandbox.faults import ANY

    return [(f"{kind}:1%", (type(fault).__doc__ or "").splitlines()[0]) for kind, fault in ANY.items()]


@_completion
def help_words(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the help topics and the commands."""
    from xuna_cli.commands.app import COMMANDS
    from xuna_cli.help import TOPICS, read_topic, summary

    if ctx.params.get("words"):
        return []
    topics = [(name, summary(read_topic(name))) for name in TOPICS]
    return [*topics, *((name, words) for name, (_, words) in COMMANDS.items())]


@_completion
def list_columns(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the columns of the list on the command line."""
    from xuna_cli.contacts.options import ListOptions
    from xuna_cli.contacts.reading import column_names
    from xuna_cli.contacts.source import WORKBOOK_MARKS

    path = _list_path(ctx)
    if path is None:
        return []
    with path.open("rb") as file:
        is_workbook = file.read(8).startswith(WORKBOOK_MARKS)
    if is_workbook and path.stat().st_size > LARGEST_WORKBOOK:
        return []
    given = ctx.params
    options = ListOptions(
        given.get("list_format"), given.get("delimiter"), given.get("encoding"), sheet=given.get("sheet")
    )
    return column_names(path, options)


@_completion
def list_columns_or_none(ctx: typer.Context, incomplete: str) -> Iterable[Value]:
    """Return the columns of the list, and `none`."""
    return [*list_columns(ctx, incomplete), ("none", "Use no such column.")]


@_completion
def list_sheets(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the worksheets of the workbook on the command line."""
    from xuna_cli.contacts.sheet_choice import sheet_names

    path = _list_path(ctx)
    if path is None or path.stat().st_size > LARGEST_WORKBOOK:
        return []
    with path.open("rb") as file:
        return sheet_names(file, path.name)


@_completion
def one_country(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the ISO codes of countries with phone numbers."""
    return _countries()


@_completion
def several_countries(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return ISO codes that continue a comma-separated list."""
    return _in_list(_countries(), incomplete)


def _countries() -> Iterator[Value]:
    from xuna_cli.phone.country_names import ALPHA_3

    with_numbers = set(ALPHA_3.values())
    for code, name in _zone_table("iso3166.tab"):
        if code in with_numbers:
            yield code, name


@_completion
def time_zones(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the IANA names of inhabited time zones."""
    for code, _, zone, *place in _zone_table("zone.tab"):
        yield zone, " ".join((code, *place))


def _zone_table(name: str) -> Iterator[list[str]]:
    """Yield the rows of a table of the time zone database."""
    from xuna_cli.phone.zone_rules import zone_rules

    for line in zone_rules().text(name).splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@_completion
def outcomes_to_retry(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return outcomes that can be retried, to continue a comma-separated list."""
    return _in_list(("failure", "unknown", "no-conversation", "success"), incomplete)


@_completion
def campaign_files(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return the TOML files of the folder that was typed; without any, the shell offers file names."""
    folder, slash, _ = incomplete.rpartition("/")
    found = Path(os.path.expandvars(folder + slash)).expanduser().glob("*.toml")
    return sorted(folder + slash + path.name for path in found if path.name != "xuna.toml")


@_completion
def outcomes_to_call_again(ctx: typer.Context, incomplete: str) -> Iterable[Value]:  # noqa: ARG001 - likewise
    """Return outcomes for another attempt, to continue a comma-separated list."""
    return _in_list(("no-conversation", "failure", "unknown"), incomplete)


def _list_path(ctx: typer.Context) -> Path | None:
    """Return the list's path if it is an existing regular file.

    While an option's value is missing, Typer leaves the arguments in `ctx.args`.
    """
    named = [ctx.params[name] for name in ("join", "contacts", "file") if ctx.params.get(name)]
    given = next(iter([*named, *ctx.args]), None)
    if given is None:
        return None
    path = Path(os.path.expandvars(str(given))).expanduser()
    return path if path.is_file() else None
