"""Columns with numbers and their countries: which are used, and who is called."""

import json
from pathlib import Path

import openpyxl
import pytest

CASES = Path(__file__).parents[2] / "cases"
HELLO = ("-m", "Hello.")


# --- the country of a number


@pytest.mark.parametrize(
    ("case", "numbers"),
    [
        (
            "country-column.csv",
            {2: "+15551230001", 3: "+447700900123", 4: "+493023125001", 5: "+447700900124"},
        ),
        ("calling-code-column.csv", {2: "+15551230001", 3: "+447700900123", 4: "+493023125001"}),
        ("vicidial-phone_code.csv", {2: "+15551230001", 3: "+447700900001"}),
    ],
)
def test_numbers_without_plus_are_read_in_the_country_of_their_row(called, case, numbers):
    assert called(CASES / case, "--region", "US") == numbers
    assert called(CASES / case) == numbers


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("country", "gb"),
        ("Country", "Vereinigtes Königreich"),
        ("Country/Region", "GBR"),
        ("COUNTRY_CODE", "GB"),
        ("country code", "+44"),
        ("phone_code", "44"),
        ("Dial Code", "0044"),
        ("CountryCode", "UK"),
        ("Phone Country Code", "44"),
        ("Land", "Großbritannien"),
        ("Pays", "Royaume-Uni"),
        ("País", "Reino Unido"),
        ("国家", "英国"),
        ("国", "イギリス"),
        ("Страна", "Великобритания"),
        ("Region", "United Kingdom"),
        ("Contact Country", "United Kingdom (+44)"),
        ("Default Address Country Code", "GB"),
    ],
)
def test_a_country_is_found_by_the_name_of_its_column(called, plan, table, header, cell):
    path = table([{"phone": "07700 900123", header: cell}, {"phone": "(303) 555-0100", header: ""}])
    assert list(called(path, "--region", "US").values()) == ["+447700900123", "+13035550100"]
    used = plan(path, "--region", "US")["list"]
    assert (used["region_column"], used["unused_columns"]) == (header, [])


@pytest.mark.parametrize("cell", ["Wonderland", "North", "999", "U5", "US +44"])
def test_a_country_that_is_not_known_is_never_replaced_by_the_region(plan, written, cell):
    path = written([{"phone": "3035550100", "country": cell}, {"phone": "+13035550101", "country": cell}])
    document = plan(path, "--region", "US", exits=3)
    assert (document["counts"]["not_sent"], document["counts"]["rejected"]) == (1, 1)
    (rejection,) = document["rejections"]
    assert (rejection["code"], rejection["field"]) == ("phone-region", "country")
    assert cell in rejection["message"]
    assert "3035550100" in rejection["message"]


def test_two_columns_that_name_different_countries_settle_nothing(plan, written):
    rows = [
        {"phone": "3035550100", "country": "United Kingdom", "country_code": "1"},
        {"phone": "3035550101", "country": "Canada", "country_code": "1"},
        {"phone": "07700900123", "country": "United Kingdom", "country_code": ""},
    ]
    document = plan(written(rows), "--region", "US", exits=3)
    (rejection,) = document["rejections"]
    assert "'country_code' is \"1\" but 'country' is \"United Kingdom\"" in rejection["message"]
    assert document["list"]["region_columns"] == ["country_code", "country"]


@pytest.mark.parametrize(
    "header", ["Shipping Country", "Mailing Country", "Home Country/Region", "Business Country/Region"]
)
def test_the_country_of_another_address_is_said_not_to_be_used(cli, plan, table, header):
    path = table([{"phone": "3035550100", header: "GB"}])
    used = plan(path, "--region", "US")["list"]
    assert (used["region_column"], used["unused_columns"]) == (None, [header])
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--quiet", "--region", "US")
    assert f"not used: {header}; `--region-column " in ran.err
    used = plan(path, "--region-column", header)["list"]
    assert (used["region_column"], used["unused_columns"]) == (header, [])


def test_the_country_of_the_same_address_is_used(called, written):
    rows = [{"billing_phone": "07700900123", "billing_country": "GB", "shipping_country": "US"}]
    assert list(called(written(rows)).values()) == ["+447700900123"]


@pytest.mark.parametrize("cells", [["North", "South"], ["CA", "NY"], ["DE", "IN"]])
def test_a_part_of_a_country_is_no_country(called, table, cells):
    rows = [{"phone": "3035550100", "Region": cells[0]}, {"phone": "3035550101", "Region": cells[1]}]
    assert len(called(table(rows), "--region", "US")) == 2


def test_the_country_can_be_left_unused(called, cli, table):
    path = table([{"phone": "07700 900123", "phone_code": "49"}])
    assert called(path, "--region-column", "none", "--region", "GB") == {2: "+447700900123"}
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--region-column", "none", "--region", "GB", "-q")
    assert "not used: phone_code" in ran.err
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--region-column", "phonecode", exits=5)
    assert "did you mean 'phone_code'?" in ran.err


def test_the_sheet_is_told(plan, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["phone", "calling code", "DNC"])
    book.active.append([13035550100, 1, False])
    book.save(path := tmp_path / "list.xlsx")
    document = plan(path)
    assert document["list"] == {
        "phone_column": "phone",
        "phone_columns": ["phone"],
        "region_column": "calling code",
        "region_columns": ["calling code"],
        "do_not_call_column": "DNC",
        "do_not_call_columns": ["DNC"],
        "call_after_column": None,
        "call_before_column": None,
        "sheet": "Sheet",
        "remark_columns": [],
        "state_columns": [],
        "unused_columns": [],
    }
    assert document["counts"]["not_sent"] == 1


# --- several phone columns, several numbers


def test_the_first_phone_that_is_filled_and_readable_is_called(called, cli):
    google = ("--phone-column", "Phone 1 - Value", "--phone-column", "Phone 2 - Value", "--region", "US")
    assert called(CASES / "google-contacts.csv", *google) == {
        2: "+15551230001",
        3: "+15551230002",
        4: "+15551230005",
    }
    hubspot = ("--phone-column", "Phone Number", "--phone-column", "Mobile Phone Number")
    assert called(CASES / "hubspot-two-phones.csv", *hubspot) == {
        2: "+15551230001",
        3: "+15551230003",
        4: "+15551230004",
    }


def test_a_number_that_cannot_be_read_gives_way_to_the_next(plan, called, written):
    both = ("--phone-column", "mobile", "--phone-column", "phone")
    cells = (("n/a", "+13035550100"), ("12", "13"), ("", ""))
    path = written([{"mobile": mobile, "phone": phone, "name": "Ann"} for mobile, phone in cells])
    assert list(called(path, *both, exits=3).values()) == ["+13035550100"]
    document = plan(path, *both, exits=3)
    assert [one["code"] for one in document["rejections"]] == ["phone-short-number", "phone-missing"]
    assert all("tried: 'mobile', 'phone'" in one["message"] for one in document["rejections"])
    assert document["list"]["phone_column"] == "mobile"
    assert document["list"]["phone_columns"] == ["mobile", "phone"]


@pytest.mark.parametrize("cell", ["+13035550100 ::: +13035550101", "x ::: +13035550100", " ::: +13035550100"])
def test_of_several_numbers_in_a_cell_of_google_the_first_that_can_be_read_is_called(called, table, cell):
    assert list(called(table([{"Phone 1 - Value": cell}])).values()) == ["+13035550100"]


@pytest.mark.parametrize("listed", ["+13035550100", "+13035550101"])
def test_whoever_is_listed_under_another_of_their_numbers_is_not_called(cli, plan, written, listed, tmp_path):
    path = written([{"mobile": "+13035550100", "phone": "+13035550101"}])
    both = ("--phone-column", "mobile", "--phone-column", "phone")
    (tmp_path / "stop.txt").write_text(f"{listed}\n")
    assert plan(path, *both, "--do-not-call", tmp_path / "stop.txt")["counts"]["do_not_call"] == 1
    cli("do-not-call", "add", listed)
    assert plan(path, *both)["counts"]["do_not_call"] == 1


def test_a_later_contact_may_spell_its_phone_otherwise(called, plan, tmp_path):
    assert list(called(CASES / "json-later-key-differs.json").values()) == [
        "+15551230001",
        "+15551230002",
        "+15551230003",
    ]
    path = tmp_path / "two.json"
    path.write_text('[{"phone": "+13035550100"}, {"mobile": "+13035550101", "tel": "+13035550102"}]')
    (rejection,) = plan(path, exits=3)["rejections"]
    assert rejection["code"] == "phone-ambiguous"


def test_a_path_leads_to_a_number_within_a_contact(called, tmp_path):
    assert called(CASES / "nested-contact.json", "--phone-column", "contact.phone") == {1: "+15551230001"}
    path = tmp_path / "deep.json"
    path.write_text('[{"phones": [{"value": "+13035550100"}]}, {"phones": []}]')
    assert called(path, "--phone-column", "phones.0.value", exits=3) == {1: "+13035550100"}


def test_the_column_that_is_called_is_shown(cli, api, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Customer phone,Country,Do Not Call\n3035550100,US,\n3035550101,US,x\n")
    line = (
        "List: phone number from 'Customer phone'; country of numbers without + from 'Country'; "
        "do-not-call marks from 'Do Not Call'"
    )
    assert line in cli("batch-call", path, *HELLO, "--dry-run").out
    assert line in cli("batch-call", path, *HELLO).out
    assert [call.to_phone_number for call in api.state.calls()] == ["+13035550100"]


# --- the list beside the ledger


def test_a_list_is_joined_by_the_numbers_that_were_called(cli, api, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("mobile,phone,country,name\n,07700 900123,GB,Ann\n3035550100,,US,Bob\n")
    both = ("--phone-column", "mobile", "--phone-column", "phone")
    cli("batch-call", path, *HELLO, *both)
    joined = cli("campaigns", "export", "a", "--join", path, *both, "--output", "json").document
    assert [(row["name"], row["to_phone_number"]) for row in joined] == [
        ("Ann", "+447700900123"),
        ("Bob", "+13035550100"),
    ]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"type": "mobile", "number": "+13035550100"}, "phone.number"),
        (["+13035550100"], "phone.0"),
        ([{"id": 1, "value": "+13035550100"}], "phone.0.value"),
    ],
)
def test_a_number_inside_the_phone_field_is_named_with_its_path(plan, called, tmp_path, value, path):
    file = tmp_path / "a.json"
    file.write_text(json.dumps([{"phone": value}]))
    (rejection,) = plan(file, exits=3)["rejections"]
    assert rejection["message"].endswith(f"choose it with --phone-column {path}")
    assert called(file, "--phone-column", path) == {1: "+13035550100"}


def test_a_path_of_a_json_contact_says_country_and_mark_as_a_column_does(plan, tmp_path):
    """If the path were accepted but not read, people would be called who must not be, and strangers."""
    path = tmp_path / "nested.json"
    people = [
        {"contact": {"phone": "020 7946 0018", "dnc": "yes", "country": "GB"}},
        {"contact": {"phone": "020 7946 0019", "dnc": "no", "country": "GB"}},
    ]
    path.write_text(json.dumps(people))
    document = plan(
        path,
        *("--phone-column", "contact.phone", "--region-column", "contact.country", "--region", "US"),
        *("--do-not-call-column", "contact.dnc"),
    )
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (1, 1)
    assert document["preview"]["countries"] == {"GB": 1}
