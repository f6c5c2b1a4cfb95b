"""Realistic workbooks: no row is lost, and a cell has the text that the sheet displays."""

import datetime as dt
import io
import resource
import zipfile

import openpyxl
import pytest
import xlsxwriter
import xlwt

from tests.support.workbooks import ods, row, xlsx, zipped
from xuna_cli.contacts.options import HiddenRows
from xuna_cli.contacts.workbooks import sheets
from xuna_cli.contacts.workbooks.number_formats import show
from xuna_cli.errors import InputError
from xuna_cli.models import CellFault, TypedText

HEADER = ["phone", "name"]
ERRORS = ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!"]


def xls(fill, **options):
    book = xlwt.Workbook(**options)
    sheet = book.add_sheet("Contacts")
    for column, name in enumerate(HEADER):
        sheet.write(0, column, name)
    fill(sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def faults(rows):
    return {
        each.row_number: [(c, c.code, c.cell) for c in each.fields.values() if isinstance(c, CellFault)]
        for each in rows
    }


# -- errors and formulas


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("prefix", ["", "x"])
def test_a_row_of_errors_is_a_row_in_xlsx(read, error, prefix):
    cell = f'<c t="e"><v>{error}</v></c>'
    rows = [row(1, *HEADER), row(2, "+15551230001", "Ann"), row(3, cell, cell), row(5, "+15551230002", cell)]
    if prefix:  # as some programs write it, with a prefix for each element
        rows = [each.replace("</", "</x:").replace("<c ", "<x:c ").replace("<c>", "<x:c>") for each in rows]
        rows = [
            each.replace("<row", "<x:row")
            .replace("<v>", "<x:v>")
            .replace("<is>", "<x:is>")
            .replace("<t>", "<x:t>")
            for each in rows
        ]
    found = faults(read(xlsx(*rows, prefix=prefix), name="a.xlsx"))
    assert found == {
        2: [],
        3: [(error, "cell-error", "A3"), (error, "cell-error", "B3")],
        5: [(error, "cell-error", "B5")],
    }


def test_a_row_of_errors_is_a_row_in_xls(read):
    def fill(sheet):
        for column in (0, 1):
            sheet.row(1).set_cell_error(column, "#REF!")
        sheet.write(2, 0, "+15551230001")
        sheet.row(2).set_cell_error(1, "#N/A!")

    assert faults(read(xls(fill), name="a.xls")) == {
        2: [("#REF!", "cell-error", "A2"), ("#REF!", "cell-error", "B2")],
        3: [("#N/A", "cell-error", "B3")],
    }


@pytest.mark.parametrize("shown", ["#REF!", "Err:508", "#N/A"])
@pytest.mark.parametrize("marked", [True, False])
def test_a_row_of_errors_is_a_row_in_ods(read, shown, marked):
    mark = 'calcext:value-type="error"' if marked else ""
    cell = f'<table:table-cell table:formula="of:=[.B9]" office:value-type="string" office:string-value="" {mark}><text:p>{shown}</text:p></table:table-cell>'
    rows = read(ods(HEADER, [cell, cell], ["+15551230001", "Ann"]), name="a.ods")
    assert faults(rows) == {2: [(shown, "cell-error", "A2"), (shown, "cell-error", "B2")], 3: []}


def test_formulas_that_were_never_calculated_are_faults_and_an_empty_result_is_none(read):
    none, empty, nothing = (
        "<c><f>UPPER(A9)</f></c>",
        "<c><f>UPPER(A9)</f><v></v></c>",
        '<c t="str"><f>IF(A9="","",1)</f><v></v></c>',
    )
    rows = read(xlsx(row(1, *HEADER), row(2, none, empty), row(3, "+15551230001", nothing)), name="a.xlsx")
    assert faults(rows) == {
        2: [("=UPPER(A9)", "cell-not-calculated", "A2"), ("=UPPER(A9)", "cell-not-calculated", "B2")],
        3: [],
    }
    assert rows[1].fields["name"] == ""


def test_openpyxl_and_xlsxwriter_write_no_results_or_zeros(read):
    book = openpyxl.Workbook()
    for cells in (HEADER, ["+15551230001", '=UPPER("ann")'], ["+15551230002", "Bob"]):
        book.active.append(cells)
    file = io.BytesIO()
    book.save(file)
    assert faults(read(file.getvalue(), name="a.xlsx"))[2] == [('=UPPER("ann")', "cell-not-calculated", "B2")]
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["+15551230001", "=PROPER(A9)"])
    book.close()
    assert faults(read(file.getvalue(), name="a.xlsx"))[2] == [("=PROPER(A9)", "cell-not-calculated", "B2")]


def test_a_result_of_a_workbook_that_is_calculated_on_loading_is_not_believed(read):
    cells = row(2, "+15551230001", '<c t="str"><f>A9</f><v>the name before</v></c>')
    calc = '<calcPr fullCalcOnLoad="1"/>'
    assert (
        faults(read(xlsx(row(1, *HEADER), cells, calc=calc), name="a.xlsx"))[2][0][1] == "cell-not-calculated"
    )
    assert read(xlsx(row(1, *HEADER), cells), name="a.xlsx")[0].fields["name"] == "the name before"


def test_xls_and_ods_formulas_without_a_result_are_faults(read):
    def fill(sheet):
        sheet.write(1, 0, "+15551230001")
        sheet.write(1, 1, xlwt.Formula('UPPER("ann")'))

    assert faults(read(xls(fill), name="a.xls"))[2] == [("=…", "cell-not-calculated", "B2")]
    cell = '<table:table-cell table:formula="of:=UPPER(&quot;ann&quot;)"/>'
    rows = read(ods(HEADER, ["+15551230001", cell]), name="a.ods")
    assert faults(rows)[2] == [('=UPPER("ann")', "cell-not-calculated", "B2")]


def test_a_list_of_nothing_but_uncalculated_rows_can_not_be_used(opened):
    cell = "<c><f>Data!A1</f></c>"
    with pytest.raises(InputError, match=r"no row can be used.*save") as caught:
        opened(xlsx(row(1, *HEADER), row(2, cell, cell), row(3, cell, cell)), name="a.xlsx")
    assert caught.value.code == "cell-not-calculated"


def test_a_header_with_an_error_can_not_be_used(opened):
    with pytest.raises(InputError, match="the header: cell B1 has the error #NAME"):
        opened(xlsx(row(1, "phone", '<c t="e"><v>#NAME?</v></c>')), name="a.xlsx")


# -- which rows, which sheet


def hidden(kind):
    if kind == "xlsx":
        return xlsx(
            row(1, *HEADER),
            row(2, "+15551230001", "Ann"),
            row(3, "+15551230002", "Bob", attributes='hidden="1"'),
            row(4, attributes='hidden="1"'),
        )
    if kind == "ods":
        line = "<table:table-row table:visibility='filter'><table:table-cell><text:p>+15551230002</text:p></table:table-cell></table:table-row>"
        return ods(HEADER, ["+15551230001", "Ann"], line)

    def fill(sheet):
        sheet.write(1, 0, "+15551230001")
        sheet.write(2, 0, "+15551230002")
        sheet.row(2).hidden = True

    return xls(fill)


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_hidden_rows_stop_the_reading_until_somebody_says_what_they_are(opened, read, kind):
    with pytest.raises(InputError, match=r"1 row is hidden.*row 3") as caught:
        opened(hidden(kind), name=f"a.{kind}")
    assert "--hidden-rows skip" in caught.value.hint
    assert "--hidden-rows call" in caught.value.hint
    assert [
        each.row_number for each in read(hidden(kind), name=f"a.{kind}", hidden_rows=HiddenRows.CALL)
    ] == [2, 3]
    skipping = opened(hidden(kind), name=f"a.{kind}", hidden_rows=HiddenRows.SKIP)
    assert [each.row_number for each in skipping] == [2]
    assert skipping.notes == (f"a.{kind}, sheet 'Contacts': 1 hidden row is skipped (--hidden-rows skip)",)


def test_a_sheet_is_chosen_by_its_phone_column(opened):
    tables = {
        "Cover": [["Campaign for spring"], ["", "made by Eva"]],
        "hidden old": [HEADER, ["+15551230009", "Old"]],
        "People": [HEADER, ["+15551230001", "Ann"]],
    }
    contacts = opened(ods(tables=tables), name="a.ods")
    assert contacts.sheet == "People"
    assert contacts.notes == ("a.ods: only sheet 'People' is read, not 'Cover'",)
    assert opened(ods(tables=tables), name="a.ods", sheet=" people ").sheet == "People"
    tables["More"] = [["Telefon"], ["+15551230002"]]
    with pytest.raises(
        InputError, match="more than one sheet with a phone column: 'People', 'More'"
    ) as caught:
        opened(ods(tables=tables), name="a.ods")
    assert "--sheet People" in caught.value.hint
    with pytest.raises(InputError, match="no sheet 'Peoples'"):
        opened(ods(tables=tables), name="a.ods", sheet="Peoples")
    assert opened(ods(tables=tables), name="a.ods", phone_columns=("Telefon",)).sheet == "More"


def test_no_sheet_with_a_phone_column_is_told_with_what_there_is(opened):
    with pytest.raises(InputError, match="'One' starts with 'a', 'b'; 'Two' starts with 'c'"):
        opened(ods(tables={"One": [["a", "b"]], "Two": [["c"]]}), name="a.ods")


def test_chart_sheets_are_none_of_the_sheets(opened):
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    chart = book.add_chart({"type": "bar"})
    sheet = book.add_worksheet("List")
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["+15551230001", "Ann"])
    chart.add_series({"values": "=List!$A$1:$A$2"})
    book.add_chartsheet("Chart").set_chart(chart)
    book.close()
    contacts = opened(file.getvalue(), name="a.xlsx")
    assert (contacts.sheet, contacts.notes) == ("List", ())


# -- cells


@pytest.mark.parametrize(
    ("value", "code", "shown", "typed"),
    [
        (46359.39583333334, "yyyy-mm-dd h:mm:ss", "2026-12-03 9:30:00", dt.datetime(2026, 12, 3, 9, 30)),
        (0.5868055555555556, "h:mm:ss", "14:05:00", dt.time(14, 5)),
        (46359.75, "[$-409]h:mm AM/PM;@", "6:00 PM", dt.datetime(2026, 12, 3, 18, 0)),
        (46359, "d/m/yyyy", "3/12/2026", dt.date(2026, 12, 3)),
        (46359, "[$-F800]dddd, mmmm dd, yyyy", "Thursday, December 03, 2026", dt.date(2026, 12, 3)),
        (46359, "[$-407]d. mmmm yyyy", "3. Dezember 2026", dt.date(2026, 12, 3)),
        (46359, "[$-40C]ddd d mmm", "jeu. 3 déc.", dt.date(2026, 12, 3)),
        (46359, 'yyyy"年"m"月"d"日"', "2026年12月3日", dt.date(2026, 12, 3)),
        (1.5, "[h]:mm", "36:00", dt.timedelta(hours=36)),
        (60 / 1440 + 5 / 86400, "[mm]:ss", "60:05", dt.timedelta(minutes=60, seconds=5)),
        (59, "yyyy-mm-dd", "1900-02-28", dt.date(1900, 2, 28)),
        (61, "yyyy-mm-dd", "1900-03-01", dt.date(1900, 3, 1)),
        (-1, "yyyy-mm-dd", "-1", -1),
        (19.9, '"$"0.00', "$19.90", 19.9),
        (19.9, "#,##0.00 [$€-407]", "19.90 €", 19.9),
        (1234.5, '_-* #,##0.00 _€_-;-* #,##0.00 _€_-;_-* "-"?? _€_-;_-@_-', "1,234.50", 1234.5),
        (-1234, "#,##0_);(#,##0)", "(1,234)", -1234),
        (0.15, "0%", "15%", 0.15),
        (0.155, "0.0%", "15.5%", 0.155),
        (1500000, '0.0,,"M"', "1.5M", 1500000),
        (2.5, "0", "3", 2.5),
        (0.1 + 0.2, "General", "0.3", 0.1 + 0.2),
        (3.0, "General", "3", 3),
        (1e22, "General", "10000000000000000000000", 10**22),
        (412345678, "0000000000", "0412345678", 412345678),
        (5551230001, "000-000-0000", "555-123-0001", 5551230001),
        (5551230001, "[<=9999999]###-####;(###) ###-####", "(555) 123-0001", 5551230001),
        (0.5, "# ?/?", "0.5", 0.5),
        (1.5e9, "0.00E+00", "1500000000", 1500000000),
    ],
)
def test_a_number_is_shown_by_its_format_and_keeps_what_it_stands_for(value, code, shown, typed):
    cell = show(value, code)
    assert (cell, cell.value) == (shown, typed)
    assert type(cell.value) is type(typed)


def test_days_may_count_from_1904(read):
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    cells = row(2, "+15551230001", '<c s="1"><v>44897</v></c>')
    book = '<workbookPr date1904="1"/>'
    cell = read(xlsx(row(1, *HEADER), cells, styles=styles, book=book), name="a.xlsx")[0].fields["name"]
    assert (cell, cell.value) == ("2026-12-03", dt.date(2026, 12, 3))


@pytest.mark.parametrize(
    ("code", "phone"),
    [
        ("General", "15551230001"),
        ("#,##0", "15551230001"),
        ("0.00E+00", "15551230001"),
        ("+0", "+15551230001"),
        ("+0 (000) 000-0000", "+1 (555) 123-0001"),
        ("00000000000000", "00015551230001"),
        ("&quot;+44 &quot;0", "+44 15551230001"),
        ("\\+\\4\\40", "+4415551230001"),
        ("&quot;0049 &quot;0", "0049 15551230001"),
        ("0.00", "15551230001"),
    ],
)
def test_a_phone_cell_that_is_a_number_has_its_digits_whatever_its_format(read, code, phone):
    styles = f'<numFmts><numFmt numFmtId="200" formatCode="{code}"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs>'
    content = xlsx(row(1, *HEADER), row(2, '<c s="0"><v>15551230001</v></c>', "Ann"), styles=styles)
    assert read(content, name="a.xlsx")[0].fields["phone"] == phone


def test_a_date_in_a_phone_column_is_no_number(read):
    content = xlsx(
        row(1, *HEADER), row(2, '<c s="0"><v>46359</v></c>'), styles='<cellXfs><xf numFmtId="14"/></cellXfs>'
    )
    assert read(content, name="a.xlsx")[0].fields["phone"] == "2026-12-03 (not a number, but a date)"


def test_texts_are_read_whole(read):
    shared = (
        "<si><r><t>An</t></r><r><t xml:space='preserve'>n Lee </t></r><rPh sb='0' eb='1'><t>phonetic</t></rPh></si>"
        "<si><t>a_x000D_b &amp; _x263A_</t></si>"
    )
    cells = row(2, '<c t="s"><v>0</v></c>', '<c t="s"><v>1</v></c>'), row(3, '<c t="b"><v>1</v></c>', "<c/>")
    rows = read(xlsx(row(1, *HEADER), *cells, shared=shared), name="a.xlsx")
    assert list(rows[0].fields.values()) == ["Ann Lee", "a\rb & ☺"]
    assert rows[1].fields["phone"] == "TRUE (not a number, but a bool)"


def test_cells_without_a_reference_follow_each_other(read):
    cells = "<row><c t='inlineStr'><is><t>{}</t></is></c><c t='inlineStr'><is><t>{}</t></is></c></row>"
    content = xlsx(cells.format(*HEADER), cells.format("+15551230001", "Ann"))
    assert read(content, name="a.xlsx")[0].fields == {"phone": "+15551230001", "name": "Ann"}


def test_ods_cells_have_the_text_of_the_sheet_and_their_value(read):
    cells = [
        "+15551230001",
        '<table:table-cell office:value-type="date" office:date-value="2026-12-03T09:30:00"><text:p>03.12.26 09:30</text:p></table:table-cell>',
        '<table:table-cell office:value-type="currency" office:value="19.9"><text:p>19,90 €</text:p></table:table-cell>',
        '<table:table-cell office:value-type="time" office:time-value="PT14H05M00S"><text:p>14:05</text:p></table:table-cell>',
        '<table:table-cell office:value-type="string"><office:annotation><text:p>a note</text:p></office:annotation><text:p>two<text:s text:c="2"/>words</text:p><text:p>below</text:p></table:table-cell>',
        '<table:table-cell office:value-type="float" office:value="3" table:number-columns-repeated="2"><text:p>3</text:p></table:table-cell>',
        '<table:table-cell table:number-columns-repeated="16000"/>',
    ]
    content = ods(["phone", "b", "c", "d", "e", "f", "g"], cells)
    fields = read(content, name="a.ods")[0].fields
    assert list(fields.values()) == [
        "+15551230001",
        "03.12.26 09:30",
        "19,90 €",
        "14:05",
        "two  words\nbelow",
        "3",
        "3",
    ]
    typed = [cell.value for cell in fields.values() if isinstance(cell, TypedText)]
    assert typed == [dt.datetime(2026, 12, 3, 9, 30), 19.9, dt.time(14, 5), 3, 3]


def test_xls_cells_are_shown_by_their_formats(read):
    def fill(sheet):
        sheet.write(1, 0, 15551230001)
        sheet.write(1, 1, dt.date(2026, 12, 3), xlwt.easyxf(num_format_str="d mmmm yyyy"))

    fields = read(xls(fill), name="a.xls")[0].fields
    assert fields == {"phone": "15551230001", "name": "3 December 2026"}
    assert fields["name"].value == dt.date(2026, 12, 3)


# -- hostile files


@pytest.mark.slow
def test_a_far_cell_costs_nothing(read):
    content = xlsx(
        row(1, *HEADER), row(2, "+15551230001"), '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    rows = read(content, name="a.xlsx")
    assert [each.row_number for each in rows] == [2, 1048576]
    assert rows[1].code == "row-too-long"


def test_rows_that_are_repeated_to_the_end_of_a_sheet_end_in_little_memory(opened):
    far = "<table:table-cell table:number-columns-repeated='16000'><text:p>1</text:p></table:table-cell>"
    line = f"<table:table-row table:number-rows-repeated='1000000'>{far}</table:table-row>"
    with pytest.raises(InputError, match="far more cells"):
        list(opened(ods(HEADER, line), name="a.ods"))


def test_a_repeated_row_is_as_many_rows(read):
    line = "<table:table-row table:number-rows-repeated='3'><table:table-cell><text:p>1</text:p></table:table-cell></table:table-row>"
    rows = read(ods(HEADER, line, ["+15551230001"]), name="a.ods")
    assert [(each.row_number, each.fields["phone"]) for each in rows] == [
        (2, "1"),
        (3, "1"),
        (4, "1"),
        (5, "+15551230001"),
    ]


def test_rows_that_all_reach_to_the_last_column_end_soon(opened, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_PLACES", 20 * 16_384)
    far = '<row><c r="XFD1"><v>1</v></c></row>'
    assert len(list(opened(xlsx(row(1, *HEADER), far * 19), name="a.xlsx"))) == 19
    with pytest.raises(InputError, match="far more cells"):
        list(opened(xlsx(row(1, *HEADER), far * 20), name="a.xlsx"))


def test_a_hidden_row_is_found_in_utf_16(opened):
    content = io.BytesIO(xlsx(row(1, *HEADER)))
    lines = row(1, *HEADER) + row(2, "+15551230001", attributes='hidden="1"')
    text = f'<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData>{lines}</sheetData></worksheet>'
    with zipfile.ZipFile(content, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/worksheets/sheet1.xml", text.encode("utf-16"))
    with pytest.raises(InputError, match="1 row is hidden"):
        opened(content.getvalue(), name="a.xlsx")


@pytest.mark.parametrize(
    "content",
    [
        xlsx(row(1, *HEADER), row(1048577, "+1")),
        xlsx(row(1, *HEADER), '<row r="2"><c r="XFE2"><v>1</v></c></row>'),
        xlsx(row(1, *HEADER), row(2, '<c t="s"><v>7</v></c>')),
        ods(
            HEADER,
            "<table:table-row table:number-rows-repeated='99999999'><table:table-cell><text:p>1</text:p></table:table-cell></table:table-row>",
        ),
        zipped({"a.txt": "not a workbook"}),
        xlsx("</sheetData>"),
    ],
    ids=["row", "column", "text", "repeated", "other zip", "xml"],
)
def test_what_no_spreadsheet_program_writes_is_an_error(opened, content):
    with pytest.raises(InputError, match="can't be read as a workbook"):
        list(opened(content, name="a.xlsx"))


def test_entities_are_not_expanded(opened):
    bomb = (
        '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet><sheetData/></worksheet>'
    )
    content = io.BytesIO(xlsx(row(1, *HEADER)))
    with zipfile.ZipFile(content, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/worksheets/sheet1.xml", bomb)
    with pytest.raises(InputError, match="document type"):
        opened(content.getvalue(), name="a.xlsx")


@pytest.mark.slow
def test_a_zip_bomb_ends_in_little_memory(opened):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    filler = "<row/>" * 200_000
    content = xlsx(row(1, *HEADER), *[filler] * 90)  # 100 MB of XML
    made = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="unpacked, it is far larger"):
        list(opened(content, name="a.xlsx"))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - max(before, made) < 50_000  # kB
    assert len(content) < 1_000_000


def test_a_cell_without_an_end_is_an_error(opened):
    with pytest.raises(InputError, match="more than 1,048,576 characters"):
        list(opened(xlsx(row(1, *HEADER), row(2, "+1", "x" * 1_100_000)), name="a.xlsx"))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<html><table><tr><td>phone", "HTML page"),
        (b"<?xml version='1.0'?><Workbook/>", "XML file"),
        (b"phone,name\n", "--format csv"),
    ],
)
def test_a_file_with_the_name_of_a_workbook_is_told(opened, content, what):
    with pytest.raises(InputError, match=what):
        opened(content, name="a.xls")
