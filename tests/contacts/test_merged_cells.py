"""A cell that is merged over several rows holds for each of them, in every format of workbooks."""

import io
import zipfile

import openpyxl
import pytest
import xlsxwriter
import xlwt

from tests.support.workbooks import ods, xlsx, zipped
from xuna_cli.contacts.options import HiddenRows
from xuna_cli.contacts.workbooks import merges
from xuna_cli.errors import InputError
from xuna_cli.models import TypedText

ROWS = (
    ("phone", "name", "dnc", "amount"),
    ("+12125550101", "Ann", "x", 5),
    ("+12125550102", "Bea", "", ""),
    ("+12125550103", "Cy", "", ""),
    ("", "", "", ""),
    ("+12125550104", "Di", "", ""),
)
MERGED = ((2, 1, 4, "x"), (3, 1, 2, 5))  # column and first row from 0, last row, value
SEEN = [
    ("+12125550101", "x", "5"),
    ("+12125550102", "x", "5"),
    ("+12125550103", "x", ""),
    ("+12125550104", "", ""),
]


def by_xlsxwriter(name="a.xlsx"):
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, cells in enumerate(ROWS):
        sheet.write_row(number, 0, cells)
    for column, first, last, value in MERGED:
        sheet.merge_range(first, column, last, column, value)
    book.close()
    return file.getvalue(), name


def by_openpyxl():
    book = openpyxl.Workbook()
    for cells in ROWS:
        book.active.append([cell or None for cell in cells])
    for column, first, last, _ in MERGED:
        book.active.merge_cells(
            start_row=first + 1, start_column=column + 1, end_row=last + 1, end_column=column + 1
        )
    file = io.BytesIO()
    book.save(file)
    return file.getvalue(), "a.xlsx"


def by_xlwt():
    book = xlwt.Workbook()
    sheet = book.add_sheet("People")
    covered = {(row, column) for column, first, last, _ in MERGED for row in range(first, last + 1)}
    for number, cells in enumerate(ROWS):
        for column, cell in enumerate(cells):
            if cell != "" and (number, column) not in covered:
                sheet.write(number, column, cell)
    for column, first, last, value in MERGED:
        sheet.write_merge(first, last, column, column, value)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue(), "a.xls"


def as_ods():
    def cell(value, rows):
        kind = "float" if isinstance(value, int) else "string"
        number = f' office:value="{value}"' if isinstance(value, int) else ""
        spans = f' table:number-columns-spanned="1" table:number-rows-spanned="{rows}"'
        return f'<table:table-cell office:value-type="{kind}"{number}{spans}><text:p>{value}</text:p></table:table-cell>'

    covered = (
        '<table:covered-table-cell office:value-type="string"><text:p>old</text:p></table:covered-table-cell>'
    )
    rows = [list(map(str, cells)) for cells in ROWS]
    for column, first, last, value in MERGED:
        rows[first][column] = cell(value, last - first + 1)
        for row in range(first + 1, last + 1):
            rows[row][column] = covered
    blank = (
        "<table:table-row><table:table-cell/><table:table-cell/>"
        + covered
        + "<table:table-cell/></table:table-row>"
    )
    return ods(*rows[:4], blank, *rows[5:]), "a.ods"


@pytest.mark.parametrize("made", [by_xlsxwriter, by_openpyxl, by_xlwt, as_ods])
def test_a_merged_cell_holds_for_each_of_its_rows(made, read):
    content, name = made()
    found = [(row.fields["phone"], row.fields["dnc"], row.fields["amount"]) for row in read(content, name)]
    assert found == SEEN


def test_the_value_keeps_its_type(read):
    content, name = by_openpyxl()
    assert isinstance(read(content, name)[1].fields["amount"], TypedText)


def sheet_with(merge, *, prefix="", hidden=""):
    p = f"{prefix}:" if prefix else ""
    cell = '<{0}c r="{1}{2}" t="inlineStr"><{0}is><{0}t>{3}</{0}t></{0}is></{0}c>'
    made = []
    for number, cells in enumerate(
        [("phone", "country"), ("+12125550101", "GB"), ("+12125550102", hidden)], 1
    ):
        inside = "".join(
            cell.format(p, letter, number, text) for letter, text in zip("AB", cells, strict=True)
        )
        made.append(f'<{p}row r="{number}">{inside}</{p}row>')
    merges_of_it = merge.replace("<", f"<{p}")
    end = f"</{p}sheetData><{p}mergeCells>{merges_of_it}</{p}mergeCells><{p}sheetData>"
    return xlsx(*made, end, prefix=prefix)


@pytest.mark.parametrize(
    "content",
    [
        sheet_with('<mergeCell ref="B2:B3"/>'),
        sheet_with("<mergeCell  ref = 'B2:B3' />"),
        sheet_with('<mergeCell ref="B2:C3"/>'),
        sheet_with('<mergeCell ref="B2:B3"/>', prefix="x"),
        sheet_with('<mergeCell ref="B2:B3"/>', hidden="US"),  # a value that no program displays
        sheet_with('<mergeCell ref="B2:B1048576"/>'),
    ],
)
def test_every_spelling_of_a_merge_is_read(content, read):
    assert [row.fields["country"] for row in read(content, "a.xlsx")] == ["GB", "GB"]


def test_a_merge_in_utf_16_is_read(read):
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(sheet_with('<mergeCell ref="B2:B3"/>'))) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts[part] = f'<?xml version="1.0" encoding="UTF-16"?>{parts[part].decode()}'.encode("utf-16")
    found = read(zipped(parts), "a.xlsx", hidden_rows=HiddenRows.CALL)
    assert [row.fields["country"] for row in found] == ["GB", "GB"]


@pytest.mark.parametrize("reference", ["A1:B1", "B2:B2", "B2", "", "B0:B99999999", "B3:B2"])
def test_a_merge_of_one_row_or_of_none_changes_nothing(reference, read):
    content = sheet_with(f'<mergeCell ref="{reference}"/>', hidden="US")
    assert [row.fields["country"] for row in read(content, "a.xlsx")] == ["GB", "US"]


def test_far_too_many_merges_are_an_error(opened, monkeypatch):
    monkeypatch.setattr(merges, "_MOST", 2)
    merged = "".join(f'<mergeCell ref="B{row}:B{row + 1}"/>' for row in range(2, 9, 2))
    with pytest.raises(InputError, match="far more merged cells"):
        list(opened(sheet_with(merged), "a.xlsx"))
