"""The opt-out rules that campaigns keep, for commands that are given none; and how far their opt-outs are known."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from xuna_cli.ledger.database import Database
from xuna_cli.ledger.queries import in_parts
from xuna_cli.ledger.records import Campaign
from xuna_cli.ledger.who import user_at_host


def rules_in(stored: str | None) -> tuple[str, ...]:
    """Return rules as the ledger stores them, each as `FIELD=VALUE`."""
    return tuple(json.loads(stored)) if stored else ()


def keep_rules(database: Database, campaign_id: int, rules: Sequence[str]) -> list[str]:
    """Inside a transaction, let a campaign keep these rules, and no others; none ends all.

    By other rules, the opt-outs are not known until all records are read again.

    Returns:
        The rules that it no longer has.
    """
    [(stored,)] = database.rows("opt_out_rules", {"campaign_id": campaign_id})
    before = rules_in(stored)
    if set(before) != set(rules):
        kept = json.dumps(list(rules)) if rules else None
        database.change("keep_opt_out_rules", {"campaign_id": campaign_id, "rules": kept})
    return [rule for rule in before if rule not in rules]


def note_opt_outs_known(database: Database, campaign_id: int, rules: Sequence[str], read_at: str) -> None:
    """Note that all opt-outs by these rules were found in a reading, unless the campaign has other rules by now.

    Args:
        database: the ledger's.
        campaign_id: the campaign.
        rules: the rules.
        read_at: begin of the reading in the ledger's time format.
    """
    with database.transaction():
        [(stored,)] = database.rows("opt_out_rules", {"campaign_id": campaign_id})
        if set(rules_in(stored)) == set(rules):
            database.change(
                "opt_outs_known", {"campaign_id": campaign_id, "rules": stored, "read_at": read_at}
            )


OPT_OUTS_COME_WITHIN = timedelta(days=1)
"""Time between a call and a whole reading of the records after which no opt-out of this call is expected any more. The
API places calls of a batch later than it takes the batch, and doesn't say when a record appears."""


ONCE_A_DAY = timedelta(days=1)

PEOPLE_CALL_BACK_WITHIN = timedelta(days=30)
"""Time after the last call of a campaign in which its records are read once a day, because people may call back."""


def campaigns_to_ask(database: Database, *, other_than: int | None) -> set[int]:
    """Return the other campaigns that keep rules, and in whose records there may be opt-outs that are not known."""
    asked = {"campaign_id": -1 if other_than is None else other_than}
    now = database.now()
    return {
        campaign_id
        for campaign_id, last_call, known_at in database.rows("last_calls_and_known_opt_outs", asked)
        if known_at is None or _may_have_new_opt_outs(last_call, datetime.fromisoformat(known_at), now)
    }


def _may_have_new_opt_outs(last_call: str, known_at: datetime, now: datetime) -> bool:
    may_call_back = now < datetime.fromisoformat(last_call) + PEOPLE_CALL_BACK_WITHIN
    return known_at < _expected_until(last_call) or (may_call_back and known_at < now - ONCE_A_DAY)


def numbers_in_doubt(database: Database, campaign: Campaign, *, also_read: bool = False) -> Iterator[str]:
    """Yield the numbers of a campaign's calls in which there may be an opt-out that is not known.

    Args:
        database: the ledger's.
        campaign: the campaign.
        also_read: include calls whose records were read.
    """
    known_at = campaign.opt_outs_known_at
    of_campaign = {"campaign_id": campaign.id}
    batches = [
        batch_id
        for batch_id, submitted_at, _ in database.rows("sent_batches_of_campaign", of_campaign)
        if known_at is None or datetime.fromisoformat(known_at) < _expected_until(submitted_at)
    ]
    name = "numbers_of_batches" if also_read else "numbers_without_final_record"
    for part in in_parts(batches):
        yield from (number for (number,) in database.rows_in(name, part))


def numbers_of_calls(
    database: Database, campaign_id: int, api_batch_id: str | None, *, also_read: bool
) -> set[str]:
    """Return the numbers of a campaign's calls.

    Args:
        database: the ledger's.
        campaign_id: the campaign.
        api_batch_id: the API's ID of the only batch to look at; None for all batches.
        also_read: include calls that have a finished record of their own.
    """
    batches = [
        batch_id
        for batch_id, _, known_as in database.rows("sent_batches_of_campaign", {"campaign_id": campaign_id})
        if api_batch_id in {None, known_as}
    ]
    name = "numbers_of_batches" if also_read else "numbers_without_final_record"
    return {number for (number,) in database.rows_in(name, batches)}


def dismiss(database: Database, conversation_ids: Iterable[str], reason: str | None) -> int:
    """Note that nobody has to be listed because of these conversations; return how many are new."""
    by = user_at_host()
    with database.transaction():
        at = database.timestamp()
        rows = [(conversation_id, at, by, reason) for conversation_id in dict.fromkeys(conversation_ids)]
        return database.insert("dismiss_opt_outs", rows)


def decided(database: Database, conversation_ids: Sequence[str]) -> set[str]:
    """Return the conversations that were dismissed, or are the reason of a number that is or was on the list."""
    names = ("dismissed_opt_outs", "reasons_on_do_not_call_list", "reasons_of_removed")
    return {found for name in names for (found,) in database.rows_in(name, conversation_ids)}


def _expected_until(submitted_at: str) -> datetime:
    return datetime.fromisoformat(submitted_at) + OPT_OUTS_COME_WITHIN
