"""The sending rate of a run, with a fake clock."""

import threading

import pytest

from tests.support.clock import FakeClock
from xuna_cli.dialing.clock import Clock
from xuna_cli.dialing.limiter import (
    FIRST_BACKOFF_S,
    LONGEST_AT_START_S,
    LONGEST_BACKOFF_S,
    MOST_NOT_SENT,
    MOST_NOT_SENT_AT_START,
    MOST_REFUSALS,
    ConcurrencyLimiter,
)
from xuna_cli.dialing.report import Pause


def made(clock, *, concurrency=4, give_up_after=600.0, rate=None, jitter=lambda: 1.0, stopping=lambda: False):
    return ConcurrencyLimiter(
        concurrency=concurrency,
        give_up_after=give_up_after,
        rate=rate,
        stopping=stopping,
        clock=clock,
        jitter=jitter,
    )


def test_nobody_waits_while_nothing_is_refused(clock):
    limiter = made(clock)
    for _ in range(4):
        assert limiter.enter(100)
    assert (limiter.in_progress, limiter.allowed, clock.at) == (4, 4, 1000.0)


def test_no_more_are_on_the_wire_than_are_allowed(clock):
    limiter = made(clock, concurrency=2)
    limiter.enter(1)
    limiter.enter(1)
    entered = threading.Event()
    third = threading.Thread(target=lambda: (limiter.enter(1), entered.set()), daemon=True)
    third.start()
    assert not entered.wait(0.05)
    limiter.release()
    assert entered.wait(60)
    third.join()
    assert limiter.in_progress == 2


def test_a_refusal_pauses_everybody_for_as_long_as_it_asks(clock):
    limiter = made(clock)
    one, _ = limiter.enter(1), limiter.enter(1)
    assert limiter.refused(one, 7.0) is None
    assert (limiter.pause.code, limiter.pause.seconds) == ("rate-limited", 7.0)
    limiter.release()
    limiter.enter(1)  # another sender
    assert clock.at == 1007.0
    assert (limiter.pause, limiter.paused, limiter.refusals) == (None, 7.0, 1)


def test_the_longest_pause_holds_and_is_counted_once(clock):
    limiter = made(clock)
    permits = [limiter.enter(1) for _ in range(4)]
    for permit, seconds in zip(permits, (5.0, 20.0, 10.0, 0.0), strict=True):
        assert limiter.refused(permit, seconds) is None
    assert limiter.pause.seconds == limiter.paused == 20.0


@pytest.mark.parametrize("tries", range(1, 10))
def test_backoff_without_a_time_doubles_with_full_jitter_up_to_a_minute(tries):
    ceiling = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**tries)
    for share in (0.0, 0.25, 1.0):
        clock = FakeClock()
        drawn = []
        limiter = made(clock, jitter=lambda drawn=drawn, share=share: drawn.append(share) or share)
        for _ in range(tries):
            permit = limiter.enter(1)
            before = clock.at
            assert limiter.refused(permit, None) is None
            limiter.release()
        seconds = limiter.pause.seconds if limiter.pause else 0.0
        assert seconds == pytest.approx(ceiling * share)
        assert before + seconds == pytest.approx(clock.at + ceiling * share)
        assert len(drawn) == tries


def test_a_time_that_is_asked_for_is_neither_jittered_nor_capped(clock):
    limiter = made(clock, jitter=lambda: 0.1)
    limiter.refused(limiter.enter(1), 300.0)
    assert limiter.pause.seconds == 300.0


def test_a_burst_of_refusals_halves_once_and_the_next_one_again(clock):
    limiter = made(clock, concurrency=8)
    burst = [limiter.enter(1) for _ in range(8)]
    for permit in burst:
        limiter.refused(permit, 1.0)
        limiter.release()
    assert limiter.allowed == 4
    second = [limiter.enter(1) for _ in range(4)]
    for permit in second:
        limiter.refused(permit, 1.0)
        limiter.release()
    assert limiter.allowed == 2
    for _ in range(5):
        limiter.refused(limiter.enter(1), 1.0)
        limiter.release()
    assert limiter.allowed == 1


def test_it_grows_by_one_for_each_round_that_goes_well_and_never_above_what_was_given(clock):
    limiter = made(clock, concurrency=4)
    limiter.refused(limiter.enter(1), 0.0)
    limiter.release()
    assert limiter.allowed == 2
    grown = []
    for _ in range(20):
        limiter.on_success()
        grown.append(limiter.allowed)
    assert grown == [2, 3, 3, 3, 4] + [4] * 15


def test_it_gives_up_after_so_many_refusals_in_a_row(clock):
    limiter = made(clock, give_up_after=1e9, jitter=lambda: 0.0)
    for attempt in range(1, MOST_REFUSALS + 1):
        why = limiter.refused(limiter.enter(1), None)
        limiter.release()
        assert (why is None) is (attempt < MOST_REFUSALS)
    assert why == f"{MOST_REFUSALS} times in a row"


def test_it_gives_up_before_the_time_of_refusals_in_a_row_is_over(clock):
    limiter = made(clock, give_up_after=100.0)
    for _ in range(3):
        assert limiter.refused(limiter.enter(1), 30.0) is None
        limiter.release()
    permit = limiter.enter(1)
    assert clock.at == 1090.0
    assert limiter.refused(permit, 30.0) == "for more than 100 s"
    assert clock.at == 1090.0


def test_it_does_not_wait_for_a_time_that_is_longer_than_it_may(clock):
    limiter = made(clock, give_up_after=100.0)
    assert (
        limiter.refused(limiter.enter(1), 101.0)
        == "it asks to wait 101 s, longer than --give-up-after allows"
    )
    assert limiter.paused == 0.0


def test_what_goes_well_begins_the_count_anew(clock):
    limiter = made(clock, give_up_after=100.0)
    for _ in range(10):
        assert limiter.refused(limiter.enter(1), 60.0) is None
        limiter.release()
        limiter.enter(1)
        limiter.release()
        limiter.on_success()


def test_without_a_connection_it_gives_up_after_some_tries(clock):
    limiter = made(clock)
    limiter.on_success()
    for attempt in range(1, MOST_NOT_SENT + 1):
        why = limiter.not_sent(limiter.enter(1))
        limiter.release()
        assert (why is None) is (attempt < MOST_NOT_SENT)
    assert why == f"{MOST_NOT_SENT} times in a row"
    assert 60 <= clock.at - 1000.0 <= 70  # 2 + 4 + … + 32 s, about half of it with jitter


def test_without_a_connection_from_the_start_it_gives_up_soon(clock):
    """The API never answered, so there is probably no network, and waiting would not help."""
    limiter = made(clock)
    for attempt in range(1, MOST_NOT_SENT_AT_START + 1):
        why = limiter.not_sent(limiter.enter(1))
        if why is None:
            assert limiter.pause.gives_up_in == pytest.approx(LONGEST_AT_START_S - clock.passed)
        limiter.release()
        assert (why is None) is (attempt < MOST_NOT_SENT_AT_START)
    assert clock.passed <= LONGEST_AT_START_S


def test_connecting_that_takes_long_is_given_up_by_the_time_at_the_start(clock):
    limiter = made(clock)
    tries = 0
    why = None
    while why is None:
        permit = limiter.enter(1)
        clock.advance(15.0)  # a network that drops everything silently
        why = limiter.not_sent(permit)
        limiter.release()
        tries += 1
    assert tries == 2
    assert why == f"for more than {LONGEST_AT_START_S:g} s"


@pytest.mark.parametrize("answers", ["on_success", "refused"])
def test_an_api_that_has_answered_is_worth_more_patience(clock, answers):
    limiter = made(clock)
    permit = limiter.enter(1)
    limiter.on_success() if answers == "on_success" else limiter.refused(permit, 0.0)
    limiter.release()
    for _ in range(MOST_NOT_SENT - 1):
        assert limiter.not_sent(limiter.enter(1)) is None
        assert limiter.pause.gives_up_in is None
        limiter.release()


def test_the_reason_of_a_pause_is_that_of_the_longest_one(clock):
    limiter = made(clock)
    permits = [limiter.enter(1) for _ in range(3)]
    limiter.refused(permits[0], 5.0, Pause("a", "the first", 0.0))
    limiter.refused(permits[1], 9.0, Pause("b", "the longest", 0.0))
    limiter.refused(permits[2], 1.0, Pause("c", "the last", 0.0))
    assert limiter.pause == Pause("b", "the longest", 9.0)


def test_the_rate_is_of_calls_not_of_batches(clock):
    limiter = made(clock, concurrency=100, rate=10.0)
    entered = []
    for calls in (20, 5, 1, 1):
        limiter.enter(calls)
        entered.append(clock.at - 1000.0)
    assert entered == pytest.approx([0.0, 2.0, 2.5, 2.6])


def test_time_that_passed_unused_is_not_made_up_for(clock):
    limiter = made(clock, concurrency=100, rate=1.0)
    limiter.enter(1)
    clock.at += 1000
    limiter.enter(1)
    limiter.enter(1)
    assert clock.at == 2001.0


def test_who_waits_wakes_up_when_the_run_stops():
    stopping = threading.Event()
    limiter = made(Clock(), stopping=stopping.is_set)
    limiter.refused(limiter.enter(1), 500.0)
    limiter.release()
    got = []
    waiting = threading.Thread(target=lambda: got.append(limiter.enter(1)), daemon=True)
    waiting.start()
    stopping.set()  # like a signal handler, which notifies nobody
    waiting.join(60)
    assert got == [None]


def test_nobody_enters_a_run_that_is_stopping(clock):
    assert made(clock, stopping=lambda: True).enter(1) is None


def test_a_time_that_is_over_already_is_not_a_time(clock):
    """A date is over if our clock is ahead of the server's; the API isn't asked again and again meanwhile."""
    limiter = made(clock, jitter=lambda: 0.5)
    for tries in range(1, 5):
        limiter.refused(limiter.enter(1), 0.0)
        limiter.release()
        assert limiter.pause.seconds == FIRST_BACKOFF_S * 2**tries * 0.5
