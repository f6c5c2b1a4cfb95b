"""`xuna run`: each run does what is due; if one step fails, the other steps are still done."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from tests.commands.conftest import number
from tests.support.manual import blocks
from xuna_cli.commands.campaign_run import _may_be_due
from xuna_cli.dialing.report import COUNTS, Report
from xuna_cli.ledger.brakes import Braked, Brakes, CanaryState, Figures, Verdict
from xuna_cli.sandbox.faults import Answer, Cut, Pages

JSON = ("--output", "json")
AFTER_AN_HOUR = 2 * 3600

UNREADABLE = Answer(on="conversations", status=401, body="no")


@pytest.fixture
def spring(cli, people):
    """Write a campaign file for a list of three: `spring('rate = "10/s"')`."""
    people(3)

    def write(*lines):
        text = 'contacts = "people.csv"\nfirst-message = "Hi {{ name }}."\n'
        return cli.write("spring.toml", text + "\n".join(lines) + "\n")

    write()
    return write


@pytest.fixture
def run(cli):
    def run(*argv, exits=0):
        return cli("run", "spring.toml", *argv, *JSON, exits=exits).document

    return run


def steps(document):
    return {step["step"]: step["status"] for step in document["steps"]}


def test_the_first_run_only_calls_and_the_next_one_reads_what_came_of_it(api, spring, run, clock):
    first = run()
    assert steps(first) == {"outcomes": "skipped"}
    assert first["outcomes"] is None
    assert first["batch_call"]["counts"]["accepted"] == 3
    assert first["campaign_finished"] is False
    clock.advance(AFTER_AN_HOUR)
    second = run()
    assert steps(second) == {"outcomes": "done"}
    assert second["outcomes"]["calls"] == 3
    assert second["outcomes"]["waiting"] == 0
    assert second["campaign_finished"] is True
    assert api.state.total == 3


def test_a_person_is_told_what_was_done_and_that_the_campaign_has_finished(cli, api, spring, clock):
    spring('report = "spring.html"')
    assert "has finished" not in cli("run", "spring.toml").out
    clock.advance(AFTER_AN_HOUR)
    ran = cli("run", "spring.toml")
    assert "3 of 3 calls have an outcome" in ran.out
    assert "spring.html was written" in ran.out
    assert "Campaign spring has finished" in ran.out
    assert cli("run", "spring.toml", "--quiet").out == ""


def test_the_outcomes_that_are_named_add_up_to_their_number(cli, served, spring, people):
    served(unanswered=0.5)
    people(20)
    spring()
    cli.server.faults.add(Answer(times=1))
    cli("run", "spring.toml", "--batch-size", "2", "--concurrency", "1", exits=7)
    assert cli("run", "spring.toml", exits=7).out.startswith("0 of 0 calls have an outcome\n")
    line = cli("run", "spring.toml", exits=7).out.splitlines()[0]
    said = re.fullmatch(
        r"(\d+) of (\d+) calls have an outcome \((.*)\); of the others: (\d+) no-conversation", line
    )
    decided = sum(int(count) for count in re.findall(r"\d+", said[3]))
    assert (decided, decided + int(said[4])) == (int(said[1]), int(said[2]))


def test_who_opted_out_is_on_the_list_before_anybody_is_called(cli, served, spring, run, people, clock):
    """A row of the same number with another key was added after the conversation."""
    served(opt_out=1.0)
    people(rows=[(number(0), "Ann", "1")], header=("phone", "name", "order"))
    spring('key = "order"', 'opt-out-when = "opt_out=true"')
    assert run()["batch_call"]["counts"]["accepted"] == 1
    people(rows=[(number(0), "Ann", "1"), (number(0), "Ann", "2")], header=("phone", "name", "order"))
    clock.advance(AFTER_AN_HOUR)
    second = run()
    assert second["outcomes"]["opt_outs"]["added"] == 1
    assert second["batch_call"]["counts"]["do_not_call"] == 1
    assert cli.server.state.total == 1


def test_the_records_settle_a_held_batch_and_the_run_goes_on(api, spring, run, clock, people):
    api.faults.add(Cut(times=1))
    held = run(exits=7)
    assert held["batch_call"]["counts"]["held"] == 3
    people(4)
    clock.advance(AFTER_AN_HOUR)
    second = run()
    assert steps(second) == {"outcomes": "done", "settle": "done"}
    assert second["batch_call"]["counts"]["already_called"] == 3
    assert second["batch_call"]["counts"]["accepted"] == 1


@pytest.fixture
def called(api, spring, run, people):
    """A campaign that has called three people and has a fourth to call."""
    run()
    people(4)
    return api


def test_a_call_that_never_ends_does_not_keep_the_campaign_open_for_good(cli, served, spring, run):
    served(in_progress=10**9)
    spring("attempts = 2", 'again-after = "1h"', 'again = "failure"')
    run()
    waiting = run()
    assert waiting["batch_call"]["awaiting_outcome"] == 3
    told = cli("run", "spring.toml").out
    assert "no proven outcome yet" in told
    assert "campaigns outcomes" not in told  # it has just been done
    cli.server.faults.add(replace(UNREADABLE, times=1))
    assert "campaigns outcomes" in cli("run", "spring.toml", exits=4).out
    assert waiting["campaign_finished"] is False
    with closing(sqlite3.connect(cli.ledger)) as ledger, ledger:
        ledger.execute("UPDATE batches SET submitted_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')")
    last = run()
    assert (last["batch_call"]["awaiting_outcome"], last["batch_call"]["unproven"]) == (0, 3)
    assert last["batch_call"]["counts"]["already_called"] == 3
    assert last["campaign_finished"] is True


def test_a_failure_to_read_the_outcomes_does_not_keep_the_run_from_calling(called, spring, run):
    spring('report = "spring.html"')
    called.faults.add(UNREADABLE)
    document = run(exits=4)
    assert steps(document) == {"outcomes": "failed", "report": "done"}
    assert document["status"] == "partial"
    assert document["batch_call"]["counts"]["accepted"] == 1
    assert document["campaign_finished"] is False
    assert len(document["errors"]) == 1


def test_with_a_key_and_opt_outs_nobody_is_called_before_the_records_can_be_read(
    cli, api, spring, run, people
):
    people(rows=[(number(0), "Ann", "1")], header=("phone", "name", "order"))
    spring('key = "order"', 'opt-out-when = "opt_out=true"')
    run()
    people(rows=[(number(0), "Ann", "1"), (number(0), "Ann", "2")], header=("phone", "name", "order"))
    api.faults.add(UNREADABLE)
    document = run(exits=4)
    assert document["errors"][1]["code"] == "opt-outs-unchecked"
    assert api.state.total == 1


def test_with_a_key_and_opt_outs_nobody_is_called_while_the_records_are_cut_off(
    cli, served, spring, run, people, clock, monkeypatch
):
    monkeypatch.setattr("xuna_cli.api.pages.PAGE_SIZE", 1)
    served(opt_out=1.0)
    header = ("phone", "name", "order")
    first = [(number(index), "Ann", "1") for index in range(3)]
    people(rows=first, header=header)
    spring('key = "order"', 'opt-out-when = "opt_out=true"')
    run()
    people(rows=[*first, *((number(index), "Ann", "2") for index in range(3))], header=header)
    clock.advance(AFTER_AN_HOUR)
    cli.server.faults.add(Pages(how="no-cursor"))
    document = run(exits=6)
    assert [error["code"] for error in document["errors"]] == ["list-incomplete", "opt-outs-unchecked"]
    assert document["outcomes"]["opt_outs"]["added"] == 1
    assert cli.server.state.total == 3


def test_a_list_that_cannot_be_read_does_not_keep_the_run_from_reading_outcomes(
    cli, called, spring, run, clock, tmp_path
):
    spring('report = "spring.html"')
    (tmp_path / "people.csv").unlink()
    clock.advance(AFTER_AN_HOUR)
    document = run(exits=5)
    assert steps(document) == {"outcomes": "done", "report": "done"}
    assert document["outcomes"]["waiting"] == 0
    assert document["batch_call"]["counts"]["rows"] == 0
    assert document["campaign"] == "spring"
    ran = cli("run", "spring.toml", exits=5)
    assert "Nobody was called." in ran.out


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            ('do-not-call = ["none.csv"]',),
            "spring.toml, line 3, do-not-call: do-not-call list none.csv does not exist",
        ),
        (("", 'not-on = ["none.ics"]'), "spring.toml, line 4, not-on: calendar none.ics can't be used"),
        (
            ('campaign = "one.ics"', 'not-on = ["none.ics"]'),
            "spring.toml, line 4, not-on: calendar none.ics can't be used",
        ),
        (('phone-column = "tel"',), "spring.toml, line 3, phone-column: people.csv has no column 'tel'"),
    ],
)
@pytest.mark.parametrize("check", [(), ("--check",)])
def test_a_value_that_can_not_be_used_is_told_with_its_line(cli, api, spring, lines, words, check):
    spring(*lines)
    assert f"error: {words}" in cli("run", "spring.toml", *check, exits=5).err


@pytest.mark.parametrize("output", [(), ("--quiet",), JSON])
def test_a_rejected_row_leads_to_the_key_of_the_file_that_helps(cli, api, spring, people, output):
    people(rows=[("2125550123", "Ann"), (number(1), "Bo")])
    ran = cli("run", "spring.toml", *output, exits=3)
    told = ran.err if output else ran.out
    assert "use --region" in told
    keys = told.lower().partition("in spring.toml, the keys are: ")[2].split("\n")[0].rstrip(".").split(", ")
    assert keys == ["region", "rejects", *(["hours"] if "add --hours" in told else [])]
    spring('region = "US"', 'rejects = "rejected.csv"', 'hours = "00:00-24:00"', 'default-timezone = "UTC"')
    ran = cli("run", "spring.toml", *output)
    assert "the key" not in ran.out + ran.err


def test_an_error_about_options_names_their_keys(cli, api, spring):
    spring("attempts = 3")
    err = cli("run", "spring.toml", exits=2).err
    assert err.endswith("; in spring.toml, the keys are: attempts, again-after, again\n")


def test_a_list_without_contacts_is_told_also_by_a_quiet_run(cli, api, spring, people):
    people(0)
    assert "people.csv has no contacts" in cli("run", "spring.toml", "--quiet").err


def test_a_report_that_cannot_be_written_does_not_undo_the_calls(api, spring, run):
    spring('report = "missing/spring.html"')
    document = run(exits=5)
    assert document["batch_call"]["counts"]["accepted"] == 3
    assert steps(document)["report"] == "failed"
    assert document["report"] is None


def test_a_refusing_api_is_told_and_the_report_is_written(called, spring, run):
    spring('report = "spring.html"')
    called.faults.add(Answer(status=500, times=1))
    document = run(exits=7)
    assert steps(document) == {"outcomes": "done", "report": "done"}
    assert document["batch_call"]["counts"]["held"] == 1


def test_an_opt_out_field_that_no_record_has_stops_the_calls(called, spring, run, clock):
    spring('opt-out-when = "opted_out=true"')
    clock.advance(AFTER_AN_HOUR)
    document = run(exits=2)
    assert [error["code"] for error in document["errors"]] == ["opt-out-field-unknown", "opt-outs-unchecked"]
    assert called.state.total == 3
    assert document["campaign_finished"] is False


def test_the_sandbox_does_not_know_the_fields_of_the_real_agent(cli, spring, run):
    spring('opt-out-when = "opted_out=true"')
    run("--sandbox")
    assert steps(run("--sandbox"))["opt-outs"] == "done"


@pytest.mark.parametrize("line", ['hours = "nine to five"', 'rate = "fast"'])
def test_a_wrong_setting_stops_the_run_before_its_first_step(cli, called, spring, line):
    spring(line, 'report = "spring.html"')
    document = cli("run", "spring.toml", *JSON, exits=2).document
    assert document["steps"] == []
    assert called.state.total == 3
    assert not (cli.folder / "spring.html").exists()


@pytest.mark.parametrize(
    "line", ["report = 'people.csv'", "log = 'spring.toml'", "report = 'log'\nlog = 'log'"]
)
def test_nothing_that_is_read_is_overwritten(cli, api, spring, line):
    path = spring(line)
    before = path.read_text(), (cli.folder / "people.csv").read_text()
    cli("run", "spring.toml", exits=2)
    assert (path.read_text(), (cli.folder / "people.csv").read_text()) == before
    assert api.state.total == 0


def test_a_dry_run_reads_and_writes_nothing(cli, spring, run):
    spring('report = "spring.html"')
    document = run("--dry-run")
    assert document["steps"] == []
    assert document["batch_call"]["counts"]["not_sent"] == 3
    assert document["dry_run"] is True
    assert not cli.ledger.exists()
    assert not (cli.folder / "spring.html").exists()


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        (("until = 2020-01-01T00:00:00Z",), ()),
        (("limit = 1",), ()),
        ((), [("12", "Bo")]),
    ],
    ids=["nobody may be called any more", "somebody is left", "somebody is rejected"],
)
def test_when_a_campaign_has_finished(api, spring, run, people, clock, lines, rows):
    people(rows=[(number(0), "Ann"), (number(1), "Cy"), *rows])
    spring(*lines)
    run(exits=(0, 3))
    clock.advance(AFTER_AN_HOUR)
    assert run(exits=(0, 3))["campaign_finished"] is ("limit = 1" not in lines)


def test_a_stopped_campaign_goes_on_until_the_outcomes_of_its_last_calls_are_read():
    """Its people may have opted out in these conversations."""
    stopped = Braked(Brakes(), Verdict(0, CanaryState.STOPPED), Figures())
    counts = dict.fromkeys(COUNTS, 0) | {"not_sent": 5}
    assert _may_be_due(Report(counts | {"accepted": 2}, braked=stopped)) is True
    assert _may_be_due(Report(counts, braked=stopped)) is False
    assert _may_be_due(Report(counts)) is True


def test_rejected_rows_can_still_be_fixed_and_a_list_of_nothing_else_has_not_finished(
    cli, api, spring, people, clock
):
    people(rows=[(number(0), "Ann"), ("12", "Bo")])
    cli("run", "spring.toml", exits=3)
    clock.advance(AFTER_AN_HOUR)
    assert "any more unless you fix the 1 rejected row." in cli("run", "spring.toml", exits=3).out
    people(rows=[("12", "Bo")])
    assert "has finished" not in cli("run", "spring.toml", exits=3).out


def test_a_campaign_with_an_empty_list_has_not_finished(api, spring, run, people):
    people(0)
    assert run()["campaign_finished"] is False


def test_a_call_without_a_conversation_keeps_the_campaign_open_for_an_hour(served, spring, run, monkeypatch):
    served(unanswered=1.0)
    run()
    assert run()["campaign_finished"] is False


def test_the_command_of_on_end_gets_the_document_and_the_log_the_calls(cli, api, spring, run):
    spring('on-end = "cat > told.json"', 'log = "log.jsonl"', 'metrics = "m.prom"')
    document = run()
    assert json.loads((cli.folder / "told.json").read_text()) == document
    end = json.loads((cli.folder / "log.jsonl").read_text().splitlines()[-1])
    assert end["counts"]["accepted"] == 3
    assert "xuna_" in (cli.folder / "m.prom").read_text()


def test_csv_has_the_batches(cli, api, spring):
    header, row = cli("run", "spring.toml", "--output", "csv").out.splitlines()
    assert header.startswith("id,batch_id")
    assert "accepted" in row


# --check


def test_a_check_shows_each_setting_and_its_source_without_the_network(cli, spring, monkeypatch):
    monkeypatch.setenv("XUNA_AI_API_KEY", "secret-key")
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("XUNA_AGENT_ID", "agent_1")
    cli.write("xuna.toml", '[defaults]\nfrom-phone-number-id = "pn_1"\n')
    spring("country = ['US', 'CA']", "strict-numbers = true")
    ran = cli("run", "spring.toml", "--check", "--limit", "5", *JSON)
    settings = {one["key"]: (one["value"], one["source"]) for one in ran.document["settings"]}
    assert settings["contacts"] == ("people.csv", "spring.toml, line 1")
    assert settings["country"] == ("US,CA", "spring.toml, line 3")
    assert settings["strict-numbers"] == (True, "spring.toml, line 4")
    assert settings["from-phone-number-id"] == ("pn_1", "xuna.toml, line 2")
    assert settings["agent-id"] == ("agent_1", "XUNA_AGENT_ID in the environment")
    assert settings["limit"] == (5, "--limit")
    assert settings["campaign"] == ("spring", "name of the file")
    assert settings["ledger"] == (str(cli.ledger), "default")
    assert settings["API key"] == ("(secret)", "XUNA_AI_API_KEY in the environment")
    assert "secret-key" not in ran.out + ran.err
    assert not cli.ledger.exists()
    assert "can be run" in cli("run", "spring.toml", "--check").out


def test_a_check_says_everything_that_is_missing_or_wrong(cli, spring, tmp_path):
    spring("hours = 'nine to five'", "opt-out-when = 'x'", "metrics = 'm.txt'")
    ran = cli("run", "spring.toml", "--check", exits=2)
    for words in ("nine to five", "--opt-out-when", ".prom", "API key is missing", "agent is missing"):
        assert words in ran.err
    assert "caller number is missing" in ran.err
    assert "set agent-id in spring.toml, or use --agent-id" in ran.err
    assert "set from-phone-number-id in spring.toml, or use --from-phone-number-id" in ran.err
    assert "can be run" not in ran.out
    spring()
    assert "API key" in cli("run", "spring.toml", "--check", *JSON, exits=4).document["errors"][0]["message"]
    cli("run", "spring.toml", "--check", "--sandbox")


def test_a_run_without_an_agent_names_the_key_of_the_file(cli, spring, monkeypatch):
    monkeypatch.setenv("XUNA_AI_API_KEY", "key")
    monkeypatch.setenv("XUNA_BASE_URL", "http://127.0.0.1:1")
    assert "set agent-id in spring.toml, or use --agent-id" in cli("run", "spring.toml", exits=4).err


def test_a_check_finds_a_wrong_rate(cli, spring):
    spring('rate = "fast"')
    assert "line 3, rate: 'fast'" in cli("run", "spring.toml", "--check", "--sandbox", exits=2).err


@pytest.mark.parametrize("key", ["report", "rejects", "log"])
def test_a_check_finds_a_file_whose_folder_is_missing(cli, spring, key):
    spring(f'{key} = "missing/file"')
    assert "missing/file can't be written" in cli("run", "spring.toml", "--check", "--sandbox", exits=5).err


def test_a_check_finds_what_contradicts_the_ledger(cli, api, spring, run):
    run()
    spring('key = "name"')
    assert "key" in cli("run", "spring.toml", "--check", exits=2).err


# The manual


@pytest.fixture
def manual(cli, people):
    """The files that the examples of `xuna help campaign-file` name."""
    people(rows=[("+12125550101", "Ann"), ("+12125550102", "Bo")], name="customers.csv")
    cli.write("do-not-call.csv", "phone\n+12125550102\n")
    example, defaults = blocks("campaign-file", "toml")
    cli.write("spring.toml", example)
    return defaults


def test_the_example_of_the_manual_can_be_run(cli, api, manual, run):
    cli.write("notify.sh", "#!/bin/sh\ncat > told.json\n").chmod(0o755)
    always = ("--hours", "00:00-24:00", "--days", "mon-sun", "--close-early", "0")
    document = run(*always, "--agent-id", "agent_sandbox", "--from-phone-number-id", "pn_sandbox")
    assert document["batch_call"]["counts"] == document["batch_call"]["counts"] | {
        "accepted": 1,
        "do_not_call": 1,
    }
    assert document["report"] == "spring.html"
    assert json.loads((cli.folder / "told.json").read_text())["command"] == "run"


def test_the_defaults_of_the_manual_can_be_used(cli, manual):
    cli.write("xuna.toml", manual)
    cli.write("spring.toml", 'contacts = "customers.csv"\nfirst-message = "Hi."')
    ran = cli("run", "spring.toml", "--check", *JSON, exits=4)
    assert "xuna.toml, line 4" in [one["source"] for one in ran.document["settings"]]
    assert [error["code"] for error in ran.document["errors"]] == ["missing-ai-api-key"]
