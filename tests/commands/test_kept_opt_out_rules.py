"""A campaign keeps its opt-out rules, for commands that are given none."""

import csv
import json

import pytest

from tests.commands.conftest import number
from xuna_cli.sandbox.faults import Answer

HELLO = ("-m", "Hi {{ name }}.", "--yes")
OPT_OUT = ("--opt-out-when", "opt_out=true")
SAID = "xuna: Opt-outs are recognized by opt_out=true, the last --opt-out-when of campaign 'people'."
COUNT = 5


@pytest.fixture
def called(cli, served, people):
    """Everybody was called in the campaign, and has opted out."""
    served(opt_out=1.0)

    def call(*options):
        cli("batch-call", people(COUNT), *HELLO, *options)

    return call


def kept(cli):
    return cli("campaigns", "show", "people", "--output", "json").document["campaign"]["opt_out_when"]


def listed(cli):
    entries = cli("do-not-call", "list", "--output", "json").document["do_not_call"]
    return {entry["to_phone_number"] for entry in entries}


def everybody():
    return {number(index) for index in range(COUNT)}


def test_outcomes_without_rules_use_those_of_the_run(cli, called):
    called(*OPT_OUT)
    assert kept(cli) == ["opt_out=true"]
    ran = cli("campaigns", "outcomes", "people", "--output", "json")
    assert ran.document["opt_outs"]["added"] == COUNT
    assert SAID in ran.err.splitlines()
    assert listed(cli) == everybody()


@pytest.mark.parametrize(("options", "is_said"), [((), True), (("--quiet",), False)], ids=["aloud", "quiet"])
@pytest.mark.parametrize("command", ["batch-call", "run"])
def test_a_later_run_without_rules_calls_nobody_who_opted_out(cli, called, people, command, options, is_said):
    called(*OPT_OUT)
    cli.write("people.toml", 'contacts = "people.csv"\nfirst-message = "Hi."\n')
    argv = (people(COUNT), *HELLO) if command == "batch-call" else ("people.toml", "--yes")
    ran = cli(command, *argv, *options, "--output", "json")
    assert (SAID in ran.err.splitlines()) == is_said
    assert listed(cli) == everybody()
    assert (
        "do_not_call"
        in cli("batch-call", people(COUNT), *HELLO, "--campaign", "b", "--output", "json").counts
    )
    assert len(cli.called) == COUNT


def test_harvest_and_outcomes_keep_the_rules_too_and_harvest_uses_them(cli, called):
    called()
    assert kept(cli) == []
    cli("campaigns", "outcomes", "people")
    cli("do-not-call", "harvest", "people", *OPT_OUT)
    assert kept(cli) == ["opt_out=true"]
    cli("do-not-call", "remove", *everybody())
    assert cli("do-not-call", "harvest", "people", "--output", "json").document["opt_outs"]["added"] == COUNT
    cli("campaigns", "outcomes", "people", "--opt-out-when", "polite=failure")
    assert kept(cli) == ["polite=failure"]


def test_rules_that_are_gone_are_named_also_with_quiet(cli, called, people):
    called(*OPT_OUT)
    gone = "xuna: Opt-outs of campaign 'people' are no longer recognized by opt_out=true."
    ran = cli("batch-call", people(COUNT), *HELLO, "--quiet", "--opt-out-when", "best_time=never")
    assert gone in ran.err.splitlines()
    assert kept(cli) == ["best_time=never"]
    again = cli("batch-call", people(COUNT), *HELLO, "--quiet", "--opt-out-when", "best_time=never")
    assert again.err == ""


def test_an_additional_rule_takes_none_away(cli, called):
    called(*OPT_OUT)
    ran = cli("campaigns", "outcomes", "people", "--opt-out-when", "best_time=never,opt_out=true")
    assert "no longer" not in ran.err
    assert kept(cli) == ["best_time=never", "opt_out=true"]


def test_none_ends_the_rules(cli, called):
    called(*OPT_OUT)
    ran = cli("campaigns", "outcomes", "people", "--opt-out-when", "none", "--output", "json")
    assert ran.document["opt_outs"] is None
    assert "are no longer recognized by opt_out=true" in ran.err
    assert kept(cli) == []
    assert cli("campaigns", "outcomes", "people").err == ""
    assert listed(cli) == set()


def test_harvest_ends_the_rules_without_the_api(cli, called):
    called(*OPT_OUT)
    requests = cli.server.state.requests_total
    ran = cli("do-not-call", "harvest", "people", "--opt-out-when", "none", "--output", "json")
    assert ran.document["opt_outs"] is None
    assert (
        "It has no opt-out rules now."
        in cli("do-not-call", "harvest", "people", "--opt-out-when", "none").out
    )
    assert (kept(cli), cli.server.state.requests_total) == ([], requests)


def test_none_in_a_campaign_file_ends_the_rules(cli, called):
    called(*OPT_OUT)
    cli.write("people.toml", 'contacts = "people.csv"\nfirst-message = "Hi."\nopt-out-when = "none"\n')
    assert "are no longer recognized by opt_out=true" in cli("run", "people.toml", "--yes", "--quiet").err
    assert kept(cli) == []


def test_none_can_not_be_one_of_several(cli, called):
    called()
    ran = cli("campaigns", "outcomes", "people", "--opt-out-when", "none,opt_out=true", exits=2)
    assert "it has to be FIELD=VALUE" in ran.err


def test_a_field_that_no_record_has_does_not_replace_the_rules(cli, called, people):
    called(*OPT_OUT)
    typo = ("--opt-out-when", "optout=true")
    cli("campaigns", "outcomes", "people", *typo, exits=2)
    cli("batch-call", people(COUNT), *HELLO, *typo, exits=2)
    assert kept(cli) == ["opt_out=true"]
    assert listed(cli) == set()
    cli("campaigns", "outcomes", "people")
    assert listed(cli) == everybody()


def test_the_rules_are_kept_although_the_records_can_not_be_read(cli, called):
    called()
    cli.server.faults.add(Answer(on="conversations", status=401, body="no", times=1))
    cli("campaigns", "outcomes", "people", *OPT_OUT, exits=4)
    assert kept(cli) == ["opt_out=true"]


def test_opt_outs_are_known_when_all_records_were_read_by_these_rules(cli, called):
    def known_at():
        shown = cli("campaigns", "show", "people", "--output", "json").document
        return shown["campaign"]["opt_outs_known_at"], shown["records_read_at"]

    called(*OPT_OUT)
    assert known_at() == (None, None)
    cli("campaigns", "outcomes", "people")
    known, read = known_at()
    assert known == read is not None
    cli("do-not-call", "harvest", "people", "--opt-out-when", "best_time=never")
    assert known_at() == (None, read)  # records without a call may have an opt-out by this rule
    cli("campaigns", "outcomes", "people")
    known, later = known_at()
    assert known == later > read


def test_show_and_the_audit_have_the_rules(cli, called):
    called(*OPT_OUT)
    assert "Opt-outs are recognized by opt_out=true." in cli("campaigns", "show", "people").out
    cli("campaigns", "export", "people", "--audit", "--to", "audit.jsonl")
    first = json.loads((cli.folder / "audit.jsonl").read_text().splitlines()[0])
    assert (first["type"], first["opt_out_when"]) == ("campaign", ["opt_out=true"])


def test_a_dry_run_keeps_nothing_and_reads_nothing(cli, called, people):
    called()
    requests = cli.server.state.requests_total
    cli("batch-call", people(COUNT), *HELLO, *OPT_OUT, "--dry-run")
    assert kept(cli) == []
    assert cli.server.state.requests_total == requests


def test_a_retry_list_has_nobody_on_the_do_not_call_list(cli, served, people):
    served(opt_out=0.3)
    path = people(20)
    cli("batch-call", path, *HELLO, *OPT_OUT)
    cli("campaigns", "outcomes", "people")
    gone = listed(cli)
    assert 0 < len(gone) < 20
    for join in ((), ("--join", path)):
        ran = cli(
            "campaigns",
            "retry-list",
            "people",
            "--outcome",
            "success,failure,unknown",
            "-o",
            "again.csv",
            *join,
        )
        with (cli.folder / "again.csv").open() as file:
            again = {row["phone"] for row in csv.DictReader(file)}
        assert again == {number(index) for index in range(20)} - gone
        assert f"{len(gone)} people are on the do-not-call list, and left out." in ran.err


def test_a_canary_says_the_rules_once(cli, served, people, monkeypatch):
    """It reads the records again and again while it waits."""
    monkeypatch.setattr("xuna_cli.dialing.campaign_brake.FIRST_WAIT_S", 0.1)
    served(opt_out=0.0, appear_after=0.2, spread=0.3)
    canary = ("--canary", "3", "--min-success", "10%", "--wait")
    cli("batch-call", people(1), *HELLO, *OPT_OUT)
    ran = cli("batch-call", people(6), *HELLO, *canary, exits=(0,))
    assert ran.err.splitlines().count(SAID) == 1


def test_the_sandbox_keeps_rules_in_its_own_ledger(cli, people):
    cli("batch-call", people(COUNT), *HELLO, *OPT_OUT, "--sandbox")
    shown = cli("campaigns", "show", "people", "--sandbox", "--output", "json").document
    assert shown["campaign"]["opt_out_when"] == ["opt_out=true"]
    assert not cli.ledger.exists()
