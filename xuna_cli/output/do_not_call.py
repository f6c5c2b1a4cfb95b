"""The do-not-call list as a table, JSON and CSV."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from xuna_cli.output.document import VERSION, dump
from xuna_cli.output.files import destination, write_json
from xuna_cli.output.messages import counted, emit, safe
from xuna_cli.output.spreadsheet import write_rows

EXPORTED = ("to_phone_number", "reason", "added_at")


class Entry(Protocol):
    """One number of the list."""

    @property
    def to_phone_number(self) -> str:
        """E.164."""

    @property
    def reason(self) -> str | None:
        """Why it is there."""

    @property
    def added_at(self) -> str:
        """Since when, UTC."""


def print_entries(entries: Iterable[Entry], total: int, output: str, *, most: int = 0) -> None:
    """Print the list; the table shows the first `most`."""
    if output == "json":
        document: dict[str, Any] = {"xuna_result_version": VERSION, "do_not_call": [*map(_document, entries)]}
        emit(dump(document))
        return
    from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

    table = plain_table(None, ("Number", "Reason", "Since"))
    for one in islice(entries, most):
        table.add_row(cell(one.to_phone_number), cell(one.reason), cell(one.added_at))
    out = console()
    out.print(table)
    more = f"; all of them: xuna do-not-call export ({total - most:,} more)" if total > most > 0 else ""
    out.print(cell(f"{counted(total, 'number', 'numbers')}{more}"), soft_wrap=True)


def print_checks(checks: Sequence[tuple[str, str | None]], output: str) -> None:
    """Print of each number whether it is on the list, and why."""
    if output == "json":
        emit(
            dump(
                {
                    "xuna_result_version": VERSION,
                    "checks": [
                        {"to_phone_number": number, "listed": why is not None, "reason": why or None}
                        for number, why in checks
                    ],
                }
            )
        )
        return
    for number, why in checks:
        words = "not on the list" if why is None else "on the list" + (f": {safe(why)}" if why else "")
        emit(f"{number}  {words}\n")


def write_entries(entries: Iterable[Entry], output: str, to: Path | None) -> None:
    """Write the list as CSV or as a JSON array, in constant memory.

    Raises:
        InputError: if the file can't be written.
    """
    rows = ((one.to_phone_number, one.reason, one.added_at) for one in entries)
    with destination(to) as stream:
        if output == "csv":
            write_rows(stream, EXPORTED, rows)
        else:
            write_json(stream, EXPORTED, rows)


def _document(one: Entry) -> dict[str, str | None]:
    return {"to_phone_number": one.to_phone_number, "reason": one.reason, "added_at": one.added_at}
