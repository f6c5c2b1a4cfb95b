"""Who may be called again, as a table: every row is one way to be wrong about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from xuna_cli.ledger.attempts import Attempts, Due, LastCall, Never, NoMore, NotYet, next_attempt
from xuna_cli.ledger.database import as_written
from xuna_cli.ledger.records import BatchState, CallOutcome, ClaimStatus, ConversationSync

SENT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = SENT + 30 * DAY
ANN = "+15550000001"
ALL = frozenset({CallOutcome.NO_CONVERSATION, CallOutcome.FAILURE, CallOutcome.UNKNOWN})
POLICY = Attempts(3, (4 * HOUR, DAY), ALL)
FIRST = LastCall(ANN, 1, BatchState.ACCEPTED, 1, "batch_1", as_written(SENT), as_written(SENT))
READ = ConversationSync(as_written(SENT + 2 * HOUR))
NONE, FAILURE, UNKNOWN = CallOutcome.NO_CONVERSATION, CallOutcome.FAILURE, CallOutcome.UNKNOWN


def stands(outcome=FAILURE, *, policy=POLICY, call=FIRST, sync=READ, now=LATE, recorded=(), **call_fields):
    return next_attempt(
        policy, call._replace(**call_fields), outcome, sync, now, recorded=frozenset(recorded)
    )


DUE = Due(ANN, 2)
WAITS = NotYet(ANN, 2)


@pytest.mark.parametrize("outcome", sorted(ALL))
def test_a_named_and_proven_outcome_makes_the_next_attempt_due(outcome):
    assert stands(outcome) == DUE
    assert stands(outcome, attempt=2) == Due(ANN, 3)


@pytest.mark.parametrize("outcome", CallOutcome)
@pytest.mark.parametrize(
    ("state", "status"),
    [
        (BatchState.UNKNOWN, ClaimStatus.HELD),
        (BatchState.SHORT, ClaimStatus.HELD),
        (BatchState.CLAIMED, ClaimStatus.IN_FLIGHT),
        (BatchState.SUBMITTING, ClaimStatus.IN_FLIGHT),
    ],
)
def test_whatever_the_records_say_nobody_is_called_while_a_call_is_held_or_in_progress(
    outcome, state, status
):
    assert stands(outcome, state=state) is status


@pytest.mark.parametrize("outcome", CallOutcome)
def test_without_a_policy_nobody_is_called_again(outcome):
    assert stands(outcome, policy=None) is ClaimStatus.ALREADY_CALLED


@pytest.mark.parametrize("outcome", CallOutcome)
@pytest.mark.parametrize("attempt", [3, 4, 90])
def test_nobody_is_called_more_often_than_the_policy_says(outcome, attempt):
    reason = NoMore.SUCCESS if outcome is CallOutcome.SUCCESS else NoMore.EXHAUSTED
    assert stands(outcome, attempt=attempt) == Never(reason)


@pytest.mark.parametrize("policy", [POLICY, replace(POLICY, again=frozenset(CallOutcome))])
def test_a_success_and_what_is_not_proven_never_makes_an_attempt_due(policy):
    assert stands(CallOutcome.SUCCESS, policy=policy) == Never(NoMore.SUCCESS)
    for outcome in (CallOutcome.IN_PROGRESS, CallOutcome.UNPROVEN, CallOutcome.NOT_READ):
        assert stands(outcome, policy=policy) == WAITS


@pytest.mark.parametrize("outcome", sorted(ALL))
def test_a_record_of_an_earlier_call_that_came_late_counts(outcome):
    second = {"attempt": 2, "batch_id": "batch_2"}
    assert stands(outcome, recorded=[FAILURE, UNKNOWN], **second) == Due(ANN, 3)
    assert stands(outcome, recorded=[FAILURE, CallOutcome.SUCCESS], **second) == Never(NoMore.SUCCESS)
    for late in (CallOutcome.IN_PROGRESS, CallOutcome.UNPROVEN):
        assert stands(outcome, recorded=[late], **second) == NotYet(ANN, 3)


@pytest.mark.parametrize("outcome", sorted(ALL))
def test_a_call_with_several_records_is_not_followed_by_another_one_if_any_of_them_may_be_a_success(outcome):
    assert stands(outcome, recorded=[FAILURE, outcome]) == DUE
    assert stands(outcome, recorded=[CallOutcome.SUCCESS, outcome]) == Never(NoMore.SUCCESS)
    for other in (CallOutcome.IN_PROGRESS, CallOutcome.UNPROVEN):
        assert stands(outcome, recorded=[other, outcome]) == WAITS


@pytest.mark.parametrize("outcome", sorted(ALL))
def test_only_the_outcomes_that_are_named_count(outcome):
    assert stands(outcome, policy=replace(POLICY, again=ALL - {outcome})) == Never(NoMore.NOT_ASKED_FOR)
    assert stands(outcome, policy=replace(POLICY, again=frozenset({outcome}))) == DUE


@pytest.mark.parametrize(
    "sync",
    [
        None,
        replace(READ, incomplete="the API gave no next page"),
        replace(READ, reasons={"no-number": 1}),
        replace(READ, reasons={"other-number": 1}),
        replace(READ, read_at=as_written(SENT + timedelta(minutes=59))),
    ],
)
def test_a_missing_record_counts_only_when_all_records_were_read_long_after_the_call(sync):
    assert stands(NONE, sync=sync) == WAITS


def test_a_missing_record_counts_although_others_were_not_matched_to_one_call():
    assert stands(NONE, sync=replace(READ, reasons={"same-number-twice": 3, "number-alone": 1})) == DUE
    assert stands(NONE, sync=replace(READ, read_at=as_written(SENT + HOUR))) == DUE


def test_a_batch_whose_id_nobody_knows_has_no_provable_absence():
    assert stands(NONE, batch_id=None) == WAITS
    assert stands(FAILURE, batch_id=None) == DUE


def test_a_record_without_a_verdict_may_be_of_a_call_in_progress():
    assert stands(UNKNOWN, sync=replace(READ, read_at=as_written(SENT + timedelta(minutes=59)))) == WAITS
    assert stands(UNKNOWN, sync=replace(READ, incomplete="the API gave no next page")) == WAITS
    assert stands(FAILURE, sync=replace(READ, read_at=as_written(SENT + timedelta(minutes=1)))) == DUE


@pytest.mark.parametrize(
    ("attempt", "spacing"), [(1, 4 * HOUR), (2, DAY), (3, DAY), (7, DAY)], ids=["2nd", "3rd", "4th", "8th"]
)
def test_each_attempt_has_its_spacing_and_the_last_one_repeats(attempt, spacing):
    policy = replace(POLICY, most=9)
    ended = SENT + timedelta(minutes=3)  # the request took so long
    opens_at = ended + spacing
    at = {"policy": policy, "attempt": attempt, "finished_at": as_written(ended)}
    before = opens_at - timedelta(milliseconds=1)
    assert stands(now=before, **at) == NotYet(ANN, attempt + 1, opens_at)
    assert stands(now=opens_at, **at) == Due(ANN, attempt + 1)


def test_the_spacing_begins_with_the_later_time_that_is_known():
    # A held batch that was resolved days later; a clock that was put back between the request and its answer.
    resolved = as_written(SENT + 5 * DAY)
    assert stands(finished_at=resolved, now=SENT + 5 * DAY) == NotYet(ANN, 2, SENT + 5 * DAY + 4 * HOUR)
    earlier = as_written(SENT - 5 * DAY)
    assert stands(finished_at=earlier, now=SENT) == NotYet(ANN, 2, SENT + 4 * HOUR)


def test_a_clock_that_was_put_back_makes_nobody_due():
    assert stands(now=SENT - 300 * DAY) == NotYet(ANN, 2, SENT + 4 * HOUR)
