"""Counts of rows, each counted once."""

import threading
from bisect import insort
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from xuna_cli.dialing.deferred import Deferred
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.report import COUNTS, TOO_LATE, Cause, Report, Screened
from xuna_cli.errors import XunaError
from xuna_cli.ledger.attempts import Due, Never, NoMore, NotYet, Standing
from xuna_cli.ledger.records import BatchRecord, ClaimStatus
from xuna_cli.models import CallTarget, Reason, Rejection
from xuna_cli.screening.rules import DEFERRED
from xuna_cli.times import for_people

REFUSED = "api-refused"  # code of a call that the API rejects
NEXT_ATTEMPT = "next-attempt"  # code of a person who may be called again later
REJECTIONS_KEPT = 1_000
SCREENED_KEPT = 1_000
ROWS_NAMED = 5  # of each cause
DUPLICATES_KEPT = 1_000


class _Rejected:
    """The first rejected rows, and the causes of all."""

    def __init__(self) -> None:
        self._rows: list[Rejection] = []
        self._of_cause: dict[tuple[str, str], list[Rejection]] = {}  # the first of each
        self._rows_by_cause: Counter[tuple[str, str]] = Counter()

    def add(self, rejection: Rejection) -> None:
        if len(self._rows) < REJECTIONS_KEPT:
            self._rows.append(rejection)
        cause = (rejection.code, rejection.field)
        self._rows_by_cause[cause] += 1
        first = self._of_cause.setdefault(cause, [])
        if len(first) < ROWS_NAMED or rejection.row_number < first[-1].row_number:
            # The API's refusals come in the order of its answers, not of the rows.
            insort(first, rejection, key=_row_number)
            del first[ROWS_NAMED:]

    def rows(self) -> tuple[Rejection, ...]:
        return tuple(sorted(self._rows, key=_row_number))

    def causes(self) -> tuple[Cause, ...]:
        """Return the causes, the most frequent one first."""
        causes = []
        for (code, column), rows in self._rows_by_cause.most_common():
            first = self._of_cause[code, column]
            causes.append(Cause(code, column, rows, tuple(map(_row_number, first)), first[0].message))
        return tuple(causes)


class RunStats:
    """The counts and the report of a run. Thread-safe.

    Args:
        observer: receives each rejection and each batch.
        keep_deferred: whether to keep deferred people for later in this run.
    """

    def __init__(self, observer: RunObserver | None = None, *, keep_deferred: bool = False) -> None:
        self._observer = observer or RunObserver()
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._batches: list[BatchRecord] = []
        self._rejected = _Rejected()
        self._duplicates: list[tuple[int, int | None]] = []
        self._errors: list[XunaError] = []
        self._screened: dict[int, Screened] = {}  # by row, as are the deferred
        self._deferred: dict[int, Screened] = {}
        self._reasons: Counter[str] = Counter()
        self._examples: dict[str, Screened] = {}
        self.deferred = Deferred(keep=keep_deferred)
        self.outside: int | None = None
        self.example: CallTarget | None = None
        self._refused_calls = 0
        self._refused_earlier = 0
        self._attempts: Counter[int] = Counter()
        self._again: Counter[str] = Counter()
        self._exhausted = 0
        self._unproven = 0
        self._awaiting = 0
        self.rows = 0
        self.done = 0
        self.list_complete = False

    def count(self, what: str | ClaimStatus, rows: int = 1) -> None:
        """Add rows to `what`, one of `COUNTS`."""
        with self._lock:
            self._counts[str(what)] += rows

    def count_people(self, what: str, targets: Sequence[CallTarget], by: int = 1) -> None:
        """Add people to `what`, one of `COUNTS`, by attempt; `by=-1` takes them out again."""
        with self._lock:
            self._counts[what] += by * len(targets)
            if what == "accepted":
                self._note_attempts(targets)
            self._again[what] += by * sum(target.attempt > 1 for target in targets)

    def note_would_be_called(self, targets: Sequence[CallTarget]) -> None:
        """Count people whom a run would call now."""
        self.count_people("not_sent", targets)
        with self._lock:
            self._note_attempts(targets)

    def _note_attempts(self, targets: Sequence[CallTarget]) -> None:
        self._attempts.update(target.attempt for target in targets)

    def duplicate(self, target: CallTarget, of_row: int | None) -> None:
        """Note a duplicate row and the person's other row (None if unknown)."""
        with self._lock:
            self._counts[ClaimStatus.DUPLICATE] += 1
            if len(self._duplicates) < DUPLICATES_KEPT:
                self._duplicates.append((target.row_number, of_row))
        self._observer.known(target, ClaimStatus.DUPLICATE, of_row)

    def reject(self, rejection: Rejection, *, again: bool = False) -> None:
        """Count and report a rejected row; `again`: the person was called before in the campaign."""
        with self._lock:
            self._counts["rejected"] += 1
            if again:
                self._again.update(("rejected", f"rejected:{rejection.code}"))
            self._refused_calls += rejection.code == REFUSED
            self._rejected.add(rejection)
        self._observer.rejection(rejection)

    def screen(self, target: CallTarget, reason: Reason) -> None:
        """Count and report a skipped or deferred row; a permanently skipped one is reported as a rejection."""
        with self._lock:
            self._counts[reason.count] += 1
            self._again[reason.count] += target.attempt > 1
            self._reasons[reason.code] += reason.count != DEFERRED
            row = Screened(target.row_number, reason)
            screened = self._deferred if reason.count == DEFERRED else self._screened
            if len(screened) < SCREENED_KEPT:
                screened[target.row_number] = row
            if reason.count != DEFERRED:
                self._examples.setdefault(reason.code, row)
            elif reason.opens_at is None:
                self._examples.setdefault(TOO_LATE, row)
        if reason.count == DEFERRED:  # is called by a later run
            self.deferred.add(target, reason)
            self._observer.deferral(target, reason)
        else:
            self._observer.rejection(
                Rejection(
                    target.row_number,
                    reason.code,
                    reason.field,
                    reason.message,
                    target.contact,
                    target.to_phone_number,
                )
            )

    def leave_out(self, target: CallTarget, why: Reason | Standing) -> None:
        """Count a claimed person who is not called after all, because of a rule or the ledger."""
        if isinstance(why, Reason):
            self.screen(target, why)
        else:
            self.count_known(target, why, {})

    def taken_up_again(self, target: CallTarget) -> None:
        """Uncount a deferred row that is screened again."""
        with self._lock:
            self._deferred.pop(target.row_number, None)
            self._counts["deferred"] -= 1
            self._again["deferred"] -= target.attempt > 1

    def note_done(self, people: int) -> None:
        """Count claimed people who are settled."""
        with self._lock:
            self.done += people

    def note_refused_earlier(self, people: int) -> None:
        """Count people to call whom the API refused in an earlier run."""
        with self._lock:
            self._refused_earlier += people

    def note_outside(self, people: int | None) -> None:
        """Count people outside the usual hours; None if not checked."""
        if people is not None:
            with self._lock:
                self.outside = (self.outside or 0) + people

    def batch(self, record: BatchRecord) -> None:
        """Note and report the outcome of a POST."""
        with self._lock:
            self._batches.append(record)
        self._observer.batch(record)

    def error(self, error: XunaError) -> None:
        """Note an error of the run; equal errors are noted once."""
        with self._lock:
            if all((known.code, known.message) != (error.code, error.message) for known in self._errors):
                self._errors.append(error)

    def count_known(self, target: CallTarget, standing: Standing, first_rows: Mapping[str, int]) -> None:
        """Count a row whose person is in the ledger; `first_rows` has the first rows of duplicates.

        A person whose next attempt is made later has to have its target.
        """
        if isinstance(standing, ClaimStatus):
            if standing is ClaimStatus.DUPLICATE:
                self.duplicate(target, first_rows.get(target.key))
            else:
                self.count(standing)
                self._observer.known(target, standing, None)
            return
        if isinstance(standing, NotYet) and standing.opens_at and standing.attempt == target.attempt:
            self.screen(target, next_attempt_later(standing.attempt, standing.opens_at))
            return
        with self._lock:
            # Another run made the attempt of this target meanwhile: a later run makes the next one.
            self._awaiting += isinstance(standing, NotYet | Due)
            self._exhausted += standing == Never(NoMore.EXHAUSTED)
            self._unproven += standing == Never(NoMore.UNPROVEN)
        self.count(ClaimStatus.ALREADY_CALLED)
        self._observer.known(target, ClaimStatus.ALREADY_CALLED, None)

    def get(self, what: str) -> int:
        """Return a count."""
        return self._counts[what]

    def report(self, *, refusals: int = 0, paused: float = 0.0) -> Report:
        """Return the final report."""
        with self._lock:
            return Report(
                counts={name: self._counts[name] for name in COUNTS},
                batches=tuple(self._batches),
                rejections=self._rejected.rows(),
                list_complete=self.list_complete,
                errors=tuple(self._errors),
                example=self.example,
                refusals=refusals,
                paused=paused,
                screened=tuple(sorted([*self._screened.values(), *self._deferred.values()], key=_row_number))[
                    :SCREENED_KEPT
                ],
                reasons=dict(self._reasons + self.deferred.reasons()),
                examples=dict(self._examples),
                deferrals=self.deferred.deferrals(),
                too_late=self.deferred.too_late,
                outside=self.outside,
                duplicates=tuple(sorted(self._duplicates)),
                causes=self._rejected.causes(),
                refused_calls=self._refused_calls,
                refused_earlier=self._refused_earlier,
                attempts=dict(sorted(self._attempts.items())),
                again={name: rows for name, rows in self._again.items() if rows},
                exhausted=self._exhausted,
                awaiting_outcome=self._awaiting,
                unproven=self._unproven,
            )


def _row_number(row: Rejection | Screened) -> int:
    return row.row_number


def next_attempt_later(attempt: int, opens_at: datetime) -> Reason:
    """Return the reason of a person whose next attempt may not be made yet; the time is a whole minute."""
    if opens_at.second or opens_at.microsecond:  # so that people of many batches wait for one time
        opens_at = opens_at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    message = f"{NEXT_ATTEMPT}: attempt {attempt} is due at {for_people(opens_at)}"
    return Reason(NEXT_ATTEMPT, DEFERRED, message, opens_at=opens_at)
