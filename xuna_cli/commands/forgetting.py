"""What `xuna campaigns forget` does."""

from datetime import timedelta

from xuna_cli.errors import HeldError, UsageError
from xuna_cli.ledger.forgetting import forget, older_than
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.output.messages import say

LONGEST_AGE_DAYS = 36_500.0


def forget_campaigns(ledger: Ledger, name: str | None, days: float | None) -> None:
    """Forget one campaign, or all that are old; nothing of their people is left in the ledger's file.

    Raises:
        UsageError: if the one campaign can't be forgotten.
        HeldError: if one of the old ones can't be; the others are forgotten.
    """
    names = (
        [name] if name is not None else older_than(ledger, timedelta(days=min(days or 0, LONGEST_AGE_DAYS)))
    )
    refused: list[UsageError] = []
    for one in names:
        try:
            people = forget(ledger, one).people
        except UsageError as error:
            if name is not None:
                raise
            refused.append(error)
        else:
            say(f"campaign {one!r} is forgotten and closed: {people:,} people deleted, its counts are kept")
    if not names:
        say("no campaign is that old")
    ledger.engine.vacuum()
    for copy in ledger.engine.copies_aside():
        say(
            f"xuna: warning: {copy} was left by an upgrade and still holds what was in the ledger then: remove it"
        )
    if refused:
        raise HeldError(
            "; ".join(error.message for error in refused),
            hint="the other campaigns that are so old are forgotten",
            code="campaigns-not-forgotten",
        )
