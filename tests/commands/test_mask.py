"""`--mask`, `XUNA_MASK` and CI: which outputs have complete numbers, and which don't."""

import json
import re

import pytest

from tests.commands.conftest import number

HELLO = ("-m", "Hi {{ name }}.")
ROWS = [(number(1), "Ann"), (number(2), "Bo"), ("(212) 555-0199", "Cy"), ("+1 555 100", "Di")]
WHOLE = re.compile(r"\+?1?555100000\d|555-0199|\+15550100000")


@pytest.fixture
def called(cli, api, people):
    """A campaign with rejected rows in the ledger, and people who must not be called."""
    path = people(rows=ROWS)
    cli("batch-call", path, *HELLO, exits=3)
    cli("do-not-call", "add", number(1))
    return path


READING = [
    ("campaigns", "list"),
    ("campaigns", "show", "people"),
    ("do-not-call", "list"),
    ("phone-numbers", "list"),
    ("conversations", "list"),
    ("do-not-call", "check", number(1)),
]


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_no_command_prints_a_whole_number_with_mask(cli, called, command, output, monkeypatch):
    given = (*command, *(() if command[:2] == ("do-not-call", "list") else ("--output", output)))
    plain = cli(*given, exits=(0, 3))
    masked = cli(*given, "--mask", exits=(0, 3))
    monkeypatch.setenv("XUNA_MASK", "1")
    by_variable = cli(*given, exits=(0, 3))
    for ran in (masked, by_variable):
        assert not WHOLE.search(ran.out + ran.err)
    assert ("•" in masked.out or "\\u2022" in masked.out) == bool(WHOLE.search(plain.out))


def test_an_export_is_masked_on_stdout_and_whole_in_a_file_and_rows_are_found(cli, called):
    out = cli("campaigns", "export", "people", "--mask").out
    assert not WHOLE.search(out)
    assert [line.split(",")[0] for line in out.splitlines()] == ["row_number", "2", "3"]
    cli("campaigns", "export", "people", "--mask", "--to", cli.folder / "all.csv")
    assert number(1) in (cli.folder / "all.csv").read_text()


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_a_run_that_is_masked_says_rows_and_no_numbers(cli, api, people, output):
    ran = cli("batch-call", people(rows=ROWS), *HELLO, "--output", output, "--mask", "--verbose", exits=3)
    assert not WHOLE.search(ran.out + ran.err)
    if output == "json":
        assert [row["row"] for row in ran.document["rejections"]] == [4, 5]
    assert cli.called == [number(1), number(2)]  # only printed text is masked


def test_a_rehearsal_that_is_masked_shows_no_number(cli, people):
    ran = cli("batch-call", people(rows=ROWS), *HELLO, "--dry-run", "--output", "json", "--mask", exits=3)
    assert not WHOLE.search(ran.out + ran.err)
    assert ran.document["preview"]["samples"][0]["to_phone_number"] == "+1555•••0001"


def test_in_ci_messages_and_tables_are_masked_and_json_csv_and_files_are_not(cli, api, people, monkeypatch):
    monkeypatch.setenv("CI", "true")
    path, rejects = people(rows=ROWS), cli.folder / "rejects.csv"
    table = cli("batch-call", path, *HELLO, "--rejects", rejects, exits=3)
    assert not WHOLE.search(table.out + table.err)
    assert "555-0199" in rejects.read_text()
    document = cli.call(path, *HELLO, exits=3)
    assert "555-0199" in json.dumps(document)
    assert number(1) in cli("campaigns", "export", "people").out
    assert "555-0199" in cli("batch-call", path, *HELLO, "--no-mask", exits=3).out
    monkeypatch.setenv("XUNA_MASK", "0")
    assert "555-0199" in cli("batch-call", path, *HELLO, exits=3).out


@pytest.mark.parametrize(
    "argv",
    [
        ("agents", "list", "+12125550199"),
        ("batch-call", "people.csv", "+12125550199"),
        ("batch-call", "people.csv", "--limit", "+12125550199x"),
    ],
)
def test_a_mistyped_option_is_masked_too(cli, people, argv):
    people(1)
    assert "2125550199" in cli(*argv, exits=2).err
    assert "2125550199" not in cli(*argv, "--mask", exits=2).err


def test_a_wrong_value_of_the_variable_is_said(cli, monkeypatch):
    monkeypatch.setenv("XUNA_MASK", "perhaps")
    assert "XUNA_MASK in the environment" in cli("agents", "list", exits=2).err


def test_an_error_is_masked_too(cli, api, people):
    ran = cli("do-not-call", "add", "(212) 555-0199", "--mask", exits=2)
    assert "555-0199" not in ran.err
    assert "•••0199" in ran.err
