"""A rehearsal: the whole way but for the claim and the POST."""

from collections.abc import Callable, Collection, Sequence

from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.pipeline import READ_AT_ONCE, People, eligible, read, unclaimed
from xuna_cli.dialing.report import Progress, Report
from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import XunaError
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import ClaimStatus
from xuna_cli.ledger.seen_keys import SeenKeys
from xuna_cli.models import CallTarget


class RehearsedClaims:
    """Who would be claimed already, were the rehearsal a run: in the ledger, or earlier on the list.

    Args:
        ledger: None: there is none.
        campaign_id: in the ledger; None: it has never run.
    """

    def __init__(self, ledger: Ledger | None, campaign_id: int | None) -> None:
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._seen = SeenKeys()

    def statuses(self, keys: Sequence[str]) -> dict[str, ClaimStatus]:
        """Return what is known of those of the keys that are claimed."""
        earlier = dict.fromkeys(self._seen.known(keys), ClaimStatus.DUPLICATE)
        if self._ledger is None or self._campaign_id is None:
            return earlier
        return earlier | self._ledger.claim_statuses(self._campaign_id, keys)

    def first_rows(self, keys: Sequence[str]) -> dict[str, int]:
        """Return with which rows of the list they were."""
        return self._seen.rows_of(keys)

    def claim(self, targets: Sequence[CallTarget]) -> set[str]:
        """Remember people, none twice among them; return the keys of those who were not remembered yet."""
        return self._seen.add([target.key for target in targets], [target.row_number for target in targets])

    def refused(self, targets: Sequence[CallTarget]) -> Collection[str]:
        """Return the keys of those whom the API refused in an earlier run."""
        if self._ledger is None or self._campaign_id is None:
            return ()
        return self._ledger.refused(self._campaign_id, [target.key for target in targets])

    def close(self) -> None:
        """Forget who was remembered."""
        self._seen.close()


def rehearse(
    people: People,
    claims: RehearsedClaims,
    screener: Screener,
    *,
    limit: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    observer: RunObserver | None = None,
) -> Report:
    """Go the whole way but for the claim and the POST; who would be called is `not_sent`.

    Args:
        people: the list.
        claims: who is claimed already.
        screener: who may not be called.
        limit: people, at most; reading stops then.
        stop: whether a signal asked to stop.
        observer: receives events.
    """
    observer = observer or RunObserver()
    stats = RunStats(observer)

    def size() -> int:
        return READ_AT_ONCE if limit is None else min(READ_AT_ONCE, limit - stats.get("not_sent"))

    chunks = eligible(
        unclaimed(read(people, stats, size), claims.statuses, claims, stats),
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
            stats.count("not_sent", len(fit))
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
