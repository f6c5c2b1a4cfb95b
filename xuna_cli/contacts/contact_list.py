"""An open contact list, and the rows that were read ahead."""

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
"""Number of rows to read ahead, to find out which columns have values."""


class RowsAhead:
    """The first rows of a list. An error in them is raised at its place when the rows are iterated.

    Attributes:
        contacts: the contacts among these rows.
        is_all: whether the list has no more rows.
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
        """Yield all rows of the list from the first."""
        yield from self._read
        self._read = []
        if self._error is not None:
            raise self._error
        yield from self._rows


class ContactList:
    """An open list; its columns are known, and its contacts are still unread.

    Iterating yields every row that is not blank, in the file's order, and closes the list at its end. It takes
    constant memory, except for a workbook, whose sheet is in memory. It raises `InputError` at the place from which
    the list can't be read further. A list can be iterated only once.

    Attributes:
        columns: the header's names without empty ones; in JSON the keys of the first contact. Empty if a JSON list
            has no contact.
        columns_are_complete: whether no row can have further columns: true for all formats except JSON.
        phones: the phone columns; empty if a JSON list has no contact.
        first_rows: the first contacts, at most `LOOKED_AT`.
        first_rows_are_all: whether the list has no further contacts.
        sheet: name of the sheet; None if the list is not a workbook.
        other_sheets: names of the workbook's other sheets, including hidden ones.
        notes: facts to know before anybody is called: sheets and rows that are not read.
        begun: whether reading the contacts has started.
        review: the rows, if the list is a table that `xuna render` wrote.
        was_changed: whether the file was written to between its opening and the end of reading.
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
        other_sheets: Sequence[str] = (),
        notes: Sequence[str] = (),
        review: ReviewRows | None = None,
    ) -> None:
        self.columns = columns
        self.columns_are_complete = columns_are_complete
        self.phones = phones
        self.first_rows = ahead.contacts if ahead is not None else ()
        self.first_rows_are_all = ahead is not None and ahead.is_all
        self.sheet = sheet
        self.other_sheets = tuple(other_sheets)
        self.notes = tuple(notes)
        self.review = review
        self._rows = rows
        self._source = source
        self.begun = False
        self.was_changed = False

    @property
    def phone_column(self) -> str:
        """The first phone column; empty if a JSON list has no contact and the user named no column."""
        return next(iter(self.phones.columns), "")

    def check_rows(
        self, check: Callable[[Iterator[Contact | Rejection]], Iterator[Contact | Rejection]]
    ) -> None:
        """Pass the rows through a check while they are iterated."""
        self._rows = check(self._rows)

    def __iter__(self) -> Iterator[Contact | Rejection]:
        if self.begun:  # without the error, a second iteration would look like an empty list
            raise RuntimeError("a contact list can be read only once; open it again")
        self.begun = True
        return self._read()

    def _read(self) -> Iterator[Contact | Rejection]:
        try:
            yield from self._rows
        finally:
            self.was_changed = self._source.was_changed()
            self.close()

    def sha256(self) -> str:
        """Return the hash of the file's bytes without moving the reading position. Raises the errors of reading."""
        return self._source.sha256()

    def close(self) -> None:
        """Close the file, or release an open file that was passed in. Closing twice is allowed."""
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
