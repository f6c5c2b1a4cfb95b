"""The shell's completions after Tab."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sandbox_process import ROOT
from tests.support.terminal import Terminal
from xuna_cli.commands.shell_completion import quoted, split_line
from xuna_cli.sandbox.faults import Answer

BREAKS = " \t\n\"'@><=;|&(:"  # bash's COMP_WORDBREAKS

CAMPAIGN = "O'Brien's list (2)"
TRAPS = [
    'It\'s "x" $HOME `id`',
    "a;b|c*",
    "order:id",
    "Größe",
    "$(touch trap)",
    "\\$(touch trap)",
    "'; touch trap; '",
]
COLUMNS = ["Phone", "Customer Name", "Customer No", *TRAPS]


@pytest.fixture
def offered(cli, monkeypatch):
    """`offered("batch-call", "people.csv", "--key", "")` returns the completions of the last word."""

    def ask(*words, value_only=True):
        monkeypatch.setenv("_XUNA_COMPLETE", "words")
        ran = cli(*words)
        monkeypatch.delenv("_XUNA_COMPLETE")
        assert not ran.err
        return [line.split("\t")[0] if value_only else line for line in ran.out.splitlines()]

    return ask


@pytest.fixture
def people_csv(cli):
    cells = ",".join('"' + column.replace('"', '""') + '"' for column in COLUMNS)
    return cli.write("my list.csv", f"{cells}\n+15551234567,Ann,1{',' * len(TRAPS)}\n")


def test_closed_sets_are_offered(offered):
    assert offered("batch-call", "people.csv", "--format", "") == ["csv", "tsv", "json", "jsonl", "xlsx"]
    assert offered("batch-call", "people.csv", "--output", "") == ["table", "json", "csv"]
    assert offered("campaigns", "export", "people", "--output", "j") == ["json"]
    assert offered("campaigns", "retry-list", "people", "--outcome", "failure,u") == ["failure,unknown"]


def test_campaign_files_are_offered_and_the_columns_of_their_list(offered, people_csv, cli):
    cli.write("spring.toml", 'contacts = "my list.csv"\n')
    cli.write("xuna.toml", "[defaults]\n")
    (cli.folder / "calls").mkdir()
    cli.write("calls/autumn.toml", "broken")
    assert offered("run", "") == ["spring.toml"]
    assert offered("run", "calls/") == ["calls/autumn.toml"]
    assert offered("run", "spring.toml", "--key", "Customer") == ["Customer Name", "Customer No"]
    assert offered("run", "calls/autumn.toml", "--output", "j") == ["json"]
    assert offered("run", "no.toml", "--key", "") == []
    assert offered("init", "") == ["campaign"]


def test_kinds_of_faults_are_offered_with_a_share(offered):
    assert offered("sandbox", "serve", "--fault", "r") == ["rate-limit:1%", "refuse:1%"]


def test_commands_and_options_are_offered_with_words_for_them(offered):
    assert offered("agents", "") == ["list", "show"]
    [line] = offered("batch-call", "--phone-c", value_only=False)
    assert line.startswith("--phone-column\tColumn with the phone number")


def test_countries_are_offered_by_their_codes(offered):
    assert offered("batch-call", "people.csv", "--region", "DE", value_only=False) == ["DE\tGermany"]
    codes = offered("batch-call", "people.csv", "--country", "US,")
    assert "US,CA" in codes
    assert "US,US" not in codes


def test_time_zones_are_offered(offered):
    assert offered("batch-call", "people.csv", "--default-timezone", "Europe/Ber") == ["Europe/Berlin"]
    assert not [
        zone for zone in offered("batch-call", "x", "--default-timezone", "") if zone.startswith("Etc/")
    ]


@pytest.mark.parametrize("option", ["--phone-column", "--key", "--consent-column", "--timezone-column"])
def test_columns_are_those_of_the_list_on_the_command_line(offered, people_csv, option):
    assert offered("batch-call", "my list.csv", option, "") == COLUMNS
    assert offered("batch-call", option, "Phone", "my list.csv", option, "Cust") == [
        "Customer Name",
        "Customer No",
    ]


@pytest.mark.parametrize("option", ["--region-column", "--do-not-call-column", "--call-after-column"])
def test_where_no_column_can_be_meant_none_is_offered(offered, people_csv, option):
    assert offered("batch-call", "my list.csv", option, "") == [*COLUMNS, "none"]


def test_columns_of_a_list_to_be_joined_are_offered(offered, people_csv):
    assert offered("campaigns", "export", "people", "--join", "my list.csv", "--phone-column", "Ph") == [
        "Phone"
    ]


def test_columns_are_found_in_every_format(offered, cli):
    cli.write("a.json", '[{"phone": "+15551234567", "Größe": 1, "contact": {"mobile": "+15551234568"}}]')
    cli.write("a.jsonl", '{"phone": "+15551234567", "name": "Ann"}\n')
    cli.write("a.tsv", "phone\tname\n+15551234567\tAnn\n")
    cli.write("a.txt", "phone;name\n+15551234567;Ann\n")
    assert offered("batch-call", "a.json", "--key", "") == ["phone", "Größe", "contact", "contact.mobile"]
    for name in ("a.jsonl", "a.tsv", "a.txt"):
        assert offered("batch-call", name, "--key", "") == ["phone", "name"]
    assert offered("batch-call", "a.txt", "--delimiter", ",", "--key", "") == ["phone;name"]


def test_columns_and_sheets_of_a_workbook_are_offered(offered, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "People to call"
    book.active.append(["phone", "First Name"])
    book.active.append(["+15551234567", "Ann"])
    book.create_sheet("Notes").append(["Phone of nobody", "why"])
    book.save(tmp_path / "book.xlsx")
    assert offered("batch-call", "book.xlsx", "--sheet", "") == ["People to call", "Notes"]
    assert offered("batch-call", "book.xlsx", "--sheet", "Notes", "--key", "") == ["Phone of nobody", "why"]


@pytest.mark.parametrize("name", ["nothing.csv", "folder", "damaged.xlsx", "binary.csv", "-"])
def test_a_list_that_cant_be_read_offers_no_column_and_no_error(offered, cli, tmp_path, name):
    (tmp_path / "folder").mkdir()
    cli.write("damaged.xlsx", "PK\x03\x04 nothing")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\xd8\x00")
    os.mkfifo(tmp_path / "pipe.csv")
    assert offered("batch-call", name, "--phone-column", "") == []
    assert offered("batch-call", "pipe.csv", "--phone-column", "") == []


def test_campaigns_are_those_of_the_ledger(offered, cli, api, people):
    cli.call(people(1), "--campaign", CAMPAIGN)
    cli.call(people(1), "--campaign", "rehearsed", "--sandbox")
    assert offered("campaigns", "show", "") == [CAMPAIGN]
    assert offered("campaigns", "show", "--sandbox", "") == ["rehearsed"]
    assert offered("batch-call", "people.csv", "--campaign", "O") == [CAMPAIGN]
    assert offered("campaigns", "show", "--ledger", str(cli.ledger), "") == [CAMPAIGN]


def test_held_batches_of_the_campaign_are_offered(offered, cli, api, people):
    api.faults.add(Answer(on="batch-calls", status=500))
    cli.call(people(2), exits=7)
    [line] = offered("campaigns", "resolve", "people", "", value_only=False)
    assert line.startswith("1\tunknown, 2 calls, 20")
    assert offered("campaigns", "resolve", "nobody", "") == []


def test_topics_and_commands_are_offered_to_help(offered):
    words = offered("help", "")
    assert {"templates", "cron", "batch-call", "init"} <= set(words)
    assert offered("help", "templates", "") == []


def test_no_ledger_is_made_by_looking_for_campaigns(offered, cli, tmp_path):
    cli.write(".env", "XUNA_LEDGER=elsewhere.db\n")
    assert offered("campaigns", "show", "") == []
    assert offered("campaigns", "show", "--ledger", "postgresql://127.0.0.1:9/none", "") == []
    assert not (tmp_path / "elsewhere.db").exists()
    assert not cli.ledger.exists()


def test_agents_and_numbers_are_those_that_a_command_last_saw(offered, cli, api, tmp_path):
    assert offered("batch-call", "x", "--agent-id", "") == []
    cli("agents", "list")
    cli("phone-numbers", "list")
    asked = len(api.state.requests())
    assert offered("batch-call", "x", "--agent-id", "agent_s", value_only=False) == [
        "agent_sandbox\tSandbox agent"
    ]
    assert offered("doctor", "--from-phone-number-id", "pn_s", value_only=False) == [
        "pn_sandbox\t+15550100000 Sandbox"
    ]
    assert offered("agents", "show", "agent_7") == ["agent_7101k5zvyjhmfg983brhmhkd98n6"]
    assert len(api.state.requests()) == asked
    kept = tmp_path / "home/cache/xuna/account.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "XUNA_AI_API_KEY" not in kept.read_text()


def test_the_sandbox_account_is_not_remembered(offered, cli):
    cli("agents", "list", "--sandbox")
    assert offered("batch-call", "x", "--agent-id", "") == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"agents": [1]}', '{"agents": {"a\\u001b[31m": "red"}'])
def test_a_damaged_cache_offers_nothing(offered, cli, tmp_path, content):
    (tmp_path / "home/cache/xuna").mkdir(parents=True)
    (tmp_path / "home/cache/xuna/account.json").write_text(content)
    assert offered("batch-call", "x", "--agent-id", "") == []


def test_a_bug_is_not_shown_and_not_reported(offered, cli, people_csv, monkeypatch, tmp_path):
    monkeypatch.setattr("xuna_cli.contacts.reading.column_names", lambda *_: 1 / 0)
    assert offered("batch-call", "my list.csv", "--phone-column", "") == []
    assert offered("batch-call", "x", "--no-such-option", "") == []
    assert not list((tmp_path / "home").rglob("crash-*"))


@pytest.mark.parametrize(
    ("line", "words", "current", "kept", "quote"),
    [
        ("xuna ", ["xuna"], "", 0, ""),
        ('xuna a\\ b \'c d\' "e \\" $f" g', ["xuna", "a b", "c d", 'e " $f'], "g", 0, ""),
        ("xuna 'a b", ["xuna"], "a b", 0, "'"),
        ('xuna --key="a b', ["xuna"], "--key=a b", 6, '"'),
        ("xuna --key=a", ["xuna"], "--key=a", 6, ""),
        ("xuna a:b", ["xuna"], "a:b", 2, ""),
        ("xuna a\\:b", ["xuna"], "a:b", 0, ""),
        ("xuna '' ", ["xuna", ""], "", 0, ""),
        ("xuna a\\", ["xuna"], "a", 0, ""),
    ],
)
def test_a_line_of_bash_is_read_as_bash_does(line, words, current, kept, quote):
    typed = split_line(line, BREAKS)
    assert (list(typed.words), typed.current, typed.kept, typed.quote) == (words, current, kept, quote)


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("text", [CAMPAIGN, "~", "#", "a\\b", *COLUMNS])
def test_what_stands_in_a_line_is_read_back_as_it_was(text, quote):
    assert split_line(quote + quoted(text, quote) + quote + " ", "").words == (text,)
    shown = subprocess.run(
        ["bash", "-c", f"printf %s {quote}{quoted(text, quote)}{quote}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == text


# Makes `xuna`, as the shell runs it, print its arguments; completion still asks the program.
PRINTING = {
    "bash": 'xuna() { printf "<%s>\\n" "$@"; }',
    "zsh": 'xuna() { printf "<%s>\\n" "$@"; }',
    "fish": "function xuna; printf '<%s>\\n' $argv; end",
}
TYPED = [
    ("xuna campaigns show O", CAMPAIGN),
    ("xuna batch-call my", "my list.csv"),
    ("xuna batch-call 'my list.csv' --phone-column It", TRAPS[0]),
    ("xuna batch-call 'my list.csv' --phone-column \"Customer Na", "Customer Name"),
    ("xuna batch-call 'my list.csv' --phone-column 'Customer Na", "Customer Name"),
    ("xuna batch-call 'my list.csv' --consent-column=Customer\\ Na", "--consent-column=Customer Name"),
    ("xuna batch-call 'my list.csv' --key a", "a;b|c*"),
    ("xuna batch-call 'my list.csv' --key order:", "order:id"),
    ("xuna batch-call 'my list.csv' --key Gr", "Größe"),
    ("xuna batch-call 'my list.csv' --key \\$", "$(touch trap)"),
    ("xuna batch-call 'my list.csv' --agent-id agent_s", "agent_sandbox"),
    ("xuna batch-call 'my list.csv' --default-timezone America/Argentina/U", "America/Argentina/Ushuaia"),
    ("xuna batch-call 'my list.csv' --country US,DE", "US,DE"),
    ("xuna batch-call 'my list.csv' --region-column non", "none"),
    ("xuna do-not-ca", "do-not-call"),
]


@pytest.fixture
def on_path(tmp_path):
    """The environment of a shell that finds `xuna`, with a non-English locale."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "xuna"
    program.write_text(f"#!{sys.executable}\nfrom xuna_cli.__main__ import entry\nentry()\n")
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    configuration = str(tmp_path / "home/.config")
    return {"PATH": path, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": configuration}


@pytest.mark.slow
@pytest.mark.parametrize("shell", PRINTING)
def test_each_shell_inserts_the_value_as_it_is(shell, cli, api, people, people_csv, on_path, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    cli.call(people(1), "--campaign", CAMPAIGN)
    cli("agents", "list")
    subprocess.run(
        [shell, "-c", "xuna --install-completion || exit 1; true"], env={**os.environ, **on_path}, check=True
    )
    terminal = Terminal("-i", program=[shell], env=on_path, columns=200)
    terminal.type(f"{PRINTING[shell]}; echo rea''dy\n")
    terminal.until("ready\r")
    for line, value in TYPED:
        terminal.type(f"{line}\t\n")
        terminal.until(f"<{value}>")
    terminal.type("exit\n")
    assert terminal.end() == 0
    assert not (tmp_path / "trap").exists()


@pytest.mark.slow
def test_bash_shows_whom_an_id_belongs_to(cli, api, on_path):
    cli("agents", "list")
    done = subprocess.run(
        ["xuna", "xuna batch-call x --agent-id ", BREAKS, "63"],
        env={**os.environ, **on_path, "_XUNA_COMPLETE": "line"},
        executable=str(Path(on_path["PATH"].split(os.pathsep)[0]) / "xuna"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "agent_sandbox  (Sandbox agent)" in done.stdout.splitlines()


@pytest.mark.slow
def test_a_ledger_that_is_locked_keeps_nobody_waiting(cli, api, people, on_path):
    import sqlite3
    import time

    cli.call(people(1), "--campaign", CAMPAIGN)
    locked = sqlite3.connect(cli.ledger, isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "xuna_cli", "campaigns", "show", ""],
        env={**os.environ, **on_path, "_XUNA_COMPLETE": "words"},
        capture_output=True,
        check=True,
    )
    assert time.monotonic() - began < 30  # the ledger itself would wait for a minute
    assert (done.stdout, done.stderr) == (b"", b"")
    locked.close()


@pytest.mark.slow
def test_showing_the_script_ends_with_success(on_path, tmp_path):
    # The shell must be the parent process, which Typer asks for its name; without `exit`, bash would become xuna.
    done = subprocess.run(
        ["bash", "-c", "xuna --show-completion; exit $?"],
        env={**os.environ, **on_path},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "COMPREPLY" in done.stdout
