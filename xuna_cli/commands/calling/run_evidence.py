"""Evidence that a run keeps in the ledger: rows that were not called and why, its counts and its exit code."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator

from xuna_cli.contacts.apostrophes import REJECT_COLUMNS, are_rejects
from xuna_cli.contacts.contact_list import ContactList
from xuna_cli.contacts.review_table import ReviewRows
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.report import Progress, Report, counts_to_keep
from xuna_cli.errors import LedgerError
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.not_called import Row, join_not_called, list_run, store_not_called
from xuna_cli.ledger.records import Run
from xuna_cli.ledger.runs import store_counts, store_exit_code
from xuna_cli.models import Contact, Rejection
from xuna_cli.output.messages import say

TAKEN_BACK = "taken-out-by-reviewer"
"""The rule by which a row is not called that is no longer marked as a call."""

ROWS_AT_ONCE = 5_000
"""Rows in one transaction: a run waits seldom, and never long."""


class RunEvidence(RunObserver):
    """Stores the rows that were not called while the run goes on; a failure to store them never stops the calls.

    Args:
        ledger: the ledger.
        run: this run.
    """

    def __init__(self, ledger: Ledger, run: Run) -> None:
        self._ledger = ledger
        self._run = run
        self._list_run = list_run(ledger, run.id)
        self._lock = threading.Lock()
        self._rows: dict[Row, str | None] = {}
        self._fed_back: Counter[str] = Counter()
        self._broken: LedgerError | None = None
        self._review: ReviewRows | None = None

    def rejection(self, rejection: Rejection) -> None:
        """Remember a rejection; also called from sender threads."""
        with self._lock:
            self._rows[rejection.row_number, rejection.code] = rejection.to_phone_number

    def progress(self, progress: Progress) -> None:  # noqa: ARG002 - the observer's
        """Write the remembered rows once there are many."""
        if len(self._rows) >= ROWS_AT_ONCE:
            self._write()

    def watched(self, contacts: ContactList) -> Iterable[Contact | Rejection]:
        """Return the contacts of a list; for a file of rejects, count the earlier rejections by code.

        Whom the reviewer of a table has taken out is kept, too.
        """
        self._review = contacts.review
        return self._counted(contacts) if are_rejects(contacts.columns) else contacts

    def keep(self, report: Report) -> None:
        """Store the run's counts; an error of the run was already reported."""
        for row_number, number in self._review.taken_back if self._review is not None else ():
            self._rows[row_number, TAKEN_BACK] = number if number[1:].isdecimal() else None
        self._write()
        fed_back = {f"fed-back:{code}": rows for code, rows in self._fed_back.items()}
        with contextlib.suppress(LedgerError):
            join_not_called(self._ledger, self._list_run)
            store_counts(self._ledger, self._run.id, counts_to_keep(report) | fed_back)
        if self._broken is not None and not any(isinstance(error, LedgerError) for error in report.errors):
            say(
                f"xuna: warning: rows that were not called could not be recorded in the ledger: {self._broken.message}"
            )

    def ended(self, exit_code: int) -> None:
        """Store the run's exit code."""
        with contextlib.suppress(LedgerError):
            store_exit_code(self._ledger, self._run.id, exit_code)

    def _write(self) -> None:
        with self._lock:
            rows, self._rows = self._rows, {}
        if not rows:
            return
        try:
            store_not_called(self._ledger, self._list_run, rows)
        except LedgerError as error:
            self._broken = error

    def _counted(self, contacts: Iterable[Contact | Rejection]) -> Iterator[Contact | Rejection]:
        _, code, _ = REJECT_COLUMNS
        for row in contacts:
            contact = row.contact if isinstance(row, Rejection) else row
            fields = contact.fields if contact is not None else {}
            if was := fields.get(f"xuna_{code}") or fields.get(code):
                self._fed_back[str(was)] += 1
            yield row
