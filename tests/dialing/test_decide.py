"""The action for each outcome of a POST, as a table."""

import pytest

from tests.support.builders import targets
from xuna_cli.api.outcomes import NotSent, Refusal, Refused, Taken, Unknown
from xuna_cli.dialing.decide import (
    LONE_REFUSALS_TO_STOP,
    History,
    SendAgain,
    Settle,
    Split,
    decide,
    tried_too_long,
    unrecorded,
)
from xuna_cli.errors import ConfigurationError, ExitStatus, HeldError, UnreachableError
from xuna_cli.ledger.records import Batch, BatchState

THREE = Batch(7, tuple(targets(1, 2, 3)))
FOUR = Batch(7, tuple(targets(1, 2, 3, 4)))
ONE = Batch(7, tuple(targets(1)))


def refused(kind, status=422, words="no", offending=None, retry_after=None):
    return Refused(kind, status, words, offending or {}, retry_after)


def people(*numbers):
    return tuple(targets(*numbers))


# outcome, batch, history, action; errors are compared by their messages below
TABLE = {
    "taken": (
        Taken("b", 3, 200), THREE, History(),
        Settle(BatchState.ACCEPTED, "accepted", None, 200, Taken("b", 3, 200)),
    ),
    "short": (
        Taken("b", 2, 200), THREE, History(),
        Settle(BatchState.SHORT, "held", "the API queued 2 of 3 calls", 200, Taken("b", 2, 200)),
    ),
    "more than was sent": (
        Taken("b", 4, 200), THREE, History(),
        Settle(BatchState.SHORT, "held", "the API queued 4 of 3 calls", 200, Taken("b", 4, 200)),
    ),
    "unknown, and more may follow": (
        Unknown("lost", 502), THREE, History(max_unknown=2, unknown_in_a_row=1),
        Settle(BatchState.UNKNOWN, "held", "lost", 502),
    ),
    "unknown after the one that stopped the run": (
        Unknown("lost"), THREE, History(max_unknown=2, unknown_in_a_row=3),
        Settle(BatchState.UNKNOWN, "held", "lost", stop=True),
    ),
    "not sent": (NotSent("refused"), THREE, History(), SendAgain(pause=True)),
    "not sent, and the run stops": (NotSent("refused"), THREE, History(stopping=True), SendAgain(pause=False)),
    "kept back": (NotSent("kept", kept_back=True), THREE, History(), SendAgain(pause=False)),
    "refused for now": (refused(Refusal.FOR_NOW, 429), THREE, History(), SendAgain(pause=True)),
    "refused for now, and the run stops": (
        refused(Refusal.FOR_NOW, 429), THREE, History(stopping=True), SendAgain(pause=True)
    ),
    "too large": (
        refused(Refusal.TOO_LARGE, 413), FOUR, History(),
        Split((people(1, 2), people(3, 4)), (), 413, "no"),
    ),
    "too large, and named": (
        refused(Refusal.TOO_LARGE, 413, offending={0: "x"}), FOUR, History(),
        Split((people(1, 2), people(3, 4)), (), 413, "no"),
    ),
    "bad calls, odd": (
        refused(Refusal.BAD_CALLS), THREE, History(),
        Split((people(1, 2), people(3)), (), 422, "no"),
    ),
    "bad calls, named": (
        refused(Refusal.BAD_CALLS, offending={2: "c", 0: "a"}), THREE, History(),
        Split((people(2),), ((people(1)[0], "a"), (people(3)[0], "c")), 422, "no"),
    ),
    "bad calls, all named": (
        refused(Refusal.BAD_CALLS, offending={0: "a", 1: "b", 2: "c"}), THREE, History(same_refusals=9),
        Split((), ((people(1)[0], "a"), (people(2)[0], "b"), (people(3)[0], "c")), 422, "no"),
    ),
    "a bad call alone": (
        refused(Refusal.BAD_CALLS), ONE, History(same_refusals=1),
        Split((), ((people(1)[0], "no"),), 422, "no"),
    ),
    "a bad call alone, named": (
        refused(Refusal.BAD_CALLS, offending={0: "this one"}), ONE, History(same_refusals=1),
        Split((), ((people(1)[0], "this one"),), 422, "no"),
    ),
    "a call alone that is too large": (
        refused(Refusal.TOO_LARGE, 413), ONE, History(),
        Split((), ((people(1)[0], "no"),), 413, "no"),
    ),
    "the third alone in the same words, where others were accepted": (
        refused(Refusal.BAD_CALLS), ONE, History(same_refusals=LONE_REFUSALS_TO_STOP, has_accepted=True),
        Split((), ((people(1)[0], "no"),), 422, "no"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("outcome", "batch", "history", "action"), TABLE.values(), ids=TABLE)
def test_what_is_done(outcome, batch, history, action):
    assert decide(outcome, batch, history) == action


STOPS = {
    "the unknown that is one too many": (
        Unknown("lost"), THREE, History("camp", max_unknown=2, unknown_in_a_row=2),
        (HeldError, "max-unknown", "stopped after 2 batches in a row with an unknown outcome (lost)", "xuna campaigns resolve camp"),
    ),
    "a certificate": (
        NotSent("not trusted", permanent=True), THREE, History(),
        (ConfigurationError, "url", "not trusted", "xuna doctor"),
    ),
    "the key": (
        refused(Refusal.FOR_GOOD, 401, "HTTP 401"), THREE, History(),
        (ConfigurationError, "key-refused", "HTTP 401", "XUNA_AI_API_KEY"),
    ),
    "the third alone in the same words": (
        refused(Refusal.BAD_CALLS), ONE, History(same_refusals=LONE_REFUSALS_TO_STOP),
        (ConfigurationError, "api-refuses-all", "refused 3 calls one by one with the same message: no", "override"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("outcome", "batch", "history", "said"), STOPS.values(), ids=STOPS)
def test_what_stops_the_run_is_said(outcome, batch, history, said):
    action = decide(outcome, batch, history)
    kind, code, message, hint = said
    assert isinstance(action.failure, kind)
    assert action.failure.code == code
    assert message in action.failure.message
    assert hint in action.failure.hint
    if isinstance(action, Settle):
        assert action.stop
        assert action.count == ("held" if kind is HeldError else "not_sent")
        assert action.state is (BatchState.UNKNOWN if kind is HeldError else BatchState.REFUSED)


@pytest.mark.parametrize(
    ("outcome", "connected", "message", "code", "status"),
    [
        (NotSent("why"), False, "can't reach the API (for long): why", "unreachable", None),
        (NotSent("why"), True, "nothing could be sent (for long): why", "unreachable", None),
        (
            refused(Refusal.FOR_NOW, 429, "why"),
            True,
            "the API keeps refusing requests (for long): why",
            "refusing",
            429,
        ),
    ],
)
def test_what_was_tried_for_too_long_is_free_again_and_said(outcome, connected, message, code, status):
    action = tried_too_long(outcome, "for long", connected=connected)
    assert (action.state, action.count, action.stop) == (BatchState.REFUSED, "not_sent", True)
    assert (action.error, action.http_status) == ("why", status)
    assert isinstance(action.failure, UnreachableError)
    assert (action.failure.message, action.failure.code) == (message, code)


@pytest.mark.parametrize(
    ("outcome", "said", "decisions"),
    [
        (Taken("b_9", 2, 200), "accepted the batch as b_9 and queued 2 of 3 calls", ["--placed"]),
        (
            Unknown("lost"),
            "did not say clearly whether it accepted the 3 calls (lost)",
            ["--placed", "--not-placed"],
        ),
        (NotSent("refused"), "did not accept the 3 calls (refused)", ["--not-placed"]),
        (refused(Refusal.FOR_GOOD), "did not accept the 3 calls (no)", ["--not-placed"]),
    ],
)
def test_an_outcome_that_the_ledger_could_not_take_is_said_in_full(outcome, said, decisions):
    error = unrecorded(outcome, THREE, "camp", "disk full")
    assert (
        error.message
        == f"the outcome of batch 7 could not be written to the ledger (disk full); the API {said}"
    )
    assert "xuna campaigns resolve camp 7" in error.hint
    assert [word for word in error.hint.split() if word.startswith("--")] == decisions
    assert error.exit_status is ExitStatus.HELD
