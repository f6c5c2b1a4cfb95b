"""A person's own time in a run: checked when a person is chosen, and again right before every POST."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.way import NOON_UTC
from xuna_cli.sandbox.faults import RateLimit
from xuna_cli.screening.calling_hours import CallingHours
from xuna_cli.screening.hours import Hours, parse_windows
from xuna_cli.screening.order import Screening
from xuna_cli.screening.own_time import OwnTime

ANN, BO, CY = "+13035550100", "+13035550101", "+13035550102"  # Denver: 05:00 at noon UTC
ALWAYS = CallingHours(Hours(parse_windows("00:00-24:00", source=""), close_early=timedelta(0)))
SCREENING = Screening(own_time=OwnTime(ALWAYS.zones))


def row(number, after="", before="", **cells):
    return {"phone": number, "call_after": after, "call_before": before, **cells}


def test_who_may_be_called_later_is_not_claimed_and_is_called_by_a_later_run(way):
    rows = [
        row(ANN, "2026-11-24T06:00"),
        row(BO, before="2026-11-24T05:00"),
        row(CY, "2026-11-24", "2026-11-24"),
    ]
    report = way.dial(rows, SCREENING)
    assert way.called == [CY]
    assert report.reasons == {"too-early": 1, "expired": 1}
    assert (report.counts["deferred"], report.counts["screened"], report.counts["accepted"]) == (1, 1, 1)
    (deferral,) = report.deferrals
    assert (deferral.opens_at, deferral.zones) == (
        datetime(2026, 11, 24, 13, tzinfo=UTC),
        ("America/Denver",),
    )
    with way.ledger() as ledger:
        assert ledger.engine.rows("SELECT COUNT(*) FROM calls") == [(1,)]
    way.clock.advance(hours=1)
    report = way.dial(rows, SCREENING)
    assert way.called == [CY, ANN]
    assert (report.counts["already_called"], report.reasons) == (1, {"expired": 1})


def test_a_run_that_waits_calls_each_person_at_their_own_time(way):
    openings = []
    rows = [row(ANN, "2026-11-24T06:00"), row(BO, "2026-11-24T12:30Z"), row(CY, "2026-11-25", timezone="UTC")]
    report = way.dial(
        rows,
        SCREENING,
        wait=True,
        on_waiting=lambda people, opens_at: openings.append((people, opens_at, list(way.called))),
    )
    assert openings == [
        (3, datetime(2026, 11, 24, 12, 30, tzinfo=UTC), []),
        (2, datetime(2026, 11, 24, 13, tzinfo=UTC), [BO]),
        (1, datetime(2026, 11, 25, tzinfo=UTC), [BO, ANN]),
    ]
    assert way.called == [BO, ANN, CY]
    assert (report.counts["accepted"], report.reasons, report.deferrals) == (3, {}, ())


@pytest.mark.parametrize(
    ("before", "counted"),
    [("2026-11-24T05:05", "expired"), ("2026-11-24T12:05Z", "expired"), ("2026-11-24T05:40", None)],
)
def test_a_resend_after_a_pause_leaves_out_who_has_expired_meanwhile(way, before, counted):
    way.server.faults.add(RateLimit(times=1, retry_after=600))
    report = way.dial([row(ANN, before=before), row(BO)], SCREENING)
    assert way.called == ([BO] if counted else [ANN, BO])
    assert report.reasons == ({counted: 1} if counted else {})


def test_who_expires_while_the_intent_is_written_is_not_called(way):
    """Time also passes between the last check and the POST."""
    with way.ledger() as ledger:
        submit = ledger.submit

        def slow(*arguments):
            found = submit(*arguments)
            way.clock.advance(minutes=21)
            return found

        ledger.submit = slow
        way.ledger = lambda: nullcontext(ledger)
        report = way.dial([row(ANN, before="2026-11-24T05:20"), row(BO)], SCREENING)
    assert way.called == [BO]
    assert report.reasons == {"expired": 1}


def test_nobody_is_waited_for_whom_no_later_time_suits(way):
    mornings = CallingHours(Hours(parse_windows("09:00-12:00", source=""), close_early=timedelta(0)))
    screening = Screening(own_time=SCREENING.own_time, hours=mornings)
    report = way.dial([row(ANN, before="2026-11-24T08:00")], screening, wait=True)
    assert way.called == []
    assert (report.counts["deferred"], report.too_late, report.deferrals) == (1, 1, ())
    assert report.reasons == {"outside-hours": 1}
    assert way.clock.now() - NOON_UTC < timedelta(hours=1)
    way.clock.advance(hours=3)
    assert way.dial([row(ANN, before="2026-11-24T08:00")], screening).reasons == {"expired": 1}


def test_an_unreadable_time_is_a_rejection_and_no_call(way):
    report = way.dial([row(ANN, "03/04/2026"), row(BO)], SCREENING)
    assert way.called == [BO]
    (rejection,) = report.rejections
    assert (rejection.row_number, rejection.code, rejection.field) == (2, "call-time", "call_after")
