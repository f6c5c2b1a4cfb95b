"""README: a person who follows it reaches the goal, in bash and in zsh, and what it shows is true."""

import csv
import json
import re
import runpy
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from tests.support.manual import blocks_of
from tests.support.sandbox_process import ROOT
from tests.support.terminal import Terminal
from xuna_cli.help import TOPICS, read_topic
from xuna_cli.sandbox.server import SandboxServer

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELLS = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}
IN_LIST, TO_BE_CALLED = 400, 397
MESSAGE = re.compile(r"Hi \w+ \w+, this is Harbor Dental\. See you on \w+day, \d+ \w+ at \d+:\d\d [AP]M\.")

PROGRAMS = ("python3", "pipx", "git", ".venv/bin/pip", ".venv/bin/pytest")
"""Programs in README other than xuna; stubs record their arguments."""
STUB = """#!/bin/sh
{ printf '%s ' "${0##*/}" "$@"; echo; } >> "$STUBBED"
"""
AT_MIDDAY = """#!PYTHON
import sys
from datetime import UTC, datetime
sys.path.insert(0, "ROOT")
from xuna_cli.__main__ import entry
from xuna_cli.dialing.clock import Clock
Clock.now = lambda self: datetime.now(UTC).replace(hour=18)  # within 9:00 and 20:00 in all of the list's zones
sys.exit(entry())
""".replace("PYTHON", sys.executable).replace("ROOT", str(ROOT))


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the repository with the programs that README uses."""
    copy, home = tmp_path / "copy", tmp_path / "home"
    shutil.copytree(ROOT / "sample_lists", copy / "sample_lists")
    installed, stubs = home / ".local/bin", tmp_path / "stubs"
    for folder in (installed, stubs, copy / ".venv/bin"):
        folder.mkdir(parents=True)
    programs = {copy / name if "/" in name else stubs / name: STUB for name in PROGRAMS}
    programs |= dict.fromkeys((installed / "xuna", copy / ".venv/bin/xuna"), AT_MIDDAY)
    for path, text in programs.items():
        path.write_text(text)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{installed}:{stubs}:/usr/bin:/bin")
    monkeypatch.setenv("STUBBED", str(tmp_path / "stubbed"))
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def api(monkeypatch):
    """The API that README's commands use."""
    with SandboxServer() as server:
        monkeypatch.setenv("XUNA_BASE_URL", server.base_url)
        yield server


class Person:
    """A person at a shell who pastes README's blocks and answers questions."""

    def __init__(self, shell):
        if shutil.which(shell) is None:
            pytest.skip(f"there is no {shell}")
        self._terminal = Terminal(*SHELLS[shell], program=[shell], columns=250, env={"TERM": "dumb"})
        self._pasted = 0

    def paste(self, block, *answers):
        """Paste a block and answer its questions; return the output and the last exit code."""
        self._pasted += 1
        self._terminal.seen = ""
        self._terminal.type(block)
        for question, answer in answers:
            self._terminal.answer(question, answer)
        self._terminal.type(f"printf 'pasted %s: %s :%s\\n' {self._pasted} $? {self._pasted}\n")
        self._terminal.until(f" :{self._pasted}\r\n")
        seen, _, code = self._terminal.seen.rpartition(f"pasted {self._pasted}: ")
        for complaint in (
            "command not found",
            "no matches",
            "parse error",
            "syntax error",
            "event not found",
        ):
            assert complaint not in seen
        return seen, int(code.split()[0])

    def leave(self):
        self._terminal.type("exit\n")
        self._terminal.end()


def called(server):
    """Return who was called, and with which message."""
    return {
        call.to_phone_number: call.conversation_config_override["agent"]["first_message"]
        for call in server.state.calls()
    }


QUESTIONS = {
    "xuna init": [("API key", "sandbox"), ("Which agent", "1"), ("Which caller number", "1")],
    "calls": [("[y/N]", "y")],
}


def answers(block):
    """Return the questions of a block on a terminal, with the answers."""
    calls = re.search(r"xuna (batch|test)-call (?!.*(--dry-run|--sandbox))", block)
    return QUESTIONS.get("calls" if calls else block.strip(), ())


def only(words):
    """Return README's only block of shell commands with these words."""
    (block,) = (block for block in blocks_of(README, "sh") if words in block)
    return block


LOOK, TEST_CALL, FIVE = map(
    only,
    (
        "call appointments.csv --first-message-file reminder.txt --region US --dry-run",
        "test-call",
        "--limit 5",
    ),
)
ALL = FIVE.replace(" --limit 5", "")


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_who_follows_readme_calls_everybody_once(shell, copy, api, tmp_path):
    person, total = Person(shell), {}
    for block in blocks_of(README, "sh"):
        seen, code = person.paste(block, *answers(block))
        assert code == (3 if block in {LOOK, ALL} else 0), seen  # some rows are rejected
        total[block] = api.state.total
        if block == LOOK:
            assert f"{IN_LIST} rows, 1 duplicate" in seen
            assert f"2 rejected, {TO_BE_CALLED} would be called" in seen
    person.leave()

    assert [total[block] for block in (LOOK, TEST_CALL, FIVE, ALL)] == [0, 1, 1 + 5, 1 + TO_BE_CALLED]
    assert api.state.total == 1 + TO_BE_CALLED
    assert api.state.called_twice() == []
    assert all(MESSAGE.fullmatch(message) for message in called(api).values())

    folder = tmp_path / "home/calls"
    assert "appointments" in (folder / "report.html").read_text(encoding="utf-8")
    with (folder / "results.csv").open(newline="", encoding="utf-8") as results:
        assert len(list(csv.DictReader(results))) == IN_LIST
    assert (folder / "again.csv").exists()
    assert (tmp_path / "stubbed").read_text().splitlines() == [
        "python3 -m venv .venv ", "pip install . ",
        "python3 -m venv .venv ", "pip install .[test] ", "pytest -n auto ",
        "pipx install . ",
        "git pull ", "pipx install --force . ",
        "pipx uninstall xuna-cli ",
    ]  # fmt: skip


@pytest.mark.slow
def test_without_an_account_the_sandbox_goes_all_the_way(copy, tmp_path):
    task = README.partition("## Remind ")[2].partition("\n## ")[0]
    person = Person("bash")
    for block in blocks_of(task, "sh"):
        if block.strip() not in {"xuna init", "xuna doctor"}:
            seen, code = person.paste(re.sub(r"^(xuna .*)$", r"\1 --sandbox", block, flags=re.MULTILINE))
            assert code == (3 if block in {LOOK, ALL} else 0), seen
    person.leave()
    assert (tmp_path / "home/calls/again.csv").exists()


# What runs without a person

ACCOUNT = {
    "XUNA_AI_API_KEY": "sandbox",
    "XUNA_AGENT_ID": "agent_sandbox",
    "XUNA_FROM_PHONE_NUMBER_ID": "pn_sandbox",
}


@pytest.fixture
def unattended(copy, api, tmp_path, monkeypatch):
    """A folder with README's message and a list without bad rows, and a function that runs a command there."""
    folder, home = tmp_path / "home/calls", tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    subprocess.run(["/bin/sh", "-c", only("> reminder.txt")], check=True)

    def run(command, **environment):
        given = {"HOME": str(home), "PATH": "/usr/bin:/bin", "XUNA_BASE_URL": api.base_url, **environment}
        return subprocess.run(
            ["/bin/sh", "-c", command], env=given, capture_output=True, text=True, check=False
        )

    return run


def write_people(count):
    """Write a list without bad rows."""
    rows = [f"Ann Lee,+1212555{number:04d},2027-03-01 09:00\n" for number in range(count)]
    Path("appointments.csv").write_text(
        "Customer,Mobile Phone,Appointment\n" + "".join(rows), encoding="utf-8"
    )


@pytest.mark.slow
def test_the_line_of_cron_calls_who_was_added_and_prints_nothing(unattended, api, tmp_path):
    (line,) = blocks_of(README, "cron")
    command = re.fullmatch(r"(?:[0-9*/,-]+ +){5}(.*)\n", line)[1]
    assert "%" not in command  # cron would end the command there
    write_people(3)
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in ACCOUNT.items()), encoding="utf-8")

    assert unattended(command).stdout == "xuna: exit 4\n"  # no ledger yet
    assert api.state.total == 0
    by_hand = command.partition("&& ")[2].replace(" --require-ledger", " --limit 1").partition(" ||")[0]
    assert unattended(by_hand).returncode == 0
    done = unattended(command)
    assert (done.stdout, done.stderr) == ("", "")
    assert api.state.total == 3
    assert all(MESSAGE.fullmatch(message) for message in called(api).values())

    write_people(600)
    assert unattended(command).stdout == "xuna: exit 2\n"  # more than --max-calls
    assert api.state.total == 3


@pytest.mark.slow
def test_the_step_of_ci_calls_with_its_message(unattended, api, tmp_path):
    (step,) = blocks_of(README, "yaml")
    command = re.search(r"^- run: (.*)$", step, re.MULTILINE)[1]
    environment = dict(re.findall(r"^    (\w+): (.*)$", step, re.MULTILINE)) | {
        **ACCOUNT,
        "XUNA_LEDGER": str(tmp_path / "ledger.db"),
        "PATH": f"{tmp_path / 'home/.local/bin'}:/usr/bin:/bin",
    }
    write_people(3)
    assert unattended(command, **environment).returncode == 1
    assert json.loads(Path("result.json").read_text(encoding="utf-8"))["exit_code"] == 4  # no ledger yet
    assert unattended(command.replace(" --require-ledger", " --limit 1"), **environment).returncode == 0
    assert unattended(command, **environment).returncode == 0
    counts = json.loads(Path("result.json").read_text(encoding="utf-8"))["counts"]
    assert (counts["accepted"], counts["already_called"]) == (2, 1)
    assert set(called(api).values()) == {"Hi Ann Lee, see you on Monday, 1 March."}

    with Path("appointments.csv").open("a", encoding="utf-8") as file:
        file.write("Bo,1,2027-03-01 09:00\n")
    done = unattended(command, **environment)
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 row was rejected, namely row 5: " in done.stderr


@pytest.mark.parametrize("text", [README, *map(read_topic, TOPICS)], ids=["README", *TOPICS])
def test_no_example_calls_people_with_a_message_that_nobody_chose(text):
    for block in blocks_of(text):
        for line in re.findall(r"^.*xuna batch-call .*$", block, re.MULTILINE):
            words = (
                " -m ",
                " --first-message",
                " --agent-message",
                "XUNA_FIRST_MESSAGE:",
                "targets.jsonl",
                "review.",
            )
            assert any(word in f"{line}{block if 'env:' in block else ''}" for word in words), line


@pytest.mark.parametrize("text", [README, *map(read_topic, TOPICS)], ids=["README", *TOPICS])
def test_what_calls_by_itself_needs_its_ledger_and_has_a_limit(text):
    for block in [*blocks_of(text, "cron"), *blocks_of(text, "yaml")]:
        if "xuna batch-call" in block:
            assert re.search("--require-ledger|XUNA_REQUIRE_LEDGER", block)
            assert re.search("--max-calls|XUNA_MAX_CALLS", block)


@pytest.mark.parametrize("text", [README, *map(read_topic, TOPICS)], ids=["README", *TOPICS])
def test_no_question_takes_the_next_line_of_what_was_pasted_as_its_answer(text):
    asks = re.compile(r"xuna (init(?! campaign)|run|batch-call|test-call|campaigns (resolve|forget))\b")
    silent = re.compile(r" --(check|dry-run|sandbox|yes|placed|not-placed)\b")
    for block in blocks_of(text, "sh"):
        *before, _ = block.rstrip().splitlines()
        assert [line for line in before if asks.search(line) and not silent.search(line)] == []


# What README shows exists


def test_the_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]*)\)", README)
    for link in links:
        assert link.startswith("https://") or (ROOT / link).is_file(), link
    assert len(links) > len(TOPICS)


@pytest.mark.slow
def test_the_pictures_are_of_what_xuna_prints():
    def words(svg):
        return re.sub(r"\s", "", unescape("".join(re.findall(r"<text[^>]*>(.*?)</text>", svg))))

    for path, picture in runpy.run_path(str(ROOT / ".ci/picture.py"))["generated"]().items():
        assert words(path.read_text(encoding="utf-8")) == words(picture), "run .ci/run picture"
        assert words(picture)
