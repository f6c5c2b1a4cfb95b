"""The simulated clock."""

import threading
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.dialing.clock import SimulatedClock

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_time_passes_only_by_waiting_and_moving():
    clock = SimulatedClock(START)
    assert (clock.now(), clock.monotonic()) == (START, 0)
    clock.sleep(90)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=90), 90)
    condition = threading.Condition()
    with condition:
        clock.wait(condition, 3600)
    assert clock.monotonic() == 3690
    clock.move_to(START + timedelta(days=1))
    assert clock.now() == START + timedelta(days=1)


@given(st.floats(0, 1e6), st.floats(1e-9, 100))
def test_who_waits_for_a_time_reaches_it(passed, seconds):
    """However short the rest of the wait is: a wait that is rounded down to nothing would never end."""
    clock = SimulatedClock(START)
    clock.sleep(passed)
    opens = clock.monotonic() + seconds
    for _ in range(3):
        clock.sleep(opens - clock.monotonic())
    assert clock.monotonic() >= opens


def test_time_never_goes_back():
    clock = SimulatedClock(START)
    clock.sleep(-5)
    clock.move_to(START - timedelta(days=1))
    assert clock.now() == START


def test_a_short_wait_takes_time_only_if_no_other_thread_ends_it():
    clock = SimulatedClock(START)
    condition = threading.Condition()
    with condition:
        clock.wait(condition, 0.1)
    assert clock.monotonic() == 0.1


def test_a_wait_without_limit_waits_for_another_thread_and_takes_no_time():
    clock = SimulatedClock(START)
    condition = threading.Condition()
    done = []

    def finish():
        with condition:
            done.append(True)
            condition.notify_all()

    with condition:
        threading.Thread(target=finish).start()
        while not done:
            clock.wait(condition, float("inf"))
    assert clock.now() == START
