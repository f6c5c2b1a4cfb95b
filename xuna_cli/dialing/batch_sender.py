"""One batch, from the claim to its outcome on the disk. The order in here is the promise.

`submit` is committed before the first byte of the POST; the outcome is committed before anything else is made
of it; what is not proven to be refused is never sent again.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from xuna_cli.api.outcomes import NotSent, Outcome, Refusal, Refused, Taken, Unknown
from xuna_cli.dialing.intake import tell_screened
from xuna_cli.dialing.last_look import LastLook
from xuna_cli.dialing.limiter import ConcurrencyLimiter, Permit
from xuna_cli.dialing.plan import Plan
from xuna_cli.dialing.run_stats import REFUSED, RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import (
    ConfigurationError,
    HeldError,
    LedgerError,
    LostClaimError,
    RepeatedBatchIdError,
    UnreachableError,
    XunaError,
)
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import Batch, BatchRecord, BatchState, Run
from xuna_cli.models import CallTarget, Reason, Rejection

# So many calls refused alone in the same words, with nothing accepted, are no accident of the list.
LONE_REFUSALS_TO_STOP = 3


class Api(Protocol):
    """What sending needs of the API's client."""

    def place_calls(
        self, body: bytes, *, calls: int, idempotency_key: str, may_send: Callable[[], bool]
    ) -> Outcome:
        """POST one batch, once."""


Encode = Callable[[str, str, Iterable[tuple[str, str | None]]], bytes]


class Stop:
    """Whether, and why, the run is to send nothing more."""

    def __init__(self, asked: Callable[[], bool]) -> None:
        self._asked = asked
        self._set = False

    def __call__(self) -> bool:
        """Return whether it is."""
        return self._set or self._asked()

    def set(self) -> None:
        """Send nothing more."""
        self._set = True


class BatchSender:
    """Sends batches and settles their outcomes; shared by all senders.

    Args:
        plan: how to send.
        run: ours, in the ledger.
        ledger: where every step is recorded.
        api: the client.
        encode: makes a request body of agent, caller number and calls.
        limiter: says when a batch may be sent.
        screener: asked again right before every POST.
        stats: where outcomes are counted.
        stop: set here when the run must not go on.
        on_rejection: told of every call that the API rejected.
        on_batch: told of every outcome.
        refusal_error: makes an error of a refusal's status and words.
        address: how a command that we suggest names the campaign and its ledger.

    Attributes:
        has_refused: whether the API has refused to call somebody in this run.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        run: Run,
        ledger: Ledger,
        api: Api,
        encode: Encode,
        limiter: ConcurrencyLimiter,
        screener: Screener,
        stats: RunStats,
        stop: Stop,
        on_rejection: Callable[[Rejection], None],
        on_batch: Callable[[BatchRecord], None],
        refusal_error: Callable[[int, str], XunaError],
        address: str = "",
    ) -> None:
        self._plan = plan
        self._run = run
        self._ledger = ledger
        self._api = api
        self._encode = encode
        self._limiter = limiter
        self._screener = screener
        self._stats = stats
        self._stop = stop
        self._on_rejection = on_rejection
        self._on_batch = on_batch
        self._refusal_error = refusal_error
        self._address = address
        self._order = threading.Lock()  # what was not taken is recorded and judged one after the other
        self._unknown_in_a_row = 0
        self._lone_refusals: Counter[str] = Counter()
        self._accepted_before = False
        self.has_refused = False

    def send(self, batch: Batch) -> None:
        """Send a batch, and what it is split into, until every call of it is settled or given up."""
        todo = [batch]
        while todo:
            current = todo.pop(0)
            permit = self._limiter.enter(len(current.targets))
            if permit is None:
                self._leave_unsent([current, *todo])
                return
            try:
                # The wait for the permit may have been long, and this may be a resend: it is asked anew who may
                # be called.
                fit = self._screen(current, self._screener.before_post(current.targets))
                if fit is not None:
                    current = fit
                    todo = self._post(current, permit) + todo
            except LedgerError as error:
                # Nothing of it was sent: what can't be written down is not done.
                self._fail(error)
                self._leave_unsent([current, *todo])
                return
            finally:
                self._limiter.release()

    def _post(self, batch: Batch, permit: Permit) -> list[Batch]:
        """Send a batch once; return what is to be sent next instead of it."""
        body = self._encode(
            self._plan.agent_id,
            self._plan.from_phone_number_id,
            [(target.to_phone_number, target.override) for target in batch.targets],
        )
        look = LastLook(
            stopping=self._stop,
            submit=lambda: self._submit(batch),
            may_send=lambda: self._may_send(batch),
        )
        outcome = self._api.place_calls(
            body,
            calls=len(batch.targets),
            idempotency_key=f"xuna-{self._ledger.ledger_id}-{batch.nonce}-{batch.id}",
            may_send=look,
        )
        if look.error is not None:
            raise look.error
        if look.listed:
            fit = self._screen(
                batch,
                {
                    target.key: self._screener.barred(target, look.listed[target.to_phone_number])
                    for target in batch.targets
                    if target.to_phone_number in look.listed
                },
            )
            return [fit] if fit is not None else []
        try:
            if isinstance(outcome, Taken):
                try:
                    # Outside the order, so that what several senders have to record goes to the disk together.
                    return self._taken(batch, outcome)
                except RepeatedBatchIdError as error:
                    outcome = Unknown(error.message, outcome.http_status)
            with self._order:
                return self._settle_or_stop(batch, permit, outcome, submitted=look.submitted)
        except LedgerError as error:
            self._unrecorded(batch, outcome, error)
            return []

    def _submit(self, batch: Batch) -> Mapping[str, str]:
        since = self._screener.quiet_since
        return self._ledger.submit(batch) if since is None else self._ledger.submit(batch, since)

    def _screen(self, batch: Batch, reasons: Mapping[str, Reason]) -> Batch | None:
        """Give back the claims of those who may not be called any more; return what is left of the batch."""
        if not reasons:
            return batch
        left = self._ledger.unclaim(batch, list(reasons))
        for target in batch.targets:
            if (reason := reasons.get(target.key)) is not None:
                self._stats.screen(target, reason)
                tell_screened(target, reason, self._on_rejection)
        return left

    def _may_send(self, batch: Batch) -> bool:
        """Return whether the first byte may go out: connecting takes a while, and much may change meanwhile.

        What is kept back here is asked anew, and said why, before it is sent again.
        """
        return (
            not self._stop()
            and self._ledger.holds_lock(self._run)
            and not self._screener.before_post(batch.targets)
        )

    # -- outcomes

    def _settle_or_stop(
        self, batch: Batch, permit: Permit, outcome: Unknown | NotSent | Refused, *, submitted: bool
    ) -> list[Batch]:
        try:
            if submitted and isinstance(outcome, NotSent) and not outcome.permanent:
                self._ledger.back_to_claimed(batch)
            return self._settle(batch, permit, outcome, submitted=submitted)
        except LostClaimError as error:
            if not isinstance(outcome, NotSent | Refused):
                raise
            # Whoever took us for dead made the batch `unknown`: the proof replaces it.
            self._give_up(batch, outcome, error)
            return []

    def _settle(
        self, batch: Batch, permit: Permit, outcome: Unknown | NotSent | Refused, *, submitted: bool
    ) -> list[Batch]:
        match outcome:
            case Unknown():
                return self._unknown(batch, outcome)
            case NotSent():
                return self._not_sent(batch, permit, outcome, connected=submitted)
            case Refused(kind=Refusal.FOR_NOW):
                return self._refused_for_now(batch, permit, outcome)
            case Refused(kind=Refusal.FOR_GOOD):
                self._give_up(batch, outcome, self._refusal_error(outcome.http_status, outcome.message))
                return []
            case Refused():
                return self._single_out(batch, outcome)

    def _taken(self, batch: Batch, outcome: Taken) -> list[Batch]:
        size = len(batch.targets)
        whole = outcome.calls_initiated == size
        state = BatchState.ACCEPTED if whole else BatchState.SHORT
        error = None if whole else f"the API queued {outcome.calls_initiated} of {size} calls"
        recorded = self._record(
            batch,
            state,
            batch_id=outcome.batch_id,
            calls_initiated=outcome.calls_initiated,
            http_status=outcome.http_status,
            error=error,
        )
        if not recorded:
            self._reclaim(batch, state, outcome, error)
        self._stats.count("accepted" if whole else "held", size)
        with self._order:
            self._unknown_in_a_row = 0
        self._limiter.on_success()
        return []

    def _reclaim(self, batch: Batch, state: BatchState, outcome: Taken, error: str | None) -> None:
        """Put right what a person decided before the proof came: that a batch was not placed which was."""
        lost = self._ledger.reclaim(
            batch,
            state,
            batch_id=outcome.batch_id,
            calls_initiated=outcome.calls_initiated,
            error=error,
        )
        if lost is None:  # resolved as placed
            return
        twice = (
            f"; {lost} of them were claimed by another run meanwhile, and may be called twice" if lost else ""
        )
        self._fail(
            HeldError(
                f"batch {batch.id} was resolved as not placed, but the API took it as {outcome.batch_id}; its people "
                f"are not called again{twice}",
                hint="look for it in the API's dashboard",
                code="resolved-wrongly",
            )
        )

    def _unknown(self, batch: Batch, outcome: Unknown) -> list[Batch]:
        self._unknown_in_a_row += 1
        enough = self._unknown_in_a_row >= self._plan.max_unknown
        if enough:
            self._stop.set()  # before anything else: no new POST goes out after this one
        self._record(batch, BatchState.UNKNOWN, http_status=outcome.http_status, error=outcome.message)
        self._stats.count("held", len(batch.targets))
        if self._unknown_in_a_row == self._plan.max_unknown:  # said once, not by each that was in progress
            self._fail(
                HeldError(
                    f"stopped: what became of {_batches(self._unknown_in_a_row)} is not known "
                    f"({outcome.message})",
                    hint="look for them in the API's dashboard, then: "
                    f"xuna campaigns resolve {self._address}",
                    code="max-unknown",
                )
            )
        return []

    def _not_sent(self, batch: Batch, permit: Permit, outcome: NotSent, *, connected: bool) -> list[Batch]:
        if outcome.permanent:
            error = ConfigurationError(
                f"the API can't be used: {outcome.message}", hint="check --base-url: xuna doctor", code="url"
            )
            self._give_up(batch, outcome, error)
            return []
        if self._stop() or outcome.kept_back:
            return [batch]
        why = self._limiter.not_sent(permit)
        if why is None:
            return [batch]
        what = "nothing could be sent" if connected else "the API can't be reached"
        self._give_up(batch, outcome, UnreachableError(f"{what}, {why}: {outcome.message}", hint=AGAIN))
        return []

    def _refused_for_now(self, batch: Batch, permit: Permit, outcome: Refused) -> list[Batch]:
        # Proven not taken: if we are killed while we wait, nobody of it needs to be held.
        self._ledger.back_to_claimed(batch)
        why = self._limiter.refused(permit, outcome.retry_after)
        if why is None:
            return [batch]
        self._give_up(
            batch,
            outcome,
            UnreachableError(
                f"the API keeps refusing, {why}: {outcome.message}", hint=AGAIN, code="refusing"
            ),
        )
        return []

    def _single_out(self, batch: Batch, outcome: Refused) -> list[Batch]:
        """Reject the calls that the API names, or halve the batch until they are alone."""
        size = len(batch.targets)
        named = outcome.offending if outcome.kind is Refusal.BAD_CALLS else {}
        if size == 1:
            words = outcome.offending.get(0, outcome.message)
            parts = self._split(batch, outcome, [], [(batch.targets[0], words)])
            self._lone_refusals[words] += 1
        elif named:
            refused = [(batch.targets[index], words) for index, words in sorted(named.items())]
            good = [target for index, target in enumerate(batch.targets) if index not in named]
            parts = self._split(batch, outcome, [good] if good else [], refused)
        else:
            middle = (size + 1) // 2
            parts = self._split(batch, outcome, [batch.targets[:middle], batch.targets[middle:]])
        self._limiter.on_success()
        if size == 1:
            self._judge_lone_refusals()
        return parts

    def _split(
        self,
        batch: Batch,
        outcome: Refused,
        parts: Sequence[Sequence[CallTarget]],
        refused: Sequence[tuple[CallTarget, str]] = (),
    ) -> list[Batch]:
        children = self._ledger.split(
            self._run, batch, parts, http_status=outcome.http_status, error=outcome.message, refused=refused
        )
        self.has_refused = self.has_refused or bool(refused)
        self._report(batch, BatchState.REFUSED, http_status=outcome.http_status, error=outcome.message)
        for target, words in refused:
            rejection = Rejection(target.row_number, REFUSED, "", words, target.contact)
            self._stats.reject(rejection)
            self._on_rejection(rejection)
        return children

    def _judge_lone_refusals(self) -> None:
        """Stop when it is the request, and not the people, that the API refuses.

        It never stops a campaign that has had a call accepted, in this run or an earlier one.
        """
        for words, times in self._lone_refusals.items():
            if times >= LONE_REFUSALS_TO_STOP and not self._has_accepted():
                self._fail(
                    ConfigurationError(
                        f"the API refused {times} calls, each by itself, in the same words: {words}",
                        hint="if it is the override: the agent's settings must allow it (in its security "
                        "settings, overrides of that field); the rest of the list was not touched",
                        code="api-refuses-all",
                    )
                )

    def _has_accepted(self) -> bool:
        self._accepted_before = self._accepted_before or (
            self._stats.get("accepted") > 0 or self._ledger.has_accepted(self._run.campaign_id)
        )
        return self._accepted_before

    # -- endings

    def _record(
        self,
        batch: Batch,
        state: BatchState,
        *,
        http_status: int | None,
        error: str | None,
        batch_id: str | None = None,
        calls_initiated: int | None = None,
    ) -> bool:
        recorded = self._ledger.record(
            batch,
            state,
            batch_id=batch_id,
            calls_initiated=calls_initiated,
            http_status=http_status,
            error=error,
        )
        self._report(
            batch,
            state,
            batch_id=batch_id,
            calls_initiated=calls_initiated,
            http_status=http_status,
            error=error,
        )
        return recorded

    def _report(
        self,
        batch: Batch,
        state: BatchState,
        *,
        http_status: int | None,
        error: str | None,
        batch_id: str | None = None,
        calls_initiated: int | None = None,
    ) -> None:
        record = BatchRecord(
            id=batch.id,
            run_id=self._run.id,
            parent_id=None,
            state=state,
            size=len(batch.targets),
            batch_id=batch_id,
            calls_initiated=calls_initiated,
            http_status=http_status,
            error=error,
        )
        self._stats.batch(record)
        self._on_batch(record)

    def _give_up(self, batch: Batch, outcome: NotSent | Refused, error: XunaError) -> None:
        """Refuse a batch whose next try would end likewise, and stop."""
        self._fail(error)
        status = outcome.http_status if isinstance(outcome, Refused) else None
        self._record(batch, BatchState.REFUSED, http_status=status, error=outcome.message)
        self._stats.count("not_sent", len(batch.targets))

    def _unrecorded(self, batch: Batch, outcome: Outcome, error: LedgerError) -> None:
        """Say in full what the API answered, since the ledger could not take it."""
        size = len(batch.targets)
        decide = f"xuna campaigns resolve {self._address} {batch.id}"
        match outcome:
            case Taken():
                said = f"took it as {outcome.batch_id} and queued {outcome.calls_initiated} of {size} calls"
                hint = f"when the ledger can be written again: {decide} --placed"
            case Unknown():
                said = f"left it open whether it took its {size} calls ({outcome.message})"
                hint = f"look for it in the API's dashboard, then: {decide} --placed or --not-placed"
            case _:
                said = f"did not take its {size} calls ({outcome.message})"
                hint = f"when the ledger can be written again: {decide} --not-placed"
        self._stats.count("held", size)
        self._fail(
            HeldError(
                f"the outcome of batch {batch.id} is not in the ledger: the API {said}; {error.message}",
                hint=hint,
                code="outcome-unrecorded",
            )
        )

    def _fail(self, error: XunaError) -> None:
        self._stop.set()
        self._stats.error(error)

    def _leave_unsent(self, batches: Sequence[Batch]) -> None:
        """Leave batches that are only claimed; the end of the run gives them back."""
        self._stats.count("not_sent", sum(len(batch.targets) for batch in batches))


AGAIN = "run the same command again later: who was not called is free to be"


def _batches(count: int) -> str:
    return "1 batch" if count == 1 else f"{count} batches"
