"""A rehearsal: the pipeline without claims and POSTs."""

from collections.abc import Callable, Collection, Sequence

from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.pipeline import READ_AT_ONCE, Again, People, eligible, read, unclaimed
from xuna_cli.dialing.report import Progress, Report
from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import XunaError
from xuna_cli.ledger.attempts import Attempts, Due, Standing
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import ClaimStatus
from xuna_cli.ledger.seen_keys import SeenKeys
from xuna_cli.models import CallTarget


class RehearsedClaims:
    """People that a run would find claimed: in the ledger, or earlier in the list.

    Args:
        ledger: the ledger; None if there is none.
        campaign_id: the campaign; None if it has never run.
        policy: whom the run would call again.
    """

    def __init__(
        self, ledger: Ledger | None, campaign_id: int | None, policy: Attempts | None = None
    ) -> None:
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._policy = policy
        self._seen = SeenKeys()

    def statuses(self, keys: Sequence[str]) -> dict[str, Standing]:
        """Return the status of the claimed keys."""
        earlier: dict[str, Standing] = dict.fromkeys(self._seen.known(keys), ClaimStatus.DUPLICATE)
        if self._ledger is None or self._campaign_id is None:
            return earlier
        known = self._ledger.claim_statuses(self._campaign_id, keys, policy=self._policy)
        # A second row of somebody who would be called again is a duplicate, as in a run.
        return {
            key: earlier[key] if key in earlier and isinstance(standing, Due) else standing
            for key, standing in {**earlier, **known}.items()
        }

    def first_rows(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the list rows of claimed keys."""
        return self._seen.rows_of(keys)

    def claim(self, targets: Sequence[CallTarget]) -> set[str]:
        """Remember distinct people; return the keys of the new ones."""
        return self._seen.add([target.key for target in targets], [target.row_number for target in targets])

    def refused(self, targets: Sequence[CallTarget]) -> Collection[str]:
        """Return the keys whom the API refused in an earlier run."""
        if self._ledger is None or self._campaign_id is None:
            return ()
        return self._ledger.refused(self._campaign_id, [target.key for target in targets])

    def close(self) -> None:
        """Delete the remembered keys."""
        self._seen.close()


def rehearse(
    people: People,
    claims: RehearsedClaims,
    screener: Screener,
    *,
    again: Again | None = None,
    limit: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    observer: RunObserver | None = None,
) -> Report:
    """Run the pipeline without claims and POSTs; people who would be called count as `not_sent`.

    Args:
        people: the list.
        claims: the claimed people.
        screener: the screening.
        again: makes the targets of later attempts.
        limit: maximum number of people; reading stops then.
        stop: whether a signal asked to stop.
        observer: receives events.
    """
    observer = observer or RunObserver()
    stats = RunStats(observer)

    def size() -> int:
        return READ_AT_ONCE if limit is None else min(READ_AT_ONCE, limit - stats.get("not_sent"))

    chunks = eligible(
        unclaimed(read(people, stats, size), claims.statuses, claims, stats, again),
        screener.at_intake,
        claims,
        {},
        stats,
    )
    try:
        while not stop() and size() > 0:
            targets = next(chunks, None)
            if targets is None:
                break
            new = claims.claim(targets)
            fit = [target for target in targets if target.key in new]
            stats.note_would_be_called(fit)
            if len(fit) < len(targets):
                first_rows = claims.first_rows([target.key for target in targets])
                for target in targets:
                    if target.key not in new:
                        stats.duplicate(target, first_rows.get(target.key))
            stats.note_refused_earlier(len(claims.refused(fit)))
            stats.note_outside(screener.outside(fit))
            observer.fit(fit)
            observer.progress(Progress(stats.rows))
    except XunaError as error:
        stats.error(error)
    return stats.report()
