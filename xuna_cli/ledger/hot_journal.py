"""Whether a journal that lies beside a ledger file belongs to what the file is now.

A run that was killed in the middle of a transaction leaves a journal, and whoever opens the file next puts the
pages in it back. Where a backup was put in the file's place meanwhile, that mixes two states of the ledger:
people who were called would be free. The journal says to which state it belongs: how many pages the file had,
and (in its copy of page 1) how often it had been changed.

Formats: https://www.sqlite.org/fileformat2.html, "The Database Header" and "The Rollback Journal".
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from xuna_cli.errors import LedgerError
from xuna_cli.ledger.place import journal_of

MAGIC = bytes.fromhex("d9d505f920a163d7")
HEADER = 28  # bytes of a journal's header that are used
DATABASE_HEADER = 100
TO_THE_END = 0xFFFFFFFF  # instead of a number of records
TRIES = 3  # a journal that is gone, or another one, after the file was read was of a living transaction


@dataclass(frozen=True, slots=True)
class _Journal:
    """What a journal says of the file that it belongs to.

    Attributes:
        nonce: differs from journal to journal.
        pages: of the file when the transaction began.
        page_size: bytes.
        change: the file's change counter when the transaction began; None where page 1 is not in the journal.
    """

    nonce: bytes
    pages: int
    page_size: int
    change: int | None


def check_journal(path: Path) -> None:
    """Look whether the journal beside a ledger file, if there is one, belongs to it. Writes nothing.

    Raises:
        LedgerError: if it belongs to another state of the file.
        OSError: if one of them can't be read.
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
                f"the ledger {path} was replaced (by a backup?) after a run was killed. The journal beside it "
                "belongs to the earlier file and would damage this one",
                hint="put the earlier file back, if it still exists. To use this file instead, move the "
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
        # A transaction that was broken off has counted one further at most.
        return change in {journal.change, (journal.change + 1) & 0xFFFFFFFF}
    # Page 1 was not written: it still says how many pages there were, if it says so at all.
    return header[24:28] != header[92:96] or int.from_bytes(header[28:32], "big") == journal.pages


def _journal(path: Path) -> _Journal | None:
    """Return what a journal says; None where there is none that SQLite would put back."""
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
    """Yield the change counter of each copy of page 1 among the records that were synced."""
    start = 0
    while size - start >= HEADER:
        file.seek(start)
        header = file.read(HEADER)
        count, sector, page_size = (int.from_bytes(header[at : at + 4], "big") for at in (8, 20, 24))
        if header[:8] != MAGIC or sector < HEADER or not page_size:
            return
        record = 4 + page_size + 4  # its number, the page, a checksum
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
