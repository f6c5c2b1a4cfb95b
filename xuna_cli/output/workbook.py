"""Write a workbook (XLSX) of one sheet whose cells are all text, so that nothing is calculated or converted.

The parts and elements are those of ECMA-376 (Office Open XML), part 1, chapter 18.
"""

import zipfile
from collections.abc import Iterable, Sequence
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from xuna_cli.contacts.workbooks.sheets import MOST_ROWS, cell_name
from xuna_cli.errors import InputError
from xuna_cli.lazy_pattern import lazy_pattern

LONGEST_CELL = 32_767
"""Characters that spreadsheet programs keep of a cell, counted as UTF-16 does."""

_WIDTH = 24  # maximum width of a column in characters
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # The second format, 49, is "text": typed values stay as they are.
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf xfId="0"/><xf numFmtId="49" applyNumberFormat="1" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
# Characters that XML can't hold or would change, and text that looks like the escape of one.
_UNSAFE = lazy_pattern(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(
    stream: IO[bytes], sheet: str, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    """Write a header and rows in constant memory. The same rows give the same bytes.

    Args:
        stream: the output stream.
        sheet: name of the sheet.
        header: names of the columns.
        rows: rows of texts.

    Raises:
        InputError: there are more rows or longer texts than a workbook can hold.
    """
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        book = (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name={quoteattr(sheet)} sheetId="1" r:id="rId1"/></sheets></workbook>'
        )
        for name, text in {**_PARTS, "xl/workbook.xml": book}.items():
            archive.writestr(_part(name), _HEAD + text)
        with archive.open(_part("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as part:
            part.write(
                f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
                '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
                f'<cols><col min="1" max="{len(header)}" width="{_WIDTH}" style="1" customWidth="1"/></cols>'
                "<sheetData>".encode()
            )
            part.write(_row(1, header))
            for number, cells in enumerate(rows, 2):
                if number > MOST_ROWS:
                    raise _too_much(f"a workbook has {MOST_ROWS:,} rows at most")
                part.write(_row(number, cells))
            part.write(b"</sheetData></worksheet>")


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name)  # with a constant date
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


def _row(number: int, cells: Sequence[str]) -> bytes:
    written = "".join(_cell(cell_name(number, place), cell) for place, cell in enumerate(cells) if cell)
    return f'<row r="{number}">{written}</row>'.encode()


def _cell(name: str, text: str) -> str:
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST_CELL:
        raise _too_much(
            f"cell {name} would have more than {LONGEST_CELL:,} characters, the most of a workbook"
        )
    safe = escape(_UNSAFE.sub(lambda found: f"_x{ord(found[0]):04X}_", text))
    return f'<c r="{name}" s="1" t="inlineStr"><is><t xml:space="preserve">{safe}</t></is></c>'


def _too_much(message: str) -> InputError:
    return InputError(
        message, hint="name a file that ends in .jsonl or .csv instead", code="output-too-large"
    )
