"""Claims: who may be called by this run, what is freed, and what stays."""

import threading

import pytest

from tests.support.builders import claimed, description, keys, target, targets
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.records import BatchState, ClaimStatus


def settle(ledger, batch, state, **said):
    ledger.submit(batch)
    ledger.record(batch, state, **said)


def test_a_claim_makes_a_batch_of_every_group(ledger, run):
    batches = ledger.claim(run, [targets(1, 2), targets(3)])
    assert keys(batches) == [["+15550000001", "+15550000002"], ["+15550000003"]]
    assert [(one.state, one.size) for one in ledger.batches(run.campaign_id)] == [
        (BatchState.CLAIMED, 2),
        (BatchState.CLAIMED, 1),
    ]
    assert {key: batch for key, (batch, _) in claimed(ledger, run.campaign_id).items()} == {
        one.key: batch.id for batch in batches for one in batch.targets
    }


def test_who_is_claimed_is_left_out_and_batches_are_filled_up(opened):
    ours, theirs = opened(), opened()
    run, other = ours.start_run(description()), theirs.start_run(description())
    theirs.claim(other, [targets(2, 4)])
    batches = ours.claim(run, [targets(1, 2), targets(3, 4), targets(5, 6), targets(7)])
    assert keys(batches) == [
        ["+15550000001", "+15550000003"],
        ["+15550000005", "+15550000006"],
        ["+15550000007"],
    ]
    of_ours = [one for one in ours.batches(run.campaign_id) if one.run_id == run.id]
    assert [one.size for one in of_ours] == [2, 2, 1]
    ledger_says = claimed(ours, run.campaign_id)
    for batch in batches:
        for one in batch.targets:
            assert ledger_says[one.key][0] == batch.id


def test_a_claim_that_wins_nobody_leaves_nothing(opened):
    ours, theirs = opened(), opened()
    run, other = ours.start_run(description()), theirs.start_run(description())
    theirs.claim(other, [targets(1, 2)])
    assert ours.claim(run, [targets(1), targets(2)]) == []
    assert [one.run_id for one in ours.batches(run.campaign_id)] == [other.id]


def test_more_people_than_one_statement_takes_are_claimed(opened):
    ours, theirs = opened(), opened()
    run, other = ours.start_run(description()), theirs.start_run(description())
    theirs.claim(other, [targets(*range(0, 2400, 2))])
    groups = [targets(*range(start, start + 100)) for start in range(0, 2400, 100)]
    batches = ours.claim(run, groups)
    assert [len(batch.targets) for batch in batches] == [100] * 12
    assert sorted(key for group in keys(batches) for key in group) == [
        target(number).key for number in range(1, 2400, 2)
    ]


def test_the_same_key_may_be_claimed_in_another_campaign(ledger):
    spring, autumn = ledger.start_run(description("spring")), ledger.start_run(description("autumn"))
    assert len(ledger.claim(spring, [targets(1)])) == 1
    assert len(ledger.claim(autumn, [targets(1)])) == 1


def test_runs_that_race_for_the_same_people_never_share_one(opened):
    runs = 4
    start = threading.Barrier(runs)
    won: list[list[str]] = [[] for _ in range(runs)]

    def race(number, ledger, run):
        start.wait()
        order = list(range(300)) if number % 2 else list(range(299, -1, -1))
        for first in range(0, 300, 30):
            group = targets(*order[first : first + 30])
            batches = ledger.claim(run, [group[:10], group[10:20], group[20:]])
            won[number] += [key for group in keys(batches) for key in group]

    ledgers = [opened() for _ in range(runs)]
    threads = [
        threading.Thread(target=race, args=(number, ledger, ledger.start_run(description())))
        for number, ledger in enumerate(ledgers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everybody = [key for keys_ in won for key in keys_]
    assert len(everybody) == len(set(everybody)) == 300


def test_statuses_name_how_a_key_stands(opened):
    ours, theirs = opened(), opened()
    run, other = ours.start_run(description()), theirs.start_run(description())
    batches = theirs.claim(other, [targets(number) for number in range(6)])
    settle(theirs, batches[0], BatchState.ACCEPTED, batch_id="b", calls_initiated=1)
    settle(theirs, batches[1], BatchState.SHORT, batch_id="c", calls_initiated=0)
    settle(theirs, batches[2], BatchState.UNKNOWN)
    settle(theirs, batches[3], BatchState.REFUSED)
    theirs.submit(batches[4])
    ours.claim(run, [targets(7)])
    assert ours.claim_statuses(run.campaign_id, [one.key for one in targets(*range(9))], run_id=run.id) == {
        target(0).key: ClaimStatus.ALREADY_CALLED,
        target(1).key: ClaimStatus.HELD,
        target(2).key: ClaimStatus.HELD,
        target(4).key: ClaimStatus.IN_FLIGHT,
        target(5).key: ClaimStatus.IN_FLIGHT,
        target(7).key: ClaimStatus.DUPLICATE,
    }
    assert ours.claim_statuses(run.campaign_id, []) == {}
    assert ours.claim_statuses(999, [target(0).key]) == {}


@pytest.mark.parametrize("state", [BatchState.ACCEPTED, BatchState.SHORT, BatchState.UNKNOWN])
def test_who_was_or_may_have_been_called_is_claimed_by_nobody_else(ledger, run, state):
    [batch] = ledger.claim(run, [targets(1, 2)])
    settle(ledger, batch, state)
    ledger.end_run(run)
    again = ledger.start_run(description())
    assert ledger.claim(again, [targets(1, 2)]) == []


def test_who_was_refused_can_be_claimed_again_at_once(ledger, run):
    [batch] = ledger.claim(run, [targets(1, 2)])
    settle(ledger, batch, BatchState.REFUSED, http_status=401, error="HTTP 401")
    assert keys(ledger.claim(run, [targets(1, 2)])) == [["+15550000001", "+15550000002"]]


# ------------------------------------------------------------------------------- submitting


def test_submitting_is_dated_and_needs_a_claim(ledger, run):
    [batch] = ledger.claim(run, [targets(1)])
    ledger.submit(batch)
    [record] = ledger.batches(run.campaign_id)
    assert (record.state, record.submitted_at) == (BatchState.SUBMITTING, "2026-03-01T12:00:00.000Z")
    with pytest.raises(LedgerError) as caught:
        ledger.submit(batch)
    assert caught.value.code == "ledger-lost-claim"


@pytest.mark.parametrize(
    "state", [BatchState.ACCEPTED, BatchState.SHORT, BatchState.REFUSED, BatchState.UNKNOWN]
)
def test_a_batch_with_an_outcome_is_never_submitted_again(ledger, run, state):
    [batch] = ledger.claim(run, [targets(1)])
    settle(ledger, batch, state)
    with pytest.raises(LedgerError):
        ledger.submit(batch)
    with pytest.raises(LedgerError):
        ledger.back_to_claimed(batch)
    with pytest.raises(LedgerError):
        ledger.submit(batch)


def test_what_provably_was_not_sent_goes_back_and_can_be_submitted_again(ledger, run):
    [batch] = ledger.claim(run, [targets(1)])
    ledger.submit(batch)
    ledger.back_to_claimed(batch)
    [record] = ledger.batches(run.campaign_id)
    assert (record.state, record.submitted_at) == (BatchState.CLAIMED, None)
    ledger.submit(batch)


def test_a_run_that_was_taken_for_dead_submits_and_claims_nothing_more(opened):
    ours, theirs = opened(), opened()
    run = ours.start_run(description())
    batch, on_the_wire = ours.claim(run, [targets(1), targets(2, 3)])
    ours.submit(on_the_wire)
    theirs.engine.forget_lock(run.id)  # somebody deleted the lock files
    theirs.recover()
    with pytest.raises(LedgerError):
        ours.submit(batch)
    for attempt in (
        lambda: ours.claim(run, [targets(4)]),
        lambda: ours.split(run, on_the_wire, [targets(2), targets(3)], http_status=422, error="bad"),
    ):
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.code == "ledger-lost-claim"
    # Nobody is left in a batch that no run will ever free.
    assert {state for _, state in claimed(theirs, run.campaign_id).values()} == {"unknown"}


# ------------------------------------------------------------------------------- splitting, freeing


def test_a_split_refuses_the_parent_and_moves_its_people(ledger, run):
    [parent] = ledger.claim(run, [targets(1, 2, 3, 4)])
    ledger.submit(parent)
    one, two, _, four = parent.targets
    left, right = ledger.split(run, parent, [[one, two], [four]], http_status=422, error="bad row")
    parent_record, *children = ledger.batches(run.campaign_id)
    assert (parent_record.state, parent_record.http_status, parent_record.error) == (
        BatchState.REFUSED,
        422,
        "bad row",
    )
    assert [(child.parent_id, child.state, child.size) for child in children] == [
        (parent.id, BatchState.CLAIMED, 2),
        (parent.id, BatchState.CLAIMED, 1),
    ]
    assert claimed(ledger, run.campaign_id) == {
        one.key: (left.id, "claimed"),
        two.key: (left.id, "claimed"),
        four.key: (right.id, "claimed"),
    }
    ledger.submit(left)
    ledger.submit(right)


def test_a_split_into_nobody_frees_everybody(ledger, run):
    [parent] = ledger.claim(run, [targets(1, 2)])
    ledger.submit(parent)
    assert ledger.split(run, parent, [], http_status=422, error="bad") == []
    assert claimed(ledger, run.campaign_id) == {}
    assert len(ledger.claim(run, [targets(1, 2)])) == 1


def test_unclaiming_frees_some_or_all(ledger, run):
    [batch] = ledger.claim(run, [targets(1, 2, 3)])
    left = ledger.unclaim(batch, [target(2).key])
    assert keys([left]) == [[target(1).key, target(3).key]]
    assert ledger.batches(run.campaign_id)[0].size == 2
    assert set(claimed(ledger, run.campaign_id)) == {target(1).key, target(3).key}
    assert ledger.unclaim(left, [target(1).key, target(3).key]) is None
    assert ledger.batches(run.campaign_id) == []
    assert claimed(ledger, run.campaign_id) == {}


# ------------------------------------------------------------------------------- outcomes


def test_an_outcome_is_recorded_with_all_that_was_said(ledger, run, clock):
    [batch] = ledger.claim(run, [targets(1, 2)])
    ledger.submit(batch)
    clock.advance(seconds=2.5)
    assert ledger.record(
        batch, BatchState.SHORT, batch_id="batch_9", calls_initiated=1, http_status=200, error="1 of 2"
    )
    [record] = ledger.batches(run.campaign_id)
    assert (record.state, record.batch_id, record.calls_initiated, record.http_status, record.error) == (
        BatchState.SHORT,
        "batch_9",
        1,
        200,
        "1 of 2",
    )
    assert record.finished_at == "2026-03-01T12:00:02.500Z"
    assert ledger.batches(run.campaign_id, held_only=True) == [record]


@pytest.mark.parametrize("proof", [BatchState.ACCEPTED, BatchState.REFUSED, BatchState.SHORT])
def test_late_proof_replaces_unknown(ledger, run, proof):
    [batch] = ledger.claim(run, [targets(1)])
    settle(ledger, batch, BatchState.UNKNOWN)
    assert ledger.record(batch, proof)
    assert ledger.batches(run.campaign_id)[0].state is proof
    assert bool(claimed(ledger, run.campaign_id)) is (proof is not BatchState.REFUSED)


@pytest.mark.parametrize("decided", [BatchState.ACCEPTED, BatchState.REFUSED, BatchState.SHORT])
@pytest.mark.parametrize("late", [BatchState.ACCEPTED, BatchState.REFUSED, BatchState.UNKNOWN])
def test_what_is_decided_stays_decided(ledger, run, decided, late):
    [batch] = ledger.claim(run, [targets(1)])
    settle(ledger, batch, decided, batch_id="first")
    before = claimed(ledger, run.campaign_id)
    assert not ledger.record(batch, late, batch_id="second")
    [record] = ledger.batches(run.campaign_id)
    assert (record.state, record.batch_id) == (decided, "first")
    assert claimed(ledger, run.campaign_id) == before
