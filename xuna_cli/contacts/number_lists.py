"""Read lists of numbers, as registries and dialers write them: contact lists, or files without a header.

- A text (`.txt`, `.csv`, `.tsv`, or any name without another known ending) has no header if its first row begins with
  a number; then all rows are numbers. Lines that begin with `#` or `//` are comments.
- The national registries of the United States and Canada write `area code,number` in each row without a header
  (telemarketing.donotcall.gov, "Flat Text File"; CRTC, "Telemarketer Subscription Rates and File Formats"), or XML with
  one `<ph val='…'/>` for each number. Their lists of changes have more cells after the number.
- The TPS and CTPS of the United Kingdom have one number per line, with spaces inside and after it.
- In a workbook, every sheet is read, also hidden ones.

All other files are read as contact lists.

The largest lists are texts with one number per line. `plain_lines` reads them in blocks, without an object per row.
"""

import contextlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from xuna_cli.contacts.columns import looks_like_phone, phone_columns
from xuna_cli.contacts.contact_list import ContactList
from xuna_cli.contacts.delimited import DELIMITERS, check_delimiter, read_records
from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.phone_choice import PhoneChoice
from xuna_cli.contacts.reading import open_list, open_table
from xuna_cli.contacts.sheet_choice import read_sheet, sheet_names
from xuna_cli.contacts.source import WORKBOOK_MARKS, Source, lines
from xuna_cli.errors import InputError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import Contact

COLUMN = "number"

_TABLES = frozenset({".csv", ".tsv", ".tab"})
_OF_TEXT = _TABLES | {".txt", ".text", ".list", ".lst", ".dat", ""}
_COMMENT = lazy_pattern(r"\s*(?:#|//)\s*(?P<rest>.*)")
_COMMENT_BEHIND = lazy_pattern(r"\s+(?:#|//)\s*(?=.*[^\W\d_]).*$")
_AREA_CODE, _LOCAL_NUMBER = re.compile(r"\d{3}"), re.compile(r"\d{3}-?\d{4}")
_AREA_COLUMN = lazy_pattern(r"area\W?code|area|npa", re.IGNORECASE)
_TAG = lazy_pattern(r"<\s*(?P<name>[\w?!/]+)(?P<rest>[^<>]*)>")
_VALUE = lazy_pattern(r"\bval\s*=\s*['\"\u2018\u2019](\d*)['\"\u2018\u2019]")
_BLOCK = 64 * 1024  # characters
_AREA_AND_NUMBER = lazy_pattern(r"^([0-9]{3}),([0-9]{7})(?=\r?$)", re.MULTILINE)


Named = tuple[str, ContactList]


def open_numbers(path: Path, options: ListOptions, *, name: str) -> Iterator[Named]:
    """Open the number lists of a file one after the other; read each before asking for the next.

    Each comes with its name in messages: the file, or the file and a sheet.

    Args:
        path: the file.
        options: how to read the file.
        name: name of the file in messages.

    Raises:
        InputError: as for `open_list`; also for an empty file.
        UsageError: as for `open_list`.
    """
    kind = _kind(path, options, name)
    if kind == "workbook":
        source = Source(path, name)
        try:
            sheets = sheet_names(source.file, name) if options.sheet is None else [options.sheet]
        finally:
            source.close()
        for sheet in sheets:
            yield from _open_sheet(path, options, sheet, name)
    elif kind in ("rows", "xml"):
        yield name, _open_text(path, options, name, kind)
    else:
        yield name, open_list(path, options, name=name)


class NotPlainError(Exception):
    """A file has a row that `plain_lines` does not read."""


def plain_lines(path: Path, options: ListOptions, *, name: str) -> Iterator[list[str]]:
    """Yield the lines of a text without a header, in blocks, if each line is a row with one cell.

    The rows are those of `open_numbers`, also their order and the blank ones. An area code and a local number are
    already put together.

    Args:
        path: the file.
        options: how to read the file.
        name: name of the file in messages.

    Raises:
        NotPlainError: only `open_numbers` can read the file, or explain why it can't be read.
    """
    try:
        if options.delimiter is not None or _kind(path, options, name) != "rows":
            raise NotPlainError
        with contextlib.closing(Source(path, name)) as source:
            text = source.text(options.encoding)
            while block := text.read(_BLOCK):
                end = text.readline(_BLOCK)
                block += end
                # Without a quote and a single carriage return, a row ends where its line ends. A tab is a delimiter
                # that `strip` would remove.
                if len(end) == _BLOCK or any(char in block for char in '"\0\t') or _has_lone_return(block):
                    raise NotPlainError
                yield _AREA_AND_NUMBER.sub(r"+1\1\2", block).removesuffix("\n").split("\n")
    except (InputError, OSError, UnicodeError):
        raise NotPlainError from None


def only_cell(line: str) -> str:
    """Return the cell of one of the `plain_lines` without its comment; empty for a blank line.

    Raises:
        NotPlainError: the line may have more than one cell.
    """
    cell = _without_comment(line).strip()
    if any(delimiter in cell for delimiter in DELIMITERS):
        raise NotPlainError
    return cell


def area_column(columns: Iterable[str]) -> str | None:
    """Return the column with the area code of the numbers, if there is one."""
    return next((column for column in columns if _AREA_COLUMN.fullmatch(column.strip())), None)


def with_area_code(area: object, number: object) -> str | None:
    """Return the North American number for an area code and a local number, or None."""
    parts = str(area or "").strip(), str(number or "").strip()
    if _AREA_CODE.fullmatch(parts[0]) and _LOCAL_NUMBER.fullmatch(parts[1]):
        return f"+1{parts[0]}{parts[1].replace('-', '')}"
    return None


def _open_sheet(path: Path, options: ListOptions, sheet: str, name: str) -> Iterator[Named]:
    """Open a sheet; skip it if it is blank, or has text but no numbers."""
    where = f"{name}, sheet {sheet!r}"
    has_numbers = True
    source = Source(path, name)
    try:
        records = source.guard(read_sheet(source.file, sheet, name))
        first = next(([cell.strip() for cell in record] for record in records if any(record)), None)
        has_numbers = first is not None and any(_may_be_number(cell) for record in records for cell in record)
        if first is None:
            source.close()
            return
        records = source.guard(read_sheet(source.file, sheet, name))
        if not options.phone_columns and _begins_with_number(first):
            yield where, _without_header(source, _rows(records))
        else:
            yield where, open_table(source, records, options, where)
    except InputError as error:
        source.close()
        if has_numbers or error.code != "input-phone-column":
            raise
    except BaseException:
        source.close()
        raise


def _open_text(path: Path, options: ListOptions, name: str, kind: str) -> ContactList:
    source = Source(path, name)
    try:
        text = lines(source.text(options.encoding), name)
        records = _records(map(_without_comment, text), options, name)
        return _without_header(source, _rows_of_xml(text, name) if kind == "xml" else _rows(records))
    except BaseException:
        source.close()
        raise


def _without_header(source: Source, rows: Iterator[list[str]]) -> ContactList:
    return ContactList(
        source.guard(_numbers(rows)),
        source,
        columns=(COLUMN,),
        columns_are_complete=False,
        phones=PhoneChoice((COLUMN,)),
    )


def _kind(path: Path, options: ListOptions, name: str) -> str | None:
    """Return `workbook`, or `rows` or `xml` for a text without a header; None for a list or an unreadable file."""
    suffix = path.suffix.casefold()
    source = Source(path, name)
    try:
        head = source.head()
        if options.format == "xlsx" or (options.format is None and head.startswith(WORKBOOK_MARKS)):
            return "workbook"
        if options.phone_columns or options.format not in (None, "csv", "tsv"):
            return None
        begin = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if begin == b"<":
            return "xml"
        if suffix not in _OF_TEXT or begin in (b"{", b"["):
            return None
        text = source.guard(lines(source.text(options.encoding), name))
        first = next((line for line in map(_without_comment, text) if line.strip()), "")
        cells = [cell.strip() for cell in next(source.guard(_records(iter([first]), options, name)), [])]
    except InputError:
        return None  # `open_list` reports the error better
    finally:
        source.close()
    if not cells or phone_columns(cells):
        return None
    if suffix not in _TABLES and options.format is None:
        return "rows"
    return "rows" if _begins_with_number(cells) else None


def _begins_with_number(cells: Sequence[str]) -> bool:
    return _may_be_number(cells[0]) or with_area_code(*[*cells, ""][:2]) is not None


def _may_be_number(cell: str) -> bool:
    start = unicodedata.normalize("NFKC", cell).strip().lower().removeprefix("tel:").strip()
    return looks_like_phone(start)


def _has_lone_return(text: str) -> bool:
    return text.count("\r") != text.count("\r\n")


def _records(text: Iterator[str], options: ListOptions, name: str) -> Iterator[list[str]]:
    delimiter = None if options.delimiter is None else check_delimiter(options.delimiter)
    return read_records(text, delimiter, name)


def _without_comment(line: str) -> str:
    """Return a line without its comment, but keep a comment that is a number, to be safe."""
    if comment := _COMMENT.fullmatch(line.rstrip("\r\n")):
        return f"{comment['rest']}\n" if looks_like_phone(comment["rest"]) else "\n"
    return _COMMENT_BEHIND.sub("\n", line)


def _rows(records: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    for record in records:
        cells = [cell.strip() for cell in record]
        whole = with_area_code(*cells[:2]) if len(cells) > 1 else None
        yield ([whole, *cells[2:]] if whole is not None else cells) if any(cells) else []


def _rows_of_xml(text: Iterable[str], name: str) -> Iterator[list[str]]:
    """Yield the numbers of a registry's XML file, one row for each tag of a number."""
    area = ""
    for number, line in enumerate(text, 1):
        tags = list(_TAG.finditer(line))
        if _TAG.sub("", line).strip():
            raise _no_registry(name, number)
        for tag in tags:
            value = _VALUE.search(tag["rest"])
            if tag["name"] == "ac" and value is not None:
                area = value[1]
            elif tag["name"] == "ph":
                whole = with_area_code(area, value[1]) if value is not None else None
                if whole is None:
                    raise _no_registry(name, number)
                yield [whole]


def _no_registry(name: str, line: int) -> InputError:
    return InputError(
        f"{name}, line {line}: this is not the XML of a do-not-call registry",
        hint="download the registry's flat text file, or save the list as CSV with a `phone` column",
        code="input-xml",
    )


def _numbers(rows: Iterable[list[str]]) -> Iterator[Contact]:
    for row_number, cells in enumerate(rows, 1):
        if cells:
            names = chain((COLUMN,), (f"column {place}" for place in range(2, len(cells) + 1)))
            yield Contact(row_number, dict(zip(names, cells, strict=False)))
