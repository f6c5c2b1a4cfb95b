"""The main job, as a user would do it."""

import io
import json
import os
import re
import stat
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import number
from xuna_cli.sandbox.account import Account, PhoneNumber
from xuna_cli.sandbox.faults import Answer, Cut, Refuse, Short
from xuna_cli.sandbox.server import SandboxServer

HELLO = ("-m", "Hi, this is a follow-up call for {{ name }}.")
JSON = ("--output", "json")


def test_everybody_on_the_list_is_called_with_their_own_message(cli, api, people):
    ran = cli("batch-call", people(5), *HELLO, *JSON)
    assert ran.counts == {"rows": 5, "accepted": 5}
    said = {
        call.to_phone_number: call.conversation_config_override["agent"]["first_message"]
        for call in api.state.calls()
    }
    assert said == {number(i): f"Hi, this is a follow-up call for Person {i}." for i in range(5)}


def test_running_it_again_calls_nobody_twice_and_says_so(cli, api, people):
    cli("batch-call", people(5), *HELLO)
    ran = cli("batch-call", people(5), *HELLO)
    assert "5 already called" in ran.out
    assert api.state.total == 5


def test_rows_that_were_added_are_called_and_nobody_else(cli, api, people):
    cli("batch-call", people(5), *HELLO)
    assert cli("batch-call", people(8), *HELLO, *JSON).counts == {
        "rows": 8,
        "accepted": 3,
        "already_called": 5,
    }
    assert api.state.counts() == {number(i): 1 for i in range(8)}


def test_a_list_of_nobody_is_no_failure_and_is_said(cli, api, people):
    ran = cli("batch-call", people(0), *HELLO, *JSON)
    assert ran.counts == {}
    assert "people.csv has no contacts, so nobody was called" in ran.err
    quiet = cli("batch-call", people(0), *HELLO, "--quiet").err.splitlines()
    assert quiet == [f"xuna: warning: {people(0)} has no contacts, so nobody was called"]
    assert "no contacts" not in cli("batch-call", people(1), *HELLO).err


def test_batches_are_as_large_as_asked_for(cli, api, people):
    ran = cli("batch-call", people(25), *HELLO, "--batch-size", 10, *JSON)
    assert sorted(batch["calls"] for batch in ran.document["batches"]) == [5, 10, 10]
    assert {batch["state"] for batch in ran.document["batches"]} == {"accepted"}


def test_the_document_is_the_documented_one(cli, api, people):
    document = cli("batch-call", people(2), *HELLO, *JSON).document
    assert document["xuna_result_version"] == 1
    assert document["command"] == "batch-call"
    assert document["status"] == "success"
    assert document["exit_code"] == 0
    assert document["campaign"] == "people"
    assert document["ledger"]["created"] is True
    assert document["list_complete"] is True
    assert document["errors"] == []
    [batch] = document["batches"]
    assert batch["batch_id"].startswith("batch_")
    assert (batch["calls"], batch["calls_initiated"], batch["error"]) == (2, 2, None)


def test_csv_output_is_a_row_per_batch(cli, api, people):
    header, *rows = cli(
        "batch-call", people(5), *HELLO, "--batch-size", 2, "--output", "csv"
    ).out.splitlines()
    assert header == "id,batch_id,state,calls,calls_initiated,http_status,error"
    assert len(rows) == 3


def test_the_table_shows_batch_ids_and_counts(cli, api, people):
    out = cli("batch-call", people(3), *HELLO).out
    assert re.search(r"batch_\w+ +│ +3 │ +3 │ accepted", out)
    assert "Campaign people: 3 rows, 3 accepted" in out
    assert "\x1b" not in out


def test_a_pipe_is_never_coloured_whatever_ci_forces(cli, api, people, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = cli("batch-call", people(3), *HELLO)
    assert "\x1b" not in ran.out + ran.err


def test_a_ready_made_target_is_used_as_it_is(cli, api, tmp_path):
    override = {"agent": {"first_message": "Hello there", "language": "es"}}
    path = tmp_path / "targets.json"
    path.write_text(
        json.dumps({"calls": [{"to_phone_number": number(1), "conversation_config_override": override}]})
    )
    cli("batch-call", path, "-m", "never said")
    assert api.state.calls()[0].conversation_config_override == override


def test_what_a_row_says_wins_over_the_template(cli, api, people):
    rows = [(number(1), "Ann", "Literally this."), (number(2), "Bo", "")]
    cli("batch-call", people(rows=rows, header=("phone", "name", "first_message")), *HELLO)
    said = [call.conversation_config_override["agent"]["first_message"] for call in api.state.calls()]
    assert said == ["Literally this.", "Hi, this is a follow-up call for Bo."]


def test_other_parts_of_the_override_are_templates_too(cli, api, people):
    cli("batch-call", people(1), "--override", "agent.language=es", "--override", 'tts:={"speed": 1.1}')
    assert api.state.calls()[0].conversation_config_override == {
        "agent": {"language": "es"},
        "tts": {"speed": 1.1},
    }


def test_without_a_message_no_override_is_sent_and_the_run_says_so(cli, api, people):
    ran = cli("batch-call", people(1))
    assert api.state.calls()[0].conversation_config_override is None
    assert "everybody hears the agent's own message" in ran.err


def test_settings_come_from_a_dotenv_in_the_current_folder(cli, api, people, tmp_path, monkeypatch):
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / ".env").write_text(
        "XUNA_FIRST_MESSAGE='Dear {{ name }}.'\nXUNA_LEDGER=here.db\nXUNA_AGENT_ID=agent_other\n"
    )
    document = cli("batch-call", people(1), *JSON).document
    assert document["ledger"]["path"] == str(folder / "here.db")
    call = api.state.calls()[0]
    assert call.conversation_config_override["agent"]["first_message"] == "Dear Person 0."


def test_a_misspelled_variable_calls_nobody_and_doctor_names_it(cli, api, people, tmp_path, monkeypatch):
    monkeypatch.setenv("XUNA_HOUR", "09:00-10:00")
    file = cli.write("spring.toml", f"contacts = '{people(1)}'\nfirst-message = 'Hi.'\n")
    for command in (("batch-call", people(1), *HELLO), ("run", file), ("render", people(1), *HELLO)):
        ran = cli(*command, exits=2)
        assert "XUNA_HOUR in the environment is not a variable of xuna\n  did you mean XUNA_HOURS?" in ran.err
    assert api.state.requests_total == 0
    assert "did you mean XUNA_HOURS?" in cli("doctor", exits=2).out
    monkeypatch.delenv("XUNA_HOUR")
    monkeypatch.setenv(
        "XUNA_LEDGR", str(tmp_path / "opt-outs.db")
    )  # an opt-out must not go to another ledger
    ran = cli("do-not-call", "list", "--output", "json", exits=2)
    assert ran.document["errors"][0]["hint"] == "did you mean XUNA_LEDGER?"
    assert "did you mean XUNA_LEDGER?" in cli("do-not-call", "add", "+13035550100", exits=2).err
    monkeypatch.delenv("XUNA_LEDGR")
    settings = cli.write("other.env", "XUNA_CALLING_TIME=9-17\n")
    ran = cli("batch-call", people(1), *HELLO, "--quiet", "--env-file", settings)
    assert f"warning: XUNA_CALLING_TIME in {settings} is not a variable of xuna and is not used" in ran.err


def test_a_placeholder_without_a_column_stops_before_anything_is_sent(cli, api, people):
    ran = cli("batch-call", people(3), "-m", "Hi {{ nmae }}", exits=5)
    assert "'nmae'" in ran.err
    assert "did you mean 'name'" in ran.err
    assert api.state.requests_total == 0


def test_an_empty_cell_rejects_its_row_and_the_others_are_called(cli, api, people, tmp_path):
    rows = [(number(1), "Ann"), (number(2), ""), (number(3), "Cy")]
    ran = cli("batch-call", people(rows=rows), *HELLO, *JSON, "--rejects", tmp_path / "r.csv", exits=3)
    assert ran.counts == {"rows": 3, "accepted": 2, "rejected": 1}
    assert ran.document["status"] == "partial"
    [rejection] = ran.document["rejections"]
    assert (rejection["row"], rejection["code"], rejection["field"]) == (3, "template-empty-value", "name")
    assert stat.S_IMODE((tmp_path / "r.csv").stat().st_mode) == 0o600


def test_mended_rejects_can_be_fed_back(cli, api, people, tmp_path):
    rejects = tmp_path / "r.csv"
    rows = [(number(1), "Ann"), ("12", "Bo")]
    cli("batch-call", people(rows=rows), *HELLO, "--rejects", rejects, exits=3)
    rejects.write_text(rejects.read_text().replace("12,", f"{number(2)},", 1))
    second = tmp_path / "second.csv"
    again = ("batch-call", rejects, *HELLO, "--campaign", "people", "--rejects")
    assert "is an input of this command" in cli(*again, rejects, exits=2).err
    assert cli(*again, second, *JSON).counts == {"rows": 1, "accepted": 1}
    assert second.read_text() == "phone,name,row,code,message\n"


def test_a_row_that_was_too_long_and_is_fed_back_unmended_is_rejected_again(cli, api, people, tmp_path):
    path = people(rows=[(number(1), "Smith", " John", "Ohio")], header=("phone", "name", "city"))
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    cli("batch-call", path, *HELLO, "--rejects", first, exits=3)
    assert "Ohio" in first.read_text()
    ran = cli("batch-call", first, *HELLO, "--campaign", "people", "--rejects", second, *JSON, exits=3)
    assert ran.counts == {"rows": 1, "rejected": 1}
    assert "Ohio" in second.read_text()
    assert api.state.total == 0


@pytest.mark.parametrize("command", ["batch-call", "render", "report", "export"])
def test_no_output_overwrites_the_record_of_who_was_called(cli, api, people, command):
    ledger = Path(cli("batch-call", people(3), *HELLO, *JSON).document["ledger"]["path"])
    before = ledger.read_bytes()
    argv = {
        "batch-call": ("batch-call", people(5), *HELLO, "--rejects", ledger),
        "render": ("render", people(5), *HELLO, "--to", ledger),
        "report": ("campaigns", "report", "people", "--to", ledger),
        "export": ("campaigns", "export", "people", "--to", ledger),
    }[command]
    assert "not overwritten" in cli(*argv, exits=5).err
    assert ledger.read_bytes() == before


@pytest.mark.parametrize("option", ["--rejects", "--to"])
def test_no_output_overwrites_the_list(cli, api, people, option):
    path = people(3)
    before = path.read_bytes()
    cli("batch-call" if option == "--rejects" else "render", path, *HELLO, option, path, exits=2)
    assert path.read_bytes() == before
    assert api.state.total == 0


def test_an_unknown_caller_number_ends_the_run_with_those_that_exist(cli, api, people):
    ran = cli("batch-call", people(3), *HELLO, "--from-phone-number-id", "pn_wrong", exits=4)
    assert "pn_sandbox (+15550100000)" in ran.err
    assert api.state.total == 0


def test_a_look_up_that_fails_is_only_a_warning(cli, api, people):
    api.faults.add(Answer(on="phone-numbers", status=500))
    ran = cli("batch-call", people(3), *HELLO)
    assert "could not be looked up" in ran.err
    assert api.state.total == 3


def test_a_refused_key_stops_and_frees_everybody(cli, api, people, monkeypatch):
    monkeypatch.setenv("XUNA_AI_API_KEY", "wrong")
    ran = cli("batch-call", people(3), *HELLO, *JSON, exits=4)
    assert ran.counts == {"rows": 3, "not_sent": 3}
    assert ran.document["errors"][0]["code"] == "key-refused"
    monkeypatch.setenv("XUNA_AI_API_KEY", "sandbox")
    assert cli("batch-call", people(3), *HELLO, *JSON).counts == {"rows": 3, "accepted": 3}


@pytest.mark.parametrize("missing", ["XUNA_AI_API_KEY", "XUNA_AGENT_ID", "XUNA_FROM_PHONE_NUMBER_ID"])
def test_a_missing_setting_is_named(cli, api, people, monkeypatch, missing):
    monkeypatch.delenv(missing)
    assert missing in cli("batch-call", people(1), *HELLO, exits=4).err


def test_an_unknown_outcome_holds_its_people_and_stops_the_run(cli, api, people):
    api.faults.add(Cut(times=1))
    ran = cli("batch-call", people(10), *HELLO, *JSON, "--batch-size", 5, "--concurrency", 1, exits=7)
    assert ran.counts == {"rows": 10, "held": 5, "not_sent": 5}
    assert ran.document["held_batches"][0]["state"] == "unknown"
    again = cli("batch-call", people(10), *HELLO, *JSON, "--batch-size", 5, exits=7)
    assert again.counts == {"rows": 10, "held": 5, "accepted": 5}
    assert set(api.state.counts().values()) == {1}


def test_a_short_batch_is_held(cli, api, people):
    api.faults.add(Short(times=1, missing=1))
    ran = cli("batch-call", people(4), *HELLO, *JSON, exits=7)
    assert ran.counts == {"rows": 4, "held": 4}
    assert ran.document["batches"][0]["calls_initiated"] == 3


@pytest.mark.parametrize("loc", [True, False])
def test_one_bad_row_does_not_sink_its_batch(cli, api, people, loc):
    api.faults.add(Refuse(numbers=(number(3),), loc=loc, message="number blocked"))
    ran = cli("batch-call", people(8), *HELLO, *JSON, exits=3)
    assert ran.counts == {"rows": 8, "accepted": 7, "rejected": 1}
    [rejection] = ran.document["rejections"]
    assert (rejection["row"], rejection["code"]) == (5, "api-refused")
    assert "number blocked" in rejection["message"]


def test_the_ledger_is_for_its_owner_alone(cli, api, people, tmp_path):
    before = os.umask(0)
    try:
        path = Path(cli("batch-call", people(1), *HELLO, *JSON).document["ledger"]["path"])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_new_ledger_is_announced_once(cli, api, people, monkeypatch):
    monkeypatch.setenv("CI", "true")
    first = cli("batch-call", people(1), *HELLO)
    assert "new ledger" in first.err
    assert "this looks like CI" in first.err
    assert "ledger" not in cli("batch-call", people(1), *HELLO).err


def test_quiet_says_nothing_when_all_is_well(cli, api, people):
    cli("batch-call", people(1), *HELLO)  # creates the ledger, which is always reported
    ran = cli("batch-call", people(2), *HELLO, "--quiet", "--hours", "00:00-24:00")
    assert ran.out + ran.err == ""


def test_verbose_says_what_became_of_each_batch_and_names_nobody(cli, api, people):
    err = cli("batch-call", people(4), *HELLO, "--verbose", "--batch-size", 2).err
    assert err.count("2 calls accepted batch_") == 2
    assert "+1555" not in err
    assert "Person" not in err


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("batch-call", "missing.csv"), 5, "missing.csv"),
        (("batch-call", "."), 5, "."),
        (("batch-call", "-"), 2, "--campaign"),
        (("batch-call", "people.csv", "--output", "xml"), 2, "'table', 'json', 'csv'"),
        (("batch-call", "people.csv", "--rate", "fast"), 2, "10/s"),
        (("batch-call", "people.csv", "--region", "Narnia"), 2, "Narnia"),
        (("batch-call", "people.csv", "--key", "order"), 5, "order"),
        (("batch-call", "people.csv", "-m", "Hi {{ name"), 5, "--first-message"),
        (
            ("batch-call", "people.csv", "-m", "Hi", "--override", "agent.first_message=Ho"),
            2,
            "agent.first_message",
        ),
        (("batch-call", "people.csv", "--base-url", "http://example.com"), 4, "unencrypted"),
        (("batch-call", "people.csv", "--ledger", "/proc/nowhere/ledger.db"), 4, "/proc/nowhere"),
        (("batch-call", "people.csv", "--timeout", "0"), 2, "--timeout"),
        (("batch-call", "people.csv", "--rejects", "/nowhere/r.csv"), 5, "--rejects"),
        (("batch-call", "people.csv", "--env-file", "nowhere.env"), 4, "nowhere.env"),
        (("batch-call", "people.csv", "--nonsense"), 2, "nonsense"),
        (("campaigns", "show", "nothing"), 4, "no ledger"),
    ],
)
def test_a_mistake_says_what_and_where_and_sends_nothing(
    cli, api, people, tmp_path, monkeypatch, argv, code, words
):
    people(3)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"phone\n+15551234567\n")))
    ran = cli(*argv, exits=code)
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert api.state.total == 0


def test_an_error_before_the_first_row_is_in_the_document_too(cli, api, tmp_path):
    ran = cli("batch-call", tmp_path / "missing.csv", *JSON, exits=5)
    assert ran.document["status"] == "error"
    assert ran.document["exit_code"] == 5
    assert "missing.csv" in ran.document["errors"][0]["message"]


OPENED = []


def note_opening(event, args):
    if event == "open":
        OPENED.append(str(args[0]))


sys.addaudithook(note_opening)  # a hook can't be removed


@pytest.mark.parametrize(
    ("more", "times"),
    [
        ((), 1),
        (("--dry-run",), 1),
        (("--max-calls", "5"), 2),  # people are counted before the first call
        (("--max-calls", "5", "--dry-run"), 1),
        (
            ("--consent-column", "name", "--consent-values", "Person 0"),
            2,
        ),  # a no in any row counts for the person
    ],
)
def test_a_list_is_opened_once_where_nothing_demands_a_second_pass(cli, api, people, more, times):
    path = people(3)
    OPENED.clear()
    cli("batch-call", path, *HELLO, "--yes", *more)
    assert OPENED.count(str(path)) == times


@pytest.mark.parametrize("count", [1, 10, 11, 30])
def test_a_caller_number_that_the_account_lacks_is_told_with_the_first_ten_that_it_has(
    cli, people, point_at, monkeypatch, count
):
    numbers = tuple(PhoneNumber(f"pn_{index:02}", number(index), "Line") for index in range(count))
    with SandboxServer(account=Account(phone_numbers=numbers)) as server:
        point_at(server)
        monkeypatch.setenv("XUNA_FROM_PHONE_NUMBER_ID", "pn_nobody")
        ran = cli("batch-call", people(1), "--yes", "--output", "json", exits=4)
        assert server.state.total == 0
    (error,) = ran.document["errors"]
    assert error["code"] == "caller-unknown"
    named = ", ".join(f"pn_{index:02} ({number(index)})" for index in range(min(count, 10)))
    assert error["hint"] == f"the account has: {named}"
