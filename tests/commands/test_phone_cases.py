"""Realistic lists: their numbers, and do-not-call lists with them."""

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("api")

CASES = Path(__file__).parents[1] / "cases"


def case(cli, name):
    shutil.copy(CASES / name, cli.folder / name)
    return name


def codes(document):
    return [(one["row"], one["code"]) for one in document["rejections"]]


@pytest.mark.parametrize("options", [(), ("--region", "US")])
def test_placeholders(cli, options):
    document = cli.call(case(cli, "placeholder-numbers.csv"), *options, "-y", exits=3)
    assert codes(document) == [(row, "phone-placeholder") for row in (2, 3, 4, 5)]
    assert cli.called == []


def test_what_its_country_can_not_dial(cli):
    document = cli.call(case(cli, "leading-zero-under-US.csv"), "--region", "US", "-y", exits=3)
    assert codes(document) == [(2, "phone-not-possible"), (3, "phone-not-possible")]


def test_the_old_way_to_write_mexico(cli):
    cli.call(case(cli, "mexico-521.csv"), "-y")
    assert cli.called == ["+525512345678", "+525512345679"]


@pytest.mark.parametrize(
    "name", ["invisible-variation-selector.csv", "json-floats.json", "excel-equals-quote.csv"]
)
def test_what_only_looks_odd_is_read(cli, name):
    document = cli.call(case(cli, name), "--region", "US", "-y")
    assert document["counts"]["accepted"] == document["counts"]["rows"] > 1
    assert all(number.startswith("+1555123000") or number == "+15551230004" for number in cli.called)


def test_the_registry_of_the_united_states(cli):
    for options in ((), ("--region", "US")):
        document = cli.call(
            case(cli, "contacts-for-dnc.csv"),
            "--do-not-call",
            case(cli, "ftc-registry-flat-file.txt"),
            *options,
            "--dry-run",
        )
        assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (2, 1)


@pytest.mark.parametrize(
    ("name", "screened"), [("dnc-hint-phone-column.csv", 2), ("dnc-xlsx-second-sheet-not-read.xlsx", 1)]
)
def test_a_list_of_other_columns_and_sheets(cli, name, screened):
    people = case(cli, "contacts-for-dnc.csv")
    document = cli.call(people, "--do-not-call", case(cli, name), "--region", "US", "--dry-run")
    assert document["counts"]["do_not_call"] >= screened


def test_the_hint_about_an_encoding_works(cli):
    people, stop = case(cli, "contacts-for-dnc.csv"), case(cli, "dnc-hint-encoding.csv")
    (error,) = cli.call(people, "--do-not-call", stop, "-y", exits=5)["errors"]
    assert "xuna do-not-call import dnc-hint-encoding.csv --encoding cp1252" in error["hint"]
    cli("do-not-call", "import", stop, "--encoding", "cp1252")
    assert cli.call(people, "-y")["counts"]["do_not_call"] == 1
