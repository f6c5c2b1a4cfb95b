"""Workbooks as other programs write them; own XML for content that no library writes."""

import io
import zipfile
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
ODF = "urn:oasis:names:tc:opendocument:xmlns:"


def xlsx(*rows, calc="", styles="", shared="", book="", name="Contacts", prefix=""):
    """Return an XLSX with rows given as XML, e.g. `<row r="1"><c r="A1" t="inlineStr">…`."""
    p = f"{prefix}:" if prefix else ""
    xmlns = f'xmlns:{prefix}="{MAIN}"' if prefix else f'xmlns="{MAIN}"'
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<{p}workbook {xmlns} xmlns:r="{OFFICE}">{book}<{p}sheets><{p}sheet name="{name}" sheetId="1" r:id="rId1"/></{p}sheets>{calc}</{p}workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="/xl/styles.xml"/>'
        f'<Relationship Id="rId3" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f"<{p}worksheet {xmlns}><{p}sheetData>{''.join(rows)}</{p}sheetData></{p}worksheet>",
    }
    if styles:
        parts["xl/styles.xml"] = f"<styleSheet {xmlns}>{styles}</styleSheet>"
    if shared:
        parts["xl/sharedStrings.xml"] = f"<sst {xmlns}>{shared}</sst>"
    return zipped(parts)


def row(number, *cells, attributes=""):
    """Return a row; a cell is a text, or XML that begins with `<`."""
    made = []
    for column, cell in enumerate(cells):
        name = f"{chr(65 + column)}{number}"
        if cell.startswith("<c"):
            made.append(cell.replace("<c", f'<c r="{name}"', 1))
        else:
            made.append(f'<c r="{name}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>')
    return f'<row r="{number}" {attributes}>{"".join(made)}</row>'


def ods(*rows, tables=None):
    """Return an ODS; a cell is a text, or the XML of a cell."""
    tables = {"Contacts": rows} if tables is None else tables
    styles = (
        '<style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>'
        '<style:style style:name="there" style:family="table"><style:table-properties table:display="true"/></style:style>'
    )
    body = ""
    for name, lines in tables.items():
        style = "gone" if name.startswith("hidden") else "there"
        body += f'<table:table table:name="{name}" table:style-name="{style}">{"".join(map(_ods_row, lines))}</table:table>'
    xmlns = " ".join(f'xmlns:{name}="{ODF}{name}:1.0"' for name in ("office", "table", "text", "style"))
    content = (
        f'<office:document-content {xmlns} xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def _ods_row(cells):
    if isinstance(cells, str):
        return cells
    made = [
        cell
        if cell.startswith("<table:")
        else f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
        if cell
        else "<table:table-cell/>"
        for cell in cells
    ]
    return f"<table:table-row>{''.join(made)}</table:table-row>"


def zipped(parts, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return file.getvalue()
