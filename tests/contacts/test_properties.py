import codecs
import csv
import io
import json

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from xuna_cli.contacts.apostrophes import without_marks
from xuna_cli.contacts.options import FORMATS, ListOptions
from xuna_cli.contacts.phone_names import Standing, standing
from xuna_cli.contacts.reading import open_list
from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection

QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Any text that a file can contain: no NUL, no half characters.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
JSON_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | JSON_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_TEXT, inner, max_size=3),
    max_leaves=5,
)


def read(content: bytes, name: str, **options):
    return list(open_list(io.BytesIO(content), ListOptions(**options), name=name))


@st.composite
def tables(draw):
    names = draw(st.lists(TEXT.map(str.strip).filter(bool), max_size=4, unique=True))
    header = ["phone", *(f"c {name}" for name in names)]
    rows = draw(st.lists(st.lists(TEXT.filter(_is_no_header), max_size=len(header) + 1), max_size=8))
    return header, rows


def _is_no_header(cell):
    """Under a header of one cell, a row with the name of a phone column (in any language) is an error."""
    return standing(cell.strip()) is Standing.NO


@QUICK
@given(
    table=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    find_it=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_every_row_written_as_csv_comes_back_once(*, table, delimiter, find_it, encoding, end, quoting):
    header, rows = table
    if end != "\r\n":
        quoting = csv.QUOTE_ALL  # otherwise the writer doesn't quote the other line ends
    if end == "\r":
        header = ["phone", *(f"c {n}" for n in range(1, len(header)))]  # the header's line end counts
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(header)
    writer.writerows(rows)
    content = file.getvalue().encode(encoding)
    # The delimiter can only be detected if the header contains no other one, and no part of a row.
    if not (find_it and len(header) > 1 and not any(set(",;\t|\r\n") & set(name) for name in header)):
        options = {"delimiter": delimiter}
    else:
        options = {}
    if encoding == "utf-16-be":
        options["encoding"] = encoding
    options["phone_columns"] = ("phone",)  # another name may mean a phone by chance

    expected = []
    for row_number, row in enumerate(rows, 2):
        cells = without_marks([cell.strip() for cell in row])
        if not any(cells):
            continue
        if any(cells[len(header) :]):
            expected.append((row_number, "row-too-long"))
        else:
            cells += [""] * len(header)
            expected.append((row_number, dict(zip([n.strip() for n in header], cells, strict=False))))
    assert [summary(row) for row in read(content, "list.csv", **options)] == expected


def summary(row):
    return (row.row_number, row.code if isinstance(row, Rejection) else row.fields)


@pytest.mark.slow
@QUICK
@given(
    st.lists(st.dictionaries(JSON_TEXT, JSON_VALUE, max_size=4) | JSON_VALUE, max_size=6),
    st.sampled_from(FORMATS[2:4]),
    st.booleans(),
    st.sampled_from([None, 1]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_every_value_written_as_json_comes_back_once(values, kind, ascii_only, indent, encoding):
    values = [{"tel": "+1"}, *values]
    if kind == "json":
        text = json.dumps(values, ensure_ascii=ascii_only, indent=indent)
    else:
        text = "\n".join(json.dumps(value, ensure_ascii=ascii_only) for value in values)
    rows = read(text.encode(encoding), f"list.{kind}")
    assert [row.row_number for row in rows] == list(range(1, len(values) + 1))
    for row, value in zip(rows, values, strict=True):
        if isinstance(value, dict):
            cells = {key: cell.strip() if isinstance(cell, str) else cell for key, cell in value.items()}
            assert row == Contact(row.row_number, cells)
            assert json.dumps(row.fields) == json.dumps(cells)  # in Python, 1, 1.0 and True are equal
        else:
            assert row.code == "row-not-an-object"


@pytest.mark.slow
@QUICK
@given(st.lists(st.dictionaries(JSON_TEXT, JSON_VALUE, max_size=3), max_size=4), st.integers(1, 80))
def test_where_the_reads_are_cut_changes_nothing(values, chunk):
    values = [{"tel": "+1"}, *values]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xuna_cli.contacts.json_array._CHUNK", chunk)
        rows = read(json.dumps({"x": values, "contacts": values, "y": 12}).encode(), "list.json")
    assert [row.fields for row in rows] == [
        {key: cell.strip() if isinstance(cell, str) else cell for key, cell in value.items()}
        for value in values
    ]


@pytest.mark.slow
@QUICK
@given(st.lists(st.dictionaries(JSON_TEXT, JSON_VALUE, max_size=3), max_size=4), st.data())
def test_an_array_cut_off_anywhere_never_passes(values, data):
    content = json.dumps([{"tel": "+1"}, *values]).encode()
    end = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(InputError):
        read(content[:end], "list.json")


def refuses_or_reads(content: bytes, name: str, **options):
    """Only rows or an InputError are allowed; any other exception fails the test."""
    refused = None
    rows = []
    try:
        rows = read(content, name, **options)
    except InputError as error:
        refused = error
    if refused is None:
        assert len({row.row_number for row in rows}) == len(rows)
    else:
        assert refused.message.startswith(name)
        assert refused.hint


SEEDS = [
    b'phone,name\n+1,"Ann\n',
    b'[{"phone": "+1"}, {"phone": NaN}]',
    b'{"phone": "+1"}\n{"phone": "+1"',
    b'{"contacts": [{"phone": "+1"}], "x": [',
    "phone,name\n+1,Zoë\n".encode("utf-16"),
]


@QUICK
@given(
    st.binary(max_size=200),
    st.sampled_from([None, *FORMATS]),
    st.sampled_from([None, "utf-16", "cp1252", "utf-7", "shift_jis"]),
)
@example(b"\xff\xfe\x00\xd8", "csv", None)
@example(b"\x00", None, None)
@example(b"\r", "csv", None)
@example(b"{}", None, None)
@example(b"[" * 200, "jsonl", None)
def test_hostile_bytes_raise_input_errors_alone(content, kind, encoding):
    refuses_or_reads(content, "standard input", format=kind, encoding=encoding)


@QUICK
@given(st.sampled_from(SEEDS), st.integers(0, 200), st.binary(max_size=6), st.sampled_from([None, *FORMATS]))
def test_damaged_lists_raise_input_errors_alone(content, place, damage, kind):
    place %= len(content)
    refuses_or_reads(content[:place] + damage + content[place + 1 :], "standard input", format=kind)


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["phone", "name"])
    book.active.append(["+1", 5])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


WORKBOOK = _workbook()


@QUICK
@given(st.integers(0, len(WORKBOOK) - 1), st.binary(min_size=1, max_size=40))
def test_damaged_workbooks_raise_input_errors_alone(place, damage):
    refuses_or_reads(WORKBOOK[:place] + damage + WORKBOOK[place + len(damage) :], "a.xlsx")


def test_the_marks_are_not_part_of_any_name():
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        assert open_list(io.BytesIO(mark + "phone\n+1".encode(codec)), ListOptions(), name="x").columns == (
            "phone",
        )
