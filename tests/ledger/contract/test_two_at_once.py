"""Two changes at the same moment, between a lookup and a change."""

import contextlib
import datetime as dt
import threading

import pytest

from tests.support.builders import described, people
from xuna_cli.errors import RepeatedBatchIdError, UsageError
from xuna_cli.ledger import campaigns, conversations
from xuna_cli.ledger import runs as runs_module
from xuna_cli.ledger.batches import Batches
from xuna_cli.ledger.conversations import Link
from xuna_cli.ledger.database import utc_now
from xuna_cli.ledger.engines.location import ServerUrl
from xuna_cli.ledger.engines.postgres import PostgresEngine
from xuna_cli.ledger.forgetting import forget
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.migrations import STEPS
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState, CallKey, ClaimStatus
from xuna_cli.ledger.runs import Runs
from xuna_cli.ledger.standings import Standings
from xuna_cli.models import Conversation


def meanwhile(change):
    """Let another connection change something; it may have to wait for this one."""
    thread = threading.Thread(target=change, daemon=True)
    thread.start()
    thread.join(0.3)
    return thread


@pytest.mark.slow
def test_a_campaign_is_not_forgotten_while_a_run_of_it_starts(opened, monkeypatch):
    ours, theirs = opened(), opened()
    run = ours.start_run(described())
    [batch] = ours.claim(run, [people(1, 2)])
    ours.submit(batch)
    ours.record(batch, BatchState.ACCEPTED, batch_id="b", calls_initiated=2)
    ours.end_run(run)
    said, threads = [], []
    check = runs_module.check_same_campaign

    def other():
        try:
            said.append(forget(theirs, "spring").people)
        except UsageError as error:
            said.append(error.code)

    def checking(*args):
        check(*args)
        threads.append(meanwhile(other))

    monkeypatch.setattr(runs_module, "check_same_campaign", checking)
    again = ours.start_run(described())
    threads[0].join(60)
    assert said == ["campaign-run-alive"]
    assert ours.claim(again, [people(1, 2)]) == []


@pytest.mark.slow
def test_a_late_outcome_is_not_overwritten_by_who_read_an_older_one(opened, monkeypatch):
    ours = opened()
    theirs = opened(now=lambda: utc_now() + dt.timedelta(days=1))
    run = ours.start_run(described())
    [batch] = ours.claim(run, [people(1, 2)])
    ours.submit(batch)
    with theirs.transaction():
        Runs(theirs)._close(run.id, "taken for dead")
    settle = campaigns._settle
    threads = []

    def resolving(*args, **kwargs):
        threads.append(
            meanwhile(lambda: ours.record(batch, BatchState.SHORT, batch_id="b", calls_initiated=1))
        )
        return settle(*args, **kwargs)

    monkeypatch.setattr(campaigns, "_settle", resolving)
    try:
        campaigns.resolve(theirs, "spring", [batch.id], placed=False)
    except UsageError as error:
        assert error.code == "batch-not-held"  # noqa: PT017 - only on one engine
        assert [one.state for one in theirs.batches(run.campaign_id)] == [BatchState.SHORT]
    else:  # the outcome had to wait for the decision, and finds it
        threads[0].join(60)
        assert [(one.state, one.batch_id) for one in theirs.batches(run.campaign_id)] == [
            (BatchState.REFUSED, None)
        ]


@pytest.mark.slow
def test_of_two_batches_that_get_the_same_id_at_the_same_moment_one_is_accepted(opened, monkeypatch):
    ours, theirs = opened(), opened()
    batches = {}
    for ledger, number in ((ours, 1), (theirs, 2)):
        [batches[ledger]] = ledger.claim(ledger.start_run(described()), [people(number)])
        ledger.submit(batches[ledger])
    refused, threads = [], []
    check = Batches._refuse_repeated

    def record(ledger):
        ledger.record(batches[ledger], BatchState.ACCEPTED, batch_id="b", calls_initiated=1)

    def other():
        try:
            record(theirs)
        except RepeatedBatchIdError:
            refused.append(theirs)

    def checking(self, *args):
        check(self, *args)
        if self._db is ours:
            threads.append(meanwhile(other))

    monkeypatch.setattr(Batches, "_refuse_repeated", checking)
    record(ours)
    threads[0].join(60)
    assert refused == [theirs]
    assert [batch.state for batch in ours.batches(1)] == [BatchState.ACCEPTED, BatchState.SUBMITTING]


def test_of_two_campaigns_with_quiet_days_that_submit_a_number_at_the_same_moment_one_calls_it(
    opened, monkeypatch
):
    ours, theirs = opened(), opened()
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=7)
    batches = {}
    for ledger, campaign in ((ours, "spring"), (theirs, "autumn")):
        [batches[ledger]] = ledger.claim(ledger.start_run(described(campaign)), [people(1)])
    barred, threads = [], []
    look = Standings.barred_from_post

    def looking(self, *args):
        found = look(self, *args)
        if self._db is ours:
            threads.append(meanwhile(lambda: barred.append(theirs.submit(batches[theirs], since))))
        return found

    monkeypatch.setattr(Standings, "barred_from_post", looking)
    assert ours.submit(batches[ours], since) == {}
    threads[0].join(60)
    assert [list(one) for one in barred] == [[people(1)[0].to_phone_number]]


def test_two_that_store_the_same_records_at_the_same_moment_store_them_once(opened, monkeypatch):
    ours, theirs = opened(), opened()
    run = ours.start_run(described())
    ours.claim(run, [people(1)])
    links = [Link(Conversation("conv_1", status="in-progress"), [CallKey(people(1)[0].key)], "batch")]
    insert, threads = ours.insert, []

    def inserting(*args):
        threads.append(meanwhile(lambda: conversations.store(theirs, run.campaign_id, links)))
        return insert(*args)

    monkeypatch.setattr(ours, "insert", inserting)
    conversations.store(ours, run.campaign_id, links)
    threads[0].join(60)
    assert not threads[0].is_alive()
    assert ours.query("SELECT conversation_id, status FROM outcomes") == [("conv_1", "in-progress")]


def test_a_final_record_is_not_replaced_by_who_read_it_earlier(opened):
    ledger = opened()
    run = ledger.start_run(described())
    ledger.claim(run, [people(1)])
    for status in ("in-progress", "done", "in-progress"):
        link = Link(Conversation("conv_1", status=status), [CallKey(people(1)[0].key)], "batch")
        conversations.store(ledger, run.campaign_id, [link])
    assert ledger.query("SELECT status, final FROM outcomes") == [("done", 1)]


@pytest.mark.slow
def test_two_that_open_an_older_ledger_at_the_same_moment_both_migrate_it(database, monkeypatch):
    place, newest = ServerUrl(database), max(STEPS)
    before = {version: STEPS[version] for version in range(1, newest)}
    with contextlib.closing(PostgresEngine(place, create=True)) as engine:
        Ledger(engine, steps=before)
    begin, first, threads, versions = PostgresEngine._begin, [], [], []

    def open_it():
        with contextlib.closing(open_ledger(place)) as ledger:
            versions.append(ledger.schema_version)

    def beginning(engine, **options):
        number = begin(engine, **options)
        if not first:  # it has begun, and has no lock yet
            first.append(engine)
            threads.append(meanwhile(open_it))
        return number

    monkeypatch.setattr(PostgresEngine, "_begin", beginning)
    open_it()
    threads[0].join(60)
    assert versions == [newest, newest]


def test_a_run_has_its_lock_before_its_row_can_be_seen(opened, monkeypatch):
    ours, theirs = opened(), opened()
    transaction = ours.engine.transaction

    @contextlib.contextmanager
    def watched(**options):
        with transaction(**options):
            yield
        theirs.recover()  # a run that recovers at the moment at which the row appears

    monkeypatch.setattr(ours.engine, "transaction", watched)
    run = ours.start_run(described())
    assert theirs.rows("open_runs") == [(run.id,)]
    [batch] = ours.claim(run, [people(1)])
    ours.submit(batch)
    assert theirs.claim_statuses(run.campaign_id, [people(1)[0].key]) == {
        people(1)[0].key: ClaimStatus.IN_FLIGHT
    }
