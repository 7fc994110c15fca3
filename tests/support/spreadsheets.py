"""XLSX and ODS by hand, as little of them as a reader needs, for what no program would write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
# Style 1 is a date, 2 a time, 3 both.
STYLES = (
    f"<styleSheet {NS}><numFmts count='1'><numFmt numFmtId='170' formatCode='hh:mm'/></numFmts>"
    '<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/>'
    '<xf numFmtId="22"/></cellXfs></styleSheet>'
)


def zipped(members: dict[str, str | bytes], *, packed: bool = True) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def text_cell(ref: str, text: str) -> str:
    return (
        f'<c r="{ref}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
        if text
        else ""
    )


def xlsx(*sheets: str, shared: str = "", more: dict[str, str | bytes] | None = None) -> bytes:
    """A workbook of which each sheet is the inside of <sheetData>."""
    numbers = range(1, len(sheets) + 1)
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    rels = "".join(
        f'<Relationship Id="r{n}" Type="{REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r1" '
        f'Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {NS} xmlns:r="{REL}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{rels}</Relationships>',
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": f"<sst {NS}>{shared}</sst>",
    }
    for number, inside in zip(numbers, sheets, strict=True):
        members[f"xl/worksheets/sheet{number}.xml"] = (
            f"<worksheet {NS}><sheetData>{inside}</sheetData></worksheet>"
        )
    return zipped(members | (more or {}))


def sheet_of(rows: Iterable[Iterable[str]]) -> str:
    """Rows of texts as the inside of a sheet; empty rows are left out, as Excel does."""
    told = []
    for number, row in enumerate(rows, 1):
        cells = "".join(
            text_cell(f"{chr(64 + at)}{number}", text) for at, text in enumerate(row, 1)
        )
        told.append(f'<row r="{number}">{cells}</row>' if cells else "")
    return "".join(told)


def ods(table: str, more: dict[str, str | bytes] | None = None) -> bytes:
    """A document of which `table` is the inside of its first table."""
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content{spaces} office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="S1">{table}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    first: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": content,
        "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:'
        'opendocument:xmlns:manifest:1.0"/>',
    }
    return zipped(first | (more or {}))


def ods_row(*cells: str, repeated: int = 1) -> str:
    inside = "".join(cells)
    return f'<table:table-row table:number-rows-repeated="{repeated}">{inside}</table:table-row>'


def ods_cell(text: str = "", kind: str = "string", **values: str) -> str:
    """`values` are attributes of the cell: date_value, time_value, value, boolean_value."""
    told = "".join(
        f" office:{name.replace('_', '-')}={quoteattr(value)}" for name, value in values.items()
    )
    inside = f"<text:p>{escape(text)}</text:p>" if text else ""
    return f'<table:table-cell office:value-type="{kind}"{told}>{inside}</table:table-cell>'
