"""One list in every format: the same people are called with the same messages, and the same rows are rejected."""

import csv
import io
import json

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import target_builder
from tests.support.workbooks import ods, row, xlsx
from xuna_cli.commands.calling.list_plan import phones_of
from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.folding import fold
from xuna_cli.models import CallTarget
from xuna_cli.targets.override import first_message

HEADER = ("Phone", "First Name", "City")
# Spreadsheets have no control characters. Spreadsheet marks are not part of a CSV cell, but they are part of a JSON
# text.
WORDS = (
    st.text(
        st.characters(
            min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp")
        ),
        max_size=12,
    )
    .map(str.strip)
    .filter(lambda text: not text.startswith(("'", '="', "=")))
)
PHONES = st.one_of(
    st.integers(0, 9999).map(lambda n: f"+1 (212) 555-{n:04}"),
    st.sampled_from(
        ["+4930123456", "030 123456", "", "0000000000", "nobody", "+1 212 555 0100 ext. 3", "5.55E+09"]
    ),
)


def as_csv(rows):
    file = io.StringIO()
    csv.writer(file).writerows([HEADER, *rows])
    return file.getvalue().encode()


def as_openpyxl(rows):
    book = openpyxl.Workbook()
    for number, cells in enumerate([HEADER, *rows], 1):
        for column, cell in enumerate(cells, 1):
            made = book.active.cell(number, column)
            made.value = cell or None
            if cell:
                made.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


FORMATS = {
    "a.csv": as_csv,
    "a.tsv": lambda rows: (
        as_csv(rows).replace(b",", b"\t") if not any("," in c or "\t" in c for r in rows for c in r) else None
    ),
    "a.json": lambda rows: json.dumps([dict(zip(HEADER, r, strict=True)) for r in rows]).encode(),
    "a.jsonl": lambda rows: "\n".join(json.dumps(dict(zip(HEADER, r, strict=True))) for r in rows).encode(),
    "a.xlsx": lambda rows: xlsx(*(row(number, *cells) for number, cells in enumerate([HEADER, *rows], 1))),
    "b.xlsx": as_openpyxl,
    "a.ods": lambda rows: ods(HEADER, *rows),
}


def calls(content, name):
    with open_list(io.BytesIO(content), ListOptions(), name=name) as contacts:
        prepare = target_builder(
            contacts.columns,
            phones=phones_of(contacts, None),
            are_complete=contacts.columns_are_complete,
            overrides=[first_message('Hi {{ first_name }} of {{ City | default("nowhere") }}.')],
            of_workbook=contacts.sheet is not None,
        )
        made = [prepare(contact) for contact in contacts]
    return [
        (one.to_phone_number, one.override) if isinstance(one, CallTarget) else (one.code, fold(one.field))
        for one in made
    ]


@pytest.mark.slow
@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(PHONES, WORDS, WORDS).filter(lambda cells: any(map(str.strip, cells))),
        min_size=1,
        max_size=5,
    )
)
def test_a_list_gives_the_same_calls_in_every_format(rows):
    found = {
        name: calls(content, name) for name, make in FORMATS.items() if (content := make(rows)) is not None
    }
    assert len({json.dumps(each) for each in found.values()}) == 1, found
