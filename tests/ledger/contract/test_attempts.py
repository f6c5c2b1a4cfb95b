"""Several attempts in a ledger, on both engines: never too many, never too early, never without proof."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.builders import described, person
from tests.support.clock import FakeClock
from xuna_cli.ledger.attempts import Attempts, Due, Never, NoMore, NotYet
from xuna_cli.ledger.campaigns import calls, calls_with_outcomes, campaign, resolve, settle_proven
from xuna_cli.ledger.conversations import Link, iso, store, store_sync
from xuna_cli.ledger.do_not_call import add
from xuna_cli.ledger.engines.postgres import PostgresEngine
from xuna_cli.ledger.engines.sqlite import SqliteEngine
from xuna_cli.ledger.forgetting import forget
from xuna_cli.ledger.last_calls import last_calls
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.migrations import STEPS
from xuna_cli.ledger.records import BatchState, CallKey, CallOutcome, ClaimStatus, ConversationSync
from xuna_cli.models import Conversation, Evaluation

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AGAIN = frozenset({CallOutcome.NO_CONVERSATION, CallOutcome.FAILURE})
POLICY = Attempts(3, (4 * HOUR, DAY), AGAIN)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def ledger(opened, clock):
    return opened(now=clock.now)


def at(number, attempt, key=None):
    return replace(person(number, key), attempt=attempt)


def dial(ledger, targets, *, policy=POLICY, state=BatchState.ACCEPTED, run=None, batch_id=None, since=None):
    """Call people in one batch by a run of their own; return who was really called."""
    run, own = run or ledger.start_run(described(deadline=0.0)), run is None
    batches = ledger.claim(run, [targets], since, policy)
    for batch in batches:
        assert ledger.submit(batch, since, policy) == {}
        ledger.record(
            batch, state, batch_id=batch_id or f"api_{batch.id}", calls_initiated=len(batch.targets)
        )
    if own:
        ledger.end_run(run)
    return [(target.row_number, target.attempt) for batch in batches for target in batch.targets]


def read(ledger, clock, *, incomplete=None, reasons=None, **outcomes):
    """Read the records: `p1_1="failure"` is the outcome of person 1's first attempt."""
    links = []
    for name, outcome in outcomes.items():
        number, attempt = map(int, name[1:].split("_"))
        verdicts = {"goal": Evaluation(outcome, "")} if outcome in {"success", "failure"} else {}
        status = "in-progress" if outcome == "in-progress" else "done"
        talk = Conversation(
            f"conv_{name}", status=status, evaluation=verdicts, started_at=clock.now().timestamp()
        )
        how = None if outcome == "unproven" else "batch"
        links.append(Link(talk, [CallKey(person(number).key, attempt)], how))
    store(ledger, 1, links)
    store_sync(ledger, 1, ConversationSync(iso(clock.now().timestamp()), incomplete, reasons=reasons or {}))


def stands(ledger, number, policy=POLICY):
    return ledger.claim_statuses(1, [person(number).key], policy=policy).get(person(number).key)


def test_the_second_attempt_after_a_proven_outcome_and_its_spacing(ledger, clock):
    assert dial(ledger, [at(1, 1), at(2, 1)]) == [(1, 1), (2, 1)]
    assert stands(ledger, 1) == NotYet(person(1).key, 2)
    assert dial(ledger, [at(1, 2)]) == []
    read(ledger, clock, p1_1="failure", p2_1="success")
    opens_at = clock.now() + 4 * HOUR
    assert stands(ledger, 1) == NotYet(person(1).key, 2, opens_at)
    assert stands(ledger, 2) == Never(NoMore.SUCCESS)
    clock.advance(4 * 3600 - 1)
    assert dial(ledger, [at(1, 2), at(2, 2)]) == []
    clock.advance(1)
    assert stands(ledger, 1) == Due(person(1).key, 2)
    assert dial(ledger, [at(1, 1), at(2, 1), at(2, 2)]) == []
    assert dial(ledger, [at(1, 2)]) == [(1, 2)]
    assert stands(ledger, 1) == NotYet(person(1).key, 3)
    assert [(call.key, call.attempt, call.is_last) for call in calls(ledger, 1)] == [
        (person(1).key, 1, False),
        (person(2).key, 1, True),
        (person(1).key, 2, True),
    ]
    assert [batch.again for batch in ledger.batches(1)] == [0, 1]


def test_no_fourth_attempt_of_three_and_each_spacing_is_measured_from_the_last_one(ledger, clock):
    assert dial(ledger, [at(1, 1)]) == [(1, 1)]
    clock.advance(4 * 3600)
    read(ledger, clock, p1_1="failure")
    assert dial(ledger, [at(1, 3)]) == []
    assert dial(ledger, [at(1, 2)]) == [(1, 2)]
    read(ledger, clock, p1_1="failure", p1_2="failure")
    clock.advance(24 * 3600 - 1)
    assert dial(ledger, [at(1, 3)]) == []
    clock.advance(1)
    assert dial(ledger, [at(1, 2), at(1, 3)][1:]) == [(1, 3)]
    read(ledger, clock, p1_1="failure", p1_2="failure", p1_3="failure")
    clock.advance(900 * 3600)
    assert dial(ledger, [at(1, 4)]) == []
    assert stands(ledger, 1) == Never(NoMore.EXHAUSTED)


@pytest.mark.parametrize("outcome", ["success", "in-progress", "unproven", "unknown"])
def test_an_outcome_that_is_not_named_or_not_proven_frees_nobody(ledger, clock, outcome):
    dial(ledger, [at(1, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1=outcome)
    assert dial(ledger, [at(1, 2)]) == []


def test_no_conversation_counts_by_the_last_reading_of_all_records(ledger, clock):
    dial(ledger, [at(1, 1)])
    clock.advance(9 * 3600)
    assert dial(ledger, [at(1, 2)]) == []
    read(ledger, clock, incomplete="cut off")
    assert dial(ledger, [at(1, 2)]) == []
    read(ledger, clock, reasons={"no-number": 1})
    assert dial(ledger, [at(1, 2)]) == []
    failures_only = replace(POLICY, again=frozenset({CallOutcome.FAILURE}))
    read(ledger, clock)
    assert dial(ledger, [at(1, 2)], policy=failures_only) == []
    assert dial(ledger, [at(1, 2)], policy=None) == []
    assert dial(ledger, [at(1, 2)]) == [(1, 2)]
    # What was read before the second call says nothing of it.
    clock.advance(99 * 3600)
    assert dial(ledger, [at(1, 3)]) == []


@pytest.mark.parametrize("state", [BatchState.UNKNOWN, BatchState.SHORT])
def test_a_held_attempt_bars_the_next_and_a_freed_one_leaves_the_earlier_as_it_is(ledger, clock, state):
    dial(ledger, [at(1, 1), at(2, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure", p2_1="failure")
    dial(ledger, [at(1, 2)], state=state)
    clock.advance(99 * 3600)
    read(ledger, clock, p1_1="failure", p2_1="failure")
    assert stands(ledger, 1) is ClaimStatus.HELD
    assert dial(ledger, [at(1, 2), at(1, 3)][1:]) == dial(ledger, [at(1, 2)]) == []
    if state is BatchState.UNKNOWN:
        [held] = ledger.batches(1, held_only=True)
        resolve(ledger, "spring", [held.id], placed=False)
        assert stands(ledger, 1) == Due(person(1).key, 2)
        assert dial(ledger, [at(1, 2), at(2, 2)]) == [(1, 2), (2, 2)]


def test_a_batch_resolved_as_placed_is_measured_from_the_decision(ledger, clock):
    dial(ledger, [at(1, 1)], state=BatchState.SHORT)
    clock.advance(99 * 3600)
    [held] = ledger.batches(1, held_only=True)
    resolve(ledger, "spring", [held.id], placed=True)
    read(ledger, clock, p1_1="failure")
    assert stands(ledger, 1) == NotYet(person(1).key, 2, clock.now() + 4 * HOUR)


def test_attempts_are_counted_for_the_person_in_either_form_of_the_number(ledger, clock):
    old, new = "+551187654321", "+5511987654321"
    first = replace(person(1, new), to_phone_number=new)
    assert dial(ledger, [first]) == [(1, 1)]
    clock.advance(9 * 3600)
    store(
        ledger,
        1,
        [Link(Conversation("c", evaluation={"g": Evaluation("failure", "")}), [CallKey(new)], "batch")],
    )
    store_sync(ledger, 1, ConversationSync(iso(clock.now().timestamp())))
    assert ledger.claim_statuses(1, [old], policy=POLICY) == {old: Due(new, 2)}
    second = replace(first, to_phone_number=old, attempt=2)
    assert dial(ledger, [second]) == [(1, 2)]
    assert ledger.claim_statuses(1, [old, new], policy=POLICY) == dict.fromkeys([old, new], NotYet(new, 3))
    assert dial(ledger, [replace(second, key=old)]) == dial(ledger, [second]) == []
    # Quiet days of another campaign see the call under both numbers.
    for number in (old, new):
        asked = [replace(person(7, number), to_phone_number=number)]
        assert last_calls(ledger, asked, clock.now() - DAY, campaign_id=None).keys() == {number}


def test_quiet_days_leave_a_persons_own_attempts_to_the_policy(ledger, clock):
    since = clock.now() - 30 * DAY
    two_keys = [at(1, 1, "+12120000001\x1fa")]
    dial(ledger, two_keys)
    clock.advance(9 * 3600)
    talk = Conversation("c", evaluation={"g": Evaluation("failure", "")})
    store(ledger, 1, [Link(talk, [CallKey(two_keys[0].key)], "batch")])
    store_sync(ledger, 1, ConversationSync(iso(clock.now().timestamp())))
    again, other = replace(two_keys[0], attempt=2), at(1, 1, "+12120000001\x1fb")
    assert dial(ledger, [other], since=since) == []
    assert dial(ledger, [again], since=since) == [(1, 2)]
    elsewhere = ledger.start_run(described("autumn"))
    assert ledger.claim(elsewhere, [[at(1, 1)]], since) == []


def test_what_is_proven_between_the_claim_and_the_post_stops_the_post(ledger, clock):
    dial(ledger, [at(1, 1), at(2, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure", p2_1="failure")
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [[at(1, 2), at(2, 2)]], None, POLICY)
    read(ledger, clock, p1_1="success", p2_1="failure")
    assert ledger.submit(batch, None, POLICY) == {person(1).key: Never(NoMore.SUCCESS)}
    left = ledger.unclaim(batch, [person(1).key])
    assert ledger.submit(left, None, POLICY) == {}
    assert stands(ledger, 1) == Never(NoMore.SUCCESS)
    assert [(call.key, call.attempt) for call in calls(ledger, 1, [ledger.batches(1)[-1]])] == [
        (person(2).key, 2)
    ]
    assert ledger.batches(1)[-1].again == 1


def test_a_run_without_a_policy_submits_no_second_attempt(ledger, clock):
    dial(ledger, [at(1, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure")
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [[at(1, 2)]], None, POLICY)
    assert ledger.submit(batch) == {person(1).key: ClaimStatus.ALREADY_CALLED}


def test_rules_and_refusals_apply_to_each_attempt(ledger, clock):
    dial(ledger, [at(1, 1), at(2, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure", p2_1="failure")
    add(ledger, [person(1).to_phone_number], "asked")
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [[at(1, 2), at(2, 2)]], None, POLICY)
    ledger.submit(batch, None, POLICY)
    # The API refuses this person: the second attempt is not used, and not made again in this run.
    assert ledger.split(run, batch, [], http_status=422, error="bad", refused=[(at(2, 2), "bad")]) == []
    assert ledger.claim(run, [[at(2, 2)]], None, POLICY) == []
    statuses = ledger.claim_statuses(1, [person(2).key], run_id=run.id, policy=POLICY)
    assert statuses == {person(2).key: ClaimStatus.DUPLICATE}
    ledger.end_run(run)
    assert dial(ledger, [at(2, 2)]) == [(2, 2)]


def test_a_split_moves_the_calls_of_its_own_attempt_only(ledger, clock):
    dial(ledger, [at(number, 1) for number in range(6)])
    clock.advance(9 * 3600)
    read(ledger, clock, **{f"p{number}_1": "failure" for number in range(6)})
    run = ledger.start_run(described())
    mixed = [*(at(number, 2) for number in range(6)), at(7, 1)]
    [batch] = ledger.claim(run, [mixed], None, POLICY)
    ledger.submit(batch, None, POLICY)
    halves = ledger.split(run, batch, [mixed[:3], mixed[3:]], http_status=413, error="too large")
    assert [child.targets for child in halves] == [tuple(mixed[:3]), tuple(mixed[3:])]
    first, refused, *children = ledger.batches(1)
    assert [(child.size, child.again) for child in children] == [(3, 3), (4, 3)]
    assert refused.state is BatchState.REFUSED
    assert {(call.batch.id, call.attempt) for call in calls(ledger, 1)} == {
        (first.id, 1), (children[0].id, 2), (children[1].id, 2), (children[1].id, 1)
    }  # fmt: skip


def test_a_dead_runs_later_attempts_are_freed_and_the_earlier_stay(ledger, clock, opened):
    dial(ledger, [at(1, 1), at(2, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure", p2_1="failure")
    dying = opened(now=clock.now)
    run = dying.start_run(described())
    sent, _ = dying.claim(run, [[at(1, 2)], [at(2, 2)]], None, POLICY)
    dying.submit(sent, None, POLICY)
    dying.close()
    ledger.recover()
    assert stands(ledger, 1) is ClaimStatus.HELD
    assert stands(ledger, 2) == Due(person(2).key, 2)
    assert {(call.key, call.attempt) for call in calls(ledger, 1)} == {
        (person(1).key, 1), (person(1).key, 2), (person(2).key, 1)
    }  # fmt: skip


def test_of_two_machines_that_want_the_same_attempt_one_has_it(ledger, opened, clock):
    dial(ledger, [at(1, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure")
    other = opened(now=clock.now)
    ours, theirs = ledger.start_run(described()), other.start_run(described())
    assert [len(batch.targets) for batch in ledger.claim(ours, [[at(1, 2)]], None, POLICY)] == [1]
    assert other.claim(theirs, [[at(1, 2)]], None, POLICY) == []
    assert stands(other, 1) is ClaimStatus.IN_FLIGHT
    # Nor the next one, before the first machine's has an outcome.
    assert other.claim(theirs, [[at(1, 3)]], None, POLICY) == []


def test_outcomes_belong_to_their_attempt(ledger, clock):
    dial(ledger, [at(1, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure")
    dial(ledger, [at(1, 2)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure", p1_2="success")
    found = calls_with_outcomes(ledger, campaign(ledger, "spring"))
    assert [(call.attempt, outcome.value) for call, outcome in found] == [(1, "failure"), (2, "success")]
    # The second attempt's claim goes, and with it its outcome only.
    last = ledger.batches(1)[-1].id
    with ledger.transaction():
        ledger.change("delete_calls_of_batch", {"id": last})
    assert ledger.query("SELECT attempt, outcome FROM outcomes") == [(1, "failure")]


def test_a_held_second_attempt_is_proven_by_its_own_record_only(ledger, clock):
    dial(ledger, [at(1, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure")
    dial(ledger, [at(1, 2)], state=BatchState.UNKNOWN)
    assert settle_proven(ledger, 1) == []
    read(ledger, clock, p1_1="failure", p1_2="failure")
    assert [batch.state for batch in settle_proven(ledger, 1)] == [BatchState.ACCEPTED]
    assert stands(ledger, 1) == NotYet(person(1).key, 3, clock.now() + DAY)


def test_forgetting_takes_all_attempts_and_keeps_the_counts(ledger, clock):
    dial(ledger, [at(1, 1)])
    clock.advance(9 * 3600)
    read(ledger, clock, p1_1="failure")
    dial(ledger, [at(1, 2)])
    assert forget(ledger, "spring").people == 1
    assert list(calls(ledger, 1)) == []
    assert [(batch.size, batch.again) for batch in ledger.batches(1)] == [(1, 0), (1, 1)]


ANN, BOB = person(1).key, person(2).key
AT = "2026-11-24T08:00:00.000Z"
OF_VERSION_5 = {
    "campaigns (name, api_origin, created_at)": f"('spring', 'https://api.xuna.ai', '{AT}')",
    "runs (campaign_id, started_at, ended_at, agent_id, from_phone_number_id, source, deadline, host, pid, xuna_version)": (
        f"(1, '{AT}', '{AT}', 'agent_1', 'pn_1', '-', 1, 'h', 1, '0')"
    ),
    "batches (run_id, state, size, batch_id, submitted_at, finished_at)": f"(1, 'accepted', 2, 'b', '{AT}', '{AT}')",
    "calls": f"(1, '{ANN}', '{ANN}', 1, 2), (1, '{BOB}', '{BOB}', 1, 3)",
    "outcomes (campaign_id, key, conversation_id, outcome, joined_by, final, evaluation, collected)": (
        f"(1, '{ANN}', 'conv_1', 'failure', 'batch', 1, '{{}}', '{{}}')"
    ),
}


@pytest.mark.parametrize("outcome", ["unproven", "in-progress"])
def test_a_day_after_a_call_no_proof_is_expected_but_one_that_comes_counts(ledger, clock, outcome):
    dial(ledger, [at(1, 1)])
    clock.advance(24 * 3600 - 1)
    read(ledger, clock, p1_1=outcome)
    assert stands(ledger, 1) == NotYet(person(1).key, 2)
    clock.advance(1)
    assert stands(ledger, 1) == NotYet(person(1).key, 2)
    read(ledger, clock, incomplete="cut off", p1_1=outcome)
    assert stands(ledger, 1) == NotYet(person(1).key, 2)
    read(ledger, clock, p1_1=outcome)
    assert stands(ledger, 1) == Never(NoMore.UNPROVEN)
    assert dial(ledger, [at(1, 2)]) == []
    read(ledger, clock, p1_1="failure")
    assert dial(ledger, [at(1, 2)]) == [(1, 2)]


def test_a_ledger_of_the_version_before_keeps_its_calls_as_first_attempts(place, clock):
    before = {step: statements for step, statements in STEPS.items() if step <= 5}
    with closing(Ledger(new_engine(place), steps=before)) as old, old.transaction():
        for table, values in OF_VERSION_5.items():
            old.engine.change(f"INSERT INTO {table} VALUES {values}")
    with closing(Ledger(new_engine(place), now=clock.now)) as ledger:
        found = list(calls_with_outcomes(ledger, campaign(ledger, "spring")))
        assert [(call.key, call.attempt, outcome.value) for call, outcome in found] == [
            (person(1).key, 1, "failure"),
            (person(2).key, 1, "not-read"),
        ]
        assert dial(ledger, [at(1, 1), at(2, 1)]) == []
        clock.advance(10_000 * 3600)
        assert stands(ledger, 1) == Due(person(1).key, 2)
        assert dial(ledger, [at(1, 2), at(2, 2)]) == [(1, 2)]
        assert forget(ledger, "spring").people == 2
        assert ledger.query("SELECT COUNT(*) FROM outcomes") == [(0,)]


def new_engine(place):
    return (SqliteEngine if isinstance(place, Path) else PostgresEngine)(place, create=True)


@pytest.mark.parametrize(
    ("late", "standing"),
    [
        ("success", Never(NoMore.SUCCESS)),
        ("in-progress", Never(NoMore.UNPROVEN)),
        ("failure", Due(person(1).key, 3)),
    ],
)
def test_a_record_of_the_first_call_that_comes_after_the_second_counts(ledger, clock, late, standing):
    dial(ledger, [at(1, 1)])
    clock.advance(4 * 3600)
    read(ledger, clock)
    dial(ledger, [at(1, 2)])
    clock.advance(24 * 3600)
    read(ledger, clock)
    assert stands(ledger, 1) == Due(person(1).key, 3)
    read(ledger, clock, p1_1=late)
    assert stands(ledger, 1) == standing


def test_a_reading_by_a_clock_that_was_ahead_proves_nothing_about_later_calls(ledger, clock):
    dial(ledger, [at(1, 1)])
    clock.advance(3 * DAY.total_seconds())
    read(ledger, clock)
    clock.advance(-2.9 * DAY.total_seconds())  # the clock is set right, or another machine has the right time
    dial(ledger, [at(2, 1)])
    clock.advance(2 * 3600 + 4 * 3600)
    assert stands(ledger, 2) == NotYet(person(2).key, 2)
    read(ledger, clock)
    assert isinstance(stands(ledger, 2), Due)


@pytest.mark.parametrize(
    ("other", "standing"),
    [
        ("success", Never(NoMore.SUCCESS)),
        ("unproven", NotYet(person(1).key, 2)),
        ("failure", Due(person(1).key, 2)),
    ],
)
def test_each_record_of_a_call_counts_and_not_only_the_latest(ledger, clock, other, standing):
    dial(ledger, [at(1, 1)])
    verdict = {} if other == "unproven" else {"goal": Evaluation(other, "")}
    earlier = Conversation("conv_0", status="done", evaluation=verdict, started_at=clock.now().timestamp())
    clock.advance(4 * 3600)
    store(ledger, 1, [Link(earlier, [CallKey(person(1).key)], None if other == "unproven" else "batch")])
    read(ledger, clock, p1_1="failure")
    assert stands(ledger, 1) == standing


@pytest.mark.parametrize("first", ["failure", "success"])
def test_calls_under_both_forms_of_a_number_are_calls_of_one_person(ledger, clock, first):
    """An old ledger may have them, and so may one in which a batch was resolved wrongly."""
    old, new = "+551187654321", "+5511987654321"
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [[replace(person(1, old), to_phone_number=old)]])
    ledger.submit(batch)
    ledger.record(batch, BatchState.ACCEPTED, batch_id="api_1", calls_initiated=2)
    ledger.end_run(run)
    with ledger.transaction():
        ledger.insert("insert_calls", [(1, new, 1, new, batch.id, 3)])
    clock.advance(30 * 3600)
    links = [
        Link(Conversation(key, evaluation={"g": Evaluation(outcome, "")}), [CallKey(key)], "batch")
        for key, outcome in ((old, first), (new, "failure"))
    ]
    store(ledger, 1, links)
    store_sync(ledger, 1, ConversationSync(iso(clock.now().timestamp())))
    two, three = replace(POLICY, most=2), replace(POLICY, most=3)
    found = ledger.claim_statuses(1, [old, new], policy=three)
    if first == "success":
        assert found == dict.fromkeys([old, new], Never(NoMore.SUCCESS))
        return
    assert found == dict.fromkeys([old, new], Due(new, 3))
    exhausted = dict.fromkeys([old, new], Never(NoMore.EXHAUSTED))
    assert ledger.claim_statuses(1, [old, new], policy=two) == exhausted
    third = replace(person(1, new), to_phone_number=old, attempt=3)
    assert dial(ledger, [third], policy=three) == [(1, 3)]
    assert ledger.claim_statuses(1, [old, new], policy=three) == exhausted
