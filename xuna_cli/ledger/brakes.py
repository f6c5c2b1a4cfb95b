"""Brakes of a campaign: a canary of people who are called before all others, and a goal that ends the campaign.

`brake` is a pure function of what the ledger knows; `claims` asks it inside the transaction that claims people, where
the campaign is locked. So no crash and no other machine lets more people through than it allows.
"""

from enum import StrEnum
from typing import NamedTuple

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.attempts import LastCall, counts_by_now, is_proven
from xuna_cli.ledger.conversations import outcome_of, outcomes_of_keys, sync_of
from xuna_cli.ledger.database import Database
from xuna_cli.ledger.records import HELD_STATES, BatchState, CallKey, CallOutcome


@dataclass(frozen=True, slots=True)
class Canary:
    """Call some people first, and others only if enough of these calls succeed.

    Attributes:
        people: number of people who are called first.
        needed: number of successes among them that others wait for; at least 1, at most `people`.
        min_success: the share that this is, for people, e.g. `30%`.
    """

    people: int
    needed: int
    min_success: str


@dataclass(frozen=True, slots=True)
class Brakes:
    """The brakes of a run; None for one that was not requested.

    Attributes:
        canary: the canary.
        stop_after: number of successes in the campaign after which nobody else is called.
    """

    canary: Canary | None = None
    stop_after: int | None = None


class Figures(NamedTuple):
    """What the ledger knows of a campaign, as far as brakes need it. Only proven outcomes count.

    Attributes:
        called: the canary's people who are claimed or called, in any state, also held and unknown ones.
        successes: how many of them have a success.
        failures: how many of them have another outcome that can't change any more.
        stuck: how many of the others get no outcome by waiting: held, or not to be matched with certainty.
        goal: people of the whole campaign with a success, counted up to `stop_after`.
    """

    called: int = 0
    successes: int = 0
    failures: int = 0
    stuck: int = 0
    goal: int = 0


class CanaryState(StrEnum):
    """How a canary stands."""

    WAITING = "waiting"
    """Not all of its people are called, or too few outcomes are proven."""
    PASSED = "passed"
    """There are enough successes, whatever the other outcomes will be."""
    STOPPED = "stopped"
    """There can't be enough successes any more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the brakes allow.

    Attributes:
        room: how many more people may be claimed now; None for no limit.
        canary: how the canary stands; None without one.
        goal_met: whether the campaign has as many successes as it needs.
    """

    room: int | None = None
    canary: CanaryState | None = None
    goal_met: bool = False

    @property
    def is_final(self) -> bool:
        """Whether nobody is called any more, unless the brakes are changed."""
        return self.goal_met or self.canary is CanaryState.STOPPED


@dataclass(frozen=True, slots=True)
class Braked:
    """Brakes, what they allow, and the figures behind that."""

    brakes: Brakes
    verdict: Verdict
    figures: Figures

    @property
    def is_decided_by_waiting(self) -> bool:
        """Whether all people of the canary are called, and outcomes that may still come decide about the others."""
        canary, figures = self.brakes.canary, self.figures
        if canary is None or self.verdict.canary is not CanaryState.WAITING or figures.called < canary.people:
            return False
        return figures.called > figures.successes + figures.failures + figures.stuck


def brake(brakes: Brakes, figures: Figures) -> Verdict:
    """Return how many more people may be claimed now, and why."""
    state = None if brakes.canary is None else _state(brakes.canary, figures)
    if brakes.stop_after is not None and figures.goal >= brakes.stop_after:
        return Verdict(0, state, goal_met=True)
    if brakes.canary is None or state is CanaryState.PASSED:
        return Verdict(None, state)
    room = brakes.canary.people - figures.called if state is CanaryState.WAITING else 0
    return Verdict(max(0, room), state)


def _state(canary: Canary, figures: Figures) -> CanaryState:
    if figures.successes >= canary.needed:
        return CanaryState.PASSED
    best = canary.people - figures.failures
    return CanaryState.WAITING if best >= canary.needed else CanaryState.STOPPED


def figures_of(database: Database, campaign_id: int | None, brakes: Brakes) -> Figures:
    """Return a campaign's figures from the ledger; those of a new campaign without an id."""
    if campaign_id is None:
        return Figures()
    goal = 0
    if brakes.stop_after is not None:
        asked = {"campaign_id": campaign_id, "most": brakes.stop_after}
        [(goal,)] = database.rows("successes_of_campaign", asked)
    if brakes.canary is None:
        return Figures(goal=goal)
    asked = {"campaign_id": campaign_id, "most": brakes.canary.people}
    keys = [key for key, _ in database.rows("first_people_called", asked)]
    return _of_people(database, campaign_id, keys)._replace(goal=goal)


def _of_people(database: Database, campaign_id: int, keys: list[str]) -> Figures:
    sync = sync_of(database, campaign_id)
    outcomes = outcomes_of_keys(database, campaign_id, keys)
    last: dict[str, LastCall] = {}
    for _, *columns in database.rows_in("claims_of_keys", keys, campaign_id):
        call = LastCall(*columns)
        if call.key not in last or call.attempt > last[call.key].attempt:
            last[call.key] = call
    succeeded = {call.key for call, record in outcomes.items() if record.outcome is CallOutcome.SUCCESS}
    failures = stuck = 0
    for key in last.keys() - succeeded:
        call = last[key]
        accepted = call.state == BatchState.ACCEPTED
        outcome = outcome_of(outcomes.get(CallKey(key, call.attempt)), call.submitted_at, sync)
        if accepted and is_proven(outcome, call, sync):
            failures += 1
        elif call.state in HELD_STATES or (accepted and counts_by_now(call.submitted_at, sync)):
            stuck += 1
    return Figures(len(keys), len(succeeded), failures, stuck)
