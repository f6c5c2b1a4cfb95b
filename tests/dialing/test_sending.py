"""The effect of each outcome on the people, the ledger and the rest of the run."""

import math
import threading
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.dialing.conftest import ScriptedApi, bad, counts, for_now, rows, settled, taken
from tests.support.builders import numbers, target
from tests.support.scripted import ScriptedServer, nothing_comes
from tests.support.waiting import PATIENCE_S
from xuna_cli.api.client import Client
from xuna_cli.api.outcomes import NotSent, Refusal, Refused, Taken, Unknown
from xuna_cli.dialing.limiter import MOST_NOT_SENT_AT_START
from xuna_cli.errors import ExitStatus
from xuna_cli.ledger.records import BatchState

LOST = Unknown("the connection broke")


def answering(*outcomes):
    """Answer the POSTs in order; a callable is called; the last answer is repeated."""

    def answer(numbers, post):
        outcome = outcomes[min(post, len(outcomes)) - 1]
        return outcome(numbers, post) if callable(outcome) else outcome

    return answer


# ------------------------------------------------------------------------------- accepted


def test_everybody_is_called_once_in_whole_batches_in_the_lists_order(scene):
    report = scene.dial(rows(*range(25)), batch_size=10)
    assert scene.api.posts == [numbers(*range(10)), numbers(*range(10, 20)), numbers(*range(20, 25))]
    assert counts(report) == {"accepted": 25}
    assert scene.states == {"accepted": sorted(numbers(*range(25)))}
    assert [(one.calls_initiated, one.http_status) for one in report.batches] == [
        (10, 200),
        (10, 200),
        (5, 200),
    ]
    assert len({one.batch_id for one in report.batches}) == 3
    assert len(set(scene.api.idempotency_keys)) == 3


def test_a_second_run_calls_nobody_again_and_a_third_calls_whom_is_new(scene):
    scene.dial(rows(*range(5)))
    assert counts(scene.dial(rows(*range(5)))) == {"already_called": 5}
    assert scene.api.posts == []
    assert counts(scene.dial(rows(*range(8)))) == {"already_called": 5, "accepted": 3}
    assert scene.api.posts == [numbers(5, 6, 7)]


@pytest.mark.parametrize("initiated", [0, 2, 4])
def test_another_count_than_was_sent_is_short_and_held(scene, initiated):
    report = scene.dial(rows(1, 2, 3), lambda *_: Taken("b", initiated, 200))
    assert counts(report) == {"held": 3}
    [record] = scene.ledger.batches(1)
    assert (record.state, record.error) == (BatchState.SHORT, f"the API queued {initiated} of 3 calls")
    assert counts(scene.dial(rows(1, 2, 3))) == {"held": 3}
    assert scene.api.posts == []


# ------------------------------------------------------------------------------- unknown


def test_unknown_is_held_and_stops_the_run_and_the_rest_is_free(scene):
    report = scene.dial(rows(*range(30)), answering(taken, LOST))
    assert settled(report) == {"accepted": 10, "held": 10}
    assert scene.states == {
        "accepted": sorted(numbers(*range(10))),
        "unknown": sorted(numbers(*range(10, 20))),
    }
    [error] = report.errors
    assert (error.code, error.exit_status) == ("max-unknown", ExitStatus.HELD)
    assert "xuna campaigns resolve spring" in error.hint
    assert counts(scene.dial(rows(*range(30)))) == {"already_called": 10, "held": 10, "accepted": 10}


def test_unknown_in_a_row_are_counted_in_the_order_of_recording(scene):
    report = scene.dial(
        rows(*range(80)), answering(LOST, taken, LOST, LOST, taken, LOST, LOST, LOST), max_unknown=3
    )
    assert counts(report) == {"accepted": 20, "held": 60}
    report = scene.dial(rows(*range(100, 180)), answering(LOST, LOST, LOST, taken), max_unknown=3)
    assert settled(report) == {"held": 30}
    assert "3 batches in a row with an unknown outcome" in report.errors[0].message


def test_a_dead_runs_unknown_does_not_count(scene):
    run = scene.ledger.start_run(scene_description())
    [batch] = scene.ledger.claim(run, [[target(99)]])
    scene.ledger.submit(batch)
    scene.ledger.end_run(run)
    assert counts(scene.dial(rows(1, 2), max_unknown=1)) == {"accepted": 2}


def scene_description():
    from tests.support.builders import description

    return description()


def test_no_new_post_goes_out_after_the_unknown_that_stops_the_run(scene):
    """The second sender continues at the moment at which the unknown batch is in the ledger."""
    second_is_there, recorded, second_has_tried = (threading.Event() for _ in range(3))
    connections = count(1)

    class Late:
        """The second connection: its sender continues when the unknown batch is recorded."""

        def __init__(self, api):
            self._api = api

        def __enter__(self):
            second_is_there.set()
            assert recorded.wait(PATIENCE_S)
            return self

        def __exit__(self, *_):
            second_has_tried.set()

        def post(self, body, **how):
            return self._api.post(body, **how)

    class Api(ScriptedApi):
        def connect(self):
            return self if next(connections) == 1 else Late(self)

    def on_batch(record):
        if record.state is BatchState.UNKNOWN:
            recorded.set()
            assert second_has_tried.wait(PATIENCE_S)

    scene.on_batch = on_batch

    def answer(posted, post):
        second_is_there.wait(PATIENCE_S)
        return LOST

    api = Api(answer)
    report = scene.dial(rows(*range(20)), api, concurrency=2)
    assert len(api.posts) == 1
    assert settled(report) == {"held": 10}


@pytest.mark.parametrize("why", ["unknown", "signal"])
def test_nor_while_another_batch_waits_for_the_ledger(scene, why):
    """The sender was told that the run continues, and then something stops the run."""
    second_is_there, may_go_on = threading.Event(), threading.Event()
    submit = scene.ledger.submit

    def waiting(batch, *about):
        if batch.targets[0].key == numbers(10)[0]:
            second_is_there.set()
            assert may_go_on.wait(PATIENCE_S)
        return submit(batch, *about)

    def on_batch(record):
        if record.state is BatchState.UNKNOWN:
            may_go_on.set()

    def answer(posted, post):
        assert second_is_there.wait(PATIENCE_S)
        if why == "signal":
            scene.stop = True
            may_go_on.set()
            return taken(posted)
        return LOST

    scene.ledger.submit, scene.on_batch = waiting, on_batch
    report = scene.dial(rows(*range(20)), answer, concurrency=2)
    assert scene.api.posts == [numbers(*range(10))]
    assert settled(report) == {"held" if why == "unknown" else "accepted": 10}
    assert set(scene.states) == {"unknown" if why == "unknown" else "accepted"}


def test_an_answer_with_a_batch_id_that_the_campaign_has_is_held_and_stops_the_run(scene):
    report = scene.dial(rows(*range(30)), lambda posted, _: Taken("batch_again", len(posted), 200))
    assert settled(report) == {"accepted": 10, "held": 10}
    assert [error.code for error in report.errors] == ["max-unknown"]
    held = scene.ledger.batches(1)[1]
    assert (held.state, held.batch_id, held.http_status) == (BatchState.UNKNOWN, None, 200)
    assert (
        held.error == "the API answered with batch_again, which is already the ID of batch 1 of this campaign"
    )
    # In a later run, too; and each of them is reported as it is in the ledger.
    report = scene.dial(rows(*range(30)), lambda posted, _: Taken("batch_again", len(posted), 200))
    assert [(batch.state, batch.batch_id) for batch in report.batches] == [(BatchState.UNKNOWN, None)]


# ------------------------------------------------------------------------------- isolation


def refusing(bad_values, *, loc, words="not a number"):
    """Refuse batches that contain one of these numbers, with or without naming them."""
    bad_ones = set(numbers(*bad_values))

    def answer(numbers, post):
        found = {index: words for index, number in enumerate(numbers) if number in bad_ones}
        if not found:
            return taken(numbers, post)
        return bad(words, found if loc else None)

    return answer


def test_calls_that_the_api_names_are_rejected_and_the_others_accepted(scene):
    report = scene.dial(rows(*range(10)), refusing({3, 7}, loc=True))
    assert counts(report) == {"accepted": 8, "rejected": 2}
    assert scene.api.posts == [numbers(*range(10)), numbers(0, 1, 2, 4, 5, 6, 8, 9)]
    assert [(one.row_number, one.code, one.message) for one in report.rejections] == [
        (5, "api-refused", "not a number"),
        (9, "api-refused", "not a number"),
    ]
    assert [one.contact.fields for one in scene.rejected] == [{"phone": 3}, {"phone": 7}]
    assert scene.states == {"accepted": sorted(numbers(0, 1, 2, 4, 5, 6, 8, 9))}
    parent, child = scene.ledger.batches(1)
    assert (parent.state, child.parent_id) == (BatchState.REFUSED, parent.id)


def test_a_call_that_is_not_named_is_found_by_halving(scene):
    report = scene.dial(rows(*range(8)), refusing({5}, loc=False), batch_size=8)
    assert counts(report) == {"accepted": 7, "rejected": 1}
    assert scene.api.posts == [
        numbers(*range(8)),
        numbers(0, 1, 2, 3),
        numbers(4, 5, 6, 7),
        numbers(4, 5),
        numbers(4),
        numbers(5),
        numbers(6, 7),
    ]
    assert [one.row_number for one in report.rejections] == [7]


SETTINGS = settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)


@pytest.mark.slow
@SETTINGS
@given(
    st.integers(1, 24).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))), st.booleans()
)
@example((24, set(range(24))), False)
@example((24, set(range(0, 24, 2))), False)
def test_isolating_takes_at_most_2n_minus_1_requests_and_rejects_exactly_the_bad(make_scene, case, loc):
    size, bad_ones = case
    scene = make_scene()
    # Each is refused with its own message, because many equal messages would stop the run.
    serial = count()

    def answer(posted, post):
        found = {
            index: f"bad {next(serial)}" for index, one in enumerate(posted) if one in set(numbers(*bad_ones))
        }
        if not found:
            return taken(posted, post)
        return bad(f"words {next(serial)}", found if loc else None)

    report = scene.dial(rows(*range(size)), answer, batch_size=size)
    assert len(scene.api.posts) <= 2 * size - 1
    if loc:
        assert len(scene.api.posts) <= 2
    elif bad_ones:
        assert len(scene.api.posts) <= 2 * len(bad_ones) * (math.ceil(math.log2(size)) + 1)
    assert {one.row_number - 2 for one in report.rejections} == bad_ones
    assert sorted(scene.api.dialled) == sorted(numbers(*(set(range(size)) - bad_ones)))
    assert report.counts["accepted"] + report.counts["rejected"] == sum(report.counts.values()) == size
    assert report.errors == ()


def test_too_large_is_halved_until_it_fits(scene):
    def answer(posted, post):
        return Refused(Refusal.TOO_LARGE, 413, "HTTP 413", {}) if len(posted) > 3 else taken(posted, post)

    report = scene.dial(rows(*range(10)), answer)
    assert counts(report) == {"accepted": 10}
    assert [len(post) for post in scene.api.posts] == [10, 5, 3, 2, 5, 3, 2]


def test_one_call_that_is_too_large_is_rejected(scene):
    report = scene.dial(rows(1), lambda *_: Refused(Refusal.TOO_LARGE, 413, "HTTP 413", {}))
    assert counts(report) == {"rejected": 1}
    assert report.rejections[0].message == "HTTP 413"


def test_an_ambiguous_answer_at_any_depth_makes_exactly_that_part_unknown(scene):
    refuse = refusing({5}, loc=False)

    def answer(posted, post):
        return LOST if posted == numbers(4) else refuse(posted, post)

    report = scene.dial(rows(*range(8)), answer, batch_size=8, max_unknown=2)
    assert counts(report) == {"accepted": 6, "rejected": 1, "held": 1}
    assert scene.states == {"accepted": sorted(numbers(0, 1, 2, 3, 6, 7)), "unknown": numbers(4)}


def test_an_unknown_part_that_stops_the_run_leaves_the_other_parts_free(scene):
    refuse = refusing({5}, loc=False)

    def answer(posted, post):
        return LOST if posted == numbers(4, 5) else refuse(posted, post)

    report = scene.dial(rows(*range(16)), answer, batch_size=8)
    assert settled(report) == {"accepted": 4, "held": 2}
    assert report.counts["not_sent"] >= 2
    assert scene.states == {"accepted": sorted(numbers(0, 1, 2, 3)), "unknown": numbers(4, 5)}


@pytest.mark.parametrize("loc", [True, False])
def test_three_refused_alone_in_the_same_words_stop_a_run_in_which_nothing_was_accepted(scene, loc):
    report = scene.dial(
        rows(*range(6)), refusing(range(6), loc=loc, words="override not allowed"), batch_size=1
    )
    assert settled(report) == {"rejected": 3}
    [error] = report.errors
    assert (error.code, error.exit_status) == ("api-refuses-all", ExitStatus.CONFIGURATION)
    assert "override not allowed" in error.message
    assert scene.states == {}
    assert counts(scene.dial(rows(*range(6)))) == {"accepted": 6}


def test_many_refused_alone_after_one_was_accepted_are_only_rejections(scene):
    report = scene.dial(rows(*range(6)), refusing(range(1, 6), loc=False), batch_size=1)
    assert counts(report) == {"accepted": 1, "rejected": 5}
    assert report.errors == ()


def test_three_refused_alone_in_other_words_are_only_rejections(scene):
    report = scene.dial(rows(*range(4)), lambda posted, post: bad(f"bad {posted}"), batch_size=1)
    assert counts(report) == {"rejected": 4}
    assert report.errors == ()


# ------------------------------------------------------------------------------- refused


def test_what_is_refused_for_good_stops_the_run_and_frees_everybody(scene):
    refusal = Refused(Refusal.FOR_GOOD, 401, "HTTP 401: bad key", {})
    report = scene.dial(rows(*range(30)), answering(taken, refusal), concurrency=1)
    assert settled(report) == {"accepted": 10}
    assert report.counts["not_sent"] >= 10
    assert [(error.code, error.exit_status) for error in report.errors] == [
        ("key-refused", ExitStatus.CONFIGURATION)
    ]
    assert len(scene.api.posts) == 2
    assert scene.states == {"accepted": sorted(numbers(*range(10)))}


def test_what_is_refused_for_now_is_sent_again_after_the_pause(scene):
    report = scene.dial(rows(*range(20)), answering(for_now(7.0), for_now(5.0), taken))
    assert counts(report) == {"accepted": 20}
    assert [len(post) for post in scene.api.posts] == [10, 10, 10, 10]
    assert scene.clock.at == 1012.0
    assert (report.refusals, report.paused) == (2, 12.0)
    # The same batch has the same key, in case the API uses it.
    assert len(set(scene.api.idempotency_keys[:3])) == 1


def test_who_is_refused_for_now_is_not_held_while_the_run_waits(scene):
    seen = []

    class Watching(type(scene.clock)):
        def wait(self, condition, seconds):
            if seconds != float("inf"):
                seen.append([record.state for record in scene.ledger.batches(1)])
            super().wait(condition, seconds)

    scene.clock = Watching()
    scene.dial(rows(1), answering(for_now(7.0), taken))
    assert seen == [[BatchState.CLAIMED]]


def test_refused_for_too_long_ends_in_exit_6_with_everybody_free(scene):
    report = scene.dial(rows(*range(20)), lambda *_: for_now(60.0), give_up_after=300.0)
    assert settled(report) == {}
    assert report.counts["not_sent"] >= 10
    [error] = report.errors
    assert (error.code, error.exit_status) == ("refusing", ExitStatus.UNREACHABLE)
    assert scene.states == {}
    assert scene.clock.at == 1300.0


def test_what_is_not_sent_is_sent_again(scene):
    report = scene.dial(rows(1, 2), answering(NotSent("refused"), NotSent("refused"), taken))
    assert counts(report) == {"accepted": 2}


def test_what_could_not_connect_was_never_submitting(scene):
    """A kill at that time leaves nobody held, and the tries don't change the ledger."""
    states = []

    class Api(ScriptedApi):
        def connect(self):
            states.append([record.state for record in scene.ledger.batches(scene.run.campaign_id)])
            return NotSent("Connection refused") if len(states) < 3 else super().connect()

    assert counts(scene.dial(rows(1, 2), Api(taken))) == {"accepted": 2}
    assert states == [[BatchState.CLAIMED]] * 3


def test_an_api_that_can_not_be_connected_to_is_said_to_be_out_of_reach(scene):
    class Api(ScriptedApi):
        def connect(self):
            return NotSent("Connection refused")

    [error] = scene.dial(rows(1, 2), Api(taken)).errors
    assert error.message.startswith("can't reach the API (")
    assert error.message.endswith(": Connection refused")


@pytest.mark.parametrize("asked_at", [1, 2])
def test_a_bug_in_the_last_look_is_no_failure_of_the_wire(scene, asked_at):
    submit = scene.ledger.submit
    asked = count(1)

    def broken(batch, *about):
        if next(asked) == asked_at:
            raise ZeroDivisionError
        return submit(batch, *about)

    scene.ledger.submit = broken
    with pytest.raises(ZeroDivisionError):
        scene.dial(rows(*range(20)))
    assert len(scene.api.posts) == asked_at - 1


def test_no_connection_for_long_ends_in_exit_6_with_everybody_free(scene):
    report = scene.dial(rows(*range(20)), lambda *_: NotSent("Connection refused"))
    assert settled(report) == {}
    assert report.counts["not_sent"] >= 10
    assert len(scene.api.posts) == MOST_NOT_SENT_AT_START
    [error] = report.errors
    assert error.exit_status is ExitStatus.UNREACHABLE
    assert "Connection refused" in error.message
    assert scene.states == {}


def test_a_ledger_that_is_too_slow_for_connections_ends_in_exit_6_with_everybody_free(scene, monkeypatch):
    """Otherwise each connection would be given up and replaced by another one, without end and without a message."""
    monkeypatch.setattr("xuna_cli.api.client.LONGEST_PAUSE_S", 0.0)

    class Api(ScriptedApi):
        def connect(self):
            assert server.connections <= MOST_NOT_SENT_AT_START
            return client.connect()

    with ScriptedServer(lambda _: nothing_comes()) as server:
        client = Client(server.base_url, "sk-test-of-a-key", deadline=10)
        # Only one batch, so no connection is opened in advance.
        report = scene.dial(rows(*range(10)), Api(taken))
    assert server.connections == MOST_NOT_SENT_AT_START
    assert settled(report) == {}
    [error] = report.errors
    assert error.exit_status is ExitStatus.UNREACHABLE
    assert "the ledger" in error.message
    assert scene.states == {}


def test_what_will_never_be_sent_stops_at_once(scene):
    report = scene.dial(rows(*range(20)), lambda *_: NotSent("certificate", permanent=True))
    assert settled(report) == {}
    assert report.counts["not_sent"] >= 10
    assert len(scene.api.posts) == 1
    assert report.errors[0].exit_status is ExitStatus.CONFIGURATION
    assert scene.states == {}


# ------------------------------------------------------------------------------- order


def test_submitting_is_in_the_ledger_while_the_post_is_on_the_wire(scene):
    seen = []

    def answer(posted, post):
        seen.append([(record.size, record.state) for record in scene.ledger.batches(1)][-1])
        return taken(posted, post)

    scene.dial(rows(1, 2), answer)
    assert seen == [(2, BatchState.SUBMITTING)]


def test_an_intent_that_cannot_be_written_sends_nothing(scene):
    scene.ledger.engine.rows("CREATE TRIGGER full BEFORE UPDATE ON batches WHEN NEW.state = 'submitting' "
                             "BEGIN SELECT RAISE(ABORT, 'disk full'); END")  # fmt: skip
    report = scene.dial(rows(*range(20)))
    assert scene.api.posts == []
    assert settled(report) == {}
    assert report.counts["not_sent"] >= 10
    assert report.errors[0].exit_status is ExitStatus.CONFIGURATION
    assert scene.states == {}


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Taken("batch_77", 2, 200), ["accepted the batch as batch_77", "queued 2 of 2"]),
        (LOST, ["did not say clearly whether it accepted the 2 calls"]),
        (Refused(Refusal.FOR_GOOD, 401, "HTTP 401", {}), ["did not accept the 2 calls"]),
    ],
)
def test_an_outcome_that_cannot_be_written_is_said_in_full(scene, outcome, words):
    scene.ledger.engine.rows("CREATE TRIGGER full BEFORE UPDATE ON batches "
                             "WHEN NEW.state IN ('accepted', 'unknown', 'refused') "
                             "BEGIN SELECT RAISE(ABORT, 'disk full'); END")  # fmt: skip
    report = scene.dial(rows(1, 2), lambda *_: outcome)
    assert counts(report) == {"held": 2}
    error = next(one for one in report.errors if one.code == "outcome-unrecorded")
    assert error.exit_status is ExitStatus.HELD
    assert all(word in error.message for word in words)
    assert "xuna campaigns resolve spring 1" in error.hint
    assert scene.states == {"submitting": numbers(1, 2)}  # the next run finds them, and marks them as held
    scene.ledger.engine.rows("DROP TRIGGER full")
    scene.ledger.recover()
    assert scene.states == {"unknown": numbers(1, 2)}


def test_nothing_is_sent_without_the_lock_that_says_that_the_run_is_alive(scene):
    class Api(ScriptedApi):
        def connect(self):
            scene.ledger.engine.release_lock(scene.run.id)
            return super().connect()

    report = scene.dial(rows(1, 2), Api(taken))
    assert scene.api.posts == []
    assert counts(report) == {"not_sent": 2}
    assert report.errors
