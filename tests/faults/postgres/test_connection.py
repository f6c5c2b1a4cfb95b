"""Connections that break at the worst moments: nothing unproven is believed, and nothing is lost."""

import contextlib
import threading
import time

import psycopg
import pytest

from tests.support.builders import described, numbers_of, people
from tests.support.postgres_server import Between, PostgresServer
from xuna_cli.errors import ExitStatus, LedgerError, LedgerUnreachableError, LostClaimError
from xuna_cli.ledger.engines.engine import retry_on_rollback
from xuna_cli.ledger.engines.location import ServerUrl
from xuna_cli.ledger.engines.postgres import PostgresEngine
from xuna_cli.ledger.engines.postgres_session import Session
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.queries import named
from xuna_cli.ledger.records import BatchState
from xuna_cli.ledger.runs import Runs


@pytest.fixture
def between(postgres_server):
    with Between(postgres_server.port) as proxy:
        yield proxy


@pytest.fixture
def ours(postgres_server, database, between):
    """A ledger whose connection goes through the proxy, and that gives up soon."""
    url = ServerUrl(postgres_server.through(between, database))
    ledger = Ledger(PostgresEngine(url, create=True, reconnect=5.0))
    yield ledger
    ledger.close()


@pytest.fixture
def theirs(ours, database):
    """The same ledger, from another machine."""
    ledger = open_ledger(ServerUrl(database))
    yield ledger
    ledger.close()


def states(ledger):
    return [state for (state,) in ledger.query("SELECT state FROM batches ORDER BY id")]


def test_a_run_whose_connection_broke_may_not_send_until_it_has_its_lock_again(ours, between):
    run = ours.start_run(described())
    [batch] = ours.claim(run, [people(1)])
    ours.submit(batch)
    between.cut()
    assert not ours.holds_lock(run)
    assert not ours.holds_lock(run)
    ours.back_to_claimed(batch)
    assert ours.holds_lock(run)
    ours.submit(batch)
    assert ours.record(batch, BatchState.ACCEPTED)
    assert states(ours) == ["accepted"]


def test_a_run_that_others_closed_meanwhile_sends_nothing_more_but_records_what_it_knows(
    ours, theirs, between
):
    run = ours.start_run(described())
    sent, claimed, unsent = ours.claim(run, [people(1), people(2), people(3)])
    ours.submit(sent)
    ours.submit(unsent)
    between.cut()
    while "unknown" not in states(theirs):
        theirs.recover()
    for _ in range(2):
        assert not ours.holds_lock(run)
        with pytest.raises(LostClaimError):
            ours.claim(run, [people(4)])
        with pytest.raises(LostClaimError):
            ours.submit(claimed)
        with pytest.raises(LostClaimError):
            ours.back_to_claimed(unsent)
        with pytest.raises(LostClaimError):
            ours.split(run, sent, [people(1)], http_status=413, error="too large")
    assert ours.record(sent, BatchState.ACCEPTED, batch_id="batch_1", calls_initiated=1, http_status=200)
    assert ours.record(unsent, BatchState.REFUSED, error="never sent")
    ours.end_run(run)
    assert states(theirs) == ["accepted", "refused"]
    again = theirs.start_run(described())
    assert numbers_of(theirs.claim(again, [people(1, 2, 3, 4)])) == [[2, 3, 4]]


def test_while_others_close_a_run_it_does_not_come_back(ours, theirs, between):
    run = ours.start_run(described())
    [batch] = ours.claim(run, [people(1)])
    ours.submit(batch)
    between.cut()
    closing = threading.Event()
    waited = []

    def close_slowly():
        with theirs.transaction():
            while theirs.engine.is_alive(run.id):
                pass
            closing.set()
            time.sleep(0.5)
            Runs(theirs)._close(run.id, "dead")
        waited.append(time.monotonic())

    other = threading.Thread(target=close_slowly)
    other.start()
    closing.wait()
    with pytest.raises(LostClaimError):  # it waited for the lock, and then found its run closed
        ours.back_to_claimed(batch)
    other.join()
    assert not ours.holds_lock(run)
    assert states(theirs) == ["unknown"]


def test_a_session_that_the_server_believes_alive_does_not_keep_the_run_from_its_own_lock(ours, between):
    run = ours.start_run(described())
    [batch] = ours.claim(run, [people(1)])
    between.abandon()
    ours.submit(batch)
    assert ours.holds_lock(run)


def test_a_claim_whose_connection_breaks_in_the_middle_is_made_again(ours, between, monkeypatch):
    run = ours.start_run(described())
    real = ours.engine.change
    cuts = iter([between.cut])

    def change(sql, parameters=()):
        changed = real(sql, parameters)
        if sql.startswith("INSERT INTO calls"):
            next(cuts, lambda: None)()
        return changed

    monkeypatch.setattr(ours.engine, "change", change)
    assert numbers_of(ours.claim(run, [people(1, 2)])) == [[1, 2]]
    assert ours.query("SELECT COUNT(*) FROM calls") == [(2,)]
    assert states(ours) == ["claimed"]


def lose_the_answer_to_commit(ours, between, monkeypatch, *, arrives: bool):
    """The next COMMIT arrives or not; its answer never comes back, and the connection breaks."""
    engine = ours.engine
    real = engine._commit

    def commit(number):
        monkeypatch.setattr(engine, "_commit", real)
        between.swallowing_answers = True
        if arrives:
            # Stop swallowing answers before the cut; otherwise answers to a new connection may be swallowed, too.
            cut = threading.Timer(0.3, lambda: (setattr(between, "swallowing_answers", False), between.cut()))
            cut.start()
        else:
            between.cut()
            between.swallowing_answers = False
        real(number)

    monkeypatch.setattr(engine, "_commit", commit)


@pytest.mark.parametrize("arrives", [True, False])
def test_the_fate_of_a_commit_without_an_answer_is_learnt(ours, between, monkeypatch, arrives):
    run = ours.start_run(described())
    lose_the_answer_to_commit(ours, between, monkeypatch, arrives=arrives)
    batches = ours.claim(run, [people(1, 2), people(3)])
    assert numbers_of(batches) == [[1, 2], [3]]
    for batch, step in (
        (batches[0], ours.submit),
        (batches[0], ours.back_to_claimed),
        (batches[0], ours.submit),
    ):
        lose_the_answer_to_commit(ours, between, monkeypatch, arrives=arrives)
        step(batch)
    lose_the_answer_to_commit(ours, between, monkeypatch, arrives=arrives)
    assert ours.record(batches[0], BatchState.ACCEPTED, batch_id="b", calls_initiated=2, http_status=200)
    ours.submit(batches[1])
    lose_the_answer_to_commit(ours, between, monkeypatch, arrives=arrives)
    [child] = ours.split(run, batches[1], [people(3)], http_status=413, error="too large")
    assert ours.holds_lock(run)
    lose_the_answer_to_commit(ours, between, monkeypatch, arrives=arrives)
    assert ours.unclaim(child, [child.targets[0].key]) is None
    assert states(ours) == ["accepted", "refused"]
    assert ours.query("SELECT COUNT(*) FROM calls") == [(2,)]


def test_a_server_that_stays_away_is_given_up_after_a_while_and_then_at_once(
    postgres_server, database, between
):
    url = ServerUrl(postgres_server.through(between, database))
    ledger = Ledger(PostgresEngine(url, create=True, reconnect=0.5))
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [people(1)])
    ledger.submit(batch)
    between.refusing = True
    between.cut()
    started = time.monotonic()
    with pytest.raises(LedgerUnreachableError) as caught:
        ledger.record(batch, BatchState.ACCEPTED)
    assert caught.value.exit_status == ExitStatus.UNREACHABLE
    patient = time.monotonic()
    for _ in range(10):
        with pytest.raises(LedgerUnreachableError):
            ledger.claim(run, [people(2)])
    assert time.monotonic() - patient < 5.0 > patient - started
    between.refusing = False
    assert ledger.record(batch, BatchState.ACCEPTED)
    ledger.close()


def test_a_deadlock_is_undone_and_made_again(ours, postgres_server, database):
    run = ours.start_run(described())
    first, second = ours.claim(run, [people(1), people(2)])
    touch = "UPDATE batches SET error = 'x' WHERE id = %s"
    tried = []
    with contextlib.closing(postgres_server.connect(database.rpartition("/")[2])) as other:
        other.execute("SET deadlock_timeout = '60s'")  # so that it is not chosen as the victim
        other.execute("BEGIN")
        other.execute(touch, (first.id,))

        @retry_on_rollback
        def both():
            with ours.transaction():
                tried.append(1)
                ours.change("resize_batch", {"id": second.id, "size": 7, "nonce": "x", "again": 0})
                if len(tried) == 1:
                    blocked = threading.Thread(
                        target=lambda: (other.execute(touch, (second.id,)), other.execute("COMMIT"))
                    )
                    blocked.start()
                ours.change("resize_batch", {"id": first.id, "size": 7, "nonce": "x", "again": 0})

        both()
    assert len(tried) == 2
    assert ours.query("SELECT size FROM batches") == [(7,), (7,)]


def test_the_servers_words_about_rights_space_and_time_become_exit_codes(ours, postgres_server, database):
    run = ours.start_run(described())
    name = database.rpartition("/")[2]
    cases = {"53100": ("ledger-full", 4), "25006": ("ledger-unwritable", 4), "57014": ("ledger-busy", 6)}
    for state, (code, status) in cases.items():
        postgres_server.fail_on_claims(name, state)
        with pytest.raises(Exception, match="ledger") as caught:
            ours.claim(run, [people(1)])
        assert (caught.value.code, caught.value.exit_status) == (code, status)
        assert "+1212" not in str(caught.value)
    postgres_server.admin("DROP TRIGGER fail ON calls", database=name)
    assert numbers_of(ours.claim(run, [people(1)])) == [[1]]


def test_a_rollback_in_place_of_a_commit_is_noticed(ours):
    run = ours.start_run(described())
    [batch] = ours.claim(run, [people(1)])
    with pytest.raises(Exception, match="rolled back"), ours.transaction():  # noqa: PT012
        ours.change("resize_batch", {"id": batch.id, "size": 7, "nonce": "x", "again": 0})
        with contextlib.suppress(Exception):
            ours.engine.change("SELECT 1/0")
    assert [one.size for one in ours.batches(run.campaign_id)] == [1]


def test_a_commit_that_did_not_wait_for_its_standby_is_not_believed():
    with (
        PostgresServer() as server,
        contextlib.closing(open_ledger(ServerUrl(server.new_database()))) as ledger,
    ):
        run = ledger.start_run(described())
        [batch] = ledger.claim(run, [people(1)])
        server.admin("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        server.admin("SELECT pg_reload_conf()")

        def give_up_waiting():
            while not server.admin(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'xuna'"
            ):
                pass

        impatient = threading.Thread(target=give_up_waiting)
        impatient.start()
        with pytest.raises(LedgerUnreachableError, match="does not confirm"):  # noqa: PT012
            while True:  # the server needs a moment to read its settings again
                ledger.submit(batch)
                ledger.back_to_claimed(batch)
        impatient.join()
        server.admin("ALTER SYSTEM RESET synchronous_standby_names")
        server.admin("SELECT pg_reload_conf()")


def test_a_server_that_is_stopped_at_once_says_nothing_about_a_commit_that_it_has_answered():
    with (
        PostgresServer() as server,
        contextlib.closing(Session(ServerUrl(server.new_database()), read_only=False)) as session,
    ):
        server.restart("immediate")  # it tells every session, as a warning
        with pytest.raises(psycopg.OperationalError):
            session.connection.execute("SELECT 1")
        assert session.warnings == []


def test_an_outcome_for_which_the_ledger_has_no_batch_is_not_swallowed(ours, postgres_server, database):
    run = ours.start_run(described())
    [batch] = ours.claim(run, [people(1)])
    ours.submit(batch)
    for table in ("calls", "batches"):  # as on a standby that was behind
        postgres_server.admin(f"DELETE FROM {table}", database=database.rpartition("/")[2])
    with pytest.raises(LedgerError, match="has lost batch") as caught:
        ours.record(batch, BatchState.ACCEPTED, batch_id="batch_1", calls_initiated=1, http_status=200)
    assert caught.value.code == "ledger-set-back"
    assert not ours.record(batch, BatchState.REFUSED)


def test_a_crash_that_gives_a_lost_transactions_number_to_another_one_deceives_nobody():
    with PostgresServer(wal_writer_delay="10s") as server:
        url = server.new_database()
        with contextlib.closing(open_ledger(ServerUrl(url))) as ledger:
            run = ledger.start_run(described())
            [batch] = ledger.claim(run, [people(1)])
            numbers = []

            @retry_on_rollback
            def submit():
                with ledger.transaction():
                    ledger.engine.rows(
                        named("submit"), {"id": batch.id, "nonce": batch.nonce, "submitted_at": "now"}
                    )
                    [(number,)] = ledger.engine.rows("SELECT pg_current_xact_id()::text")
                    numbers.append(int(number))
                    if len(numbers) == 1:
                        server.restart("immediate")
                        given = 0
                        while given <= numbers[0]:
                            [(given,)] = server.admin("SELECT pg_current_xact_id()::text::bigint")
                        fate = server.admin("SELECT pg_xact_status(%s::text::xid8)", str(numbers[0]))
                        assert fate == [("committed",)]  # of the other process's

            submit()
            assert len(numbers) == 2
            assert states(ledger) == ["submitting"]
            assert ledger.holds_lock(run)


def test_an_engine_leaves_no_mark_behind(ours, postgres_server, database):
    ours.start_run(described())
    marks = "SELECT COUNT(*) FROM ledger_info WHERE name LIKE 'writer:%'"
    assert ours.query("SELECT COUNT(*) FROM ledger_info WHERE name LIKE ?", ("writer:%",)) == [(1,)]
    ours.close()
    assert postgres_server.admin(marks, database=database.rpartition("/")[2]) == [(0,)]
