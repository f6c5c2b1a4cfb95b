"""`xuna ledger`: the record itself, as a whole."""

from typing import Annotated

import typer

from xuna_cli.commands.campaigns import EnvFileOption, LedgerOption, SandboxOption, check_output

app = typer.Typer(no_args_is_help=True, help="Look at the record of who was called, or move it.")


@app.callback()
def group() -> None:
    """Look at the record of who was called, or move it."""


@app.command()
def info(
    output: Annotated[str, typer.Option(help="table or json.")] = "table",
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Say where the ledger is, on what engine, how large, and which campaigns it has."""
    from xuna_cli.commands.context import ledger_for_reading
    from xuna_cli.ledger.campaigns import campaigns
    from xuna_cli.output.ledger import LedgerInfo, print_ledger

    check_output(output, "table", "json")
    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        found = LedgerInfo(
            location=opened.location,
            engine=opened.engine.version,
            size=opened.engine.size(),
            schema_version=opened.schema_version,
            ledger_id=opened.ledger_id,
            moved=opened.moved,
            campaigns=campaigns(opened),
        )
    print_ledger(found, output)


@app.command()
def copy(
    source: Annotated[str, typer.Argument(help="A file, or a postgresql:// URL.")],
    target: Annotated[
        str, typer.Argument(help="Likewise; made if it is not there. It may know none of the campaigns.")
    ],
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave the source in use, e.g. for a backup. Never call from both."),
    ] = False,
) -> None:
    """Move a ledger into another one, e.g. from a file to PostgreSQL, and compare what arrived.

    The source is marked as moved: it can be read, but nobody is called from it any more.
    """
    import contextlib

    from xuna_cli.commands.context import ledger_for_writing, location_of
    from xuna_cli.ledger.copying import copy_ledger
    from xuna_cli.ledger.opening import open_ledger
    from xuna_cli.output.messages import say

    place, new_place = location_of(source, source="SOURCE"), location_of(target, source="TARGET")
    with (
        contextlib.closing(open_ledger(place, create=False)) as opened,
        contextlib.closing(ledger_for_writing(new_place)) as new,
    ):
        copied = copy_ledger(opened, new, keep=keep)
        where, before = new.location, opened.location
    counts = ", ".join(f"{name} {copied.rows[name]:,}" for name in ("campaigns", "runs", "batches", "calls"))
    say(f"copied and compared: {counts}, to {where}")
    if moved := copied.moved["batches"]:
        say(f"the batches' ids are higher by {moved:,} there")
    if keep:
        say(f"xuna: warning: {before} stays in use: whoever is called from both is called twice")
    else:
        say(f"{before} is marked as moved. From now on, use the new ledger only: --ledger or XUNA_LEDGER")
