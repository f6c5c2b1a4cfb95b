"""Do-not-call files: everybody on them is recognized, however the number is written."""

import json
import os
import random
import time

import openpyxl
import pytest

from xuna_cli.screening.do_not_call import Numbers

pytestmark = pytest.mark.usefixtures("api")

WIDE = {ord(char): chr(ord(char) + 0xFEE0) for char in "0123456789+"}
ARABIC = {ord(char): chr(0x660 + int(char)) for char in "0123456789"}


def parts(number):
    return number[2:5], number[5:8], number[8:]


SPELLINGS = {
    "plain": lambda n: n,
    "national": lambda n: n[2:],
    "with 1": lambda n: n[1:],
    "spaces": lambda n: "+1 {} {} {}".format(*parts(n)),
    "hyphens": lambda n: "{}-{}-{}".format(*parts(n)),
    "dots": lambda n: "{}.{}.{}".format(*parts(n)),
    "brackets": lambda n: "({}) {}-{}".format(*parts(n)),
    "trunk": lambda n: "1 ({}) {}-{}".format(*parts(n)),
    "dialled abroad": lambda n: "011" + n[1:],
    "tel": lambda n: "tel:" + n,
    "tel with hyphens": lambda n: "tel:+1-{}-{}-{}".format(*parts(n)),
    "RFC 3966 extension": lambda n: f"tel:{n};ext=12",
    "extension": lambda n: f"{n} x12",
    "long extension": lambda n: "({}) {}-{} ext. 345".format(*parts(n)),
    "dialled extension": lambda n: f"{n},,12#",
    "full-width": lambda n: n.translate(WIDE),
    "Arabic digits": lambda n: n.translate(ARABIC),
    "no-break spaces": lambda n: "+1\u00a0{}\u00a0{}\u00a0{}".format(*parts(n)),
    "zero-width": lambda n: f"\u200e{n}\u200b",
    "Excel's text": lambda n: f"'{n}",
}


def some_numbers(count, seed):
    draw = random.Random(seed)
    found = {
        f"+1{draw.choice([212, 303, 415, 617])}{draw.randrange(2_000_000, 10_000_000)}"
        for _ in range(2 * count)
    }
    return sorted(found)[:count]


@pytest.mark.slow
def test_ten_thousand_numbers_in_twenty_spellings_are_all_found(cli):
    assert len(SPELLINGS) == 20
    listed = some_numbers(10_000, 3)
    spellings = list(SPELLINGS.values())
    cells = [json.dumps({"phone": spellings[place % 20](number)}) for place, number in enumerate(listed)]
    cli.write("stop.jsonl", "\n".join(cells))
    free = ["+13035550100", "+12125550123"]
    cli.write("people.csv", "phone\n" + "\n".join([*listed, *free]))
    document = cli.call("people.csv", "--do-not-call", "stop.jsonl", "--region", "US", "--yes", "--dry-run")
    assert document["counts"]["do_not_call"] == 10_000
    assert document["counts"]["not_sent"] == 2
    assert cli.called == []


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_person_is_found_whichever_way_each_list_spells_the_number(cli, spelling):
    number = "+13035550100"
    cell = SPELLINGS[spelling](number)
    cli.write("stop.jsonl", json.dumps({"phone": cell}))
    cli.write("people.csv", f"phone\n{number}\n")
    assert (
        cli.call("people.csv", "--do-not-call", "stop.jsonl", "--region", "US", "-y")["counts"]["do_not_call"]
        == 1
    )
    cli("do-not-call", "add", cell, "--region", "US")
    cli("do-not-call", "check", number, exits=3)
    assert cli.called == []


def workbook(path, numbers):
    book = openpyxl.Workbook()
    book.active.append(["phone", "why"])
    for number in numbers:
        book.active.append([number, "x"])
    book.save(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stop.csv", "phone,why\n+13035550100,x\n"),
        ("stop.csv", "why;Phone Number\nx;+13035550100\n"),
        ("stop.csv", "+13035550100\n"),
        ("stop.csv", "\n+13035550109,x\n+13035550100,y\n"),
        ("stop.csv", "+13035550109,+13035550100\n"),
        ("stop.csv", "tel:+13035550100\n"),
        ("stop.tsv", "phone\twhy\n+13035550100\tx\n"),
        ("stop.txt", "+13035550109\n\n  +1 (303) 555-0100  \n"),
        ("stop.txt", "\ufeff+13035550100\r\n"),
        ("stop.txt", "phone\n+13035550100\n"),
        ("stop", "+1 303 555 0100 ext. 4\n"),
        ("stop.json", '[{"phone": "+13035550100"}]'),
        ("stop.jsonl", '{"phone": "+13035550100"}\n'),
        ("stop.xlsx", None),
    ],
)
def test_any_format_that_contacts_have_and_a_number_a_line(cli, name, text):
    if text is None:
        workbook(cli.folder / name, ["+13035550100"])
    else:
        cli.write(name, text)
    cli.write("people.csv", "phone\n+13035550100\n+13035550101\n")
    document = cli.call("people.csv", "--do-not-call", name, "-y")
    assert (document["counts"]["do_not_call"], document["counts"]["accepted"]) == (1, 1)
    assert cli.called == ["+13035550101"]
    assert document["screening"]["rows"] == [
        {
            "row": 2,
            "code": "do-not-call",
            "counted_as": "do_not_call",
            "message": f"do-not-call: listed in {name}",
        }
    ]


@pytest.mark.parametrize(
    ("name", "text", "row"),
    [
        ("stop.csv", "phone\n+13035550100\nnobody\n", 3),
        ("stop.csv", "phone,why\n+13035550100,x\n,y\n", 3),
        ("stop.csv", "phone\n+13035550100 / 5550101\n", 2),
        ("stop.csv", "phone\n3035550100\n", 2),  # without --region the country is unknown
        ("stop.csv", "+13035550100,x\n,y\n", 2),
        ("stop.csv", "phone\n1.3035550100E+10\n", 2),
        ("stop.csv", "phone,why\n+13035550100,x,more,cells\n", 2),
        ("stop.txt", "+13035550100\n\n+1303555010O\n", 3),
        ("stop.txt", "+13035550100,+13035550\n", 1),
        ("stop.jsonl", '{"phone": "+13035550100"}\n{"name": "Ann"}\n', 2),
        ("stop.jsonl", '{"phone": "+13035550100"}\n["+13035550101"]\n', 2),
    ],
)
def test_a_row_that_is_no_number_stops_the_run_before_anything_is_sent(cli, name, text, row):
    cli.write(name, text)
    cli.write("people.csv", "phone\n+13035550199\n")
    document = cli.call("people.csv", "--do-not-call", name, "-y", exits=5)
    (error,) = document["errors"]
    assert name in error["message"]
    assert f"row {row}" in error["message"]
    assert cli.called == []
    assert not cli.ledger.exists()


def test_a_list_that_is_missing_empty_or_a_folder_stops_the_run(cli):
    cli.write("people.csv", "phone\n+13035550199\n")
    cli.write("empty.csv", "")
    cli.write("binary.csv", "phone\n\0\n")
    (cli.folder / "folder").mkdir()
    for name in ("missing.csv", "empty.csv", "binary.csv", "folder"):
        document = cli.call("people.csv", "--do-not-call", name, "-y", exits=5)
        assert name in document["errors"][0]["message"]
    assert cli.called == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stop.csv", "phone\n"),
        ("stop.csv", "phone,why\n\n\n"),
        ("stop.json", "[]"),
        ("stop.txt", "# nobody yet\n"),
        ("stop.txt", "phone\n"),
        ("stop.xml", "<list type='full' level='all' val=''>\n</list>\n"),
        ("stop.xlsx", None),
    ],
)
def test_a_list_of_nobody_stops_the_run(cli, name, text):
    if text is None:
        workbook(cli.folder / name, [])
    else:
        cli.write(name, text)
    cli.write("people.csv", "phone\n+13035550199\n")
    (error,) = cli.call("people.csv", "--do-not-call", name, "-y", exits=5)["errors"]
    assert name in error["message"]
    assert cli.called == []
    cli("do-not-call", "import", name, exits=5)


def test_several_lists_add_up_and_the_environments_is_never_taken_away(cli, monkeypatch):
    for place in range(4):
        cli.write(f"stop{place}.txt", f"+1303555010{place}\n")
    cli.write("people.csv", "phone\n" + "".join(f"+1303555010{place}\n" for place in range(5)))
    monkeypatch.setenv("XUNA_DO_NOT_CALL", f"stop2.txt{os.pathsep}stop3.txt")
    document = cli.call("people.csv", "--do-not-call", "stop0.txt", "--do-not-call", "stop1.txt", "-y")
    assert document["counts"]["do_not_call"] == 4
    assert cli.called == ["+13035550104"]


def test_the_lists_of_an_env_file_lie_beside_it(cli):
    (cli.folder / "conf").mkdir()
    cli.write("conf/stop.txt", "+13035550100\n")
    cli.write("conf/x.env", "XUNA_DO_NOT_CALL=stop.txt\n")
    cli.write("people.csv", "phone\n+13035550100\n")
    assert cli.call("people.csv", "--env-file", "conf/x.env", "-y")["counts"]["do_not_call"] == 1


def test_a_registry_file_may_not_be_older_than_allowed(cli):
    cli.write("people.csv", "phone\n+13035550199\n")
    stop = cli.write("stop.txt", "+13035550100\n")
    old = time.time() - 32 * 86_400
    os.utime(stop, (old, old))
    document = cli.call("people.csv", "--do-not-call", stop, "--max-list-age", "31d", "-y", exits=5)
    assert document["errors"][0]["code"] == "list-too-old"
    assert cli.called == []
    assert (
        cli.call("people.csv", "--do-not-call", stop, "--max-list-age", "33d", "-y")["counts"]["accepted"]
        == 1
    )
    cli("batch-call", "people.csv", "--do-not-call", stop, "--max-list-age", "soon", "-y", exits=2)


def test_the_same_number_under_another_key_is_not_called_either(cli):
    cli.write("stop.txt", "+13035550100\n")
    cli.write("people.csv", "phone,id\n+13035550100,1\n+13035550100,2\n")
    document = cli.call("people.csv", "--key", "id", "--do-not-call", "stop.txt", "-y")
    assert document["counts"]["do_not_call"] == 2


def test_a_set_of_numbers_holds_just_those():
    numbers = some_numbers(20_000, 4)
    kept = Numbers([*numbers[::2], *numbers[::4]])
    assert len(kept) == len(numbers[::2])
    assert sorted(kept) == numbers[::2]
    assert all((number in kept) == (place % 2 == 0) for place, number in enumerate(numbers))
    assert None not in kept


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("stop.csv", "phone,work phone\n+13035550109,+13035550100\n"),
        ("stop.csv", "phone,work phone\n,+13035550100\n"),
        ("stop.csv", "phone,mobile\n+13035550109,+13035550100\n"),
        ("stop.csv", "phone,mobile\n,+13035550100\n"),
        ("stop.json", '[{"mobile": "+13035550109", "phone": "+13035550100"}]'),
        ("stop.csv", "phone,other\n+13035550109,+1 (303) 555-0100\n"),
        ("stop.csv", "phone,other\n+13035550109,tel:+13035550100\n"),
        (
            "stop.csv",
            "phone,Tel 2,phone type,since,zip,id\n+13035550109,+13035550100,mobile,2024-01-02T10:00:00Z,12345-6789,1234567\n",
        ),
        ("stop.json", '[{"phone": "+13035550109", "work": 13035550100}]'),
        ("stop.csv", "phone,other\n+13035550109,+1 303 555 0100 ext. 12\n"),
    ],
)
def test_every_number_of_a_row_counts_in_whichever_column_it_stands(cli, name, text):
    cli.write(name, text)
    cli.write("people.csv", "phone\n+13035550100\n+13035550101\n")
    document = cli.call("people.csv", "--do-not-call", name, "--region", "US", "-y")
    assert document["counts"]["do_not_call"] == 1
    assert cli.called == ["+13035550101"]


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("work phone", "1303555010O"),
        ("other", "3035550100"),
        ("other", "(303) 555-0100"),
        ("other", "+13035550100; 5550102"),
        ("other", "2.12E+09"),
        ("other", "home: 303-555-0100"),
        ("other", "303 555 0100 (mobile)"),
        ("other", '"+49 6221,123456"'),
        ("since", "2024-01-02 10:00 +13035550100"),
    ],
)
def test_a_further_cell_that_may_be_a_number_and_can_not_be_read_stops_the_run(cli, header, cell):
    cli.write("stop.csv", f"phone,{header}\n+13035550109,{cell}\n")
    cli.write("people.csv", "phone\n+13035550100\n")
    (error,) = cli.call("people.csv", "--do-not-call", "stop.csv", "-y", exits=5)["errors"]
    assert f"row 2: column '{header}'" in error["message"]
    assert cli.called == []
    cli("do-not-call", "import", "stop.csv", "--phone-column", "phone")


@pytest.mark.parametrize(
    "cell",
    [
        '["+13035550100"]',
        '["+13035550102", 3035550100]',
        '"+13035550102 / +13035550100"',
        '"303-555-0102 or 303-555-0100"',
        '"+13035550102 ::: +13035550100"',
        '"+13035550102\\n(303) 555-0100"',
        '"home: 303-555-0100"',
        '"(303) 555-0100 (mobile)"',
        '"Tel. 2: +1 303 555 0100 x4"',
        "13035550100.0",
    ],
)
def test_every_number_of_a_cell_counts_where_it_is_certain(cli, cell):
    cli.write("stop.json", f'[{{"phone": "+13035550109", "other": {cell}}}]')
    cli.write("people.csv", "phone\n+13035550100\n+13035550101\n")
    document = cli.call("people.csv", "--do-not-call", "stop.json", "--region", "US", "-y")
    assert cli.called == ["+13035550101"]
    assert document["do_not_call_lists"][0]["unassigned"] == 0


@pytest.mark.parametrize(
    ("cell", "region", "listed"),
    [("4915123456789", "DE", "+4915123456789"), ("+48 (0)22 123 45 67", None, "+48221234567")],
)
def test_every_reading_of_a_number_is_on_the_list(cli, cell, region, listed):
    cli.write("stop.json", json.dumps([{"phone": cell}]))
    cli.write("people.csv", f"phone\n{listed}\n")
    options = ("--region", region) if region else ()
    counts = cli.call("people.csv", "--do-not-call", "stop.json", *options, "-y")["counts"]
    assert (counts["do_not_call"], counts["rejected"]) == (1, 0)
    cli("do-not-call", "add", cell, *options)
    cli("do-not-call", "check", listed, exits=3)
    cli("do-not-call", "check", cell, *options, exits=3)
    cli("do-not-call", "remove", cell, *options)
    cli("do-not-call", "check", cell, *options)


@pytest.mark.parametrize(
    "cell",
    ["+49 6221,123456", "+1 555 987 6543 x12", "4915123456789", "0000000000", "1-800-FLOWERS", "2.12E+09"],
)
def test_what_is_left_of_a_number_is_on_no_list(cli, cell):
    cli.write("stop.json", json.dumps([{"phone": cell}]))
    cli.write("people.csv", "phone\n+13035550100\n")
    (error,) = cli.call("people.csv", "--do-not-call", "stop.json", "-y", exits=5)["errors"]
    assert "row 1" in error["message"]
    cli("do-not-call", "add", cell, exits=2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("us.txt", "303,5550100\n303,5550102\n"),
        ("us.txt", "area code,phone number\n303,5550100\n"),
        ("us.csv", "AreaCode,PhoneNumber,Type\n303,555-0100,A\n"),
        ("us-changes.txt", "303,5550109,2026-11-01,D\n303,5550100,2026-11-01,A\n"),
        ("us10.txt", "3035550109\n3035550100\n"),
        ("us11.txt", "13035550109\n13035550100\n"),
        (
            "canada.xml",
            (
                "<?xml version='1.0'?>\n<list type='full' level='all' val=''>\n<ac val='416'>\n<ph val='5550109' />\n"
                "</ac>\n<ac val='303'>\n<ph val='5550109' /> <ph val='5550100' />\n</ac>\n</list>\n"
            ),
        ),
        ("vicidial.txt", "3035550109\r\n3035550100\r\n"),
        ("vicidial.csv", "phone_number,campaign_id\n3035550100,TESTCAMP\n"),
        (
            "twilio.csv",
            "To,From,OptOutType,DateUpdated\nwhatsapp:+13035550100,+13035550199,STOP,2026-11-01T10:00:00Z\n",
        ),
        (
            "own.txt",
            "# asked by mail\n+1 303 555 0109 # on 3 November\n// and these\n(303) 555-0100 // Bob\n",
        ),
        ("own.csv", "phone,reason,date\n3035550100,asked on 2026-11-03,2026-11-03\n"),
        ("own.csv", "3035550100;Bob;2026-11-03\n"),
        ("cells.csv", "country,phone\nUS,3035550100\nGB,07700900123\n"),
        ("codes.csv", "phone_code,phone_number\n44,2079460000\n1,3035550100\n"),
    ],
)
def test_the_formats_of_registries_and_dialers_are_read(cli, name, text):
    cli.write(name, text)
    cli.write("people.csv", "phone\n+13035550100\n+13035550101\n")
    document = cli.call("people.csv", "--do-not-call", name, "--region", "US", "-y")
    assert document["counts"]["do_not_call"] == 1
    assert cli.called == ["+13035550101"]
    cli("do-not-call", "import", name, "--region", "US")
    cli("do-not-call", "check", "+13035550100", exits=3)


def test_a_registry_of_the_united_kingdom_is_read(cli):
    cli.write("tps.txt", "0207 3787244\r\n01635 506160\r\n0191 5657153\r\n07860 338653\r\n02073787245 \r\n")
    cli.write(
        "people.csv", "phone\n+442073787244\n+441635506160\n+441915657153\n+447860338653\n+442073787245\n"
    )
    document = cli.call("people.csv", "--do-not-call", "tps.txt", "--region", "GB", "-y")
    assert document["counts"]["do_not_call"] == 5


def test_a_number_of_another_country_is_read_in_that_country(cli):
    cli.write("stop.csv", "phone_code,phone_number\n44,7700900123\n44,2079460000\n")
    cli.write("people.csv", "phone\n+442079460000\n")
    assert (
        cli.call("people.csv", "--do-not-call", "stop.csv", "--region", "US", "-y")["counts"]["do_not_call"]
        == 1
    )


def test_every_sheet_of_a_workbook_is_read(cli):
    book = openpyxl.Workbook()
    book.active.append(["phone"])
    book.active.append(["+13035550109"])
    book.create_sheet("Explanation").append(["These people asked us to stop."])
    book.create_sheet("Blank")
    hidden = book.create_sheet("Hidden")
    hidden.append(["Mobile", "name"])
    hidden.append(["(303) 555-0100", "Bob"])
    hidden.sheet_state = "hidden"
    bare = book.create_sheet("Bare")
    bare.append([3035550101])
    book.save(cli.folder / "stop.xlsx")
    cli.write("people.csv", "phone\n+13035550100\n+13035550101\n+13035550102\n")
    document = cli.call("people.csv", "--do-not-call", "stop.xlsx", "--region", "US", "-y")
    assert document["do_not_call_lists"] == [{"name": "stop.xlsx", "numbers": 3, "unassigned": 0}]
    assert cli.called == ["+13035550102"]


def test_a_sheet_with_numbers_and_no_column_for_them_stops_the_run(cli):
    book = openpyxl.Workbook()
    book.active.append(["phone"])
    book.active.append(["+13035550109"])
    other = book.create_sheet("Other")
    other.append(["who", "what"])
    other.append(["Bob", "+1 303 555 0100"])
    book.save(cli.folder / "stop.xlsx")
    cli.write("people.csv", "phone\n+13035550100\n")
    (error,) = cli.call("people.csv", "--do-not-call", "stop.xlsx", "-y", exits=5)["errors"]
    assert "sheet 'Other'" in error["message"]
    assert cli.called == []


def test_numbers_that_nobody_may_have_are_told_whatever_quiet(cli):
    cli.write("stop.txt", "+15551230001\n+15551230001\n+13035550100\n")
    cli.write("people.csv", "phone\n+15551230001\n+13035550101\n")
    command = ("batch-call", "people.csv", "--do-not-call", "stop.txt", "--output", "json")
    ran = cli(*command, "-y", "--quiet")
    assert ran.counts["do_not_call"] == 1
    assert ran.document["do_not_call_lists"] == [{"name": "stop.txt", "numbers": 2, "unassigned": 1}]
    assert "1 number is outside the ranges in use, e.g. +15551230001 (stop.txt, row 1)" in ran.err
    ran = cli(*command, "--dry-run")
    assert "do-not-call list stop.txt: 2 numbers" in ran.err


@pytest.mark.parametrize(
    ("content", "option"),
    [
        ("name;phone\nJürg;+13035550100\n".encode("cp1252"), ("--encoding", "cp1252")),
        (b"who,handset\nBob,303 555 0100\n", ("--phone-column", "handset")),
    ],
)
def test_a_hint_names_a_command_that_works(cli, content, option):
    (cli.folder / "my stop.csv").write_bytes(content)
    cli.write("people.csv", "phone\n+13035550100\n")
    ran = cli("batch-call", "people.csv", "--do-not-call", "my stop.csv", "--region", "US", "-y", exits=5)
    assert f"xuna do-not-call import 'my stop.csv' {option[0]}" in ran.err
    cli("do-not-call", "import", "my stop.csv", *option, "--region", "US")
    assert cli.call("people.csv", "-y")["counts"]["do_not_call"] == 1
