"""The manual is displayed correctly, and is true."""

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
from importlib import resources

import pytest
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_NAMESPACE

from tests.support.json_schema import check_document
from tests.support.manual import blocks, code, parse, table
from tests.support.sandbox_process import ROOT
from tests.support.terminal import Terminal
from xuna_cli.commands.app import COMMANDS, MEANT, all_commands
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.errors import PRECEDENCE, ExitStatus, XunaError
from xuna_cli.help import TOPICS, read_topic, summary
from xuna_cli.ledger.records import BatchState, CallOutcome
from xuna_cli.output.result import VERSION
from xuna_cli.targets.date_filters import NAMES
from xuna_cli.targets.language import ENVIRONMENT
from xuna_cli.targets.template import Template

FOLDER = resources.files("xuna_cli.help")


ALL = all_commands()


def test_the_topics_are_the_files():
    assert sorted(f"{name}.md" for name in TOPICS) == sorted(
        file.name for file in FOLDER.iterdir() if file.name.endswith(".md")
    )


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_a_title_and_says_in_one_line_what_it_is_about(topic):
    text = read_topic(topic)
    assert text.startswith("# ")
    assert text.endswith("\n")
    assert summary(text).endswith(".")
    assert len(summary(text)) < 80


def test_help_lists_every_topic(cli):
    listed = cli("help").out
    for topic in TOPICS:
        assert f"  {topic} " in listed
    assert "xuna help" in cli("--help").out


def test_in_a_pipe_a_topic_is_plain(cli):
    assert cli("help", "lists").out == read_topic("lists")
    assert "<!--" not in cli("help", "environment").out


def test_help_of_a_command_is_that_of_the_option(cli):
    assert cli("help", "campaigns", "show").out == cli("campaigns", "show", "--help").out


@pytest.mark.parametrize(
    ("name", "full"), [("retry-list", "campaigns retry-list"), ("harvest", "do-not-call harvest")]
)
def test_help_of_a_command_in_only_one_group_needs_no_group(cli, name, full):
    assert cli("help", name).out == cli(*full.split(), "--help").out


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (["list"], "choose one of: xuna help campaigns list, xuna help do-not-call list"),
        (["template"], "did you mean `xuna help templates`?"),
        (["bath-call"], "did you mean `xuna help batch-call`?"),
        (["xyzzy"], "see all topics: xuna help"),
        (["complaint"], "topics with this word: xuna help outcomes"),
        (["opt", "out"], "topics with this word: xuna help do-not-call, "),
        (["webhook"], "topics with this word: xuna help log"),
        (["cron", "--schema"], "run: xuna help json --schema"),
    ],
)
def test_an_unknown_topic_is_an_error_that_helps(cli, argv, hint):
    assert hint in cli("help", *argv, exits=2).err


@pytest.mark.slow
@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("topic", ["environment", "exit-codes", "templates", "log", "columns"])
def test_on_a_terminal_a_topic_is_drawn_in_its_width_and_no_word_is_broken(topic, columns):
    terminal = Terminal("help", topic, columns=columns, env={"NO_COLOR": "1"})
    assert terminal.end() == 0
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", terminal.seen).splitlines()]
    examples = {line for block in blocks(topic) for line in block.splitlines()}
    for line in lines:
        assert len(line) <= columns or line[2:] in examples  # blocks are indented by 2
    seen = "\n".join(lines)
    for word in [
        word for span in code(read_topic(topic)) for word in span.split() if len(word) < columns - 4
    ]:
        assert word in seen
    for example in examples:  # for copying, so no line is wrapped
        assert example in seen
    assert "```" not in seen
    assert "**" not in seen
    for paragraph in re.findall(r"\n\n(?:<!--.*-->\n\n)?([A-Z][a-z ]+)", read_topic(topic)):
        assert any(line.startswith(paragraph[: columns // 3].rstrip()) for line in lines), paragraph


@pytest.mark.parametrize("columns", ["60", "80", "200"])
@pytest.mark.parametrize("argv", [(), ("campaigns",), ("batch-call",), ("render",), ("campaigns", "resolve")])
def test_help_fits_into_the_terminal(columns, argv, cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    text = cli(*argv, "--help").out
    examples = text.partition("Examples:")[2]  # for copying, so no line is wrapped
    lines = text.removesuffix(examples).splitlines()
    assert max(map(len, lines)) <= min(int(columns), 100)
    assert not any(re.search(r"[a-z]-$", line) for line in lines)  # `--min-success` is copied as a whole


def test_what_a_small_command_takes_comes_before_what_all_commands_share(cli):
    text = cli("campaigns", "show", "--help").out
    assert re.findall(r"^(\w[\w ]*):$", text, re.MULTILINE) == ["Arguments", "Options", "Output", "Examples"]


def test_options_are_in_their_groups_and_ranges_in_words(cli):
    text = cli("batch-call", "--help").out
    assert text.startswith("Usage: xuna batch-call [OPTIONS] CONTACTS\n")
    headings = re.findall(r"^(\w[\w ]*):$", text, re.MULTILINE)
    assert headings == ["Arguments", *BatchCallOptions.PANELS, "Options", "Examples"]
    assert re.search(
        r"^  --concurrency N .*$\n.*\[env var: XUNA_CONCURRENCY; 1 to 256\]$", text, re.MULTILINE
    )
    assert "<=" not in text


@pytest.mark.parametrize("argv", [(), ("campaigns",)])
def test_a_group_without_a_command_prints_its_help(argv, cli):
    assert cli(*argv, exits=2).out == cli(*argv, "--help").out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["batch-call"], "missing argument 'CONTACTS'\n  see: xuna batch-call --help"),
        (["campaigns", "shw"], "no such command 'shw'; did you mean 'show'?\n  see: xuna campaigns --help"),
        (["--colour"], "no such option: --colour\n  see: xuna --help"),
        (
            ["help", "campaigns", "shw"],
            "no such command 'shw'; did you mean 'show'?\n  see: xuna campaigns --help",
        ),
    ],
)
def test_errors_of_a_command_line_look_like_all_errors(argv, message, cli):
    assert cli(*argv, exits=2).err == f"xuna: error: {message}\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("version", "xuna --version"), ("dial", "xuna batch-call CONTACTS")]
)
def test_an_unknown_command_names_the_one_that_is_meant(cli, typed, meant):
    assert f"did you mean `{meant}`?" in " ".join(cli(typed, exits=2).err.split())


def test_what_is_meant_exists(cli):
    assert not MEANT.keys() & COMMANDS.keys()
    for meant in set(MEANT.values()):
        command = [word for word in meant.split() if not word.isupper()]
        assert "Usage: xuna" in cli(*command, "--help").out


# The topics describe what the program does.


def test_the_exit_codes_are_those_of_the_program():
    codes = [int(cells[0]) for cells in table("exit-codes", "code")]
    assert codes == sorted(ExitStatus)
    order = ", ".join(str(int(status)) for status in PRECEDENCE)
    assert order in read_topic("exit-codes")


def test_what_is_generated_is_what_would_be_generated(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / ".ci")
    manual = runpy.run_path(str(ROOT / ".ci/manual.py"))
    for path, text in manual["generated"]().items():
        assert path.read_text(encoding="utf-8") == text, "run .ci/run manual"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_the_man_page_is_sound():
    page = ROOT / "xuna_cli/help/xuna.1"
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", page], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
    for words in (
        "xuna campaigns retry-list NAME",
        "--max-calls N",
        "EXIT CODES",
        "XUNA_AGENT_ID",
        "Kubernetes",
    ):
        assert words in text
    for mark in ("```", "**", "|---", "<!--"):
        assert mark not in text


def test_every_variable_is_in_the_manual():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "xuna_cli").rglob("*.py"))
    used = set(re.findall(r"\bXUNA_[A-Z_]*[A-Z]\b", sources))
    assert used <= set(re.findall(r"\bXUNA_[A-Z_]*[A-Z]\b", read_topic("environment")))


def test_the_names_in_templates_are_those_of_the_language():
    kinds = dict(table("templates", "kind"))
    ours = {name for name in ENVIRONMENT.filters if not name.startswith("_")}
    assert set(code(kinds["filters of xuna"])) == NAMES == ours - DEFAULT_FILTERS.keys()
    assert kinds["filters of Jinja"] == "all of them"
    assert ours >= DEFAULT_FILTERS.keys()
    functions = code(kinds["functions"])
    for name in DEFAULT_NAMESPACE.keys() | {"super", "caller", "self"}:
        source = f"{{{{ {name}() }}}}"
        if name in functions:
            Template(source, "-m")
        else:
            with pytest.raises(XunaError):
                Template(source, "-m")


@pytest.mark.parametrize("source", blocks("templates", "jinja"))
def test_the_examples_of_templates_can_be_used(source):
    row = {"Order #": "7", "name": "Ann", "appointment": "2026-11-03 09:30"}
    assert "{{" not in Template(source.strip(), "-m").render(row)


def test_the_states_and_outcomes_are_those_of_the_ledger():
    assert {name.strip("`") for name, *_ in table("crash", "state of a batch")} == {
        each.value for each in BatchState
    }
    assert {name.strip("`") for name, *_ in table("outcomes", "outcome")} == {
        each.value for each in CallOutcome
    }


def test_the_counts_are_those_of_the_document(cli):
    cli.write("list.csv", "phone,name\n+15551230001,Ann\n")
    document = cli("batch-call", "list.csv", "-m", "Hi.", "--dry-run", "--output", "json").document
    counts = {name.strip("`") for name, *_ in table("json", "count")}
    assert counts == document["counts"].keys() - {"rows"}
    assert f"| `xuna_result_version` | {VERSION}." in read_topic("json")


def test_the_schema_is_printed_and_describes_every_command_with_json(cli):
    schema = json.loads(cli("help", "json", "--schema").out)
    names = {
        name
        for name, command in ALL.items()
        for one in command.params
        if one.name == "output" and "json" in getattr(one.type, "choices", ())
    }
    assert set(schema["properties"]["command"]["enum"]) == names
    assert set(schema["properties"]["exit_code"]["enum"]) == set(ExitStatus)


@pytest.mark.parametrize(
    "broken",
    [
        {"xuna_result_version": 2},
        {"more": 1},
        {"status": "success", "exit_code": 4},
        {"command": "agents show"},
        {"phone_numbers": [{"phone_number_id": "pn"}]},
        {"errors": [{"code": "x", "message": "x"}]},
    ],
)
def test_the_schema_refuses_what_no_command_prints(cli, broken):
    document = cli("phone-numbers", "list", "--sandbox", "--output", "json").document
    with pytest.raises(AssertionError):
        check_document(document | broken)


OPTIONS = {
    name for command in ALL.values() for one in command.params for name in (*one.opts, *one.secondary_opts)
}


@pytest.mark.parametrize("topic", TOPICS)
def test_the_options_and_commands_that_a_topic_names_exist(topic):
    for span in code(read_topic(topic)):
        if span.startswith("pipx "):
            continue
        named = set(re.findall(r"(?<!\S)--[a-z][a-z-]+", span))
        assert named <= OPTIONS | {"--help", "--install-completion", "--version"}, span
        if span.startswith("xuna ") and "--" not in span:
            words = span.split()[1:]
            assert " ".join(words[:2]) in ALL or words[0] in COMMANDS, span


def test_every_topic_that_is_named_anywhere_exists():
    texts = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "xuna_cli").rglob("*.*")
        if path.suffix in (".py", ".md", ".json")
    ]
    named = {name for text in texts for name in re.findall(r"xuna help ([a-z][a-z-]+)", text)}
    assert named >= {"templates", "exit-codes"}
    assert named <= {*TOPICS, *COMMANDS}


# Text to copy can be pasted unchanged.

STUBS = ("xuna", "jq", "docker", "pipx", "sqlite3", ".venv/bin/python")
STUB = """#!/bin/sh
line=$(printf '%s\\037' "${0##*/}" "$@")
printf '%s\\n' "$line" >> "$PASTED"  # in one piece: the programs of a pipe write at the same time
"""


@pytest.fixture
def paste(tmp_path, monkeypatch):
    """Return a function that pastes a text into an interactive shell, and returns the commands that it ran."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spring.toml").write_text('contacts = "customers.csv"')  # read when a command is parsed
    stubs = tmp_path / "stubs"
    stubs.mkdir()

    def paste(shell: str, text: str) -> list[list[str]]:
        log, folder = tmp_path / f"{shell}.log", tmp_path / "home"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in STUBS:
            stub = (folder if "/" in name else stubs) / name
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text(STUB)
            stub.chmod(0o755)
        log.touch()
        options = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}[shell]
        done = subprocess.run(
            [shell, *options],
            input=f"PATH={stubs}:$PATH\ncd() {{ true; }}\n{text}\nexit 0\n",
            cwd=folder,
            env={**os.environ, "PASTED": str(log), "HOME": str(folder), "TERM": "dumb"},
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        assert done.returncode == 0, done.stderr
        for complaint in ("not found", "no matches", "parse error", "syntax error", "event not found"):
            assert complaint not in done.stderr
        return [line.split("\x1f")[:-1] for line in log.read_text().splitlines()]

    return paste


@pytest.mark.slow
@pytest.mark.parametrize("topic", TOPICS)
def test_the_examples_of_a_topic_can_be_pasted_into_bash_and_zsh(topic, paste):
    text = "\n".join(blocks(topic, "sh"))
    commands = [line for line in text.splitlines() if line.startswith(STUBS) or " && xuna " in line]
    pasted = paste("bash", text)
    assert len(pasted) == len(commands)
    if shutil.which("zsh"):
        assert paste("zsh", text) == pasted
    for program, *argv in pasted:
        in_container = argv[argv.index("xuna") + 1 :] if program == "docker" and "run" in argv else None
        if in_container or (program == "xuna" and argv != ["--install-completion"]):
            parse(in_container or argv)


@pytest.mark.parametrize("topic", ["cron", "ci", "postgres"])
def test_the_jobs_of_a_topic_have_right_options_and_say_a_message(topic):
    lines = [
        line for kind in ("cron", "yaml") for block in blocks(topic, kind) for line in block.splitlines()
    ]
    jobs = [line for line in lines if "xuna batch-call" in line]
    assert jobs
    for job in jobs:
        command = re.split(r" \|\| | > ", job[job.index("xuna batch-call") :])[0]
        parse(shlex.split(command)[1:])
        assert " -m " in command or any("XUNA_FIRST_MESSAGE" in line for line in lines)


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_examples_of_itself_that_are_right(name, cli):
    examples = ALL[name].examples
    assert any(f"xuna {name}" in line for line in examples.splitlines() if line.startswith("  "))
    assert examples in cli(*name.split(), "--help").out.replace("\n  ", "\n")
    for topic in re.findall(r"xuna help ([a-z-]+)", examples.partition("More:")[2]):
        assert topic in TOPICS


@pytest.mark.slow
def test_the_examples_of_the_commands_can_be_pasted_into_bash_and_zsh(paste):
    lines = [
        line.strip() for each in ALL.values() for line in each.examples.splitlines() if line.startswith("  ")
    ]
    text = "\n".join(re.sub(r"^0 \* \* \* \* .*xuna ", "xuna ", line) for line in lines)
    pasted = sorted(paste("bash", text))  # a pipe has no order
    assert len([argv for program, *argv in pasted if program == "xuna"]) == len(lines)
    if shutil.which("zsh"):
        assert sorted(paste("zsh", text)) == pasted
    for program, *argv in pasted:
        if program == "xuna":
            parse(argv)


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_text_of_the_help_is_taken_for_markup(name, cli):
    """Text in square brackets disappears if rich takes it for a style: of `[defaults]`, only the quotes are left."""
    assert "``" not in cli(*name.split(), "--help").out
