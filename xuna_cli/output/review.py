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
    """Return the format that the name of a file asks for: JSON Lines, unless it ends in `.csv` or `.xlsx`.

    Raises:
        UsageError: it asks for one that is not written.
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
    """The rows of a list until they are written: a later contact of a JSON list may bring further columns.

    They are kept in a file that has no name. Close it in the end.
    """

    def __init__(self) -> None:
        self._spools = [tempfile.TemporaryFile("w+", encoding="utf-8") for _ in range(2)]  # noqa: SIM115
        self._columns: dict[str, None] = {}
        self.calls = 0

    def close(self) -> None:
        """Let go of the rows."""
        for spool in self._spools:
            with contextlib.suppress(OSError):
                spool.close()

    def add_call(self, call: Fields, fields: Fields) -> None:
        """Keep a call, and the fields of its contact."""
        self.calls += 1
        self._keep(0, call, fields)

    def add_left_out(self, row_number: int, why: str, fields: Fields) -> None:
        """Keep a row that is not called."""
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
        """Write the file; JSON Lines have only the calls, a table has the rows that are left out below them.

        Args:
            to: the file; None: stdout.
            seal: whether each call gets a seal.

        Raises:
            InputError: it can't be written, or a call can't stand in such a table.
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
    """Check that a call is read back from its cells as it is."""
    fields = dict(zip(columns, [from_reject(cell.strip()) for cell in cells], strict=True))
    read = call_of(Contact(0, fields))
    if not isinstance(read, Contact) or read.fields != call or max(map(len, cells)) > LONGEST_CSV_CELL:
        raise InputError(
            f"row {call['xuna_row']} can't be written to a table exactly",
            hint="name a file that ends in .jsonl instead",
            code="output-inexact",
        )
