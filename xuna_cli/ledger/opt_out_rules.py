"""The opt-out rules that campaigns keep, for commands that are given none."""

import json
from collections.abc import Sequence

from xuna_cli.ledger.database import Database


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
