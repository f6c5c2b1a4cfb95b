"""One envelope for every command's result."""

import io
import json
import re

import pytest

from xuna_cli.errors import ConfigurationError, ExitStatus, UnreachableError
from xuna_cli.ledger.records import BatchRecord, BatchState, Campaign
from xuna_cli.output.account import AgentList
from xuna_cli.output.campaigns import CampaignFound, Evidence
from xuna_cli.output.do_not_call import CheckedNumbers
from xuna_cli.output.drawing import print_parts
from xuna_cli.output.findings import Diagnosis, Finding
from xuna_cli.output.result import print_failure, print_result


class Terminal(io.StringIO):
    def isatty(self):
        return True


KEY_REFUSED = ConfigurationError("the key is refused", hint="check it", code="key-refused")


def printed(capsys, command, result):
    print_result(command, result, "json")
    return json.loads(capsys.readouterr().out)


def test_the_keys_of_the_envelope_are_around_those_of_the_command(capsys):
    document = printed(capsys, "agents list", AgentList([], incomplete=None))
    assert document == {
        "xuna_result_version": 1,
        "command": "agents list",
        "status": "success",
        "exit_code": 0,
        "agents": [],
        "incomplete": None,
        "errors": [],
    }
    assert [*document][:4] == ["xuna_result_version", "command", "status", "exit_code"]


def test_a_list_that_is_cut_off_is_partial_and_an_error_says_why(capsys):
    result = AgentList([], incomplete="page 2 can't be read")
    document = printed(capsys, "agents list", result)
    assert (document["status"], document["exit_code"]) == ("partial", 6)
    assert document["errors"] == [
        {"code": "list-incomplete", "message": "the list is incomplete: page 2 can't be read", "hint": ""}
    ]
    assert result.exit_status is ExitStatus.UNREACHABLE


@pytest.mark.parametrize(
    ("checks", "status", "exit_code"),
    [
        ([("+13035550100", None)], "success", 0),
        ([("+13035550100", None), ("+13035550101", "")], "partial", 3),
        ([("+13035550101", "asked")], "error", 3),
    ],
)
def test_numbers_that_may_not_be_called_change_the_status(capsys, checks, status, exit_code):
    document = printed(capsys, "do-not-call check", CheckedNumbers(checks, ledger="/l.db"))
    assert (document["status"], document["exit_code"]) == (status, exit_code)


def test_every_check_that_fails_is_an_error_and_what_has_to_be_fixed_first_is_the_exit_code(capsys):
    away = UnreachableError("the API is away", code="unreachable")
    findings = [
        Finding("API key", "the key is refused", KEY_REFUSED),
        Finding("API", "the API is away", away),
        Finding("proxy", "none", checked=False),
        Finding("ledger", "there"),
    ]
    document = printed(capsys, "doctor", Diagnosis(findings))
    assert (document["status"], document["exit_code"]) == ("error", 4)
    assert [error["code"] for error in document["errors"]] == ["key-refused", "unreachable"]
    assert [finding["ok"] for finding in document["findings"]] == [False, False, False, True]
    assert document["findings"][0]["hint"] == "check it"


def test_a_command_that_has_no_result_prints_the_envelope_alone(capsys):
    print_failure("agents list", KEY_REFUSED)
    assert json.loads(capsys.readouterr().out) == {
        "xuna_result_version": 1,
        "command": "agents list",
        "status": "error",
        "exit_code": 4,
        "errors": [{"code": "key-refused", "message": "the key is refused", "hint": "check it"}],
    }


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (79, ["Batch", "Calls", "State", "Batch ID", "Submitted"]),
        (80, ["Batch", "Calls", "State", "Batch ID", "Submitted"]),
        (120, ["Batch", "Calls", "State", "Batch ID", "Initiated", "Run", "Submitted"]),
    ],
)
@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_narrow_terminal_gets_the_columns_that_matter_most(monkeypatch, columns, shown, no_color):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    batches = [BatchRecord(1, 1, None, BatchState.ACCEPTED, 100, "batch_1", 100, 200)]
    campaign = Campaign(1, "spring", None, "sandbox", None, "2026-11-27T10:00:00.000Z", {}, {})
    stream = Terminal()
    print_parts(CampaignFound(campaign, batches, "spring", Evidence({}, None, "")), stream)
    [header] = [line for line in stream.getvalue().splitlines() if "Calls" in line]
    header = re.sub("\x1b\\[[0-9;]*m", "", header)
    assert [name.strip() for name in header.strip("┃").split("┃")] == shown
