"""Columns with a special meaning: which are used, which are reported as unused, and who is called."""

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

CASES = Path(__file__).parents[1] / "cases"
HELLO = ("-m", "Hello.")


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def called(cli):
    """Render a list; return the numbers that would be called, by row."""

    def called(path, *options, exits=0):
        lines = cli("render", path, *HELLO, *options, exits=exits).out.splitlines()
        return {line["xuna_row"]: line["to_phone_number"] for line in map(json.loads, lines)}

    return called


@pytest.fixture
def plan(cli):
    """Return what the document of a dry run says about a list."""

    def plan(path, *options, exits=0):
        return cli(
            "batch-call", path, *HELLO, "--dry-run", "--output", "json", *options, exits=exits
        ).document

    return plan


def as_csv(rows):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def as_xlsx(rows):
    book = openpyxl.Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


FORMATS = {
    "csv": as_csv,
    "json": lambda rows: json.dumps(rows).encode(),
    "jsonl": lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode(),
    "xlsx": as_xlsx,
}


@pytest.fixture(params=FORMATS)
def written(request, tmp_path):
    """Write rows in one of the formats; row numbers count as in a table."""

    def written(rows):
        path = tmp_path / f"list.{request.param}"
        path.write_bytes(FORMATS[request.param](rows))
        return path

    return written


@pytest.fixture
def table(tmp_path):
    """Write rows as CSV."""

    def table(rows):
        path = tmp_path / "list.csv"
        path.write_bytes(as_csv(rows))
        return path

    return table


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
    path = tmp_path / "list.xlsx"
    path.write_bytes(as_xlsx([{"phone": 13035550100, "calling code": 1, "DNC": False}]))
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


# --- time zones


@pytest.mark.parametrize(
    "header",
    [
        "Time Zone",
        "TZ",
        "Contact timezone",
        "hs_timezone",
        "IANA Timezone",
        "Zeitzone",
        "Fuseau horaire",
        "タイムゾーン",
    ],
)
def test_the_time_zone_of_the_person_is_found_in_any_language(plan, table, header):
    rows = [{"phone": "+13035550100", header: "Europe/Berlin"}]
    assert plan(table(rows))["preview"]["time_zones"] == {"Europe/Berlin": 1}


def test_the_plain_name_of_a_time_zone_column_wins(plan, written):
    rows = [{"phone": "+13035550100", "Contact timezone": "Asia/Tokyo", "timezone": "Europe/Berlin"}]
    document = plan(written(rows))
    assert document["preview"]["time_zones"] == {"Europe/Berlin": 1}
    assert document["list"]["unused_columns"] == ["Contact timezone"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Agent timezone", "`--timezone-column 'Agent timezone'` would take"),
        ("Zeitzone des Büros", "`--timezone-column 'Zeitzone des Büros'` would take"),
        ("gmt_offset_now", "an offset from UTC is no time zone"),
    ],
)
def test_a_time_zone_that_may_be_of_somebody_else_is_said_not_to_be_used(cli, table, header, said):
    path = table([{"phone": "+13035550100", header: "Europe/Berlin"}])
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--quiet")
    assert f"not used: {header}; {said}" in ran.err


@pytest.mark.parametrize("code", ["+49", "0049"])
@pytest.mark.parametrize("header", ["Vorwahl", "Prefijo"])
def test_a_column_of_first_digits_that_has_calling_codes_says_the_country(called, table, header, code):
    path = table([{"phone": "151 23456789", header: code}, {"phone": "202 555 0143", header: ""}])
    assert called(path, "--region", "US") == {2: "+4915123456789", 3: "+12025550143"}


@pytest.mark.parametrize("header", ["Area Code", "Vorwahl", "Prefijo", "DDD", "市外局番"])
def test_digits_before_the_number_are_said_not_to_be_used(cli, table, header):
    path = table([{"phone": "23125001", header: "030"}])
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--quiet", "--region", "DE")
    assert f"not used: {header}; if the numbers begin there, strangers are called without it" in ran.err


@pytest.mark.parametrize(
    ("header", "option"),
    [
        ("Not before", "--call-after-column"),
        ("Next call", "--call-after-column"),
        ("Wiedervorlage", "--call-after-column"),
        ("Pas après", "--call-before-column"),
    ],
)
def test_a_time_to_call_in_other_words_is_said_not_to_be_used(cli, table, header, option):
    path = table([{"phone": "+13035550100", header: "2030-01-01"}])
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--quiet")
    assert f"not used: {header}; `{option} " in ran.err


# --- do-not-call marks

MARKED = [
    "yes",
    "Y",
    "1",
    "TRUE",
    "x",
    "2024-05-01",
    "do not call",
    "Opted Out",
    "ja",
    "oui",
    "sí",
    "да",
    "是",
    "?",
    "n/a",
]
FREE = [
    "",
    "no",
    "No",
    "N",
    "false",
    "FALSE",
    "0",
    "off",
    "Nein",
    "non",
    "não",
    "нет",
    "否",
    "いいえ",
    "아니요",
    "لا",
    "नहीं",
]


@pytest.mark.parametrize(
    "header",
    [
        "Do Not Call",
        "DoNotCall",
        "do_not_call",
        "DNC",
        "DND",
        "opt-out",
        "Opted Out",
        "Unsubscribed",
        "Do Not Contact",
        "Nicht anrufen",
        "Ne pas appeler",
        "No llamar",
        "Não ligar",
        "Не звонить",
        "请勿致电",
        "架電禁止",
        "수신거부",
        "لا تتصل",
        "कॉल न करें",
    ],
)
def test_whoever_has_anything_but_a_clear_no_is_not_called(plan, table, header):
    rows = [
        {"phone": f"+1303555{position:04}", header: cell} for position, cell in enumerate((*MARKED, *FREE))
    ]
    document = plan(table(rows))
    assert document["counts"]["do_not_call"] == len(MARKED)
    assert document["counts"]["not_sent"] == len(FREE)
    assert document["list"]["do_not_call_column"] == header
    assert document["screening"]["reasons"] == {"do-not-call": len(MARKED)}
    assert plan(table(rows), "--do-not-call-column", "none")["counts"]["not_sent"] == len(rows)


def test_marks_count_in_every_format(plan, written):
    document = plan(written([{"phone": "+13035550100", "DNC": "x"}, {"phone": "+13035550101", "DNC": "no"}]))
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (1, 1)


def test_marks_of_json_have_the_types_of_json(plan, tmp_path):
    marks = [True, 1, 1.0, "true", ["email"], {"reason": "asked"}]
    cells = [*marks, False, 0, 0.0, None, ""]
    path = tmp_path / "a.json"
    rows = [{"phone": f"+130355501{position:02}", "dnc": cell} for position, cell in enumerate(cells)]
    path.write_text(json.dumps(rows))
    assert plan(path)["counts"]["do_not_call"] == len(marks)


def test_a_later_contact_may_bring_the_first_mark(plan, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"phone": "+13035550100"}\n{"phone": "+13035550101", "unsubscribed": true}\n')
    assert plan(path)["counts"]["do_not_call"] == 1


def test_the_case_of_a_do_not_call_column(cli, plan):
    document = plan(CASES / "do-not-call-column.csv")
    assert document["counts"]["do_not_call"] == 2
    assert document["list"]["unused_columns"] == ["Email Opt Out"]
    ran = cli("batch-call", CASES / "do-not-call-column.csv", *HELLO, "--dry-run", "--quiet")
    assert "not used: Email Opt Out" in ran.err
    assert "`--do-not-call-column 'Do Not Call' --do-not-call-column 'Email Opt Out'`" in ran.err


@pytest.mark.parametrize(
    "header",
    [
        "Email Opt Out",
        "HasOptedOutOfEmail",
        "Unsubscribed from all email",
        "SMS opt-out",
        "Accepts Marketing",
        "Consent",
        "Call?",
        "OK to contact",
    ],
)
def test_what_is_about_another_channel_or_a_consent_is_said_not_to_be_used(cli, plan, table, header):
    path = table([{"phone": "+13035550100", header: "yes"}, {"phone": "+13035550101", header: "no"}])
    document = plan(path)
    assert document["counts"]["not_sent"] == 2
    assert document["list"]["unused_columns"] == [header]
    assert plan(path, "--do-not-call-column", header)["counts"]["do_not_call"] == 1
    assert plan(path, "--consent-column", header)["list"]["unused_columns"] == []


def test_every_mark_of_several_columns_counts(plan, written):
    rows = [
        {"phone": "+13035550100", "DNC": "", "Unsubscribed": "yes"},
        {"phone": "+13035550101", "DNC": "1", "Unsubscribed": ""},
        {"phone": "+13035550102", "DNC": "0", "Unsubscribed": "no"},
    ]
    document = plan(written(rows))
    assert document["counts"]["do_not_call"] == 2
    assert document["list"]["do_not_call_columns"] == ["DNC", "Unsubscribed"]


@pytest.mark.parametrize(
    "header",
    [
        "Darf nicht angerufen werden",
        "Ne souhaite pas être appelé",
        "Non richiamare",
        "Not to be called",
        "Wil niet gebeld worden",
        "UNSUB_TIME",
        "Deceased",
        "Removal requested",
        "Wrong number",
    ],
)
def test_a_sentence_as_a_header_is_a_mark_too(plan, table, header):
    document = plan(table([{"phone": "+13035550100", header: "x"}, {"phone": "+13035550101", header: ""}]))
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (1, 1)


@pytest.mark.parametrize(
    "header", ["Not called", "Not contacted", "Noch nicht angerufen", "Pas encore appelé"]
)
def test_who_was_not_called_yet_has_no_mark(plan, table, header):
    document = plan(table([{"phone": "+13035550100", header: "yes"}]))
    assert document["counts"]["not_sent"] == 1


def test_marks_inside_objects_of_json_count_wherever_they_are(plan, tmp_path):
    path = tmp_path / "a.json"
    people = [
        {"preferences": {"do_not_call": True}},
        {"preferences": {"calls": {"optedOut": "2026-01-02"}}},
        {"flags": [{"vip": True}, {"dnc": 1}]},
        {"a.b": {"c.d": {"DNC": "x"}}},
        {"preferences": {"do_not_call": False}},
        {"preferences": {"email": {"opt_out": True}}},
        {"flags": [{"dnc": 0}]},
    ]
    path.write_text(json.dumps([{"phone": f"+1303555010{at}"} | each for at, each in enumerate(people)]))
    document = plan(path)
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (4, 3)
    assert {row["row"] for row in document["screening"]["rows"]} == {1, 2, 3, 4}
    assert document["list"]["do_not_call_columns"][0] == "preferences.do_not_call"
    assert plan(path, "--do-not-call-column", "none")["counts"]["not_sent"] == 7


def test_numbers_not_to_be_called_beside_the_contacts_are_not_dropped(cli, plan, tmp_path):
    path = tmp_path / "a.json"
    contacts = [{"phone": "+13035550100"}, {"phone": "+13035550101"}]
    path.write_text(json.dumps({"contacts": contacts, "doNotCall": ["+13035550101"]}))
    ran = cli("batch-call", path, *HELLO, "--dry-run", exits=5)
    assert "a.json has 'doNotCall' beside its contacts" in ran.err
    path.write_text(json.dumps({"doNotCall": [], "opted_out": False, "next": "page", "contacts": contacts}))
    assert plan(path)["counts"]["not_sent"] == 2


@pytest.mark.parametrize(
    ("state", "options"), [("visible", ("--sheet", "People")), ("hidden", ()), ("veryHidden", ())]
)
def test_a_sheet_of_people_not_to_call_is_named_where_it_is_not_read(cli, tmp_path, state, options):
    book = openpyxl.Workbook()
    book.active.title = "People"
    for sheet, number in ((book.active, "+13035550100"), (book.create_sheet("DNC 2026"), "+13035550101")):
        sheet.append(["phone"])
        sheet.append([number])
    book.create_sheet("Prices").append(["sum"])
    book["DNC 2026"].sheet_state = state
    book.save(tmp_path / "a.xlsx")
    ran = cli("batch-call", "a.xlsx", *HELLO, *options, "--dry-run", "--quiet")
    assert "the people on sheet 'DNC 2026' may be called" in ran.err
    assert "people on sheet 'Prices'" not in ran.err


def test_a_mark_that_only_a_later_contact_has_is_not_said_to_be_unused(cli, tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"phone": "+13035550100"}, {"phone": "+13035550101", "doNotCall": true}]')
    ran = cli("batch-call", path, *HELLO, "--dry-run")
    assert "do-not-call marks from 'doNotCall'" in ran.out
    assert "not used" not in ran.err
    assert (
        "not used: doNotCall"
        in cli("batch-call", path, *HELLO, "--dry-run", "--do-not-call-column", "none").err
    )


# --- a "do not call" among remarks

SAID = [
    "Do Not Call",
    "DNC",
    "vip;dnc",
    "DO NOT CALL! Asked twice",
    "please don't call",
    "nicht anrufen",
    "Ne pas appeler",
    "no volver a llamar",
    "Não ligar",
    "не звонить",
    "架電禁止のため",
    "Deceased",
    "wrong number",
    "Unsubscribed",
    "DNC, only e-mail",
    "D.N.C.",
    "asked to be removed from list",
    "要望: 架電NG",
    "لا تتصل",
    "कॉल न करें",
]
NOT_SAID = [
    "",
    "New",
    "called, no answer",
    "could not reach, call again",
    "no contact yet",
    "opted out of email",
    "adopt outdoor cats",
    "Do",
    "?",
]


@pytest.mark.parametrize(
    "header", ["Lead Status", "Tags", "notes", "Bemerkung", "Remarques", "備考", "last_disposition"]
)
def test_who_is_not_to_be_called_by_a_remark_is_not_called(plan, table, header):
    rows = [{"phone": f"+1303555{at:04}", header: cell} for at, cell in enumerate((*SAID, *NOT_SAID))]
    document = plan(table(rows))
    assert document["screening"]["reasons"] == {"do-not-call": len(SAID)}
    assert [row["row"] for row in document["screening"]["rows"]] == list(range(2, 2 + len(SAID)))
    assert document["list"]["remark_columns"] == [header]


def test_a_remark_far_behind_holds_for_each_row_of_the_number(plan, table):
    rows = [{"phone": f"+1303555{at % 900:04}", "Tags": "dnc" if at == 900 else "vip"} for at in range(901)]
    document = plan(table(rows))
    assert document["counts"]["do_not_call"] == 2
    assert document["counts"]["not_sent"] == 899


def test_a_name_that_says_it_is_a_remark(cli, plan, written):
    path = written([{"phone": "+13035550100", "name": "Ann (DNC)"}, {"phone": "+13035550101", "name": "Bob"}])
    document = plan(path)
    assert (document["counts"]["do_not_call"], document["counts"]["not_sent"]) == (1, 1)
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--do-not-call-column", "none")
    assert "2 people would be called" in ran.out or "2 rows" in ran.out
    assert "not used: name; people whose cells there say not to call them are called" in ran.err


def test_a_message_is_no_remark(plan, written):
    rows = [
        {
            "phone": "+13035550100",
            "first_message": "Hello, to opt out say stop.",
            "Email status": "unsubscribed",
        }
    ]
    document = plan(written(rows))
    assert document["counts"]["not_sent"] == 1
    assert document["list"]["remark_columns"] == []


def test_remarks_of_json_may_be_lists_and_within_objects(plan, tmp_path):
    path = tmp_path / "a.json"
    people = [
        {"phone": "+13035550100", "tags": ["vip", "dnc"]},
        {"phone": "+13035550101", "properties": {"lead_status": "Do not call"}},
        {"phone": "+13035550102", "tags": ["vip"], "properties": {"lead_status": "new"}},
    ]
    path.write_text(json.dumps(people))
    assert plan(path)["counts"]["do_not_call"] == 2


def test_a_remark_may_be_the_name_in_a_list_of_objects(plan, tmp_path):
    path = tmp_path / "a.json"
    people = [
        {"phone": "+13035550100", "tags": [{"name": "Do Not Call"}]},
        {"phone": "+13035550101", "tags": [{"name": "vip"}], "product": {"name": "Wrong number, the film"}},
    ]
    path.write_text(json.dumps(people))
    assert plan(path)["counts"]["do_not_call"] == 1


def test_who_has_opted_out_in_a_column_with_consent_is_not_called(cli, written):
    rows = [
        {"phone": "+13035550100", "Consent Status": "Opted Out", "Email Consent": "Opted in"},
        {"phone": "+13035550101", "Consent Status": "No", "Email Consent": "Unsubscribed"},
    ]
    ran = cli("batch-call", written(rows), *HELLO, "--dry-run")
    assert "1 on a do-not-call list, 1 would be called" in ran.out
    assert "not used: Consent Status, Email Consent; `--consent-column 'Consent Status'`" in ran.err


def test_who_prefers_only_another_channel_is_not_called(plan, written):
    rows = [
        {"phone": "+13035550100", "Preferred Contact Method": "SMS only", "Format": ""},
        {"phone": "+13035550101", "Preferred Contact Method": "SMS", "Format": "text only"},
    ]
    (screened,) = plan(written(rows))["screening"]["rows"]
    assert screened["message"] == "do-not-call: 'Preferred Contact Method' is \"SMS only\""


def test_remarks_count_beside_columns_that_are_named(plan, written):
    rows = [
        {"phone": "+13035550100", "Mark": "x", "Notes": ""},
        {"phone": "+13035550101", "Mark": "", "Notes": "do not call"},
        {"phone": "+13035550102", "Mark": "", "Notes": ""},
    ]
    assert plan(written(rows), "--do-not-call-column", "Mark")["counts"]["do_not_call"] == 2


# --- what other products would use


def test_language_voice_and_prompt_of_other_products_are_said_not_to_be_used(cli, plan):
    path = CASES / "elevenlabs-template-language-voice-prompt.csv"
    assert plan(path)["list"]["unused_columns"] == ["language", "voice_id", "prompt"]
    for quiet in ((), ("--quiet",)):
        ran = cli("batch-call", path, *HELLO, "--dry-run", *quiet)
        assert "not used: language, voice_id, prompt; `override.agent.language`" in ran.err
    assert "not used: language" in cli("render", path, *HELLO, "--quiet").err


@pytest.mark.parametrize(
    ("header", "path"),
    [
        ("agent.first_message", "agent.first_message"),
        ("conversation_config_override.agent.language", "agent.language"),
        ("tts.voice_id", "tts.voice_id"),
    ],
)
def test_an_override_without_its_prefix_is_said_not_to_be_used(cli, plan, table, header, path):
    ran = cli("batch-call", table([{"phone": "+13035550100", header: "x"}]), *HELLO, "--dry-run", "--quiet")
    assert f"not used: {header}; `override.{path}` would be" in ran.err


def test_a_column_that_a_template_uses_is_used(plan, written):
    path = written([{"phone": "+13035550100", "language": "es"}])
    assert plan(path, "--override", "agent.language={{ language }}")["list"]["unused_columns"] == []


def test_a_column_with_nothing_in_it_is_not_named(plan, written):
    rows = [{"phone": "+13035550100", "voice_id": "", "Email Opt Out": "", "Shipping Country": ""}]
    assert plan(written(rows))["list"]["unused_columns"] == []


@pytest.mark.parametrize(
    "contact",
    [
        {
            "conversation_initiation_client_data": {
                "conversation_config_override": {"agent": {"language": "es"}}
            }
        },
        {"agent": {"first_message": "Hola"}},
        {"assistantOverrides": {"firstMessage": "Hola"}},
        {"data": [{"conversation_config_override": {}}]},
    ],
)
def test_an_override_that_is_not_where_the_api_has_it_is_an_error(cli, tmp_path, contact):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"phone": "+13035550100"}, {"phone": "+13035550101", **contact}]))
    ran = cli("batch-call", path, *HELLO, "--dry-run", exits=5)
    assert "row 2: " in ran.err
    assert "is not where the API expects an override" in ran.err


def test_the_case_of_a_recipient_of_another_product(cli):
    cli("batch-call", CASES / "elevenlabs-recipient-json.json", "--dry-run", exits=5)


def test_a_request_of_the_api_is_called_as_it_says_or_not_at_all(cli, api):
    path = CASES / "api-body-other-agent.json"
    for options in ((), ("--dry-run",), ("--agent-id", "agent_x"), ("--sandbox", "--yes")):
        ran = cli("batch-call", path, *options, exits=2)
        assert "add `--agent-id agent_x --from-phone-number-id pn_x`" in ran.err
    assert not api.state.calls()
    cli("batch-call", path, "--agent-id", "agent_x", "--from-phone-number-id", "pn_x", "--sandbox", "--yes")


def test_who_calls_may_stand_behind_the_calls(cli, tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"calls": [{"to_phone_number": "+13035550100"}], "agent_id": "agent_y"}')
    cli("batch-call", path, *HELLO, "--dry-run", "--agent-id", "agent_x", exits=2)
    cli("batch-call", path, *HELLO, "--dry-run", "--agent-id", "agent_y")


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
