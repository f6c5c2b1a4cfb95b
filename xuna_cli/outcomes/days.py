"""What happened in a campaign, day by day."""

from datetime import date, datetime

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.campaigns import calls_with_outcomes
from xuna_cli.ledger.do_not_call import entries
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import BatchState, CallOutcome, Campaign
from xuna_cli.ledger.runs import counts_of_runs, runs_of
from xuna_cli.outcomes.summary import CONVERSED


@dataclass(slots=True)
class Day:
    """A day of a campaign.

    Attributes:
        day: the date.
        runs: number of runs that began on the day.
        called: number of accepted calls.
        answered: number of these calls with a conversation.
        successes: number of these calls with the outcome `success`.
        opt_outs: numbers put on the do-not-call list.
        deferred: people whom the day's last run deferred.
        exhausted: people with all attempts used and no proven success, by the day's last run.
    """

    day: date
    runs: int = 0
    called: int = 0
    answered: int = 0
    successes: int = 0
    opt_outs: int = 0
    deferred: int = 0
    exhausted: int = 0


def _local_date(at: str) -> date:
    """Return the date of a time of the ledger in this machine's time zone."""
    return datetime.fromisoformat(at).astimezone().date()


def days_of(ledger: Ledger, campaign: Campaign) -> list[Day]:
    """Return the days on which something happened, in order.

    Args:
        ledger: the ledger; all entries of its do-not-call list count as opt-outs.
        campaign: the campaign.
    """
    days: dict[date, Day] = {}

    def on(at: str) -> Day:
        day = _local_date(at)
        return days.setdefault(day, Day(day))

    counts = counts_of_runs(ledger, campaign.id)
    for run in runs_of(ledger, campaign.id):
        day, of_run = on(run.started_at), counts.get(run.id, {})
        day.runs += 1
        day.deferred, day.exhausted = of_run.get("deferred", 0), of_run.get("attempts:exhausted", 0)
    for call, outcome in calls_with_outcomes(ledger, campaign):
        if call.batch.state is BatchState.ACCEPTED and call.batch.submitted_at is not None:
            day = on(call.batch.submitted_at)
            day.called += 1
            day.answered += outcome in CONVERSED
            day.successes += outcome is CallOutcome.SUCCESS
    for entry in entries(ledger):
        on(entry.added_at).opt_outs += 1
    return [days[day] for day in sorted(days)]
