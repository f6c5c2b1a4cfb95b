"""Delete the people of a campaign; only counts are kept."""

from datetime import timedelta

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A forgotten campaign, and how many people it had."""

    name: str
    people: int


def forget(ledger: Ledger, name: str) -> Forgotten:
    """Permanently delete the people of a campaign and close it; `vacuum` must follow. Counts are kept.

    The API's messages about batches and refused people, the message templates, and notes about
    held batches are deleted, too, since they may quote people. So are the rows that were not called.

    Raises:
        UsageError: if the campaign does not exist, has a held batch, or has a live run.
    """
    ledger.recover()
    found = campaign(ledger, name)
    if found.forgotten_at is not None:
        return Forgotten(name, 0)
    with ledger.transaction():
        # A run that starts now either waits or is visible.
        ledger.change("lock_campaign", {"campaign_id": found.id})
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
                hint="resolve them first",
                code="campaign-held",
            )
        parameters = {"campaign_id": found.id}
        ledger.change("forget_later_calls", parameters)
        people = ledger.change("forget_calls", parameters)
        ledger.change("forget_refusals", parameters)
        ledger.change("forget_not_called", parameters)
        ledger.change("forget_words_of_resolutions", parameters)
        ledger.change("forget_words_of_batches", parameters)
        ledger.change("forget_words_of_runs", parameters)
        ledger.change("forget_campaign", {**parameters, "forgotten_at": ledger.timestamp()})
    return Forgotten(name, people)


def older_than(ledger: Ledger, age: timedelta) -> list[str]:
    """Return the campaigns not yet forgotten whose last run ended before the given age."""
    return [name for name, last_ended in ledger.rows("campaign_ages") if ledger.age(last_ended) > age]
