import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.contacts import ListOptions, open_list
from xuna_cli.contacts.apostrophes import guard, unguarded
from xuna_cli.models import Contact, Rejection
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
