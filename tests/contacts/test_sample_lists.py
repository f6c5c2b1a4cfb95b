from pathlib import Path

import pytest

from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.models import Contact

SAMPLES = Path(__file__).parents[2] / "sample_lists"


def read(name):
    return list(open_list(SAMPLES / name, ListOptions(), name=name))


@pytest.mark.parametrize("name", ["contacts.csv", "contacts.json", "contacts.jsonl"])
def test_the_good_lists_hold_the_same_twelve_people(name):
    rows = read(name)
    assert [row.fields for row in rows] == [row.fields for row in read("contacts.csv")]
    assert len(rows) == 12
    assert all(isinstance(row, Contact) and all(row.fields.values()) for row in rows)


def test_the_bad_list_is_read_to_its_last_row():
    rows = read("bad-rows.csv")
    assert [row.row_number for row in rows] == [*range(2, 24), 26]
    assert [row.row_number for row in rows if not isinstance(row, Contact)] == [13]
    assert rows[-1].fields["name"] == "Sue"
