"""`xuna campaigns person`."""

from typing import Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.option_types import options_of_command, takes
from xuna_cli.commands.options import LedgerResultOptions, Region
from xuna_cli.commands.results import prints
from xuna_cli.output.result import Result

app = typer.Typer()


@options_of_command
class PersonOptions(LedgerResultOptions):
    """The options of `xuna campaigns person`."""

    numbers: Annotated[list[str], typer.Argument(metavar="NUMBER...", help="Phone numbers of one person.")]
    region: Region = None


@app.command(
    "person",
    cls=Command,
    epilog="""
    Somebody complains about a call: what do we know?
      xuna campaigns person +15551234567

    More: xuna help outcomes
    """,
)
@takes(PersonOptions)
@prints("campaigns person")
def show_person(options: PersonOptions) -> Result:
    """Show all calls to a person in all campaigns, the rows that were not called, and the do-not-call list.

    Each call has its time, also in the person's time zone, its list, message template and outcome. It only reads the
    ledger, not the network.
    """
    from xuna_cli.commands.context import ledger_for_reading
    from xuna_cli.commands.typed_numbers import typed_numbers
    from xuna_cli.outcomes.person import person
    from xuna_cli.output.person import PersonShown

    numbers = typed_numbers(options.numbers, region=options.region)
    with ledger_for_reading(options) as opened:
        return PersonShown(numbers, person(opened, numbers), opened.location, options.sandbox)
