"""Open a list of any format, and read its contacts once."""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from xuna_cli.contacts.contact_list import LOOKED_AT, ContactList, RowsAhead
from xuna_cli.contacts.delimited import check_delimiter, read_records
from xuna_cli.contacts.foreign import check_not_foreign
from xuna_cli.contacts.options import FORMATS, LIST_KEYS, HiddenRows, ListOptions
from xuna_cli.contacts.phone_choice import PhoneChoice, choose
from xuna_cli.contacts.review_table import FIELDS, TO, ReviewRows, check_not_cut, is_review
from xuna_cli.contacts.source import WORKBOOK_MARKS, Source, choose_encoding, lines
from xuna_cli.contacts.tables import check_header_place, read_table
from xuna_cli.debug_log import debug
from xuna_cli.errors import InputError, UsageError
from xuna_cli.models import CellFault, Contact, Rejection

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xlsb": "xlsx",
    ".xls": "xlsx",
    ".ods": "xlsx",
}
# Some entries before the first contact may be unusable; with this many, the file is not a contact list.
_MOST_LEADING_REJECTIONS = 1000


def open_list(path: Path | BinaryIO, options: ListOptions, *, name: str) -> ContactList:
    """Open a contact list, and read it up to its first contact.

    Args:
        path: the file, or an open file, which must be seekable; it is read from its first byte and left open.
        options: how to read the list.
        name: name of the list in messages, e.g. `contacts.csv` or `standard input`.

    Returns:
        The list; it can be iterated once.

    Raises:
        InputError: the file can't be read, is not a list, has no usable header, or not exactly one phone column; or
            its first contact can't be read.
        UsageError: the format, delimiter or encoding does not exist.
    """
    if options.format is not None and options.format not in FORMATS:
        raise UsageError(f"--format {options.format} is not known; use one of {', '.join(FORMATS)}")
    delimiter = None if options.delimiter is None else check_delimiter(options.delimiter)
    contacts = _open(path, options, delimiter, name)
    contacts.notes = (*contacts.notes, *_without_effect(contacts, options, name))
    debug("list", "opened", columns=len(contacts.columns), sheet=contacts.sheet, format=options.format)
    return contacts


def _without_effect(contacts: ContactList, options: ListOptions, name: str) -> Iterator[str]:
    """Yield a note for each option that has no effect on this kind of list."""
    of_workbook = contacts.sheet is not None
    given = {
        "--sheet": options.sheet is not None and not of_workbook,
        "--hidden-rows": options.hidden_rows is not None and not of_workbook,
        "--delimiter": options.delimiter is not None and (of_workbook or not contacts.columns_are_complete),
        "--encoding": options.encoding is not None and of_workbook,
    }
    what = "a workbook" if of_workbook else "not a workbook" if contacts.columns_are_complete else "JSON"
    for option, does_nothing in given.items():
        if does_nothing:
            yield f"{option} has no effect: {name} is {what}"


def _open(path: Path | BinaryIO, options: ListOptions, delimiter: str | None, name: str) -> ContactList:
    source = Source(path, name)
    try:
        kind = options.format or _format_by_name(path, name) or _format_by_content(source, options.encoding)
        if kind in ("json", "jsonl"):
            check_not_foreign(source.start(options.encoding), name)
            return _open_json(source, kind, options, name)
        if kind == "xlsx":
            return _open_workbook(source, options, name)
        check_not_foreign(source.start(options.encoding), name)
        text = source.text(options.encoding)
        if kind == "tsv":
            delimiter = delimiter or "\t"
        records = source.guard(read_records(lines(text, name), delimiter, name))
        return open_table(source, records, options, name)
    except BaseException:
        source.close()
        raise


def open_table(
    source: "Source", records: Iterator[Sequence[str]], options: ListOptions, name: str
) -> ContactList:
    """Open a list with a header row, from any source of rows.

    Raises:
        InputError: as for `open_list`.
    """
    columns, rows = read_table(records, name)
    if options.as_calls:
        if is_review(columns):
            return _reviewed(source, rows)
        check_not_cut(columns, name)
    first = next(rows, None)  # some errors in the header only show in the row below it
    ahead = RowsAhead(rows if first is None else chain((first,), rows))
    phones = _choose(columns, options, ahead, name)
    return ContactList(
        ahead.rows(), source, columns=columns, columns_are_complete=True, phones=phones, ahead=ahead
    )


def _reviewed(
    source: "Source",
    rows: Iterator[Contact | Rejection],
    *,
    sheet: str | None = None,
    notes: Sequence[str] = (),
) -> ContactList:
    review = ReviewRows(rows)
    ahead = RowsAhead(iter(review))
    return ContactList(
        ahead.rows(),
        source,
        columns=FIELDS,
        columns_are_complete=True,
        phones=PhoneChoice((TO,)),
        ahead=ahead,
        sheet=sheet,
        notes=notes,
        review=review,
    )


def _choose(columns: Sequence[str], options: ListOptions, ahead: RowsAhead, name: str) -> PhoneChoice:
    """Choose the phone column of a table. If there is none, check whether a later row is the header."""
    fields = [contact.fields for contact in ahead.contacts]
    try:
        return choose(columns, options.phone_columns, name, rows=fields, first=options.first_phone_column)
    except InputError:
        check_header_place(columns, ahead.rows_read, name)
        raise


def _open_workbook(source: "Source", options: ListOptions, name: str) -> ContactList:
    from xuna_cli.contacts.sheet_choice import open_sheet  # noqa: PLC0415 - most lists are not workbooks

    found = open_sheet(
        source.file, options.sheet, name, hidden_rows=options.hidden_rows, phone_columns=options.phone_columns
    )
    where = f"{name}, sheet {found.sheet!r}"
    columns, rows = read_table(source.guard(found.records), where, of_text=False)
    if options.as_calls:
        if is_review(columns):
            return _reviewed(source, rows, sheet=found.sheet, notes=found.notes)
        check_not_cut(columns, where)
    ahead = RowsAhead(rows)
    _check_calculated(ahead, where)
    phones = _choose(columns, options, ahead, where)
    return ContactList(
        _with_phones(ahead.rows(), phones.columns),
        source,
        columns=columns,
        columns_are_complete=True,
        phones=phones,
        ahead=ahead,
        sheet=found.sheet,
        other_sheets=found.others,
        notes=found.notes,
    )


def _check_calculated(ahead: RowsAhead, where: str) -> None:
    """Raise InputError if all of the first rows have only formulas without a result."""
    faults = [
        next((cell for cell in row.fields.values() if cell), None)
        for row in ahead.contacts
        if all(isinstance(cell, CellFault) for cell in row.fields.values() if cell)
    ]
    first = faults[0] if faults else None
    if isinstance(first, CellFault) and len(faults) == len(ahead.contacts):
        raise InputError(f"{where}: no row can be used, e.g. {first.message}", code=first.code)


def _with_phones(
    rows: Iterator[Contact | Rejection], columns: Sequence[str]
) -> Iterator[Contact | Rejection]:
    """Yield the rows; numbers in a phone column become phone numbers, whatever their cell format."""
    from xuna_cli.contacts.sheet_choice import as_phone  # noqa: PLC0415 - most lists are not workbooks

    for row in rows:
        if isinstance(row, Contact):
            numbers = {
                column: as_phone(cell)
                for column in columns
                if (cell := row.fields.get(column)).__class__ is not str
            }
            yield Contact(row.row_number, {**row.fields, **numbers}) if numbers else row
        else:
            yield row


def _open_json(source: "Source", kind: str, options: ListOptions, name: str) -> ContactList:
    text = source.text(options.encoding, newline="\n")
    rows = source.guard(_entries(text, kind, name))
    leading: list[Contact | Rejection] = []
    for row in rows:
        leading.append(row)
        if isinstance(row, Contact):
            ahead = RowsAhead(chain(leading, rows))
            columns = tuple(row.fields)
            return ContactList(
                ahead.rows(),
                source,
                columns=columns,
                columns_are_complete=False,
                phones=_in_contact(columns, options, ahead, name),
                ahead=ahead,
            )
        if len(leading) == _MOST_LEADING_REJECTIONS:
            raise InputError(
                f"{name}: none of the first {len(leading):,} entries can be used: {row.message}",
                hint='a contact is an object, e.g. {"phone": "+15551234567", "name": "Ann"}',
            )
    if kind == "jsonl" and not leading:
        raise InputError(f"{name} has only blank lines", hint="the file needs one JSON object per line")
    return ContactList(
        iter(leading),
        source,
        columns=(),
        columns_are_complete=False,
        phones=PhoneChoice(tuple(options.phone_columns), given=bool(options.phone_columns)),
    )


def _entries(
    text: io.TextIOWrapper, kind: str, name: str, beside: dict[str, object] | None = None
) -> Iterator[Contact | Rejection]:
    """Return the entries of a JSON list; `beside` receives the object's other fields."""
    if kind == "json":
        from xuna_cli.contacts.json_array import read_json  # noqa: PLC0415 - most lists are CSV

        return read_json(text, name, beside)
    from xuna_cli.contacts.json_lines import read_json_lines  # noqa: PLC0415 - likewise

    return read_json_lines(lines(text, name), name)


def _in_contact(columns: tuple[str, ...], options: ListOptions, ahead: RowsAhead, name: str) -> PhoneChoice:
    """Choose by the first contact. A contact in the API's own format is called at `to_phone_number`."""
    if not options.phone_columns and {"to_phone_number", "conversation_config_override"} <= set(columns):
        return PhoneChoice(("to_phone_number",))
    rows = [contact.fields for contact in ahead.contacts]
    return choose(columns, options.phone_columns, name, rows=rows, first=options.first_phone_column)


def column_names(path: Path, options: ListOptions) -> tuple[str, ...]:
    """Return the columns of a list (in JSON the paths), whether or not one contains phone numbers.

    Args:
        path: the file; it is read up to its header, or in JSON up to its first contact.
        options: how to read the list.

    Raises:
        InputError: the file can't be read, or has no usable header.
        UsageError: the delimiter or encoding does not exist.
    """
    name = path.name
    with contextlib.closing(Source(path, name)) as source:
        kind = options.format or _format_by_name(path, name) or _format_by_content(source, options.encoding)
        if kind == "xlsx":
            from xuna_cli.contacts.sheet_choice import open_sheet  # noqa: PLC0415 - most lists are not workbooks

            found = open_sheet(source.file, options.sheet, name, hidden_rows=HiddenRows.CALL)
            return read_table(found.records, name, of_text=False)[0]
        if kind in ("json", "jsonl"):
            text = source.text(options.encoding, newline="\n")
            rows = _entries(text, kind, name)
            first = next((row for row in islice(rows, LOOKED_AT) if isinstance(row, Contact)), None)
            return () if first is None else tuple(_paths(first.fields))
        delimiter = check_delimiter(options.delimiter) if options.delimiter else None
        delimiter = delimiter or ("\t" if kind == "tsv" else None)
        return read_table(read_records(lines(source.text(options.encoding), name), delimiter, name), name)[0]


def _paths(fields: Mapping[str, object], above: str = "") -> Iterator[str]:
    """Yield the keys of a JSON contact and the paths within it."""
    for key, value in fields.items():
        yield above + key
        if isinstance(value, Mapping):
            yield from _paths(value, f"{above}{key}.")


def beside_the_list(path: Path | BinaryIO, options: ListOptions, *, name: str) -> dict[str, object]:
    """Return the fields of a JSON object other than its array of contacts, such as the agent in an API request.

    The result is empty for an array and for other formats. Errors in the list are not reported here.

    Args:
        path: as for `open_list`; an object is read to its end.
        options: as for `open_list`.
        name: as for `open_list`.
    """
    found: dict[str, object] = {}
    kind = options.format or _format_by_name(path, name)
    if kind not in (None, "json"):
        return found
    source = Source(path, name)
    try:
        kind = kind or _format_by_content(source, options.encoding)
        codec, skip = choose_encoding(source.head(), options.encoding)
        if kind == "json" and source.head()[skip:].decode(codec, "ignore").lstrip()[:1] == "{":
            text = source.text(options.encoding, newline="\n")
            for _ in source.guard(_entries(text, kind, name, found)):
                pass
    except InputError:
        pass
    finally:
        source.close()
    return found


def _format_by_name(path: Path | BinaryIO, name: str) -> str | None:
    suffix = path.suffix if isinstance(path, Path) else Path(name).suffix
    return _SUFFIXES.get(suffix.casefold())


def _format_by_content(source: Source, encoding: str | None) -> str:
    """Return the format that the first bytes show (default: CSV)."""
    head = source.head()
    if head.startswith(WORKBOOK_MARKS):
        return "xlsx"
    codec, skip = choose_encoding(head, encoding)
    text = head[skip:].decode(codec, "ignore").lstrip()
    if text.startswith("["):
        return "json"
    if not text.startswith("{"):
        return "csv"
    # A line with a complete object is one of many (JSON Lines), unless the object contains the list itself.
    try:
        value = json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return "json"
    return "json" if any(key in value for key in LIST_KEYS) else "jsonl"
