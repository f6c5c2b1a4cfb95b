import csv
import io
from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.contacts.apostrophes import guard, unguarded
from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.models import CellFault, Contact, Rejection, TypedText
from xuna_cli.output.spreadsheet import Rejects

HOSTILE = st.text(alphabet="a'=+-@;|\t\r\n 1,\"é", max_size=12)


@given(HOSTILE)
def test_a_guarded_cell_comes_back_as_it_was(text):
    assert unguarded(guard(text)) == text


@given(HOSTILE)
def test_no_part_of_a_guarded_cell_is_a_formula(text):
    for cell in [
        guard(text),
        *guard(text).replace("\r", ";").replace("\t", ";").replace("|", ";").split(";"),
    ]:
        first = cell.strip(" \n")[:1]
        assert first not in "=@" or not first
        assert first not in "+-" or not first or not cell.strip()[1:2].isalpha()


@pytest.mark.slow
@given(rows=st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=4))
def test_rejected_rows_read_back_as_they_were(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rejects") / "r.csv"
    cells = [[text.strip() for text in row] for row in rows]
    rejects = Rejects(path, ("phone", "=note"))
    for number, row in enumerate(cells, 2):
        contact = Contact(number, dict(zip(("phone", "=note"), row, strict=True)))
        rejects.add(Rejection(number, "phone-missing", "phone", f"{row[0]}; --region US", contact))
    rejects.write()
    rejects.discard()
    with open_list(path, ListOptions(phone_columns=("phone",)), name="r.csv") as contacts:
        back = [(row.fields["phone"], row.fields["=note"]) for row in contacts]
    assert back == [tuple(row) for row in cells]


def test_the_reasons_stand_beside_the_rows(tmp_path):
    rejects = Rejects(tmp_path / "r.csv", ("phone",))
    message = '"=1+1" is not a phone number: write it with + and the country code, or give --region'
    rejects.add(Rejection(2, "phone-not-a-number", "phone", message, Contact(2, {"phone": "=1+1"})))
    rejects.write()
    rejects.discard()
    rows = list(csv.reader(io.StringIO((tmp_path / "r.csv").read_text())))
    assert rows == [["phone", "row", "code", "message"], ["'=1+1", "2", "phone-not-a-number", message]]


def rejected(path, *contacts):
    rejects = Rejects(path, list(contacts[0]))
    for number, fields in enumerate(contacts, 2):
        rejects.add(
            Rejection(
                number, "phone-missing", "phone", "the phone number is missing", Contact(number, fields)
            )
        )
    rejects.write()
    rejects.discard()


def read_back(path):
    with open_list(path, ListOptions(phone_columns=("phone",)), name=path.name) as contacts:
        return [row.fields for row in contacts]


def as_workbook(path):
    book = openpyxl.Workbook()
    for number, row in enumerate(csv.reader(io.StringIO(path.read_text())), 1):
        for position, text in enumerate(row, 1):
            cell = book.active.cell(number, position)
            cell.value, cell.data_type = text, "s"
    book.save(path.with_suffix(".xlsx"))
    return path.with_suffix(".xlsx")


CELLS = [
    "@7",
    "=1",
    "+A1",
    "-x",
    "'x",
    "''",
    "'=1",
    "'t Hooft",
    "a;=b",
    "a;'b",
    '"',
    "x\ny",
    "é",
    "[1]",
    "{x}",
    "'[1]",
    "007",
]


@pytest.mark.parametrize("saved_as", [lambda path: path, as_workbook], ids=["csv", "xlsx"])
def test_rejects_read_back_as_they_were_when_a_spreadsheet_saved_them_as_a_workbook(tmp_path, saved_as):
    rows = [{"phone": "555", "order": cell} for cell in CELLS]
    rejected(tmp_path / "r.csv", *rows)
    back = read_back(saved_as(tmp_path / "r.csv"))
    assert [(row["phone"], row["order"]) for row in back] == [("555", cell) for cell in CELLS]


@pytest.mark.parametrize("place", [0, 1, 9])
def test_rejects_are_known_with_a_column_added_or_moved(tmp_path, place):
    rejected(tmp_path / "r.csv", *({"phone": "555", "order": cell} for cell in CELLS))
    rows = list(csv.reader(io.StringIO((tmp_path / "r.csv").read_text())))
    for number, row in enumerate(rows):
        row.insert(place, "checked" if number == 0 else "yes")
    with (tmp_path / "r.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    assert [row["order"] for row in read_back(tmp_path / "r.csv")] == CELLS


def test_what_is_nested_in_json_is_nested_again(tmp_path):
    contact = {"phone": "555", "of": {"name": "'x", "tags": ["a", 1, None]}, "text": '["a"]', "space": " 'x"}
    rejected(tmp_path / "r.csv", contact)
    (back,) = read_back(tmp_path / "r.csv")
    assert {name: back[name] for name in contact} == contact


def test_typed_cells_are_written_as_they_are_shown(tmp_path):
    contact = {
        "phone": "555",
        "day": TypedText("3 Dec 2026", date(2026, 12, 3)),
        "sum": CellFault("=A1+1", "cell-not-calculated", "B2"),
    }
    rejected(tmp_path / "r.csv", contact)
    (back,) = read_back(tmp_path / "r.csv")
    assert (back["day"], back["sum"]) == ("3 Dec 2026", "=A1+1")


def test_the_apostrophe_of_an_export_counts_in_a_workbook_too(tmp_path):
    (tmp_path / "l.csv").write_text("phone,order,name\n'+15551230001,'@7,'t Hooft\n")
    assert read_back(as_workbook(tmp_path / "l.csv")) == read_back(tmp_path / "l.csv")
    assert read_back(tmp_path / "l.csv") == [{"phone": "+15551230001", "order": "@7", "name": "'t Hooft"}]
