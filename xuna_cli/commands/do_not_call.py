"""`xuna do-not-call`: the ledger's own list, for all campaigns."""

from pathlib import Path
from typing import Annotated

import typer

from xuna_cli.commands.campaigns import EnvFileOption, LedgerOption, SandboxOption

app = typer.Typer(no_args_is_help=True, help="The numbers that no campaign of this ledger calls.")

NumbersArgument = Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Phone numbers.")]
RegionOption = Annotated[
    str | None, typer.Option(help="Country of numbers without +, e.g. US. (XUNA_REGION)")
]
ReasonOption = Annotated[
    str | None, typer.Option(help="Why, e.g. asked on 2026-11-03; kept with the number.")
]


@app.command()
def add(
    numbers: NumbersArgument,
    reason: ReasonOption = None,
    region: RegionOption = None,
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Never call these numbers again; runs that are under way obey, too."""
    from xuna_cli.commands.listing import add_numbers

    add_numbers(numbers, reason, region=region, ledger=ledger, sandbox=sandbox, env_file=env_file)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Any list, or a number a line.")],
    reason: ReasonOption = None,
    phone_column: Annotated[
        str | None,
        typer.Option(help="Read only this column (default: every column that may hold numbers)."),
    ] = None,
    region: RegionOption = None,
    list_format: Annotated[
        str | None, typer.Option("--format", help="csv, tsv, json, jsonl or xlsx (default: detected).")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Character between the cells of a CSV (default: detected).")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Text encoding of the list (default: UTF-8, or UTF-16 with a BOM).")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Worksheet to read (default: all of them).")] = None,
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Add every number of a file; a row that holds none stops it before anything is added."""
    from xuna_cli.commands.listing import import_numbers
    from xuna_cli.contacts.options import ListOptions

    options = ListOptions(
        list_format,
        delimiter,
        encoding,
        () if phone_column is None else (phone_column,),
        sheet,
        first_phone_column=phone_column is None,
    )
    import_numbers(file, reason, options, region=region, ledger=ledger, sandbox=sandbox, env_file=env_file)


@app.command("list")
def list_numbers(
    output: Annotated[str, typer.Option(help="table or json.")] = "table",
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Show the numbers, why they are there and since when."""
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.listing import show_numbers

    check_output(output, "table", "json")
    show_numbers(output, ledger=ledger, sandbox=sandbox, env_file=env_file)


@app.command()
def remove(
    numbers: NumbersArgument,
    region: RegionOption = None,
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Take numbers from the list: they may be called again."""
    from xuna_cli.commands.listing import remove_numbers

    remove_numbers(numbers, region=region, ledger=ledger, sandbox=sandbox, env_file=env_file)


@app.command()
def check(
    numbers: NumbersArgument,
    output: Annotated[str, typer.Option(help="table or json.")] = "table",
    region: RegionOption = None,
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Say of each number whether it is on the list; exit 0: none is, 3: at least one is."""
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.listing import check_numbers

    check_output(output, "table", "json")
    raise typer.Exit(
        int(check_numbers(numbers, output, region=region, ledger=ledger, sandbox=sandbox, env_file=env_file))
    )


@app.command()
def export(
    output: Annotated[str, typer.Option(help="csv or json.")] = "csv",
    to: Annotated[Path | None, typer.Option(help="Write this file, not stdout.")] = None,
    ledger: LedgerOption = None,
    sandbox: SandboxOption = False,
    env_file: EnvFileOption = None,
) -> None:
    """Write the whole list, as --do-not-call and import take it."""
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.listing import export_numbers

    check_output(output, "csv", "json")
    export_numbers(output, to, ledger=ledger, sandbox=sandbox, env_file=env_file)
