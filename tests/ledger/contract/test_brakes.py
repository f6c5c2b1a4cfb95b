"""Brakes in a ledger, on both engines: no more people are claimed than the canary lets through."""

import threading
from datetime import timedelta

import pytest

from tests.ledger.contract.test_attempts import at, dial, read
from tests.support.builders import described, numbers_of, people
from tests.support.clock import FakeClock
from xuna_cli.ledger.attempts import Attempts
from xuna_cli.ledger.brakes import Brakes, Canary, CanaryState, Figures, Verdict
from xuna_cli.ledger.campaigns import resolve
from xuna_cli.ledger.records import BatchState, CallOutcome

FOUR = Brakes(Canary(4, 2, "50%"))
HOUR = 3600


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def ledger(opened, clock):
    return opened(now=clock.now)


def claimed(ledger, run, groups, brakes=FOUR):
    return numbers_of(ledger.claim(run, [people(*group) for group in groups], brakes=brakes))


def figures(ledger, brakes=FOUR):
    return ledger.brake(1, brakes)[1]


def state(ledger, brakes=FOUR):
    return ledger.brake(1, brakes)[0].canary


def test_a_claim_takes_the_first_people_and_no_more(ledger):
    run = ledger.start_run(described())
    assert claimed(ledger, run, [(1, 2, 3), (4, 5, 6)]) == [[1, 2, 3], [4]]
    assert claimed(ledger, run, [(5, 6)]) == []
    assert ledger.brake(1, FOUR) == (Verdict(0, CanaryState.WAITING), Figures(4))


def test_people_who_are_claimed_already_take_no_room_twice(ledger):
    run = ledger.start_run(described())
    assert claimed(ledger, run, [(1, 2)]) == [[1, 2]]
    assert claimed(ledger, run, [(1, 2, 3)]) == [[3]]


def test_everybody_counts_who_may_have_been_called(opened, clock):
    """Claimed by a live run, in progress, held and called: of a run that died, who was not sent is free again."""
    ours, theirs = opened(now=clock.now), opened(now=clock.now)
    first = ours.start_run(described())
    [held, unsent] = ours.claim(first, [people(1), people(2)], brakes=FOUR)
    ours.submit(held)
    second = theirs.start_run(described())
    assert claimed(theirs, second, [(3, 4, 5)]) == [[3, 4]]
    assert claimed(theirs, second, [(5,)]) == []
    assert ours.unclaim(unsent, [target.key for target in unsent.targets]) is None
    assert claimed(theirs, second, [(5, 6)]) == [[5]]
    ours.record(held, BatchState.UNKNOWN)
    assert claimed(theirs, second, [(6,)]) == []
    assert figures(theirs) == Figures(4, stuck=1)
    ours.end_run(first)


def test_who_was_not_called_makes_room(ledger):
    dial(ledger, [at(number, 1) for number in (1, 2)], state=BatchState.UNKNOWN)
    run = ledger.start_run(described())
    assert claimed(ledger, run, [(3, 4, 5)]) == [[3, 4]]
    ledger.end_run(run)
    resolve(ledger, "spring", [1], placed=False)
    run = ledger.start_run(described())
    assert claimed(ledger, run, [(5, 6, 7, 8, 9)]) == [[5, 6, 7, 8]]


@pytest.mark.slow
def test_several_machines_at_once_let_no_more_through(opened, clock):
    machines = [opened(now=clock.now) for _ in range(4)]
    runs = [machine.start_run(described()) for machine in machines]
    brakes, found, begin = Brakes(Canary(10, 5, "50%")), [], threading.Barrier(4)

    def claim(number):
        begin.wait(30)
        for batch in range(3):
            first = 100 * number + 10 * batch
            groups = [people(*range(first, first + 3))]
            found.extend(machines[number].claim(runs[number], groups, brakes=brakes))

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(len(batch.targets) for batch in found) == 10
    assert ledger_count(machines[0]) == 10


def ledger_count(ledger):
    [(count,)] = ledger.query("SELECT COUNT(*) FROM calls")
    return count


def test_the_others_follow_once_enough_successes_are_proven(ledger, clock):
    dial(ledger, [at(number, 1) for number in range(1, 5)])
    read(ledger, clock, p1_1="success")
    assert figures(ledger) == Figures(4, 1, 0)
    run = ledger.start_run(described())
    assert claimed(ledger, run, [(5, 6)]) == []
    read(ledger, clock, p1_1="success", p2_1="failure", p3_1="in-progress")
    assert figures(ledger) == Figures(4, 1, 1)
    assert claimed(ledger, run, [(5, 6)]) == []
    read(ledger, clock, p3_1="success")
    assert state(ledger) is CanaryState.PASSED
    assert claimed(ledger, run, [(5, 6)]) == [[5, 6]]


def test_failures_stop_the_campaign(ledger, clock):
    dial(ledger, [at(number, 1) for number in range(1, 5)])
    read(ledger, clock, p1_1="failure", p2_1="failure", p3_1="failure")
    assert state(ledger) is CanaryState.STOPPED
    run = ledger.start_run(described())
    assert claimed(ledger, run, [(5, 6)]) == []


def test_a_missing_record_counts_only_where_the_records_were_read_to_their_end_and_late_enough(ledger, clock):
    dial(ledger, [at(number, 1) for number in range(1, 5)])
    clock.advance(HOUR - 1)
    read(ledger, clock, p1_1="success")
    assert figures(ledger) == Figures(4, 1, 0)
    clock.advance(1)
    read(ledger, clock, incomplete="cut off")
    assert figures(ledger) == Figures(4, 1, 0, stuck=3)
    read(ledger, clock)
    assert (figures(ledger), state(ledger)) == (Figures(4, 1, 3), CanaryState.STOPPED)


def test_what_can_not_be_matched_counts_for_nothing(ledger, clock):
    dial(ledger, [at(number, 1) for number in range(1, 5)])
    read(ledger, clock, p1_1="unproven", p2_1="failure")
    assert figures(ledger) == Figures(4, 0, 1)
    clock.advance(HOUR)
    read(ledger, clock, p2_1="failure")
    assert figures(ledger) == Figures(4, 0, 3, stuck=1)


def test_the_canary_are_the_first_people_who_were_called(ledger, clock):
    """Of a campaign that was begun without a canary, too; and those who are called later change nothing."""
    for numbers in ((5, 6), (1, 2), (3, 4)):
        dial(ledger, [at(number, 1) for number in numbers])
        clock.advance(1)
    read(ledger, clock, p3_1="success", p4_1="success")
    assert (figures(ledger), state(ledger)) == (Figures(4), CanaryState.WAITING)
    read(ledger, clock, p5_1="success", p2_1="success")
    assert state(ledger) is CanaryState.PASSED


def test_a_later_attempt_that_succeeds_is_a_success_of_one_person(ledger, clock):
    policy = Attempts(2, (timedelta(hours=1),), frozenset({CallOutcome.FAILURE}))
    dial(ledger, [at(1, 1), at(2, 1)])
    read(ledger, clock, p1_1="failure", p2_1="success")
    clock.advance(HOUR)
    run = ledger.start_run(described(deadline=0.0))
    [batch] = ledger.claim(run, [[at(1, 2)]], None, policy, FOUR)
    ledger.submit(batch, None, policy)
    ledger.record(batch, BatchState.ACCEPTED, batch_id="again", calls_initiated=1)
    assert figures(ledger) == Figures(2, 1, 0)
    read(ledger, clock, p1_2="success")
    assert figures(ledger) == Figures(2, 2, 0)
    assert claimed(ledger, run, [(3, 4, 5, 6, 7)]) == [[3, 4, 5, 6, 7]]


def test_the_goal_ends_the_campaign(ledger, clock):
    two = Brakes(stop_after=2)
    dial(ledger, [at(number, 1) for number in range(1, 5)])
    read(ledger, clock, p1_1="success", p2_1="failure", p3_1="unproven")
    run = ledger.start_run(described())
    assert claimed(ledger, run, [(5,)], two) == [[5]]
    read(ledger, clock, p4_1="success")
    assert claimed(ledger, run, [(6, 7)], two) == []
    assert ledger.brake(1, two) == (Verdict(0, None, goal_met=True), Figures(goal=2))
