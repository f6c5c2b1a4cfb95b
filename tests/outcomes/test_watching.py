import pytest

from xuna_cli.errors import UnreachableError
from xuna_cli.ledger.records import CallOutcome, Campaign
from xuna_cli.outcomes.summary import Summary
from xuna_cli.outcomes.watching import Pace, watch
from xuna_cli.output.outcomes import summary_line

CAMPAIGN = Campaign(1, "c", None, "sandbox", None, "", {}, {})


class Watched:
    """Plays readings one after the other, with a fake clock; repeats the last one."""

    def __init__(self, *readings, lasts=600.0):
        self.readings = list(readings)
        self.now = 0.0
        self.waits = []
        self.shown = []
        self.failures = []
        self.result = watch(
            self.read,
            Pace(lasts, 5.0, 60.0),
            show=self.shown.append,
            on_failure=self.failures.append,
            monotonic=lambda: self.now,
            wait=self.wait,
        )

    def read(self):
        reading = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        if isinstance(reading, Exception):
            raise reading
        return reading

    def wait(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


def after(done, of=3):
    outcomes = {CallOutcome.SUCCESS: done, CallOutcome.NO_CONVERSATION: of - done}
    return Summary(CAMPAIGN, None, outcomes)


def test_it_ends_when_every_call_has_an_outcome():
    watched = Watched(after(0), after(2), after(3))
    assert watched.result == after(3)
    assert watched.waits == [5.0, 5.0]
    assert len(watched.shown) == 3


def test_it_waits_longer_while_nothing_changes_and_briefly_again_when_something_does():
    watched = Watched(*[after(0)] * 6, after(1), after(3))
    assert watched.waits == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 5.0]


def test_it_ends_with_its_time_and_never_waits_beyond_it():
    watched = Watched(after(1), lasts=17.0)
    assert watched.result == after(1)
    assert watched.waits == [5.0, 10.0, 2.0]


def test_an_api_that_is_away_for_a_while_is_said_and_waited_for():
    gone = UnreachableError("gone")
    watched = Watched(after(1), gone, gone, after(3))
    assert watched.failures == [gone, gone]
    assert watched.result == after(3)


def test_an_api_that_is_away_all_the_time_is_an_error():
    with pytest.raises(UnreachableError):
        Watched(UnreachableError("gone"), lasts=30.0)


def test_a_call_in_progress_or_unproven_is_waited_for():
    waiting = Summary(
        CAMPAIGN, None, {CallOutcome.IN_PROGRESS: 1, CallOutcome.UNPROVEN: 2, CallOutcome.FAILURE: 1}
    )
    assert waiting.waiting == 3


@pytest.mark.parametrize(("attempts", "what"), [({1: 3}, "calls have"), ({1: 3, 2: 2}, "people have")])
def test_the_summary_counts_people_once_somebody_was_called_again(attempts, what):
    summary = Summary(
        CAMPAIGN, None, {CallOutcome.SUCCESS: 1, CallOutcome.NO_CONVERSATION: 2}, attempts=attempts
    )
    assert summary_line(summary).startswith(f"1 of 3 {what} an outcome")
