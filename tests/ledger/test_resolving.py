"""Decisions about unknown outcomes: their effects, and when they are refused."""

import pytest

from tests.support.builders import claimed, description, keys, target, targets
from xuna_cli.errors import UsageError
from xuna_cli.ledger.campaigns import calls, campaign, campaigns, resolve
from xuna_cli.ledger.records import BatchState


@pytest.fixture
def held(ledger, run, clock):
    """Make a batch of two people in the given state, of a run that ended long ago."""

    def held(state, numbers=(1, 2), *, ended=True, long_ago=True, **said):
        [batch] = ledger.claim(run, [targets(*numbers)])
        ledger.submit(batch)
        if state is not BatchState.SUBMITTING:
            ledger.record(batch, state, **said)
        if ended:
            ledger.end_run(run)
        if long_ago:
            clock.advance(seconds=180)
        return batch.id

    return held


def the(ledger, batch_id):
    return next(one for one in ledger.batches(1) if one.id == batch_id)


@pytest.mark.parametrize("state", [BatchState.UNKNOWN, BatchState.SHORT])
def test_what_was_placed_is_accepted_and_stays_claimed(ledger, held, state):
    batch_id = held(state, error="what happened")
    [record] = resolve(ledger, "spring", [batch_id], placed=True)
    assert record == the(ledger, batch_id)
    assert (record.state, record.finished_at) == (BatchState.ACCEPTED, "2026-03-01T12:03:00.000Z")
    assert record.error == "what happened; resolved by a person: placed"
    assert set(claimed(ledger, 1)) == {target(1).key, target(2).key}


def test_what_was_not_placed_is_refused_and_free_again(ledger, held):
    batch_id = held(BatchState.UNKNOWN)
    [record] = resolve(ledger, "spring", [batch_id], placed=False)
    assert record.state is BatchState.REFUSED
    assert record.error == "held; resolved by a person: not placed"
    assert claimed(ledger, 1) == {}
    again = ledger.start_run(description())
    assert keys(ledger.claim(again, [targets(1, 2)])) == [[target(1).key, target(2).key]]


def test_a_short_batch_was_queued_for_the_most_part_and_cant_be_not_placed(ledger, held):
    batch_id = held(BatchState.SHORT, batch_id="b", calls_initiated=1)
    before = claimed(ledger, 1)
    with pytest.raises(UsageError) as caught:
        resolve(ledger, "spring", [batch_id], placed=False)
    assert caught.value.code == "batch-short"
    assert "queued 1 of its 2 calls" in caught.value.message
    assert claimed(ledger, 1) == before


def test_a_short_batch_of_none_can_be_not_placed(ledger, held):
    batch_id = held(BatchState.SHORT, batch_id="b", calls_initiated=0)
    assert resolve(ledger, "spring", [batch_id], placed=False)[0].state is BatchState.REFUSED


@pytest.mark.parametrize("placed", [True, False])
def test_resolving_again_the_same_way_changes_nothing(ledger, held, clock, placed):
    batch_id = held(BatchState.UNKNOWN)
    first = resolve(ledger, "spring", [batch_id], placed=placed)
    clock.advance(hours=1)
    assert resolve(ledger, "spring", [batch_id, batch_id], placed=placed) == first


@pytest.mark.parametrize("placed", [True, False])
def test_resolving_the_other_way_is_refused(ledger, held, placed):
    batch_id = held(BatchState.UNKNOWN)
    resolve(ledger, "spring", [batch_id], placed=placed)
    before = the(ledger, batch_id)
    with pytest.raises(UsageError) as caught:
        resolve(ledger, "spring", [batch_id], placed=not placed)
    assert caught.value.code == "batch-not-held"
    assert the(ledger, batch_id) == before


def test_what_the_api_has_accepted_cant_be_called_not_placed(ledger, held):
    batch_id = held(BatchState.ACCEPTED)
    with pytest.raises(UsageError):
        resolve(ledger, "spring", [batch_id], placed=False)
    assert len(claimed(ledger, 1)) == 2


@pytest.mark.parametrize("state", [BatchState.UNKNOWN, BatchState.SUBMITTING])
def test_a_batch_of_a_living_run_is_its_own(ledger, held, state):
    batch_id = held(state, ended=False)
    with pytest.raises(UsageError) as caught:
        resolve(ledger, "spring", [batch_id], placed=True)
    assert caught.value.code in {"batch-run-alive", "batch-not-held"}
    assert the(ledger, batch_id).state is state


def test_a_post_that_may_still_be_under_way_cant_be_decided(ledger, held, clock):
    batch_id = held(BatchState.UNKNOWN, long_ago=False)
    clock.advance(seconds=179.9)
    with pytest.raises(UsageError) as caught:
        resolve(ledger, "spring", [batch_id], placed=False)
    assert caught.value.code == "batch-too-young"
    clock.advance(seconds=0.1)
    assert resolve(ledger, "spring", [batch_id], placed=False)


def test_what_a_dead_run_left_is_found_and_resolved(opened, clock):
    dead = opened()
    run = dead.start_run(description())
    [batch] = dead.claim(run, [targets(1)])
    dead.submit(batch)
    dead.close()
    clock.advance(hours=1)
    [record] = resolve(opened(), "spring", [batch.id], placed=True)
    assert record.state is BatchState.ACCEPTED


def test_all_are_decided_or_none(ledger, run, clock):
    unknown, accepted = ledger.claim(run, [targets(1), targets(2)])
    for batch, state in ((unknown, BatchState.UNKNOWN), (accepted, BatchState.ACCEPTED)):
        ledger.submit(batch)
        ledger.record(batch, state)
    ledger.end_run(run)
    clock.advance(hours=1)
    for others in ([accepted.id], [999]):
        with pytest.raises(UsageError):
            resolve(ledger, "spring", [unknown.id, *others], placed=False)
        assert the(ledger, unknown.id).state is BatchState.UNKNOWN


def test_a_batch_of_another_campaign_is_none_of_this(ledger, held):
    batch_id = held(BatchState.UNKNOWN)
    ledger.start_run(description("it's autumn"))
    with pytest.raises(UsageError) as caught:
        resolve(ledger, "it's autumn", [batch_id], placed=True)
    assert caught.value.code == "batch-unknown"
    assert caught.value.hint == "it has no held batch"


def test_a_mistyped_batch_leads_to_those_that_can_be_resolved(ledger, held):
    batch_id = held(BatchState.UNKNOWN)
    with pytest.raises(UsageError) as caught:
        resolve(ledger, "spring", [batch_id + 7], placed=True)
    assert caught.value.hint == f"its held batches: {batch_id}"


def test_a_campaign_that_is_none_names_those_that_are(ledger, run):
    with pytest.raises(UsageError) as caught:
        campaign(ledger, "sprint")
    assert caught.value.code == "campaign-unknown"
    assert "'spring'" in caught.value.hint


def test_a_campaign_counts_its_batches_and_calls_by_state(ledger, run):
    first, second, _ = ledger.claim(run, [targets(1, 2), targets(3), targets(4, 5, 6)])
    for batch, state in ((first, BatchState.ACCEPTED), (second, BatchState.UNKNOWN)):
        ledger.submit(batch)
        ledger.record(batch, state)
    ledger.start_run(description("autumn", key_column="email"))
    autumn, spring = campaigns(ledger)
    assert (autumn.name, autumn.key_column, autumn.calls, autumn.batches) == ("autumn", "email", {}, {})
    assert spring.calls == {BatchState.ACCEPTED: 2, BatchState.UNKNOWN: 1, BatchState.CLAIMED: 3}
    assert spring.batches == {BatchState.ACCEPTED: 1, BatchState.UNKNOWN: 1, BatchState.CLAIMED: 1}
    assert campaign(ledger, "spring") == spring


def test_calls_are_read_batch_by_batch_in_the_lists_order(ledger, run, monkeypatch):
    monkeypatch.setattr("xuna_cli.ledger.campaigns.CALLS_PER_READING", 2)
    batches = ledger.claim(run, [targets(3, 1), targets(2), targets(5, 4), targets(6)])
    ledger.submit(batches[1])
    ledger.record(batches[1], BatchState.REFUSED)
    found = [(call.row_number, call.key, call.to_phone_number, call.batch.id) for call in calls(ledger, 1)]
    assert found == [
        (number + 2, target(number).key, target(number).to_phone_number, batches[index].id)
        for number, index in ((1, 0), (3, 0), (4, 2), (5, 2), (6, 3))
    ]
