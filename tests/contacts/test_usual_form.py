"""What is read of a workbook without expat's handlers is exactly what they would have read."""

import io
import zipfile
from decimal import Decimal
from xml.sax.saxutils import escape

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.workbooks import row, xlsx
from xuna_cli.contacts.workbooks import date_texts, number_formats, sheets
from xuna_cli.contacts.workbooks import xlsx_readers as reader
from xuna_cli.contacts.workbooks.sheets import WorkbookError
from xuna_cli.contacts.workbooks.xlsx import Xlsx
from xuna_cli.models import CellFault, TypedText

STYLES = (
    '<numFmts><numFmt numFmtId="200" formatCode="#,##0.00"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="200"/><xf numFmtId="49"/></cellXfs>'
)
SHARED = "".join(f"<si><t>{text}</t></si>" for text in ("Ann", " Bo ", "", "R &amp; D", "_x0041_", "a\nb"))


def seen(cell):
    """Return everything that a cell is."""
    if isinstance(cell, TypedText):
        return str(cell), type(cell.value), repr(cell.value)
    return (str(cell), cell.code, cell.cell) if isinstance(cell, CellFault) else cell


def read(content, *, by_handlers, chunk=32 * 1024):
    """Return the rows of a workbook, or the error that ends them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheets, "_CHUNK", chunk)
        if by_handlers:
            for each in (reader.SheetReader, reader.TextsReader):
                patch.setattr(each, "_read", lambda self, units: False)
        try:
            book = Xlsx(io.BytesIO(content))
            return [(n, list(map(seen, cells)), hidden) for n, cells, hidden in book.rows(book.sheets[0])]
        except WorkbookError as error:
            return str(error)


def handled(content):
    """Return the number of elements that the handlers were called for."""
    calls = []
    with pytest.MonkeyPatch.context() as patch:
        for each in (reader.SheetReader, reader.TextsReader):
            start = each._start
            patch.setattr(
                each, "_start", lambda self, tag, _, start=start: calls.append(tag) or start(self, tag, _)
            )
        assert isinstance(read(content, by_handlers=False), list)
    return len(calls)


# -- what the usual form is


def written_by_xlsxwriter(rows):
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for number in range(rows):
        sheet = book.worksheets()[0] if book.worksheets() else book.add_worksheet()
        sheet.write_row(number, 0, [f"+{number}", "Smith & Sons", number / 4, True])
        sheet.write_number(number, 4, 46_000 + number, day)
        sheet.write_blank(number, 5, None, day)
    book.close()
    return file.getvalue()


def written_by_openpyxl(rows):
    book = openpyxl.Workbook()
    for number in range(rows):
        book.active.append([f"+{number}", "Smith & Sons", None, number / 4, True])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def of_inline_texts(rows):
    return xlsx(*(row(number, f"+{number}", "Smith & Sons") for number in range(1, rows + 1)))


def of_formulas(rows):
    cells = '<c t="str"><f>"a"&amp;B9</f><v>a{}</v></c>', '<c><f t="shared" si="0"/><v>{}</v></c>'
    return xlsx(*(row(n, f"+{n}", *(cell.format(n) for cell in cells)) for n in range(1, rows + 1)))


@pytest.mark.parametrize(
    "written", [written_by_xlsxwriter, written_by_openpyxl, of_inline_texts, of_formulas]
)
def test_the_handlers_read_only_the_first_row_and_text_of_a_usual_list(written):
    content = written(300)
    assert handled(content) == handled(written(3))
    assert read(content, by_handlers=False) == read(content, by_handlers=True)


def test_rows_beside_an_unusual_one_are_read_in_the_usual_way():
    rows = [row(number, f"+{number}") for number in range(1, 300)]
    one = xlsx(*rows[:150], row(150, "<c><f>A1</f></c>"), *rows[150:])
    assert handled(one) - handled(xlsx(*rows)) == len(["row", "c", "f"])


# -- hostile sheets

VALUES = st.one_of(
    st.sampled_from(
        (
            "0¦1¦3¦5¦7¦-1¦+1¦1_0¦ 1 ¦007¦0000000001¦¦ ¦٣¦1.50¦46359.5¦1e400¦-1e27¦INF¦nan¦TRUE¦"
            "#N/A¦2026-01-02¦a]]&gt;b¦&#49;¦&#x31;¦&amp;lt;¦R &amp; D¦&#0000000000065;¦"
            "&apos;&quot;¦&unknown;¦&#0;¦&#xD800;¦&#99999999999;¦_x0041_¦a\rb¦a\r\nb¦1<!-- 2 -->3¦"
            "<![CDATA[1]]>¦<![CDATA[</c></row>]]>¦<?x 1?>2¦]]>¦\x01"
        ).split("¦")
    ),
    st.integers(-(10**16), 10**16).map(str),
    st.floats().map(repr),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3).map(lambda text: text.replace("<", "&lt;")),
)
BODIES = st.one_of(
    VALUES.map("<v>{}</v>".format),
    VALUES.map("<is><t>{}</t></is>".format),
    VALUES.map("<is><t xml:space='preserve'>{}</t></is>".format),
    VALUES.map('<is><t xml:space="preserve"> {} </t></is>'.format),
    st.tuples(VALUES, VALUES).map(lambda two: "<is><r><t>{}</t></r><r><rPr/><t>{}</t></r></is>".format(*two)),
    st.tuples(VALUES, VALUES).map(
        lambda two: "<is><t>{}</t><rPh sb='0' eb='1'><t>{}</t></rPh></is>".format(*two)
    ),
    st.tuples(VALUES, VALUES).map(lambda two: "<f>{}</f><v>{}</v>".format(*two)),
    st.tuples(VALUES, VALUES).map(lambda two: "<v>{}</v><is><t>{}</t></is>".format(*two)),
    st.sampled_from(
        (
            "¦<v/>¦<v />¦<f/><v>1</v>¦<f>A1</f>¦<is/>¦<is><t/></is>¦ <v>1</v> ¦<v>1</v >¦"
            "<x:v xmlns:x='u'>1</x:v>¦<v xml:space='preserve'>1</v>¦<v>1<v>2</v></v>¦"
            "<c r='B1'><v>2</v></c>¦<!-- <v>1</v> --><v>2</v>¦"
            "<row r='9'><c r='A9'><v>9</v></c></row>¦<v>1</v><extLst/>¦<t>1</t>"
        ).split("¦")
    ),
)
REFERENCES = st.sampled_from(
    (
        ' r="A1"¦ r="B2"¦ r="B2"¦ r="C3"¦ r="C3"¦ r="D4"¦ r="AA1"¦ r="ZZ9"¦ r="AAA1"¦ r="XFD1"¦'
        ' r="XFE1"¦ r="b2"¦ r="B"¦ r="2"¦ r=""¦¦ r=\'C3\'¦ r = "C3"¦ r="&#67;3"¦ r="C3" r="D3"'
    ).split("¦")
)
ATTRIBUTES = st.sampled_from(
    (
        '¦¦ s="1"¦ s="2"¦ s="99"¦ s="x"¦ t="s"¦ t="s"¦ t="s"¦ s="1" t="s"¦ t="s" s="1"¦ t="n"¦'
        ' t="b"¦ t="e"¦ t="d"¦ t="str"¦ t="str"¦ t="inlineStr"¦ t="inlineStr"¦ t="zzz"¦ t=\'s\'¦'
        ' t="&#115;"¦ cm="1" t="s"¦ x="&gt;" t="s"¦ x=">" t="s"¦ x="/" t="s"¦ x:t="s"¦\tt="s"¦'
        ' t="s" ¦ t="s" s="1" x="\' t="'
    ).split("¦")
)


def mostly(usual, other):
    """Draw from `usual`, and one time in 15 from `other`."""
    return st.integers(0, 14).flatmap(lambda number: other if number == 14 else usual)


NUMERALS = st.one_of(st.integers(0, 10**11).map(str), st.floats(0, 10**6).map(repr))
TEXTS = st.text(st.characters(exclude_categories=["C"], exclude_characters="<&>"), max_size=3)
USUAL_CELLS = st.one_of(
    st.sampled_from(["", ' s="1"']).map("<c{{}}{}/>".format),
    st.tuples(st.sampled_from(["", ' s="1"', ' s="2"', ' t="n"', ' s="3" t="n"']), NUMERALS).map(
        lambda two: "<c{{}}{}><v>{}</v></c>".format(*two)
    ),
    st.tuples(st.sampled_from([' t="s"', ' s="3" t="s"', ' t="s" s="1"']), st.integers(0, 5)).map(
        lambda two: "<c{{}}{}><v>{}</v></c>".format(*two)
    ),
    TEXTS.map(lambda text: f'<c{{}} t="str"><v>{escape(text)}</v></c>'),
    TEXTS.map(lambda text: f'<c{{}} t="inlineStr"><is><t>{escape(text)}</t></is></c>'),
    st.sampled_from(['<c{} t="b"><v>0</v></c>', '<c{} t="b"><v>1</v></c>']),
    st.sampled_from(
        ['<c{} t="str"><f>A1&amp;"x"</f><v>a</v></c>', '<c{}><f t="shared" si="0"/><v>1</v></c>']
    ),
)
OTHER_CELLS = st.tuples(st.sampled_from(["c"] * 20 + ["x:c", "C"]), ATTRIBUTES, BODIES).map(
    lambda three: "<{0}{{}}{1}>{2}</{0}>".format(*three)
)


@st.composite
def cells(draw, number):
    return "".join(
        draw(mostly(USUAL_CELLS, OTHER_CELLS)).replace(
            "{}", draw(mostly(st.just(f' r="{column}{number}"'), REFERENCES)), 1
        )
        + draw(BETWEEN)
        for column in draw(st.sampled_from(["", "A", "AB", "ABC", "ABCD", "ACE", "CAAB"]))
    )


OTHER_HIDING = st.sampled_from(
    (
        ' spans="1:6"¦ hidden="1"¦ hidden="true"¦ hidden="0"¦ hidden="false"¦ hidden=\'1\'¦'
        ' hidden="&#49;"¦ hidden = "1"¦ x:hidden="1"¦ x="hidden"¦'
        ' ht="15" hidden="1" customHeight="1"¦ x=\'hidden="1"\'¦ x="a>b"¦ x="/" hidden="1"¦'
        ' hidden="1" hidden="1"'
    ).split("¦")
)
HIDING = mostly(st.sampled_from(["", "", ' spans="1:6"', ' hidden="1"', ' hidden="false"']), OTHER_HIDING)
OTHERS_BETWEEN = st.sampled_from(
    (
        "\n  ¦text¦&amp;¦<!-- </row> -->¦<!--¦-->¦<?x </row> ?>¦<![CDATA[</row>]]>¦"
        "<v>1</v>¦<is></is>¦<c><v>7</v></c>¦</sheetData><sheetData>¦<t>1</t>¦<rPh>¦</rPh>¦<f>¦"
        '<c>¦</c>¦<row>¦</row>¦<row r=\'7\'/>¦<row r="8"><c r="A8"><v>8</v></c>¦'
        "<extLst><row/></extLst>¦\x00¦\ufeff"
    ).split("¦")
)
BETWEEN = st.integers(0, 29).flatmap(lambda number: OTHERS_BETWEEN if number == 29 else st.just(""))
OTHER_NUMBERS = '¦ r="1048577"¦ r="0"¦ r="007"¦ r="x"¦ r="12345678901"¦ r=\'{}\'¦ r="-1"'.split("¦")
NUMBERS = mostly(st.just(' r="{}"'), st.sampled_from(OTHER_NUMBERS))


@st.composite
def sheet_rows(draw):
    made = []
    for number in range(1, draw(st.integers(2, 9))):
        start = draw(NUMBERS).format(number) + draw(HIDING)
        end = draw(mostly(st.just("</row>"), st.sampled_from(["</row>", "</row >", "</x:row>", ""])))
        made += [f"<row{start}>{draw(cells(number))}{end}", draw(BETWEEN)]
        if draw(st.integers(0, 15)) == 1:
            made.append(f"<row{start}/>")
    return "".join(made)


DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
OTHER_HEADS = (
    "\ufeff¦<?xml version='1.0' encoding='utf-8'?>¦<?xml version='1.0' encoding='ISO-8859-1'?>¦"
    "<?xml version='1.0' encoding='windows-1251'?>¦<?xml version='1.0' encoding='UTF-16'?>¦"
    "<?xml version='1.0' encoding='x'?>¦<?xml version='1.1'?>¦<?xml version='1.0'?><?x y?>¦"
    "<!-- </row> -->¦<!DOCTYPE a>¦ "
).split("¦")
HEADS = mostly(st.sampled_from(["", DECLARATION]), st.sampled_from(OTHER_HEADS))


def with_part(content, name, part):
    """Return a workbook with another part."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
        new.writestr(name, part)
    return file.getvalue()


A3 = '<row r="3"><c r="A3" t="inlineStr"><is><t>x</t></is></c></row>'
BOOK = xlsx(styles=STYLES, shared=SHARED)
RECALCULATED = xlsx(styles=STYLES, shared=SHARED, calc='<calcPr fullCalcOnLoad="1"/>')
SHEET = "xl/worksheets/sheet1.xml"
CHUNKS = st.sampled_from([1, 2, 7, 50, 300, 32 * 1024])
MANY = settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))


def both_ways(name, part, chunk, book=BOOK):
    content = with_part(book, name, part)
    assert read(content, by_handlers=False, chunk=chunk) == read(content, by_handlers=True)


@pytest.mark.slow
@MANY
@given(HEADS, sheet_rows(), st.sampled_from(["utf-8"] * 10 + ["utf-16", "utf-16-be", "cp1251"]), CHUNKS)
@example(
    "", '<row r="1"></row><row r="2"><c r="A2"><v>1</v></c><c r="B2"><v>a\rb</v></c></row>', "utf-8", 300
)
@example("", '<row r="1"><c></row><row r="2"><c r="A2"><v>1</v></c></row>', "utf-8", 300)
@example("", '<row r="1"></row><c><v>7</v></c><row r="2"></row>', "utf-8", 1)
@example("", '<row r="1"></row><!-- </row><row r="2"><c r="A2"><v>1</v></c></row> -->', "utf-8", 1)
@example("", '<row r="1"><row r="2"></row><row r="3"><c r="A3"><v>1</v></c></row></row>', "utf-8", 300)
@example("", f'<row r="1"></row><c t="s"><row r="2"></row>{A3}</c>', "utf-8", 300)
@example("", f'<row r="1"></row><rPh><row r="2"></row>{A3}</rPh>', "utf-8", 300)
@example("", f'<row r="1"></row><f><row r="2"></row>{A3}</f>', "utf-8", 300)
@example("", f'<!-- </row>{A3} --><row r="4"></row>', "utf-8", 1)
@example("", f'<row r="1"></row><?x </row>{A3} ?>', "utf-8", 1)
@example(
    "<?xml version='1.0' encoding='ISO-8859-1'?>", f'<row r="1"></row>{A3.replace("x", "é")}', "utf-8", 300
)
def test_a_sheet_is_read_as_the_handlers_read_it(head, rows, encoding, chunk):
    text = f'{head}<worksheet xmlns:x="u"><sheetData>{rows}</sheetData></worksheet>'
    both_ways(SHEET, text.encode(encoding, "replace"), chunk)


@pytest.mark.parametrize("index", ["٣", "0000000001", "1_0", "+1", " 1", "-1", "", "6", "&#49;"])
def test_a_shared_text_has_the_same_number_in_both_ways(index):
    rows = f'<row r="1"></row><row r="2"><c r="A2" t="s"><v>{index}</v></c></row>'
    both_ways(SHEET, f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode(), 300)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A4"><is><t>5</t></is></c>',
        '<c r="A4" t="inlineStr"><v>5</v></c>',
        '<c r="A4"><f>A1</f><v></v></c>',
        '<c r="A4" t="str"><f>A1</f><v></v></c>',
        '<c r="A4" t="e"><v>#N/A</v></c>',
        '<c r="A4" t="s"/>',
        '<c r="A4"><v>a\rb</v></c>',
        '<c r="A4" x="a>b"><v>5</v></c>',
        '<c r="A4" s="1"><v>46359</v></c>',
    ],
)
@pytest.mark.parametrize(
    "before",
    [
        '<c r="A3" t="inlineStr"><is><t>x</t></is></c>',
        '<c r="A3"><f>B9</f><v>7</v></c>',
        '<c r="A3" s="."><v>7</v></c>',
    ],
)
def test_an_unusual_cell_is_read_in_the_same_way_below_usual_ones(before, cell):
    rows = "".join(f'<row r="{n}">{before if n < 4 else cell}</row>' for n in (1, 2, 3, 4, 5))
    for book in (BOOK, RECALCULATED):
        both_ways(SHEET, f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode(), 100, book)


@pytest.mark.parametrize("usual", [0, 1, 9])
def test_a_row_below_the_last_one_of_a_sheet_is_an_error_also_among_usual_ones(usual):
    rows = '<row r="1"></row>' + A3 * usual + A3.replace('"3"', '"1048577"') + A3
    content = with_part(BOOK, SHEET, f"<worksheet><sheetData>{rows}</sheetData></worksheet>")
    assert "a row 1,048,577" in read(content, by_handlers=False, chunk=100)


@pytest.mark.slow
@MANY
@given(st.data(), sheet_rows(), st.binary(max_size=4), CHUNKS)
def test_a_damaged_sheet_is_read_as_the_handlers_read_it(data, rows, damage, chunk):
    part = f"<worksheet><sheetData>{row(1, 'phone')}{rows}</sheetData></worksheet>".encode()
    place = data.draw(st.integers(0, len(part) - 1))
    book = data.draw(st.sampled_from([BOOK, RECALCULATED]))
    both_ways(SHEET, part[:place] + damage + part[place + data.draw(st.integers(0, 2)) :], chunk, book)


ENTRIES = st.one_of(
    VALUES.map("<si><t>{}</t></si>".format),
    VALUES.map('<si><t xml:space="preserve"> {}</t></si>'.format),
    VALUES.map("<si><r><t>{}</t></r><r><rPr><b/></rPr><t> x</t></r></si>".format),
    VALUES.map("<si><t>a</t><rPh sb='0' eb='1'><t>{}</t></rPh><phoneticPr fontId='1'/></si>".format),
    st.sampled_from(
        (
            "<si/>¦<si></si>¦<si><t/></si>¦<t>out</t>¦<si><t>a</t><si><t>b</t></si></si>¦"
            "<x:si><t>a</t></x:si>¦<!-- <si><t>c</t></si> -->¦<!-- </si>¦-->¦<rPh>¦</rPh>¦<t>¦</t>¦"
            "\n¦<si><t>a</t></si >"
        ).split("¦")
    ),
)


@pytest.mark.slow
@MANY
@given(HEADS, st.lists(ENTRIES, max_size=8), CHUNKS)
@example("", ["<si><t>a</t></si>", "<t>", "</t>", "<si><t>b</t></si>"], 300)
@example("", ["<si><t>a</t></si>", "<rPh>", "<si><t>b</t></si>", "</rPh>"], 300)
def test_shared_texts_are_read_as_the_handlers_read_them(head, entries, chunk):
    part = f'{head}<sst xmlns:x="u">{"".join(entries)}</sst>'.encode()
    cells = "".join(f'<c t="s"><v>{index}</v></c>' for index in range(len(entries)))
    content = with_part(BOOK, SHEET, f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>")
    content = with_part(content, "xl/sharedStrings.xml", part)
    assert read(content, by_handlers=False, chunk=chunk) == read(content, by_handlers=True)


# -- numbers

FIXED = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "$", '"No. "', "_-", "[$€-407] ", "[Red]", "+", "* "]),
    st.sampled_from(["0", "#,##0"]),
    st.sampled_from(["", ".0", ".00", ".0000", ".00000000000000000000"]),
    st.sampled_from(["", " €", "_)", '" pcs."', "\\x"]),
)


@MANY
@given(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False),
        st.integers(-(10**17), 10**17).map(float),
        st.decimals(-(10**9), 10**9, places=2).map(float),
    ),
    FIXED,
)
@example(0.125, "0.00")
@example(1e26, "0.00")
@example(999999999999.995, "#,##0.00")
def test_a_usual_number_format_shows_what_the_general_way_shows(value, code):
    section = number_formats._section(code, value)
    assert section.fixed is not None
    quick = number_formats._fixed_text(value, section.fixed)
    if quick:
        assert quick == number_formats._number_text(value, section.pieces, negative_section=False)


DATES = st.lists(
    st.sampled_from(
        'yyyy yy y mmmm mm m dd d ddd hh h ss s ss.00 AM/PM [h] [mm] - . / : T {} \\x _- "{0}" [$-407]'.split()
    ),
    max_size=7,
).map("".join)


@MANY
@given(st.floats(0, 80_000), DATES, st.booleans())
@example(46359.39583333334, "hh:mm:ss", False)
@example(46359.39583333334, "{}mm/dd{0}", False)
def test_a_usual_date_format_shows_what_the_general_way_shows(value, code, epoch_1904):
    section = number_formats._section(code, value)
    if section.date:
        moment = date_texts.moment_of(value, epoch_1904=epoch_1904)
        assert section.date.format(moment) == date_texts.written(moment, section.pieces)


@pytest.mark.parametrize(
    "code", ["yyyy-mm-dd", "dd.mm.yyyy hh:mm", "d/m/yyyy", "h:mm:ss", "yyyy-mm-dd\\Thh:mm"]
)
def test_common_dates_are_shown_in_the_quick_way(code):
    assert number_formats._section(code, 1).date


def test_amounts_are_shown_in_the_quick_way():
    for cents in (0, 5, 10, 99, 123456, -123456, 10**9):
        section = number_formats._section("#,##0.00", cents / 100)
        assert number_formats._fixed_text(cents / 100, section.fixed) == f"{Decimal(cents) / 100:,.2f}"


@pytest.mark.parametrize("code", ["0.00", "#,##0.00", "0%", "General", "yyyy-mm-dd"])
@pytest.mark.parametrize("value", ["1e26", "-1e300", "INF", "nan", "1e400"])
def test_numbers_beyond_every_format_are_shown_unformatted(value, code):
    shown = number_formats.show(float(value), code)
    assert float(shown) == float(value) or value == "nan"


def test_a_sheet_in_an_unknown_encoding_is_an_error():
    part = '<?xml version="1.0" encoding="klingon"?><worksheet/>'
    assert "unknown encoding: klingon" in read(with_part(BOOK, SHEET, part), by_handlers=False)
