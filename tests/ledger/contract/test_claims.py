"""The promises of both engines about claims, batches and outcomes."""

import contextlib
import datetime as dt
import secrets

import pytest

from tests.support.builders import described, numbers_of, people, person
from xuna_cli.errors import LedgerError, LostClaimError, RepeatedBatchIdError, UsageError
from xuna_cli.ledger.campaigns import calls, campaign, campaigns, resolve
from xuna_cli.ledger.claims import Claims
from xuna_cli.ledger.do_not_call import InProgress, in_progress
from xuna_cli.ledger.records import BatchState, ClaimStatus


def state_of(ledger, batch):
    [(state,)] = ledger.query("SELECT state FROM batches WHERE id = :id", {"id": batch.id})
    return state


def statuses(ledger, run, *numbers):
    return ledger.claim_statuses(run.campaign_id, [person(number).key for number in numbers])


def test_a_person_is_claimed_once_whoever_asks(opened):
    one, other = opened(), opened()
    run, other_run = one.start_run(described()), other.start_run(described())
    assert numbers_of(one.claim(run, [people(1, 2), people(3)])) == [[1, 2], [3]]
    assert other.claim(other_run, [people(1, 2), people(3)]) == []
    assert one.claim(run, [people(3)]) == []


def test_the_same_person_is_another_one_in_another_campaign(opened):
    ledger = opened()
    run, other = ledger.start_run(described()), ledger.start_run(described("autumn"))
    assert numbers_of(ledger.claim(run, [people(1)])) == numbers_of(ledger.claim(other, [people(1)])) == [[1]]


@pytest.mark.parametrize("foreseen", [True, False])
def test_batches_are_filled_up_from_behind_where_others_were_faster(opened, monkeypatch, foreseen):
    one, other = opened(), opened()
    if not foreseen:  # they come between the lookup and the claim
        monkeypatch.setattr(Claims, "_still_free", lambda _self, _run, groups: groups)
    run, other_run = one.start_run(described()), other.start_run(described())
    one.claim(run, [people(2, 5)])
    batches = other.claim(other_run, [people(1, 2, 3), people(4, 5, 6), people(7, 8)])
    assert numbers_of(batches) == [[1, 3, 4], [6, 7, 8]]
    sizes = [batch.size for batch in other.batches(other_run.campaign_id) if batch.run_id == other_run.id]
    assert sizes == [3, 3]
    for batch in batches:
        found = other.query("SELECT key FROM calls WHERE batch_id = ? ORDER BY key", (batch.id,))
        assert [key for (key,) in found] == [target.key for target in batch.targets]


def test_a_large_claim_comes_in_the_order_of_the_list(opened):
    ledger = opened()
    run = ledger.start_run(described())
    numbers = list(range(3000, 0, -1))
    groups = [people(*numbers[start : start + 700]) for start in range(0, 3000, 700)]
    assert [number for batch in numbers_of(ledger.claim(run, groups)) for number in batch] == numbers


def test_statuses_tell_own_called_held_and_in_flight_apart(opened):
    one, other = opened(), opened()
    run, other_run = one.start_run(described()), other.start_run(described())
    batches = one.claim(run, [people(1), people(2), people(3), people(4)])
    for batch, state in zip(
        batches, (BatchState.ACCEPTED, BatchState.SHORT, BatchState.UNKNOWN), strict=False
    ):
        one.submit(batch)
        one.record(batch, state)
    keys = [person(number).key for number in range(1, 6)]
    found = other.claim_statuses(run.campaign_id, keys, run_id=other_run.id)
    expected = [ClaimStatus.ALREADY_CALLED, ClaimStatus.HELD, ClaimStatus.HELD, ClaimStatus.IN_FLIGHT]
    assert found == dict(zip(keys[:4], expected, strict=True))
    own = one.claim_statuses(run.campaign_id, keys, run_id=run.id)
    assert set(own.values()) == {ClaimStatus.DUPLICATE}


def test_a_batch_is_submitted_once(opened):
    ledger = opened()
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [people(1)])
    ledger.submit(batch)
    assert state_of(ledger, batch) == "submitting"
    with pytest.raises(LedgerError, match="no longer belongs to this run") as caught:
        ledger.submit(batch)
    assert caught.value.code == "ledger-lost-claim"


def test_a_batch_that_was_not_sent_can_be_submitted_again(opened):
    ledger = opened()
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [people(1)])
    ledger.submit(batch)
    ledger.back_to_claimed(batch)
    assert state_of(ledger, batch) == "claimed"
    ledger.submit(batch)


def test_back_to_claimed_is_refused_for_what_is_not_submitting(opened):
    ledger = opened()
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [people(1)])
    with pytest.raises(LostClaimError):
        ledger.back_to_claimed(batch)


def test_refused_frees_people_and_accepted_does_not(opened):
    ledger = opened()
    run = ledger.start_run(described())
    good, bad = ledger.claim(run, [people(1), people(2)])
    for batch, state in ((good, BatchState.ACCEPTED), (bad, BatchState.REFUSED)):
        ledger.submit(batch)
        assert ledger.record(batch, state, batch_id="batch_x", calls_initiated=1, http_status=200)
    assert statuses(ledger, run, 1, 2) == {person(1).key: ClaimStatus.ALREADY_CALLED}
    assert numbers_of(ledger.claim(run, [people(1, 2)])) == [[2]]


def test_late_proof_replaces_unknown_and_nothing_else(opened):
    ledger = opened()
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [people(1)])
    ledger.submit(batch)
    assert ledger.record(batch, BatchState.UNKNOWN, error="no answer")
    assert ledger.record(batch, BatchState.ACCEPTED, batch_id="batch_x", calls_initiated=1, http_status=200)
    assert not ledger.record(batch, BatchState.REFUSED)
    assert state_of(ledger, batch) == "accepted"
    assert statuses(ledger, run, 1) == {person(1).key: ClaimStatus.ALREADY_CALLED}


def test_words_of_others_are_kept_whatever_they_hold(opened):
    ledger = opened()
    run = ledger.start_run(described("50% :name ? 'quoted' é 😀", template=":x %s %(y)s ?"))
    [batch] = ledger.claim(run, [[person(1, key="+1212\x1f:id % ? 'x'")]])
    ledger.submit(batch)
    assert ledger.record(batch, BatchState.UNKNOWN, error="100 % :sure? 'yes' \x00 end")
    [record] = ledger.batches(run.campaign_id)
    assert record.error.replace("\x00", "␀") == "100 % :sure? 'yes' ␀ end"
    assert [call.key for call in calls(ledger, run.campaign_id)] == ["+1212\x1f:id % ? 'x'"]
    assert [found.name for found in campaigns(ledger)] == ["50% :name ? 'quoted' é 😀"]


def test_a_split_moves_calls_to_children_and_drops_the_rejected(opened):
    ledger = opened()
    run = ledger.start_run(described())
    [parent] = ledger.claim(run, [people(1, 2, 3, 4, 5)])
    ledger.submit(parent)
    children = ledger.split(run, parent, [people(1, 2), people(4, 5)], http_status=422, error="row 3")
    assert numbers_of(children) == [[1, 2], [4, 5]]
    assert state_of(ledger, parent) == "refused"
    assert person(3).key not in statuses(ledger, run, 1, 2, 3, 4, 5)
    for child in children:
        ledger.submit(child)


def test_unclaim_gives_back_some_or_all_of_a_batch(opened):
    ledger = opened()
    run = ledger.start_run(described())
    some, all_ = ledger.claim(run, [people(1, 2, 3), people(4)])
    left = ledger.unclaim(some, [person(2).key])
    assert numbers_of([left]) == [[1, 3]]
    assert ledger.unclaim(all_, [person(4).key]) is None
    assert [batch.size for batch in ledger.batches(run.campaign_id)] == [2]
    assert set(statuses(ledger, run, 1, 2, 3, 4)) == {person(1).key, person(3).key}


def test_the_end_of_a_run_gives_back_what_it_only_claimed(opened):
    ledger = opened()
    run = ledger.start_run(described())
    _, sent = ledger.claim(run, [people(1), people(2)])
    ledger.submit(sent)
    ledger.record(sent, BatchState.ACCEPTED)
    ledger.end_run(run)
    assert [batch.id for batch in ledger.batches(run.campaign_id)] == [sent.id]
    assert not ledger.holds_lock(run)
    with pytest.raises(LostClaimError):
        ledger.claim(run, [people(9)])


def test_an_id_is_never_used_again(opened):
    ledger = opened()
    run = ledger.start_run(described())
    [first] = ledger.claim(run, [people(1)])
    ledger.unclaim(first, [person(1).key])
    [second] = ledger.claim(run, [people(1)])
    assert second.id > first.id


def test_a_living_run_is_left_alone(opened):
    one, other = opened(), opened()
    run = one.start_run(described())
    [batch] = one.claim(run, [people(1)])
    one.submit(batch)
    other.recover()
    other.start_run(described())
    one.recover()
    assert state_of(one, batch) == "submitting"
    assert one.holds_lock(run)


def test_what_a_dead_run_had_on_the_wire_is_unknown_and_its_claims_are_free(opened):
    one, other = opened(), opened()
    run = one.start_run(described())
    sent, _ = one.claim(run, [people(1), people(2)])
    one.submit(sent)
    one.close()  # the lock is released, the row stays, as after a kill
    again = other.start_run(described())
    assert state_of(other, sent) == "unknown"
    assert statuses(other, again, 1, 2) == {person(1).key: ClaimStatus.HELD}


def test_a_campaign_keeps_to_its_first_run(opened):
    ledger = opened()
    ledger.start_run(described())
    for change in (
        {"key_column": "id"},
        {"api_origin": "sandbox"},
        {"named_by_default": True, "source_path": "/x"},
    ):
        with pytest.raises(UsageError):
            ledger.start_run(described(**change))
        with pytest.raises(UsageError):
            ledger.check_campaign(described(**change))
    assert ledger.check_campaign(described("new")) is None


def test_resolving_decides_held_batches_and_frees_people_who_were_not_placed(opened):
    ledger = opened()
    run = ledger.start_run(described(deadline=0.0))
    placed, lost = ledger.claim(run, [people(1), people(2)])
    for batch in (placed, lost):
        ledger.submit(batch)
        ledger.record(batch, BatchState.UNKNOWN, error="no answer")
    ledger.end_run(run)
    resolve(ledger, "spring", [placed.id], placed=True)
    resolve(ledger, "spring", [lost.id], placed=False)
    assert statuses(ledger, run, 1, 2) == {person(1).key: ClaimStatus.ALREADY_CALLED}
    counts = campaign(ledger, "spring").calls
    assert counts[BatchState.ACCEPTED] == 1


def test_resolving_while_the_run_lives_is_refused(opened):
    one, other = opened(), opened()
    run = one.start_run(described(deadline=0.0))
    [batch] = one.claim(run, [people(1)])
    one.submit(batch)
    one.record(batch, BatchState.UNKNOWN)
    with pytest.raises(UsageError, match="still in progress"):
        resolve(other, "spring", [batch.id], placed=False)


def test_nothing_of_a_transaction_stays_when_it_fails(opened):
    ledger = opened()
    run = ledger.start_run(described())
    with contextlib.suppress(ZeroDivisionError), ledger.transaction():
        ledger.change(
            "add_campaign",
            dict.fromkeys(("name", "key_column", "source_path", "created_at", "api_origin"), "x"),
        )
        raise ZeroDivisionError
    assert [found.name for found in campaigns(ledger)] == ["spring"]
    assert numbers_of(ledger.claim(run, [people(1)])) == [[1]]


@pytest.mark.parametrize("before", [BatchState.SUBMITTING, BatchState.UNKNOWN])
@pytest.mark.parametrize("state", [BatchState.ACCEPTED, BatchState.SHORT])
def test_a_batch_id_that_the_campaign_has_already_is_not_recorded(opened, state, before):
    ledger = opened()
    run, other = ledger.start_run(described()), ledger.start_run(described("autumn"))
    first, second = ledger.claim(run, [people(1), people(2)])
    [elsewhere] = ledger.claim(other, [people(1)])
    for batch in (first, second, elsewhere):
        ledger.submit(batch)
    ledger.record(first, BatchState.ACCEPTED, batch_id="batch_x", calls_initiated=1)
    if before is BatchState.UNKNOWN:
        ledger.record(second, before, error="no answer")
    with pytest.raises(RepeatedBatchIdError, match=f"batch_x, which is already the ID of batch {first.id}"):
        ledger.record(second, state, batch_id="batch_x", calls_initiated=1)
    assert state_of(ledger, second) == before
    assert ledger.record(elsewhere, BatchState.ACCEPTED, batch_id="batch_x", calls_initiated=1)
    assert ledger.record(first, BatchState.UNKNOWN) is False  # its own ID is not a repeated one


def test_the_random_part_of_a_batchs_key_is_in_the_ledger_and_new_where_its_people_are(opened):
    ledger = opened()
    run = ledger.start_run(described())
    parent, other = ledger.claim(run, [people(1, 2, 3), people(4)])
    less = ledger.unclaim(parent, [person(1).key])
    ledger.submit(less)
    ledger.back_to_claimed(less)  # refused for now: the same request again has the same key
    ledger.submit(less)
    children = ledger.split(run, less, [people(2), people(3)], http_status=413, error="too large")
    nonces = [batch.nonce for batch in (parent, other, less, *children)]
    assert len(set(nonces)) == 5
    assert all(len(nonce) == 16 for nonce in nonces)
    stored = dict(ledger.query("SELECT id, nonce FROM batches"))
    assert stored == {batch.id: batch.nonce for batch in (other, less, *children)}


def test_whom_the_api_refused_is_remembered_and_a_duplicate_in_that_run(opened):
    ledger = opened()
    run, other = ledger.start_run(described()), ledger.start_run(described("autumn"))
    assert ledger.refused(run.campaign_id, [person(1).key]) == {}
    for words in ("no", "still no"):  # the second time, the later message is kept
        [parent] = ledger.claim(run, [people(1, 2)])
        ledger.submit(parent)
        ledger.split(run, parent, [], http_status=422, error="x", refused=[(one, words) for one in people(1)])
        if words == "no":
            assert statuses(ledger, run, 1, 2) == {}
            found = ledger.claim_statuses(run.campaign_id, [person(1).key, person(2).key], run_id=run.id)
            assert found == {person(1).key: ClaimStatus.DUPLICATE}
            assert numbers_of(ledger.claim(run, [people(1, 2)])) == [[2]]
            ledger.end_run(run)
            run = ledger.start_run(described())
    assert ledger.refused(run.campaign_id, [person(1).key, person(2).key]) == {person(1).key: run.id}
    assert ledger.query("SELECT error FROM refusals") == [("still no",)]
    assert ledger.refused(other.campaign_id, [person(1).key]) == {}


def test_nobody_is_claimed_or_submitted_within_the_quiet_days_of_another_campaign(opened):
    ours, theirs = opened(), opened()
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=7)
    run, other = ours.start_run(described()), theirs.start_run(described("autumn", key_column="id"))
    mine = ours.claim(run, [people(1, 2), people(3)], since)
    # People claimed by another run count as called by it; with --key as well.
    keyed = [person(number, f"{person(number).key}\x1f{number}") for number in (1, 3, 4)]
    assert numbers_of(theirs.claim(other, [keyed], since)) == [[4]]
    assert {number[-1]: str(at) for number, at in theirs.barred(other, keyed, since).items()} == {"1": "now", "3": "now"}  # fmt: skip
    # A run without quiet days claims them all the same, and the first request wins.
    [both] = theirs.claim(other, [keyed[:2]])
    assert theirs.submit(both) == {}
    assert {number[-1] for number in ours.submit(mine[0], since)} == {"1"}
    left = ours.unclaim(mine[0], [person(1).key])
    assert ours.submit(left, since) == {}
    assert {number[-1] for number in ours.submit(mine[1], since)} == {"3"}
    # A request that was refused for now has called nobody.
    theirs.back_to_claimed(both)
    assert ours.submit(mine[1], since) == {}
    assert {number[-1] for number in theirs.submit(both, since)} == {"3"}


def test_a_key_of_the_greatest_length_is_claimed(opened):
    from xuna_cli.targets.builder import LONGEST_KEY

    ledger = opened()
    run = ledger.start_run(described())
    # Text that can't be compressed, because PostgreSQL compresses long values.
    rest = "".join(chr(0x4E00 + secrets.randbelow(20_000)) for _ in range((LONGEST_KEY - 13) // 3))
    key = f"+12120000001\x1f{rest}"
    assert len(key.encode()) in range(LONGEST_KEY - 3, LONGEST_KEY + 1)
    assert numbers_of(ledger.claim(run, [[person(1, key)]])) == [[1]]
    assert ledger.claim_statuses(run.campaign_id, [key], run_id=run.id) == {key: ClaimStatus.DUPLICATE}


def test_what_is_in_progress_is_told_to_who_adds_to_the_do_not_call_list(opened):
    ours, theirs = opened(), opened()
    assert in_progress(theirs) == InProgress(0, 0)
    run = ours.start_run(described())
    sent, waits = ours.claim(run, [people(1), people(2)])
    assert in_progress(theirs) == InProgress(1, 0)
    ours.submit(sent)
    assert in_progress(theirs) == InProgress(1, 1)
    del waits
    ours.close()  # a dead run sends nothing
    assert in_progress(theirs) == InProgress(0, 0)
