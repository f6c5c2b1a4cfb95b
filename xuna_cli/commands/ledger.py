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
    from xuna_cli.commands.opening import ledger_for_reading
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
            campaigns=campaigns(opened),
        )
    print_ledger(found, output)


@app.command()
def copy(
    source: Annotated[str, typer.Argument(help="A file, or a postgresql:// URL.")],
    target: Annotated[
        str, typer.Argument(help="Likewise; made if it is not there. It may know none of the campaigns.")
    ],
) -> None:
    """Copy a ledger into another one, e.g. from a file to PostgreSQL, and compare what arrived.

    The source stays as it is: from then on, give every machine the target alone.
    """
    import contextlib

    from xuna_cli.commands.opening import ledger_for_writing, location_of
    from xuna_cli.ledger.copying import copy_ledger
    from xuna_cli.ledger.opening import open_ledger
    from xuna_cli.output.messages import say

    place, new_place = location_of(source, source="SOURCE"), location_of(target, source="TARGET")
    with (
        contextlib.closing(open_ledger(place, create=False)) as opened,
        contextlib.closing(ledger_for_writing(new_place)) as new,
    ):
        copied = copy_ledger(opened, new)
        where = new.location
    counts = ", ".join(f"{name} {copied.rows[name]:,}" for name in ("campaigns", "runs", "batches", "calls"))
    say(f"copied and compared: {counts}, to {where}")
    if moved := copied.moved["batches"]:
        say(f"the batches' ids are higher by {moved:,} there")
    say("from now on use that one alone: --ledger or XUNA_LEDGER")
