"""`xuna init campaign`: a campaign file that runs unchanged."""

import shlex
import shutil

import pytest

from tests.support.sandbox_process import ROOT

JSON = ("--output", "json")


@pytest.fixture
def written(cli):
    """Write a campaign file for a list; return its text."""

    def write(path, *argv):
        cli("init", "campaign", path, "--to", "spring.toml", *argv)
        return (cli.folder / "spring.toml").read_text()

    return write


@pytest.mark.parametrize("name", ["appointments.csv", "contacts.csv", "contacts.json", "contacts.jsonl"])
def test_it_can_be_checked_and_rehearsed_as_it_stands(cli, written, name):
    shutil.copy(ROOT / "sample_lists" / name, cli.folder)
    written(name)
    cli("run", "spring.toml", "--check", "--sandbox")
    ran = cli("run", "spring.toml", "--dry-run", *JSON, exits=(0, 3))
    assert ran.document["campaign"] == "spring"
    codes = {cause["code"] for cause in ran.document["batch_call"]["rejection_causes"]}
    assert not any(code.startswith("template") and code != "template-empty-value" for code in codes)


def test_it_has_the_columns_and_the_phone_column_and_a_message_with_a_real_column(cli, written):
    cli.write(
        "people.csv",
        "Customer Name,Mobile,Fax,Do Not Call,timezone,Call After\nAnn,+15551234567,+15551234568,,UTC,\n",
    )
    text = written("people.csv")
    assert "# The list. Its columns: 'Customer Name', 'Mobile'" in text
    assert 'contacts = "people.csv"\nphone-column = ["Mobile"]' in text
    assert """first-message = 'Hi {{ row["Customer Name"] }}, this is a follow-up call.'""" in text
    assert '# do-not-call-column = ["Do Not Call"]' in text
    assert '# timezone-column = "timezone"' in text
    assert '# call-after-column = "Call After"' in text
    assert "call-before-column" not in text
    cli("run", "spring.toml", "--dry-run")


@pytest.mark.parametrize(
    ("header", "cells", "is_asked"),
    [
        ("phone", ["+15551234567", "(212) 555-0101"], True),
        ("phone", ["+15551234567", "0049 30 5550101", "n/a", ""], False),
        ("phone,country", ["+15551234567,US", "(212) 555-0101,US"], False),
    ],
)
def test_numbers_without_a_country_are_told_with_the_key_to_set(cli, header, cells, is_asked):
    cli.write("people.csv", "\n".join([header, *cells]) + "\n")
    err = cli("init", "campaign", "people.csv").err
    text = (cli.folder / "people.toml").read_text()
    assert (
        "numbers without +, e.g. in row 3. Their rows are rejected unless you set region" in err
    ) == is_asked
    assert ("# The list has numbers without +." in text) == is_asked
    if is_asked:
        (cli.folder / "people.toml").write_text(text.replace('# region = "US"', 'region = "US"'))
        cli("run", "people.toml", "--dry-run")


def test_of_two_phone_columns_one_is_chosen_and_the_other_is_named(cli, written):
    cli.write("people.csv", "phone,mobile\n+15551234567,+15551234568\n")
    text = written("people.csv")
    assert 'phone-column = ["phone"]' in text
    assert "# Other columns with numbers: 'mobile'" in text
    cli("run", "spring.toml", "--dry-run")


@pytest.mark.parametrize(
    "header", ['a "b" \\ c', 'it\'s "q"', "zwei\nZeilen", "名前", "tab\there", "x = 1 # y"]
)
def test_any_column_name_makes_a_valid_file(cli, written, header):
    quoted = header.replace('"', '""')
    cli.write("people.csv", f'"{quoted} phone",name\n+15551234567,Ann\n')
    written("people.csv")
    ran = cli("run", "spring.toml", "--dry-run", *JSON)
    assert ran.document["batch_call"]["list"]["phone_column"] == f"{header} phone"


def test_the_command_in_its_comment_can_be_typed(cli, people):
    people(1, name="o'dd; list.csv")
    cli("init", "campaign", "o'dd; list.csv")
    comment = (cli.folder / "o'dd; list.toml").read_text().splitlines()[1]
    words = shlex.split(comment.partition(": ")[2])
    assert words == ["xuna", "run", "o'dd; list.toml"]


def test_the_list_is_named_as_seen_from_the_file(cli, people, tmp_path):
    (tmp_path / "calls").mkdir()
    people(1, name="calls/people.csv")
    cli("init", "campaign", "calls/people.csv", "--to", "calls/spring.toml")
    assert 'contacts = "people.csv"' in (tmp_path / "calls/spring.toml").read_text()
    cli("init", "campaign", "calls/people.csv")
    assert 'contacts = "calls/people.csv"' in (tmp_path / "people.toml").read_text()
    (tmp_path / "other").mkdir()
    cli("init", "campaign", "calls/people.csv", "--to", "other/spring.toml")
    assert f'contacts = "{tmp_path}/calls/people.csv"' in (tmp_path / "other/spring.toml").read_text()
    for file in ("calls/spring.toml", "people.toml", "other/spring.toml"):
        cli("run", file, "--dry-run")


def test_a_file_is_never_overwritten(cli, people):
    people(1)
    cli.write("people.toml", "mine")
    assert "exists already" in cli("init", "campaign", "people.csv", exits=2).err
    assert (cli.folder / "people.toml").read_text() == "mine"


def test_a_list_with_messages_of_its_own_gets_none(cli, written):
    cli.write("people.csv", "phone,first_message\n+15551234567,Hello Ann.\n")
    assert "first-message" not in written("people.csv")
    cli("run", "spring.toml", "--dry-run")


@pytest.mark.parametrize(
    ("argv", "exits", "words"),
    [
        (("campaign",), 2, "xuna init campaign CONTACTS"),
        (("campaign", "no.csv"), 5, "no.csv"),
        (("something",), 2, "campaign"),
    ],
)
def test_what_is_missing_is_told(cli, argv, exits, words):
    assert words in cli("init", *argv, exits=exits).err
