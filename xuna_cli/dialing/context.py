"""What a run is given: its place in the ledger, the API, how to send, who is told, what time it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, Self

from xuna_cli.api.outcomes import NotSent, Outcome
from xuna_cli.dialing.clock import Clock
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.plan import Plan
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import Run


class Connection(Protocol):
    """An open connection to the API, on which nothing was sent yet."""

    def __enter__(self) -> Self:
        """Use it."""

    def __exit__(self, *exception: object) -> None:
        """Close it."""

    def take_up(self) -> bool:
        """Begin to use it, where it was opened ahead; False: it must not be used."""

    def post(self, body: bytes, *, calls: int, idempotency_key: str) -> Outcome:
        """POST one batch, once."""


class Api(Protocol):
    """What sending needs of the API's client."""

    def connect(self) -> Connection | NotSent:
        """Return an open connection, or why there is none."""


class Stop:
    """Whether the run is to send nothing more.

    Args:
        asked: whether a signal asked for it.
    """

    def __init__(self, asked: Callable[[], bool] = lambda: False) -> None:
        self._asked = asked
        self._set = False

    def __call__(self) -> bool:
        """Return whether it is."""
        return self._set or self._asked()

    def set(self) -> None:
        """Send nothing more."""
        self._set = True


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run is given.

    Attributes:
        plan: how to send.
        run: ours, in the ledger.
        ledger: where every step is recorded.
        api: the client.
        stop: whether nothing more is to be sent; set by the run itself, too.
        observer: receives events.
        clock: time.
    """

    plan: Plan
    run: Run
    ledger: Ledger
    api: Api
    stop: Stop = field(default_factory=Stop)
    observer: RunObserver = field(default_factory=RunObserver)
    clock: Clock = field(default_factory=Clock)
