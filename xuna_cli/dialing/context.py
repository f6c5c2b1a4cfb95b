"""The context of a run: plan, ledger, API, observer and clock."""

from collections.abc import Callable
from dataclasses import field
from typing import Protocol, Self

from xuna_cli.api.outcomes import NotSent, Outcome
from xuna_cli.dataclass import dataclass
from xuna_cli.dialing.clock import Clock
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.ledger.attempts import Attempts
from xuna_cli.ledger.brakes import Brakes
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
class Plan:
    """The sending plan of a run.

    Attributes:
        agent_id: the agent.
        from_phone_number_id: the caller number.
        batch_size: maximum number of call targets in one POST.
        concurrency: maximum number of POSTs in progress.
        max_unknown: number of `unknown` batches in a row that stops the run.
        limit: maximum number of new claims in this run, after which reading stops; None for no limit.
        agreed: maximum number of people, as confirmed or from `--max-calls`; the run reports people beyond this number.
            None if nobody was asked.
        give_up_after: seconds without success after which the run stops.
        rate: maximum calls per second; None for no limit.
        wait: whether to stay and call deferred people when their hours open.
        retry_refused: whether to call people refused in an earlier run in list order instead of last.
        brakes: the brakes; None for none.
        attempts: the policy of attempts; None: nobody is called again.
        address: arguments that select this campaign and its ledger in suggested commands.
    """

    agent_id: str
    from_phone_number_id: str
    batch_size: int = 100
    concurrency: int = 4
    max_unknown: int = 1
    limit: int | None = None
    agreed: int | None = None
    give_up_after: float = 600.0
    rate: float | None = None
    wait: bool = False
    retry_refused: bool = False
    brakes: Brakes | None = None
    attempts: Attempts | None = None
    address: str = ""


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
        look_back: called before people are called who have waited: finds opt-outs that came meanwhile. Raises XunaError
            if nobody may be called.
    """

    plan: Plan
    run: Run
    ledger: Ledger
    api: Api
    stop: Stop = field(default_factory=Stop)
    observer: RunObserver = field(default_factory=RunObserver)
    clock: Clock = field(default_factory=Clock)
    read_outcomes: Callable[[], None] | None = None
    look_back: Callable[[], None] = lambda: None
