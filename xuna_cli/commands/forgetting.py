"""What `xuna campaigns forget` does."""

from datetime import timedelta

from xuna_cli.commands.prompts import DeclinedError, confirmed, is_interactive
from xuna_cli.errors import HeldError, UsageError
from xuna_cli.ledger.forgetting import forget, older_than
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.output.messages import counted, say

LONGEST_AGE_DAYS = 36_500.0


def forget_campaigns(ledger: Ledger, name: str | None, days: float | None, *, ask: bool) -> None:
    """Forget one campaign, or all that are old; nothing of their people is left in the ledger's file.

    Raises:
        UsageError: if the one campaign can't be forgotten.
        HeldError: if one of the old ones can't be; the others are forgotten.
    """
    names = (
        [name] if name is not None else older_than(ledger, timedelta(days=min(days or 0, LONGEST_AGE_DAYS)))
    )
    if ask and names and is_interactive():
        what = f"campaign {names[0]!r}" if len(names) == 1 else f"{len(names)} campaigns"
        say(f"The people of {what} are deleted for good; nobody will know any more who was called.")
        if not confirmed("Forget them?"):
            raise DeclinedError("nothing was forgotten", code="declined")
    refused: list[UsageError] = []
    for one in names:
        try:
            people = forget(ledger, one).people
        except UsageError as error:
            if name is not None:
                raise
            refused.append(error)
        else:
            deleted = counted(people, "person", "people")
            say(f"campaign {one!r} is forgotten and closed: {deleted} deleted, its counts are kept")
    if not names:
        say("no campaign is that old")
    ledger.engine.vacuum()
    for copy in ledger.engine.migration_backups():
        say(
            f"xuna: warning: {copy} was left by an upgrade and still holds what was in the ledger then: remove it"
        )
    if refused:
        raise HeldError(
            "; ".join(error.message for error in refused),
            hint="the other campaigns that are so old are forgotten",
            code="campaigns-not-forgotten",
        )
