"""The readings of a list: the first one, which finds its columns, and those that follow."""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from xuna_cli.commands.calling.call_inputs import check_rendered_options, list_options
from xuna_cli.commands.calling.request_list import check_no_marks
from xuna_cli.commands.list_options import STDIN, ListAndMessageOptions
from xuna_cli.contacts.contact_list import ContactList
from xuna_cli.contacts.reading import beside_the_list, open_list
from xuna_cli.contacts.review_table import CALL, SCREENING, ReviewRows
from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection
from xuna_cli.output.messages import counted, say
from xuna_cli.targets.rendered_list import RenderedList, checked_rows, rendered_list

QUICK_COUNT_S = 1.0  # too short a wait to be noticed


class ListReadings:
    """A list that can be read several times, each time from its beginning.

    Args:
        source: the list's path, or the list itself.
        options: of batch-call or render.
        stack: closes the first reading.

    Attributes:
        name: what messages call the list.
        beside: the other fields of a list that is a JSON object.
        first: the first reading, with the columns and the first rows.
        rendered: header of a list that `xuna render` made, or None.

    Raises:
        InputError: the list can't be used.
        UsageError: an option contradicts the header.
    """

    def __init__(
        self, source: Path | BinaryIO, options: ListAndMessageOptions, stack: contextlib.ExitStack
    ) -> None:
        self._source = source
        self._options = options
        self._rows: int | None = None  # known once the list was read to its end
        self.name = "standard input" if options.contacts == STDIN else options.contacts
        self.beside = beside_the_list(source, list_options(options), name=self.name)
        check_no_marks(self.beside, self.name)
        self.rendered: RenderedList | None = None
        self.first = self._open()
        stack.callback(self.first.close)
        self._unread: ContactList | None = self.first
        self.rendered = rendered_list(self.first.columns, self.first.first_rows)
        if self.rendered is not None:
            check_rendered_options(options, self.rendered)
            self.first.check_rows(partial(checked_rows, about=self.rendered))
            if self.rendered.sealed:
                for _ in self.first:  # a single changed row invalidates the whole list
                    pass

    def open(self) -> ContactList:
        """Return the list at its beginning; the first reading, if nobody has begun it."""
        contacts, self._unread = self._unread, None
        return self._open() if contacts is None or contacts.begun else contacts

    def quick_count(self) -> int | None:
        """Count the list's rows; None if that takes too long or the list can't be read to its end."""
        if self._rows is None and isinstance(self._source, Path):  # copied stdin has a single read position
            monotonic = self._options.clock.monotonic
            end = monotonic() + QUICK_COUNT_S
            with contextlib.suppress(InputError), self._open() as contacts:
                for number, _ in enumerate(contacts, 1):
                    if number % 500 == 0 and monotonic() > end:
                        break
        return self._rows

    def _open(self) -> ContactList:
        contacts = open_list(self._source, list_options(self._options), name=self.name)
        if self.rendered is not None:
            contacts.check_rows(partial(checked_rows, about=self.rendered))
        contacts.check_rows(partial(self._to_the_end, review=contacts.review))
        return contacts

    def _to_the_end(
        self, rows: Iterator[Contact | Rejection], review: ReviewRows | None
    ) -> Iterator[Contact | Rejection]:
        """Yield the rows and count them; the first time, say how many of a reviewed table are not to be called."""
        number = 0
        for number, row in enumerate(rows, 1):  # noqa: B007 - the last one is their count
            yield row
        if self._rows is None and review is not None:
            self._say_left_out(review)
        self._rows = number

    def _say_left_out(self, review: ReviewRows) -> None:
        """Say how many rows are not called; when quiet, only those of people whom the reviewer took out."""
        if left_out := len(review.taken_back) if self._options.quiet else review.left_out:
            rows = counted(left_out, "row is", "rows are")
            say(f"xuna: {self.name}: {rows} not marked {CALL!r} in {SCREENING!r}, and will not be called.")
