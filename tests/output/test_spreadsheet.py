"""CSV: never a formula, never half a file, never readable by others."""

import csv
import os
import re
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection
from xuna_cli.output.files import replacing
from xuna_cli.output.spreadsheet import Rejects, cell


def table(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream, strict=True))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|'' /C calc'!A0"),
        ("-2+3+cmd", "'-2+3+cmd"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        (" =1", "' =1"),
        ('Ann;=HYPERLINK("http://x")', 'Ann;\'=HYPERLINK("http://x")'),
        ("a; =1|@x\t-y\n+z", "a;' =1|'@x\t'-y\n'+z"),
        ("=1;=2", "'=1;'=2"),
        ("Ann;+15559876543; -5.25", "Ann;+15559876543; -5.25"),
        (" +1 555 987 6543", " +1 555 987 6543"),
        ("x, -y", "x, -y"),
        ("a-b; c=d; e@f", "a-b; c=d; e@f"),
        ("+", "'+"),
        ("-", "'-"),
        ("+15559876543", "+15559876543"),
        ("+1 (555) 987-6543", "+1 (555) 987-6543"),
        ("-5", "-5"),
        ("-5.25", "-5.25"),
        ("Anna", "Anna"),
        ("", ""),
        (None, ""),
        (7, "7"),
        (-7, "-7"),
        (1.5, "1.5"),
        (True, "true"),
        (["=x"], '["=x"]'),
        ({"a": "é"}, '{"a": "é"}'),
    ],
)
def test_a_spreadsheet_shows_a_cell_and_does_not_calculate_it(value, shown):
    assert cell(value) == shown


@given(st.text() | st.text("=+-@\t\r\n;|' 5a,").flatmap(lambda text: st.text().map(lambda rest: text + rest)))
def test_no_cell_begins_as_a_formula_but_a_number_wherever_a_spreadsheet_splits_it(value):
    shown = cell(value)
    assert shown.replace("'", "") == value.replace("'", "")
    assert not shown.startswith(("\t", "\r"))
    for part in re.split(r"[;|\t\r\n]", shown):
        begun = part.strip()
        assert not begun.startswith(("=", "@"))
        if begun.startswith(("+", "-")):
            assert set(begun[1:]) <= set("0123456789 ().-")
            assert begun[1:2].isdigit()


# ------------------------------------------------------------------------------- rejected rows


def rejection(row, fields=None, code="phone-empty", message="no number"):
    return Rejection(row, code, "phone", message, None if fields is None else Contact(row, fields))


def rejected(path, columns, *rejections):
    rejects = Rejects(path, columns)
    for one in rejections:
        rejects.add(one)
    rejects.write()
    rejects.discard()
    return table(path)


def test_rejected_rows_have_the_lists_columns_and_ours(tmp_path):
    assert rejected(
        tmp_path / "r.csv",
        ["phone", "name"],
        rejection(7, {"phone": "x", "name": "=Anna\n"}),
        rejection(9),
    ) == [
        ["phone", "name", "row", "code", "message"],
        ["x", "'=Anna\n", "7", "phone-empty", "no number"],
        ["", "", "9", "phone-empty", "no number"],
    ]


def test_a_list_that_was_fed_back_has_our_columns_once(tmp_path):
    got = rejected(
        tmp_path / "r.csv",
        ["phone", "row", "code", "message"],
        rejection(3, {"phone": "x", "row": "7", "code": "old", "message": "old"}),
    )
    assert got == [["phone", "row", "code", "message"], ["x", "3", "phone-empty", "no number"]]


def test_columns_that_only_happen_to_have_our_names_are_kept(tmp_path):
    got = rejected(
        tmp_path / "r.csv",
        ["phone", "code", "message"],
        rejection(3, {"phone": "x", "code": "A7", "message": "Hi"}),
    )
    assert got == [
        ["phone", "code", "message", "xuna_row", "xuna_code", "xuna_message"],
        ["x", "A7", "Hi", "3", "phone-empty", "no number"],
    ]


def test_columns_with_all_of_our_names_are_kept_if_they_are_not_side_by_side(tmp_path):
    columns = ["message", "phone", "row", "code"]
    got = rejected(
        tmp_path / "r.csv", columns, rejection(3, {"message": "Hi", "phone": "x", "row": "5", "code": "A7"})
    )
    assert got == [
        [*columns, "xuna_row", "xuna_code", "xuna_message"],
        ["Hi", "x", "5", "A7", "3", "phone-empty", "no number"],
    ]


def test_json_contacts_may_bring_columns_of_their_own(tmp_path):
    got = rejected(
        tmp_path / "r.csv",
        ["phone"],
        rejection(1, {"phone": 5.5, "tags": ["a"]}),
        rejection(2, {"phone": None, "name": "\ud800é"}),
    )
    assert got == [
        ["phone", "tags", "name", "row", "code", "message"],
        ["5.5", '["a"]', "", "1", "phone-empty", "no number"],
        ["", "", "\\ud800é", "2", "phone-empty", "no number"],
    ]


def test_it_is_written_without_rows_too_and_an_old_one_is_replaced(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("of an earlier run")
    path.chmod(0o644)
    assert rejected(path, ["phone"]) == [["phone", "row", "code", "message"]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.name != "home"] == ["r.csv"]


def test_it_takes_rejections_from_any_thread(tmp_path):
    rejects = Rejects(tmp_path / "r.csv", ["phone"])
    threads = [
        threading.Thread(
            target=lambda: [rejects.add(rejection(row, {"phone": "x" * 50})) for row in range(200)]
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rejects.write()
    rejects.discard()
    assert len(table(tmp_path / "r.csv")) == 801


@pytest.mark.parametrize(
    ("place", "words"),
    [("", "it is a folder"), ("missing/r.csv", "the folder does not exist"), ("file/r.csv", "folder")],
)
def test_a_place_where_it_cannot_be_is_told_before_anything_is_sent(tmp_path, place, words):
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        Rejects(tmp_path / place, ["phone"])
    assert caught.value.code == "output-unwritable"
    assert words in caught.value.message


def test_a_folder_that_takes_no_files_is_told_before_anything_is_sent():
    from pathlib import Path

    with pytest.raises(InputError) as caught:
        Rejects(Path("/proc/r.csv"), ["phone"])
    assert caught.value.code == "output-unwritable"
    assert "--rejects" in caught.value.hint


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("before")

    def fail_in_the_middle():
        with replacing(path) as stream:
            stream.write("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert path.read_text() == "before"
    assert sorted(one.name for one in tmp_path.iterdir() if one.name != "home") == ["x.csv"]
    before = os.umask(0)
    try:
        with replacing(path) as stream:
            stream.write("after\r\n\ud800")
    finally:
        os.umask(before)
    assert path.read_bytes() == b"after\r\n\\ud800"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_a_device_that_takes_no_rows_is_said():
    rejects = Rejects(Path("/dev/full"), ["phone"])
    rejects.add(rejection(1, {"phone": "x"}))
    with pytest.raises(InputError, match="/dev/full can't be written: the disk is full"):
        rejects.write()
    rejects.discard()


def test_a_reader_of_rejected_rows_who_leaves_early_is_no_failure():
    reading, writing = os.pipe()
    rejects = Rejects(Path(f"/dev/fd/{writing}"), ["phone"])
    os.close(reading)
    rejects.add(rejection(1, {"phone": "x"}))
    rejects.write()
    rejects.discard()
    os.close(writing)


def test_rows_that_the_disk_did_not_take_are_said_at_the_end_and_not_in_between(tmp_path, monkeypatch):
    rejects = Rejects(tmp_path / "r.csv", ["phone"])
    rejects.discard()
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(rejects, "_spool", full)
        rejects.add(rejection(1, {"phone": "x" * 100_000}))
        with pytest.raises(InputError, match="the disk is full"):
            rejects.write()
        assert not (tmp_path / "r.csv").exists()
        rejects.discard()
