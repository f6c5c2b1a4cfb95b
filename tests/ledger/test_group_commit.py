"""Changes of several senders share a commit, but nothing else."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest

from xuna_cli.errors import LedgerError
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState, RunDescription
from xuna_cli.models import CallTarget

SENDERS = 6


@pytest.fixture
def ledger(tmp_path):
    with closing(open_ledger(tmp_path / "ledger.db")) as opened:
        yield opened


@pytest.fixture
def batches(ledger):
    run = ledger.start_run(
        RunDescription("spring", False, None, "sandbox", None, "agent_1", "pn_1", None, 1.0)
    )
    return ledger.claim(run, [[CallTarget(n, f"+1555010{n:04}", f"+1555010{n:04}")] for n in range(SENDERS)])


def states(ledger):
    with closing(sqlite3.connect(ledger.location)) as other:
        return [state for (state,) in other.execute("SELECT state FROM batches ORDER BY id")]


def at_once(ledger, change, batches):
    """Let one thread per batch wait for a busy ledger; return errors by batch id, and the number of commits."""
    errors, statements = {}, []

    def sender(batch):
        try:
            change(batch)
        except LedgerError as error:
            errors[batch.id] = error.code

    threads = [threading.Thread(target=sender, args=(batch,)) for batch in batches]
    ledger.engine._connection.set_trace_callback(statements.append)
    with ledger.lock:
        for thread in threads:
            thread.start()
        while len(ledger.group_commit._waiting) < len(batches):
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    ledger.engine._connection.set_trace_callback(None)
    return errors, statements.count("COMMIT")


def test_senders_who_wait_for_the_ledger_share_one_commit(ledger, batches):
    assert at_once(ledger, ledger.submit, batches) == ({}, 1)
    assert states(ledger) == ["submitting"] * SENDERS
    taken = at_once(
        ledger,
        lambda batch: ledger.record(batch, BatchState.ACCEPTED, batch_id=f"b{batch.id}", calls_initiated=1),
        batches,
    )
    assert taken == ({}, 1)
    assert states(ledger) == ["accepted"] * SENDERS


def test_one_whose_claim_is_lost_is_told_alone_and_the_others_go_on(ledger, batches):
    lost = batches[2]
    with ledger.transaction():
        ledger.change("delete_calls_of_batch", {"id": lost.id})
        ledger.change("delete_batch", {"id": lost.id})
    errors, _ = at_once(ledger, ledger.submit, batches)
    assert errors == {lost.id: "ledger-lost-claim"}
    assert states(ledger) == ["submitting"] * (SENDERS - 1)


def test_a_commit_that_fails_is_told_to_all_who_shared_it(ledger, batches, tmp_path):
    (tmp_path / "ledger.db").rename(tmp_path / "moved.db")
    errors, _ = at_once(ledger, ledger.submit, batches)
    assert errors == dict.fromkeys((batch.id for batch in batches), "ledger-replaced")
    (tmp_path / "moved.db").rename(tmp_path / "ledger.db")
    assert states(ledger) == ["claimed"] * SENDERS


def test_what_is_not_an_error_of_the_ledger_is_raised_where_it_belongs_too(ledger):
    def change():
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        ledger.group_commit.run(change)


def test_a_change_is_on_the_disk_when_it_returns(ledger, batches):
    for batch in batches:
        ledger.submit(batch)
        assert states(ledger)[batch.id - batches[0].id] == "submitting"
