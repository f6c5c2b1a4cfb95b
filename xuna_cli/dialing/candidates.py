"""Who can be claimed: the people of the list, and those who waited in this run."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from xuna_cli.dialing.context import RunContext
from xuna_cli.dialing.pipeline import (
    Again,
    People,
    Statuses,
    eligible,
    look_again,
    not_sent_on_failure,
    read,
    unclaimed,
)
from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.dialing.spool import Spool
from xuna_cli.ledger.attempts import Attempts
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import Run
from xuna_cli.models import CallTarget


class LedgerClaims:
    """The claimed people in the ledger.

    Args:
        ledger: the ledger.
        run: this run, whose own claims are duplicates.
        policy: whom the run calls again.
    """

    def __init__(self, ledger: Ledger, run: Run, policy: Attempts | None = None) -> None:
        self._ledger = ledger
        self._run = run
        self._policy = policy

    def statuses(self, keys: Sequence[str]) -> Statuses:
        """Return the status of the claimed keys."""
        return self._ledger.claim_statuses(
            self._run.campaign_id, keys, run_id=self._run.id, policy=self._policy
        )

    def first_rows(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return the list rows of claimed keys."""
        return self._ledger.row_numbers(self._run.campaign_id, keys)


class Candidates:
    """Yields the people whom a run may claim, in chunks; whoever is left out is counted.

    Args:
        context: the run's context.
        screener: screens them.
        stats: counts the rows.
        waiting: people who were yielded before and are not claimed yet, by key.
        size: returns how many rows to read next.
        has_refused: whether the API has refused somebody in this run.

    Attributes:
        claims: the claimed people in the ledger.
        refused_waiting: number of people whom the API refused in an earlier run, and who are called last.
    """

    def __init__(
        self,
        context: RunContext,
        *,
        screener: Screener,
        stats: RunStats,
        waiting: Mapping[str, CallTarget],
        size: Callable[[], int],
        has_refused: Callable[[], bool],
    ) -> None:
        self.claims = LedgerClaims(context.ledger, context.run, context.plan.attempts)
        self.refused_waiting = 0
        self._ledger = context.ledger
        self._plan = context.plan
        self._campaign_id = context.run.campaign_id
        self._screener = screener
        self._stats = stats
        self._waiting = waiting
        self._size = size
        self._has_refused = has_refused
        self._refused = Spool()
        self._somebody_known = True  # whether the previous chunk had people in the ledger

    def of_list(self, people: People, again: Again | None) -> Iterator[list[CallTarget]]:
        """Yield the people of the list; `again` makes the targets of later attempts."""
        chunks = unclaimed(
            read(people, self._stats, self._size), self._known, self.claims, self._stats, again
        )
        return self._without_refused(
            eligible(chunks, self._screener.at_intake, self.claims, self._waiting, self._stats)
        )

    def deferred(self) -> Iterator[list[CallTarget]]:
        """Yield the people who were deferred in this run."""
        return self._second_look(self._stats.deferred.take(), self._stats.taken_up_again)

    def refused_earlier(self) -> Iterator[list[CallTarget]]:
        """Yield the people whom the API refused in an earlier run."""
        waiting = (target for target, _ in self._refused.take())
        return self._second_look(waiting, lambda target: self._count_refused([target], -1))

    def statuses_of(self, lost: Sequence[str]) -> Statuses:
        """Return the status of keys that could not be claimed, so the ledger has some of them."""
        self._somebody_known = True
        return self.claims.statuses(lost)

    def close(self) -> None:
        """Delete the people who wait."""
        self._refused.close()

    def _second_look(
        self, targets: Iterable[CallTarget], uncount: Callable[[CallTarget], None]
    ) -> Iterator[list[CallTarget]]:
        chunks = unclaimed(
            look_again(targets, uncount, self._size), self.claims.statuses, self.claims, self._stats
        )
        return eligible(chunks, self._screener.second_look, self.claims, self._waiting, self._stats)

    def _known(self, keys: Sequence[str]) -> Statuses:
        """Return the status of known people; skip the lookup while the ledger has none of them.

        The claim finds them anyway. A lookup saves work if many are known; on a new list
        it costs a tenth of the run. With a policy of attempts it is always made, since it tells the next attempt.
        """
        may_skip = self._plan.agreed is None and self._plan.attempts is None
        if may_skip and not (self._somebody_known or self._has_refused()):
            return {}
        statuses = self.claims.statuses(keys)
        self._somebody_known = bool(statuses)
        return statuses

    def _without_refused(self, chunks: Iterable[list[CallTarget]]) -> Iterator[list[CallTarget]]:
        """Postpone people whom the API refused in an earlier run until everybody else is called."""
        for chunk in chunks:
            with not_sent_on_failure(chunk, self._stats):
                refused = self._ledger.refused(self._campaign_id, [target.key for target in chunk])
            self._stats.note_refused_earlier(len(refused))
            if not refused or self._plan.retry_refused:
                yield chunk
                continue
            later = [target for target in chunk if target.key in refused]
            for target in later:
                self._refused.add(target)
            self._count_refused(later)
            yield [target for target in chunk if target.key not in refused]

    def _count_refused(self, targets: Sequence[CallTarget], by: int = 1) -> None:
        self.refused_waiting += by * len(targets)
        self._stats.count_people("not_sent", targets, by)
