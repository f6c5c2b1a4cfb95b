"""The sending plan of a run."""

from xuna_cli.dataclass import dataclass
from xuna_cli.ledger.attempts import Attempts
from xuna_cli.ledger.brakes import Brakes


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
