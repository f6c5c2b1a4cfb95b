"""`--log`, `--metrics` and `--on-end`: they report every end of a run, and never change it."""

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.commands.conftest import number
from tests.support.manual import table
from tests.support.terminal import Terminal
from xuna_cli.commands.calling.run_end import run_on_end
from xuna_cli.dialing.report import COUNTS
from xuna_cli.sandbox.faults import Answer, Latency

HELLO = ("-m", "Hi {{ name }}.")


@pytest.fixture
def hook(tmp_path):
    """A command for --on-end, and its input: the document and the exit code, or None."""
    to = tmp_path / "told.json"

    class Hook:
        command = f"cat > {to}; echo $XUNA_EXIT_CODE > {to}.code"

        @property
        def document(self):
            return json.loads(to.read_text()) if to.exists() else None

        @property
        def code(self):
            return int(to.with_name("told.json.code").read_text())

    return Hook()


@pytest.fixture
def log(tmp_path):
    """The path of the log, and its events."""

    class Log:
        path = tmp_path / "events.jsonl"

        @property
        def events(self):
            return [json.loads(line) for line in self.path.read_text().splitlines()]

    return Log()


def test_the_log_tells_the_run_and_adds_up_with_the_result(cli, api, people, log):
    path = people(rows=[*((number(index), "Ann") for index in range(5)), ("12", "Bo")])
    ran = cli("batch-call", path, *HELLO, "--batch-size", "2", "--log", log.path, "--output", "json", exits=3)
    kinds = Counter(event["event"] for event in log.events)
    assert kinds == {"run": 1, "rejection": 1, "batch": 3, "outcome": 5, "end": 1}
    assert log.events[0]["event"] == "run"
    assert log.events[-1]["counts"] == ran.document["counts"]
    assert {event["row"] for event in log.events if event["event"] == "outcome"} == {2, 3, 4, 5, 6}
    assert {event["run"] for event in log.events} == {ran.document["run_id"]}
    text = log.path.read_text()
    assert not re.search(r"Ann|Hi |\+1555100000", text)


@pytest.mark.slow
def test_what_the_manual_says_of_the_log_is_what_is_in_it(cli, api, people, log):
    api.faults.add(Answer(status=429, headers={"retry-after": "1"}, body="slow", times=1))
    here, there = _far_apart()
    rows = [(number(1), "Ann", here), ("12", "Bo", ""), (number(2), "Cy", there)]
    path = people(rows=rows, header=("phone", "name", "timezone"))
    now = datetime.now(ZoneInfo(here))
    hours = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"
    cli("batch-call", path, *HELLO, "--hours", hours, "--log", log.path, exits=3)
    meant = {cells[0].strip("`"): re.findall("`(.+?)`", cells[2]) for cells in table("log", "event")}
    assert {event["event"] for event in log.events} == meant.keys()
    for event in log.events:
        assert list(event) == ["v", "at", "event", "run", "campaign", *meant[event["event"]]]


def _far_apart():
    """Return two time zones with many hours between them; in the first one it is not near midnight."""
    zones = ["America/New_York", "Asia/Tokyo"]
    return zones if 2 <= datetime.now(ZoneInfo(zones[0])).hour <= 21 else zones[::-1]


def test_a_run_that_fails_before_it_began_is_told_too(cli, api, hook, log, tmp_path):
    metrics = tmp_path / "m.prom"
    options = ("--log", log.path, "--metrics", metrics, "--on-end", hook.command)
    cli("batch-call", tmp_path / "missing.csv", *HELLO, *options, exits=5)
    assert (hook.document["exit_code"], hook.code, hook.document["status"]) == (5, 5, "error")
    [end] = log.events
    assert (end["event"], end["exit_code"], end["campaign"]) == ("end", 5, "missing")
    assert 'xuna_last_run_exit_code{campaign="missing"} 5' in metrics.read_text()


@pytest.mark.slow
def test_the_command_gets_the_document_that_is_printed_and_prints_to_stderr(api, people, hook):
    command = f"echo hello; {hook.command}"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "xuna_cli",
            "batch-call",
            people(2),
            *HELLO,
            "--on-end",
            command,
            "--output",
            "json",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == hook.document
    assert "hello\n" in done.stderr
    assert hook.code == 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("exit 7", "failed with exit code 7"),
        ("no-such-program-here", "failed with exit code 127"),
        ("kill -9 $$", "failed with exit code -9"),
    ],
)
def test_a_command_that_fails_is_a_warning_and_changes_no_exit_code(cli, api, people, command, words):
    ran = cli("batch-call", people(2), *HELLO, "--on-end", command)
    assert f"xuna: warning: the --on-end command {words}" in ran.err
    assert api.state.total == 2


def test_a_command_that_reads_nothing_is_no_failure(cli, api, people):
    assert "warning" not in cli("batch-call", people(2), *HELLO, "--on-end", "true").err


@pytest.mark.slow
def test_a_command_that_takes_too_long_is_killed_with_all_that_it_started(capsys, tmp_path):
    began = time.monotonic()
    run_on_end(f"sleep 60 & echo $! > {tmp_path}/pid; wait", "{}", 0, limit=0.5)
    assert time.monotonic() - began < 30
    assert "took longer than 0.5 s and was killed" in capsys.readouterr().err
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 30
    while _lives(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_metrics_are_for_the_collector_and_named_as_the_manual_says(cli, api, people, tmp_path):
    path = tmp_path / "xuna.prom"
    path.write_text("old")
    cli("batch-call", people(2), *HELLO, "--campaign", 'a "b" \\', "--metrics", path)
    text = path.read_text()
    label = r'campaign="a \"b\" \\"'
    assert f"xuna_last_run_exit_code{{{label}}} 0\n" in text
    assert f'xuna_last_run_rows{{{label},count="accepted"}} 2\n' in text
    assert f'xuna_last_run_batches{{{label},state="accepted"}} 1\n' in text
    assert f"xuna_held_batches{{{label}}} 0\n" in text
    assert set(re.findall(r"# TYPE (\S+) gauge", text)) == {
        cells[0].strip("`") for cells in table("log", "name")
    }
    assert re.findall(r'count="(\w+)"', text) == list(COUNTS)
    [ended] = re.findall(r"end_timestamp_seconds\{.*\} (\S+)", text)
    assert abs(float(ended) - time.time()) < 300
    assert path.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in tmp_path.glob("*xuna.prom*")] == ["xuna.prom"]


def test_a_run_that_fails_early_does_not_hide_that_batches_are_held(cli, api, people, tmp_path):
    metrics = tmp_path / "m.prom"
    run = ("batch-call", people(2), *HELLO, "--metrics", metrics)
    api.faults.add(Answer(status=500, times=1))
    cli(*run, exits=7)
    Path("people.csv").unlink()
    cli(*run, exits=5)
    assert 'xuna_held_batches{campaign="people"} 1' in metrics.read_text()
    Path("ledger.db").write_bytes(b"no ledger")
    cli(*run, "--ledger", "ledger.db", exits=5)
    assert "xuna_held_batches{" not in metrics.read_text()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--log", "missing/events.jsonl"), 5, "can't be written"),
        (("--metrics", "missing/m.prom"), 5, "can't be written"),
        (("--metrics", "m.txt"), 2, "must end with .prom"),
        (("--log", "people.csv"), 2, "people.csv is an input of this command"),
        (("--log", ".env"), 2, ".env is an input of this command"),
        (("--log", "same.prom", "--metrics", "same.prom"), 2, "is named for two outputs"),
        (("--log", "r.csv", "--rejects", "r.csv"), 2, "is named for two outputs"),
    ],
)
def test_a_file_that_cannot_be_is_an_error_before_anybody_is_called(
    cli, api, people, hook, options, code, words
):
    people(2)
    ran = cli("batch-call", "people.csv", *HELLO, *options, "--on-end", hook.command, exits=code)
    assert words in ran.err
    assert api.state.total == 0
    assert hook.document["exit_code"] == code
    assert "Person 0" in (cli.folder / "people.csv").read_text()


def test_a_log_that_is_a_ledger_is_refused(cli, api, people):
    cli("batch-call", people(1), *HELLO)
    before = cli.ledger.read_bytes()
    assert "is a database" in cli("batch-call", people(2), *HELLO, "--log", cli.ledger, exits=5).err
    assert cli.ledger.read_bytes() == before


def test_a_disk_that_is_full_in_the_run_is_a_warning_said_once(cli, api, people):
    ran = cli("batch-call", people(5), *HELLO, "--batch-size", "1", "--log", "/dev/full")
    assert ran.err.count("/dev/full can't be written any more") == 1
    assert api.state.total == 5


def test_a_dry_run_tells_nobody(cli, people, hook, log, tmp_path):
    options = ("--log", log.path, "--metrics", tmp_path / "m.prom", "--on-end", hook.command)
    cli("batch-call", people(2), *HELLO, "--dry-run", *options)
    assert hook.document is None
    assert not log.path.exists()
    assert not (tmp_path / "m.prom").exists()


def test_the_file_can_be_set_by_a_variable_and_lies_beside_the_settings(cli, api, people, tmp_path):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/env").write_text("XUNA_LOG=events.jsonl\n")
    cli("batch-call", people(2), *HELLO, "--env-file", "conf/env")
    assert (tmp_path / "conf/events.jsonl").read_text().count("\n") == 5


@pytest.mark.slow
def test_an_interrupted_run_is_told(api, people, hook, log, tmp_path):
    api.faults.add(Latency(seconds=1.5))
    options = ("--batch-size", "1", "--concurrency", "1", "--log", log.path, "--on-end", hook.command)
    process = subprocess.Popen(
        [sys.executable, "-m", "xuna_cli", "batch-call", people(20), *HELLO, *options],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not (log.path.exists() and "outcome" in log.path.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert (hook.document["exit_code"], hook.code) == (130, 130)
    assert log.events[-1]["exit_code"] == 130
    assert log.events[-1]["counts"] == hook.document["counts"]


def test_a_bug_in_the_run_is_told(cli, api, people, hook, log, monkeypatch):
    def fail(point):
        if point == "submit:committed":
            raise RuntimeError

    monkeypatch.setattr("xuna_cli.hooks.listener", fail)
    cli("batch-call", people(2), *HELLO, "--log", log.path, "--on-end", hook.command, exits=1)
    assert (hook.code, hook.document["status"]) == (1, "error")
    assert hook.document["errors"][0]["code"] == "bug"
    assert log.events[-1]["exit_code"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "code"), [("\x03", 130), ("n\n", 0)])
def test_a_run_that_a_person_does_not_begin_is_told(api, people, hook, answer, code):
    terminal = Terminal("batch-call", people(2), *HELLO, "--on-end", hook.command)
    terminal.until("[y/N]")
    if answer == "\x03":
        terminal.process.send_signal(signal.SIGINT)
    else:
        terminal.type(answer)
    assert terminal.end() == code
    assert hook.code == code
    assert hook.document["counts"]["accepted"] == 0
