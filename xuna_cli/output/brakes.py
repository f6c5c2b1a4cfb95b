"""The brakes of a run in words and in JSON."""

from collections.abc import Iterator, Mapping

from xuna_cli.ledger.brakes import Braked, Canary, CanaryState, Figures
from xuna_cli.output.messages import counted


def brakes_document(braked: Braked | None) -> Mapping[str, object]:
    """Return the keys of a run's document; None for a brake that was not requested."""
    canary = None if braked is None else braked.brakes.canary
    goal = None if braked is None else braked.brakes.stop_after
    if braked is None:
        return {"canary": None, "stop_after": None}
    figures, verdict = braked.figures, braked.verdict
    return {
        "canary": None
        if canary is None or verdict.canary is None
        else {
            "wanted": canary.people,
            "needed": canary.needed,
            "called": figures.called,
            "proven": figures.successes + figures.failures,
            "successes": figures.successes,
            "stuck": figures.stuck,
            "state": verdict.canary.value,
        },
        "stop_after": None
        if goal is None
        else {"wanted": goal, "successes": figures.goal, "met": verdict.goal_met},
    }


def brake_lines(braked: Braked | None, *, is_used_up: bool = False, address: str = "") -> Iterator[str]:
    """Yield a line for each brake.

    Args:
        braked: the brakes of a run, their figures and verdict.
        is_used_up: whether the list has nobody else who can be called now or later.
        address: arguments that select the campaign in a suggested command; without them, none is suggested.
    """
    if braked is None:
        return
    canary, state = braked.brakes.canary, braked.verdict.canary
    if canary is not None and state is not None:
        yield f"canary {state.value}: {_canary(canary, state, braked.figures, address)}"
        if is_used_up and state is CanaryState.WAITING and 0 < braked.figures.called < canary.people:
            called = braked.figures.called
            yield (
                "the list has nobody else to call, so the canary waits until rows are added; to judge the "
                f"{counted(called, 'person', 'people')} who {'was' if called == 1 else 'were'} called, use "
                f"--canary {called}"
            )
    goal, reached = braked.brakes.stop_after, braked.figures.goal
    if goal is not None and braked.verdict.goal_met:
        yield f"the goal of {counted(goal, 'success', 'successes')} is met: nobody else is called (--stop-after)"
    elif goal is not None:
        yield f"{reached:,} of {counted(goal, 'success', 'successes')} (--stop-after)"


def _canary(canary: Canary, state: CanaryState, figures: Figures, address: str) -> str:
    called = f"{figures.called:,} of {counted(canary.people, 'person', 'people')} called"
    successes = counted(figures.successes, "success", "successes")
    proven = f"{figures.successes + figures.failures:,} with a proven outcome"
    said = f"{called}, {proven}; {successes}, {canary.needed:,} needed ({canary.min_success})"
    if state is CanaryState.PASSED:
        return f"{said}; the others may be called"
    if state is CanaryState.STOPPED:
        return f"{said}, which can't be reached any more; nobody else is called"
    if figures.called < canary.people:
        return said
    said += "; nobody else is called before more outcomes are known. Run the same command again later"
    if not figures.stuck:
        return said
    people = counted(figures.stuck, "person is", "people are")
    see = f": see xuna campaigns show {address}" if address else ""
    return f"{said}; {people} held, or have records that can't be matched{see}"
