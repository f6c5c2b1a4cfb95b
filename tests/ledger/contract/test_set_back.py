"""A ledger that is set back during a run (a restore, a failover to a standby that lagged behind) has lost batches.

Their numbers are given out again, and nothing that belongs to a lost batch may be taken for the other one's.
"""

import pytest

from tests.support.builders import described, people, person
from xuna_cli.errors import LedgerError, LostClaimError
from xuna_cli.ledger.records import BatchState


def set_back(ledger, run, lost):
    """Let the ledger forget a batch, and give its number to another batch of the run."""
    with ledger.transaction():
        ledger.engine.change("DELETE FROM calls WHERE batch_id = ?", (lost.id,))
        ledger.engine.change("DELETE FROM batches WHERE id = ?", (lost.id,))
        ledger.engine.change(
            "INSERT INTO batches (id, run_id, state, size, nonce, again) VALUES (?, ?, 'claimed', 1, 'another', 0)",
            (lost.id, run.id),
        )
        ledger.engine.change(
            "INSERT INTO calls (campaign_id, key, attempt, to_phone_number, batch_id, row_number) "
            "VALUES (?, ?, 1, ?, ?, 9)",
            (run.campaign_id, person(9).key, person(9).to_phone_number, lost.id),
        )


def stored(ledger):
    """Return the state, size and people of every batch."""
    return ledger.query(
        "SELECT b.state, b.size, b.nonce, c.key FROM batches b JOIN calls c ON c.batch_id = b.id ORDER BY c.key"
    )


UNTOUCHED = [("claimed", 1, "another", person(9).key)]


@pytest.mark.parametrize(
    "change",
    [
        lambda ledger, batch: ledger.submit(batch),
        lambda ledger, batch: ledger.back_to_claimed(batch),
        lambda ledger, batch: ledger.unclaim(batch, [person(1).key]),
        lambda ledger, batch: ledger.unclaim(batch, [person(1).key, person(2).key]),
    ],
    ids=["submit", "back-to-claimed", "unclaim-some", "unclaim-all"],
)
def test_a_lost_batch_is_not_sent(opened, change):
    ledger = opened()
    run = ledger.start_run(described())
    [lost] = ledger.claim(run, [people(1, 2)])
    set_back(ledger, run, lost)
    with pytest.raises(LostClaimError):
        change(ledger, lost)
    assert stored(ledger) == UNTOUCHED


@pytest.mark.parametrize("state", [BatchState.ACCEPTED, BatchState.SHORT, BatchState.UNKNOWN])
def test_the_outcome_of_a_lost_batch_is_not_that_of_another_one(opened, state):
    ledger = opened()
    run = ledger.start_run(described())
    [lost] = ledger.claim(run, [people(1, 2)])
    ledger.submit(lost)
    set_back(ledger, run, lost)
    with pytest.raises(LedgerError) as caught:
        ledger.record(lost, state, batch_id="batch_x", calls_initiated=2)
    assert caught.value.code == "ledger-set-back"
    assert stored(ledger) == UNTOUCHED


@pytest.mark.parametrize("again", [True, False], ids=["number-used-again", "number-free"])
def test_a_lost_batch_is_not_split_into_batches_without_claims(opened, again):
    """The API refuses a batch that is too large: its halves would be sent, and nobody in them would be known."""
    ledger = opened()
    run = ledger.start_run(described())
    [lost] = ledger.claim(run, [people(1, 2)])
    ledger.submit(lost)
    set_back(ledger, run, lost)
    if not again:
        with ledger.transaction():
            ledger.engine.change("DELETE FROM calls", ())
            ledger.engine.change("DELETE FROM batches", ())
    with pytest.raises(LostClaimError):
        ledger.split(run, lost, [people(1), people(2)], http_status=413, error="too large")
    assert stored(ledger) == (UNTOUCHED if again else [])
    assert ledger.query("SELECT COUNT(*) FROM batches") == [(int(again),)]
