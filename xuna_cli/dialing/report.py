"""What a run tells: how far it is, and in the end what it did with every row."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from xuna_cli.errors import XunaError
from xuna_cli.ledger.records import BatchRecord
from xuna_cli.models import CallTarget, Reason, Rejection

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
"""What a row can have become; `rows` is their sum, always."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent for a while.

    Attributes:
        code: a stable slug, e.g. `rate-limited`.
        reason: for a person, e.g. `rate limited by the API`.
        seconds: until the next try.
        gives_up_in: seconds until the run ends where nothing changes, if that is soon; else None.
    """

    code: str
    reason: str
    seconds: float
    gives_up_in: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run or a rehearsal is, for a person who watches.

    Attributes:
        rows: rows read.
        done: people of the run who need nothing more.
        people: people of the run, as far as the list was read.
        complete: whether these are all of them.
        in_progress: requests; None: it is a rehearsal, which makes none.
        pause: why nothing is sent now; None: nothing is paused.
    """

    rows: int
    done: int = 0
    people: int = 0
    complete: bool = False
    in_progress: int | None = None
    pause: Pause | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Rows that were rejected for one reason.

    Attributes:
        code: the rejections' code.
        field: the column at fault; empty where it is the whole row.
        rows: how many.
        first_rows: the numbers of the first of them.
        message: of the first one.
    """

    code: str
    field: str
    rows: int
    first_rows: tuple[int, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Screened:
    """A row that is not called, or not now, and why."""

    row_number: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Deferral:
    """How many people wait for the same opening.

    Attributes:
        zones: where they may be; within hours in all of them is what is waited for.
        opens_at: UTC.
        people: how many.
    """

    zones: tuple[str, ...]
    opens_at: datetime
    people: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did with every row.

    Attributes:
        counts: how many rows became what; the keys of `COUNTS`.
        batches: the batches that were posted, in the order of their outcomes.
        rejections: the first of them.
        list_complete: whether the whole list was read.
        errors: what stopped the run, or went wrong in it.
        example: the first target that was fit to be called.
        refusals: how often the API refused for now.
        paused: seconds that the run waited because of that.
        screened: the first rows that were screened out or deferred.
        reasons: how many rows each rule kept from being called, by the reason's code.
        deferrals: who waits for which opening, the next one first.
        outside: people outside the usual calling hours of their own time, when nobody was deferred for
            it; None where hours were asked for.
        causes: why rows were rejected, the most frequent cause first.
        duplicates: the first rows that are duplicates, each with the row of the same person; None: not known.
        refused_calls: rows that the API refused to call in this run.
        refused_earlier: people of the list who are to be called and whom the API refused in an earlier run.
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
    deferrals: tuple[Deferral, ...] = ()
    outside: int | None = None
    causes: tuple[Cause, ...] = ()
    duplicates: tuple[tuple[int, int | None], ...] = ()
    refused_calls: int = 0
    refused_earlier: int = 0


def counts_to_keep(report: Report) -> dict[str, int]:
    """Return what the ledger keeps of a run's rows, for reports of later."""
    rejected: Counter[str] = Counter()
    for cause in report.causes:
        rejected[f"rejected:{cause.code}"] += cause.rows
    return {
        "rows": sum(report.counts.values()),
        "list_complete": int(report.list_complete),
        **report.counts,
        **rejected,
        **{f"rule:{code}": rows for code, rows in report.reasons.items()},
    }
