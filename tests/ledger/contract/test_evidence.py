"""Evidence that the ledger keeps, on both engines."""

import pytest

from tests.support.builders import description, numbers, targets
from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import obstacles, resolutions, resolve, settle_proven
from xuna_cli.ledger.conversations import Link, store
from xuna_cli.ledger.do_not_call import add, history, remove
from xuna_cli.ledger.forgetting import forget
from xuna_cli.ledger.not_called import join_not_called, list_run, not_called, store_not_called
from xuna_cli.ledger.records import BatchState, CallKey, Decision
from xuna_cli.ledger.runs import last_run_that_called, runs_of, store_exit_code
from xuna_cli.models import Conversation
from xuna_cli.outcomes.person import person


def held(ledger, *people, state=BatchState.UNKNOWN, **said):
    """A live run with one held batch."""
    run = ledger.start_run(description())
    [batch] = ledger.claim(run, [targets(*people)])
    ledger.submit(batch)
    ledger.record(batch, state, **said)
    return run, batch


def found(ledger, *people, joined_by="held"):
    store(
        ledger, 1, [Link(Conversation(f"conv_{one}"), [CallKey(one)], joined_by) for one in numbers(*people)]
    )


@pytest.mark.parametrize("state", [BatchState.UNKNOWN, BatchState.SHORT])
def test_a_held_batch_all_of_whose_calls_are_proven_is_accepted_at_once(opened, state):
    ledger = opened()
    run, batch = held(ledger, 1, 2, state=state)
    found(ledger, 1, 2)
    [settled] = settle_proven(ledger, 1)
    assert (settled.id, settled.state) == (batch.id, BatchState.ACCEPTED)
    decided = resolutions(ledger, 1)[batch.id]
    assert decided.decision is Decision.PROVEN
    assert decided.evidence == "the conversation records have all of its 2 calls"
    assert settle_proven(ledger, 1) == []
    ledger.end_run(run)
    assert ledger.batches(1, held_only=True) == []
    assert ledger.claim(ledger.start_run(description()), [targets(1, 2)]) == []


def test_half_a_proof_settles_nothing_and_no_proof_frees_nobody(opened):
    ledger = opened()
    held(ledger, 1, 2)
    assert settle_proven(ledger, 1) == []
    found(ledger, 1)
    assert settle_proven(ledger, 1) == []
    found(ledger, 2, joined_by=None)
    assert settle_proven(ledger, 1) == []
    assert [one.state for one in ledger.batches(1)] == [BatchState.UNKNOWN]


def test_an_outcome_that_comes_late_changes_nothing_that_was_proven(opened):
    ledger = opened()
    _, batch = held(ledger, 1)
    found(ledger, 1)
    settle_proven(ledger, 1)
    assert not ledger.record(batch, BatchState.REFUSED, error="late")
    assert [one.state for one in ledger.batches(1)] == [BatchState.ACCEPTED]


def test_what_can_be_decided_is_known_before_anybody_is_asked(opened):
    ledger = opened()
    run, batch = held(ledger, 1)
    assert obstacles(ledger, 1)[batch.id][True].code == "batch-run-alive"
    ledger.end_run(run)
    assert {why.code for why in obstacles(ledger, 1)[batch.id].values()} == {"batch-too-young"}
    for placed in (True, False):
        with pytest.raises(UsageError) as caught:
            resolve(ledger, "spring", [batch.id], placed=placed)
        assert caught.value.code == "batch-too-young"


def test_rows_that_became_no_call_are_kept_once_for_runs_with_one_list_that_follow_each_other(opened):
    ledger = opened()
    missing, listed = (7, "phone-missing"), (3, "do-not-call")
    runs = []
    for digest, codes in (
        ("a", (missing, listed)),
        ("a", (missing, listed)),
        ("b", (missing,)),
        ("a", (missing,)),  # the person of row 3 was called
        ("a", (missing, listed)),
    ):
        runs.append(ledger.start_run(description(list_sha256=digest)))
        run = list_run(ledger, runs[-1].id)
        for code in codes:
            store_not_called(ledger, run, {code: None})
        join_not_called(ledger, run)
    one, two, three, _, five = (run.id for run in runs)
    assert [
        (row.list_sha256, row.row_number, row.first_run_id, row.last_run_id) for row in not_called(ledger, 1)
    ] == [("a", 3, one, two), ("a", 3, five, five), ("a", 7, one, five), ("b", 7, three, three)]
    for run in runs:
        ledger.end_run(run)
    forget(ledger, "spring")
    assert list(not_called(ledger, 1)) == []


def test_runs_at_the_same_time_lose_no_row_of_each_other(opened):
    ledger = opened()
    one, two, three = (list_run(ledger, ledger.start_run(description(list_sha256="a")).id) for _ in range(3))
    for run in (one, two, three):
        store_not_called(ledger, run, {(7, "phone-missing"): None})
    for run in (three, two, one):
        join_not_called(ledger, run)
    spans = [(row.first_run_id, row.last_run_id) for row in not_called(ledger, 1)]
    assert {run for first, last in spans for run in range(first, last + 1)} == {one.id, two.id, three.id}


def test_many_rows_are_read_in_parts(opened):
    ledger = opened()
    run = list_run(ledger, ledger.start_run(description(list_sha256="a")).id)
    store_not_called(ledger, run, {(row, "phone-missing"): None for row in range(2, 12_002)})
    assert [row.row_number for row in not_called(ledger, 1)] == list(range(2, 12_002))


def test_a_run_keeps_who_and_how_it_ended(opened):
    ledger = opened()
    run, _ = held(ledger, 1)
    ledger.start_run(description(agent_id="agent_2", agent_hash="h"))
    store_exit_code(ledger, run.id, 7)
    one, other = runs_of(ledger, 1)
    assert one.exit_code == 7
    assert one.user_name
    assert (other.agent_hash, other.exit_code) == ("h", None)
    assert last_run_that_called(ledger, 1) == one
    assert last_run_that_called(ledger, 1, agent_id="agent_1") is None


def test_the_do_not_call_list_keeps_its_history(opened):
    ledger = opened()
    one, other = numbers(1, 2)
    add(ledger, [one, other], "asked")
    assert remove(ledger, [one, "+15559999999"], "a mistake") == 1
    add(ledger, [one], None, "do-not-call import x.csv")
    events = history(ledger, [one])
    assert [(event.action, event.command, event.reason) for event in events] == [
        ("added", "do-not-call add", "asked"),
        ("removed", "do-not-call remove", "a mistake"),
        ("added", "do-not-call import x.csv", None),
    ]
    assert len(history(ledger, [one, other])) == 4


def test_what_is_known_of_a_person_is_of_all_campaigns(opened):
    ledger = opened()
    one, two = numbers(1, 2)
    for name in ("spring", "summer"):
        run = ledger.start_run(description(campaign=name))
        [batch] = ledger.claim(run, [targets(1)])
        ledger.submit(batch)
        ledger.record(batch, BatchState.ACCEPTED, batch_id=f"batch_{name}", calls_initiated=1)
        store_not_called(ledger, list_run(ledger, run.id), {(9, "no-consent"): two})
        ledger.end_run(run)
    add(ledger, [two], "asked")
    found = person(ledger, [one])
    assert [(each.campaign, each.call.batch.batch_id) for each in found.calls] == [
        ("spring", "batch_spring"),
        ("summer", "batch_summer"),
    ]
    assert (found.not_called, found.do_not_call, found.forgotten) == ([], [], 0)
    other = person(ledger, [two])
    assert [(each.campaign, each.row.rule) for each in other.not_called] == [
        ("spring", "no-consent"),
        ("summer", "no-consent"),
    ]
    assert (other.calls, [event.reason for event in other.do_not_call]) == ([], ["asked"])
