"""`--canary`, `--min-success` and `--stop-after`, through the command line and a sandbox."""

import pytest

from xuna_cli.sandbox.faults import Answer, Cut, Refuse

HELLO = ("-m", "Hi {{ name }}.", "--yes")
CANARY = ("--canary", "10", "--min-success", "10%")
NEVER = ("--canary", "10", "--min-success", "100%")


def test_the_canary_is_called_and_the_next_run_goes_on_by_its_outcomes(cli, api, people):
    path = people(30)
    first = cli("batch-call", path, *HELLO, *CANARY, "--output", "json")
    assert first.counts == {"rows": 10, "accepted": 10}
    assert first.document["list_complete"] is False
    assert first.document["canary"] == {
        "wanted": 10,
        "needed": 1,
        "called": 10,
        "proven": 0,
        "successes": 0,
        "stuck": 0,
        "state": "waiting",
    }
    assert (
        "xuna: canary waiting: 10 of 10 people called, 0 with a proven outcome; 0 successes, 1 needed (10%)"
        in first.err
    )
    second = cli("batch-call", path, *HELLO, *CANARY, "--output", "json")
    assert (len(cli.called), second.document["canary"]["state"]) == (30, "passed")
    assert second.document["canary"]["proven"] == 10
    assert second.counts == {"rows": 30, "already_called": 10, "accepted": 20}


def test_a_canary_that_waits_for_rows_says_so_and_what_to_do(cli, api, people):
    path = people(4)
    few = cli("batch-call", path, *HELLO, *CANARY).err
    assert "xuna: canary waiting: 4 of 10 people called" in few
    assert (
        "the list has nobody else to call, so the canary waits until rows are added; to judge the 4 people"
        in few
    )
    advice = few.partition("were called, use ")[2].split()
    assert advice[:2] == ["--canary", "4"]
    place = CANARY.index("--canary")
    changed = (*CANARY[:place], *advice[:2], *CANARY[place + 2 :])
    later = cli("batch-call", path, *HELLO, *changed).err
    assert "canary passed: 4 of 4 people called" in later
    assert "rows are added" not in later


def test_a_canary_of_which_somebody_is_still_to_be_called_does_not_wait_for_rows(cli, api, people):
    path = people(4)
    options = (*HELLO, *CANARY)
    assert "rows are added" not in cli("batch-call", path, *options, "--limit", 2).err
    assert "rows are added" not in cli("batch-call", path, *options, "--start", "2099-01-01T00:00Z").err
    assert "rows are added" not in cli("batch-call", path, *options, "--dry-run").err


def test_a_canary_that_fails_stops_the_campaign_and_says_so_whatever_quiet(cli, api, people):
    path = people(30)
    cli("batch-call", path, *HELLO, *NEVER)
    for _ in range(2):
        ran = cli("batch-call", path, *HELLO, *NEVER, "--quiet")
        assert "xuna: canary stopped: 10 of 10 people called, 10 with a proven outcome" in ran.err
        assert "10 needed (100%), which can't be reached any more; nobody else is called" in ran.err
    assert len(cli.called) == 10


def test_without_outcomes_nobody_else_is_called(cli, api, people):
    path = people(30)
    cli.call(path, *HELLO, *CANARY)
    api.faults.add(Answer(on="conversations", status=401, body="no"))
    ran = cli("batch-call", path, *HELLO, *CANARY)
    assert "xuna: warning: the outcomes could not be read" in ran.err
    assert "canary waiting" in ran.err
    assert len(cli.called) == 10


def test_held_people_are_of_the_canary(cli, api, people):
    """Who may have been called was not called once more than the canary has room for."""
    path = people(30)
    api.faults.add(Cut(times=1))
    document = cli.call(path, *HELLO, *NEVER, "--batch-size", "5", "--max-unknown", "9", exits=7)
    assert (document["counts"]["held"], document["counts"]["accepted"]) == (5, 5)
    assert (document["canary"]["called"], document["canary"]["stuck"]) == (10, 5)
    assert cli.call(path, *HELLO, *NEVER, exits=(0, 7))["counts"]["accepted"] == 0
    assert len(set(cli.called)) == 10


def test_a_canary_with_held_people_names_the_command_that_shows_them(cli, api, people):
    path = people(30)
    api.faults.add(Answer(times=1))
    options = (*HELLO, *NEVER, "--batch-size", "5", "--max-unknown", "9")
    assert "5 people are held" in (said := cli("batch-call", path, *options, exits=7).err)
    assert said.rstrip().endswith("see xuna campaigns show people")


def test_who_was_refused_is_not_of_the_canary(cli, api, people):
    refused = "+15551000003"
    api.faults.add(Refuse(numbers=(refused,)))
    path = people(30)
    cli.call(path, *HELLO, *NEVER, exits=3)
    cli.call(path, *HELLO, *NEVER, exits=(0, 3))
    assert len(cli.called) <= 10
    assert refused not in cli.called


def test_a_dry_run_shows_the_people_of_the_canary(cli, api, people):
    path = people(30)
    ran = cli("batch-call", path, *HELLO, *CANARY, "--dry-run", "--output", "json")
    assert ran.counts == {"rows": 10, "not_sent": 10}
    assert ran.document["canary"]["state"] == "waiting"
    cli("batch-call", path, *HELLO, *CANARY)
    assert cli("batch-call", path, *HELLO, *CANARY, "--dry-run", "--output", "json").counts == {}


def test_max_calls_counts_the_people_of_the_canary_only(cli, api, people):
    path = people(30)
    assert cli.call(path, *HELLO, *CANARY, "--max-calls", "10")["counts"]["accepted"] == 10
    assert cli.call(path, *HELLO, *CANARY, "--max-calls", "19", exits=2)["errors"][0]["code"] == "max-calls"


def test_the_goal_ends_the_campaign(cli, api, people):
    path = people(30)
    first = cli.call(path, *HELLO, "--stop-after", "3", "--limit", "10")
    assert first["stop_after"] == {"wanted": 3, "successes": 0, "met": False}
    ran = cli("batch-call", path, *HELLO, "--stop-after", "3", "--output", "json")
    assert ran.document["stop_after"] == {"wanted": 3, "successes": 3, "met": True}
    assert "xuna: the goal of 3 successes is met: nobody else is called" in ran.err
    assert len(cli.called) == 10
    assert cli.call(path, *HELLO)["stop_after"] is None
    assert len(cli.called) == 30


@pytest.mark.slow
def test_with_wait_the_run_reads_the_outcomes_itself_and_goes_on(cli, api, people):
    ran = cli("batch-call", people(30), *HELLO, *CANARY, "--wait", "--batch-size", "4", "--output", "json")
    assert ran.counts == {"rows": 30, "accepted": 30}
    assert ran.document["canary"]["state"] == "passed"
    assert "10 people of the canary are called; waiting for the outcomes" in ran.err
    assert len(set(cli.called)) == 30


@pytest.mark.slow
def test_with_wait_a_canary_that_fails_ends_the_run(cli, api, people):
    document = cli.call(people(30), *HELLO, *NEVER, "--wait")
    assert (document["canary"]["state"], len(cli.called)) == ("stopped", 10)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--min-success", "30%"), "canary", "--canary 20 --min-success 30%"),
        (("--canary", "20"), "canary", "--canary 20 --min-success 30%"),
        (("--canary", "20", "--min-success", "130%"), "min-success", "like 30%"),
        (("--canary", "20", "--min-success", "0%"), "min-success", "like 30%"),
        (("--canary", "20", "--min-success", "30"), "min-success", "like 30%"),
        (("--canary", "20", "--min-success", "a third"), "min-success", "like 30%"),
        (("--canary", "0", "--min-success", "30%"), "option-value", ""),
        (("--canary", "many", "--min-success", "30%"), "option-value", ""),
        (("--stop-after", "0"), "option-value", ""),
    ],
)
def test_what_can_not_be_is_said_and_calls_nobody(cli, api, people, options, code, words):
    ran = cli("batch-call", people(30), *HELLO, *options, "--output", "json", exits=2)
    [error] = ran.document["errors"]
    assert error["code"] == code
    assert words in (error["hint"] or "")
    assert cli.called == []


class TestOfACampaignFile:
    """`xuna run` reads the outcomes before it calls."""

    @pytest.fixture
    def run(self, cli, people):
        people(30)

        def run(*lines):
            text = 'contacts = "people.csv"\nfirst-message = "Hi {{ name }}."\n'
            cli.write("spring.toml", text + "\n".join(lines) + "\n")
            return cli("run", "spring.toml", "--yes", "--output", "json").document

        return run

    def test_an_hourly_run_carries_the_campaign_over_its_canary(self, cli, api, run):
        lines = ("canary = 10", 'min-success = "10%"')
        assert run(*lines)["batch_call"]["canary"]["state"] == "waiting"
        second = run(*lines)
        assert (second["batch_call"]["canary"]["state"], len(cli.called)) == ("passed", 30)

    def test_a_stopped_campaign_has_finished(self, cli, api, run):
        lines = ("canary = 10", 'min-success = "100%"')
        assert run(*lines)["campaign_finished"] is False
        assert run(*lines)["campaign_finished"] is True
        assert len(cli.called) == 10

    @pytest.mark.slow
    def test_an_opt_out_that_the_wait_reads_counts_at_once(self, cli, served, run, people):
        """Who opts out in the canary has another row on the list, of another order."""
        served(opt_out=1.0)
        rows = [(f"+1555100{index % 15:04}", "Ann", str(index)) for index in range(30)]
        people(rows=rows, header=("phone", "name", "order"))
        document = run(
            'key = "order"',
            "canary = 15",
            'min-success = "10%"',
            "wait = true",
            'opt-out-when = ["opt_out=true"]',
        )
        counts = document["batch_call"]["counts"]
        assert (counts["accepted"], counts["do_not_call"]) == (15, 15)
