"""Screening in a run: before the claim, and again before every POST."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.way import NOON_UTC, Way
from xuna_cli.ledger.do_not_call import add
from xuna_cli.models import Contact, Rejection
from xuna_cli.sandbox.faults import Answer, Cut, RateLimit, Refuse, Short
from xuna_cli.sandbox.server import SandboxServer
from xuna_cli.screening.calling_hours import CallingHours
from xuna_cli.screening.countries import Countries, KindOfNumber
from xuna_cli.screening.do_not_call import DoNotCall, ListFile, NumberList, Numbers
from xuna_cli.screening.hours import Hours, parse_days, parse_windows
from xuna_cli.screening.order import Screening
from xuna_cli.screening.own_time import OwnTime
from xuna_cli.screening.rules import Consent, QuietDays, Until

PEOPLE = [f"+1303555{number:04d}" for number in range(100, 120)]  # Denver: 05:00 at noon UTC
NEW_YORK, LONDON = "+12125550123", "+442079460018"


def listed(*numbers):
    return DoNotCall((ListFile(lambda: NumberList("list", Numbers(numbers)), lambda: 0),))


def hours(text, days="mon-sun", default=None):
    windows = parse_windows(text, source="--hours")
    return CallingHours(Hours(windows, parse_days(days, source="--days"), timedelta(0)), default)


def test_a_number_that_is_listed_while_the_run_is_under_way_is_not_called_any_more(way):
    listed = PEOPLE[5]

    def list_it_after_the_first(batch):
        if batch.id == 1:
            with way.ledger() as other:
                add(other, [listed], "asked during the run")

    report = way.dial(PEOPLE[:10], batch_size=2, on_batch=list_it_after_the_first)
    assert listed not in way.called
    assert sorted(way.called) == sorted(set(PEOPLE[:10]) - {listed})
    assert (report.counts["accepted"], report.counts["do_not_call"]) == (9, 1)
    (screened,) = report.screened
    assert screened.reason.message == "do-not-call: on the ledger's do-not-call list (asked during the run)"


def test_a_number_that_is_listed_between_reading_and_claiming_is_never_claimed(way):
    with way.ledger() as ledger:
        asked = ledger.on_do_not_call_list
        claimed = ledger.claim

        def list_then_claim(run, groups, *about):
            add(ledger, [PEOPLE[1]], None)
            return claimed(run, groups, *about)

        # The same object as the run's, whose `claim` starts after the list was read.
        ledger.claim = list_then_claim
        assert asked([PEOPLE[1]]) == {}
        way.ledger = lambda: nullcontext(ledger)
        report = way.dial(PEOPLE[:3])
        assert PEOPLE[1] not in way.called
        assert report.counts["do_not_call"] == 1
        rows = ledger.engine.rows("SELECT key FROM calls ORDER BY key")
        assert [key for (key,) in rows] == [PEOPLE[0], PEOPLE[2]]


def test_a_resend_after_a_pause_leaves_out_who_was_listed_in_the_pause(way):
    way.server.faults.add(RateLimit(times=1, retry_after=30))
    paused = way.clock.wait

    def wait(condition, seconds):
        if seconds != float("inf") and seconds > 20:
            with way.ledger() as other:
                add(other, [PEOPLE[0]], None)
        paused(condition, seconds)

    way.clock.wait = wait
    report = way.dial(PEOPLE[:3])
    assert sorted(way.called) == PEOPLE[1:3]
    assert (report.counts["accepted"], report.counts["do_not_call"]) == (2, 1)


def test_a_resend_after_a_pause_waits_for_the_next_day_when_the_hours_are_over(way):
    way.server.faults.add(RateLimit(times=1, retry_after=600))
    way.clock.advance(-300)  # five minutes to noon UTC, 04:55 in Denver
    report = way.dial(PEOPLE[:3], Screening(hours=hours("04:00-05:00")))
    assert way.called == []
    assert report.counts["deferred"] == 3
    assert report.deferrals[0].opens_at == datetime(2026, 11, 25, 11, tzinfo=UTC)


def test_a_resend_after_a_pause_is_none_when_the_campaign_is_over(way):
    way.server.faults.add(RateLimit(times=1, retry_after=600))
    report = way.dial(PEOPLE[:3], Screening(until=Until(NOON_UTC + timedelta(minutes=5))))
    assert way.called == []
    assert report.counts["screened"] == 3
    assert report.reasons == {"past-until": 3}


def test_who_is_deferred_is_not_claimed_and_is_called_by_the_next_run(way):
    screening = Screening(hours=hours("09:00-20:00"))
    report = way.dial([PEOPLE[0], LONDON], screening)
    assert way.called == [LONDON]
    assert report.counts["deferred"] == 1
    (deferral,) = report.deferrals
    assert (deferral.zones, deferral.people) == (("America/Denver",), 1)
    with way.ledger() as ledger:
        assert ledger.engine.rows("SELECT COUNT(*) FROM calls") == [(1,)]
    way.clock.advance(5 * 3600)
    report = way.dial([PEOPLE[0], LONDON], screening)
    assert way.called == [LONDON, PEOPLE[0]]
    assert (report.counts["already_called"], report.counts["accepted"]) == (1, 1)


def test_wait_stays_and_calls_as_the_windows_open_and_holds_no_claim_meanwhile(way):
    openings = []

    def on_waiting(people, opens_at):
        with way.ledger() as other:
            claimed = other.engine.rows(
                "SELECT COUNT(*) FROM batches WHERE state IN ('claimed', 'submitting')"
            )
        openings.append((people, opens_at, claimed[0][0]))

    report = way.dial(
        [PEOPLE[0], LONDON, NEW_YORK, {"phone": PEOPLE[1], "timezone": "Asia/Kathmandu"}],
        Screening(hours=hours("09:00-14:00")),
        wait=True,
        on_waiting=on_waiting,
    )
    assert way.called == [LONDON, NEW_YORK, PEOPLE[0], PEOPLE[1]]
    assert openings == [
        (3, datetime(2026, 11, 24, 14, tzinfo=UTC), 0),
        (2, datetime(2026, 11, 24, 16, tzinfo=UTC), 0),
        (1, datetime(2026, 11, 25, 3, 15, tzinfo=UTC), 0),
    ]
    assert report.counts["accepted"] == 4
    assert sum(report.counts.values()) == 4
    assert report.deferrals == ()


def test_waiting_ends_when_it_is_asked_to_stop(way):
    stop = []
    report = way.dial(
        PEOPLE[:5],
        Screening(hours=hours("09:00-14:00")),
        wait=True,
        stop=lambda: bool(stop),
        on_waiting=lambda *_: stop.append(1),
    )
    assert way.called == []
    assert report.counts["deferred"] == 5
    assert sum(deferral.people for deferral in report.deferrals) == 5


def test_waiting_ends_with_the_campaign(way):
    report = way.dial(
        PEOPLE[:3],
        Screening(hours=hours("09:00-14:00"), until=Until(NOON_UTC + timedelta(hours=1))),
        wait=True,
    )
    assert way.called == []
    assert report.reasons == {"past-until": 3}


def test_who_waits_and_is_listed_meanwhile_is_not_called(way):
    def on_waiting(*_):
        with way.ledger() as other:
            add(other, [PEOPLE[0]], None)

    report = way.dial(PEOPLE[:2], Screening(hours=hours("09:00-14:00")), wait=True, on_waiting=on_waiting)
    assert way.called == [PEOPLE[1]]
    assert report.counts["do_not_call"] == 1


def test_a_limit_holds_over_all_openings_and_the_rest_stays_deferred(way):
    report = way.dial([LONDON, *PEOPLE[:4]], Screening(hours=hours("09:00-14:00")), wait=True, limit=3)
    assert len(way.called) == 3
    assert report.counts["accepted"] == 3
    assert sum(report.counts.values()) == 5


def test_who_was_called_in_any_campaign_is_left_alone_for_the_quiet_days(way):
    way.dial(PEOPLE[:1], campaign="first")
    way.dial([{"phone": PEOPLE[1], "id": "7"}], campaign="keyed", key="id")
    way.clock.advance(86_400)
    quiet = Screening(quiet_days=QuietDays(2))
    report = way.dial(PEOPLE[:3], quiet, campaign="second")
    assert way.called == [PEOPLE[0], PEOPLE[1], PEOPLE[2]]
    assert report.reasons == {"called-recently": 2}
    assert report.screened[0].reason.message.startswith("called-recently: last called 2026-11-24 12:00")
    way.clock.advance(2 * 86_400)
    way.dial(PEOPLE[:2], quiet, campaign="second")
    assert way.called[3:] == PEOPLE[:2]


def test_a_batch_of_unknown_outcome_counts_as_called_for_the_quiet_days(way):
    way.server.faults.add(Cut(times=1))
    way.dial(PEOPLE[:1], campaign="first")
    report = way.dial(PEOPLE[:1], Screening(quiet_days=QuietDays(2)), campaign="second")
    assert report.reasons == {"called-recently": 1}


def test_a_refused_batch_does_not_count_as_called_for_the_quiet_days(way):
    way.server.faults.add(Answer(times=1, status=402, body="no credit"))
    way.dial(PEOPLE[:1], campaign="first")
    report = way.dial(PEOPLE[:1], Screening(quiet_days=QuietDays(2)), campaign="second")
    assert report.counts["accepted"] == 1


OWN_TIME = OwnTime(hours("00:00-24:00").zones)


def test_who_falls_under_several_rules_is_counted_under_the_first(way):
    premium = "+19002345678"
    everything = {
        "do_not_call": listed(premium),
        "countries": Countries(frozenset({"GB"})),
        "kind_of_number": KindOfNumber(),
        "consent": Consent("consent", frozenset({"yes"})),
        "quiet_days": QuietDays(1),
        "until": Until(NOON_UTC - timedelta(hours=1)),
        "own_time": OWN_TIME,
        "hours": hours("09:00-20:00"),
    }
    way.dial([premium], campaign="before", batch_size=1)
    assert way.called == [premium]
    order = [
        "do-not-call",
        "country",
        "kind-of-number",
        "no-consent",
        "called-recently",
        "past-until",
        "expired",
        "outside-hours",
    ]
    for left_out, code in enumerate(order):
        rules = dict(list(everything.items())[left_out:])
        row = {"phone": premium, "timezone": "America/Denver", "call_before": "2026-11-24T04:00"}
        report = way.dial([row], Screening(**rules), campaign=f"c{left_out}")
        assert report.reasons == {code: 1}, code
    assert way.called == [premium]


def test_the_people_outside_the_usual_hours_are_counted_where_no_hours_are_given(way):
    report = way.dial([PEOPLE[0], LONDON])
    assert report.outside == 1
    assert report.counts["accepted"] == 2
    assert way.dial([NEW_YORK], Screening(hours=hours("00:00-24:00"))).outside is None


def test_rejects_get_who_is_screened_out_with_the_fact_but_not_who_is_deferred(way):
    told = []
    way.dial(
        [PEOPLE[0], "+19002345678", LONDON],
        Screening(kind_of_number=KindOfNumber(), hours=hours("09:00-20:00")),
        on_rejection=told.append,
    )
    (rejection,) = told
    assert (rejection.row_number, rejection.code) == (3, "kind-of-number")
    assert rejection.contact.fields["phone"] == "+19002345678"


ROWS = st.lists(
    st.sampled_from(
        [
            *PEOPLE[:4],
            NEW_YORK,
            LONDON,
            "+15559876543",
            "+18005550123",
            "+19002345678",
            "+881612345678",
            "nobody",
            "911",
        ]
    ),
    max_size=14,
)
FAULTS = st.sampled_from(
    [
        None,
        Cut(times=1),
        Short(times=1),
        RateLimit(times=2, retry_after=1800),
        Answer(times=1, status=402, body="no"),
        Refuse(numbers=(PEOPLE[1], LONDON)),
        Refuse(numbers=(PEOPLE[2],), loc=True),
    ]
)
SCREENING = st.builds(
    Screening,
    do_not_call=st.sampled_from([DoNotCall(), listed(PEOPLE[0], NEW_YORK)]),
    countries=st.sampled_from([None, Countries(frozenset({"US"}))]),
    kind_of_number=st.sampled_from([None, KindOfNumber()]),
    consent=st.sampled_from([None, Consent("consent", frozenset({"yes"}))]),
    quiet_days=st.sampled_from([None, QuietDays(1)]),
    until=st.sampled_from([None, Until(NOON_UTC + timedelta(minutes=20))]),
    own_time=st.sampled_from([None, OWN_TIME]),
    hours=st.sampled_from(
        [None, hours("09:00-20:00"), hours("05:00-05:30"), hours("07:00-07:10", default="America/New_York")]
    ),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_row_is_counted_once_and_nobody_is_called_twice_whatever_the_settings(tmp_path_factory, data):
    with SandboxServer(seed=1) as server:
        way = Way(tmp_path_factory.mktemp("way"), server)
        fault = data.draw(FAULTS)
        if fault is not None:
            server.faults.add(fault)
        numbers = data.draw(ROWS)
        rows = [
            Contact(
                row,
                {
                    "phone": number,
                    "consent": data.draw(st.sampled_from(["yes", "no"])),
                    "call_after": data.draw(st.sampled_from(["", "2026-11-24T06:30", "2026-11-24T12:05Z"])),
                    "call_before": data.draw(st.sampled_from(["", "2026-11-24T16:00", "2026-11-24T12:20Z"])),
                },
            )
            for row, number in enumerate(numbers, 2)
        ]
        if data.draw(st.booleans()):
            rows.append(Rejection(99, "row-too-long", "", "", None))
        listed = data.draw(st.sampled_from([[], [LONDON], [PEOPLE[3], NEW_YORK]]))
        with way.ledger() as ledger:
            add(ledger, listed, None)

        def list_more(batch):
            with way.ledger() as other:
                add(other, [PEOPLE[3]], None)

        for _ in range(2):
            report = way.dial(
                rows,
                data.draw(SCREENING),
                batch_size=data.draw(st.integers(1, 4)),
                concurrency=data.draw(st.integers(1, 2)),
                limit=data.draw(st.sampled_from([None, 2])),
                wait=data.draw(st.booleans()),
                max_unknown=2,
                on_batch=data.draw(st.sampled_from([list_more, lambda _: None])),
            )
            assert all(count >= 0 for count in report.counts.values()), report.counts
            if report.list_complete:
                assert sum(report.counts.values()) == len(rows)
            waiting = sum(deferral.people for deferral in report.deferrals)
            assert waiting + report.too_late == report.counts["deferred"]
            assert not set(way.called) & set(listed)
        assert len(way.called) == len(set(way.called))
        with way.ledger() as ledger:
            states = ledger.engine.rows("SELECT DISTINCT state FROM batches")
        assert not {state for (state,) in states} & {"claimed", "submitting"}


def test_who_was_called_after_a_wait_is_no_longer_listed_as_deferred(way):
    report = way.dial(["+13035550123"], Screening(hours=hours("09:00-20:00")), wait=True)
    assert report.counts["accepted"] == 1
    assert report.counts["deferred"] == 0
    assert report.screened == ()
    assert "outside-hours" not in report.reasons
    assert report.deferrals == ()


def test_waiting_does_not_outlive_the_end(way):
    until = Until(NOON_UTC + timedelta(hours=2))  # Denver opens in four hours
    screening = Screening(until=until, hours=replace(hours("09:00-20:00"), until=until))
    report = way.dial(["+13035550123"], screening, wait=True)
    assert way.clock.now() - NOON_UTC < timedelta(hours=1)
    assert (report.counts["screened"], report.reasons) == (1, {"past-until": 1})
    assert way.called == []
