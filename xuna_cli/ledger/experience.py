"""Mean durations of earlier requests and calls, for estimates."""

from datetime import datetime

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.database import Database

REQUESTS_LOOKED_AT = 200
"""The last requests, of any campaign."""


@dataclass(frozen=True, slots=True)
class Experience:
    """Mean values of this ledger.

    Attributes:
        requests: number of measured requests.
        request_seconds: mean duration of a request; None without requests.
        calls: number of accepted calls in campaigns whose outcomes were read.
        answered: number of these calls that have a record with a duration.
        answered_seconds: mean duration of the answered calls; None without any.
    """

    requests: int = 0
    request_seconds: float | None = None
    calls: int = 0
    answered: int = 0
    answered_seconds: float | None = None

    @property
    def minutes_per_call(self) -> float | None:
        """Mean minutes of a call, unanswered calls included; None if unknown."""
        if self.answered_seconds is None or not self.calls:
            return None
        return self.answered / self.calls * self.answered_seconds / 60


def experience_of(database: Database) -> Experience:
    """Return the mean values of a ledger."""
    times = [
        (datetime.fromisoformat(finished) - datetime.fromisoformat(submitted)).total_seconds()
        for submitted, finished in database.rows("last_requests", (REQUESTS_LOOKED_AT,))
    ]
    ((calls, answered, seconds),) = database.rows("call_experience")
    return Experience(
        len(times),
        sum(times) / len(times) if times else None,
        calls or 0,
        answered or 0,
        float(seconds) / answered if answered else None,
    )
