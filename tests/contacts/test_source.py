import bz2
import codecs
import gzip
import io
import lzma
import os
import tempfile
from pathlib import Path

import openpyxl
import pytest

from tests.support.processes import open_files
from tests.support.workbooks import zipped
from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.errors import ExitStatus, InputError, UsageError
from xuna_cli.models import Contact


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nope\.csv does not exist") as caught:
        open_list(tmp_path / "nope.csv", ListOptions(), name="nope.csv")
    assert caught.value.exit_status is ExitStatus.INPUT


def test_a_list_without_a_name_is_no_folder():
    with pytest.raises(InputError, match="the name of the list is empty"):
        open_list(Path(), ListOptions(), name="")


def test_a_directory_is_named(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        open_list(tmp_path, ListOptions(), name="lists")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("phone\n")
    path.chmod(0)
    with pytest.raises(InputError, match="not allowed"):
        open_list(path, ListOptions(), name="a.csv")


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(InputError, match="permission denied"):
        open_list(tmp_path / "a.csv", ListOptions(), name="a.csv")


def test_a_pipe_is_told_how_to_come_in(tmp_path):
    reader, writer = os.pipe()
    os.write(writer, b"phone\n+1\n")
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe, pytest.raises(InputError, match="is a pipe") as caught:
        open_list(pipe, ListOptions(), name="list")
    assert "-" in caught.value.hint


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.xlsx", "a"])
def test_an_empty_file_is_an_error(opened, name):
    with pytest.raises(InputError, match="is empty"):
        opened(b"", name=name)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (gzip.compress(b"phone\n+1", mtime=0), "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b"phone,name\n+1,A\0nn\n", "line 2, contains a NUL"),
        ("phone,name\n+1,Ann\n".encode("utf-16-le"), "UTF-16 without"),
    ],
)
def test_a_binary_file_is_an_error(read, content, what):
    with pytest.raises(InputError, match=what):
        read(content)


@pytest.mark.parametrize(
    ("content", "what", "hint"),
    [
        (zipped({"xl/workbook.xml": ""}), "an Excel workbook", "--format xlsx"),
        (zipped({"word/document.xml": ""}), "a Word document", "CSV"),
        (zipped({"content.xml": ""}), "an OpenDocument file", "--format xlsx"),
        (zipped({"list.csv": "phone"}), "a zip archive", "unpack"),
        (bz2.compress(b"phone\n+1"), "a bzip2 archive", "unpack"),
        (lzma.compress(b"phone\n+1"), "an xz archive", "unpack"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive", "unpack"),
    ],
)
def test_what_is_named_csv_and_is_none_is_called_what_it_is(read, content, what, hint):
    with pytest.raises(InputError, match=f"is {what}, not text") as caught:
        read(content, name="a.csv")
    assert hint in caught.value.hint


LIST = "phone,name\n+1,Zoë 李 😀\n"


@pytest.mark.parametrize(
    "content",
    [
        LIST.encode(),
        codecs.BOM_UTF8 + LIST.encode(),
        codecs.BOM_UTF16_LE + LIST.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + LIST.encode("utf-16-be"),
        LIST.encode("utf-32"),
    ],
)
@pytest.mark.parametrize("name", ["contacts.csv", "no suffix"])
def test_the_encoding_is_told_by_the_byte_order_mark(opened, content, name):
    contacts = opened(content, name=name)
    assert contacts.columns == ("phone", "name")
    assert list(contacts) == [Contact(2, {"phone": "+1", "name": "Zoë 李 😀"})]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-8-sig", codecs.BOM_UTF8),
        ("UTF8", b""),
        ("utf-16", codecs.BOM_UTF16_BE),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", b""),
    ],
)
def test_a_stated_encoding_works_with_and_without_a_mark(read, encoding, mark):
    codec = "utf-16-be" if mark == codecs.BOM_UTF16_BE else encoding.removesuffix("-sig")
    assert read(mark + LIST.encode(codec), encoding=encoding)[0].fields == {
        "phone": "+1",
        "name": "Zoë 李 😀",
    }


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp850"])
def test_a_stated_encoding_is_used(read, encoding):
    assert read("phone,name\n+1,Zoë\n".encode(encoding), encoding=encoding)[0].fields["name"] == "Zoë"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("before", [0, 1, 700, 12_000])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_byte_that_does_not_decode_names_its_line(read, end, before, name):
    if name == "a.jsonl" and end == b"\r":
        pytest.skip("JSON Lines end with a newline")
    first, row = {
        "a.csv": (b"phone,name", b"+1,Ann"),
        "a.jsonl": (b'{"phone": ""}', b'{"phone": "+1"}'),
    }[name]
    content = end.join([first, *[row] * before, row.replace(b"+1", b"Zo\xeb"), *[row] * 100, b""])
    with pytest.raises(InputError, match=f"line {before + 2} is not UTF-8 .byte 0xeb") as caught:
        read(content, name=name)
    assert "--encoding" in caught.value.hint


def test_a_bad_utf_16_pair_names_its_line(read):
    content = codecs.BOM_UTF16_LE + "phone,name\n+1,".encode("utf-16-le") + b"\x00\xdc\n\x00"
    with pytest.raises(InputError, match="line 2 is not UTF-16-LE"):
        read(content)


def test_a_cut_character_at_the_end_names_its_line(read):
    with pytest.raises(InputError, match="line 3 is not UTF-8"):
        read("phone,name\n+1,Ann\n+2,Zoë".encode()[:-1])


@pytest.mark.parametrize("encoding", ["no-such", "rot13", "base64", "x\0y", "", "locale"])
@pytest.mark.parametrize("name", ["a.csv", "a.json", "a"])
def test_an_unknown_encoding_is_a_usage_error(read, encoding, name):
    with pytest.raises(UsageError, match="--encoding"):
        read("phone\n+1\n", name=name, encoding=encoding)


def test_an_unknown_format_is_a_usage_error(read):
    with pytest.raises(UsageError, match="csv, tsv, json, jsonl, xlsx"):
        read("phone\n+1\n", format="xml")


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("phone;name\n+1;Ann", ("phone", "name")),
        ('[{"phone": "+1"}]', ("phone",)),
        (' \n{"contacts": [{"phone": "+1"}]}', ("phone",)),
        ('{"agent_id": "a",\n "calls": [{"phone": "+1"}]}', ("phone",)),
        ('{"phone": "+1", "a": 1}\n{"phone": "+2"}', ("phone", "a")),
        ('\ufeff{"phone": "+1"}', ("phone",)),
    ],
)
def test_the_format_shows_in_the_first_bytes(opened, content, columns):
    assert opened(content, name="list.txt").columns == columns


def test_the_format_given_wins_over_the_name(opened):
    assert opened('[{"phone": "+1"}]', name="a.csv", format="json").columns == ("phone",)


def test_an_open_file_is_read_from_its_start_and_left_open(tmp_path):
    with tempfile.TemporaryFile() as file:
        file.write(b"phone\n+1\n")
        for _ in range(2):
            contacts = open_list(file, ListOptions(), name="standard input")
            assert list(contacts) == [Contact(2, {"phone": "+1"})]
        assert not file.closed


def test_an_open_file_stays_open_when_the_list_is_refused():
    file = io.BytesIO(b"a,b\n")
    with pytest.raises(InputError):
        open_list(file, ListOptions(), name="standard input")
    assert not file.closed


def test_a_path_is_closed_at_the_end_and_on_close(opened, tmp_path):
    contacts = opened("phone\n+1\n")
    path = str(tmp_path / "contacts.csv")
    assert path in open_files()
    assert list(contacts)
    assert path not in open_files()
    with opened("phone\n+1\n") as contacts:
        assert path in open_files()
    assert path not in open_files()
    contacts.close()


def test_a_path_is_closed_when_the_list_is_refused(opened):
    # pytest turns the ResourceWarning of a file left open into an error
    with pytest.raises(InputError):
        opened("a,b\n1,2\n")
    import gc

    gc.collect()


def test_a_list_is_never_silently_empty_the_second_time(opened):
    contacts = opened("phone\n+1\n")
    assert list(contacts)
    with pytest.raises(RuntimeError, match="once"):
        list(contacts)


def test_a_disk_that_fails_half_way_is_an_input_error():
    class Failing(io.BytesIO):
        def read1(self, size=-1):
            if self.tell() > 100_000:
                raise OSError(5, "Input/output error")
            return super().read1(size)

    contacts = open_list(Failing(b"phone\n" + b"+1\n" * 100_000), ListOptions(), name="list.csv")
    seen = []
    with pytest.raises(InputError, match="input/output error"):
        seen.extend(contacts)
    assert len(seen) > 1000


def test_an_option_that_does_nothing_with_a_list_is_said(opened):
    assert opened("phone\n+1\n", name="a.csv", sheet="X").notes == (
        "--sheet has no effect: a.csv is not a workbook",
    )
    assert opened('[{"phone": "+1"}]', name="a.json", delimiter=";").notes == (
        "--delimiter has no effect: a.json is JSON",
    )
    assert opened("phone;n\n+1;2\n", name="a.csv", delimiter=";").notes == ()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_that_is_written_to_while_it_is_read_is_noticed(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        path.write_text("phone\n+1\n+2\n")
    else:
        book = openpyxl.Workbook()
        for cell in ("phone", "+1", "+2"):
            book.active.append([cell])
        book.save(path)
    for how, noticed in (
        (lambda: None, False),
        (lambda: replace_by_itself(path), False),
        (lambda: append(path), True),
    ):
        contacts = open_list(path, ListOptions(), name="a")
        rows = iter(contacts)
        next(rows)
        how()
        list(rows)
        assert contacts.was_changed == noticed


def replace_by_itself(path):
    """Save like most programs: a new file gets the name, and a program that reads the old file continues with it."""
    other = path.with_suffix(".new")
    other.write_bytes(path.read_bytes())
    other.replace(path)


def append(path):
    with path.open("ab") as file:
        file.write(b"\n")
