"""`xuna ledger`: show and copy the ledger."""

from typing import Annotated

import typer

from xuna_cli.commands.command_class import Command, Group
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import LedgerResultOptions
from xuna_cli.commands.results import prints
from xuna_cli.output.result import Result

app = typer.Typer(cls=Group)


@options_of_command
class CopyOptions:
    """The options of `xuna ledger copy`."""

    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Ledger to copy: a file, or a postgresql:// URL.")
    ]
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="Ledger to copy to; created if it does not exist. It must not have campaigns of the same names.",
        ),
    ]
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help="Leave the source in use, e.g. for a backup. Never call from both ledgers."
        ),
    ] = False


@app.command(
    "info",
    cls=Command,
    epilog="""
    Show which ledger is used, and what is in it.
      xuna ledger info
    """,
)
@takes(LedgerResultOptions)
@prints("ledger info")
def info(options: LedgerResultOptions) -> Result:
    """Show the ledger's location, engine, size and campaigns."""
    from xuna_cli.commands.context import ledger_for_reading
    from xuna_cli.ledger.campaigns import campaigns
    from xuna_cli.output.ledger import LedgerInfo

    with ledger_for_reading(options) as opened:
        return LedgerInfo(
            location=opened.location,
            engine=opened.engine.version,
            size=opened.engine.size(),
            schema_version=opened.schema_version,
            ledger_id=opened.ledger_id,
            moved=opened.moved,
            campaigns=campaigns(opened),
        )


@app.command(
    "copy",
    cls=Command,
    epilog="""
    Move the ledger to PostgreSQL.
      xuna ledger copy ~/.local/share/xuna/ledger.db 'postgresql://xuna@db.example.com/xuna'

    More: xuna help postgres
    """,
)
@takes(CopyOptions)
def copy(options: CopyOptions) -> None:
    """Move a ledger to another place, e.g. from a file to PostgreSQL, and verify the copy.

    The source is marked as moved: it can still be read, but no run can call from it.
    """
    import contextlib

    from xuna_cli.commands.context import ledger_for_writing, location_of
    from xuna_cli.dialing.clock import Clock
    from xuna_cli.ledger.copying import copy_ledger
    from xuna_cli.ledger.opening import open_ledger
    from xuna_cli.output.messages import say

    source = location_of(options.source, source="SOURCE")
    target = location_of(options.target, source="TARGET")
    with (
        contextlib.closing(open_ledger(source, create=False)) as opened,
        contextlib.closing(ledger_for_writing(target, now=Clock().now)) as new,
    ):
        copied = copy_ledger(opened, new, keep=options.keep)
        where, before = new.location, opened.location
    counts = ", ".join(f"{name} {copied.rows[name]:,}" for name in ("campaigns", "runs", "batches", "calls"))
    say(f"Copied to {where} and compared: {counts}.")
    if moved := copied.moved["batches"]:
        say(f"The IDs of the batches are higher by {moved:,} in the new ledger.")
    if options.keep:
        say(f"xuna: warning: {before} stays in use; never call from both ledgers, or people are called twice")
    else:
        say(
            f"{before} is marked as moved. From now on, only use the new ledger, with --ledger or XUNA_LEDGER."
        )
