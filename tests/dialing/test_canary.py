"""A canary in a run: the run waits for its outcomes, and goes on only if enough of them are successes."""

from datetime import timedelta

import pytest

from tests.support.way import NOON_UTC
from xuna_cli.api.client import Client
from xuna_cli.api.retry import RetryingReader
from xuna_cli.errors import ConfigurationError, UnreachableError
from xuna_cli.ledger.brakes import Brakes, Canary, CanaryState
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.outcomes.sync import sync_conversations
from xuna_cli.screening.calling_hours import CallingHours
from xuna_cli.screening.hours import Hours, parse_windows
from xuna_cli.screening.order import Screening

PEOPLE = [f"+1303555{number:04d}" for number in range(100, 130)]  # Denver: 05:00 at noon UTC
ANY = Brakes(Canary(10, 1, "10%"))
ALL = Brakes(Canary(10, 10, "100%"))


@pytest.fixture
def read(way):
    """Read the real records of the sandbox; counts how often."""
    calls = []

    def read(ledger):
        calls.append(len(way.called))
        reader = RetryingReader(Client(way.server.base_url, "sandbox", deadline=10), on_wait=lambda *_: None)
        sync_conversations(ledger, campaign(ledger, "c"), reader)

    read.calls = calls
    return read


def test_a_run_that_waits_goes_on_when_the_canary_has_passed(way, read):
    told = []
    report = way.dial(
        PEOPLE,
        brakes=ANY,
        wait=True,
        batch_size=4,
        read_outcomes=read,
        on_waiting_for_outcomes=told.append,
    )
    assert read.calls == [10]
    assert [figures.called for figures in told] == [10]
    assert way.called == PEOPLE
    assert (report.counts["accepted"], report.list_complete) == (30, True)
    assert report.braked.verdict.canary is CanaryState.PASSED


def test_a_run_that_waits_ends_when_the_canary_is_stopped(way, read):
    report = way.dial(PEOPLE, brakes=ALL, wait=True, read_outcomes=read)
    assert (len(way.called), report.list_complete) == (10, False)
    assert report.braked.verdict.canary is CanaryState.STOPPED
    assert way.dial(PEOPLE, brakes=ALL, wait=True, read_outcomes=read).counts["accepted"] == 0
    assert len(way.called) == 10


def test_without_wait_nothing_is_read(way, read):
    report = way.dial(PEOPLE, brakes=ANY, read_outcomes=read)
    assert (len(way.called), read.calls) == (10, [])
    assert report.braked.verdict.canary is CanaryState.WAITING


def test_outcomes_that_can_not_be_read_are_tried_again_and_nobody_is_called_meanwhile(way, read):
    failed, tries = [], []

    def flaky(ledger):
        tries.append(len(way.called))
        if len(tries) < 4:
            raise UnreachableError("connection refused", code="unreachable")
        read(ledger)

    report = way.dial(PEOPLE, brakes=ANY, wait=True, read_outcomes=flaky, on_outcomes_not_read=failed.append)
    assert tries == [10] * 4
    assert len(failed) == 3
    assert report.counts["accepted"] == 30


def test_another_failure_ends_the_run(way):
    def refused(_):
        raise ConfigurationError("no", code="refused")

    report = way.dial(PEOPLE, brakes=ANY, wait=True, read_outcomes=refused)
    assert [error.code for error in report.errors] == ["refused"]
    assert len(way.called) == 10


def test_waiting_ends_when_it_is_asked_to_stop(way, read):
    stop = []
    report = way.dial(
        PEOPLE,
        brakes=ANY,
        wait=True,
        read_outcomes=read,
        stop=lambda: bool(stop),
        on_waiting_for_outcomes=stop.append,
    )
    assert (len(way.called), read.calls) == (10, [])
    assert sum(report.counts.values()) == 10


def test_people_who_are_deferred_stay_so_behind_the_canary(way, read):
    """The canary is called when the hours begin, and the others of the same opening after its outcomes."""
    hours = CallingHours(Hours(parse_windows("09:00-20:00", source=""), close_early=timedelta(0)))
    report = way.dial(PEOPLE, Screening(hours=hours), brakes=ANY, wait=True, read_outcomes=read)
    assert sorted(way.called) == PEOPLE
    assert read.calls == [10]
    assert (report.counts["accepted"], report.deferrals, report.reasons) == (30, (), {})
    assert way.clock.now() >= NOON_UTC + timedelta(hours=4)


def test_the_limit_of_a_run_holds_beside_the_canary(way, read):
    assert way.dial(PEOPLE, brakes=ANY, limit=3).counts["accepted"] == 3
    assert way.dial(PEOPLE, brakes=ANY, limit=25, wait=True, read_outcomes=read).counts["accepted"] == 25
    assert len(way.called) == 28
