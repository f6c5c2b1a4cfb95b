"""The promises of both engines about creating, opening and refusing a ledger."""

import pytest

from tests.support.builders import described, people
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.migrations import STEPS
from xuna_cli.ledger.opening import check_writable
from xuna_cli.ledger.queries import named


def test_the_first_to_open_makes_it(opened):
    assert opened().created
    again = opened()
    assert not again.created
    assert again.ledger_id == opened().ledger_id != ""


def test_reading_makes_none(opened):
    for options in ({"create": False}, {"create": False, "read_only": True}):
        with pytest.raises(LedgerError) as caught:
            opened(**options)
        assert caught.value.code == "ledger-missing"
    assert opened().created


def test_what_is_read_only_is_not_written(opened):
    ledger = opened()
    run = ledger.start_run(described())
    ledger.claim(run, [people(1)])
    reader = opened(create=False, read_only=True)
    assert len(reader.claim_statuses(run.campaign_id, [people(1)[0].key])) == 1
    ledger.end_run(run)


def test_a_newer_ledger_is_refused(opened):
    ledger = opened()
    with ledger.transaction():
        ledger.engine.change(named("set_info"), {"name": "schema_version", "value": str(max(STEPS) + 1)})
    with pytest.raises(LedgerError, match="newer") as caught:
        opened()
    assert caught.value.code == "ledger-newer"


def test_it_says_where_and_what_it_is(opened):
    ledger = opened()
    assert ledger.location
    assert ledger.engine.version.split()[0] in {"SQLite", "PostgreSQL"}
    assert ledger.engine.size() > 0


def test_the_right_to_write_is_looked_up_before_and_after_it_is_made(opened, place):
    check_writable(place)
    opened()
    check_writable(place)


def test_keys_go_on_after_those_that_were_given(opened):
    ledger = opened()
    run = ledger.start_run(described())
    [batch] = ledger.claim(run, [people(1)])
    assert ledger.engine.last_key("batches") == batch.id
    with ledger.transaction():
        sql = "INSERT INTO batches (id, run_id, state, size) VALUES (:id, :run, 'claimed', 1)"
        ledger.engine.change(sql, {"id": batch.id + 100, "run": run.id})
        ledger.engine.advance_key("batches", batch.id + 100)
    [later] = ledger.claim(run, [people(2)])
    assert later.id > batch.id + 100
