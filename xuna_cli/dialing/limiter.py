"""Limits of the sending rate: all senders pause together and adapt to the API's rate.

Exponential backoff with full jitter, and a halved number of senders that grows by one again (additive
increase, multiplicative decrease), as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015)
and in TCP's congestion avoidance (RFC 5681).
"""

import random
import threading
from collections.abc import Callable
from dataclasses import replace

from xuna_cli.dataclass import dataclass
from xuna_cli.debug_log import debug
from xuna_cli.dialing.clock import Clock
from xuna_cli.dialing.report import Pause

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
MOST_REFUSALS = 100  # in a row, however long they took
MOST_NOT_SENT = 6  # in a row: about half a minute without a connection
MOST_NOT_SENT_AT_START = 4  # in a row, if the API never answered: the network is probably down
LONGEST_AT_START_S = 20.0

RATE_LIMITED = Pause("rate-limited", "rate limited by the API", 0.0)
UNREACHABLE = Pause("unreachable", "can't reach the API", 0.0)


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to send one batch; `epoch` tells refusals of one burst from those of the next."""

    epoch: int


class ConcurrencyLimiter:
    """Limits how many POSTs are in progress at once, and how fast they follow each other. Thread-safe.

    Args:
        concurrency: maximum number of POSTs in progress.
        give_up_after: seconds without success after which the run gives up.
        rate: maximum calls per second; None for no limit.
        stopping: whether the run is stopping.
        clock: the clock.
        jitter: returns a random number from 0 to 1.
    """

    def __init__(
        self,
        *,
        concurrency: int,
        give_up_after: float,
        rate: float | None,
        stopping: Callable[[], bool],
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._concurrency = concurrency
        self._give_up_after = give_up_after
        self._rate = rate
        self._stopping = stopping
        self._clock = clock
        self._jitter = jitter
        self._changed = threading.Condition()
        self._allowed = concurrency
        self._in_progress = 0
        self._epoch = 0
        self._well_in_epoch = 0
        self._in_a_row = 0
        self._not_sent_in_a_row = 0
        self._has_answered = False
        self._refused_since: float | None = None
        self._paused_until = float("-inf")
        self._cause = RATE_LIMITED
        self._next_by_rate = float("-inf")
        self.refusals = 0
        self.paused = 0.0

    @property
    def in_progress(self) -> int:
        """Number of permits in use."""
        return self._in_progress

    @property
    def allowed(self) -> int:
        """Current maximum number of permits."""
        return self._allowed

    @property
    def pause(self) -> Pause | None:
        """The current pause, or None."""
        now = self._clock.monotonic()
        if now >= self._paused_until:
            return None
        gives_up_in = None
        if not self._has_answered and self._refused_since is not None:
            gives_up_in = max(0.0, self._refused_since + self._longest_without_answer - now)
        return replace(self._cause, seconds=self._paused_until - now, gives_up_in=gives_up_in)

    @property
    def _longest_without_answer(self) -> float:
        return min(LONGEST_AT_START_S, self._give_up_after)

    def enter(self, calls: int) -> Permit | None:
        """Wait for a permit to send a batch.

        Args:
            calls: number of calls in the batch.

        Returns:
            The permit, to be given back with `release`; None when the run is stopping.
        """
        with self._changed:
            while not self._stopping():
                now = self._clock.monotonic()
                opens = max(self._paused_until, self._next_by_rate)
                if self._in_progress >= self._allowed:
                    self._clock.wait(self._changed, float("inf"))
                elif now < opens:
                    self._clock.wait(self._changed, opens - now)
                else:
                    self._in_progress += 1
                    if self._rate is not None:
                        self._next_by_rate = now + calls / self._rate
                    return Permit(self._epoch)
        return None

    def release(self) -> None:
        """Give a permit back."""
        with self._changed:
            self._in_progress -= 1
            self._changed.notify_all()

    def on_success(self) -> None:
        """Note that the API accepted a batch, or refused its content."""
        with self._changed:
            self._has_answered = True
            self._refused_since = None
            self._in_a_row = self._not_sent_in_a_row = 0
            self._well_in_epoch += 1
            if self._allowed < self._concurrency and self._well_in_epoch >= self._allowed:
                self._allowed += 1
                self._well_in_epoch = 0
                self._changed.notify_all()

    def refused(self, permit: Permit, retry_after: float | None, cause: Pause = RATE_LIMITED) -> str | None:
        """Note a temporary refusal, and pause all senders.

        Args:
            permit: the refused batch's permit.
            retry_after: seconds that the API asked to wait, if any.
            cause: reason for the pause.

        Returns:
            The reason to give up, or None.
        """
        with self._changed:
            self._has_answered = True
            self.refusals += 1
            if permit.epoch == self._epoch:
                self._in_a_row += 1
                self._halve()
            return self._pause(cause, retry_after, self._in_a_row, MOST_REFUSALS, self._give_up_after)

    def not_sent(self, permit: Permit, cause: Pause = UNREACHABLE) -> str | None:
        """Note that a batch could not be sent, and pause all senders; returns as `refused`.

        If the API has never answered in this run, the run gives up sooner.
        """
        with self._changed:
            if permit.epoch == self._epoch:
                self._not_sent_in_a_row += 1
                self._halve()
            most, longest = MOST_NOT_SENT, self._give_up_after
            if not self._has_answered:
                most, longest = MOST_NOT_SENT_AT_START, self._longest_without_answer
            return self._pause(cause, None, self._not_sent_in_a_row, most, longest)

    def _halve(self) -> None:
        self._epoch += 1
        self._well_in_epoch = 0
        self._allowed = max(1, self._allowed // 2)

    def _pause(
        self, cause: Pause, retry_after: float | None, tries: int, most: int, longest: float
    ) -> str | None:
        now = self._clock.monotonic()
        if self._refused_since is None:
            self._refused_since = now
        ceiling = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(tries, 16))
        # No time, or a date that is past by our clock, says nothing about how long to wait.
        wait = retry_after or ceiling * self._jitter()
        until = max(self._paused_until, now + wait)
        if tries >= most:
            return f"{tries} times in a row"
        if until - self._refused_since > longest:
            if retry_after is not None and retry_after > longest:
                return f"it asks to wait {retry_after:,.0f} s, longer than --give-up-after allows"
            return f"for more than {longest:g} s"
        self.paused += until - max(now, self._paused_until)
        if until > self._paused_until:
            self._paused_until, self._cause = until, cause
        debug("limiter", "paused", reason=cause.reason, seconds=round(until - now, 1), senders=self._allowed)
        self._changed.notify_all()
        return None
