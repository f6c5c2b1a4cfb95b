"""`xuna test-call`: the message of a row on one's own phone."""

import re
import shlex

import pytest

from tests.support.terminal import Terminal
from xuna_cli.sandbox.faults import Answer

HELLO = ("-m", "Hi {{ name }}.")
MINE = "+13035550199"


def test_my_phone_hears_the_words_of_the_row_and_its_person_is_still_to_be_called(cli, api, people):
    path = people(3)
    document = cli(
        "test-call", path, *HELLO, "--row", "3", "--to", MINE, "--yes", "--output", "json"
    ).document
    (call,) = api.state.calls()
    assert call.to_phone_number == MINE
    assert call.conversation_config_override["agent"]["first_message"] == "Hi Person 1."
    assert document["test_call"]["first_message"] == "Hi Person 1."
    assert document["counts"]["accepted"] == 1
    assert cli("batch-call", path, *HELLO, "--yes", "--output", "json").counts == {"rows": 3, "accepted": 3}


def test_a_phone_may_be_called_again(cli, api, people):
    for _ in range(2):
        out = cli("test-call", people(1), *HELLO, "--row", "2", "--to", MINE, "--yes").out
        assert f"Calling {MINE} now with the message of row 2: “Hi Person 0.”" in out
    assert len(api.state.calls()) == 2


def test_in_the_sandbox_no_phone_rings_and_it_says_so(cli, people):
    out = cli("test-call", people(1), *HELLO, "--row", "2", "--to", MINE, "--sandbox").out
    assert f"The sandbox takes the call to {MINE} with the message of row 2: “Hi Person 0.”" in out
    assert "No phone rings." in out
    assert "Calling" not in out


def test_a_number_on_a_do_not_call_list_is_not_called(cli, api, people, tmp_path):
    cli("do-not-call", "add", MINE)
    out = cli("test-call", people(1), *HELLO, "--row", "2", "--to", MINE, "--yes", exits=3).out
    assert f"{MINE} was not called: do-not-call: on the ledger's do-not-call list.\n" in out
    assert api.state.calls() == []


def test_why_nobody_was_called_is_said(cli, api, people):
    test = ("test-call", people(1), *HELLO, "--row", "2", "--to", MINE, "--yes")
    api.faults.add(Answer(status=403, times=1))
    assert "xuna: error: the API refused" in cli(*test, exits=4).err
    api.faults.add(Answer(status=500, times=1))
    err = cli(*test, exits=7).err
    resolve = re.search(r"xuna campaigns resolve (.*)", err)[1]
    assert (
        "can't be decided" in err
        or "1 held batch" in cli("campaigns", "resolve", *shlex.split(resolve), exits=2).err
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--row", "9", "--to", MINE, "--yes"), 5, "no contact in row 9"),
        (("--row", "2", "--to", "12", "--yes"), 2, "--to"),
        (("--row", "3", "--to", MINE, "--yes"), 5, "row 3 is rejected"),
        (("--row", "2", "--to", MINE), 2, "add --yes"),
        (("--row", "2", "--to", MINE, "--yes", "--limit", "1"), 2, "--limit"),
    ],
)
def test_what_can_not_be_calls_nobody(cli, api, people, arguments, code, words):
    path = people(rows=[("+15551000000", "Ann"), ("+15551000001", "")])
    assert words in cli("test-call", path, *HELLO, *arguments, exits=code).err
    assert api.state.calls() == []


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "calls"), [("y\n", 1), ("n\n", 0)])
def test_a_person_is_asked_with_the_words(api, people, answer, calls):
    terminal = Terminal("test-call", people(1), *HELLO, "--row", "2", "--to", MINE)
    terminal.until("[y/N]")
    assert f"About to call {MINE} with the message of row 2: “Hi Person 0.”" in terminal.seen
    terminal.type(answer)
    assert terminal.end() == 0
    assert len(api.state.calls()) == calls
