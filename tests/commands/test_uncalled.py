"""People whom no run with the same list and options can call are told on stderr, whatever prints the result."""

import pytest

from tests.commands.conftest import number

HELLO = ("-m", "Hi {{ name }}.")
HOURS = ("--hours", "09:00-18:00")  # numbers with 555 may lie anywhere from Guam to Bermuda
ALWAYS = ("--hours", "00:00-24:00")
CALLABLE = "+12125550100"
NOWHERE = "+870773111632"
QUIET_TABLE, QUIET_JSON, JSON = ("--quiet",), ("--quiet", "--output", "json"), ("--output", "json")
CSV = ("--output", "csv")

pytestmark = pytest.mark.usefixtures("api")


@pytest.fixture
def hourly(cli, people):
    """Run batch-call as cron does, after a first run that creates the ledger; return what it prints on stderr."""
    people(rows=[("+12125550199", "First")], name="first.csv")
    cli("batch-call", "first.csv", *HELLO)

    def run(*options, rows, exits=0, header=("phone", "name")):
        people(rows=rows, header=header)
        hours = () if "--hours" in options else ALWAYS
        return cli("batch-call", "people.csv", *HELLO, *hours, *options, exits=exits).err

    return run


@pytest.mark.parametrize("output", [QUIET_TABLE, QUIET_JSON, JSON, CSV])
def test_people_without_a_common_hour_are_told_with_what_helps(hourly, cli, output):
    rows = [(number(0), "Ann"), (number(1), "Bo")]
    err = hourly(*HOURS, *output, rows=rows)
    assert "2 people can't be called at any time with these options, e.g. row 2: no-common-hour" in err
    advice = err.partition("use e.g. ")[2].split()[:2]
    assert advice[0] == "--default-timezone"
    err = hourly(*HOURS, *output, *advice, rows=rows)
    assert "can't be called" not in err


def test_a_number_of_a_known_range_gets_no_advice_that_does_not_help(hourly):
    toll_free = [("+18005550104", "Di")]
    err = hourly("--hours", "09:00-10:00", "--quiet", rows=toll_free)
    assert "1 person can't be called at any time" in err
    assert "add a column timezone with the person's time zone" in err
    assert "--default-timezone" not in err
    zoned = [("+18005550104", "Di", "America/New_York")]
    header = ("phone", "name", "timezone")
    assert hourly("--hours", "09:00-10:00", "--quiet", rows=zoned, header=header) == ""


def test_a_zone_that_is_unknown_is_told_with_its_exit_code(hourly):
    err = hourly(*ALWAYS, "--allow-premium", "--quiet", rows=[(NOWHERE, "Ann")], exits=3)
    assert "1 person can't be called at any time with these options, e.g. row 2: no-timezone" in err
    advice = err.partition("use e.g. ")[2].split()[:2]
    assert hourly(*ALWAYS, "--allow-premium", "--quiet", *advice, rows=[(NOWHERE, "Ann")]) == ""


def test_rejected_rows_without_a_main_cause_are_told_with_an_example(hourly):
    err = hourly("--quiet", rows=[("2125550100", "Ann"), (CALLABLE, ""), ("+12125550101", "Cy")], exits=3)
    assert "2 rows were rejected, e.g. row 2: " in err


@pytest.mark.parametrize("output", [QUIET_TABLE, QUIET_JSON, JSON, CSV])
def test_rejected_rows_are_told_with_the_main_cause(hourly, cli, output):
    rows = [("2125550100", "Ann"), ("2125550101", "Bo"), (CALLABLE, ""), ("+12125550101", "Cy")]
    err = hourly(*output, rows=rows, exits=3)
    assert "3 rows were rejected, 2 of them like row 2: " in err
    assert "[phone-no-country]; to get the rejected rows" in err
    rejects = err.partition("add ")[2].split()[:2]
    assert rejects == ["--rejects", "rejected.csv"]
    err = hourly(*output, *rejects, rows=rows, exits=3)
    assert "all rejected rows, with reasons, are in rejected.csv" in err
    assert len((cli.folder / "rejected.csv").read_text(encoding="utf-8").splitlines()) == 1 + 3


def test_numbers_that_may_cost_more_are_told_with_what_calls_them(hourly):
    rows = [(CALLABLE, "Ann"), ("+19005550104", "Bo")]
    err = hourly("--quiet", rows=rows)
    assert err.startswith(
        "xuna: warning: 1 person was not called because of the kind of number, e.g. row 3: "
    )
    assert err.endswith("to call it, add --allow-premium\n")
    assert hourly("--quiet", "--allow-premium", rows=rows) == ""


def test_a_column_in_which_nobody_consents_is_told(hourly):
    rows = [(CALLABLE, "Ann", "x"), ("+12125550101", "Bo", "")]
    header = ("phone", "name", "ok")
    options = ("--consent-column", "ok", "--quiet")
    err = hourly(*options, rows=rows, header=header, exits=3)
    assert 'nobody on the list has consent, e.g. row 2: no-consent: ok is "x"' in err
    assert hourly(*options, "--consent-values", "x", rows=rows, header=header) == ""


def test_people_who_are_deferred_until_it_is_too_late_are_told(hourly):
    header = ("phone", "name", "call_before")
    rows = [(CALLABLE, "Ann", "2099-01-01T00:00Z"), ("+12125550101", "Bo", "2098-01-01T00:00Z")]
    err = hourly("--start", "2098-06-01T00:00Z", "--quiet", rows=rows, header=header)
    assert "1 deferred person can't be called at any later time, e.g. row 3: before-start" in err


def test_the_example_is_there_behind_a_thousand_other_rows(hourly, cli):
    rows = [(number(index), "Ann") for index in range(1001)]
    cli.write("dnc.csv", "phone\n" + "".join(f"{phone}\n" for phone, _ in rows))
    unknown = [*rows, (number(2000), "Zoe")]
    err = hourly(*HOURS, "--do-not-call", "dnc.csv", "--quiet", rows=unknown)
    assert "1 person can't be called at any time with these options, e.g. row 1003: no-common-hour" in err


def test_a_job_in_which_all_is_normal_prints_nothing(hourly, cli):
    header = ("phone", "name", "do_not_call")
    rows = [(CALLABLE, "Ann", ""), ("+12125550101", "Bo", "yes"), (CALLABLE, "Ann", "")]
    assert hourly("--quiet", rows=rows, header=header) == ""
    assert hourly("--quiet", rows=rows, header=header) == ""  # everybody is called
    later = [*rows, ("+12125550102", "Cy", "")]
    assert hourly("--quiet", "--start", "2099-01-01T00:00Z", rows=later, header=header) == ""  # deferred
    called = hourly("--quiet", *HOURS, rows=[(number(0), "Ann")])
    assert called.count("\n") == 1


def test_the_table_says_it_once(cli, people):
    people(rows=[(number(index), "Ann") for index in range(8)])
    ran = cli("batch-call", "people.csv", *HELLO, *HOURS)
    assert ran.out.count("never overlap") == 1
    assert "rows 2, 3, 4, 5, 6, …: no-common-hour" in ran.out
    assert "can't be called at any time" not in ran.err


def test_a_quiet_review_says_it_too(cli, people):
    people(rows=[(CALLABLE, "Ann"), ("12", "Bo")])
    ran = cli("render", "people.csv", *HELLO, "--to", "calls.jsonl", "--quiet", exits=3)
    assert "1 row was rejected, namely row 3" in ran.err


def test_a_campaign_file_says_it_too(cli, people):
    people(rows=[(number(0), "Ann"), ("12", "Bo")])
    cli.write(
        "spring.toml", 'contacts = "people.csv"\nfirst-message = "Hi {{ name }}."\nhours = "09:00-18:00"\n'
    )
    for output in (QUIET_TABLE, JSON):
        err = cli("run", "spring.toml", *output, exits=3).err
        assert "1 row was rejected, namely row 3" in err
        assert "1 person can't be called at any time" in err
    out = cli("run", "spring.toml", exits=3).out
    assert "In spring.toml, the keys are: rejects, default-timezone." in out
    assert (
        "nobody will be called any more unless you fix the 1 rejected row and the calling times of 1 person"
        in out
    )
