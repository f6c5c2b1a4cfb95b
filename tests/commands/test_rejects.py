"""Rejected rows: the reasons in a few lines, and how to fix and call them."""

import csv
import os
import shlex
import subprocess
import sys
import threading

import openpyxl
import pytest

KEYS = ("@7", "=9", "+A1", "-x", "'x", "''", "a;=b", "7")
SOURCE = 'phone,name,note,order\n+15551230001,Ann,"a; -10% off",@7\n555,Bob,"b; -10% off",@8\n,Carl,- see mail,=9\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def test_many_rows_with_one_cause_are_one_line(cli, here):
    (here / "a.csv").write_text("phone,name\n" + "".join(f"55512300{n:02},N\n" for n in range(12)) + "+1,X\n")
    done = cli("batch-call", "a.csv", "--sandbox", "-m", "Hi", exits=3)
    assert '  12 rows (2, 3, 4, 5, 6, …), e.g. row 2: "5551230000" has no country' in done.out
    assert "  row 14: " in done.out
    assert "add --rejects FILE" in done.out
    causes = cli("batch-call", "a.csv", "--sandbox", "-m", "Hi", "--output", "json", exits=3).document[
        "rejection_causes"
    ]
    assert next((cause["code"], cause["rows"], cause["first_rows"][0]) for cause in causes) == (
        "phone-no-country",
        12,
        2,
    )
    assert sum(cause["rows"] for cause in causes) == 13


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "sh"])
def test_the_command_that_feeds_rejects_back_works_and_calls_nobody_twice(cli, here, shell):
    if subprocess.run(["sh", "-c", f"command -v {shell}"], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no {shell}")
    (here / "list.csv").write_text(SOURCE)
    words = ("-m", "Hi {{ name }}, it's {{ note }} ! $HOME", "--key", "order", "--sandbox")
    done = cli("batch-call", "list.csv", *words, "--rejects", "r.csv", exits=3)
    (command,) = [line.strip() for line in done.out.splitlines() if line.startswith("  xuna batch-call")]
    assert shlex.split(command)[:5] == ["xuna", "batch-call", "r.csv", "--campaign", "list"]
    rejects = (here / "r.csv").read_text()
    (here / "r.csv").write_text(
        rejects.replace("555,Bob", "+15551230002,Bob").replace(",Carl", "+15551230003,Carl", 1)
    )
    python = shlex.quote(sys.executable)
    script = command.replace("xuna", f"{python} -m xuna_cli", 1) + " --output json"
    fed = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True)
    assert '"accepted": 2' in fed.stdout
    # The corrected complete list: everybody has the same key as in the first or second run.
    mended = SOURCE.replace("555,Bob", "+15551230002,Bob").replace("\n,Carl", "\n+15551230003,Carl")
    (here / "list.csv").write_text(mended)
    again = cli("batch-call", "list.csv", *words, "--output", "json")
    assert again.counts == {"rows": 3, "already_called": 3}


def test_a_list_with_columns_of_our_names_can_be_fed_back_twice_and_its_own_words_are_spoken(cli, here):
    (here / "list.csv").write_text("phone,message,code,row\n555,=Hello,A7,one\n556,Good day,A8,two\n")
    words = '{{ message }} {{ code }} {{ row["row"] }}'
    command = ("-m", words, "--sandbox", "--campaign", "list", "--rejects")
    cli("batch-call", "list.csv", *command, "r.csv", exits=3)
    cli("batch-call", "r.csv", *command, "again.csv", exits=3)
    header, *rows = (here / "again.csv").read_text().splitlines()
    assert header == "phone,message,code,row,xuna_row,xuna_code,xuna_message"
    assert [row.split(",")[1:5] for row in rows] == [
        ["'=Hello", "A7", "one", "2"],
        ["Good day", "A8", "two", "3"],
    ]
    fixed = (here / "again.csv").read_text().replace("555,", "+13035550100,")
    (here / "again.csv").write_text(fixed)
    shown = cli("batch-call", "again.csv", *command[:-1], "--dry-run", exits=3).out
    assert "“=Hello A7 one”" in shown


@pytest.mark.parametrize("rule", [("--until", "2099-12-01T18:00-05:00"), ("--opt-out-when", "opt_out=true")])
def test_the_command_that_feeds_rejects_back_keeps_the_rules_about_who_is_called_when(cli, here, rule):
    (here / "list.csv").write_text(SOURCE)
    done = cli("batch-call", "list.csv", "-m", "Hi", "--sandbox", "--rejects", "r.csv", *rule, exits=3)
    (command,) = [line for line in done.out.splitlines() if line.startswith("  xuna batch-call")]
    assert shlex.join(rule) in command


def test_rows_that_are_too_many_to_show_are_in_the_file_of_rejects(cli, here):
    numbers = [f"+1555123{n:04}" for n in range(20)]
    (here / "list.csv").write_text("phone,name\n" + "".join(f"{number},N\n" for number in numbers))
    for n, number in enumerate(numbers):
        (here / f"{n}.csv").write_text(f"phone\n{number}\n")  # each row has a reason of its own
    lists = [word for n in range(20) for word in ("--do-not-call", f"{n}.csv")]
    command = ("batch-call", "list.csv", "-m", "Hi", "--sandbox", *lists)
    assert "… to get all of these rows as a CSV file, add --rejects FILE" in cli(*command).out
    assert "… all of these rows are in r.csv" in cli(*command, "--rejects", "r.csv").out
    with (here / "r.csv").open() as file:
        assert [row["phone"] for row in csv.DictReader(file)] == numbers


def test_rejects_go_to_a_pipe_as_it_is_and_a_pipe_without_a_reader_stops_before_anything(cli, here):
    (here / "list.csv").write_text(SOURCE)
    os.mkfifo(here / "pipe")
    command = ("batch-call", "list.csv", "-m", "Hi", "--sandbox", "--rejects", "pipe")
    done = cli(*command, exits=5)
    assert "that no program reads" in done.err
    read = []
    reader = threading.Thread(target=lambda: read.append((here / "pipe").read_text()))
    reader.start()
    while not read and reader.is_alive():
        try:
            os.close(os.open(here / "pipe", os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            continue
        break
    reader.join()
    reader = threading.Thread(target=lambda: read.append((here / "pipe").read_text()))
    reader.start()
    while True:  # until the reader waits
        try:
            held = os.open(here / "pipe", os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError:
            continue
    cli(*command, exits=3)
    os.close(held)
    reader.join()
    assert "555,Bob" in read[-1]
    assert (here / "pipe").is_fifo()


@pytest.mark.parametrize(
    "output",
    [
        "list.csv",
        "link.csv",
        "hard.csv",
        "data/xuna/sandbox.db",
        "data/xuna/sandbox.db-journal",
        "dnc.csv",
        "words.txt",
        ".env",
    ],
)
def test_no_output_overwrites_what_the_command_reads_or_keeps(cli, here, monkeypatch, output):
    (here / "list.csv").write_text(SOURCE)
    (here / "words.txt").write_text("Hi")
    (here / "dnc.csv").write_text("phone\n+15551239999\n")
    (here / "link.csv").symlink_to("list.csv")
    (here / "hard.csv").hardlink_to(here / "list.csv")
    monkeypatch.setenv("XUNA_DO_NOT_CALL", "dnc.csv")
    for command in (
        ("batch-call", "list.csv", "--first-message-file", "words.txt", "--sandbox", "--rejects", output),
        ("render", "list.csv", "--first-message-file", "words.txt", "--sandbox", "--to", output),
    ):
        done = cli(*command, exits=2)
        assert "is an input of this command" in done.err
    assert (here / "list.csv").read_text() == SOURCE


def test_two_outputs_of_one_command_are_two_files(cli, here):
    (here / "list.csv").write_text(SOURCE)
    done = cli("render", "list.csv", "-m", "Hi", "--sandbox", "--to", "a", "--rejects", "./a", exits=2)
    assert "two outputs" in done.err


def test_a_file_of_settings_has_a_size(cli, here):
    (here / ".env").write_bytes(b"# x\n" * 300_000)
    done = cli("batch-call", "list.csv", "--sandbox", exits=4)
    assert "1,024 KiB" in done.err


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("dry", [True, False])
def test_duplicates_are_named_with_the_row_of_the_same_person(cli, here, size, dry):
    rows = ["(555) 123-0001", "+1 555 123 0001", "+15551230002", "1 (555) 123-0001", "+1 (555) 123-0002"]
    (here / "a.csv").write_text("phone\n" + "".join(f"{row}\n" for row in rows))
    command = ("batch-call", "a.csv", "--sandbox", "-m", "Hi", "--region", "US", "--batch-size", size)
    command += ("--dry-run",) if dry else ()
    done = cli(*command, "--output", "json")
    assert done.counts["duplicates"] == 3
    assert [(one["row"], one["of_row"]) for one in done.document["duplicates"]] == [(3, 2), (5, 2), (6, 4)]
    done = cli(*command, "--campaign", "again")
    assert (
        "Duplicates, called only once (3): row 3 (same as row 2), row 5 (same as row 2), row 6 (same as row 4)"
        in done.out
    )


def test_duplicates_that_stand_far_apart_are_named_too(cli, here):
    rows = [f"+1555{2000000 + index}" for index in range(1200)]
    (here / "a.csv").write_text("phone\n" + "".join(f"{row}\n" for row in [*rows, rows[0], rows[700]]))
    for dry in ("--dry-run", "--yes"):
        done = cli("batch-call", "a.csv", "--sandbox", "-m", "Hi", dry, "--output", "json")
        assert [(one["row"], one["of_row"]) for one in done.document["duplicates"]] == [
            (1202, 2),
            (1203, 702),
        ]


EXPORTS = [
    ("campaigns", "export", "list"),
    ("campaigns", "export", "list", "--output", "json"),
    ("campaigns", "report", "list"),
    ("do-not-call", "export"),
]


@pytest.mark.parametrize("command", EXPORTS)
@pytest.mark.parametrize("output", ["list.csv", "dnc.csv", ".env", "db", "db-journal", "db.runs/x"])
def test_no_export_overwrites_what_is_needed(cli, here, command, output):
    if (command[0], output) == ("do-not-call", "list.csv"):
        pytest.skip("it is about no campaign, and so about no list")
    (here / "list.csv").write_text(SOURCE)
    (here / "dnc.csv").write_text("phone\n+15551239999\n")
    (here / ".env").write_text("XUNA_DO_NOT_CALL=dnc.csv\n")
    cli("batch-call", "list.csv", "-m", "Hi", "--sandbox", exits=3)
    output = output.replace("db", "data/xuna/sandbox.db")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    cli(*command, "--sandbox", "--to", output, exits=5 if output.endswith(".db") else 2)
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", EXPORTS)
def test_an_export_to_a_pipe_that_nobody_reads_ends_at_once(cli, here, command):
    (here / "list.csv").write_text(SOURCE)
    cli("batch-call", "list.csv", "-m", "Hi", "--sandbox", exits=3)
    os.mkfifo(here / "pipe")
    assert "that no program reads" in cli(*command, "--sandbox", "--to", "pipe", exits=5).err


def test_rejects_saved_as_a_workbook_and_fed_back_call_nobody_twice(cli, here):
    source = "phone,order\n" + "".join(f"555,{key}\n" for key in KEYS)
    (here / "list.csv").write_text(source)
    words = ("-m", "Hi", "--key", "order", "--sandbox", "--campaign", "c")
    cli("batch-call", "list.csv", *words, "--rejects", "r.csv", exits=3)
    book = openpyxl.Workbook()
    for number, row in enumerate(csv.reader((here / "r.csv").read_text().splitlines()), 1):
        for position, text in enumerate(row, 1):
            cell = book.active.cell(number, position)
            cell.value, cell.data_type = text.replace("555", "+15551230001") if position == 1 else text, "s"
    book.save(here / "r.xlsx")
    assert cli("batch-call", "r.xlsx", *words, "--output", "json").counts["accepted"] == len(KEYS)
    (here / "list.csv").write_text(source.replace("555,", "+15551230001,"))
    again = cli("batch-call", "list.csv", *words, "--output", "json")
    assert again.counts == {"rows": len(KEYS), "already_called": len(KEYS)}
