"""`xuna phone-numbers`: what there is to put into XUNA_FROM_PHONE_NUMBER_ID."""

import typer

from xuna_cli.commands.options import BaseUrl, EnvFile, Sandbox, TableOrJson

app = typer.Typer(no_args_is_help=True, help="See the account's caller numbers.")


@app.callback()
def group() -> None:
    """See the account's caller numbers."""


@app.command("list")
def list_numbers(
    output: TableOrJson = "table",
    sandbox: Sandbox = False,
    base_url: BaseUrl = None,
    env_file: EnvFile = None,
) -> None:
    """List the account's caller numbers, with what goes into XUNA_FROM_PHONE_NUMBER_ID."""
    from xuna_cli.api.client import PHONE_NUMBERS, read_phone_numbers
    from xuna_cli.commands.campaigns import check_output
    from xuna_cli.commands.context import api_to_read
    from xuna_cli.output.account import print_phone_numbers

    check_output(output, "table", "json")
    with api_to_read(env_file, base_url, sandbox=sandbox) as api:
        found = read_phone_numbers(api.reader.get(PHONE_NUMBERS))
    print_phone_numbers(found, output)
