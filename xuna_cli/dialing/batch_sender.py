"""Send one batch, from the claim to the outcome on disk. The order of steps keeps the promise.

`submit` is committed before the first byte of the POST; the outcome is committed before anything else is done
with it; a batch that is not provably refused is never sent again.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence

from xuna_cli.api.batch_body import encode_batch
from xuna_cli.api.outcomes import NotSent, Outcome, Refused, Taken, Unknown
from xuna_cli.dataclass import dataclass
from xuna_cli.debug_log import debug
from xuna_cli.dialing.connections import Connections
from xuna_cli.dialing.context import RunContext
from xuna_cli.dialing.decide import (
    LONE_REFUSALS_TO_STOP,
    Action,
    History,
    SendAgain,
    Settle,
    Split,
    decide,
    give_up,
    lone_words,
    pause_of,
    tried_too_long,
    unrecorded,
)
from xuna_cli.dialing.limiter import ConcurrencyLimiter, Permit
from xuna_cli.dialing.run_stats import REFUSED, RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import HeldError, LedgerError, LostClaimError, RepeatedBatchIdError, XunaError
from xuna_cli.hooks import reached
from xuna_cli.ledger.attempts import Standing
from xuna_cli.ledger.records import Batch, BatchRecord, BatchState
from xuna_cli.ledger.standings import Barred
from xuna_cli.models import Reason, Rejection

KEPT_BACK = NotSent("not sent, because this run may no longer send", kept_back=True)


@dataclass(frozen=True, slots=True)
class SendResult:
    """Result of one try to send a batch.

    Attributes:
        outcome: the proven outcome.
        submitted: whether the ledger has the batch as `submitting`.
        barred: keys of people whom the ledger bars, with the reasons; nothing was sent then.
    """

    outcome: Outcome
    submitted: bool = True
    barred: Barred | None = None


class BatchSender:
    """Sends batches and handles their outcomes; shared by all senders.

    Args:
        context: the run's context.
        screener: screens again right before every POST.
        limiter: limits concurrency and rate.
        stats: counts the outcomes.

    Attributes:
        has_refused: whether the API has refused a person in this run.
    """

    def __init__(
        self, context: RunContext, *, screener: Screener, limiter: ConcurrencyLimiter, stats: RunStats
    ) -> None:
        self._context = context
        self._ledger = context.ledger
        self._stop = context.stop
        self._screener = screener
        self._limiter = limiter
        self._stats = stats
        self._order = threading.Lock()  # batches that were not accepted are recorded and judged one by one
        self._unknown_in_a_row = 0
        self._lone_refusals: Counter[str] = Counter()
        self._accepted_before = False
        self.has_refused = False

    def send(self, batch: Batch, connections: Connections) -> None:
        """Send a batch, and the batches that it is split into, until every call is settled or given up.

        Args:
            batch: the batch.
            connections: the calling sender's connections.
        """
        todo = [batch]
        while todo:
            current = todo.pop(0)
            permit = self._limiter.enter(len(current.targets))
            if permit is None:
                self._leave_unsent([current, *todo])
                return
            try:
                # The wait for the permit may have been long, and this may be a resend: screen again who
                # may be called.
                fit = self._screen(current, self._screener.before_post(current.targets))
                if fit is not None:
                    current = fit
                    todo = self._send_once(current, permit, connections) + todo
            except LedgerError as error:
                # Nothing was sent: without a record, there is no POST.
                self._fail(error)
                self._leave_unsent([current, *todo])
                return
            finally:
                self._limiter.release()

    def _send_once(self, batch: Batch, permit: Permit, connections: Connections) -> list[Batch]:
        """Send a batch once; return the batches to send next instead."""
        result = self._connect_and_post(batch, connections)
        reached("post:done")
        outcome = result.outcome
        debug(
            "batch",
            "tried",
            batch=batch.id,
            calls=len(batch.targets),
            submitted=result.submitted,
            outcome=type(outcome).__name__,
        )
        if (barred := result.barred) is not None:
            reasons = {
                target.key: self._screener.barred(target, barred[target.key])
                for target in batch.targets
                if target.key in barred
            }
            fit = self._screen(batch, reasons)
            return [fit] if fit is not None else []
        try:
            if isinstance(outcome, Taken):
                try:
                    # Outside the lock, so that the records of several senders share a commit.
                    return self._act(batch, decide(outcome, batch, History()), result, permit)
                except RepeatedBatchIdError as error:
                    outcome = Unknown(error.message, outcome.http_status)
                    result = SendResult(outcome)
            with self._order:
                action = decide(outcome, batch, self._history(outcome, batch))
                try:
                    return self._act(batch, action, result, permit)
                except LostClaimError as error:
                    if not isinstance(outcome, NotSent | Refused):
                        raise
                    # Another run considered this one dead and made the batch `unknown`: the proof replaces that.
                    return self._act(batch, give_up(outcome, error), result, permit)
        except LedgerError as error:
            self._stats.count_people("held", batch.targets)
            self._fail(unrecorded(outcome, batch, self._context.plan.address, error.message))
            return []

    def _connect_and_post(self, batch: Batch, connections: Connections) -> SendResult:
        """Connect, record the intent, send.

        Raises:
            LedgerError: if the intent can't be recorded; nothing was sent.
        """
        plan, run = self._context.plan, self._context.run
        calls = [(target.to_phone_number, target.override) for target in batch.targets]
        body = encode_batch(plan.agent_id, plan.from_phone_number_id, calls)
        connection = connections.connect()
        if isinstance(connection, NotSent):
            return SendResult(connection, submitted=False)
        with connection:
            # Connecting takes time, in which the run may have been stopped.
            if self._stop():
                return SendResult(KEPT_BACK, submitted=False)
            barred = self._ledger.submit(batch, self._screener.quiet_since, plan.attempts)
            if barred:
                return SendResult(KEPT_BACK, submitted=False, barred=barred)
            reached("submit:committed")
            # The intent is on disk. That took time, too: people barred now are screened again, with a
            # reason, before the batch is sent again.
            if self._stop() or not self._ledger.holds_lock(run) or self._screener.before_post(batch.targets):
                return SendResult(KEPT_BACK)
            connections.open_next()
            idempotency_key = f"xuna-{self._ledger.ledger_id}-{batch.nonce}-{batch.id}"
            return SendResult(connection.post(body, calls=len(calls), idempotency_key=idempotency_key))

    def _screen(self, batch: Batch, reasons: Mapping[str, Reason | Standing]) -> Batch | None:
        """Unclaim people who may no longer be called; return the rest of the batch."""
        if not reasons:
            return batch
        left = self._ledger.unclaim(batch, list(reasons))
        self._stats.note_done(len(reasons))
        for target in batch.targets:
            if (reason := reasons.get(target.key)) is not None:
                self._stats.leave_out(target, reason)
        return left

    def _history(self, outcome: Outcome, batch: Batch) -> History:
        """Note an outcome that was not accepted, and return the history for `decide`."""
        same_refusals = 0
        if isinstance(outcome, Unknown):
            self._unknown_in_a_row += 1
        elif isinstance(outcome, Refused) and len(batch.targets) == 1:
            same_refusals = self._lone_refusals[lone_words(outcome)] + 1
        return History(
            address=self._context.plan.address,
            max_unknown=self._context.plan.max_unknown,
            unknown_in_a_row=self._unknown_in_a_row,
            stopping=self._stop(),
            same_refusals=same_refusals,
            has_accepted=same_refusals >= LONE_REFUSALS_TO_STOP and self._has_accepted(),
        )

    def _has_accepted(self) -> bool:
        self._accepted_before = self._accepted_before or (
            self._stats.get("accepted") > 0 or self._ledger.has_accepted(self._context.run.campaign_id)
        )
        return self._accepted_before

    # -- actions after an outcome

    def _act(self, batch: Batch, action: Action, result: SendResult, permit: Permit) -> list[Batch]:
        """Perform the action; return the batches to send next."""
        match action:
            case Settle():
                self._settle(batch, action)
                return []
            case Split():
                return self._split(batch, action)
            case SendAgain():
                return self._send_again(batch, action, result, permit)

    def _settle(self, batch: Batch, action: Settle) -> None:
        taken = action.taken
        if action.stop:
            self._stop.set()  # first of all, so that no further POST is sent
        if action.failure is not None:
            self._fail(action.failure)
        recorded = self._ledger.record(
            batch,
            action.state,
            batch_id=taken.batch_id if taken is not None else None,
            calls_initiated=taken.calls_initiated if taken is not None else None,
            http_status=action.http_status,
            error=action.error,
        )
        record = self._report(batch, action)
        if action.state is not BatchState.REFUSED:
            self._stats.note_done(len(batch.targets))
            self._context.observer.outcome(record, batch.targets)
        if taken is not None and not recorded:
            self._reclaim(batch, action, taken)
        self._stats.count_people(action.count, batch.targets)
        if taken is not None:
            with self._order:
                self._unknown_in_a_row = 0
            self._limiter.on_success()

    def _send_again(self, batch: Batch, action: SendAgain, result: SendResult, permit: Permit) -> list[Batch]:
        # Provably not accepted: nobody needs to be held if the process is killed during the wait.
        if result.submitted:
            self._ledger.back_to_claimed(batch)
        outcome = result.outcome
        why = None
        if action.pause and isinstance(outcome, Refused):
            why = self._limiter.refused(permit, outcome.retry_after, pause_of(outcome, connected=True))
        elif action.pause and isinstance(outcome, NotSent):
            why = self._limiter.not_sent(permit, pause_of(outcome, connected=result.submitted))
        if action.pause and why is None and (pause := self._limiter.pause) is not None:
            self._context.observer.pause(pause)
        if why is None or not isinstance(outcome, NotSent | Refused):
            return [batch]
        self._settle(batch, tried_too_long(outcome, why, connected=result.submitted))
        return []

    def _split(self, batch: Batch, action: Split) -> list[Batch]:
        children = self._ledger.split(
            self._context.run,
            batch,
            action.parts,
            http_status=action.http_status,
            error=action.error,
            refused=action.refused,
        )
        self.has_refused = self.has_refused or bool(action.refused)
        self._stats.note_done(len(action.refused))
        self._report(batch, Settle(BatchState.REFUSED, "", action.error, action.http_status))
        for target, words in action.refused:
            self._stats.reject(
                Rejection(target.row_number, REFUSED, "", words, target.contact, target.to_phone_number),
                again=target.attempt > 1,
            )
        if len(batch.targets) == 1:
            self._lone_refusals[action.refused[0][1]] += 1
        self._limiter.on_success()
        if action.failure is not None:
            self._fail(action.failure)
        return children

    def _reclaim(self, batch: Batch, action: Settle, taken: Taken) -> None:
        """Correct a batch that a person resolved as not placed before the proof came that it was."""
        lost = self._ledger.reclaim(
            batch,
            action.state,
            batch_id=taken.batch_id,
            calls_initiated=taken.calls_initiated,
            error=action.error,
        )
        if lost is None:  # resolved as placed
            return
        twice = (
            f"; {lost} of these people were claimed by another run in the meantime and may be called twice"
            if lost
            else ""
        )
        self._fail(
            HeldError(
                f"batch {batch.id} was resolved as not placed, but the API took it as {taken.batch_id}; its people "
                f"are not called again{twice}",
                hint="look for the batch in the dashboard of XUNA AI",
                code="resolved-wrongly",
            )
        )

    def _report(self, batch: Batch, action: Settle) -> BatchRecord:
        taken = action.taken
        record = BatchRecord(
            id=batch.id,
            run_id=self._context.run.id,
            parent_id=None,
            state=action.state,
            size=len(batch.targets),
            batch_id=taken.batch_id if taken is not None else None,
            calls_initiated=taken.calls_initiated if taken is not None else None,
            http_status=action.http_status,
            error=action.error,
        )
        self._stats.batch(record)
        return record

    def _fail(self, error: XunaError) -> None:
        self._stop.set()
        self._stats.error(error)

    def _leave_unsent(self, batches: Sequence[Batch]) -> None:
        """Count batches as not sent; the end of the run frees their claims."""
        for batch in batches:
            self._stats.count_people("not_sent", batch.targets)
