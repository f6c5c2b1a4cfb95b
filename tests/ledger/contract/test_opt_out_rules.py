"""A campaign's opt-out rules, and how far its opt-outs are known, on both engines."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.builders import described, people
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.conversations import Link, store
from xuna_cli.ledger.copying import copy_ledger
from xuna_cli.ledger.database import as_written
from xuna_cli.ledger.do_not_call import add, remove
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.opt_out_rules import (
    campaigns_to_ask,
    decided,
    dismiss,
    keep_rules,
    note_opt_outs_known,
    numbers_in_doubt,
    numbers_of_calls,
)
from xuna_cli.ledger.records import BatchState, CallKey
from xuna_cli.models import Conversation

RULES = ("opt_out=true", "wish=no calls ä%")


@pytest.fixture
def ledger(opened):
    return opened()


def called(ledger, name, *numbers, rules=RULES):
    """Call people in a campaign, and return it."""
    run = ledger.start_run(described(name, opt_out_when=rules))
    for batch in ledger.claim(run, [people(*numbers)] if numbers else []):
        ledger.submit(batch)
        ledger.record(batch, BatchState.ACCEPTED, batch_id=f"batch_{batch.id}", calls_initiated=len(numbers))
    ledger.end_run(run)
    return campaign(ledger, name)


def after(**time):
    return as_written(datetime.now(UTC) + timedelta(**time))


def keep(ledger, of, rules):
    with ledger.transaction():
        return keep_rules(ledger, of.id, rules)


def test_a_run_keeps_its_rules_and_one_without_rules_leaves_them(ledger):
    assert called(ledger, "spring", 1).opt_out_when == RULES
    assert called(ledger, "spring", 2, rules=None).opt_out_when == RULES
    assert called(ledger, "spring", 3, rules=("a=b",)).opt_out_when == ("a=b",)
    assert called(ledger, "spring", 4, rules=()).opt_out_when == ()
    assert called(ledger, "autumn", 1, rules=None).opt_out_when == ()


def test_opt_outs_are_known_by_the_rules_that_the_campaign_has(ledger):
    spring = called(ledger, "spring", 1)
    note_opt_outs_known(ledger, spring.id, ["a=b"], after())  # another machine has changed the rules
    assert campaign(ledger, "spring").opt_outs_known_at is None
    later, now = after(hours=1), after()
    for at in (later, now):  # of two readings that end in another order, the later one counts
        note_opt_outs_known(ledger, spring.id, RULES[::-1], at)
    assert campaign(ledger, "spring").opt_outs_known_at == later
    assert keep(ledger, spring, RULES[::-1]) == []
    assert campaign(ledger, "spring").opt_outs_known_at == later
    assert keep(ledger, spring, (*RULES, "a=b")) == []
    assert campaign(ledger, "spring").opt_outs_known_at is None
    assert keep(ledger, spring, ("a=b",)) == list(RULES)


def test_a_campaign_is_asked_until_its_opt_outs_are_known_a_day_after_its_last_call(ledger):
    spring, autumn = called(ledger, "spring", 1), called(ledger, "autumn", 1)
    called(ledger, "winter", 1, rules=None)
    called(ledger, "empty")
    assert campaigns_to_ask(ledger, other_than=None) == {spring.id, autumn.id}
    assert campaigns_to_ask(ledger, other_than=spring.id) == {autumn.id}
    note_opt_outs_known(ledger, autumn.id, RULES, after(hours=23))
    assert campaigns_to_ask(ledger, other_than=spring.id) == {autumn.id}
    note_opt_outs_known(ledger, autumn.id, RULES, after(hours=25))
    assert campaigns_to_ask(ledger, other_than=spring.id) == set()


@pytest.mark.parametrize(
    ("called_ago", "known_ago", "is_asked"),
    [
        (timedelta(days=10), timedelta(hours=23), False),
        (timedelta(days=10), timedelta(hours=25), True),
        (timedelta(days=29), timedelta(days=20), True),
        (timedelta(days=31), timedelta(days=20), False),
        (timedelta(days=31), timedelta(days=30, hours=1), True),
    ],
)
def test_a_campaign_is_asked_once_a_day_for_a_month_since_people_call_back(
    ledger, called_ago, known_ago, is_asked
):
    spring = called(ledger, "spring", 1)
    note_opt_outs_known(ledger, spring.id, RULES, after(seconds=-known_ago.total_seconds()))
    with ledger.transaction():
        at = after(seconds=-called_ago.total_seconds())
        ledger.engine.change("UPDATE batches SET submitted_at = :at", {"at": at})
    assert campaigns_to_ask(ledger, other_than=None) == ({spring.id} if is_asked else set())


def test_people_without_a_final_record_may_have_opted_out(ledger):
    spring = called(ledger, "spring", 1, 2, 3)
    [first, second, third] = (target.key for target in people(1, 2, 3))
    store(
        ledger,
        spring.id,
        [
            Link(Conversation("c1", status="done"), [CallKey(first)], "batch"),
            Link(Conversation("c2", status="in-progress"), [CallKey(second)], "batch"),
            Link(Conversation("c3", status="done"), [CallKey(third)], None),
        ],
    )
    assert set(numbers_in_doubt(ledger, spring)) == {second, third}
    assert set(numbers_in_doubt(ledger, spring, also_read=True)) == {first, second, third}
    note_opt_outs_known(ledger, spring.id, RULES, after(hours=25))
    assert set(numbers_in_doubt(ledger, campaign(ledger, "spring"), also_read=True)) == set()


def test_a_copied_ledger_has_the_rules_and_what_is_known(ledger, tmp_path):
    spring = called(ledger, "spring", 1)
    note_opt_outs_known(ledger, spring.id, RULES, after())
    dismiss(ledger, ["c1"], "a test")
    copy = open_ledger(tmp_path / "copy.db")
    copy_ledger(ledger, copy)
    assert campaign(copy, "spring") == campaign(ledger, "spring")
    assert decided(copy, ["c1"]) == {"c1"}
    copy.close()


def test_the_calls_of_a_record_without_a_number(ledger):
    spring = called(ledger, "spring", 1, 2)
    called(ledger, "spring", 3)
    called(ledger, "autumn", 4)
    [first, second, third] = (target.key for target in people(1, 2, 3))
    store(ledger, spring.id, [Link(Conversation("c1", status="done"), [CallKey(first)], "batch")])

    def found(batch, **options):
        return numbers_of_calls(ledger, spring.id, batch, **options)

    assert found(None, also_read=True) == {first, second, third}
    assert found(None, also_read=False) == {second, third}
    assert found("batch_1", also_read=True) == {first, second}
    assert found("batch_1", also_read=False) == {second}
    assert found("batch_3", also_read=True) == set()


def test_a_conversation_is_decided_if_it_is_dismissed_or_the_reason_of_a_number(ledger):
    ids = [f"c{index}" for index in range(5)]
    assert decided(ledger, ids) == set()
    assert dismiss(ledger, ["c0", "c0", "c1"], "a test") == 2
    assert dismiss(ledger, ["c1"], None) == 0
    add(ledger, ["+1"], "c2")
    add(ledger, ["+2"], "c3")
    remove(ledger, ["+2"])
    assert decided(ledger, ids) == set(ids[:4])
