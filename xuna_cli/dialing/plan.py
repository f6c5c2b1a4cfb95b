"""How a run is to send."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is to send.

    Attributes:
        agent_id: who conducts the calls.
        from_phone_number_id: the caller number.
        batch_size: call targets in one POST, at most.
        concurrency: POSTs in progress at once, at most.
        max_unknown: batches `unknown` in a row that stop the run.
        limit: new claims in this run, at most; reading stops then. None is no limit.
        agreed: people that somebody has agreed to, or `--max-calls` allows; who comes on top of them is not
            called, and the run says so. None: nobody was asked.
        give_up_after: seconds of refusals in a row that stop the run.
        rate: calls per second, at most; None is no limit.
        wait: stay, and call those who are deferred as their hours come.
        retry_refused: call those whom the API refused in an earlier run like anybody else, and not last.
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
    address: str = ""
