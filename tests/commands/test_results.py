"""Every command: where it is, and that it prints one document with `--output json`, whatever happens."""

import json
import os
import subprocess
import sys

import pytest

from xuna_cli.commands.app import COMMANDS, all_commands
from xuna_cli.commands.campaigns import COMMANDS as CAMPAIGNS

ENVELOPE = {"xuna_result_version", "command", "status", "exit_code", "errors"}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        *((name, line) for name, (_, line) in COMMANDS.items()),
        *((f"campaigns {name}", line) for name, (_, line) in CAMPAIGNS.items()),
    ],
)
def test_the_line_in_the_help_is_that_of_the_command(name, line):
    if (command := all_commands().get(name)) is not None:
        assert " ".join(command.help.split("\n\n")[0].split()) == line
        assert command.name == name.split()[-1]
    else:
        assert any(each.startswith(f"{name} ") for each in all_commands())  # a group, which has no other line


def test_all_commands_are_in_the_help(cli):
    text = cli("--help").out
    assert all(f" {name} " in text for name in COMMANDS)


def test_a_mistyped_command_is_told_the_right_one(cli):
    assert "did you mean 'campaigns'" in cli("campaign", "list", exits=2).err


SUCCESS = [
    ("agents", "list"),
    ("agents", "show", "agent_sandbox"),
    ("phone-numbers", "list"),
    ("conversations", "list"),
    ("campaigns", "list"),
    ("do-not-call", "list"),
    ("do-not-call", "check", "+13035550100"),
    ("ledger", "info"),
    ("campaigns", "show", "spring"),
    ("campaigns", "outcomes", "spring"),
]


@pytest.mark.parametrize("argv", SUCCESS, ids=" ".join)
def test_a_result_is_in_the_envelope(cli, people, argv):
    cli("batch-call", people(1), "-m", "Hi", "--sandbox", "--campaign", "spring")
    document = cli(*argv, "--sandbox", "--output", "json").document
    assert document.keys() > ENVELOPE
    assert document["command"] == " ".join(argv[:2])
    assert (document["status"], document["exit_code"], document["errors"]) == ("success", 0, [])


FAILURE = [
    (("agents", "list"), 4),
    (("agents", "show", "x"), 4),
    (("phone-numbers", "list"), 4),
    (("conversations", "list"), 4),
    (("conversations", "list", "--since", "x"), 2),
    (("conversations", "show", "x"), 4),
    (("campaigns", "show", "x"), 4),
    (("campaigns", "export", "x"), 4),
    (("campaigns", "outcomes", "x"), 4),
    (("campaigns", "outcomes", "x", "--every", "x"), 2),
    (("do-not-call", "check", "x"), 2),
    (("ledger", "info"), 4),
    (("doctor",), 4),
    (("batch-call", "missing.csv", "-m", "Hi", "--sandbox"), 5),
]


@pytest.mark.parametrize(
    ("argv", "code"), FAILURE, ids=lambda one: " ".join(one) if isinstance(one, tuple) else ""
)
def test_a_failure_is_in_the_envelope_and_on_stderr(cli, argv, code):
    ran = cli(*argv, "--output", "json", exits=code)
    document = ran.document
    assert document.keys() >= ENVELOPE
    assert document["command"] == " ".join(argv[: 1 if argv[0] in ("doctor", "batch-call") else 2])
    assert (document["status"], document["exit_code"]) == ("error", code)
    assert document["errors"]
    if argv != ("doctor",):
        assert f"xuna: error: {document['errors'][0]['message']}" in ran.err


def test_a_full_disk_hides_no_failure():
    command = [sys.executable, "-c", "from xuna_cli.__main__ import entry; entry()"]
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [*command, "do-not-call", "check", "x", "--output", "json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "contains letters" in done.stderr


def test_a_format_that_a_command_has_not_is_refused_with_those_that_it_has(cli):
    error = cli("campaigns", "list", "--output", "csv", exits=2).err
    assert "--output" in error
    assert "table" in error
    assert "json" in error


@pytest.mark.parametrize("option", ["--to", "-o"])
@pytest.mark.parametrize(
    "argv",
    [("campaigns", "export", "spring"), ("campaigns", "report", "spring"), ("do-not-call", "export")],
    ids=" ".join,
)
def test_the_file_is_named_in_the_same_way_everywhere(cli, people, tmp_path, argv, option):
    cli("batch-call", people(1), "-m", "Hi", "--sandbox", "--campaign", "spring")
    cli("do-not-call", "add", "+13035550100", "--sandbox")
    target = tmp_path / "written"
    assert cli(*argv, "--sandbox", option, target).out == ""
    assert target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_command_without_json_prints_no_document(cli):
    ran = cli("conversations", "export", "--output", "json", exits=2)
    assert ran.out == ""
    assert "--output" in ran.err


def test_an_export_stays_an_array(cli, people):
    cli("batch-call", people(2), "-m", "Hi", "--sandbox", "--campaign", "spring")
    assert len(json.loads(cli("campaigns", "export", "spring", "--sandbox", "--output", "json").out)) == 2


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("xuna camp", ["campaigns"]),
        ("xuna agents ", ["list", "show"]),
        ("xuna campaigns list --output ", ["table", "json"]),
        ("xuna do-not-call import f --format x", ["xlsx"]),
    ],
)
def test_a_shell_completes_commands_and_values(words, offered):
    environ = {"_XUNA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = [sys.executable, "-c", "from xuna_cli.__main__ import entry; entry()"]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert done.stdout.split() == offered


@pytest.mark.parametrize(
    ("arguments", "exits", "code"),
    [
        (("batch-call", "list.csv", "--output", "json", "--batch-size", "0"), 2, "option-value"),
        (("batch-call", "--output", "json"), 2, "option-value"),
        (("campaigns", "list", "--output=json", "--nope"), 2, "usage"),
        (("agents", "list", "--output", "json", "--env-file", "nowhere.env"), 4, "env-file"),
    ],
)
def test_a_command_that_does_not_start_prints_a_document_too(cli, arguments, exits, code):
    document = cli(*arguments, exits=exits).document
    assert (document["status"], document["exit_code"]) == ("error", exits)
    assert [error["code"] for error in document["errors"]] == [code]
    assert set(document) == ENVELOPE


def test_a_command_that_does_not_start_prints_no_document_unasked(cli):
    assert cli("batch-call", "list.csv", "--output", "table", "--batch-size", "0", exits=2).out == ""
