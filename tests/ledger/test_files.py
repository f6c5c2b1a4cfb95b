"""The ledger's files: who may read them, what is not a ledger, and a ledger that disappears while it is in use."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing

import pytest

from tests.support.builders import claimed, description, targets
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.engines.sqlite import SqliteEngine
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.opening import open_ledger


def contents(folder):
    """Return every file in a folder with its bytes, mode and times."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def folder(tmp_path):
    """An empty folder, even without the home folder of tests."""
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


@pytest.fixture
def open_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def test_files_with_people_in_them_are_their_owners_alone(opened, folder, open_umask):
    ledger = opened(folder / "deep" / "er" / "ledger.db")
    run = ledger.start_run(description())
    ledger.claim(run, [targets(1)])
    modes = {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes == {
        "deep": modes["deep"],
        "deep/er": 0o700,
        "deep/er/ledger.db": 0o600,
        "deep/er/ledger.db.runs": 0o700,
        f"deep/er/ledger.db.runs/{run.id}.lock": 0o600,
        "deep/er/ledger.db.runs/last-run": 0o600,
    }


def test_the_journal_of_a_transaction_is_its_owners_alone(opened, tmp_path, open_umask):
    ledger = opened()
    with ledger.transaction():
        ledger.change("set_info", {"name": "x", "value": "y"})
        assert stat.S_IMODE((tmp_path / "ledger.db-journal").stat().st_mode) == 0o600


def test_a_new_ledger_says_so_and_an_old_one_does_not(opened):
    assert opened().created
    assert not opened().created


def test_a_commit_means_what_the_promise_needs(opened):
    engine = opened().engine
    read = {
        name: engine.rows(f"PRAGMA {name}")[0][0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
    }
    assert read == {
        "journal_mode": "delete",
        "synchronous": 3,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 60_000,
    }


def test_a_ledger_that_somebody_switched_to_wal_is_switched_back(opened, tmp_path):
    opened().close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as other:
        other.execute("PRAGMA journal_mode = WAL")
    ledger = opened()
    assert ledger.engine.rows("PRAGMA journal_mode") == [("delete",)]


def test_each_ledger_has_an_id_of_its_own_that_stays(opened, tmp_path):
    one, two = opened(), opened(tmp_path / "other.db")
    assert len(one.ledger_id) == 16
    assert one.ledger_id != two.ledger_id
    assert opened().ledger_id == one.ledger_id


def test_a_ledger_is_found_through_a_link(opened, tmp_path):
    ledger = opened()
    (tmp_path / "link.db").symlink_to(tmp_path / "ledger.db")
    assert opened(tmp_path / "link.db").ledger_id == ledger.ledger_id
    # The locks are beside the file, not beside the link.
    run = ledger.start_run(description())
    assert opened(tmp_path / "link.db").engine.is_alive(run.id)


# ------------------------------------------------------------------------------- not a ledger


def _text(path):
    path.write_text("phone,name\n+15559876543,John\n" * 50)


def _short_text(path):
    path.write_text("no")


def _empty(path):
    path.touch()


def _folder(path):
    path.mkdir()


def _other_database(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE ledger_info (name TEXT, value TEXT)")


def _damaged(path):
    open_ledger(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


def _cut(path):
    open_ledger(path).close()
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_text, "is not a database"),
        (_short_text, "is not a database"),
        (_empty, "is empty, not a ledger"),
        (_folder, "is a folder, not a ledger"),
        (_other_database, "not a ledger of xuna"),
        (_damaged, "is damaged"),
        (_cut, "is damaged"),
    ],
)
def test_what_is_no_ledger_is_refused_and_left_as_it_is(tmp_path, make, words, read_only):
    path = tmp_path / "ledger.db"
    make(path)
    before = contents(tmp_path)
    with pytest.raises(LedgerError) as caught:
        open_ledger(path, read_only=read_only)
    assert caught.value.code == "ledger-corrupt"
    assert words in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert contents(tmp_path) == before


def test_a_missing_ledger_is_not_made_by_looking(folder):
    with pytest.raises(LedgerError) as caught:
        open_ledger(folder / "deep" / "ledger.db", create=False)
    assert caught.value.code == "ledger-missing"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", ["a file/ledger.db", "/proc/ledger.db", "/dev/null/x/ledger.db"])
def test_a_place_where_no_ledger_can_be(tmp_path, place):
    (tmp_path / "a file").touch()
    with pytest.raises(LedgerError) as caught:
        open_ledger(tmp_path / place)
    assert caught.value.code == "ledger-unwritable"


def test_many_who_make_one_ledger_at_once_make_one(folder):
    import threading

    start = threading.Barrier(6)
    found = []

    def open_it():
        start.wait()
        ledger = open_ledger(folder / "ledger.db")
        found.append((ledger.ledger_id, ledger.created))
        ledger.close()

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len({ledger_id for ledger_id, _ in found}) == 1
    assert sum(created for _, created in found) == 1
    assert [path.name for path in folder.iterdir()] == ["ledger.db"]


def test_a_full_disk_is_told_and_nothing_is_claimed(ledger, run):
    [(pages,)] = ledger.engine.rows("PRAGMA page_count")
    ledger.engine.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerError) as caught:
        ledger.claim(run, [targets(*range(5000))])
    assert caught.value.code == "ledger-full"
    assert claimed(ledger, run.campaign_id) == {}


def test_a_ledger_that_another_program_locks_is_told(opened, tmp_path):
    ledger = opened()
    ledger.engine.rows("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError) as caught:
            ledger.start_run(description())
        assert caught.value.code == "ledger-busy"
    ledger.start_run(description())


# ------------------------------------------------------------------------------- disappeared while in use


def _delete(path):
    path.unlink()


def _move(path):
    path.rename(path.with_name("elsewhere.db"))


def _replace(path):
    shutil.copy(path, path.with_name("copy.db"))
    path.with_name("copy.db").rename(path)


def _new_one(path):
    open_ledger(path.with_name("new.db")).close()
    path.with_name("new.db").rename(path)


@pytest.mark.parametrize("do", [_delete, _move, _replace, _new_one])
def test_a_ledger_that_goes_away_in_use_commits_nothing_more(ledger, run, tmp_path, do):
    [batch] = ledger.claim(run, [targets(1)])
    do(tmp_path / "ledger.db")
    for attempt in (
        lambda: ledger.submit(batch),
        lambda: ledger.claim(run, [targets(2)]),
        lambda: ledger.end_run(run),
    ):
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.code == "ledger-replaced"
    # Reading still returns what was committed.
    assert [state for _, state in claimed(ledger, run.campaign_id).values()] == ["claimed"]


def test_a_ledger_that_is_emptied_in_use_is_not_begun_anew(ledger, run, tmp_path):
    path = tmp_path / "ledger.db"
    [batch] = ledger.claim(run, [targets(1)])
    os.truncate(path, 0)
    for attempt in (lambda: ledger.submit(batch), lambda: ledger.end_run(run)):
        with pytest.raises(LedgerError) as caught:
            attempt()
        assert caught.value.code == "ledger-replaced"
    assert path.stat().st_size == 0


def test_a_ledger_that_is_emptied_while_it_is_opened_is_not_begun_anew(ledger, tmp_path):
    path = tmp_path / "ledger.db"
    with closing(SqliteEngine(path, create=True)) as engine:
        os.truncate(path, 0)
        with pytest.raises(LedgerError) as caught:
            Ledger(engine)
    assert caught.value.code == "ledger-replaced"
    assert path.stat().st_size == 0


# ------------------------------------------------------------------------------- reading only


def test_reading_only_writes_nothing(opened, tmp_path):
    ledger = opened()
    run = ledger.start_run(description())
    ledger.claim(run, [targets(1, 2)])
    ledger.close()  # the run is dead, and its lock file is gone, so there is something to clean up
    before = contents(tmp_path)
    reading = opened(create=False, read_only=True)
    assert reading.check_campaign(description()) == run.campaign_id
    assert len(reading.claim_statuses(run.campaign_id, [one.key for one in targets(1, 2, 3)])) == 2
    assert [one.size for one in reading.batches(run.campaign_id)] == [2]
    with pytest.raises(LedgerError) as caught:
        reading.start_run(description())
    assert caught.value.code == "ledger-unwritable"
    reading.close()
    assert contents(tmp_path) == before


def test_a_ledger_that_a_kill_left_without_tables_is_none_yet(opened, tmp_path):
    SqliteEngine(tmp_path / "ledger.db", create=True).close()
    before = contents(tmp_path)
    for read_only in (True, False):
        with pytest.raises(LedgerError) as caught:
            opened(create=False, read_only=read_only)
        assert caught.value.code == "ledger-missing"
    assert contents(tmp_path) == before
    ledger = opened()
    assert ledger.created
    assert ledger.start_run(description()).id == 1


# ------------------------------------------------------------------------------- keys of a rehearsal


def test_seen_keys_are_told_from_new_ones():
    from xuna_cli.ledger.seen_keys import SeenKeys

    with closing(SeenKeys()) as seen:
        assert seen.add(["a", "b"]) == {"a", "b"}
        assert seen.add(["b", "c"]) == {"c"}
        assert seen.add([]) == set()
        many = [str(number) for number in range(5000)]
        assert seen.add(many) == set(many)
        assert seen.add(many) == set()
