"""Forgetting the people of a campaign: what is kept is how many there were."""

from dataclasses import dataclass
from datetime import timedelta

from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A campaign that was forgotten, and how many people were in it."""

    name: str
    people: int


def forget(ledger: Ledger, name: str) -> Forgotten:
    """Delete the people of a campaign, keep its counts, and close it for good; `vacuum` has to follow.

    What the API said of its batches and of people whom it refused, what was to be said to them, and notes about
    held batches go too: all may quote people. So do the rows that became no call.

    Raises:
        UsageError: if there is no such campaign, one of its batches is held, or a run of it is alive.
    """
    ledger.recover()
    found = campaign(ledger, name)
    if found.forgotten_at is not None:
        return Forgotten(name, 0)
    with ledger.transaction():
        ledger.change("lock_campaign", {"campaign_id": found.id})  # a run that starts now waits, or is seen
        if ledger.rows("open_runs_of_campaign", {"campaign_id": found.id}):
            raise UsageError(
                f"a run of campaign {name!r} is still in progress",
                hint="wait until that run has ended",
                code="campaign-run-alive",
            )
        if held := ledger.batches(found.id, held_only=True):
            raise UsageError(
                f"campaign {name!r} still has held batches ({len(held):,}), which can't be resolved after their "
                "people are forgotten",
                hint=f"first run: xuna campaigns resolve {name}",
                code="campaign-held",
            )
        parameters = {"campaign_id": found.id}
        people = ledger.change("forget_calls", parameters)
        ledger.change("forget_refusals", parameters)
        ledger.change("forget_not_called", parameters)
        ledger.change("forget_words_of_resolutions", parameters)
        ledger.change("forget_words_of_batches", parameters)
        ledger.change("forget_words_of_runs", parameters)
        ledger.change("forget_campaign", {**parameters, "forgotten_at": ledger.timestamp()})
    return Forgotten(name, people)


def older_than(ledger: Ledger, age: timedelta) -> list[str]:
    """Return the campaigns whose last run ended so long ago, and that are not forgotten yet."""
    return [name for name, last_ended in ledger.rows("campaign_ages") if ledger.age(last_ended) > age]
