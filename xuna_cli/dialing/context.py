"""The context of a run: plan, ledger, API, observer and clock."""

from collections.abc import Callable
from dataclasses import field
from typing import Protocol, Self

from xuna_cli.api.outcomes import NotSent, Outcome
from xuna_cli.dataclass import dataclass
from xuna_cli.dialing.clock import Clock
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.plan import Plan
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import Run


class Connection(Protocol):
    """An unused open connection to the API."""

    def __enter__(self) -> Self:
        """Return the connection."""

    def __exit__(self, *exception: object) -> None:
        """Close the connection."""

    def take_up(self) -> bool:
        """Take over a connection that was opened ahead; return False if it is no longer usable."""

    def post(self, body: bytes, *, calls: int, idempotency_key: str) -> Outcome:
        """POST one batch, once."""


class Api(Protocol):
    """The API client's interface for sending."""

    def connect(self) -> Connection | NotSent:
        """Return an open connection, or the outcome of the failed try."""


class Stop:
    """Flag that tells the run to send nothing more.

    Args:
        asked: returns whether a signal asked to stop.
    """

    def __init__(self, asked: Callable[[], bool] = lambda: False) -> None:
        self._asked = asked
        self._set = False

    def __call__(self) -> bool:
        """Return whether to stop."""
        return self._set or self._asked()

    def set(self) -> None:
        """Stop sending."""
        self._set = True


@dataclass(frozen=True, slots=True)
class RunContext:
    """The context of a run.

    Attributes:
        plan: the sending plan.
        run: this run in the ledger.
        ledger: the ledger.
        api: the API client.
        stop: stop flag, also set by the run itself.
        observer: receives events.
        clock: the clock.
        read_outcomes: reads the campaign's conversation records into the ledger; raises as a sync does. None if
            nothing waits for outcomes.
    """

    plan: Plan
    run: Run
    ledger: Ledger
    api: Api
    stop: Stop = field(default_factory=Stop)
    observer: RunObserver = field(default_factory=RunObserver)
    clock: Clock = field(default_factory=Clock)
    read_outcomes: Callable[[], None] | None = None
