"""A campaign file: its contents, precedence, and errors."""

import dataclasses
import shlex
from pathlib import Path

import pytest

from tests.commands.conftest import number
from tests.support.manual import parse
from xuna_cli.commands.app import all_commands
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.campaign_file import OF_ONE_RUN, key_of, lines_of_keys
from xuna_cli.commands.option_types import declaration

JSON = ("--output", "json")

SPRING = """
contacts = "people.csv"
first-message = "Hi {{ name }}."
"""


@pytest.fixture
def spring(cli, people):
    """`spring('rate = "10/s"')` writes a campaign file with these lines for a list of three, and returns its path."""
    people(3)

    def write(*lines, name="spring.toml"):
        return cli.write(name, SPRING + "\n".join(lines) + "\n")

    return write


def test_everybody_on_its_list_is_called_with_its_message_and_once(cli, api, spring):
    spring()
    assert cli("run", "spring.toml", *JSON).counts == {"rows": 3, "accepted": 3}
    assert [said["agent"]["first_message"] for said in cli.said] == [f"Hi Person {i}." for i in range(3)]
    assert cli("run", "spring.toml", *JSON).counts == {"rows": 3, "already_called": 3}
    assert api.state.total == 3


def test_the_campaign_is_named_like_the_file_and_not_like_its_list(cli, api, spring):
    spring()
    spring(name="autumn.toml")
    assert cli("run", "spring.toml", *JSON).document["campaign"] == "spring"
    assert cli("run", "autumn.toml", *JSON).counts == {"rows": 3, "accepted": 3}
    spring('campaign = "spring"', name="winter.toml")
    assert cli("run", "winter.toml", *JSON).counts == {"rows": 3, "already_called": 3}


def test_every_option_of_batch_call_is_a_key_except_those_of_a_single_run():
    keys = {key_of(one) for one in all_commands()["run"].params}
    for one in all_commands()["batch-call"].params:
        if one.param_type_name == "option":
            assert key_of(one) in keys | OF_ONE_RUN
    assert keys >= OF_ONE_RUN - {"check"}
    assert "contacts" in keys


def test_what_is_a_path_is_declared_as_one():
    """The metavar says which options are relative to the file."""
    for field in dataclasses.fields(BatchCallOptions):
        if (info := declaration(field)) is not None and "Path" in str(field.type):
            assert info.metavar.startswith("FILE"), field.name


def test_paths_are_relative_to_the_file(cli, people, tmp_path):
    folder = tmp_path / "calls"
    folder.mkdir()
    people(3, name="calls/people.csv")
    people(1, name="calls/not.csv")
    cli.write("calls/hello.txt", "Hello {{ name }}.")
    cli.write(
        "calls/spring.toml",
        'contacts = "people.csv"\nfirst-message-file = "hello.txt"\ndo-not-call = "not.csv"\nledger = "l.db"\n'
        'rejects = "rejects.csv"\nlog = "log.jsonl"\nmetrics = "m.prom"\nenv-file = "settings"\n',
    )
    cli.write("calls/settings", "XUNA_AGENT_ID=agent_sandbox\n")
    ran = cli("run", "calls/spring.toml", "--dry-run", *JSON)
    assert ran.counts == {"rows": 3, "do_not_call": 1, "not_sent": 2}
    assert ran.document["batch_call"]["preview"]["samples"][0]["first_message"] == "Hello Person 1."
    assert ran.document["batch_call"]["ledger"]["path"] == str(folder / "l.db")


def test_an_absolute_path_and_one_from_home_stay_what_they_are(cli, people, tmp_path):
    people(1, name="home/people.csv")
    cli.write("spring.toml", 'contacts = "~/people.csv"\nfirst-message = "Hi."')
    assert cli("run", "spring.toml", "--dry-run", *JSON).counts == {"rows": 1, "not_sent": 1}
    cli.write("spring.toml", f'contacts = "{tmp_path}/home/people.csv"\nfirst-message = "Hi."')
    assert cli("run", "spring.toml", "--dry-run", *JSON).counts == {"rows": 1, "not_sent": 1}


@pytest.mark.parametrize(
    ("line", "flags", "accepted"),
    [
        ("limit = 1", (), 1),
        ("limit = 1", ("--limit", 2), 2),
    ],
)
def test_a_flag_wins_over_the_file(cli, api, spring, line, flags, accepted):
    spring(line)
    counts = cli("run", "spring.toml", *flags, *JSON).counts
    assert counts["accepted"] == accepted


def test_the_file_wins_over_the_defaults_and_these_over_the_environment_and_dotenv(cli, spring, monkeypatch):
    def said():
        ran = cli("run", "spring.toml", "--dry-run", *JSON)
        return ran.document["batch_call"]["preview"]["samples"][0]["first_message"]

    cli.write("spring.toml", 'contacts = "people.csv"\n')
    cli.write(".env", "XUNA_FIRST_MESSAGE='dotenv'\n")
    assert said() == "dotenv"
    monkeypatch.setenv("XUNA_FIRST_MESSAGE", "environment")
    assert said() == "environment"
    cli.write("xuna.toml", '[defaults]\nfirst-message = "defaults"\n')
    assert said() == "defaults"
    cli.write("spring.toml", 'contacts = "people.csv"\nfirst-message = "file"\n')
    assert said() == "file"
    ran = cli("run", "spring.toml", "-m", "flag", "--dry-run", *JSON)
    assert ran.document["batch_call"]["preview"]["samples"][0]["first_message"] == "flag"


def test_a_switch_can_be_turned_off_by_the_file(cli, spring, monkeypatch):
    monkeypatch.setenv("XUNA_REQUIRE_SEAL", "1")
    spring()
    assert "is not sealed" in cli("run", "spring.toml", "--dry-run", exits=5).err
    spring("require-seal = false")
    cli("run", "spring.toml", "--dry-run")


@pytest.mark.parametrize(
    ("defaults", "file", "flags", "said"),
    [
        ("", "first-message = 'file'", ("--first-message-file", "hello.txt"), "hello"),
        ("", "first-message-file = 'hello.txt'", ("-m", "flag"), "flag"),
        ("", "agent-message = true", ("-m", "flag"), "flag"),
        ("", "agent-message = false\nfirst-message = 'file'", (), "file"),
        ("first-message = 'defaults'", "first-message-file = 'hello.txt'", (), "hello"),
        ("first-message-file = 'hello.txt'", "first-message = 'file'", (), "file"),
        ("first-message = 'defaults'", "", (), "defaults"),
    ],
)
def test_a_stronger_source_replaces_a_message_in_whatever_way_it_is_given(
    cli, people, defaults, file, flags, said
):
    people(1)
    cli.write("hello.txt", "hello")
    cli.write("xuna.toml", f"[defaults]\n{defaults}\n")
    cli.write("spring.toml", f"contacts = 'people.csv'\n{file}\n")
    document = cli("run", "spring.toml", "--dry-run", *flags, *JSON).document
    assert document["batch_call"]["preview"]["samples"][0]["first_message"] == said


def test_two_ways_of_the_message_in_one_file_contradict_each_other(cli, people):
    people(1)
    cli.write("spring.toml", "contacts = 'people.csv'\nfirst-message = 'a'\nfirst-message-file = 'b.txt'\n")
    assert "can't be used together" in cli("run", "spring.toml", "--dry-run", exits=2).err


def test_a_mistake_in_the_message_is_told_with_the_line_too(cli, people):
    people(1)
    cli.write("spring.toml", "contacts = 'people.csv'\nfirst-message = 'Hi {{ nme }}.'\n")
    assert "spring.toml, line 2, first-message" in cli("run", "spring.toml", "--dry-run", exits=5).err


def test_do_not_call_lists_of_all_sources_are_obeyed_together(cli, spring, people, monkeypatch):
    people(1, name="a.csv", first=0)
    people(1, name="b.csv", first=1)
    people(1, name="c.csv", first=2)
    cli.write("xuna.toml", '[defaults]\ndo-not-call = ["a.csv"]\n')
    spring('do-not-call = "b.csv"')
    assert cli("run", "spring.toml", "--dry-run", *JSON).counts["do_not_call"] == 2
    assert cli("run", "spring.toml", "--dry-run", "--do-not-call", "c.csv", *JSON).counts["do_not_call"] == 3


def test_values_are_written_as_toml_has_them(cli, people):
    people(
        rows=[("+12125550101", "Ann", "de"), ("+12125550102", "Bo", "fr")], header=("phone", "name", "lang")
    )
    cli.write(
        "spring.toml",
        """
contacts = "people.csv"                        # the list
first-message = '''
Hi {{ name }},
"quoted".
'''
override = ["agent.language={{ lang }}"]
country = ["US", "CA"]
not-on = [2030-12-25, "2030-12-26"]
until = 2030-12-01T18:00:00-05:00
hours = "00:00-24:00"
days = "mon-sun"
close-early = 5
default-timezone = "America/New_York"
batch-size = 10
timeout = 30
quiet-days = 1.5
strict-messages = false
format = "csv"
""",
    )
    document = cli("run", "spring.toml", "--dry-run", *JSON).document["batch_call"]
    assert document["counts"]["not_sent"] == 2
    assert document["preview"]["samples"][0]["first_message"] == 'Hi Ann,\n"quoted".'


@pytest.mark.parametrize(
    ("line", "problem", "hint"),
    [
        ("hourz = '09:00-18:00'", "unknown key 'hourz'", "did you mean hours?"),
        ("atempts = 3", "unknown key 'atempts'", "did you mean attempts?"),
        ("attempts = 3", "--attempts 3 needs", ""),
        ("attempts = '3'", "attempts: must be a number, without quotes", ""),
        ("again = ['busy']\nattempts = 3\nagain-after = ['4h']", "busy", ""),
        ("first_message = 'Hi.'", "unknown key 'first_message'", "did you mean first-message?"),
        ("[message]", "unknown key 'message'", ""),
        ("rate = 'fast'", "rate: 'fast' is not a valid rate", ""),
        ("rate = ['1/s']", "rate: can only have one value, so it can't be a list", ""),
        ("rejects = ''", "rejects: must name a file", ""),
        ("rate = true", "rate: must be text in quotes", ""),
        ("wait = 'yes'", "wait: must be true or false, without quotes", ""),
        ("batch-size = '10'", "batch-size: must be a number, without quotes", ""),
        ("batch-size = true", "batch-size: must be a number, without quotes", ""),
        ("batch-size = 1.5", "batch-size: must be a number, without quotes", ""),
        ("batch-size = 0", "batch-size: 0 is less than 1", ""),
        ("concurrency = 9999", "concurrency: 9999 is not a number from 1 to 256", ""),
        ("quiet-days = -1", "quiet-days: -1 is less than 0", ""),
        ("timeout = nan", "timeout: nan is not a usable number", ""),
        ("output = 'xml'", "output: 'xml' is not one of 'table', 'json', 'csv'", ""),
        ("country = ['US,CA']", "country: a value in a list can't have a comma", ""),
        ("opt-out-when = 'x'", "--opt-out-when 'x': it has to be FIELD=VALUE", ""),
        ("quiet-days = 99999", "--quiet-days 99999 is too long", ""),
        ("override = [1979-05-27, {}]", "override: must be text in quotes", ""),
        ("hours = '9 to 5'", "hours: ", ""),
        ("until = 2030-12-01T18:00:00", "until: ", ""),
        ("hours = 09:00-18:00", "", "text has to be in quotes"),
        ("hours = ", "the value can't be read", ""),
        ("list = 'x.csv'", "unknown key 'list'", "did you mean contacts?"),
        ("hours = '09:00-18:00", "a quote is missing", ""),
        ('hours = "09:00-18:00', "a quote is missing", ""),
        ('hours = "09:00-18:00\n', "a quote is missing", ""),
        ('hours = "C:\\x"', "a backslash in double quotes has to be doubled", ""),
        ("hours = '1'\nhours = '2'", "this key is already in the file", ""),
        ("api-key = 'k'", "api-key: the API key can't be in a file", "XUNA_AI_API_KEY"),
        ("XUNA_AI_API_KEY = 'k'", "the API key can't be in a file", "XUNA_AI_API_KEY"),
        ("ledger = 'postgresql://me:secret@db/calls'", "a password can't be in a file", "XUNA_LEDGER"),
        ("base-url = 'https://me:secret@localhost'", "a password can't be in a file", "XUNA_AI_API_KEY"),
        ("yes = true", "yes can't be set in a file", "--yes"),
        ("dry-run = true", "dry-run can't be set in a file", "--dry-run"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key_and_nobody_is_called(cli, api, spring, line, problem, hint):
    spring("", "# one more line", line)
    ran = cli("run", "spring.toml", exits=2)
    at = 7 if line.startswith("hours = '1'") else 6
    assert f"spring.toml, line {at}" in ran.err
    assert problem in ran.err
    assert hint in ran.err
    assert "secret" not in ran.err
    assert api.state.total == 0
    assert not cli.ledger.exists()


def test_the_line_is_that_of_the_key_after_texts_of_several_lines():
    text = 'a = """\nb = 1\nc = [\n"""\n\n# c = 1\nb = [\n  1, # ]\n  "c = 2",\n]\n"c" = 3\n\n[d]\ne.f = 1\n'
    assert lines_of_keys(text) == {"a": 1, "b": 7, "c": 11, "d": 13, "e": 14}


def test_a_mistake_is_also_a_document(cli, spring):
    spring("hourz = 1")
    document = cli("run", "spring.toml", *JSON, exits=2).document
    assert document["command"] == "run"
    assert document["errors"][0]["code"] == "campaign-file"


def test_a_file_without_a_list_says_so(cli):
    cli.write("spring.toml", "hours = '09:00-18:00'\n")
    assert 'contacts = "people.csv"' in cli("run", "spring.toml", exits=2).err


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"#" * 70_000])
def test_a_file_that_cannot_be_read_is_an_input_error(cli, tmp_path, content):
    if content is not None:
        (tmp_path / "spring.toml").write_bytes(content)
    assert "spring.toml" in cli("run", "spring.toml", exits=5).err


def test_a_list_in_place_of_a_campaign_file_is_told_what_to_run(cli, people):
    people(1, name="my people.csv")
    ran = cli("run", "my people.csv", exits=2)
    assert "xuna init campaign 'my people.csv'" in ran.err
    assert "quotes" not in ran.err


def test_a_file_of_windows_is_read(cli, people):
    people(1)
    Path("spring.toml").write_bytes(b'\xef\xbb\xbfcontacts = "people.csv"\r\nfirst-message = "Hi."\r\n')
    assert cli("run", "spring.toml", "--dry-run", *JSON).counts["not_sent"] == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hours = '09:00-18:00'", "line 1, hours: xuna.toml only has the table [defaults]"),
        ("[defaults]\nhourz = 1", "line 2: unknown key 'hourz'"),
        (
            "[defaults]\nbase-url = 'https://example.com'",
            "line 2, base-url: base-url can't be set for all campaigns",
        ),
        ("[defaults]\non-end = 'x'", "line 2, on-end: on-end can't be set for all campaigns"),
        ("[defaults]\nreport = 'x'", "line 2, report: report can't be set for all campaigns"),
        ("[defaults]\ncampaign = 'x'", "line 2, campaign: campaign can't be set for all campaigns"),
        (
            "[defaults]\nledger = 'postgresql://db/calls'",
            "line 2, ledger: ledger can't be set for all campaigns",
        ),
        ("[defaults]\nrate = 'fast'", "line 2, rate: 'fast' is not a valid rate"),
    ],
)
def test_a_mistake_in_the_defaults_is_told_too(cli, spring, text, problem):
    spring()
    cli.write("xuna.toml", text)
    assert f"xuna.toml, {problem}" in cli("run", "spring.toml", "--dry-run", exits=2).err


def test_what_is_chosen_in_the_file_counts_as_chosen_for_this_run(cli, api, people, spring):
    people(rows=[(number(0), "Ann"), ("12", "Bo")])
    spring(
        'rejects = "rejects.csv"', 'ledger = "l.db"', 'report = "r.html"', 'opt-out-when = "x=yes"',
        "strict-messages = false", "mask = false", "retry-refused = true",
    )  # fmt: skip
    ran = cli("run", "spring.toml", exits=3)
    again = next(line for line in ran.out.splitlines() if "xuna batch-call" in line)
    assert again.split("xuna ")[1].split(" --")[0] == "batch-call rejects.csv"
    assert "--campaign spring" in again
    assert "-m 'Hi {{ name }}.'" in again
    assert "--ledger l.db" in again
    assert "--no-mask" in again
    assert "--retry-refused" in again
    assert "strict" not in again
    parse(shlex.split(again[again.index("xuna ") :])[1:])


def test_help_does_not_need_the_file(cli):
    assert "Do what is due" in cli("run", "no.toml", "--help").out


@pytest.mark.parametrize(
    ("line", "exits", "out", "problem"),
    [
        ("rate = 'fast'", 2, "", "rate: 'fast' is not a valid rate"),
        ("consent-column = 'agreed'", 5, "Nobody was called.\n", "the column 'agreed'"),
    ],
)
def test_a_wrong_setting_is_told_without_steps_that_did_nothing(cli, api, spring, line, exits, out, problem):
    spring("", line)
    ran = cli("run", "spring.toml", exits=exits)
    assert ran.out == out
    assert api.state.total == 0
    assert problem in ran.err
