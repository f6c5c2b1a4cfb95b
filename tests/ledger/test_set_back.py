"""A backup in the place of the ledger: it does not know who was called since, and people would be called again."""

import shutil
import subprocess

import pytest

from tests.support.builders import described, people
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.engines.place import runs_of
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.ledger.records import BatchState


@pytest.fixture
def path(tmp_path):
    (tmp_path / "my calls").mkdir()
    return tmp_path / "my calls" / "ledger.db"


def call(path, *numbers):
    """Call people in a run of its own; return how many were not called before."""
    ledger = open_ledger(path)
    try:
        run = ledger.start_run(described())
        batches = ledger.claim(run, [people(*numbers)])
        for batch in batches:
            ledger.submit(batch)
            ledger.record(
                batch, BatchState.ACCEPTED, batch_id=f"batch_{run.id}", calls_initiated=len(batch.targets)
            )
        ledger.end_run(run)
    finally:
        ledger.close()
    return sum(len(batch.targets) for batch in batches)


@pytest.mark.parametrize("later", [1, 3], ids="{} runs later".format)
@pytest.mark.parametrize("how", [shutil.copyfile, shutil.move], ids=["over-it", "in-its-place"])
def test_a_backup_in_the_ledgers_place_is_noticed_and_nobody_is_claimed(path, later, how):
    call(path, 1)
    backup = shutil.copyfile(path, path.with_name("backup"))
    for number in range(later):
        call(path, 2 + number)
    how(backup, path)
    with pytest.raises(LedgerError, match=f"is older than .* has run {1 + later}, .* before run 2") as caught:
        call(path, 2)
    assert caught.value.code == "ledger-set-back"
    ledger = open_ledger(path, read_only=True)  # it can be read
    assert ledger.query("SELECT COUNT(*) FROM calls") == [(1,)]
    ledger.close()


def test_a_backup_that_is_meant_is_used_after_what_the_message_says(path):
    call(path, 1)
    backup = shutil.copyfile(path, path.with_name("backup"))
    call(path, 2)
    shutil.copyfile(backup, path)
    with pytest.raises(LedgerError) as caught:
        call(path, 2)
    subprocess.run(caught.value.hint.partition("run: ")[2], shell=True, check=True)
    assert call(path, 2) == 1
    assert call(path, 1, 2, 3) == 1


def test_the_backup_of_the_last_state_is_no_older_one(path):
    call(path, 1)
    backup = shutil.copyfile(path, path.with_name("backup"))
    path.unlink()
    shutil.copyfile(backup, path)
    assert call(path, 1, 2) == 1


@pytest.mark.parametrize("note", [b"", b"torn", b"\xff\xfe 9", b"another-ledger 9"], ids=repr)
def test_a_note_that_says_nothing_of_this_ledger_keeps_nobody_from_it(path, note):
    call(path, 1)
    (runs_of(path) / "last-run").write_bytes(note)
    assert call(path, 1, 2) == 1


def test_a_run_that_could_not_be_committed_was_no_run(path, monkeypatch):
    """A full disk: the next run gets the same number."""
    call(path, 1)
    ledger = open_ledger(path)

    def full(*_):
        raise LedgerError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(ledger.engine, "acquire_lock", full)
        with pytest.raises(LedgerError, match="full"):
            ledger.start_run(described())
    ledger.close()
    assert call(path, 1, 2) == 1
