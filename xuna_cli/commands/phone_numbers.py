"""`xuna phone-numbers`: list the account's caller numbers."""

import typer

from xuna_cli.commands.command_class import Command, Group
from xuna_cli.commands.option_types import takes
from xuna_cli.commands.options import ApiResultOptions
from xuna_cli.commands.results import prints
from xuna_cli.output.result import Result

app = typer.Typer(cls=Group)


@app.callback()
def group() -> None:
    """Make a group of a single command."""


@app.command(
    "list",
    cls=Command,
    epilog="""
    List the caller numbers of the account.
      xuna phone-numbers list
    """,
)
@takes(ApiResultOptions)
@prints("phone-numbers list")
def list_numbers(options: ApiResultOptions) -> Result:
    """List the account's caller numbers with the IDs to use as XUNA_FROM_PHONE_NUMBER_ID."""
    from xuna_cli.api.client import PHONE_NUMBERS, read_phone_numbers
    from xuna_cli.commands.account import api_to_read
    from xuna_cli.commands.account_cache import CALLER_NUMBERS, remember
    from xuna_cli.output.account import PhoneNumberList

    with api_to_read(options) as reader:
        numbers = read_phone_numbers(reader.get(PHONE_NUMBERS))
    if not options.sandbox:
        remember(
            CALLER_NUMBERS, ((one.phone_number_id, f"{one.phone_number} {one.label}") for one in numbers)
        )
    return PhoneNumberList(numbers)
