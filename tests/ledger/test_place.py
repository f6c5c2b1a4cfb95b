"""Safe places for a ledger file: one name, one folder, one machine; and traces of an earlier ledger."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.builders import description, targets
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.engines import place
from xuna_cli.ledger.engines.file_systems import (
    is_mount_point,
    is_shared,
    mount_point_of,
    mounts,
    parse_mounts,
)
from xuna_cli.ledger.engines.hot_journal import _journal, check_journal
from xuna_cli.ledger.engines.sqlite import SqliteEngine
from xuna_cli.ledger.opening import open_ledger


@pytest.fixture
def path(tmp_path):
    """A ledger in a separate folder."""
    folder = tmp_path / "folder"
    folder.mkdir()
    open_ledger(folder / "ledger.db").close()
    return folder / "ledger.db"


def refused(path, code, **options):
    """Return the error of opening a refused ledger."""
    with pytest.raises(LedgerError) as caught:
        open_ledger(path, **options).close()
    assert caught.value.code == code
    assert caught.value.exit_status == 4
    assert caught.value.hint
    return caught.value


# ------------------------------------------------------------------------------- one name


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
def test_a_ledger_with_two_names_is_refused_under_each(path, tmp_path, read_only):
    os.link(path, tmp_path / "other.db")
    for name in (path, tmp_path / "other.db"):
        error = refused(name, "ledger-linked", read_only=read_only)
        assert "2 names" in error.message
    (tmp_path / "other.db").unlink()
    open_ledger(path, read_only=read_only).close()


def test_the_other_name_is_told_where_it_is_beside_and_else_how_to_find_it(path, tmp_path):
    os.link(path, path.with_name("beside.db"))
    assert f"also called {path.with_name('beside.db')}" in refused(path, "ledger-linked").message
    path.with_name("beside.db").rename(tmp_path / "elsewhere.db")
    words = refused(path, "ledger-linked").message
    _, _, options = words.partition("find / ")
    command = f"find {tmp_path} {options}"  # searching the whole disk would take long
    assert options
    found = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False).stdout
    assert {str(path), str(tmp_path / "elsewhere.db")} <= set(found.split())


def test_a_link_that_leads_to_a_file_with_two_names_is_refused_too(path, tmp_path):
    os.link(path, tmp_path / "other.db")
    (tmp_path / "link.db").symlink_to(path)
    refused(tmp_path / "link.db", "ledger-linked")


def test_a_name_that_comes_while_a_ledger_is_open_stops_the_next_run(path, tmp_path):
    with closing(open_ledger(path)) as ledger:
        run = ledger.start_run(description())
        [batch] = ledger.claim(run, [targets(1)])
        os.link(path, tmp_path / "other.db")
        ledger.submit(batch)  # the first one continues; nobody else can enter
        with pytest.raises(LedgerError) as caught:
            ledger.start_run(description("autumn"))
        assert caught.value.code == "ledger-linked"
        refused(tmp_path / "other.db", "ledger-linked")


def test_a_journal_with_two_names_is_refused(path, tmp_path):
    with closing(open_ledger(path)) as ledger, ledger.transaction():
        ledger.change("set_info", {"name": "x", "value": "y"})
        os.link(place.journal_of(path), tmp_path / "kept")
        refused(path, "ledger-linked", read_only=True)


@pytest.mark.parametrize("file", ["ledger.db-journal", "ledger.db.runs"])
def test_what_lies_beside_a_ledger_may_not_be_elsewhere(path, tmp_path, file):
    (tmp_path / "elsewhere").mkdir()
    path.with_name(file).symlink_to(tmp_path / "elsewhere")
    assert file in refused(path, "ledger-linked").message


MOUNTED = """
import subprocess, sys
from contextlib import closing
from pathlib import Path
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.opening import open_ledger
where, here = map(Path, sys.argv[1:])
subprocess.run(["mount", "--bind", where, here], check=True)
path = here if here.is_file() else here / "ledger.db"
try:
    open_ledger(path).close()
    print("opened")
except LedgerError as error:
    print(error.code, error.hint)
"""


def mounted(where, here):
    """Open a ledger in a mount namespace in which `where` is also mounted at `here`."""
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("only root may mount")
    command = ["unshare", "-m", "--propagation", "private", sys.executable, "-c", MOUNTED, where, here]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "ermission" in done.stderr or "not permitted" in done.stderr:
        pytest.skip("this system allows no mounts")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_that_is_mounted_on_its_own_is_refused_and_its_folder_is_not(path, tmp_path):
    here = tmp_path / "data"
    here.mkdir()
    (here / "ledger.db").touch()
    words = mounted(path, here / "ledger.db")
    assert words.startswith("ledger-linked mount the whole folder")
    assert f":{here}" in words
    (tmp_path / "whole").mkdir()
    assert mounted(path.parent, tmp_path / "whole") == "opened\n"


def test_without_a_table_of_mounts_another_device_tells_them(tmp_path):
    (tmp_path / "file").touch()
    assert not is_mount_point(tmp_path / "file", {})
    assert not is_mount_point(tmp_path / "missing", {})
    if Path("/dev/shm").is_mount():
        assert is_mount_point(Path("/dev/shm"), {})


# ------------------------------------------------------------------------------- one machine

MOUNTS = r"""22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:25 / /home rw - nfs4 server:/home rw
31 30 254:1 / /home/local\040disk rw - xfs /dev/vdb rw
32 22 0:26 / /mnt/share rw master:1 - cifs //server/share rw
33 22 0:27 / /mnt/c rw - 9p drvfs rw,aname=drvfs;path=C:\
34 22 0:28 / /mnt/ssh rw - fuse.sshfs me@host: rw
35 32 0:29 / /mnt/share rw - tmpfs tmpfs rw
36 22 0:30 / /mnt/new rw - brandnewfs none rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/ledger.db", "ext4"),
        ("/home/me/ledger.db", "nfs4"),
        ("/home", "nfs4"),
        ("/homely/ledger.db", "ext4"),
        ("/home/local disk/ledger.db", "xfs"),
        ("/mnt/c/Users/me/ledger.db", "drvfs"),
        ("/mnt/ssh/ledger.db", "fuse.sshfs"),
        ("/mnt/share/ledger.db", "tmpfs"),  # mounted over the share
    ],
)
def test_the_deepest_and_latest_mount_decides(path, kind):
    table = parse_mounts(MOUNTS)
    assert table[mount_point_of(Path(path), table)] == kind
    assert is_shared(kind) is (kind in {"nfs4", "drvfs", "fuse.sshfs"})


def test_this_machines_own_table_can_be_read(tmp_path):
    if Path("/proc/self/mountinfo").exists():
        assert mount_point_of(tmp_path, mounts())
    assert mount_point_of(tmp_path, {}) is None


@pytest.mark.parametrize(
    "kind",
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "9p",
        "virtiofs",
        "vboxsf",
        "beegfs",
        "gpfs",
        "ceph",
        "lustre",
        "afs",
        "fuse",
        "fuse.sshfs",
        "fuse.s3fs",
        "fuse.rclone",
        "fuse.glusterfs",
        "fuse.anything",
    ],
)
def test_what_other_machines_may_use_is_refused(path, monkeypatch, kind):
    monkeypatch.setattr(place, "mounts", lambda: {Path("/"): "ext4", path.parent: kind})
    assert kind in refused(path, "ledger-network").message
    refused(path.with_name("new.db"), "ledger-network")
    with closing(SqliteEngine.__new__(SqliteEngine)) as engine:
        engine._locks, engine._connection, engine.path = {}, sqlite3.connect(":memory:"), path
        with pytest.raises(LedgerError):
            engine.check_place()


@pytest.mark.parametrize(
    "kind",
    ["ext4", "xfs", "btrfs", "zfs", "f2fs", "overlay", "apfs", "hfs", "fuseblk", "fuse.fuse-overlayfs"],
)
def test_local_disks_are_trusted_without_a_word(path, monkeypatch, kind):
    monkeypatch.setattr(place, "mounts", lambda: {Path("/"): kind})
    open_ledger(path).close()
    assert place.cautions(path, created=True) == []


def test_memory_and_what_is_not_known_are_told(path, monkeypatch):
    monkeypatch.setattr(place, "mounts", lambda: {Path("/"): "tmpfs"})
    open_ledger(path).close()
    assert "after a restart it is unknown" in place.cautions(path, created=True)[0]
    assert place.cautions(path, created=False) == []
    monkeypatch.setattr(place, "mounts", lambda: {Path("/"): "brandnewfs"})
    open_ledger(path).close()
    assert "brandnewfs" in place.cautions(path, created=False)[0]


# ------------------------------------------------------------------------------- it existed before


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
@pytest.mark.parametrize(
    "left", ["ledger.db.runs", "ledger.db.bak", "ledger.db.v1.bak", "ledger.bak", "ledger.db-2026.bak"]
)
def test_a_missing_ledger_that_was_there_before_is_not_made_anew(tmp_path, left, read_only):
    (tmp_path / left).mkdir()
    error = refused(tmp_path / "ledger.db", "ledger-gone", create=not read_only, read_only=read_only)
    assert left in error.message
    assert not (tmp_path / "ledger.db").exists()


def test_a_missing_ledger_whose_journal_is_there_is_not_begun_anew(tmp_path):
    (tmp_path / "ledger.db-journal").write_bytes(b"journal")
    (tmp_path / "ledger.db.runs").mkdir()
    error = refused(tmp_path / "ledger.db", "ledger-corrupt")
    assert "its journal exists" in error.message
    assert "remove" not in error.message + error.hint
    assert not (tmp_path / "ledger.db").exists()


def test_what_other_ledgers_and_killed_runs_left_says_nothing(tmp_path):
    for name in ("other.db.runs", "other.db.bak", "ledger.db.new-x1", "ledger.csv"):
        (tmp_path / name).touch()
    open_ledger(tmp_path / "ledger.db").close()


def test_a_link_whose_ledger_is_missing_makes_none(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "disk/ledger.db")
    refused(tmp_path / "link.db", "ledger-gone")
    open_ledger(tmp_path / "disk/ledger.db").close()
    open_ledger(tmp_path / "link.db").close()


def test_a_living_transaction_of_another_first_run_is_not_taken_for_a_lost_ledger(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    late = []

    def meanwhile(then):
        """Somebody else creates the ledger and writes to it before the first one continues."""

        def go_on(*args, **options):
            if not late:
                late.append(True)
                with closing(open_ledger(path)) as first, first.transaction():
                    first.change("set_info", {"name": "x", "value": "y"})
                    assert place.journal_of(path).exists()
                    return then(*args, **options)
            return then(*args, **options)

        return go_on

    monkeypatch.setattr(
        "xuna_cli.ledger.engines.sqlite.check_never_there", meanwhile(place.check_never_there)
    )
    second = open_ledger(path)
    assert late
    assert not second.created
    second.close()
    # The same, if the file is found after the check.
    path.unlink()
    late.clear()
    monkeypatch.undo()
    monkeypatch.setattr(SqliteEngine, "_create_file", meanwhile(SqliteEngine._create_file))
    second = open_ledger(path)
    assert late
    assert not second.created
    second.close()


# ------------------------------------------------------------------------------- a restored backup

KILLED = """
import os, sys
from pathlib import Path
from tests.support.builders import description, targets
from xuna_cli.ledger.opening import open_ledger
ledger = open_ledger(Path(sys.argv[1]))
run = ledger.start_run(description())
ledger.engine.rows("PRAGMA cache_size = 10")  # pages are written before the commit
with ledger.transaction():
    ledger.engine.change(sys.argv[2])
    os._exit(9)
"""
MANY = """
INSERT INTO do_not_call (to_phone_number, reason, added_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
SELECT '+1555' || (1000000 + i * 7919 % 9000000), 'asked', '2026' FROM n WHERE true
"""
CHANGED = "UPDATE do_not_call SET reason = 'again'"


def killed_in_a_transaction(path, statement=MANY):
    """Leave a journal whose pages are already in the file."""
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, path, statement], cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == 9
    assert place.journal_of(path).stat().st_size > 512
    assert path.read_bytes() != before


def test_a_journal_of_a_killed_run_is_put_back(path):
    killed_in_a_transaction(path)
    with closing(open_ledger(path)) as ledger:
        assert ledger.rows("do_not_call_count") == [(0,)]
        assert ledger.query("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("restore", [shutil.copyfile, os.replace])
@pytest.mark.parametrize("commits", [1, 2, pytest.param(30, marks=pytest.mark.slow)])
def test_a_backup_that_was_put_beside_a_left_journal_is_refused_and_not_damaged(path, restore, commits):
    backup = path.with_name("kept")
    shutil.copyfile(path, backup)
    was = backup.read_bytes()
    with closing(open_ledger(path)) as ledger:
        for number in range(commits):
            with ledger.transaction():
                ledger.change("set_info", {"name": "x", "value": str(number)})
    killed_in_a_transaction(path)
    journal = place.journal_of(path).read_bytes()
    restore(backup, path)
    for read_only in (False, True):
        error = refused(path, "ledger-replaced", read_only=read_only)
        assert "was replaced" in error.message
    assert path.read_bytes() == was
    assert place.journal_of(path).read_bytes() == journal
    place.journal_of(path).rename(path.with_name("moved"))
    open_ledger(path).close()


def test_a_backup_is_recognized_where_the_journal_lacks_page_1(path):
    with closing(open_ledger(path)) as ledger, ledger.transaction():
        ledger.engine.change(MANY)
    backup = path.with_name("kept")
    shutil.copyfile(path, backup)
    with closing(open_ledger(path)) as ledger, ledger.transaction():
        ledger.engine.change(MANY.replace("7919", "7907") + " ON CONFLICT DO NOTHING")
    killed_in_a_transaction(path, CHANGED)
    assert _journal(place.journal_of(path)).change is None
    shutil.copyfile(backup, path)
    refused(path, "ledger-replaced")


WRITING = """
import sys
from pathlib import Path
from xuna_cli.ledger.opening import open_ledger
ledger = open_ledger(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    with ledger.transaction():
        ledger.change("set_info", {"name": "x", "value": str(number) * 9999})
    if number == 1:
        print(flush=True)
"""


def test_another_runs_living_transactions_are_no_left_journals(path):
    """A ledger that others are writing to is never considered replaced."""
    writer = subprocess.Popen([sys.executable, "-c", WRITING, path], stdout=subprocess.PIPE)
    try:
        writer.stdout.readline()
        seen = 0
        while seen < 100:
            seen += place.journal_of(path).exists()
            check_journal(path)
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    open_ledger(path).close()
