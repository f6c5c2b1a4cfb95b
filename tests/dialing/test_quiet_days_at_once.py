"""`--quiet-days` with two campaigns that call the same people at the same time: each person is called once."""

from contextlib import nullcontext
from datetime import timedelta

from tests.dialing.test_screening import LONDON, PEOPLE, hours
from tests.support.way import NOON_UTC
from xuna_cli.screening.order import Screening
from xuna_cli.screening.rules import QuietDays

QUIET = Screening(quiet_days=QuietDays(7))


def test_who_is_called_by_another_campaign_while_we_connect_is_left_alone(way):
    """Between the claim and the first byte, the result of the check at reading is outdated."""
    with way.ledger() as ledger, way.ledger() as other:
        submit, done = ledger.submit, []
        from tests.support.builders import described

        def late(batch, *since):
            if not done:
                done.append(batch)
                run = other.start_run(described("rival"))
                [theirs] = other.claim(run, [[batch.targets[0]]])
                other.submit(theirs)
            return submit(batch, *since)

        ledger.submit = late
        way.ledger = lambda: nullcontext(ledger)
        report = way.dial(PEOPLE[:3], QUIET)
    assert way.called == PEOPLE[1:3]
    assert report.reasons == {"called-recently": 1}
    assert report.counts["screened"] == 1


def test_whom_another_campaign_has_claimed_is_left_to_it(way):
    from tests.support.builders import described
    from xuna_cli.models import CallTarget

    with way.ledger() as other:
        other.claim(other.start_run(described("rival")), [[CallTarget(1, PEOPLE[0], PEOPLE[0])]])
        report = way.dial(PEOPLE[:3], QUIET)
    assert way.called == PEOPLE[1:3]
    [screened] = report.screened
    assert screened.reason.message == "called-recently: another run is about to call this number"


def test_who_was_called_by_another_campaign_during_a_wait_is_left_alone(way):
    def on_waiting(*_):
        way.dial(PEOPLE[:1], campaign="rival")

    screening = Screening(quiet_days=QuietDays(7), hours=hours("09:00-14:00"))
    report = way.dial([*PEOPLE[:2], LONDON], screening, wait=True, on_waiting=on_waiting)
    assert way.called.count(PEOPLE[0]) == 1
    assert sorted(way.called) == sorted([*PEOPLE[:2], LONDON])
    assert report.reasons == {"called-recently": 1}


def test_who_was_called_before_the_quiet_days_is_called(way):
    way.dial(PEOPLE[:1], campaign="first")
    way.clock.advance(timedelta(days=8).total_seconds())
    assert way.clock.now() > NOON_UTC + timedelta(days=7)
    report = way.dial(PEOPLE[:1], QUIET)
    assert report.counts["accepted"] == 1
