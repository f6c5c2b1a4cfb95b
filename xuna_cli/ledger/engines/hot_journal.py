"""Check whether a journal beside a ledger file belongs to the file's current state.

A run that was killed within a transaction leaves a journal, and the next connection puts the
journal's pages back. If the file was replaced by a backup meanwhile, that mixes two states of the ledger:
people who were called would be free. The journal records its state: how many pages the file had,
and (in its copy of page 1) how often it had been changed.

Formats: https://www.sqlite.org/fileformat2.html, "The Database Header" and "The Rollback Journal".
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.engines.place import journal_of

MAGIC = bytes.fromhex("d9d505f920a163d7")
HEADER = 28  # used bytes of a journal's header
DATABASE_HEADER = 100
TO_THE_END = 0xFFFFFFFF  # instead of a number of records
TRIES = 3  # a journal that vanishes or changes while the file is read belongs to a live transaction


@dataclass(frozen=True, slots=True)
class _Journal:
    """The state of the file in a journal.

    Attributes:
        nonce: random number of the journal.
        pages: number of the file's pages when the transaction began.
        page_size: page size in bytes.
        change: the file's change counter when the transaction began; None if the journal lacks page 1.
    """

    nonce: bytes
    pages: int
    page_size: int
    change: int | None


def check_journal(path: Path) -> None:
    """Check that the journal beside a ledger file, if any, belongs to the file. Writes nothing.

    Raises:
        LedgerError: if the journal belongs to another state of the file.
        OSError: if the file or the journal can't be read.
    """
    for _ in range(TRIES):
        before = _journal(journal_of(path))
        if before is None:
            return
        with path.open("rb") as file:
            header = file.read(DATABASE_HEADER)
        if len(header) < DATABASE_HEADER or _belongs(before, header):
            return
        if _journal(journal_of(path)) == before:
            raise LedgerError(
                f"the ledger {path} was replaced (by a backup?) after a run was killed; the journal beside it "
                "belongs to the earlier file and would damage this one",
                hint="put the earlier file back, if it still exists; to use this file instead, move the "
                f"journal {journal_of(path).name} to another folder; people who were called since the backup "
                "could be called again",
                code="ledger-replaced",
            )


def _belongs(journal: _Journal, header: bytes) -> bool:
    page_size = int.from_bytes(header[16:18], "big")
    if journal.page_size != (65_536 if page_size == 1 else page_size):
        return False
    change = int.from_bytes(header[24:28], "big")
    if journal.change is not None:
        # An interrupted transaction has raised the counter by at most one.
        return change in {journal.change, (journal.change + 1) & 0xFFFFFFFF}
    # Page 1 was not written: its page count, if any, is that of the old state.
    return header[24:28] != header[92:96] or int.from_bytes(header[28:32], "big") == journal.pages


def _journal(path: Path) -> _Journal | None:
    """Parse a journal; None if SQLite would not roll it back."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER)
            if len(header) < HEADER or header[:8] != MAGIC:
                return None
            page_size = int.from_bytes(header[24:28], "big")
            pages = int.from_bytes(header[16:20], "big")
            change = next(_changes_in(file, os.fstat(file.fileno()).st_size), None)
    except FileNotFoundError:
        return None
    return _Journal(header[12:16], pages, page_size, change)


def _changes_in(file: BinaryIO, size: int) -> Iterator[int]:
    """Yield the change counter of each copy of page 1 in the synced records."""
    start = 0
    while size - start >= HEADER:
        file.seek(start)
        header = file.read(HEADER)
        count, sector, page_size = (int.from_bytes(header[at : at + 4], "big") for at in (8, 20, 24))
        if header[:8] != MAGIC or sector < HEADER or not page_size:
            return
        record = 4 + page_size + 4  # page number, page, checksum
        there = (size - start - sector) // record
        count = there if count == TO_THE_END else min(count, there)
        for at in range(start + sector, start + sector + count * record, record):
            file.seek(at)
            if int.from_bytes(file.read(4), "big") == 1:
                file.seek(at + 4 + 24)
                yield int.from_bytes(file.read(4), "big")
        if not count:
            return
        end = start + sector + count * record
        start = -(-end // sector) * sector
