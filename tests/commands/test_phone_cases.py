"""Lists that people really have: their numbers, and the do-not-call lists that hold them."""

import shutil
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"


def case(xuna, name):
    shutil.copy(CASES / name, xuna.folder / name)
    return name


def codes(document):
    return [(one["row"], one["code"]) for one in document["rejections"]]


@pytest.mark.parametrize("options", [(), ("--region", "US")])
def test_placeholders(xuna, options):
    document = xuna.call(case(xuna, "placeholder-numbers.csv"), *options, "-y", expect=3)
    assert codes(document) == [(row, "phone-placeholder") for row in (2, 3, 4, 5)]
    assert xuna.called == []


def test_what_its_country_can_not_dial(xuna):
    document = xuna.call(case(xuna, "leading-zero-under-US.csv"), "--region", "US", "-y", expect=3)
    assert codes(document) == [(2, "phone-not-possible"), (3, "phone-not-possible")]


def test_the_old_way_to_write_mexico(xuna):
    xuna.call(case(xuna, "mexico-521.csv"), "-y")
    assert xuna.called == ["+525512345678", "+525512345679"]


@pytest.mark.parametrize(
    "name", ["invisible-variation-selector.csv", "json-floats.json", "excel-equals-quote.csv"]
)
def test_what_only_looks_odd_is_read(xuna, name):
    document = xuna.call(case(xuna, name), "--region", "US", "-y")
    assert document["counts"]["accepted"] == document["counts"]["rows"] > 1
    assert all(number.startswith("+1555123000") or number == "+15551230004" for number in xuna.called)


def test_the_registry_of_the_united_states(xuna):
    for options in ((), ("--region", "US")):
        document = xuna.call(
            case(xuna, "contacts-for-dnc.csv"),
            "--do-not-call",
            case(xuna, "ftc-registry-flat-file.txt"),
            *options,
            "--dry-run",
        )
        assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (2, 1)


@pytest.mark.parametrize(
    ("name", "screened"), [("dnc-hint-phone-column.csv", 2), ("dnc-xlsx-second-sheet-not-read.xlsx", 1)]
)
def test_a_list_of_other_columns_and_sheets(xuna, name, screened):
    people = case(xuna, "contacts-for-dnc.csv")
    document = xuna.call(people, "--do-not-call", case(xuna, name), "--region", "US", "--dry-run")
    assert document["counts"]["do_not_call"] >= screened


def test_the_hint_about_an_encoding_works(xuna):
    people, stop = case(xuna, "contacts-for-dnc.csv"), case(xuna, "dnc-hint-encoding.csv")
    (error,) = xuna.call(people, "--do-not-call", stop, "-y", expect=5)["errors"]
    assert "xuna do-not-call import dnc-hint-encoding.csv --encoding cp1252" in error["hint"]
    assert xuna("do-not-call", "import", stop, "--encoding", "cp1252") == 0
    assert xuna.call(people, "-y")["counts"]["do_not_call"] == 1
