"""`xuna campaigns forget`."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from xuna_cli.commands.command_class import Command
from xuna_cli.commands.completion import campaign_names
from xuna_cli.commands.option_types import number, options_of_command, takes
from xuna_cli.commands.options import LedgerOptions

if TYPE_CHECKING:
    from xuna_cli.ledger.ledger import Ledger

app = typer.Typer()

LONGEST_AGE_DAYS = 36_500.0


@options_of_command
class ForgetOptions(LedgerOptions):
    """The options of `xuna campaigns forget`."""

    name: Annotated[
        str | None,
        typer.Argument(
            autocompletion=campaign_names,
            metavar="[NAME]",
            help="Name of the campaign, without --older-than.",
        ),
    ] = None
    older_than: Annotated[
        float | None,
        number(
            least=0,
            metavar="DAYS",
            help="Forget all campaigns whose last run ended at least this many days ago.",
        ),
    ] = None
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Forget without asking first.")] = False


@app.command(
    "forget",
    cls=Command,
    epilog="""
    Delete the people of a campaign, or of all campaigns that are a year old.
      xuna campaigns forget contacts
      xuna campaigns forget --older-than 365

    In a script, nobody can be asked.
      xuna campaigns forget --older-than 365 --yes
    """,
)
@takes(ForgetOptions)
def forget_campaigns(options: ForgetOptions) -> None:
    """Permanently delete the people of a campaign. Its counts stay, and the campaign is closed."""
    from datetime import timedelta

    from xuna_cli.commands.context import ledger_for_reading, sandbox_record, which_ledger
    from xuna_cli.errors import UsageError
    from xuna_cli.ledger.forgetting import older_than

    if (options.name is None) == (options.older_than is None):
        raise UsageError("give either the name of a campaign or --older-than DAYS")
    with ledger_for_reading(options) as opened:
        if options.name is not None:
            names = [options.name]
        else:
            names = older_than(opened, timedelta(days=min(options.older_than or 0, LONGEST_AGE_DAYS)))
        _warn_of_opt_outs(opened, names, where=which_ledger(options))
        if names and not (options.yes or options.sandbox):
            _ask(opened, names)
        _forget(opened, names, stop=options.name is not None, where=which_ledger(options))
    if options.sandbox:
        sandbox_record().unlink(missing_ok=True)  # all sandbox runs share this record of simulated calls


def _warn_of_opt_outs(ledger: "Ledger", names: list[str], *, where: str) -> None:
    """Warn of campaigns in which there may be opt-outs that are not known: they can't be read afterwards."""
    from xuna_cli.ledger.campaigns import campaigns
    from xuna_cli.ledger.opt_out_rules import campaigns_to_ask
    from xuna_cli.output.messages import say

    unknown = campaigns_to_ask(ledger, other_than=None)
    for one in campaigns(ledger) if unknown else ():
        if one.id in unknown and one.name in names:
            say(
                f"xuna: warning: people of campaign {one.name!r} may have opted out since its records were last read, "
                "which can't be found out after they are forgotten\n"
                f"  to read the records first, run: xuna campaigns outcomes {shlex.quote(one.name)}{where}"
            )


def _ask(ledger: "Ledger", names: list[str]) -> None:
    """Ask for confirmation.

    Raises:
        DeclinedError: the person declines.
        UsageError: there is no terminal to ask at.
    """
    from xuna_cli.commands.prompts import DeclinedError, check_terminal, confirmed
    from xuna_cli.ledger.campaigns import campaign
    from xuna_cli.output.messages import counted, say

    people = counted(sum(sum(campaign(ledger, name).calls.values()) for name in names), "person", "people")
    what = f"campaign {names[0]!r}" if len(names) == 1 else f"{len(names)} campaigns"
    check_terminal()
    say(
        f"This permanently deletes the {people} of {what}. You will no longer be able to tell who was called."
    )
    if not confirmed("Delete these people?"):
        raise DeclinedError("Cancelled. Nothing was deleted.")


def _forget(ledger: "Ledger", names: list[str], *, stop: bool, where: str) -> None:
    """Forget campaigns, and remove their people from the ledger's storage.

    Raises:
        UsageError: a campaign can't be forgotten, and `stop` is set.
        HeldError: a campaign can't be forgotten; the others are.
    """
    from xuna_cli.errors import HeldError, UsageError
    from xuna_cli.ledger.forgetting import forget
    from xuna_cli.output.messages import counted, say

    refused: list[UsageError] = []
    for name in names:
        try:
            deleted = counted(forget(ledger, name).people, "person was", "people were")
        except UsageError as error:
            if error.code == "campaign-held":
                error.hint = f"first run: xuna campaigns resolve {shlex.quote(name)}{where}"
            if stop:
                raise
            refused.append(error)
        else:
            say(f"Campaign {name!r} was forgotten and closed. {deleted} deleted; the counts were kept.")
    if not names:
        say("No campaign is older than that.")
    ledger.engine.vacuum()
    for copy in ledger.engine.migration_backups():
        say(
            f"xuna: warning: {copy} was left by an upgrade and still contains the old data of the "
            "ledger; delete this file"
        )
    if refused:
        raise HeldError(
            "; ".join(error.message for error in refused),
            hint="the other campaigns of that age were forgotten",
            code="campaigns-not-forgotten",
        )
