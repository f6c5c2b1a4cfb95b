"""Opt-outs: people who opt out in a call are put on the do-not-call list, and are not called again."""

import contextlib
import csv
import io
import json

import pytest

from xuna_cli.api.client import Client
from xuna_cli.api.retry import RetryingReader
from xuna_cli.errors import ConfigurationError
from xuna_cli.ledger.campaigns import campaign
from xuna_cli.ledger.conversations import kept_records
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.outcomes.opt_outs import Harvester, parse_rules
from xuna_cli.outcomes.sync import sync_conversations
from xuna_cli.sandbox.faults import Answer

RULE = ("--opt-out-when", "wants_callback=true")  # collected by the sandbox; one person in five says yes


def call(cli, path, *options):
    return cli("batch-call", path, "--yes", *options, "--output", "json")


def read(cli, *options, exits=0):
    return cli("campaigns", "outcomes", "people", *options, "--output", "json", exits=exits)


def harvest(cli, *options, exits=0):
    return cli("do-not-call", "harvest", "people", *options, "--output", "json", exits=exits)


def listed(cli):
    entries = cli("do-not-call", "list", "--output", "json").document["do_not_call"]
    return {entry["to_phone_number"]: entry["reason"] for entry in entries}


def said_yes(cli, field="wants_callback"):
    """Return the people whose stored record says yes in a field, with the conversation."""
    rows = csv.DictReader(io.StringIO(cli("campaigns", "export", "people").out))
    return {
        row["to_phone_number"]: row["conversation_id"]
        for row in rows
        if json.loads(row["collected_data"] or "{}").get(field)
    }


def test_whoever_says_so_is_on_the_list_at_once_and_called_by_no_campaign(cli, served, people):
    server = served()
    path = people(40)
    call(cli, path)
    ran = read(cli, *RULE)
    expected = said_yes(cli)
    assert 0 < len(expected) < 40
    assert listed(cli) == expected
    opt_outs = ran.document["opt_outs"]
    assert (opt_outs["found"], opt_outs["added"]) == (len(expected), len(expected))
    assert {one["to_phone_number"]: one["conversation_id"] for one in opt_outs["numbers"]} == expected
    assert all(number in ran.err for number in expected)
    before = len(server.state.calls())
    again = call(cli, path, "--campaign", "another")
    assert again.document["counts"]["do_not_call"] == len(expected)
    assert expected.keys().isdisjoint(one.to_phone_number for one in server.state.calls()[before:])
    assert len(server.state.calls()) == before + 40 - len(expected)


def test_an_opt_out_is_on_the_list_before_its_record_is_stored(cli, served, people):
    """Another run may call people again as soon as it finds their outcome."""
    server = served()
    call(cli, people(250), "--batch-size", "125")
    server.faults.add(Answer(on="conversations", status=401, body={"detail": "no"}, skip=150))
    seen = []

    def is_listed(_):
        said = {
            one.to_phone_number for one in kept_records(ledger, found.id) if one.collected["wants_callback"]
        }
        seen.append((len(said), said - ledger.on_do_not_call_list(said).keys()))

    with contextlib.closing(open_ledger(cli.ledger)) as ledger:
        found = campaign(ledger, "people")
        harvester = Harvester(ledger, found, parse_rules(RULE[1:]), command="run", on_added=lambda _: None)
        reader = RetryingReader(Client(server.base_url, "sandbox", deadline=10), on_wait=lambda *_: None)
        with pytest.raises(ConfigurationError):  # the reading ends here, as if the process had been killed
            sync_conversations(ledger, found, reader, harvester, on_progress=is_listed)
        reader.stop()
    assert [missing for _, missing in seen] == [set()] * len(seen)
    assert seen[-1][0] > 0


def test_harvest_takes_what_was_read_before_and_a_later_run_calls_none_of_them(cli, served, people):
    server = served()
    path = people(40)
    call(cli, path)
    assert read(cli).document["opt_outs"] is None
    assert listed(cli) == {}
    requests = server.state.requests_total
    ran = harvest(cli, *RULE)
    assert server.state.requests_total == requests
    expected = said_yes(cli)
    assert listed(cli) == expected
    assert ran.document["opt_outs"]["added"] == len(expected) > 0
    assert all(number in ran.err for number in expected)
    call(cli, path, "--campaign", "another")
    times = [one.to_phone_number for one in server.state.calls()]
    assert all(times.count(number) == 1 for number in expected)


def test_the_opt_outs_that_the_sandbox_simulates_come_home(cli, served, people):
    served(opt_out=0.3)
    path = people(30)
    call(cli, path)
    document = read(cli, "--opt-out-when", "opt_out=true").document
    expected = said_yes(cli, "opt_out").keys()
    assert 0 < len(expected) < 30
    assert listed(cli).keys() == expected
    assert document["opt_outs"]["added"] == len(expected)
    again = call(cli, path, "--campaign", "another").document["counts"]
    assert (again["do_not_call"], again["accepted"]) == (len(expected), 30 - len(expected))


def test_doing_it_again_adds_nobody_and_what_was_removed_comes_back(cli, served, people):
    served()
    call(cli, people(40))
    read(cli, *RULE)
    first = listed(cli)
    for ran in (read(cli, *RULE), harvest(cli, *RULE)):
        opt_outs = ran.document["opt_outs"]
        assert (opt_outs["found"], opt_outs["added"], opt_outs["numbers"]) == (len(first), 0, [])
        assert ran.err == ""
    cli("do-not-call", "remove", *first)
    assert harvest(cli, *RULE).document["opt_outs"]["added"] == len(first)
    assert listed(cli) == first


def test_the_history_has_the_command_and_the_conversation(cli, served, people):
    served()
    call(cli, people(40))
    read(cli, *RULE)
    number, conversation_id = next(iter(said_yes(cli).items()))
    cli("do-not-call", "remove", number)
    harvest(cli, *RULE)
    events = cli("do-not-call", "history", number, "--output", "json").document["history"]
    assert [(event["action"], event["command"], event["reason"]) for event in events] == [
        ("added", "campaigns outcomes", conversation_id),
        ("removed", "do-not-call remove", None),
        ("added", "do-not-call harvest", conversation_id),
    ]


def test_a_number_that_is_there_keeps_its_reason(cli, served, people):
    served()
    call(cli, people(40))
    read(cli)
    number = next(iter(said_yes(cli)))
    cli("do-not-call", "add", number, "--reason", "asked by letter")
    harvest(cli, *RULE)
    assert listed(cli)[number] == "asked by letter"


def test_a_criterion_counts_also_where_its_verdict_is_unknown(cli, served, people):
    served()
    call(cli, people(120))
    document = read(cli, "--opt-out-when", "goal_reached=failure").document
    verdicts = document["criteria"]["goal_reached"]
    assert min(verdicts.values()) > 0
    assert document["opt_outs"]["added"] == verdicts["failure"] + verdicts["unknown"]


def test_what_is_not_clear_counts(cli, served, people):
    served()
    call(cli, people(5))
    assert read(cli, "--opt-out-when", "best_time=yes").document["opt_outs"]["added"] == 5  # "morning"


def test_a_field_that_no_record_has_is_an_error_and_everything_else_is_done(cli, served, people):
    served()
    call(cli, people(40))
    for command in (read, harvest):
        ran = command(cli, *RULE, "--opt-out-when", "opt_oout=true", exits=2)
        document = ran.document
        [error] = document["errors"]
        assert error["code"] == "opt-out-field-unknown"
        assert "no record has opt_oout; " in error["message"]
        assert "best_time, goal_reached, polite, wants_callback" in error["message"]
        assert "no record has opt_oout" in ran.err
        assert document["status"] == "partial"
        assert document["opt_outs"]["found"] == len(said_yes(cli)) == len(listed(cli))
    shown = cli("campaigns", "outcomes", "people", "--opt-out-when", "opt_oout=true", exits=2)
    assert "no record has opt_oout" in shown.err
    assert "Opt-outs (opt_oout=true): 0 numbers, 0 new" in shown.out


def test_a_criterion_takes_only_its_verdicts(cli, served, people):
    served()
    call(cli, people(3))
    ran = read(cli, "--opt-out-when", "polite=do_not_call", exits=2)
    assert "polite is a criterion" in ran.err
    assert listed(cli) == {}


def test_the_table_has_the_count(cli, served, people):
    served()
    call(cli, people(40))
    ran = cli("campaigns", "outcomes", "people", *RULE)
    count = len(listed(cli))
    assert f"Opt-outs (wants_callback=true): {count} numbers, {count} new on the do-not-call list" in ran.out
    ran = cli("do-not-call", "harvest", "people", *RULE)
    assert f"{count} numbers, 0 new on the do-not-call list" in ran.out


def test_the_variable_has_several_with_commas_and_the_option_wins(cli, served, people, monkeypatch):
    served()
    call(cli, people(20))
    monkeypatch.setenv("XUNA_OPT_OUT_WHEN", "wants_callback=true, best_time=late evening")
    assert read(cli).document["opt_outs"]["rules"] == ["wants_callback=true", "best_time=late evening"]
    assert harvest(cli).document["opt_outs"]["found"] == len(said_yes(cli))
    ran = harvest(cli, "--opt-out-when", "wants_callback=yes,polite=failure")
    assert ran.document["opt_outs"]["rules"] == ["wants_callback=yes", "polite=failure"]


def test_the_env_file_has_it_too(cli, served, people):
    served()
    call(cli, people(20))
    cli.write(".env", "XUNA_OPT_OUT_WHEN=wants_callback=true,best_time=a:b\n")
    assert read(cli).document["opt_outs"]["rules"] == ["wants_callback=true", "best_time=a:b"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("opt_out", "opt-out-when"), ("wants_callback=true,", "opt-out-when"), ("", "option-value")],
)
def test_a_rule_that_cannot_be_read_is_refused_before_anything(cli, served, people, text, code):
    server = served()
    call(cli, people(3))
    requests = server.state.requests_total
    for command in (read, harvest):
        ran = command(cli, "--opt-out-when", text, exits=2)
        assert ran.document["errors"][0]["code"] == code
    assert server.state.requests_total == requests


def test_harvest_needs_a_rule_and_records(cli, served, people):
    served()
    call(cli, people(3))
    assert "--opt-out-when FIELD=VALUE" in harvest(cli, exits=2).err
    assert "were never read" in harvest(cli, *RULE, exits=2).err


def test_a_record_that_is_not_proven_blocks_its_number(cli, served, people):
    served(batch_ids=False)
    call(cli, people(5))
    document = read(cli, "--opt-out-when", "best_time=yes").document
    assert document["outcomes"]["unproven"] == document["opt_outs"]["added"] == 5
    assert len(listed(cli)) == 5


def test_a_number_of_our_batch_that_we_did_not_call_is_blocked_too(cli, served, people):
    server = served()
    call(cli, people(3))
    [batch_id] = {one.batch_id for one in server.state.calls()}
    server.state.new_batch_id = lambda: batch_id
    server.state.take("agent_sandbox", "pn_sandbox", [{"to_phone_number": "+15559999999"}])
    document = read(cli, "--opt-out-when", "best_time=yes").document
    assert document["reading"]["reasons"] == {"other-number": 1}
    assert document["opt_outs"]["added"] == 4
    assert "+15559999999" in listed(cli)


@pytest.mark.parametrize(
    "records",
    [{"incoming": frozenset({"back"})}, {"batch_ids": False, "directions": True}],
    ids=["in", "out"],
)
def test_whoever_opts_out_in_another_call_of_the_agent_is_blocked_too(cli, served, people, records):
    """Somebody calls back, or is called from the dashboard, and asks not to be called."""
    server = served(**records)
    path = people(2)
    call(cli, path, "--limit", "1")
    called, other = (f"+1555100000{n}" for n in range(2))
    assert [one.to_phone_number for one in server.state.calls()] == [called]
    server.state.new_batch_id = lambda: "back"
    server.state.take("agent_sandbox", "pn_sandbox", [{"to_phone_number": other}])
    document = read(cli, "--opt-out-when", "best_time=yes").document
    assert (document["reading"]["joined"], document["reading"]["elsewhere"]) == (1, 1)
    assert set(listed(cli)) == {called, other}
    assert "do-not-call" in cli("batch-call", path, "--yes", "-m", "Hi").out


def test_fields_of_other_calls_do_not_show_that_a_rule_is_wrong(cli, served, people, clock):
    served(incoming=frozenset({"back"}), in_progress=30)
    server = cli.server
    server.state.new_batch_id = lambda: "back"
    server.state.take("agent_sandbox", "pn_sandbox", [{"to_phone_number": "+15559999999"}])
    del server.state.new_batch_id
    clock.advance(60)
    call(cli, people(1))
    assert "no finished record was read yet" in read(cli, "--opt-out-when", "never_seen=yes").err


def test_an_opt_out_without_a_number_is_named_until_somebody_has_decided(cli, served, people):
    served(optional_metadata=False)
    call(cli, people(3))
    ran = read(cli, "--opt-out-when", "best_time=yes", exits=3)
    ids = ran.document["opt_outs"]["without_number"]
    assert len(ids) == 3
    assert [error["code"] for error in ran.document["errors"]] == ["opt-out-without-number"]
    assert all(one in ran.err for one in ids)
    assert f", then run: xuna do-not-call add NUMBER --reason {ids[0]}\n" in ran.err
    assert f"\n  if it was no phone call, run: xuna do-not-call dismiss {ids[0]}\n" in ran.err
    assert listed(cli) == {}
    cli("do-not-call", "add", "+15551000000", "--reason", ids[0])
    cli("do-not-call", "add", "+15551000001", "--reason", ids[1])
    cli("do-not-call", "remove", "+15551000001")  # it was another person, and somebody has looked at it
    assert read(cli, exits=3).document["opt_outs"]["without_number"] == [ids[2]]
    assert "(1 new)" in cli("do-not-call", "dismiss", ids[2], ids[2], "--reason", "a test on the website").err
    assert "(0 new)" in cli("do-not-call", "dismiss", ids[2]).err
    assert read(cli).document["opt_outs"]["without_number"] == []


def test_what_was_read_before_the_api_refused_is_harvested(cli, served, people):
    server = served(page_size=30)
    call(cli, people(250), "--batch-size", "125")
    server.faults.add(Answer(on="conversations", status=401, body={"detail": "no"}, skip=150))
    ran = read(cli, "--opt-out-when", "best_time=yes", exits=4)
    assert len(listed(cli)) == 100
    assert "Put on the do-not-call list" in ran.err


def test_calls_that_go_on_say_nothing_of_fields(cli, served, people, clock):
    served(in_progress=30)
    call(cli, people(4))
    ran = read(cli, "--opt-out-when", "best_time=yes")
    assert "no finished record was read yet" in ran.err
    assert ran.document["opt_outs"]["found"] == 0
    clock.advance(60)
    assert read(cli, "--opt-out-when", "best_time=yes").document["opt_outs"]["added"] == 4


@pytest.mark.slow
def test_a_watch_harvests_every_reading_and_counts_everybody_once(cli, served, people):
    served(appear_after=0.2, spread=1.0)
    call(cli, people(12))
    ran = read(cli, "--watch", "--every", "0.1s", "--for", "20s", "--opt-out-when", "best_time=yes")
    assert ran.document["opt_outs"]["added"] == len(ran.document["opt_outs"]["numbers"]) == 12
    assert ran.err.count("Put on the do-not-call list") > 1
