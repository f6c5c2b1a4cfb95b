"""What a ledger knows of earlier requests and calls: how long they took, and how many were answered."""

from dataclasses import dataclass
from datetime import datetime

from xuna_cli.ledger.database import Database

REQUESTS_LOOKED_AT = 200
"""The last requests, of any campaign."""


@dataclass(frozen=True, slots=True)
class Experience:
    """Means of this ledger.

    Attributes:
        requests: how many requests were looked at.
        request_seconds: mean time of a request; None: there is none.
        calls: accepted calls of the campaigns whose outcomes were read.
        answered: how many of them have a record with a duration.
        answered_seconds: mean duration of those; None: there is none.
    """

    requests: int = 0
    request_seconds: float | None = None
    calls: int = 0
    answered: int = 0
    answered_seconds: float | None = None

    @property
    def minutes_per_call(self) -> float | None:
        """Mean minutes of a call, those that nobody answered included; None: unknown."""
        if self.answered_seconds is None or not self.calls:
            return None
        return self.answered / self.calls * self.answered_seconds / 60


def experience_of(database: Database) -> Experience:
    """Return what is known."""
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
