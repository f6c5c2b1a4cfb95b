"""The run: reads, claims ahead, and keeps the senders busy.

The calling thread reads and claims; daemon threads send. What is claimed ahead grows from one batch for
each sender to `CLAIMED_AHEAD` people: the first POST goes out at once, and a long list costs few large
transactions (keys come in random order, and every page that a claim touches is written anew).
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from xuna_cli.dialing.batch_sender import Api, BatchSender, Encode, Stop
from xuna_cli.dialing.clock import LONGEST_SLEEP_S, Clock
from xuna_cli.dialing.intake import Intake, Prepare, RowsOf, SecondIntake, tell_screened
from xuna_cli.dialing.limiter import ConcurrencyLimiter
from xuna_cli.dialing.plan import Plan
from xuna_cli.dialing.queue import BatchQueue
from xuna_cli.dialing.report import Progress, Report
from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.dialing.spool import Spool
from xuna_cli.errors import LedgerError, UsageError, XunaError
from xuna_cli.ledger.last_calls import last_calls
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import BatchRecord, ClaimStatus, Run
from xuna_cli.models import CallTarget, Contact, Rejection
from xuna_cli.screening.do_not_call import NumberList
from xuna_cli.screening.order import Screening

# People who are claimed at once, and who wait for a claim and for a sender together: 0.5 kB of memory for each.
# A larger number makes fewer large transactions (20,000: 0.9 s less of system time for a million calls).
CLAIMED_AHEAD = 10_000
READ_AT_ONCE = 500  # rows between two looks at the flags; more cost memory and save nothing


class Dialer:
    """One run from its first row to its last outcome.

    Args:
        plan: how to send.
        run: ours, in the ledger.
        ledger: where every step is recorded.
        api: the client.
        encode: makes a request body.
        prepare: contact to call target, or why not.
        screening: who must not be called, or not now.
        stop_asked: whether a signal asked to stop.
        refusal_error: makes an error of a refusal's status and words.
        address: how a command that we suggest names the campaign and its ledger.
        on_rejection: told of every row that is rejected or screened out, from any thread.
        on_progress: told now and then how far things are, from the calling thread.
        on_batch: told of every outcome, from any thread.
        on_waiting: told how many people the run waits for, and until when.
        on_lists: told of do-not-call lists that have changed while the run waited, and were read again.
        clock: time.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        run: Run,
        ledger: Ledger,
        api: Api,
        encode: Encode,
        prepare: Prepare,
        stop_asked: Callable[[], bool],
        refusal_error: Callable[[int, str], XunaError],
        address: str = "",
        on_rejection: Callable[[Rejection], None] = lambda _: None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_batch: Callable[[BatchRecord], None] = lambda _: None,
        on_waiting: Callable[[int, datetime], None] = lambda _, __: None,
        on_lists: Callable[[Sequence[NumberList]], None] = lambda _: None,
        screening: Screening | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or Clock()
        self._clock = clock
        self._on_waiting = on_waiting
        self._on_lists = on_lists
        self._screener = Screener(
            screening or Screening(),
            now=clock.now,
            listed=ledger.on_do_not_call_list,
            last_calls=lambda numbers, since: last_calls(ledger, numbers, since),
        )
        self._plan = plan
        self._run = run
        self._ledger = ledger
        self._prepare = prepare
        self._on_rejection = on_rejection
        self._on_progress = on_progress
        self._stats = RunStats(keep_deferred=plan.wait)
        self._stop = Stop(stop_asked)
        self._limiter = ConcurrencyLimiter(
            concurrency=plan.concurrency,
            give_up_after=plan.give_up_after,
            rate=plan.rate,
            stopping=self._stop,
            clock=clock,
        )
        self._batch_sender = BatchSender(
            plan=plan,
            run=run,
            ledger=ledger,
            api=api,
            encode=encode,
            limiter=self._limiter,
            screener=self._screener,
            stats=self._stats,
            stop=self._stop,
            on_rejection=on_rejection,
            on_batch=on_batch,
            refusal_error=refusal_error,
            address=address or run.campaign,
        )
        self._queue = BatchQueue(self._stop, clock)
        self._crash: BaseException | None = None
        self._waiting: dict[str, CallTarget] = {}
        self._refused_earlier = Spool()
        self._somebody_known = True  # whether the rows just before had anybody whom the ledger knew
        self._claimed = 0

    def dial(self, rows: Iterable[Contact | Rejection]) -> Report:
        """Call everybody on the list who may be called now; the run is ended when this returns.

        Raises:
            Exception: a bug, in any of the threads; the ledger is consistent all the same.
        """
        senders = [
            threading.Thread(target=self._sender, name=f"sender-{number}", daemon=True)
            for number in range(self._plan.concurrency)
        ]
        for sender in senders:
            sender.start()
        try:
            intake = Intake(
                rows,
                prepare=self._prepare,
                standings=self._known,
                standings_of_screened=self._standings,
                screener=self._screener,
                stats=self._stats,
                on_rejection=self._on_rejection,
                rows_of=self._rows_of,
            )
            self._read_and_claim(intake)
            self._stats.list_complete = intake.exhausted
            self._wait_for_openings()
            self._call_refused()
            self._wait_for_openings()  # some of them may have been deferred
        except XunaError as error:
            self._stop.set()
            self._stats.error(error)
            self._stats.list_complete = self._stats.list_complete and intake.exhausted
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
        return self._stats.report(refusals=self._limiter.refusals, paused=self._limiter.paused)

    def _read_and_claim(self, intake: Intake) -> None:
        ahead = self._plan.concurrency * self._plan.batch_size
        while not self._stop():
            want = min(ahead, self._room())
            while len(self._waiting) < want and not intake.exhausted and not self._stop():
                if not self._has_space():
                    self._tell()
                    continue
                fresh = intake.read(min(READ_AT_ONCE, want - len(self._waiting)), self._waiting)
                if not isinstance(intake, SecondIntake):
                    fresh = self._put_off(fresh)
                self._waiting.update((target.key, target) for target in self._agreed(fresh))
                if intake.broken is not None:
                    raise intake.broken  # nothing more is sent; who waits is counted as not sent
                self._tell()
            self._claim(everything=intake.exhausted or self._room() <= len(self._waiting))
            if self._room() == 0 or (intake.exhausted and not self._waiting):
                break
            ahead = min(2 * ahead, max(CLAIMED_AHEAD, self._plan.batch_size))

    def _agreed(self, fresh: list[CallTarget]) -> list[CallTarget]:
        """Leave out whoever is more than was agreed to: the list, or the hour, is not what it was then."""
        if self._plan.agreed is None:
            return fresh
        room = max(0, self._plan.agreed - self._claimed - len(self._waiting))
        if len(fresh) > room:
            self._stats.count("not_sent", len(fresh) - room)
            self._stats.error(
                UsageError(
                    f"more than {self._plan.agreed:,} people are to be called now, and no more were agreed to",
                    hint="run the same command again, to be asked anew",
                    code="more-than-agreed",
                )
            )
        return fresh[:room]

    def _put_off(self, fresh: list[CallTarget]) -> list[CallTarget]:
        """Leave out, until everybody else is called, whom the API refused in an earlier run."""
        refused = self._ledger.refused(self._run.campaign_id, [target.key for target in fresh])
        if not refused:
            return fresh
        self._stats.note_refused_earlier(len(refused))
        if self._plan.retry_refused:
            return fresh
        for target in fresh:
            if target.key in refused:
                self._refused_earlier.add(target)
        self._stats.count("not_sent", len(refused))
        return [target for target in fresh if target.key not in refused]

    def _call_refused(self) -> None:
        """Call whom the API refused in an earlier run, in batches of their own."""
        self._read_and_claim(
            self._second_intake(
                (target for target, _ in self._refused_earlier.take()),
                uncount=lambda _: self._stats.count("not_sent", -1),
            )
        )

    def _second_intake(
        self, targets: Iterable[CallTarget], uncount: Callable[[CallTarget], None]
    ) -> SecondIntake:
        return SecondIntake(
            targets,
            uncount=uncount,
            standings=self._standings,
            screener=self._screener,
            stats=self._stats,
            on_rejection=self._on_rejection,
            rows_of=self._rows_of,
        )

    def _rows_of(self, keys: Sequence[str]) -> Mapping[str, int]:
        return self._ledger.row_numbers(self._run.campaign_id, keys)

    def _wait_for_openings(self) -> None:
        """Stay, if that is the plan, and call those who were deferred as their hours come.

        Nothing is claimed in the meantime.
        """
        deferred = self._stats.deferred
        told: datetime | None = None
        while self._plan.wait and not self._stop() and self._room() > 0:
            opening = deferred.next_opening
            if opening is not None and self._clock.now() >= opening:
                self._on_lists(self._screener.screening.do_not_call.read_again())
                self._read_and_claim(self._second_intake(deferred.take(), self._stats.taken_up_again))
            elif self._queue.is_idle():  # whoever is still to be sent may be deferred yet
                opening = deferred.next_opening
                if opening is None:
                    break
                if opening != told:
                    self._on_waiting(deferred.people, opening)
                    told = opening
                self._queue.wait((opening - self._clock.now()).total_seconds())
            else:
                self._queue.wait(LONGEST_SLEEP_S)
            self._tell()

    def _has_space(self) -> bool:
        """Wait a moment until those who wait for a claim and for a sender are few enough together."""
        left = (CLAIMED_AHEAD - len(self._waiting)) // self._plan.batch_size
        return self._queue.wait_until_short(max(left, self._plan.concurrency))

    def _claim(self, *, everything: bool) -> None:
        """Claim what waits, in whole batches unless it is everything that there will be."""
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
            *self._quiet_since(),
        )
        if not everything and batches and len(batches[-1].targets) < size:
            # Somebody was not ours after all: whoever is left over waits for the next batch to be whole.
            rest = batches.pop()
            self._ledger.unclaim(rest, [target.key for target in rest.targets])
        claimed = [target for batch in batches for target in batch.targets]
        self._claimed += len(claimed)
        self._stats.note_outside(self._screener.outside(claimed))
        if len(claimed) == len(targets):
            for target in targets:
                del self._waiting[target.key]
        else:
            self._settle_waiting(targets, {target.key for target in claimed})
        self._queue.put(batches)

    def _settle_waiting(self, targets: Sequence[CallTarget], won: Collection[str]) -> None:
        """Let go of who was claimed, by us or by others; who is left over waits on."""
        lost = [target for target in targets if target.key not in won]
        self._somebody_known = True
        standings = self._standings([target.key for target in lost])
        barred = self._ledger.barred(self._run, lost, *self._quiet_since())
        twice = [key for key, status in standings.items() if status is ClaimStatus.DUPLICATE]
        first_rows = self._rows_of(twice) if twice else {}
        for target in targets:
            if target.key in won:
                del self._waiting[target.key]
            elif (status := standings.get(target.key)) is not None:
                del self._waiting[target.key]
                if status is ClaimStatus.DUPLICATE:
                    self._stats.duplicate(target.row_number, first_rows.get(target.key))
                else:
                    self._stats.count(status)
            elif (words := barred.get(target.to_phone_number)) is not None:
                del self._waiting[target.key]
                reason = self._screener.barred(target, words)
                self._stats.screen(target, reason)
                tell_screened(target, reason, self._on_rejection)

    def _known(self, keys: Sequence[str]) -> Mapping[str, ClaimStatus]:
        """Return who need not be claimed; nobody, while the ledger knows nobody.

        The claim finds them all the same. Asking first saves it the work where many are known; on a new list
        it costs a tenth of the whole.
        """
        if not (self._somebody_known or self._batch_sender.has_refused) and self._plan.agreed is None:
            return {}
        known = self._standings(keys)
        self._somebody_known = bool(known)
        return known

    def _standings(self, keys: Sequence[str]) -> Mapping[str, ClaimStatus]:
        return self._ledger.claim_statuses(self._run.campaign_id, keys, run_id=self._run.id)

    def _quiet_since(self) -> tuple[datetime] | tuple[()]:
        since = self._screener.quiet_since
        return () if since is None else (since,)

    def _room(self) -> int:
        """Return how many more may be claimed in this run."""
        return 2**63 if self._plan.limit is None else self._plan.limit - self._claimed

    def _sender(self) -> None:
        try:
            while (batch := self._queue.get()) is not None:
                try:
                    self._batch_sender.send(batch)
                finally:
                    self._queue.done()
        except BaseException as error:  # noqa: BLE001 - raised again by the main thread
            self._crash = error
            self._stop.set()

    def _finish(self) -> None:
        left = sum(len(batch.targets) for batch in self._queue.drain())
        self._stats.count("not_sent", left + len(self._waiting))
        self._stats.deferred.close()
        self._refused_earlier.close()
        try:
            self._ledger.end_run(self._run)
        except LedgerError as error:
            # Nobody is lost by it: the next run gives back what this one could not.
            if not any(known.code == "outcome-unrecorded" for known in self._stats.report().errors):
                self._stats.error(error)

    def _tell(self) -> None:
        self._on_progress(
            Progress(
                rows=self._stats.rows,
                submitted=self._stats.get("accepted") + self._stats.get("held"),
                in_progress=self._limiter.in_progress,
                allowed=self._limiter.allowed,
                paused_for=self._limiter.paused_for,
            )
        )


def rehearse(
    rows: Iterable[Contact | Rejection],
    *,
    prepare: Prepare,
    standings: Callable[[Sequence[str]], Mapping[str, ClaimStatus]],
    unseen: Callable[[Sequence[str], Sequence[int]], set[str]],
    screener: Screener,
    limit: int | None,
    stop_asked: Callable[[], bool],
    on_rejection: Callable[[Rejection], None] = lambda _: None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_fit: Callable[[Sequence[CallTarget]], None] = lambda _: None,
    known: Callable[[Sequence[str]], Collection[str]] = lambda _: (),
    rows_of: RowsOf = lambda _: {},
    refused: Callable[[Sequence[str]], Collection[str]] = lambda _: (),
) -> Report:
    """Go the whole way but for the claim and the POST; who would be called is `not_sent`.

    Args:
        rows: the list.
        prepare: contact to call target, or why not.
        standings: how those of the keys stand that the ledger knows.
        unseen: remembers keys with their rows, and returns those of them that it did not know.
        screener: who may not be called.
        limit: people, at most; reading stops then.
        stop_asked: whether a signal asked to stop.
        on_rejection: told of every rejection.
        on_progress: told now and then how far things are.
        on_fit: told of everybody who would be called.
        known: those of the keys that `unseen` has been told of.
        rows_of: the rows of those.
        refused: those of the keys whom the API refused in an earlier run.
    """
    stats = RunStats()

    def standings_now(keys: Sequence[str]) -> Mapping[str, ClaimStatus]:
        return {**dict.fromkeys(known(keys), ClaimStatus.DUPLICATE), **standings(keys)}

    intake = Intake(
        rows,
        prepare=prepare,
        standings=standings_now,
        standings_of_screened=standings_now,
        screener=screener,
        stats=stats,
        on_rejection=on_rejection,
        rows_of=rows_of,
    )
    try:
        while not intake.exhausted and not stop_asked():
            room = READ_AT_ONCE if limit is None else min(READ_AT_ONCE, limit - stats.get("not_sent"))
            if room <= 0:
                break
            fresh = intake.read(room, {})
            new = unseen([target.key for target in fresh], [target.row_number for target in fresh])
            stats.count("not_sent", len(new))
            fit = [target for target in fresh if target.key in new]
            if len(fit) < len(fresh):
                first_row = rows_of([target.key for target in fresh])
                for target in fresh:
                    if target.key not in new:
                        stats.duplicate(target.row_number, first_row.get(target.key))
            stats.note_refused_earlier(len(refused([target.key for target in fit])))
            stats.note_outside(screener.outside(fit))
            on_fit(fit)
            if intake.broken is not None:
                raise intake.broken
            on_progress(Progress(stats.rows, stats.get("not_sent"), 0, 0, 0.0))
    except XunaError as error:
        stats.error(error)
    stats.list_complete = intake.exhausted
    return stats.report()
