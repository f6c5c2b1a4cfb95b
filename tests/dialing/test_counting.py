"""Whole runs: how rows are counted, how far the list is read, and how a run is stopped."""

import contextlib
import threading

import pytest

from tests.dialing.conftest import counts, let_all_through, prepare, rows, settled, taken
from tests.support.builders import description, numbers, target
from tests.support.observing import Told
from tests.support.waiting import PATIENCE_S, wait_until
from xuna_cli.api.outcomes import Unknown
from xuna_cli.dialing.pipeline import eligible, read, targets_of, unclaimed
from xuna_cli.dialing.rehearsal import RehearsedClaims, rehearse
from xuna_cli.dialing.report import Progress
from xuna_cli.dialing.run_stats import REJECTIONS_KEPT, RunStats
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import ExitStatus, InputError, LedgerError
from xuna_cli.ledger.attempts import Due
from xuna_cli.ledger.do_not_call import add
from xuna_cli.ledger.records import BatchState, ClaimStatus
from xuna_cli.models import Rejection
from xuna_cli.screening.order import Screening


def breaking(list_, error=None):
    """Yield the rows, then fail."""
    yield from list_
    raise error or InputError("row 7: an unclosed quote")


def test_rows_are_named_in_their_order_although_they_are_rejected_in_another_one():
    stats = RunStats()
    for row in (9, 4, 12, 2, 30, 7, 5, 40):
        stats.reject(Rejection(row, "api-refused", "", f"about row {row}"))
    report = stats.report()
    assert [one.row_number for one in report.rejections] == [2, 4, 5, 7, 9, 12, 30, 40]
    [cause] = report.causes
    assert (cause.rows, cause.first_rows, cause.message) == (8, (2, 4, 5, 7, 9), "about row 2")


# ------------------------------------------------------------------------------- the pipeline


class Known:
    """Claims known to a function."""

    def __init__(self, statuses=lambda keys: {}) -> None:
        self.statuses = statuses

    def first_rows(self, keys):
        return {}


def pipeline(list_, stats, statuses=lambda keys: {}, *, size=10, pending=None, known=None, screener=None):
    claims = Known(statuses)
    chunks = unclaimed(
        read(targets_of(list_, prepare), stats, lambda: size), known or statuses, claims, stats
    )
    screen = (screener or let_all_through()).at_intake
    return eligible(chunks, screen, claims, {} if pending is None else pending, stats)


def rows_of(chunk):
    return [one.row_number for one in chunk]


def test_duplicates_are_told_within_a_chunk_and_across_chunks():
    stats, pending = RunStats(), {}
    chunks = pipeline(rows(1, 1, 2, 1, 3, 2), stats, size=3, pending=pending)
    first = next(chunks)
    assert rows_of(first) == [2, 4]
    pending.update((one.key, one) for one in first)
    assert rows_of(next(chunks)) == [6]
    assert list(chunks) == [[]]
    assert (stats.get("duplicates"), stats.rows) == (3, 6)
    assert stats.report().duplicates == ((3, 2), (5, 2), (7, 4))


def test_rows_that_could_not_be_read_and_rows_that_cannot_be_called_are_rejected():
    rejected = []
    stats = RunStats(Told(rejection=rejected.append))
    unreadable = Rejection(3, "row-too-long", "", "5 fields, header has 2")
    [chunk] = pipeline([*rows(1), unreadable, *rows(None)], stats)
    assert len(chunk) == 1
    assert [one.code for one in rejected] == ["row-too-long", "phone-empty"]
    assert stats.get("rejected") == 2


@pytest.mark.parametrize("status", list(ClaimStatus))
def test_who_the_ledger_knows_goes_no_further(status):
    stats = RunStats()
    [chunk] = pipeline(rows(1, 2), stats, lambda keys: {numbers(1)[0]: status})
    assert rows_of(chunk) == [3]
    assert stats.get(status) == 1


def test_whose_next_attempt_only_a_later_run_can_make_is_not_counted_as_finished():
    """Another machine has made the attempt meanwhile, and there is no row to make the next message of."""
    stats = RunStats()
    assert list(pipeline(rows(1), stats, lambda keys: {key: Due(key, 2) for key in keys})) == [[]]
    assert (stats.get("already_called"), stats.report().awaiting_outcome) == (1, 1)


def test_a_list_that_breaks_off_keeps_the_counts_of_what_was_read_before():
    stats = RunStats()
    called = {target(3).key: ClaimStatus.ALREADY_CALLED}
    chunks = pipeline(
        breaking(rows(1, 1, 2, 3, None, 4, 5)), stats, lambda keys: called, pending={target(4).key: target(4)}
    )
    assert [one.key for one in next(chunks)] == numbers(1, 2, 5)
    with pytest.raises(InputError):
        next(chunks)
    assert stats.rows == 7
    assert counts(stats.report()) == {"duplicates": 2, "already_called": 1, "rejected": 1}


def test_no_more_rows_are_read_than_are_wanted():
    read_rows = []

    def counting():
        for row in rows(*range(10)):
            read_rows.append(row)
            yield row

    next(pipeline(counting(), RunStats(), size=4))
    assert len(read_rows) == 4


def test_a_ledger_that_breaks_off_loses_no_row_of_the_counts():
    def statuses(keys):
        raise LedgerError("gone")

    stats = RunStats()
    with pytest.raises(LedgerError):
        next(pipeline(rows(1, 2, None), stats, statuses))
    assert counts(stats.report()) == {"not_sent": 2, "rejected": 1}


def test_a_ledger_that_breaks_off_after_the_rules_were_asked_loses_no_row_of_the_counts(scene):
    def statuses(keys):
        raise LedgerError("gone")

    add(scene.ledger, numbers(1), None)
    screener = Screener(Screening(), scene.clock.now, scene.ledger)
    stats = RunStats()
    with pytest.raises(LedgerError):
        next(pipeline(rows(1, 2, None), stats, statuses, known=lambda keys: {}, screener=screener))
    assert counts(stats.report()) == {"not_sent": 2, "rejected": 1}


def test_whom_a_rule_keeps_back_is_asked_for_in_the_ledger_before_the_rule_counts(scene):
    add(scene.ledger, numbers(1, 2), None)
    screener = Screener(Screening(), scene.clock.now, scene.ledger)
    stats = RunStats()
    called = {numbers(1)[0]: ClaimStatus.ALREADY_CALLED}
    # As it would be if the claim is to find them.
    [chunk] = pipeline(rows(1, 2), stats, lambda keys: called, known=lambda keys: {}, screener=screener)
    assert chunk == []
    assert counts(stats.report()) == {"already_called": 1, "do_not_call": 1}


# ------------------------------------------------------------------------------- the run


def test_every_kind_of_row_is_counted_once(scene):
    scene.dial(rows(1, 2))
    scene.dial(rows(3, 4), lambda *_: Unknown("lost"))
    other = scene.ledger.start_run(description())
    scene.ledger.claim(other, [[target(5)]])
    report = scene.dial(rows(1, 2, 3, 4, 5, 6, 6, None, 7))
    assert counts(report) == {
        "already_called": 2,
        "held": 2,
        "in_flight": 1,
        "duplicates": 1,
        "rejected": 1,
        "accepted": 2,
    }
    assert report.list_complete
    assert report.errors == ()
    assert report.example.key == target(6).key


def test_an_empty_list_is_done(scene):
    report = scene.dial([])
    assert counts(report) == {}
    assert report.list_complete
    assert report.example is None


def test_a_list_that_breaks_off_is_an_input_error_with_counts(scene):
    report = scene.dial(breaking(rows(*range(5))))
    assert [error.exit_status for error in report.errors] == [ExitStatus.INPUT]
    assert not report.list_complete
    assert counts(report) == {"not_sent": 5}
    assert scene.states == {}
    assert scene.api.posts == []


def test_who_was_sent_before_a_list_breaks_off_is_called_and_nobody_behind(scene):
    def list_():
        yield from rows(*range(10))
        wait_until(lambda: scene.recorded)
        yield from breaking(rows(*range(10, 15)))

    report = scene.dial(list_())
    assert [error.exit_status for error in report.errors] == [ExitStatus.INPUT]
    assert counts(report) == {"accepted": 10, "not_sent": 5}
    assert scene.states == {"accepted": sorted(numbers(*range(10)))}


def test_the_first_thousand_rejections_are_kept_and_all_are_passed_on(scene):
    report = scene.dial(rows(*[None] * (REJECTIONS_KEPT + 5)))
    assert counts(report) == {"rejected": REJECTIONS_KEPT + 5}
    assert len(report.rejections) == REJECTIONS_KEPT
    assert len(scene.rejected) == REJECTIONS_KEPT + 5


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("limit", [1, 3, 9])
def test_a_limit_is_of_new_claims_and_ends_the_reading(scene, limit, size):
    scene.dial(rows(0, 1))
    read = []

    def counting():
        for row in rows(0, 1, None, 2, 2, *range(3, 50)):
            read.append(row)
            yield row

    report = scene.dial(counting(), limit=limit, batch_size=size)
    assert report.counts["accepted"] == limit
    assert report.counts["not_sent"] == 0
    assert sum(report.counts.values()) == len(read) < 50
    assert not report.list_complete
    assert report.errors == ()


def test_batches_are_whole_however_far_ahead_is_claimed(scene, monkeypatch):
    monkeypatch.setattr("xuna_cli.dialing.run.CLAIMED_AHEAD", 10)
    scene.dial(rows(*range(43)), batch_size=4)
    assert [len(post) for post in scene.api.posts] == [4] * 10 + [3]


def test_a_limit_above_the_list_reads_it_to_its_end(scene):
    report = scene.dial(rows(1, 2, 3), limit=4)
    assert counts(report) == {"accepted": 3}
    assert report.list_complete


def test_a_limit_of_people_whom_another_run_takes_is_filled_from_behind(make_scene):
    scene = make_scene()
    other = scene.ledger.start_run(description())

    original = scene.ledger.claim_statuses
    calls = []

    def statuses(campaign_id, keys, **about):
        calls.append(list(keys))
        found = original(campaign_id, keys, **about)
        if len(calls) == 1:
            scene.ledger.claim(other, [[target(0)]])  # between the lookup and the claim
        return found

    scene.ledger.claim_statuses = statuses
    report = scene.dial(rows(0, 1, 2, 3, 4), limit=2, batch_size=2)
    assert settled(report) == {"in_flight": 1, "accepted": 2}
    assert scene.states == {"claimed": numbers(0), "accepted": sorted(numbers(1, 2))}


def test_a_stop_lets_the_wire_finish_and_gives_back_the_rest(scene):
    on_the_wire = threading.Barrier(3, timeout=PATIENCE_S)

    def stopper():
        on_the_wire.wait()
        scene.stop = True

    # Requests in progress are answered only after the stop; both are recorded, and nothing else is sent.
    def answer_after_stop(posted, post):
        if post <= 2:
            on_the_wire.wait()
            while not scene.stop:
                pass
        return taken(posted, post)

    stopping = threading.Thread(target=stopper)
    stopping.start()
    report = scene.dial(rows(*range(100)), answer_after_stop, concurrency=2)
    stopping.join()
    assert settled(report) == {"accepted": 20}
    assert len(scene.api.posts) == 2
    assert scene.states == {"accepted": sorted(numbers(*range(20)))}
    scene.stop = False
    report = scene.dial(rows(*range(100)))
    assert counts(report) == {"already_called": 20, "accepted": 80}


def test_a_run_that_is_stopped_before_it_begins_calls_nobody(scene):
    scene.stop = True
    report = scene.dial(rows(*range(100)))
    assert scene.api.posts == []
    assert report.counts["accepted"] == 0
    assert not report.list_complete
    assert scene.states == {}


def test_a_bug_in_a_sender_is_raised_and_leaves_the_ledger_consistent(scene):
    def answer(posted, post):
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        scene.dial(rows(*range(30)), answer)
    # The request may have been sent, so nobody of the batch is called again.
    assert scene.states == {"unknown": sorted(numbers(*range(10)))}


def test_a_bug_in_the_reading_is_raised_and_leaves_the_ledger_consistent(scene):
    with pytest.raises(RuntimeError, match="a bug"):
        scene.dial(breaking(rows(*range(5)), RuntimeError("a bug")))
    assert scene.states == {}


def test_progress_is_told_with_the_counts_of_the_moment(scene):
    def answer(posted, post):
        if post == 3:
            wait_until(lambda: scene.progress and scene.progress[-1].done == 20)
        return taken(posted, post)

    scene.dial(rows(*range(30)), answer)
    assert Progress(30, 20, 30, True, 1) in scene.progress
    for counted in ([one.rows for one in scene.progress], [one.done for one in scene.progress]):
        assert counted == sorted(counted)
    assert all(one.in_progress <= 1 for one in scene.progress)


# ------------------------------------------------------------------------------- the rehearsal


def rehearsed(list_, *, limit=None, ledger=None, stop=lambda: False):
    with contextlib.closing(RehearsedClaims(ledger, 1)) as claims:
        return rehearse(targets_of(list_, prepare), claims, let_all_through(), limit=limit, stop=stop)


def test_a_rehearsal_counts_as_a_run_would(scene):
    scene.dial(rows(1, 2))
    report = rehearsed(rows(1, 2, 3, 3, None, 4), ledger=scene.ledger)
    assert counts(report) == {"already_called": 2, "not_sent": 2, "duplicates": 1, "rejected": 1}
    assert report.list_complete


def test_a_rehearsal_tells_duplicates_that_are_thousands_of_rows_apart():
    report = rehearsed(rows(*range(5000), *range(5000)))
    assert counts(report) == {"not_sent": 5000, "duplicates": 5000}


def test_a_rehearsal_stops_at_the_limit_and_at_a_signal():
    report = rehearsed(rows(*range(50)), limit=7)
    assert counts(report) == {"not_sent": 7}
    assert not report.list_complete
    assert counts(rehearsed(rows(*range(50)), stop=lambda: True)) == {}


def test_a_rehearsal_of_a_list_that_breaks_off_says_so():
    report = rehearsed(breaking(rows(1, 2, None)))
    assert counts(report) == {"not_sent": 2, "rejected": 1}
    assert [error.exit_status for error in report.errors] == [ExitStatus.INPUT]
    assert not report.list_complete


def test_states_of_a_batch_are_the_ledgers():
    assert {state.value for state in BatchState} == {
        "claimed", "submitting", "accepted", "short", "refused", "unknown",
    }  # fmt: skip
