"""Times of last calls, in all campaigns."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.database import Database, as_written
from xuna_cli.models import CallTarget
from xuna_cli.phone.same_person import one_form

NO_CAMPAIGN = -1


def last_calls(
    database: Database, targets: Sequence[CallTarget], since: datetime, *, campaign_id: int | None
) -> dict[str, str]:
    """Return the last call to the number of each person that was called since a given time.

    Possible calls (`submitting`, `unknown`, `short`) count as calls. Forgotten calls are not known. A person's own
    earlier attempts in the campaign don't count: their spacing is the policy's.

    Args:
        database: the ledger's.
        targets: people.
        since: earliest time, with a zone.
        campaign_id: the campaign in which they would be called; None if it is new.

    Returns:
        Times in the ledger's format, by the person's key.
    """
    at = as_written(since)
    numbers = list(dict.fromkeys(target.to_phone_number for target in targets))
    calls: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for rows in (
        database.rows_of_keys("last_calls_by_key", numbers, at, at),
        database.rows_of_keys("last_calls_by_number", numbers, at),
    ):
        for number, *call in rows:
            calls[number].append((call[0], call[1], call[2]))
    found: dict[str, str] = {}
    for target in targets if calls else ():
        own = campaign_id, one_form(target.key)
        for of_campaign, key, submitted_at in calls.get(target.to_phone_number, ()):
            if (of_campaign, one_form(key)) != own:
                found[target.key] = max(submitted_at, found.get(target.key, ""))
    return found


def claimed_by_others(database: Database, numbers: Sequence[str], run_id: int) -> set[str]:
    """Return the numbers that another run of any campaign has claimed and not sent yet."""
    return {
        number
        for name in ("claims_by_key", "claims_by_number")
        for number, _ in database.rows_of_keys(name, numbers, run_id)
    }


@dataclass(frozen=True, slots=True)
class RecentlyCalled:
    """People of a run who were recently called in other campaigns.

    Attributes:
        days: length of the recent period.
        people: number of people.
        campaigns: number of people by campaign, largest first, then by name; a person may be in several.
    """

    days: int
    people: int
    campaigns: Mapping[str, int]


class RecentCalls:
    """Counts people who were recently called in other campaigns.

    Args:
        database: the ledger's database; None if there is none yet.
        now: UTC.
        days: length of the recent period.
        other_than: a campaign to ignore (default: none).
    """

    def __init__(self, database: Database | None, now: datetime, days: int, other_than: int | None) -> None:
        self._days = days
        self._since = as_written(now - timedelta(days=days))
        self._other_than = NO_CAMPAIGN if other_than is None else other_than
        self._people = 0
        self._campaigns: Counter[str] = Counter()
        self._database = database
        if database is not None:
            ((others,),) = database.rows("campaigns_with_recent_runs", (self._other_than, self._since))
            self._database = database if others else None  # there is no call to look up

    def add(self, numbers: Sequence[str]) -> None:
        """Count the recently called people among these numbers."""
        if self._database is None:
            return
        found = {
            *self._database.rows_of_keys(
                "recent_campaigns_by_key", numbers, self._since, self._other_than, self._since
            ),
            *self._database.rows_of_keys(
                "recent_campaigns_by_number", numbers, self._other_than, self._since
            ),
        }
        self._people += len({number for number, _ in found})
        self._campaigns.update(campaign for _, campaign in found)

    def counted(self) -> RecentlyCalled:
        """Return the counts."""
        by_size = sorted(self._campaigns.items(), key=lambda one: (-one[1], one[0]))
        return RecentlyCalled(self._days, self._people, dict(by_size))
