"""The file of `xuna render`: JSON Lines for programs, a table (CSV or XLSX) for people."""

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TextIO, cast

from xuna_cli.contacts.apostrophes import from_reject, guard
from xuna_cli.contacts.review_table import call_of, cells_left_out, cells_of_call, header, record
from xuna_cli.errors import InputError, UsageError
from xuna_cli.models import BEYOND_THE_HEADER, Contact
from xuna_cli.output.files import destination
from xuna_cli.output.spreadsheet import line
from xuna_cli.output.workbook import write_workbook
from xuna_cli.targets.rendered_list import SEAL, SealChain

SHEET = "xuna calls"
LONGEST_CSV_CELL = 131_072

Fields = Mapping[str, object]


class ReviewFormat(StrEnum):
    """Formats of the file."""

    JSON_LINES = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"


_OTHER_ENDINGS = frozenset(".json .tsv .tab .xls .xlsm .xlsb .ods".split())


def format_of(to: Path | None) -> ReviewFormat:
    """Return the format for a file name: CSV for `.csv`, XLSX for `.xlsx`, otherwise JSON Lines.

    Raises:
        UsageError: the format is not supported.
    """
    ending = "" if to is None else to.suffix.casefold()
    if ending in _OTHER_ENDINGS:
        raise UsageError(
            f"--to {to}: {ending} files are not written",
            hint="name a file that ends in .csv, .xlsx or .jsonl",
            code="output-format",
        )
    return {".csv": ReviewFormat.CSV, ".xlsx": ReviewFormat.XLSX}.get(ending, ReviewFormat.JSON_LINES)


class Review:
    """Collects the rows before they are written, since later JSON contacts may have further columns.

    The rows are kept in an unnamed file until `close`.
    """

    def __init__(self) -> None:
        self._spools = [tempfile.TemporaryFile("w+", encoding="utf-8") for _ in range(2)]  # noqa: SIM115
        self._columns: dict[str, None] = {}
        self.calls = 0

    def close(self) -> None:
        """Delete the rows."""
        for spool in self._spools:
            with contextlib.suppress(OSError):
                spool.close()

    def add_call(self, call: Fields, fields: Fields) -> None:
        """Add a call with the fields of its contact."""
        self.calls += 1
        self._keep(0, call, fields)

    def add_left_out(self, row_number: int, why: str, fields: Fields) -> None:
        """Add a row that is not called."""
        theirs = {name: value for name, value in fields.items() if name != BEYOND_THE_HEADER}
        self._keep(1, cells_left_out(row_number, why), theirs)

    def _keep(self, which: int, ours: Fields, theirs: Fields) -> None:
        self._columns.update(dict.fromkeys(theirs))
        self._spools[which].write(json.dumps([ours, theirs], default=str) + "\n")

    def _kept(self, which: int) -> Iterator[tuple[dict[str, object], dict[str, object]]]:
        self._spools[which].seek(0)
        for text in self._spools[which]:
            ours, theirs = json.loads(text)
            yield ours, theirs

    def write(self, to: Path | None, *, seal: bool = False) -> None:
        """Write the file. JSON Lines have only the calls; a table also has the left-out rows below.

        Args:
            to: the file; None for stdout.
            seal: whether to seal each call.

        Raises:
            InputError: the file can't be written, or a table can't hold a call.
        """
        kind = format_of(to)
        columns = header(self._columns)
        names = list(map(guard, columns))
        with destination(to) as stream:
            if kind is ReviewFormat.JSON_LINES:
                stream.writelines(
                    json.dumps(call, ensure_ascii=False) + "\n" for call, _ in self._calls(seal=seal)
                )
            elif kind is ReviewFormat.CSV:
                stream.write(line(names))
                stream.writelines(map(line, self._records(columns, seal=seal)))
            else:
                write_workbook(cast(TextIO, stream).buffer, SHEET, names, self._records(columns, seal=seal))

    def _calls(self, *, seal: bool) -> Iterator[tuple[dict[str, object], dict[str, object]]]:
        chain = SealChain(self.calls)
        for call, theirs in self._kept(0):
            yield {**call, SEAL: chain.seal(call)} if seal else call, theirs

    def _records(self, columns: tuple[str, ...], *, seal: bool) -> Iterator[list[str]]:
        for call, theirs in self._calls(seal=seal):
            cells = record(columns, cells_of_call(call), theirs)
            _check(call, columns, cells)
            yield cells
        for left_out, theirs in self._kept(1):
            yield record(columns, left_out, theirs)


def _check(call: Fields, columns: tuple[str, ...], cells: list[str]) -> None:
    """Check that reading the cells returns the same call."""
    fields = dict(zip(columns, [from_reject(cell.strip()) for cell in cells], strict=True))
    read = call_of(Contact(0, fields))
    if not isinstance(read, Contact) or read.fields != call or max(map(len, cells)) > LONGEST_CSV_CELL:
        raise InputError(
            f"row {call['xuna_row']} can't be written to a table exactly",
            hint="name a file that ends in .jsonl instead",
            code="output-inexact",
        )
