"""Options that have no effect without, or together with, another one."""

import pytest

from xuna_cli.commands.app import all_commands
from xuna_cli.commands.given_values import LAST_COUNTS, has_one_value

HELLO = ("-m", "Hi {{ name }}.")


def test_whatever_an_option_needs_is_an_option_of_its_command():
    for name, command in all_commands().items():
        parameters = {one.name for one in command.params}
        needs = command.callback.needs
        assert {needs[one] for one in needs.keys() & parameters} <= parameters, name


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("campaigns export people --region US", "--region needs --join"),
        ("campaigns export people --phone-column phone", "--phone-column needs --join"),
        ("campaigns export people --region-column phone", "--region-column needs --join"),
        ("campaigns retry-list people --outcome failure --to x.csv --region US", "--region needs --join"),
        (
            "campaigns retry-list people --outcome failure --to x.csv --after 3h",
            "--after needs no-conversation",
        ),
        (
            "campaigns retry-list people --outcome failure --to x.csv --absence-counts",
            "--absence-counts needs",
        ),
        ("campaigns outcomes people --for 1h", "--for needs --watch"),
        ("campaigns outcomes people --every 1s", "--every needs --watch"),
        ("batch-call people.csv --max-list-age 31d", "--max-list-age needs --do-not-call"),
        ("init --to spring.toml", "--to needs campaign"),
    ],
)
def test_an_option_without_what_it_needs_is_refused(cli, people, command, message):
    people(2)
    assert message in cli(*command.split(), exits=2).err


def test_a_variable_may_set_an_option_that_has_no_effect(cli, api, people, monkeypatch):
    monkeypatch.setenv("XUNA_REGION", "US")
    monkeypatch.setenv("XUNA_MAX_LIST_AGE", "31d")
    cli("batch-call", people(2), *HELLO)
    cli("campaigns", "export", "people")


@pytest.mark.parametrize("option", ["--do-not-call-column", "--region-column"])
def test_a_column_of_a_rendered_list_is_not_ignored(cli, people, option):
    path = people(
        rows=[("+12125550101", "Ann", ""), ("+12125550102", "Bob", "x")], header=("phone", "name", "stop")
    )
    cli("render", path, *HELLO, "--to", "targets.jsonl")
    said = cli("batch-call", "targets.jsonl", option, "stop", "--dry-run", exits=2).err
    assert f"{option} can't change it" in said
    cli("batch-call", "targets.jsonl", option, "none", "--dry-run")


def test_several_do_not_call_lists_with_commas_are_told(cli, people, monkeypatch):
    for name in ("a.csv", "b.csv"):
        cli.write(name, "phone\n+15551000000\n")
    call = ("batch-call", people(2), *HELLO, "--dry-run", "--output", "json")
    said = cli(*call, "--do-not-call", "a.csv,b.csv", exits=5).document["errors"][0]["hint"]
    advice = said.partition("itself: ")[2].partition(";")[0].split()
    assert advice == ["--do-not-call", "a.csv", "--do-not-call", "b.csv"]
    assert cli(*call, *advice).counts == {"rows": 2, "do_not_call": 1, "not_sent": 1}
    monkeypatch.setenv("XUNA_DO_NOT_CALL", "a.csv,b.csv")
    assert "put ':' between them" in cli(*call, exits=5).err
    monkeypatch.setenv("XUNA_DO_NOT_CALL", "a.csv:b.csv")
    assert cli(*call).counts == {"rows": 2, "do_not_call": 1, "not_sent": 1}


@pytest.mark.parametrize("option", ["--do-not-call-column", "--region-column", "--call-after-column"])
@pytest.mark.parametrize("none", ["none", "None", "NONE"])
def test_no_column_in_any_spelling(cli, people, option, none):
    cli("batch-call", people(2), *HELLO, option, none, "--dry-run")


def test_a_dry_run_counts_for_max_calls_as_the_run_does(cli, api, people):
    path = people(
        rows=[("+12125550101", "Ann", "2030-01-01"), ("+12125550102", "Bob", "2030-01-01")],
        header=("phone", "name", "call_after"),
    )
    call = ("batch-call", path, *HELLO, "--wait", "--max-calls", "1")
    assert "more than 1 person" in cli(*call, "--dry-run", exits=2).err
    assert "more than 1 person" in cli(*call, exits=2).err


@pytest.mark.parametrize(
    ("option", "value", "status"),
    [
        ("--metrics", "figures.txt", 2),
        ("--metrics", "missing/figures.prom", 5),
        ("--log", "missing/events.jsonl", 5),
        ("--log", ".", 5),
        ("--log", "people.csv", 2),
    ],
)
def test_a_dry_run_checks_the_files_that_the_run_would_write(cli, api, people, option, value, status):
    call = ("batch-call", people(2), *HELLO, option, value)
    for dry in (("--dry-run",), ()):
        assert value in cli(*call, *dry, exits=status).err
    assert api.state.total == 0


def test_a_dry_run_without_a_ledger_checks_the_url(cli, people):
    assert (
        "--base-url"
        in cli("batch-call", people(1), *HELLO, "--dry-run", "--base-url", "ftp://x", exits=4).err
    )


@pytest.mark.parametrize("hours", ["18:00-09:00", "20:00-08:00", "21:00 - 9:00"])
def test_hours_that_are_probably_swapped_are_refused(cli, people, hours):
    call = ("batch-call", people(1), *HELLO, "--dry-run", "--hours")
    said = cli(*call, hours, exits=2).err
    assert "runs past midnight, so it is open all night" in said
    day, night = said.split("write ")[1].split(";")[0], said.split("two windows: ")[1].strip()
    cli(*call, day)
    cli(*call, night)


@pytest.mark.parametrize("hours", ["22:00-02:00", "20:00-07:59", "12:00-00:00", "06:00-24:00", "00:00-24:00"])
def test_other_hours_are_taken(cli, people, hours):
    cli("batch-call", people(1), *HELLO, "--dry-run", "--hours", hours)


def test_days_that_are_over_are_told(cli, people, monkeypatch):
    call = ("batch-call", people(1), *HELLO, "--dry-run", "--quiet")
    assert "--not-on: all of these days are over" in cli(*call, "--not-on", "2020-12-25,2020-12-26").err
    assert "days are over" not in cli(*call, "--not-on", "2020-12-25,2090-12-25").err
    monkeypatch.setenv("XUNA_NOT_ON", "2020-12-25")
    assert "XUNA_NOT_ON in the environment: all of these days are over" in cli(*call).err


@pytest.mark.parametrize("rate", ["1e-300/s", "0.0006/m", "0/s", "-1/s", "inf/s", "nan/m", "10", "10/h"])
def test_a_rate_at_which_nobody_is_called_is_refused(cli, people, rate):
    said = cli("batch-call", people(1), *HELLO, "--dry-run", "--rate", rate, exits=2).err
    assert f"--rate: {rate!r} is not a valid rate" in said


@pytest.mark.parametrize("rate", ["10/s", "300/M", "1 / m", "0.001/m"])
def test_other_rates_are_taken(cli, people, rate):
    cli("batch-call", people(1), *HELLO, "--dry-run", "--rate", rate)


def test_days_may_have_the_dash_of_a_document(cli, people):
    cli("batch-call", people(1), *HELLO, "--dry-run", "--days", "mon\u2013fri")


# ------------------------------------------------------------------------------- given twice, and pasted


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in all_commands()])
def test_an_option_with_one_value_is_not_given_twice(cli, name):
    """The first value would be lost: a day without calls, or a country."""
    for one in all_commands()[name].params:
        if has_one_value(one):
            option = max(one.opts, key=len)
            said = cli(*name.split(), option, "1", f"{option}=2", exits=2).err
            assert f"{option} is given 2 times" in said


def test_of_an_option_that_only_says_how_to_send_or_write_the_last_value_counts(cli, people):
    panels = {
        getattr(one, "rich_help_panel", None) for command in all_commands().values() for one in command.params
    }
    assert panels >= LAST_COUNTS
    call = ("batch-call", people(2), *HELLO, "--dry-run", "--output", "table", "--batch-size", "1")
    assert cli(*call, "--output", "json", "--batch-size", "2").document["preview"]["requests"] == 1


def test_the_advice_for_an_option_that_is_given_twice_works(cli, people):
    call = ("batch-call", people(2), *HELLO, "--dry-run")
    assert "with commas: --country CC[,CC]" in cli(*call, "--country", "US", "--country", "CA", exits=2).err
    cli(*call, "--country", "US,CA")
    cli(*call, "--do-not-call-column", "name", "--do-not-call-column", "phone")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("\u2013dry-run", "--dry-run"),
        ("\u2014dry-run", "--dry-run"),
        ("\u2212\u2212limit=1", "--limit=1"),
        ("\u2013q", "-q"),
    ],
)
def test_a_dash_of_a_document_is_told(cli, api, people, typed, meant):
    path = people(2)
    said = cli("batch-call", path, *HELLO, typed, exits=2).err
    assert said.rstrip().endswith(f": {meant}")
    cli("batch-call", path, *HELLO, meant, "--sandbox")
    assert api.state.total == 0


@pytest.mark.parametrize("typed", ["--batch_size", "--batchsize", "--Batch-Size"])
def test_a_mistyped_option_is_told(cli, people, typed):
    assert "did you mean --batch-size?" in cli("batch-call", people(1), *HELLO, typed, "5", exits=2).err
