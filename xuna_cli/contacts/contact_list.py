"""An open list, and the rows that are read ahead of its contacts."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

from xuna_cli.contacts.phone_choice import PhoneChoice
from xuna_cli.contacts.review_table import ReviewRows
from xuna_cli.contacts.source import Source
from xuna_cli.contacts.tables import HEADER_WITHIN
from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection

LOOKED_AT = 500
"""Rows that are read ahead, to tell which columns have anything in them."""


class RowsAhead:
    """The first rows of a list, read ahead of the others; an error among them is raised where it stands.

    Attributes:
        contacts: those of the rows that are contacts.
        is_all: whether there are no others.
    """

    def __init__(self, rows: Iterator[Contact | Rejection]) -> None:
        self._rows = rows
        self._read: list[Contact | Rejection] = []
        self._error: InputError | None = None
        try:
            self._read.extend(islice(rows, LOOKED_AT))
        except InputError as error:
            self._error = error
        self.rows_read = tuple(self._read[:HEADER_WITHIN])
        self.contacts = tuple(row for row in self._read if isinstance(row, Contact))
        self.is_all = self._error is None and len(self._read) < LOOKED_AT

    def rows(self) -> Iterator[Contact | Rejection]:
        """Yield all rows from the first."""
        yield from self._read
        self._read = []
        if self._error is not None:
            raise self._error
        yield from self._rows


class ContactList:
    """An open list: its columns are known, its contacts are still to come.

    Iterating gives every row that isn't blank once, in the file's order and in constant memory (but for a
    workbook, whose sheet is in memory), and closes the list at its end. It raises `InputError` where the
    list can't be used further; what stands before that place was given. A list is iterated once.

    Attributes:
        columns: the header's names, those that are not empty; in JSON the keys of the first contact. Empty
            where a JSON list has no contact.
        columns_are_complete: whether no row can have other columns: true but for JSON.
        phones: the columns with the phone number; none where a JSON list has no contact.
        first_rows: the first contacts, `LOOKED_AT` at most.
        first_rows_are_all: whether the list has no others.
        sheet: the sheet that is read; None where the list is no workbook.
        notes: what a person has to know before anybody is called: sheets and rows that are not read.
        begun: whether somebody has begun to read the contacts.
        review: the rows, where the list is a table that `xuna render` wrote.
    """

    def __init__(
        self,
        rows: Iterator[Contact | Rejection],
        source: Source,
        *,
        columns: tuple[str, ...],
        columns_are_complete: bool,
        phones: PhoneChoice,
        ahead: RowsAhead | None = None,
        sheet: str | None = None,
        notes: Sequence[str] = (),
        review: ReviewRows | None = None,
    ) -> None:
        self.columns = columns
        self.columns_are_complete = columns_are_complete
        self.phones = phones
        self.first_rows = ahead.contacts if ahead is not None else ()
        self.first_rows_are_all = ahead is not None and ahead.is_all
        self.sheet = sheet
        self.notes = tuple(notes)
        self.review = review
        self._rows = rows
        self._source = source
        self.begun = False

    @property
    def phone_column(self) -> str:
        """The first column with the phone number; empty where a JSON list has no contact and none is given."""
        return next(iter(self.phones.columns), "")

    def check_rows(
        self, check: Callable[[Iterator[Contact | Rejection]], Iterator[Contact | Rejection]]
    ) -> None:
        """Let a check see the rows before whoever iterates."""
        self._rows = check(self._rows)

    def __iter__(self) -> Iterator[Contact | Rejection]:
        if self.begun:  # giving nobody, silently, would read as an empty list
            raise RuntimeError("A contact list is read once; open it again.")
        self.begun = True
        return self._read()

    def _read(self) -> Iterator[Contact | Rejection]:
        try:
            yield from self._rows
        finally:
            self.close()

    def sha256(self) -> str:
        """Return the hash of the file's bytes; reading goes on where it was. Raises as reading does."""
        return self._source.sha256()

    def close(self) -> None:
        """Close the file, or let go of the one that was handed in; a second time does nothing."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
