"""People whom the API refuses: they are remembered, don't keep others from being called, and are tried again."""

import pytest

from tests.dialing.conftest import bad, counts, rows, settled, taken
from tests.support.builders import target
from xuna_cli.errors import LedgerError

BAD = [target(value).key for value in (0, 1, 2)]


def refusing(*, loc=False, words="no such number", refused=tuple(BAD)):
    def answer(numbers, post):
        found = {place: words for place, number in enumerate(numbers) if number in refused}
        return bad(words, found if loc else None) if found else taken(numbers, post)

    return answer


def posts(scene):
    return [[int(number[-4:]) for number in post] for post in scene.api.posts]


def test_three_that_the_api_refuses_block_a_campaign_once_and_not_for_ever(scene):
    first = scene.dial(rows(0, 1, 2, 3, 4), refusing(), batch_size=1)
    assert settled(first) == {"rejected": 3}
    assert [error.code for error in first.errors] == ["api-refuses-all"]
    second = scene.dial(rows(0, 1, 2, 3, 4), refusing(), batch_size=2)
    assert counts(second) == {"accepted": 2, "rejected": 3}
    assert second.errors == ()
    # Last, and in separate batches, so that no other batch is halved because of them.
    assert posts(scene) == [[3, 4], [0, 1], [0], [1], [2]]
    assert (second.refused_earlier, second.refused_calls) == (3, 3)


def test_with_retry_refused_they_are_called_like_anybody(scene):
    scene.dial(rows(0, 1, 2, 3, 4), refusing(), batch_size=1)
    report = scene.dial(rows(0, 1, 2, 3, 4), batch_size=2, retry_refused=True)
    assert posts(scene) == [[0, 1], [2, 3], [4]]
    assert counts(report) == {"accepted": 5}
    assert (report.refused_earlier, report.refused_calls) == (3, 0)


def test_who_was_accepted_since_is_refused_no_more(scene):
    scene.dial(rows(0, 3), refusing(), batch_size=1)
    assert counts(scene.dial(rows(0, 3))) == {"accepted": 1, "already_called": 1}
    report = scene.dial(rows(0, 3))
    assert counts(report) == {"already_called": 2}
    assert report.refused_earlier == 0


def test_what_the_campaign_had_accepted_in_an_earlier_run_counts(scene):
    scene.dial(rows(9))
    report = scene.dial(rows(0, 1, 2, 3), refusing(), batch_size=1)
    assert counts(report) == {"accepted": 1, "rejected": 3}
    assert report.errors == ()


def test_what_another_campaign_had_accepted_does_not_count(scene):
    from tests.support.builders import description

    other = scene.ledger.start_run(description("autumn"))
    [batch] = scene.ledger.claim(other, [[target(9)]])
    scene.ledger.submit(batch)
    from xuna_cli.ledger.records import BatchState

    scene.ledger.record(batch, BatchState.ACCEPTED, batch_id="b", calls_initiated=1)
    report = scene.dial(rows(0, 1, 2, 3), refusing(), batch_size=1)
    assert [error.code for error in report.errors] == ["api-refuses-all"]


@pytest.mark.parametrize("batch_size", [3, 5])
def test_calls_that_one_answer_names_together_are_not_refused_alone(scene, batch_size):
    report = scene.dial(rows(0, 1, 2, 3, 4), refusing(loc=True), batch_size=batch_size)
    assert counts(report) == {"accepted": 2, "rejected": 3}
    assert report.errors == ()


@pytest.mark.parametrize("loc", [True, False])
def test_the_number_the_words_and_the_time_are_in_the_ledger(scene, loc):
    scene.dial(rows(0, 3), refusing(loc=loc))
    found = scene.ledger.query("SELECT key, to_phone_number, run_id, error, refused_at FROM refusals")
    assert found == [(BAD[0], BAD[0], scene.run.id, "no such number", scene.ledger.timestamp())]


def test_a_limit_that_is_reached_before_their_turn_leaves_them_not_sent(scene):
    scene.dial(rows(0, 1, 2), refusing(), batch_size=1)
    report = scene.dial(rows(0, 3, 4, 5), batch_size=1, limit=2)
    assert counts(report)["accepted"] == 2
    assert report.counts["not_sent"] >= 1
    assert posts(scene) == [[3], [4]]


def test_no_more_are_called_than_were_agreed_to(scene):
    scene.dial(rows(0, 1, 2), refusing(), batch_size=1)
    report = scene.dial(rows(0, 1, 2, 3, 4), batch_size=2, agreed=3)
    assert counts(report) == {"accepted": 3, "not_sent": 2}
    assert [error.code for error in report.errors] == ["more-than-agreed"]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 50])
@pytest.mark.parametrize("refused_before", [False, True])
def test_a_second_row_of_a_refused_person_is_a_duplicate_whatever_the_batch_size(
    scene, batch_size, refused_before
):
    scene.dial(rows(9))  # something was accepted, so nothing stops
    if refused_before:
        scene.dial(rows(0), refusing())
    report = scene.dial(rows(0, 3, 4, 5, 6, 7, 8, 0), refusing(), batch_size=batch_size)
    assert counts(report) == {"accepted": 6, "rejected": 1, "duplicates": 1}
    alone = [post for post in posts(scene) if post == [0]]
    assert len(alone) == 1


def test_nobody_is_lost_from_the_counts_when_the_ledger_cannot_say_who_was_refused(scene):
    def failing(*_):
        raise LedgerError("the disk is gone")

    scene.ledger.refused = failing
    report = scene.dial(rows(0, 1, 2))
    assert counts(report) == {"not_sent": 3}
    assert [error.message for error in report.errors] == ["the disk is gone"]
