"""`xuna campaigns`: what the ledger knows, and deciding what it can't know."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.commands.options import PhoneColumnOfList, RegionColumnOfList

app = typer.Typer(no_args_is_help=True, help="See and resolve what the ledger knows of campaigns.")

LedgerOption = Annotated[str | None, typer.Option("--ledger", help="Where the record is. (XUNA_LEDGER)")]
SandboxOption = Annotated[bool, typer.Option("--sandbox", help="Of the sandbox's ledger.")]
EnvFileOption = Annotated[
    Path | None, typer.Option("--env-file", help="Read settings from it, not from .env.")
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The campaign.")]


@app.command("list")
def list_campaigns(
    output: Annotated[str, typer.Option(help="table or json.")] = "table",
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """List all campaigns and how their calls stand."""
    from xuna_cli.commands.context import ledger_for_reading
    from xuna_cli.errors import LedgerError
    from xuna_cli.ledger.campaigns import campaigns
    from xuna_cli.output.campaigns import print_campaigns
    from xuna_cli.output.messages import say

    check_output(output, "table", "json")
    try:
        with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
            print_campaigns(campaigns(opened), output)
    except LedgerError as error:
        if error.code != "ledger-missing":
            raise
        say(f"xuna: {error.message} yet: the first run makes it")
        print_campaigns([], output)


@app.command()
def show(
    name: NameArgument,
    output: Annotated[str, typer.Option(help="table or json.")] = "table",
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Show a campaign, its batches, and what to do about those that are held."""
    from xuna_cli.commands.context import address, ledger_for_reading
    from xuna_cli.commands.resolving import evidence_for
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.output.campaigns import print_campaign

    check_output(output, "table", "json")
    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        found = campaign(opened, name)
        where = address(name, ledger, sandbox=sandbox)
        print_campaign(
            found,
            opened.batches(found.id),
            output,
            address=where,
            evidence=evidence_for(opened, name, address=where),
        )


@app.command()
def export(
    name: NameArgument,
    output: Annotated[str, typer.Option(help="csv or json.")] = "csv",
    to: Annotated[Path | None, typer.Option(help="Write this file, not stdout.")] = None,
    join: Annotated[
        Path | None,
        typer.Option(
            metavar="CONTACTS",
            help="The list that was called: its rows in their order, each with what became of it.",
        ),
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="Country of that list's numbers without +. (XUNA_REGION)")
    ] = None,
    phone_column: PhoneColumnOfList = None,
    region_column: RegionColumnOfList = None,
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Write a row for every call of a campaign: who, when, how it stands, and what came of it."""
    from xuna_cli.commands.context import check_output_of_ledger, ledger_for_reading
    from xuna_cli.commands.joining import list_beside
    from xuna_cli.commands.retrying import everybody
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.output.messages import say
    from xuna_cli.output.people import export_people

    check_output(output, "csv", "json")
    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        found = campaign(opened, name)
        check_output_of_ledger(to, opened, join, found.source_path, env_file=env_file)
        if found.forgotten_at:
            say(
                f"xuna: the people of campaign {name!r} were forgotten at {found.forgotten_at}: no row is left"
            )
        if join is None:
            export_people(everybody(opened, found), (), output, to)
            return
        with list_beside(
            opened,
            found,
            join,
            region=region,
            phone_columns=phone_column or (),
            region_column=region_column,
            env_file=env_file,
        ) as beside:
            export_people(beside.people, beside.columns, output, to)


@app.command()
def resolve(
    name: NameArgument,
    batch: Annotated[
        list[int] | None, typer.Argument(metavar="[BATCH]...", help="The ledger's ids of the batches.")
    ] = None,
    placed: Annotated[
        bool | None,
        typer.Option("--placed/--not-placed", help="Whether the calls of these batches were placed."),
    ] = None,
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Decide held batches, one by one on a terminal, or by id in a script.

    Placed: nobody of the batch is called again. Not placed: its people are free to be called by the next run.
    """
    from xuna_cli.commands.context import address, ledger_for_reading
    from xuna_cli.commands.resolving import resolve_by_id, resolve_one_by_one
    from xuna_cli.errors import UsageError

    where = address(name, ledger, sandbox=sandbox)
    if bool(batch) != (placed is not None):
        raise UsageError(
            "batch ids go with --placed or --not-placed",
            hint=f"e.g. xuna campaigns resolve {where} {batch[0] if batch else 17} --placed; "
            f"on a terminal: xuna campaigns resolve {where}",
        )
    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        if batch and placed is not None:
            resolve_by_id(opened, name, batch, placed=placed)
        else:
            resolve_one_by_one(opened, name, address=where)


@app.command()
def forget(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The campaign.")] = None,
    older_than: Annotated[
        float | None,
        typer.Option(min=0, metavar="DAYS", help="All whose last run ended so many days ago."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Delete the people of a campaign, keep its counts, and close it for good."""
    from xuna_cli.commands.context import ledger_for_reading, sandbox_record
    from xuna_cli.commands.forgetting import forget_campaigns
    from xuna_cli.errors import UsageError

    if (name is None) == (older_than is None):
        raise UsageError("give the campaign's name, or --older-than DAYS")
    with ledger_for_reading(env_file, ledger, sandbox=sandbox) as opened:
        forget_campaigns(opened, name, older_than, ask=not yes)
    if sandbox:
        sandbox_record().unlink(missing_ok=True)  # one for all rehearsals: what they "called" is gone


def check_output(given: str, *known: str) -> str:
    """Return the output's form; raise UsageError if there is no such form."""
    from xuna_cli.errors import UsageError

    if given not in known:
        raise UsageError(f"--output {given}: it has to be one of {', '.join(known)}")
    return given
