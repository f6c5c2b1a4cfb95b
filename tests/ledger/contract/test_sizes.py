"""Every ledger operation at sizes around 500 and 1,000, where statements are split."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.builders import described, people, person
from tests.support.ledgers import ENGINES
from xuna_cli.ledger.campaigns import calls, resolve
from xuna_cli.ledger.claims import Claims
from xuna_cli.ledger.conversations import (
    Link,
    final_conversations,
    kept_records,
    outcomes_of,
    outcomes_of_keys,
    store,
)
from xuna_cli.ledger.copying import copy_ledger
from xuna_cli.ledger.do_not_call import add, count, entries, remove
from xuna_cli.ledger.engines.location import ServerUrl
from xuna_cli.ledger.forgetting import forget
from xuna_cli.ledger.last_calls import claimed_by_others, last_calls
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.queries import ROWS_PER_STATEMENT
from xuna_cli.ledger.records import BatchState, CallKey, ClaimStatus
from xuna_cli.models import Conversation, Evaluation

pytestmark = pytest.mark.slow

NEAR = [ROWS_PER_STATEMENT + by for by in (-1, 0, 1)] + [2 * ROWS_PER_STATEMENT + by for by in (-1, 0, 1)]
SIZES = st.sampled_from([*NEAR, 1300])
AGO = dt.timedelta(days=7)


@pytest.fixture(params=ENGINES)
def fresh(request, tmp_path_factory):
    """Create ledgers of one engine, each a new one, or one with an older clock."""
    made = []

    def make(**options):
        if request.param == "sqlite":
            place = tmp_path_factory.mktemp("ledger") / "ledger.db"
        else:
            place = ServerUrl(request.getfixturevalue("postgres_server").new_database())
        made.append(open_ledger(place, **options))
        if request.param == "sqlite":
            made[-1].engine.rows("PRAGMA synchronous = OFF")  # what a commit survives is not tested here
        return made[-1]

    yield make
    for ledger in made:
        ledger.close()


def keys(targets):
    return [target.key for target in targets]


def claimed(ledger, campaign_id=1):
    """Return batch → its sorted keys, from the table of calls."""
    found = {}
    for batch_id, key in ledger.query(
        f"SELECT batch_id, key FROM calls WHERE campaign_id = {campaign_id} ORDER BY key"
    ):
        found.setdefault(batch_id, []).append(key)
    return found


def sizes(ledger):
    return {batch.id: batch.size for batch in ledger.batches(1)}


def examples(function):
    quiet = list(HealthCheck)
    return settings(max_examples=2, deadline=None, suppress_health_check=quiet, database=None)(function)


def test_split_moves_every_call_to_its_child(fresh):
    @examples
    @given(SIZES, SIZES, st.integers(0, 600))
    @example(1300, 1001, 501)
    def check(first, second, refused):
        ledger = fresh()
        run = ledger.start_run(described())
        everybody = people(*range(first + second + refused))
        [parent] = ledger.claim(run, [everybody])
        ledger.submit(parent)
        parts = [everybody[:first], everybody[first : first + second]]
        bad = everybody[first + second :]
        children = ledger.split(
            run, parent, parts, http_status=422, error="x", refused=[(one, "no") for one in bad]
        )
        assert [child.targets for child in children] == [tuple(part) for part in parts]
        assert claimed(ledger) == {child.id: keys(child.targets) for child in children}
        assert set(ledger.refused(1, keys(everybody))) == set(keys(bad))
        found = ledger.claim_statuses(1, keys(everybody), run_id=run.id)
        assert found == dict.fromkeys(keys(everybody), ClaimStatus.DUPLICATE)
        for child in children:
            ledger.submit(child)
            ledger.record(child, BatchState.UNKNOWN)
        ledger.end_run(run)
        again = ledger.start_run(described())
        assert sum(len(batch.targets) for batch in ledger.claim(again, [everybody])) == refused

    check()


def test_unclaim_gives_back_exactly_those_of_its_batch(fresh):
    @examples
    @given(SIZES, st.sampled_from(NEAR))
    @example(1300, 1001)
    def check(size, given_back):
        ledger = fresh()
        run, other = ledger.start_run(described()), ledger.start_run(described("autumn"))
        everybody = people(*range(size + given_back))
        [theirs] = ledger.claim(other, [everybody])  # the same people in another campaign
        [batch] = ledger.claim(run, [everybody])
        left = ledger.unclaim(batch, keys(everybody[:given_back]))
        assert left.targets == tuple(everybody[given_back:])
        assert claimed(ledger) == {batch.id: keys(left.targets)}
        assert claimed(ledger, 2) == {theirs.id: keys(everybody)}
        assert sizes(ledger) == {batch.id: size}
        assert ledger.unclaim(left, keys(left.targets)) is None
        assert claimed(ledger) == sizes(ledger) == {}

    check()


def test_claims_are_filled_up_and_statuses_told(fresh, monkeypatch):
    @examples
    @given(SIZES, st.sampled_from(NEAR))
    @example(1300, 1001)
    def check(size, taken):
        ledger = fresh()
        rival, run = ledger.start_run(described()), ledger.start_run(described())
        everybody = people(*range(size + taken))
        theirs = everybody[::2][:taken]
        [first] = ledger.claim(rival, [theirs])
        # They come between the lookup and the claim.
        monkeypatch.setattr(Claims, "_still_free", lambda _self, _run, groups: groups)
        half = len(everybody) // 2
        batches = ledger.claim(run, [everybody[:half], everybody[half:]])
        ours = [one for one in everybody if one not in set(theirs)]
        assert [one for batch in batches for one in batch.targets] == ours
        assert claimed(ledger) == {
            first.id: keys(theirs),
            **{batch.id: keys(batch.targets) for batch in batches},
        }
        assert sizes(ledger) == {batch_id: len(found) for batch_id, found in claimed(ledger).items()}
        told = ledger.claim_statuses(1, keys(everybody), run_id=run.id)
        assert told == {
            **dict.fromkeys(keys(theirs), ClaimStatus.IN_FLIGHT),
            **dict.fromkeys(keys(ours), ClaimStatus.DUPLICATE),
        }

    check()


def test_outcomes_free_or_keep_everybody_of_a_batch(fresh):
    @examples
    @given(SIZES)
    @example(1300)
    def check(size):
        later = [dt.timedelta()]
        ledger = fresh(now=lambda: dt.datetime.now(dt.UTC) + later[0])
        run = ledger.start_run(described(deadline=1.0))
        groups = [people(*range(at, at + size)) for at in range(0, 6 * size, size)]
        batches = ledger.claim(run, groups)
        accepted, short, unknown, refused, lost, _ = batches
        for batch in batches[:5]:
            ledger.submit(batch)
        ledger.back_to_claimed(lost)
        ledger.submit(lost)
        ledger.record(accepted, BatchState.ACCEPTED, batch_id="a", calls_initiated=size)
        ledger.record(short, BatchState.SHORT, batch_id="s", calls_initiated=1)
        ledger.record(unknown, BatchState.UNKNOWN)
        ledger.record(refused, BatchState.REFUSED)
        ledger.record(lost, BatchState.REFUSED)
        assert ledger.reclaim(lost, BatchState.ACCEPTED, batch_id="l", calls_initiated=size, error=None) == 0
        ledger.end_run(run)  # unsent claims are freed
        kept = (accepted, short, unknown, lost)
        assert claimed(ledger) == {batch.id: keys(batch.targets) for batch in kept}
        later[0] = dt.timedelta(minutes=1)
        resolve(ledger, "spring", [unknown.id], placed=False)
        assert claimed(ledger) == {batch.id: keys(batch.targets) for batch in (accepted, short, lost)}
        assert len(list(calls(ledger, 1))) == 3 * size
        # Dead runs: batches in progress are held, unsent claims are freed.
        again = ledger.start_run(described())
        one, two = ledger.claim(again, [groups[2], groups[3]])
        ledger.submit(one)
        with ledger.lock:
            ledger.engine.release_lock(again.id)
        ledger.recover()
        assert claimed(ledger).get(two.id) is None
        assert claimed(ledger)[one.id] == keys(one.targets)
        assert {batch.state for batch in ledger.batches(1) if batch.id == one.id} == {BatchState.UNKNOWN}

    check()


def test_lists_and_quiet_days_know_every_number(fresh):
    @examples
    @given(SIZES, st.sampled_from(NEAR))
    @example(1300, 1001)
    def check(size, listed):
        ledger = fresh()
        since = dt.datetime.now(dt.UTC) - AGO
        everybody = people(*range(size + listed))
        numbers = [one.to_phone_number for one in everybody]
        run, other = ledger.start_run(described()), ledger.start_run(described("autumn", key_column="id"))
        [batch] = ledger.claim(run, [everybody])
        assert claimed_by_others(ledger, numbers, other.id) == set(numbers)
        assert ledger.submit(batch) == {}
        assert set(last_calls(ledger, everybody, since, campaign_id=other.campaign_id)) == set(numbers)
        assert last_calls(ledger, everybody, since, campaign_id=run.campaign_id) == {}
        keyed = [person(one.row_number, f"{one.key}\x1fx") for one in everybody]
        assert ledger.claim(other, [keyed], since) == []
        [theirs] = ledger.claim(other, [keyed])
        assert set(ledger.submit(theirs, since)) == set(keys(keyed))
        assert add(ledger, numbers[:listed], "asked") == listed
        assert set(ledger.on_do_not_call_list(numbers)) == set(numbers[:listed])
        assert [entry.to_phone_number for entry in entries(ledger)] == numbers[:listed]
        third = ledger.start_run(described("winter"))
        [left] = ledger.claim(third, [everybody])
        assert left.targets == tuple(everybody[listed:])
        assert remove(ledger, numbers) == listed
        assert count(ledger) == 0

    check()


def test_what_came_of_calls_is_kept_for_all_and_forgotten_with_them(fresh):
    @examples
    @given(SIZES)
    @example(1300)
    def check(size):
        ledger, copy = fresh(), fresh()
        run = ledger.start_run(described())
        everybody = people(*range(size))
        [batch] = ledger.claim(run, [everybody])
        ledger.submit(batch)
        ledger.record(batch, BatchState.ACCEPTED, batch_id="b", calls_initiated=size)
        ids = [f"conversation-{number}" for number in range(size)]
        success = {"reached": Evaluation("success", "")}
        links = [
            Link(Conversation(one, status="done", evaluation=success), [CallKey(target.key)], "batch")
            for one, target in zip(ids, everybody, strict=True)
        ]
        for _ in range(2):  # earlier values are replaced
            store(ledger, 1, links)
        assert final_conversations(ledger, 1, ids) == set(ids)
        kept = [(one.to_phone_number, one.conversation_id) for one in kept_records(ledger, 1)]
        assert sorted(kept) == sorted(zip([one.to_phone_number for one in everybody], ids, strict=True))
        assert outcomes_of(ledger, [batch.id]).keys() == set(map(CallKey, keys(everybody)))
        assert outcomes_of_keys(ledger, 1, keys(everybody)).keys() == set(map(CallKey, keys(everybody)))
        ledger.end_run(run)
        assert copy_ledger(ledger, copy).rows["calls"] == size
        assert list(claimed(copy).values()) == [keys(everybody)]
        assert forget(copy, "spring").people == size
        assert claimed(copy) == {}
        assert copy.query("SELECT COUNT(*) FROM outcomes") == [(0,)]

    check()
