import csv
import io
import json

import pytest

from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.errors import InputError, UsageError
from xuna_cli.models import Contact, Rejection


def test_a_row_is_a_contact_under_its_spreadsheet_row(read):
    assert read("phone,name\n+15550100101,Ann\n+15550100102,Bo\n") == [
        Contact(2, {"phone": "+15550100101", "name": "Ann"}),
        Contact(3, {"phone": "+15550100102", "name": "Bo"}),
    ]


def test_blank_rows_are_skipped_and_counted(read):
    rows = read("\n  \nphone,name\n\n+1,Ann\n , \n,\n+2,Bo\n\n\n")
    assert [(row.row_number, row.fields["name"]) for row in rows] == [(5, "Ann"), (8, "Bo")]


def test_a_quoted_newline_is_one_row(read):
    rows = read('phone,note\n+1,"two\nlines"\n+2,"a\r\nb"\n+3,x\n')
    assert [(row.row_number, row.fields["note"]) for row in rows] == [
        (2, "two\nlines"),
        (3, "a\r\nb"),
        (4, "x"),
    ]


def test_cells_and_headers_lose_the_space_around_them_and_keep_it_inside(read):
    assert read("\ufeff phone ,\u00a0full name\n +1 555\u00a0,\t Ann  B \n")[0].fields == {
        "phone": "+1 555",
        "full name": "Ann  B",
    }


def test_a_quote_after_a_space_is_a_quote(read):
    assert read('phone,company\n+1, "Smith, Ltd"\n')[0].fields["company"] == "Smith, Ltd"


def test_a_short_row_gets_empty_cells(read):
    assert read("phone,name,city\n+1\n")[0].fields == {"phone": "+1", "name": "", "city": ""}


def test_a_row_with_too_many_cells_is_rejected_and_the_rest_read(read):
    rejected, contact = read("phone,name\n+1,Smith,Ann\n+2,Bo\n")
    assert isinstance(rejected, Rejection)
    assert (rejected.row_number, rejected.code) == (2, "row-too-long")
    assert "'Ann'" in rejected.message
    assert rejected.contact == Contact(2, {"phone": "+1", "name": "Smith", "": ["Ann"]})
    assert contact == Contact(3, {"phone": "+2", "name": "Bo"})


def test_empty_cells_too_many_are_nothing(read):
    assert read("phone,name,,\n+1,Ann,,, \n") == [Contact(2, {"phone": "+1", "name": "Ann"})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(read, delimiter):
    header = delimiter.join(["phone", "first name", '"a,b;c|d"'])
    row = delimiter.join(["+1", "Ann", '"x,y;z|1"'])
    assert read(f"{header}\n{row}\n")[0].fields == {"phone": "+1", "first name": "Ann", "a,b;c|d": "x,y;z|1"}


def test_the_delimiter_that_shows_the_phone_column_wins(read):
    assert read("phone;last, first, middle, title\n+1;Ann\n")[0].fields["phone"] == "+1"


def test_one_column_needs_no_delimiter(read):
    assert read("phone\n+1\n+2\n") == [Contact(2, {"phone": "+1"}), Contact(3, {"phone": "+2"})]


@pytest.mark.parametrize("given", ["^", "tab", "\\t"])
def test_the_delimiter_can_be_given(read, given):
    delimiter = {"tab": "\t", "\\t": "\t"}.get(given, given)
    assert read(f"phone{delimiter}a,b,c\n+1{delimiter}x", delimiter=given)[0].fields == {
        "phone": "+1",
        "a,b,c": "x",
    }


@pytest.mark.parametrize("given", ["", ",,", '"', "\n"])
def test_a_delimiter_that_parts_nothing_is_a_usage_error(read, given):
    with pytest.raises(UsageError, match="--delimiter"):
        read("phone\n+1", delimiter=given)


def test_tsv_is_parted_by_tabs_whatever_else_is_in_the_header(read):
    assert read("phone\ta,b,c,d\n+1\tx\n", name="list.tsv")[0].fields == {"phone": "+1", "a,b,c,d": "x"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_works(read, end):
    rows = read(end.join(["phone,name", "+1,Ann", "", "+2,Bo"]))
    assert [(row.row_number, row.fields["name"]) for row in rows] == [(2, "Ann"), (4, "Bo")]


def test_an_unclosed_quote_does_not_swallow_the_rest(opened):
    content = 'phone,name\n+1,"multi\nline"\n+2,"Bo\n' + "".join(f"+{n},Name\n" for n in range(3, 2000))
    seen = []
    with pytest.raises(InputError, match="row 3, which begins on line 4") as caught:
        seen.extend(opened(content))
    assert [row.fields["phone"] for row in seen] == ["+1"]
    assert caught.value.code == "input-quote"
    assert "close the quote" in caught.value.hint


def test_an_unclosed_quote_before_quoted_cells_is_found(read):
    with pytest.raises(InputError, match="row 3 can't be read"):
        read('phone,name\n"+1","Ann"\n"+2","Bo\n"+3","Cy"\n"+4","Di"\n')


def test_an_unclosed_quote_is_found_long_before_the_end_of_a_large_list(tmp_path):
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size=-1):
            data = super().read(size)
            self.taken += len(data)
            return data

        read1 = read

    file = Counting(b'phone,name\n+1,"Ann\n' + b"+1555,Name\n" * 500_000)
    with pytest.raises(
        InputError, match="a cell has more than 131,072 characters; most likely a quote is not closed"
    ):
        open_list(file, ListOptions(), name="x.csv")
    assert file.taken < 1_000_000


def test_a_long_text_in_a_cell_is_read(read):
    assert read("phone,note\n+1," + "x" * 100_000)[0].fields["note"] == "x" * 100_000


def test_a_list_with_a_header_alone_has_no_contacts(opened):
    contacts = opened("phone,name\n")
    assert (contacts.columns, contacts.phone_column) == (("phone", "name"), "phone")
    assert list(contacts) == []


@pytest.mark.parametrize("content", ["\n\n", " , \n", "\ufeff\n"])
def test_a_list_with_nothing_but_blank_rows_is_an_error(opened, content):
    with pytest.raises(InputError, match="only blank rows"):
        opened(content)


def test_duplicate_headers_are_named(opened):
    with pytest.raises(InputError, match=r"more than one column is called 'name', 'x'"):
        opened("phone,name, name ,x,x\n+1,Ann,Bo,1,2\n")


@pytest.mark.parametrize(
    "first",
    ["+15550100101,Ann", "Ann;(555) 010-0101;x", "5550100101,Ann", "1.55599E+10,Ann", "'+15550100101,Ann"],
)
def test_a_list_without_a_header_is_told_so(opened, first):
    with pytest.raises(InputError, match="has no header: row 1"):
        opened(f"{first}\n+15550100102,Bo\n")


def test_a_number_in_a_header_beside_a_phone_column_is_a_name(opened):
    assert opened("phone,20261018\n+1,x\n").columns == ("phone", "20261018")


def test_data_under_an_empty_header_cell_is_an_error_at_opening(opened):
    with pytest.raises(InputError, match=r"row 2: column 1 contains '0', but has no name"):
        opened(",phone\n0,+1\n")


def test_data_under_an_empty_header_cell_is_an_error_where_it_comes_later(opened):
    contacts = iter(opened("phone,,name\n+1,,Ann\n+2,x,Bo\n"))
    assert next(contacts) == Contact(2, {"phone": "+1", "name": "Ann"})
    with pytest.raises(InputError, match="row 3: column 2"):
        next(contacts)


def test_an_empty_column_without_a_name_is_nothing(opened):
    contacts = opened(",phone,,name\n,+1,,Ann\n")
    assert contacts.columns == ("phone", "name")
    assert list(contacts) == [Contact(2, {"phone": "+1", "name": "Ann"})]


def test_reading_is_lazy(tmp_path):
    path = tmp_path / "list.csv"
    with path.open("w") as file:
        csv.writer(file).writerows([("phone", "name"), *((f"+1{n}", "Ann") for n in range(100_000))])
        file.write('+1,"unclosed')
    contacts = open_list(path, ListOptions(), name="list.csv")
    assert next(iter(contacts)).row_number == 2
    contacts.close()


def test_a_carriage_return_by_itself_ends_a_row_where_whole_rows_stand_on_both_sides(opened):
    rows = list(opened("phone,name\r\n+1,Ann\n+2,Bo\r+3,Cy\r\n\r+4,Di\r"))
    assert [row.fields["phone"] for row in rows] == ["+1", "+2", "+3", "+4"]


@pytest.mark.parametrize("text", ["+2,Bo\rby\n", "+2\r,Bo\n", "+2,Bo\r\n\r+3,C\ry\n"])
def test_a_stray_carriage_return_makes_no_two_rows_of_one(opened, text):
    contacts = iter(opened("phone,name\n+1,Ann\n" + text))
    assert next(contacts).fields["name"] == "Ann"
    with pytest.raises(InputError, match=r"carriage return|can't be read") as caught:
        list(contacts)
    assert "universal-newline" not in caught.value.message


def test_a_carriage_return_inside_quotes_belongs_to_the_cell(opened):
    rows = list(opened('phone,name\n+1,"A\rnn"\n+2,"B\r\nob"\n'))
    assert [row.fields["name"] for row in rows] == ["A\rnn", "B\r\nob"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_that_names_the_separator_is_no_row(opened, first):
    contacts = opened(f"{first}\r\nname;phone\r\nAnn;+1\r\n", name="a.csv")
    assert list(contacts) == [Contact(2, {"name": "Ann", "phone": "+1"})]
    tab = opened("sep=\t\nname\tphone\nAnn, B\t+1\n", name="a.csv")
    assert [row.fields["name"] for row in tab] == ["Ann, B"]


@pytest.mark.parametrize(
    ("text", "row", "delete"),
    [
        ("Spring campaign,,\n,,\nname,phone,city\nAnn,+15551230001,NYC\n", 3, "rows 1 to 2"),
        ("Phone list spring,,\nname,phone,city\nAnn,+15551230001,NYC\n", 2, "row 1"),
        ("Phone list spring\n\nname,phone,city\nAnn,+15551230001,NYC\n", 3, "rows 1 to 2"),
        ("Contact,Contact,Order\nname,phone,no\nAnn,+1555,7\n", 2, "row 1"),
        ("Export from 2026-11-01\nName;Telefon\nAnn;+1\n", 2, "row 1"),
        ("List of callers\n\nMobile\n+15551230001\n", 3, None),
    ],
)
def test_a_title_above_the_header_is_told(opened, text, row, delete):
    if delete is None:  # a single column may contain anything
        with pytest.raises(InputError, match="no column with a known name"):
            opened(text, name="a.csv")
        return
    for delimiter in (None, ";" if ";" in text else ","):
        with pytest.raises(InputError, match=f"row {row} looks like the header") as caught:
            opened(text, name="a.csv", delimiter=delimiter)
        assert f"delete {delete}:" in caught.value.hint
        assert caught.value.code == "input-title-row"


@pytest.mark.parametrize(
    "text",
    [
        "Phone 1 - Label,Phone 1 - Value,Phone 2 - Value\nMobile,+15551230001,+15551230002\n",
        "a,b\nMobile,+15551230001\n",
    ],
)
def test_a_label_in_a_row_makes_no_header_of_it(opened, text):
    with pytest.raises(InputError) as caught:
        opened(text, name="a.csv")
    assert caught.value.code == "input-phone-column"


@pytest.mark.parametrize(
    ("start", "what"),
    [
        ("BEGIN:VCARD\nVERSION:3.0\n", "a vCard file"),
        ("<!DOCTYPE html>\n<html>", "an HTML page"),
        ("<table><tr><td>phone", "an HTML page"),
        ('<?xml version="1.0"?><Workbook>', "an XML file"),
        ("{\\rtf1 phone", "an RTF document"),
        ("ID;PWXL;N;E\n", "a SYLK file"),
        ("dn: cn=Ann\n", "an LDIF file"),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_that_is_no_list_is_told_as_what_it_is(opened, start, what, mark):
    with pytest.raises(InputError, match=what) as caught:
        opened((mark + start).encode(), name="a.csv")
    assert caught.value.code == "input-foreign"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("'+15551230001", "+15551230001"),
        ("'7654321098765", "7654321098765"),
        ("'=1+1", "=1+1"),
        ("'-10%", "-10%"),
        ("'@7", "@7"),
        ("'t Hooft", "'t Hooft"),
        ("'90s", "'90s"),
        ("O'Neil", "O'Neil"),
        ("'", "'"),
        ('"=""+15551230002"""', "+15551230002"),
        ('"=""007"""', "007"),
        ('"=""say """"hi"""""""', 'say "hi"'),
        ("=1+1", "=1+1"),
    ],
)
def test_the_marks_of_a_spreadsheet_are_no_part_of_a_cell(opened, cell, value):
    (row,) = opened(f"phone,note\n+1,{cell}\n", name="a.csv")
    assert row.fields["note"] == value
    (row,) = opened(json.dumps([{"phone": "+1", "note": "'+1"}]), name="a.json")
    assert row.fields["note"] == "'+1"  # JSON has no such marks


@pytest.mark.parametrize("header", ["ID;Phone;Name", "ID;PHONE;NAME", "ID;Phone Number;N", "ID;P;phone"])
def test_a_list_with_an_id_and_a_phone_is_no_sylk_file(read, header):
    (row,) = read(
        f"{header}\n1;+15550100101;+15550100101\n",
        phone_columns=(header.split(";")[-1 if ";P;" in header else 1],),
    )
    assert row.fields["ID"] == "1"


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("name", "text"), [("l.csv", "name,phone\n"), ("l.json", '[{"phone":"+1"}]'), ("l", "phone\n")]
)
def test_utf_16_without_a_mark_is_named_with_its_order(tmp_path, codec, name, text):
    (tmp_path / name).write_bytes(text.encode(codec))
    with pytest.raises(InputError) as raised:
        open_list(tmp_path / name, ListOptions(), name=name)
    assert f"--encoding {codec}" in raised.value.hint
    with open_list(tmp_path / name, ListOptions(encoding=codec), name=name) as contacts:
        assert contacts.phone_column == "phone"
