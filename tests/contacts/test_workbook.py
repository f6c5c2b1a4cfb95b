import datetime as dt
import io

import openpyxl
import pytest

from xuna_cli.errors import InputError
from xuna_cli.models import Contact


def workbook(*rows, title="People", **sheets):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(row)
    return book


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_number_cell_with_a_phone_number_is_no_float(read):
    rows = read(
        saved(workbook(["Phone", "n"], [15559876543, 1.5], [1e15, 1e22], [5, -2.0])),
        name="a.xlsx",
    )
    assert [row.fields for row in rows] == [
        {"Phone": "15559876543", "n": "1.5"},
        {"Phone": "1000000000000000", "n": "10000000000000000000000"},
        {"Phone": "5", "n": "-2"},
    ]


def test_every_other_cell_is_shown_as_the_sheet_shows_it(read):
    cells = [
        "+1",
        True,
        False,
        dt.datetime(2026, 1, 2, 3, 4),
        dt.date(2026, 1, 2),
        dt.time(9, 30),
        None,
        " x ",
    ]
    book = workbook(["phone", "a", "b", "c", "d", "e", "f", "g"], cells)
    assert list(read(saved(book), name="a.xlsx")[0].fields.values()) == [
        "+1",
        "TRUE",
        "FALSE",
        "2026-01-02 3:04:00",
        "2026-01-02",
        "9:30:00",
        "",
        "x",
    ]


def test_rows_have_the_numbers_that_excel_shows(read):
    book = openpyxl.Workbook()
    for place, value in {
        "B3": "phone",
        "C3": "name",
        "B4": "+1",
        "C4": "Ann",
        "B7": "+2",
        "C7": "Bo",
    }.items():
        book.active[place] = value
    assert read(saved(book), name="a.xlsx") == [
        Contact(4, {"phone": "+1", "name": "Ann"}),
        Contact(7, {"phone": "+2", "name": "Bo"}),
    ]


def test_the_visible_sheet_with_a_phone_column_is_read_and_any_other_on_demand(read):
    book = workbook(["phone"], ["+1"], title="Hidden", Second=[["phone"], ["+2"]], Third=[["notes"], ["+3"]])
    book["Hidden"].sheet_state = "hidden"
    book.active = 1
    content = saved(book)
    assert read(content, name="a.xlsx")[0].fields["phone"] == "+2"
    assert read(content, name="a.xlsx", sheet="hidden")[0].fields["phone"] == "+1"


def test_the_sheet_that_an_error_suggests_can_be_read(opened, read):
    content = saved(workbook(["phone"], ["=Data!A2"], title="Calls", Data=[["phone"], ["+15551230001"]]))
    with pytest.raises(InputError, match="no row of 'Calls' can be used") as caught:
        opened(content, name="a.xlsx")
    assert "`--sheet Data`" in caught.value.hint
    assert len(read(content, name="a.xlsx", sheet="Data")) == 1


def test_an_unknown_sheet_is_told_with_those_that_exist(opened):
    with pytest.raises(InputError, match="no sheet 'Nope'") as caught:
        opened(saved(workbook(["phone"], Second=[])), name="a.xlsx", sheet="Nope")
    assert "'People', 'Second'" in caught.value.hint


def test_an_empty_sheet_is_an_error(opened):
    with pytest.raises(InputError, match="no visible sheet with data"):
        opened(saved(workbook()), name="a.xlsx")


def test_headers_are_held_to_the_same_rules(opened):
    with pytest.raises(InputError, match="'name'"):
        opened(saved(workbook(["phone", "name", "name"])), name="a.xlsx")
    with pytest.raises(InputError, match="has no header: row 1 contains '15559876543'"):
        opened(saved(workbook([15559876543, "Ann"])), name="a.xlsx")


@pytest.mark.parametrize(
    "content",
    [b"phone,name\n+1,Ann\n", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600],
)
def test_what_is_no_workbook_is_an_error(opened, content):
    with pytest.raises(InputError, match="can't be read as a workbook"):
        opened(content, name="a.xlsx")


def test_a_workbook_cut_off_anywhere_is_an_error(opened):
    content = saved(workbook(["phone"], *([f"+{n}"] for n in range(500))))
    for end in range(1, len(content) - 1, len(content) // 40):
        with pytest.raises(InputError):
            opened(content[:end], name="a.xlsx")


def test_a_workbook_is_known_by_its_first_bytes(opened):
    assert opened(saved(workbook(["phone"], ["+1"])), name="standard input").columns == ("phone",)


def test_a_workbook_called_csv_is_told(opened):
    with pytest.raises(InputError, match="Excel workbook") as caught:
        opened(saved(workbook(["phone"], ["+1"])), name="a.csv")
    assert "--format xlsx" in caught.value.hint


def test_a_workbook_with_a_password_is_told(opened):
    # An encrypted XLSX is an OLE container with a stream of this name.
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(InputError, match="protected by a password"):
        opened(container, name="a.xlsx")
