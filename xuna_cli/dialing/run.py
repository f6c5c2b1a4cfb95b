"""The run: read, claim ahead, and feed the senders.

The main thread reads and claims; daemon threads send. The claims ahead grow from one batch for
each sender to `CLAIMED_AHEAD` people: the first POST is sent at once, and a long list costs few large
transactions (keys come in random order, and a claim rewrites every page that it touches).
"""

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from xuna_cli.dialing.batch_sender import BatchSender
from xuna_cli.dialing.campaign_brake import CampaignBrake
from xuna_cli.dialing.candidates import Candidates
from xuna_cli.dialing.clock import LONGEST_SLEEP_S
from xuna_cli.dialing.connections import Connections
from xuna_cli.dialing.context import RunContext
from xuna_cli.dialing.limiter import ConcurrencyLimiter
from xuna_cli.dialing.pipeline import (
    READ_AT_ONCE,
    Again,
    People,
    first_rows_of,
    is_due,
)
from xuna_cli.dialing.queue import BatchQueue
from xuna_cli.dialing.report import Progress, Report
from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import LedgerError, UsageError, XunaError
from xuna_cli.models import CallTarget
from xuna_cli.screening.order import Screening

# Maximum number of people per claim, and in both queues together: 0.5 kB of memory for each.
# A larger number makes fewer large transactions (20,000: 0.9 s less of system time for a million calls).
CLAIMED_AHEAD = 10_000


class Dialer:
    """A run from its first row to its last outcome.

    Args:
        context: the run's context.
        screening: the screening rules.
    """

    def __init__(self, context: RunContext, screening: Screening) -> None:
        self._api = context.api
        self._clock = context.clock
        self._ledger = context.ledger
        self._observer = context.observer
        self._plan = context.plan
        self._run = context.run
        self._stop = context.stop
        self._look_back = context.look_back
        self._stats = RunStats(context.observer, keep_deferred=context.plan.wait)
        self._screener = Screener(screening, context.clock.now, context.ledger, context.run.campaign_id)
        self._limiter = ConcurrencyLimiter(
            concurrency=context.plan.concurrency,
            give_up_after=context.plan.give_up_after,
            rate=context.plan.rate,
            stopping=context.stop,
            clock=context.clock,
        )
        self._batch_sender = BatchSender(
            context, screener=self._screener, limiter=self._limiter, stats=self._stats
        )
        self._brake = CampaignBrake(context)
        self._queue = BatchQueue(context.stop, context.clock)
        self._crash: BaseException | None = None
        self._waiting: dict[str, CallTarget] = {}
        self._candidates = Candidates(
            context,
            screener=self._screener,
            stats=self._stats,
            waiting=self._waiting,
            size=self._rows_wanted,
            has_refused=lambda: self._batch_sender.has_refused,
        )
        self._claimed = 0
        self._ahead = context.plan.concurrency * context.plan.batch_size  # people per claim

    def dial(self, people: People, again: Again | None = None) -> Report:
        """Call all eligible people on the list, and end the run.

        Args:
            people: the list.
            again: makes the targets of later attempts.

        Raises:
            Exception: a bug in any thread; the ledger stays consistent.
        """
        senders = [
            threading.Thread(target=self._sender, name=f"sender-{number}", daemon=True)
            for number in range(self._plan.concurrency)
        ]
        for sender in senders:
            sender.start()
        try:
            of_list = self._candidates.of_list(people, again)
            self._call_all(of_list)
            while self._brake.wait(self._queue.is_idle, self._pause):
                self._call_all(of_list)
        except XunaError as error:
            self._stop.set()
            self._stats.error(error)
        except BaseException:
            self._stop.set()
            raise
        finally:
            self._queue.close()
            for sender in senders:
                while sender.is_alive():
                    sender.join(0.1)
                    self._tell()
            self._finish()
        if self._crash is not None:
            raise self._crash
        report = self._stats.report(refusals=self._limiter.refusals, paused=self._limiter.paused)
        return replace(report, braked=self._brake.seen)

    def _call_all(self, of_list: Iterator[list[CallTarget]]) -> None:
        self._claim_all(of_list)
        self._wait_for_openings()
        self._claim_all(self._candidates.refused_earlier())
        self._wait_for_openings()  # some people may have been deferred

    def _wait_for_openings(self) -> None:
        """With `--wait`, stay and call deferred people when their hours open.

        Nothing is claimed while waiting.
        """
        deferred = self._stats.deferred
        told: datetime | None = None
        while self._plan.wait and not self._stop() and self._room() > 0:
            opening = deferred.next_opening
            if opening is not None and self._clock.now() >= opening:
                self._observer.lists_read_again(self._screener.screening.do_not_call.read_again())
                self._look_back()
                self._claim_all(self._candidates.deferred())
            elif self._queue.is_idle():  # people still to be sent may yet be deferred
                opening = deferred.next_opening
                if opening is None:
                    break
                if opening != told:
                    self._observer.waiting(deferred.people, opening)
                    told = opening
                self._queue.wait((opening - self._clock.now()).total_seconds())
            else:
                self._queue.wait(LONGEST_SLEEP_S)
            self._tell()

    # -- claims

    def _claim_all(self, chunks: Iterator[list[CallTarget]]) -> None:
        """Claim people and queue them for the senders."""
        complete = False
        while not self._stop():
            while self._rows_wanted() > 0 and not complete and not self._stop():
                if not self._has_space():
                    self._tell()
                    continue
                chunk = next(chunks, None)
                complete = chunk is None
                self._waiting.update((target.key, target) for target in self._agreed(chunk or []))
                self._tell()
            self._claim(everything=complete or self._room() <= len(self._waiting))
            if self._room() == 0 or (complete and not self._waiting):
                break
            self._ahead = min(2 * self._ahead, max(CLAIMED_AHEAD, self._plan.batch_size))

    def _rows_wanted(self) -> int:
        """Return how many rows to read next."""
        return min(READ_AT_ONCE, min(self._ahead, self._room()) - len(self._waiting))

    def _agreed(self, fresh: list[CallTarget]) -> list[CallTarget]:
        """Drop people beyond the confirmed number: the list or the time may have changed since."""
        if self._plan.agreed is None:
            return fresh
        room = max(0, self._plan.agreed - self._claimed - len(self._waiting))
        if len(fresh) > room:
            self._stats.count_people("not_sent", fresh[room:])
            self._stats.error(
                UsageError(
                    f"more than {self._plan.agreed:,} people would be called now, more than you confirmed",
                    hint="run the same command again; it asks you again",
                    code="more-than-agreed",
                )
            )
        return fresh[:room]

    def _has_space(self) -> bool:
        """Wait briefly until both queues together are short enough."""
        left = (CLAIMED_AHEAD - len(self._waiting)) // self._plan.batch_size
        return self._queue.wait_until_short(max(left, self._plan.concurrency))

    def _claim(self, *, everything: bool) -> None:
        """Claim the waiting people in whole batches; at the end, claim the rest, too."""
        size = self._plan.batch_size
        targets = list(self._waiting.values())
        if not everything:
            targets = targets[: len(targets) // size * size]
        while not self._stop() and not self._queue.wait_until_short(self._plan.concurrency):
            self._tell()
        if self._stop() or not targets:
            return
        batches = self._ledger.claim(
            self._run,
            [targets[start : start + size] for start in range(0, len(targets), size)],
            self._screener.quiet_since,
            self._plan.attempts,
            self._brake.brakes,
        )
        if not everything and batches and len(batches[-1].targets) < size:
            # Some claims failed: the remaining people wait until the next batch is full.
            rest = batches.pop()
            self._ledger.unclaim(rest, [target.key for target in rest.targets])
        self._brake.look()
        claimed = [target for batch in batches for target in batch.targets]
        self._claimed += len(claimed)
        self._observer.claimed(claimed)
        self._stats.note_outside(self._screener.outside(claimed))
        if len(claimed) == len(targets):
            for target in targets:
                del self._waiting[target.key]
        else:
            self._settle_waiting(targets, {target.key for target in claimed})
        self._queue.put(batches)

    def _settle_waiting(self, targets: Sequence[CallTarget], won: Collection[str]) -> None:
        """Remove people who are claimed, by this or another run; the rest keep waiting."""
        lost = [target for target in targets if target.key not in won]
        statuses = self._candidates.statuses_of([target.key for target in lost])
        barred = self._ledger.barred(self._run, lost, self._screener.quiet_since, self._plan.attempts)
        first_rows = first_rows_of(statuses, self._candidates.claims)
        for target in targets:
            if target.key in won:
                del self._waiting[target.key]
            elif (status := statuses.get(target.key)) is not None and not is_due(target, status):
                # The message of one attempt is never used for another one.
                del self._waiting[target.key]
                self._stats.count_known(target, status, first_rows)
            elif (why := barred.get(target.key)) is not None:
                del self._waiting[target.key]
                self._stats.leave_out(target, self._screener.barred(target, why))

    def _room(self) -> int:
        """Return how many more people may be claimed in this run."""
        limit = self._plan.limit
        return self._brake.room if limit is None else min(self._brake.room, limit - self._claimed)

    def _pause(self, seconds: float) -> None:
        self._queue.wait(seconds)
        self._tell()

    def _sender(self) -> None:
        try:
            with Connections(self._api, ahead=self._is_next_sent_at_once) as connections:
                while (batch := self._queue.get()) is not None:
                    try:
                        self._batch_sender.send(batch, connections)
                    finally:
                        self._queue.done()
        except BaseException as error:  # noqa: BLE001 - raised again by the main thread
            self._crash = error
            self._stop.set()

    def _is_next_sent_at_once(self) -> bool:
        """Return whether another batch can be sent at once."""
        return self._plan.rate is None and self._queue.has_batches() and not self._stop()

    def _finish(self) -> None:
        left = [target for batch in self._queue.drain() for target in batch.targets]
        self._stats.count_people("not_sent", [*left, *self._waiting.values()])
        self._stats.deferred.close()
        self._candidates.close()
        try:
            self._ledger.end_run(self._run)
            self._brake.look()
        except LedgerError as error:
            # Nobody is lost: the next run frees these claims.
            if not any(known.code == "outcome-unrecorded" for known in self._stats.report().errors):
                self._stats.error(error)

    def _tell(self) -> None:
        room = self._room()
        later = self._candidates.refused_waiting + (self._stats.deferred.people if self._plan.wait else 0)
        self._observer.progress(
            Progress(
                rows=self._stats.rows,
                done=self._stats.done,
                people=self._claimed + min(room, len(self._waiting) + later),
                complete=self._stats.list_complete or room <= len(self._waiting),
                in_progress=self._limiter.in_progress,
                pause=self._limiter.pause,
            )
        )
