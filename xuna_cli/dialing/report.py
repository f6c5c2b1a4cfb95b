"""Progress and final report of a run."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import XunaError
from xuna_cli.ledger.brakes import Braked
from xuna_cli.ledger.records import BatchRecord, BatchState
from xuna_cli.models import CallTarget, Reason, Rejection
from xuna_cli.screening.rules import OPT_OUTS_UNKNOWN

COUNTS = (
    "accepted",
    "already_called",
    "duplicates",
    "rejected",
    "do_not_call",
    "screened",
    "deferred",
    "in_flight",
    "held",
    "not_sent",
)
"""Counts of rows; `rows` is always their sum."""

TOO_LATE = "too-late"
"""Name of the example of `too_late`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of all senders.

    Attributes:
        code: stable identifier, e.g. `rate-limited`.
        reason: reason for display, e.g. `rate limited by the API`.
        seconds: time until the next try.
        gives_up_in: seconds until the run gives up, if that is soon; otherwise None.
    """

    code: str
    reason: str
    seconds: float
    gives_up_in: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run or a rehearsal.

    Attributes:
        rows: number of rows read.
        done: number of people who are settled.
        people: number of people in the part of the list that was read.
        complete: whether the whole list was read.
        in_progress: number of requests; None in a rehearsal.
        pause: the current pause, or None.
    """

    rows: int
    done: int = 0
    people: int = 0
    complete: bool = False
    in_progress: int | None = None
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Rows rejected for one reason.

    Attributes:
        code: code of the rejections.
        field: column with the problem; "" for the whole row.
        rows: number of rows.
        first_rows: numbers of the first rows.
        message: message of the first row.
    """

    code: str
    field: str
    rows: int
    first_rows: tuple[int, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Screened:
    """A row that is skipped or deferred, with the reason."""

    row_number: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Deferral:
    """People who wait for the same opening.

    Attributes:
        zones: their possible time zones; the opening is within hours in all of them. Empty where the time doesn't
            depend on the place: for a next attempt.
        opens_at: time of the opening in UTC.
        people: number of people.
    """

    zones: tuple[str, ...]
    opens_at: datetime
    people: int


@dataclass(frozen=True, slots=True)
class Report:
    """Final report of a run.

    Attributes:
        counts: row counts by the names in `COUNTS`.
        batches: the sent batches, in the order of their outcomes.
        rejections: the first rejections.
        list_complete: whether the whole list was read.
        errors: errors of the run.
        example: the first eligible target.
        refusals: number of temporary refusals.
        paused: seconds paused because of them.
        screened: the first skipped or deferred rows.
        reasons: number of skipped or deferred rows by reason code.
        examples: the first skipped row of each reason code; `TOO_LATE` has the first one of `too_late`.
        deferrals: deferred people by opening, earliest first.
        too_late: number of deferred people who can't be called at any later time, e.g. because calling hours begin
            after `call_before`.
        outside: number of people outside the usual calling hours of their local time; None if calling hours
            were given.
        causes: causes of rejections, most frequent first.
        duplicates: the first duplicate rows, each with the other row of the person (None if unknown).
        refused_calls: number of rows that the API refused in this run.
        refused_earlier: number of people to call whom the API refused in an earlier run.
        braked: the brakes and what they allowed in the end; None without brakes.
        attempts: accepted calls by attempt; in a rehearsal, those that would be made.
        again: by name of a count (and `rejected:CODE`), the rows whose person was called before in the campaign.
        exhausted: rows of `already_called` whose person has all attempts used and no proven success.
        awaiting_outcome: rows of `already_called` whose person has attempts left and no proven outcome yet.
        unproven: the same, a day or more after the last call: no proof is expected any more.
    """

    counts: Mapping[str, int]
    batches: tuple[BatchRecord, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    list_complete: bool = True
    errors: tuple[XunaError, ...] = ()
    example: CallTarget | None = None
    refusals: int = 0
    paused: float = 0.0
    screened: tuple[Screened, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, Screened] = field(default_factory=dict)
    deferrals: tuple[Deferral, ...] = ()
    too_late: int = 0
    outside: int | None = None
    causes: tuple[Cause, ...] = ()
    duplicates: tuple[tuple[int, int | None], ...] = ()
    refused_calls: int = 0
    refused_earlier: int = 0
    braked: Braked | None = None
    attempts: Mapping[int, int] = field(default_factory=dict)
    again: Mapping[str, int] = field(default_factory=dict)
    exhausted: int = 0
    awaiting_outcome: int = 0
    unproven: int = 0

    @property
    def called(self) -> int:
        """Number of people whom this run called, or may have called."""
        return sum(batch.size for batch in self.batches if batch.state is not BatchState.REFUSED)

    @property
    def nobody_consents(self) -> bool:
        """Whether consent is required and nobody on the list has it: the column is then wrong or empty."""
        consented = ("accepted", "already_called", "deferred", "held", "not_sent")
        return self.reasons.get("no-consent", 0) > 0 and not any(self.counts[name] for name in consented)

    @property
    def lacks_data(self) -> bool:
        """Whether data is missing to decide about people; "later" and "must not" are decisions."""
        no_zone = self.reasons.get("no-timezone", 0) + self.reasons.get("timezone-unknown", 0)
        return no_zone > 0 or self.nobody_consents or self.reasons.get(OPT_OUTS_UNKNOWN, 0) > 0


def counts_to_keep(report: Report) -> dict[str, int]:
    """Return the row counts that the ledger stores."""
    rejected: Counter[str] = Counter()
    for cause in report.causes:
        rejected[f"rejected:{cause.code}"] += cause.rows
    return {
        "rows": sum(report.counts.values()),
        "list_complete": int(report.list_complete),
        **report.counts,
        **rejected,
        **{f"rule:{code}": rows for code, rows in report.reasons.items()},
        **{f"again:{name}": rows for name, rows in report.again.items()},
        "attempts:exhausted": report.exhausted,
    }
