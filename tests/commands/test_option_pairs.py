"""Options that have no effect without, or together with, another one."""

import pytest

from xuna_cli.commands.app import all_commands

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


def test_days_may_have_the_dash_of_a_document(cli, people):
    cli("batch-call", people(1), *HELLO, "--dry-run", "--days", "mon\u2013fri")
