"""Facts that become known while a batch is in progress: do-not-call numbers, decisions of people, a failing ledger."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.dialing.conftest import ScriptedApi, counts, rows, taken
from tests.support.builders import description
from tests.support.clock import FakeClock
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.claims import Claims
from xuna_cli.ledger.do_not_call import add
from xuna_cli.models import CallTarget
from xuna_cli.screening.calling_hours import CallingHours
from xuna_cli.screening.hours import Hours, Window
from xuna_cli.screening.order import Screening


def number_of(row):
    return f"+1555{row:07}"


def test_a_number_suppressed_while_we_connect_is_not_called(scene):
    class Slow(ScriptedApi):
        def connect(self):
            if not self.posts:
                add(scene.ledger, [number_of(2)], "asked")
            return super().connect()

    report = scene.dial(rows(1, 2, 3), Slow(taken))
    assert counts(report) == {"accepted": 2, "do_not_call": 1}
    assert scene.api.dialled == [number_of(1), number_of(3)]


def test_nobody_is_called_whose_hours_close_while_the_disk_is_waited_for(scene):
    closing = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)

    clock = FakeClock(closing - timedelta(seconds=1))
    submit = scene.ledger.submit

    def slow(batch, *about):
        clock.advance(2)
        return submit(batch, *about)

    scene.ledger.submit = slow
    scene.clock = clock
    report = scene.dial(
        rows(1),
        prepare=lambda contact: CallTarget(2, number_of(1), number_of(1), timezone="UTC"),
        screening=Screening(hours=CallingHours(Hours((Window(8 * 60, 20 * 60),), close_early=timedelta(0)))),
    )
    assert scene.api.posts == []
    assert counts(report) == {"deferred": 1}
    assert scene.ledger.batches(scene.run.campaign_id) == []


@pytest.mark.parametrize("rival", [False, True])
def test_a_batch_resolved_as_not_placed_that_the_api_took_is_taken_back_and_said(scene, rival):
    def answer(numbers, post):
        if post == 1:
            # Another run considered this one dead, and a person decided: not placed.
            with scene.ledger.transaction():
                scene.ledger.engine.change("UPDATE batches SET state = 'refused'")
                scene.ledger.engine.change("DELETE FROM calls")
                if rival:
                    other = scene.ledger.engine.rows(
                        "INSERT INTO batches (run_id, state, size) VALUES (:run, 'accepted', 1) RETURNING id",
                        {"run": scene.run.id},
                    )[0][0]
                    scene.ledger.engine.change(
                        "INSERT INTO calls VALUES (:campaign, :key, 1, :key, :batch, 1)",
                        {"campaign": scene.run.campaign_id, "key": number_of(1), "batch": other},
                    )
        return taken(numbers, post)

    report = scene.dial(rows(1, 2, 3), answer)
    [error] = report.errors
    assert error.code == "resolved-wrongly"
    assert ("1 of these people were claimed by another run" in error.message) is rival
    first = list(scene.api.dialled)
    again = scene.dial(rows(1, 2, 3))
    assert counts(again) == {"already_called": 3}
    assert first == [number_of(1), number_of(2), number_of(3)]


def test_nobody_who_was_deferred_is_lost_when_the_ledger_cannot_be_asked(scene):
    opening = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

    clock = FakeClock(opening - timedelta(minutes=1))
    statuses = scene.ledger.claim_statuses

    def failing(*args, **kwargs):
        if clock.now() >= opening:
            raise LedgerError("the disk is gone")
        return statuses(*args, **kwargs)

    scene.ledger.claim_statuses = failing
    hours = Hours((Window(8 * 60, 20 * 60),), close_early=timedelta(0))
    scene.clock = clock
    report = scene.dial(
        rows(1, 2, 3, 4, 5),
        prepare=lambda contact: CallTarget(
            contact.row_number,
            number_of(contact.fields["phone"]),
            number_of(contact.fields["phone"]),
            timezone="UTC",
        ),
        screening=Screening(hours=CallingHours(hours)),
        wait=True,
    )
    assert counts(report) == {"not_sent": 5}
    assert [error.message for error in report.errors] == ["the disk is gone"]


def test_the_rest_of_a_claim_is_given_back_and_called_in_this_run(scene, monkeypatch):
    """Another run claims a person between the lookup and the claim, so a partial batch waits for more people."""
    from tests.support.builders import target

    claim = scene.ledger.claim
    rival = []

    def late(run, groups, *since):
        if not rival:
            other = scene.ledger.start_run(description())
            rival.append(claim(other, [[target(4)]]))
            monkeypatch.setattr(Claims, "_still_free", lambda _self, _run, groups: groups)
        return claim(run, groups, *since)

    scene.ledger.claim = late
    report = scene.dial(rows(*range(60)), batch_size=10, concurrency=1)
    assert counts(report) == {"accepted": 59, "in_flight": 1}
    assert sorted(scene.api.dialled) == [number_of(row) for row in range(60) if row != 4]
