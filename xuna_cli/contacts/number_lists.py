"""Lists of nothing but numbers, as registries and other dialers write them: any contact list, or no header.

In a text file (`.txt`, or no name that says otherwise) each line is a number, unless the first line names a
column with numbers. A CSV or TSV has no header when the first cell of its first row looks like a number;
then the first cell of each row is one. Everything else is read as a contact list.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from xuna_cli.contacts.columns import looks_like_phone, phone_columns
from xuna_cli.contacts.delimited import read_records
from xuna_cli.contacts.phone_choice import PhoneChoice
from xuna_cli.contacts.reading import ContactList, ListOptions, open_list
from xuna_cli.contacts.source import WORKBOOK_MARKS, Source, lines
from xuna_cli.errors import InputError
from xuna_cli.models import Contact

COLUMN = "number"

_TABLES = frozenset({".csv", ".tsv", ".tab"})
_OF_TEXT = _TABLES | {".txt", ".text", ".list", ".lst", ""}


def open_numbers(path: Path, options: ListOptions, *, name: str) -> ContactList:
    """Open a list of numbers; see `open_list`.

    Args:
        path: the file.
        options: how to read it.
        name: what messages call it.

    Raises:
        InputError: as `open_list`, also for a file with nothing in it.
        UsageError: as `open_list`.
    """
    if not options.phone_columns and options.format in (None, "csv", "tsv"):
        kind = _kind(path, options, name)
        if kind is not None:
            source = Source(path, name)
            try:
                text = lines(source.text(options.encoding), name)
                rows = _rows_of_lines(text) if kind == "lines" else _rows_of_cells(text, name)
                return ContactList(
                    source.guard(_numbers(rows)),
                    source,
                    columns=(COLUMN,),
                    columns_are_complete=True,
                    phones=PhoneChoice((COLUMN,)),
                )
            except BaseException:
                source.close()
                raise
    return open_list(path, options, name=name)


def _kind(path: Path, options: ListOptions, name: str) -> str | None:
    """Return `lines` or `cells` for a file without a header; None: it is a list, or can't be read so."""
    suffix = path.suffix.casefold()
    source = Source(path, name)
    try:
        head = source.head()
        if suffix not in _OF_TEXT or head.startswith(WORKBOOK_MARKS) or head.lstrip()[:1] in (b"{", b"["):
            return None
        text = source.guard(lines(source.text(options.encoding), name))
        first = next((line.strip() for line in text if line.strip()), "")
        cells = next(source.guard(read_records(iter([first]), None, name)), [])
    except InputError:
        return None  # `open_list` says it, and better
    finally:
        source.close()
    if not first or phone_columns([cell.strip() for cell in cells]):
        return None
    if suffix not in _TABLES and options.format is None:
        return "lines"
    start = unicodedata.normalize("NFKC", cells[0]).strip().lower().removeprefix("tel:").strip()
    return "cells" if looks_like_phone(start) else None


def _rows_of_lines(text: Iterator[str]) -> Iterator[list[str]]:
    for line in text:
        yield [line.strip()] if line.strip() else []


def _rows_of_cells(text: Iterator[str], name: str) -> Iterator[list[str]]:
    """Yield the number of each row, and further cells that look like one: nobody is left out."""
    for record in read_records(text, None, name):
        cells = [cell.strip() for cell in record]
        yield [cells[0], *filter(looks_like_phone, cells[1:])] if any(cells) else []


def _numbers(rows: Iterable[list[str]]) -> Iterator[Contact]:
    for row_number, cells in enumerate(rows, 1):
        for cell in cells:
            yield Contact(row_number, {COLUMN: cell})
