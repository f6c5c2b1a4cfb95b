"""A ledger of an older version is migrated, with a copy beside it; a newer one is refused."""

import sqlite3
import stat
from contextlib import closing

import pytest

from tests.support.builders import claimed, description, targets
from xuna_cli.errors import LedgerError
from xuna_cli.installing import upgrade_command
from xuna_cli.ledger.engines.sqlite import SqliteEngine
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.migrations import STEPS
from xuna_cli.ledger.not_called import not_called
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState

NEWEST = max(STEPS)
LATER = {**STEPS, NEWEST + 1: ["ALTER TABLE runs ADD COLUMN later TEXT"], NEWEST + 2: [
    "CREATE TABLE much_later (id SERIAL_KEY, word TEXT)", "INSERT INTO much_later (word) VALUES ('made')"
]}  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def opened(path, steps=STEPS, *, create=True, read_only=False):
    engine = SqliteEngine(path, create=create, read_only=read_only)
    try:
        return Ledger(engine, steps=steps, read_only=read_only)
    except BaseException:
        engine.close()
        raise


def version(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT value FROM ledger_info WHERE name = 'schema_version'").fetchone()[0]


def shape(path):
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
        ]
        return {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for name in tables}


def test_a_new_ledger_has_the_newest_version(path):
    open_ledger(path).close()
    assert version(path) == str(NEWEST)
    assert list(STEPS) == list(range(1, NEWEST + 1))
    assert not list(path.parent.glob("*.bak"))


@pytest.mark.parametrize("start", [*STEPS, NEWEST + 1])
def test_an_older_ledger_is_migrated_and_a_copy_stays_beside_it(path, start):
    before = {step: statements for step, statements in LATER.items() if step <= start}
    with closing(opened(path, before)) as old:
        with old.transaction():
            # With SQL, because the statements of the current program may need later columns.
            old.engine.change(
                "INSERT INTO campaigns (name, api_origin, created_at) VALUES ('spring', 'o', '2026')"
            )
        ledger_id = old.ledger_id
    with closing(opened(path, LATER)) as new:
        assert new.ledger_id == ledger_id
        assert new.engine.rows("SELECT name FROM campaigns") == [("spring",)]
        assert new.engine.rows("SELECT later FROM runs") == []
        assert new.engine.rows("SELECT id, word FROM much_later") == [(1, "made")]
        assert not new.created
    assert version(path) == str(NEWEST + 2)
    copy = path.with_name(f"ledger.db.v{start}.bak")
    assert [one.name for one in path.parent.glob("*.bak")] == [copy.name]
    assert version(copy) == str(start)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT name FROM campaigns").fetchall() == [("spring",)]
    # The copy is a ledger, and can replace a migration that went wrong.
    opened(copy, before).close()


def test_a_migrated_ledger_and_a_new_one_look_the_same(path):
    opened(path, {1: STEPS[1]}).close()
    opened(path, LATER).close()
    opened(path.with_name("new.db"), LATER).close()
    assert shape(path) == shape(path.with_name("new.db"))


def test_rows_that_were_not_called_are_kept_by_a_migration(path):
    with closing(opened(path, {step: statements for step, statements in STEPS.items() if step <= 6})) as old:
        for statement in (
            "INSERT INTO campaigns (name, api_origin, created_at) VALUES ('spring', 'o', '2026')",
            (
                "INSERT INTO runs (campaign_id, started_at, agent_id, from_phone_number_id, source, deadline, host, pid, "
                "xuna_version) VALUES (1, '2026', 'a', 'p', '-', 1, 'h', 1, '0')"
            ),
            "INSERT INTO not_called VALUES (1, 7, 'phone-missing', NULL, 1, 1)",
        ):
            with old.transaction():
                old.engine.change(statement)
    with closing(opened(path)) as new:
        assert [(row.row_number, row.rule) for row in not_called(new, 1)] == [(7, "phone-missing")]


def test_migrating_twice_changes_nothing(path):
    opened(path).close()
    opened(path, LATER).close()
    before = path.read_bytes()
    opened(path, LATER).close()
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(path):
    with closing(opened(path)) as ledger:
        run = ledger.start_run(description())
        ledger.claim(run, [targets(1)])
    before = path.read_bytes()
    broken = {**LATER, NEWEST + 3: ["CREATE TABLE half (id SERIAL_KEY)", "NO SUCH STATEMENT"]}
    with pytest.raises(LedgerError):
        opened(path, broken)
    assert path.read_bytes() == before
    assert version(path) == str(NEWEST)
    with closing(opened(path)) as ledger:
        assert len(claimed(ledger, 1)) == 1


def test_a_newer_ledger_is_refused_and_left_as_it_is(path):
    opened(path, LATER).close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(LedgerError) as caught:
            opened(path, read_only=read_only)
        assert caught.value.code == "ledger-newer"
        assert f"ledger version {NEWEST + 2}" in caught.value.message
        assert caught.value.hint.endswith(f"run: {upgrade_command()}")
    assert path.read_bytes() == before


def test_reading_an_older_ledger_migrates_a_private_copy_and_writes_nothing(path):
    with closing(opened(path)) as ledger:
        run = ledger.start_run(description())
        [batch] = ledger.claim(run, [targets(1)])
        ledger.submit(batch)
        ledger.record(batch, BatchState.ACCEPTED)
        ledger.end_run(run)
    before = {one.name: one.read_bytes() for one in path.parent.iterdir() if one.is_file()}
    with closing(opened(path, LATER, create=False, read_only=True)) as reading:
        assert len(reading.claim_statuses(1, [targets(1)[0].key])) == 1
        assert reading.engine.rows("SELECT later FROM runs") == [(None,)]
    assert {one.name: one.read_bytes() for one in path.parent.iterdir() if one.is_file()} == before
