"""The brakes of a run's campaign, as the run last saw them, and the wait for the canary's outcomes."""

from collections.abc import Callable

from xuna_cli.dialing.clock import LONGEST_SLEEP_S
from xuna_cli.dialing.context import RunContext
from xuna_cli.errors import UnreachableError
from xuna_cli.ledger.brakes import Braked, Brakes, CanaryState, Verdict

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 60.0
NO_LIMIT = 2**63


class CampaignBrake:
    """The campaign's brakes for one run.

    Args:
        context: the run's context; without brakes in its plan there is no limit.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._seen: Braked | None = None
        self.look()

    @property
    def brakes(self) -> Brakes | None:
        """What the next claim has to obey: a canary that has passed is not asked again."""
        brakes, seen = self._context.plan.brakes, self._seen
        if brakes is None or seen is None or seen.verdict.canary is not CanaryState.PASSED:
            return brakes
        return None if brakes.stop_after is None else Brakes(None, brakes.stop_after)

    @property
    def room(self) -> int:
        """How many more people may be claimed now, as far as this run knows; the claim itself decides."""
        room = None if self._seen is None or self.brakes is None else self._seen.verdict.room
        return NO_LIMIT if room is None else room

    def look(self) -> None:
        """Ask the ledger again."""
        if (brakes := self.brakes) is not None:
            verdict, figures = self._context.ledger.brake(self._context.run.campaign_id, brakes)
            if brakes.canary is None and self._seen is not None:  # it has passed
                verdict = Verdict(verdict.room, self._seen.verdict.canary, verdict.goal_met)
                figures = self._seen.figures._replace(goal=figures.goal)
            self._seen = Braked(self._context.plan.brakes or brakes, verdict, figures)

    @property
    def seen(self) -> Braked | None:
        """What the run last saw; None without brakes."""
        return self._seen

    def wait(self, is_idle: Callable[[], bool], pause: Callable[[float], None]) -> bool:
        """With `--wait`, read outcomes until the canary has passed or is stopped.

        Outcomes that don't come by themselves, such as those of held people, are not waited for.

        Args:
            is_idle: returns whether all claimed people were sent.
            pause: waits, at most for so many seconds.

        Returns:
            Whether more people may be called than before.
        """
        context, seconds = self._context, FIRST_WAIT_S
        was_full = self.room == 0
        self.look()
        while self._waits() and not is_idle():
            pause(LONGEST_SLEEP_S)
        self.look()
        told = False
        while self._waits() and self._seen is not None:
            if not told:
                context.observer.waiting_for_outcomes(self._seen.figures)
                told = True
            ends = context.clock.monotonic() + seconds
            while context.clock.monotonic() < ends and not context.stop():
                pause(ends - context.clock.monotonic())
            if context.stop() or context.read_outcomes is None:
                return False
            before = self._seen.figures
            try:
                context.read_outcomes()
            except UnreachableError as error:
                context.observer.outcomes_not_read(error)
            else:
                self.look()
            seconds = FIRST_WAIT_S if self._seen.figures != before else min(2 * seconds, LONGEST_WAIT_S)
        return was_full and self.room > 0 and not context.stop()

    def _waits(self) -> bool:
        context, seen = self._context, self._seen
        may_wait = context.plan.wait and context.read_outcomes is not None and not context.stop()
        return may_wait and seen is not None and seen.is_decided_by_waiting
