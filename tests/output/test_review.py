"""What `render` writes is read back unchanged, also after another program has saved it."""

import contextlib
import io
import json
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.errors import InputError, UsageError
from xuna_cli.models import Contact, Rejection
from xuna_cli.output.review import Review, format_of
from xuna_cli.output.workbook import write_workbook

NUMBER = "+13035550100"


def sendable(**options):
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), **options)


ODD = st.sampled_from(
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2",
        "@x",
        "'quoted",
        "[laughs]",
        "[1]",
        '{"a": 1}',
        '\'{"a": 1}',
        "a;=b|@c\t-d",
        "line\r\nline",
        "_x000D_",
        " spaces ",
        "a,b",
        '"',
        "007",
        "1/2",
        "Hi Ann.",
        "\x1f",
    ]
)
words = ODD | sendable(min_size=1, max_size=30)
value = st.recursive(
    words | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
override = st.one_of(
    st.builds(lambda message: {"agent": {"first_message": message}}, words),
    st.builds(lambda message, more: {"agent": {"first_message": message, "language": more}}, words, value),
    st.dictionaries(words, value, min_size=1, max_size=2),
    st.builds(lambda agent: {"agent": agent}, st.dictionaries(words, value, max_size=2)),
)
edged = words.map(str.strip).filter(bool)


@st.composite
def calls(draw, row_number=2):
    call = {"to_phone_number": NUMBER}
    if (config := draw(st.none() | override)) is not None:
        call["conversation_config_override"] = config
    if draw(st.booleans()):
        call["timezone"] = "America/Denver"
    call["xuna_row"] = row_number
    key_column = draw(st.none() | edged)
    call["xuna_key"] = NUMBER if key_column is None else f"{NUMBER}\x1f{draw(edged)}"
    call["xuna_campaign"] = draw(edged.filter(str.isprintable))
    if key_column is not None:
        call["xuna_key_column"] = key_column
    return call


fields = st.dictionaries(words | st.just("phone"), value, max_size=3)
WHOLE = [({"agent": {"first_message": "Hi Ann."}}, {"phone": NUMBER, "name": "Ann"})]


def written(path, entries, left_out=()):
    with contextlib.closing(Review()) as review:
        for call, theirs in entries:
            review.add_call(call, theirs)
        for row_number, why, theirs in left_out:
            review.add_left_out(row_number, why, theirs)
        review.write(path)
    return path


def read(path):
    contacts = open_list(path, ListOptions(as_calls=True), name=path.name)
    return [row.fields if isinstance(row, Contact) else row for row in contacts], contacts


def saved_by_openpyxl(path):
    openpyxl.load_workbook(path).save(path)


def saved_by_xlsxwriter(path):
    """Save the texts like another program, with shared strings."""
    rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Table 1")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if cell is not None:
                sheet.write_string(row, column, unescape(cell))
    book.close()


@pytest.mark.parametrize(
    ("ending", "saved"),
    [
        (".jsonl", None),
        (".csv", None),
        (".xlsx", None),
        pytest.param(".xlsx", saved_by_openpyxl, marks=pytest.mark.slow),
        pytest.param(".xlsx", saved_by_xlsxwriter, marks=pytest.mark.slow),
    ],
)
@settings(max_examples=30)
@given(entries=st.lists(st.tuples(calls(), fields), min_size=1, max_size=3))
@example(entries=[({"to_phone_number": NUMBER, "xuna_row": 2, "xuna_key": NUMBER, "xuna_campaign": "a"}, {})])
def test_a_list_is_read_back_as_it_was_written(tmp_path_factory, ending, saved, entries):
    path = tmp_path_factory.mktemp("review") / f"review{ending}"
    left_out = [(9, "no-consent: …", {"phone": NUMBER, "=x": "=y"})] if ending != ".jsonl" else []
    written(path, entries, left_out)
    if saved is not None:
        saved(path)
    rows, contacts = read(path)
    assert rows == [call for call, _ in entries]
    assert contacts.phone_column == "to_phone_number"
    if left_out:
        assert contacts.review.left_out == 1


def call(message="Hi Ann.", **more):
    config = {"agent": {"first_message": message}} if message is not None else {}
    return {
        "to_phone_number": NUMBER,
        **({"conversation_config_override": config} if config else {}),
        "xuna_row": 2,
        "xuna_key": NUMBER,
        "xuna_campaign": "spring",
        **more,
    }


def table(path):
    sheet = openpyxl.load_workbook(path).active
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_people_see_row_list_number_message_and_why_somebody_is_not_called(tmp_path):
    path = written(
        tmp_path / "review.xlsx",
        [(call("=1+1"), {"phone": NUMBER, "name": "=Ann"})],
        [(3, "country: GB is not US", {"phone": "+442079460018", "name": "Cy"})],
    )
    first, second = table(path)
    shown = ("xuna_row", "phone", "name", "xuna_phone", "xuna_message", "xuna_screening")
    assert [first[name] for name in shown] == ["2", NUMBER, "'=Ann", NUMBER, "'=1+1", "call"]
    assert [second[name] for name in shown] == [
        "3",
        "+442079460018",
        "Cy",
        None,
        None,
        "country: GB is not US",
    ]
    assert list(first)[: len(shown)] == list(shown)


def test_an_edited_message_is_what_is_called(tmp_path):
    path = written(tmp_path / "review.csv", [(call(), {})])
    path.write_text(path.read_text().replace("Hi Ann.", "Hello Ann."))
    assert read(path)[0][0]["conversation_config_override"] == {"agent": {"first_message": "Hello Ann."}}


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("Hi Ann.", ""),
        ("two\n lines", "two lines, and more"),
    ],
)
def test_a_message_that_is_gone_or_contradicts_the_override_rejects_its_row(tmp_path, there, instead):
    path = written(tmp_path / "review.xlsx", [(call(there), {})])
    book = openpyxl.load_workbook(path)
    place = [cell.value for cell in book.active[1]].index("xuna_message")
    book.active[2][place].value = instead
    book.save(path)
    (row,), _ = read(path)
    assert isinstance(row, Rejection)
    assert row.code == "ready-message"


def test_a_number_that_lost_its_plus_has_it_again(tmp_path):
    path = written(tmp_path / "review.xlsx", [(call(), {})])
    book = openpyxl.load_workbook(path)
    place = [cell.value for cell in book.active[1]].index("xuna_phone")
    book.active[2][place].value = int(NUMBER)
    book.save(path)
    assert read(path)[0] == [call()]


def test_a_formula_in_place_of_a_message_rejects_its_row(tmp_path):
    path = written(tmp_path / "review.xlsx", [(call(), {}), (call("Hi Bo."), {})])
    book = openpyxl.load_workbook(path)
    place = [cell.value for cell in book.active[1]].index("xuna_message")
    book.active[2][place].value = "=1+1"
    book.save(path)
    first, second = read(path)[0]
    assert first.code == "cell-not-calculated"
    assert second == call("Hi Bo.")


def test_columns_of_a_former_review_are_not_there_twice(tmp_path):
    path = written(tmp_path / "review.csv", [(call(), {"xuna_message": "old", " name": "a", "name": "b"})])
    header = path.read_text().splitlines()[0].split(",")
    assert len(set(header)) == len(header)
    assert read(path)[0] == [call()]


def test_the_same_rows_are_the_same_bytes(tmp_path):
    one = written(tmp_path / "one.xlsx", [(call(), {"name": "Ann"})]).read_bytes()
    assert one == written(tmp_path / "two.xlsx", [(call(), {"name": "Ann"})]).read_bytes()


@pytest.mark.parametrize("ending", [".json", ".tsv", ".xls", ".ods", ".XLSM"])
def test_a_format_that_is_not_written_is_refused(tmp_path, ending):
    with pytest.raises(UsageError, match=r"\.csv, \.xlsx or \.jsonl|are not written"):
        format_of(tmp_path / f"a{ending}")


def test_a_text_that_no_cell_of_a_workbook_holds_is_refused(tmp_path):
    with pytest.raises(InputError, match="32,767"):
        written(tmp_path / "review.xlsx", [(call("a" * 32_768), {})])
    assert not (tmp_path / "review.xlsx").exists()


def test_other_programs_can_read_the_workbook():
    file = io.BytesIO()
    write_workbook(file, "a & b", ["x", "y<"], [["", "é\n☎"], ["\x01", ""]])
    assert zipfile.ZipFile(file).testzip() is None
    sheet = openpyxl.load_workbook(file).active
    assert sheet.title == "a & b"
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == [
        ["x", "y<"],
        [None, "é\n☎"],
        ["_x0001_", None],
    ]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"} or {
        cell.data_type for row in sheet.iter_rows() for cell in row if cell.value
    } == {"inlineStr"}


def test_json_lines_have_the_calls_and_nothing_else(tmp_path):
    path = written(tmp_path / "review.jsonl", [(call(), {"name": "Ann"})], [(3, "why", {})])
    assert [json.loads(line) for line in path.read_text().splitlines()] == [call()]
