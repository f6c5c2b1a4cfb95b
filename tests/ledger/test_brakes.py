"""Brakes as a pure function: how many people may be called now, and why."""

import pytest

from xuna_cli.ledger.brakes import Braked, Brakes, Canary, CanaryState, Figures, Verdict, brake

TWENTY = Brakes(Canary(20, 6, "30%"))
WAITING, PASSED, STOPPED = CanaryState


@pytest.mark.parametrize(
    ("called", "successes", "failures", "room", "state"),
    [
        (0, 0, 0, 20, WAITING),
        (12, 0, 0, 8, WAITING),
        (20, 0, 0, 0, WAITING),
        (20, 5, 0, 0, WAITING),
        (20, 5, 14, 0, WAITING),  # the last outcome decides
        (20, 6, 14, None, PASSED),
        (20, 6, 0, None, PASSED),  # whatever the others become, it is 30 % or more
        (6, 6, 0, None, PASSED),
        (20, 5, 15, 0, STOPPED),
        (20, 0, 15, 0, STOPPED),  # six can't be reached any more
        (15, 0, 15, 0, STOPPED),
        (20, 0, 14, 0, WAITING),
        (25, 0, 0, 0, WAITING),
    ],
)
def test_the_canary(called, successes, failures, room, state):
    assert brake(TWENTY, Figures(called, successes, failures)) == Verdict(room, state)


@pytest.mark.parametrize(
    ("brakes", "figures", "verdict"),
    [
        (Brakes(stop_after=5), Figures(goal=4), Verdict()),
        (Brakes(stop_after=5), Figures(goal=5), Verdict(0, None, goal_met=True)),
        (Brakes(Canary(2, 1, "50%"), 1), Figures(1, 0, 0), Verdict(1, WAITING)),
        (Brakes(Canary(2, 1, "50%"), 1), Figures(2, 1, 0, goal=1), Verdict(0, PASSED, goal_met=True)),
        (Brakes(Canary(2, 1, "50%"), 2), Figures(2, 1, 0, goal=1), Verdict(None, PASSED)),
        (Brakes(), Figures(9, 9, 9, 9, 9), Verdict()),
    ],
)
def test_the_goal(brakes, figures, verdict):
    assert brake(brakes, figures) == verdict
    assert verdict.is_final is verdict.goal_met


@pytest.mark.parametrize(
    ("figures", "waits"),
    [
        (Figures(19), False),  # somebody has to be called first
        (Figures(20), True),
        (Figures(20, 2, 3, stuck=14), True),
        (Figures(20, 2, 3, stuck=15), False),  # a person has to decide first
        (Figures(20, 6), False),
        (Figures(20, 0, 15), False),
    ],
)
def test_what_waiting_can_decide(figures, waits):
    assert Braked(TWENTY, brake(TWENTY, figures), figures).is_decided_by_waiting is waits
