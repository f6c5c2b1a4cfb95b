"""Who opted out in one campaign is not called by another one, although nobody has read the records of the first."""

import contextlib
import csv
import io
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.commands.conftest import number
from tests.support.ledgers import database, postgres_server  # noqa: F401 - fixtures
from xuna_cli.ledger.database import as_written
from xuna_cli.ledger.opening import open_ledger
from xuna_cli.sandbox.faults import Answer, Pages

HELLO = ("-m", "Hi {{ name }}.", "--yes", "--hours", "00:00-24:00")
JSON = ("--output", "json")
OPT_OUT = ("--opt-out-when", "opt_out=true")
REFUSED = Answer(on="conversations", status=401, body="no")
COUNT = 4
REQUESTS = 3  # of a run that reads no records: the caller number, the agent and the batch
DAY_S = 86_400


@pytest.fixture
def spring(cli, served, people):
    """Make a campaign whose people have all opted out, and whose records nobody has read."""

    def made(*options, count=COUNT, **conversations):
        served(**{"opt_out": 1.0, **conversations})
        cli("batch-call", people(count), *HELLO, "--campaign", "spring", *(options or OPT_OUT))

    return made


@pytest.fixture
def autumn(cli, people):
    """Call the same people, and as many others, in another campaign."""

    def called(*options, exits=0):
        path = people(2 * COUNT)
        return cli("batch-call", path, *HELLO, "--campaign", "autumn", *options, *JSON, exits=exits)

    return called


def change(cli, sql, **parameters):
    with contextlib.closing(open_ledger(cli.ledger)) as ledger, ledger.transaction():
        ledger.engine.change(sql, parameters)


def set_known(cli, after):
    """Let the opt-outs of all campaigns be known from so many seconds after now."""
    at = as_written(datetime.fromtimestamp(time.time() + after, UTC))
    change(cli, "UPDATE campaigns SET opt_outs_known_at = :at", at=at)


def known_at(cli):
    with contextlib.closing(open_ledger(cli.ledger)) as ledger:
        [(at,)] = ledger.query("SELECT opt_outs_known_at FROM campaigns WHERE name = 'spring'")
    return at


@pytest.mark.parametrize("command", ["batch-call", "run"])
def test_who_opted_out_in_another_campaign_is_not_called(cli, spring, people, command):
    spring()
    path = people(COUNT + 2)
    cli.write("autumn.toml", 'contacts = "people.csv"\nfirst-message = "Hi."\nhours = "00:00-24:00"\n')
    argv = (path, *HELLO, "--campaign", "autumn") if command == "batch-call" else ("autumn.toml", "--yes")
    ran = cli(command, *argv, "--quiet", *JSON)
    assert ran.counts == {"rows": COUNT + 2, "do_not_call": COUNT, "accepted": 2}
    [said] = ran.err.splitlines()
    assert said.startswith("Put on the do-not-call list because of their conversations: ")
    assert all(number(index) in said for index in range(COUNT))
    [other] = ran.document.get("batch_call", ran.document)["other_campaigns"]
    assert (other["campaign"], other["opt_outs"]["added"], other["unknown"]) == ("spring", COUNT, None)
    [entry] = cli("do-not-call", "history", number(0), *JSON).document["history"]
    assert entry["command"] == command
    assert known_at(cli) is not None


def test_the_rules_of_the_other_campaign_count_and_not_those_of_this_one(spring, autumn):
    spring()
    assert autumn("--opt-out-when", "best_time=never").counts["do_not_call"] == COUNT


def test_a_campaign_without_rules_is_not_read(cli, spring, autumn):
    spring("--limit", COUNT)
    ran = autumn()
    assert ran.counts == {"rows": 2 * COUNT, "accepted": 2 * COUNT}
    assert ran.document["other_campaigns"] == []


def test_a_campaign_whose_rules_have_ended_is_not_read(cli, spring, autumn):
    spring()
    cli("do-not-call", "harvest", "spring", "--opt-out-when", "none")
    assert autumn().document["other_campaigns"] == []


@pytest.mark.parametrize(
    ("after", "is_read"), [(0, True), (DAY_S - 60, True), (DAY_S + 60, False)], ids=["now", "today", "later"]
)
def test_a_campaign_is_read_until_a_day_after_its_last_call_and_costs_no_request_then(
    cli, spring, autumn, after, is_read
):
    spring()
    set_known(cli, after)
    before = cli.server.state.requests_total
    ran = autumn()
    assert bool(ran.document["other_campaigns"]) == is_read
    assert (cli.server.state.requests_total - before > REQUESTS) == is_read


def test_a_forgotten_campaign_is_not_read(cli, spring, autumn):
    spring()
    ran = cli("campaigns", "forget", "spring", "--yes")
    assert "warning: people of campaign 'spring' may have opted out" in ran.err
    assert "  to read the records first, run: xuna campaigns outcomes spring\n" in ran.err
    assert autumn().document["other_campaigns"] == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(REFUSED, "HTTP 401"), (Pages(how="no-cursor"), "the list is incomplete")],
    ids=["refused", "cut off"],
)
def test_only_who_may_have_opted_out_is_not_called_while_the_records_can_not_be_read(
    cli, spring, autumn, monkeypatch, fault, reason
):
    monkeypatch.setattr("xuna_cli.api.pages.PAGE_SIZE", 1)
    spring()
    cli.server.faults.add(fault)
    ran = autumn("--quiet", exits=3)
    left_out = ran.document["screening"]["reasons"]["opt-outs-unknown"]
    assert left_out + ran.counts.get("do_not_call", 0) == ran.counts["accepted"] == COUNT
    assert left_out == ran.counts["screened"] == ran.document["other_campaigns"][0]["unknown"]["people"]
    assert "not called, because they may have opted out in a conversation" in ran.err
    assert "  campaign 'spring': " in ran.err
    assert reason in ran.err
    assert "  to read its records: xuna campaigns outcomes spring" in ran.err.splitlines()
    assert known_at(cli) is None
    cli.server.faults.clear()
    again = autumn()
    assert again.counts == {"rows": 2 * COUNT, "do_not_call": COUNT, "already_called": COUNT}
    assert len(cli.called) == 2 * COUNT


def test_who_was_not_called_is_in_the_evidence_and_the_campaign_has_not_finished(cli, spring, people):
    spring()
    people(COUNT)
    cli.write("autumn.toml", 'contacts = "people.csv"\nfirst-message = "Hi."\n')
    cli.server.faults.add(REFUSED)
    ran = cli("run", "autumn.toml", "--yes", *JSON, exits=3)
    assert ran.document["campaign_finished"] is False
    rows = csv.DictReader(io.StringIO(cli("campaigns", "export", "autumn", "--not-called").out))
    assert [row["rule"] for row in rows] == ["opt-outs-unknown"] * COUNT
    cli.server.faults.clear()
    assert cli("run", "autumn.toml", "--yes", *JSON).document["campaign_finished"] is True


def test_a_problem_that_concerns_nobody_is_said_but_not_to_cron(cli, spring, people):
    spring()
    cli.server.faults.add(REFUSED)
    path = people(2, first=100)
    cron = cli("batch-call", path, *HELLO, "--campaign", "autumn", "--quiet")
    assert cron.err == ""
    shown = cli("batch-call", path, *HELLO, "--campaign", "autumn")
    assert "The opt-outs of campaign 'spring' are not known (" in shown.out
    assert len(cli.called) == COUNT + 2


def test_who_has_a_record_that_was_read_is_called_while_the_records_can_not_be_read(cli, served, people):
    """Their conversations had no opt-out; those without a conversation may have one later."""
    served(opt_out=0.0, unanswered=0.5)
    path, count = people(20), 20
    cli("batch-call", path, *HELLO, "--campaign", "spring", *OPT_OUT)
    ran = cli("campaigns", "outcomes", "spring", *JSON)
    silent = ran.document["outcomes"]["no-conversation"]
    assert 0 < silent < count
    cli.server.faults.add(REFUSED)
    ran = cli("batch-call", path, *HELLO, "--campaign", "autumn", *JSON, exits=3)
    assert ran.counts == {"rows": count, "screened": silent, "accepted": count - silent}


def test_a_campaign_of_another_api_is_not_read_and_its_people_wait(cli, spring, autumn):
    spring()
    change(cli, "UPDATE campaigns SET api_origin = 'https://old.example'")
    ran = autumn(exits=3)
    assert ran.counts == {"rows": 2 * COUNT, "screened": COUNT, "accepted": COUNT}
    [other] = ran.document["other_campaigns"]
    assert other["unknown"]["code"] == "campaign-other-origin"
    assert "xuna campaigns outcomes spring --base-url https://old.example" in ran.err


def test_a_campaign_of_another_account_is_left_as_its_own_account_has_read_it(cli, served, people):
    """Its agent is unknown to this key, so an empty list of its conversations says nothing."""
    served(opt_out=1.0, unanswered=1.0)
    cli("batch-call", people(COUNT), *HELLO, "--campaign", "spring", *OPT_OUT)
    cli("campaigns", "outcomes", "spring")
    change(cli, "UPDATE runs SET agent_id = 'agent_of_somebody_else'")
    before = cli("campaigns", "show", "spring", *JSON).document
    path = people(COUNT + 1)
    ran = cli("batch-call", path, *HELLO, "--campaign", "autumn", *JSON, exits=3)
    assert ran.counts == {"rows": COUNT + 1, "screened": COUNT, "accepted": 1}
    assert "the account of this API key has no agent agent_of_somebody_else" in ran.err
    assert cli("campaigns", "show", "spring", *JSON).document == before
    exported = csv.DictReader(io.StringIO(cli("campaigns", "export", "spring").out))
    assert {row["outcome"] for row in exported} == {"no-conversation"}


def test_rules_that_turn_out_to_be_wrong_keep_all_people_of_the_campaign_from_being_called(
    cli, spring, autumn
):
    spring("--opt-out-when", "optout=true")
    ran = autumn(exits=3)
    assert ran.counts == {"rows": 2 * COUNT, "screened": COUNT, "accepted": COUNT}
    assert "no record has optout" in ran.err
    assert "xuna campaigns outcomes spring --opt-out-when FIELD=VALUE" in ran.err


def test_an_api_that_can_not_be_reached_is_not_asked_for_each_campaign(cli, spring, autumn, people):
    spring("--limit", COUNT)
    cli("batch-call", people(2, first=50), *HELLO, "--campaign", "summer")
    change(cli, "UPDATE campaigns SET opt_out_when = '[\"opt_out=true\"]'")
    before = cli.server.state.requests_total
    cli.server.faults.add(Answer(on="conversations", status=500, body="no"))
    ran = autumn(exits=3)
    assert [one["unknown"]["people"] for one in ran.document["other_campaigns"]] == [COUNT, 2]
    tries = cli.server.state.requests_total - before - REQUESTS
    assert 0 < tries <= 3


def test_a_dry_run_reads_nothing(cli, spring, autumn):
    spring()
    before = cli.server.state.requests_total
    ran = autumn("--dry-run")
    assert ran.counts == {"rows": 2 * COUNT, "not_sent": 2 * COUNT}
    assert cli.server.state.requests_total == before
    assert known_at(cli) is None


def test_the_sandbox_reads_the_other_campaigns_of_its_own_ledger(cli, people):
    path = people(COUNT)
    cli("batch-call", path, *HELLO, *OPT_OUT, "--sandbox", "--campaign", "spring")
    ran = cli("batch-call", path, *HELLO, "--sandbox", "--campaign", "autumn", *JSON)
    assert ran.counts == {"rows": COUNT, "accepted": COUNT}
    assert [(one["campaign"], one["unknown"]) for one in ran.document["other_campaigns"]] == [
        ("spring", None)
    ]


def test_two_machines_with_one_database_know_of_each_other_s_opt_outs(
    cli,
    served,
    people,
    autumn,
    monkeypatch,
    database,  # noqa: F811 - the fixture
):
    monkeypatch.setenv("XUNA_LEDGER", database)
    served(opt_out=1.0)
    cli("batch-call", people(COUNT), *HELLO, "--campaign", "spring", *OPT_OUT)
    cli.server.faults.add(REFUSED)
    assert autumn(exits=3).counts == {"rows": 2 * COUNT, "screened": COUNT, "accepted": COUNT}
    cli.server.faults.clear()
    assert autumn().counts == {"rows": 2 * COUNT, "do_not_call": COUNT, "already_called": COUNT}
    [other] = autumn().document["other_campaigns"]
    assert (other["opt_outs"]["added"], other["unknown"]) == (0, None)


@pytest.mark.parametrize(("hours", "is_known"), [(2, True), (0.1, False)], ids=["hours", "minutes"])
def test_a_run_that_waits_for_long_reads_the_records_again_before_it_calls(
    cli, spring, people, no_waiting, hours, is_known
):
    """But not for each of many openings."""
    spring(appear_after=hours * 1800)
    start = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    path = people(COUNT + 1)
    ran = cli("batch-call", path, *HELLO, "--campaign", "autumn", "--start", start, "--wait", *JSON)
    assert ran.counts["accepted"] == (1 if is_known else COUNT + 1)
    assert ran.counts.get("do_not_call", 0) == (COUNT if is_known else 0)
