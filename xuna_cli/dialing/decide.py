"""Decide what to do after a POST: a pure function from facts to an action."""

from dataclasses import replace
from http import HTTPStatus

from xuna_cli.api.outcomes import NotSent, Outcome, Refusal, Refused, Taken, Unknown, refusal_error
from xuna_cli.dataclass import dataclass
from xuna_cli.dialing.limiter import RATE_LIMITED, UNREACHABLE
from xuna_cli.dialing.report import Pause
from xuna_cli.errors import ConfigurationError, HeldError, UnreachableError, XunaError
from xuna_cli.ledger.records import Batch, BatchState
from xuna_cli.models import CallTarget

# So many single calls refused with the same message, and none accepted, are not the list's fault.
LONE_REFUSALS_TO_STOP = 3
AGAIN = "run the same command again later; it calls the people who were not called yet"


@dataclass(frozen=True, slots=True)
class History:
    """Facts about the run that matter for the decision.

    Attributes:
        address: arguments that select this campaign and its ledger in suggested commands.
        max_unknown: number of unknown batches in a row that stops the run.
        unknown_in_a_row: current number of them, including this one.
        stopping: whether the run is stopping.
        same_refusals: number of calls that the API refused in requests of their own with the same message as this
            one, including this one.
        has_accepted: whether the API has ever accepted a call of the campaign.
    """

    address: str = ""
    max_unknown: int = 1
    unknown_in_a_row: int = 0
    stopping: bool = False
    same_refusals: int = 0
    has_accepted: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """Record the batch's final state.

    Attributes:
        state: the final state.
        count: the count for its rows.
        error: error message, if the batch was not accepted.
        http_status: status of the response, if any.
        taken: the API's response, if it accepted the batch.
        stop: whether the run stops.
        failure: the error to report.
    """

    state: BatchState
    count: str
    error: str | None = None
    http_status: int | None = None
    taken: Taken | None = None
    stop: bool = False
    failure: XunaError | None = None


@dataclass(frozen=True, slots=True)
class SendAgain:
    """Put the batch back to `claimed` and send it again.

    Attributes:
        pause: whether all senders pause first; the run gives up if that lasts too long.
    """

    pause: bool


@dataclass(frozen=True, slots=True)
class Split:
    """Split the batch and send the parts.

    Attributes:
        parts: the targets of each part.
        refused: rejected calls with the API's messages.
        http_status: status of the response.
        error: the API's message about the batch.
        failure: the error that stops the run; None to go on.
    """

    parts: tuple[tuple[CallTarget, ...], ...]
    refused: tuple[tuple[CallTarget, str], ...]
    http_status: int
    error: str
    failure: XunaError | None = None


Action = Settle | SendAgain | Split


def decide(outcome: Outcome, batch: Batch, history: History) -> Action:
    """Return the action for the outcome of a batch's POST."""
    match outcome:
        case Taken():
            return _taken(outcome, len(batch.targets))
        case Unknown():
            return _unknown(outcome, history)
        case NotSent(permanent=True):
            error = ConfigurationError(
                f"the API can't be used: {outcome.message}",
                hint="check --base-url with: xuna doctor",
                code="url",
            )
            return give_up(outcome, error)
        case NotSent():
            return SendAgain(pause=not (history.stopping or outcome.kept_back))
        case Refused(kind=Refusal.FOR_NOW):
            return SendAgain(pause=True)
        case Refused(kind=Refusal.FOR_GOOD):
            return give_up(outcome, refusal_error(outcome.http_status, outcome.message))
        case Refused():
            return _single_out(outcome, batch, history)


def give_up(outcome: NotSent | Refused, failure: XunaError) -> Settle:
    """Refuse a batch that would fail again, and stop the run."""
    return Settle(
        BatchState.REFUSED,
        "not_sent",
        outcome.message,
        outcome.http_status if isinstance(outcome, Refused) else None,
        stop=True,
        failure=failure,
    )


def tried_too_long(outcome: NotSent | Refused, why: str, *, connected: bool) -> Settle:
    """Return the action for a batch that was tried for too long.

    Args:
        outcome: outcome of the last try.
        why: description of how long.
        connected: whether a connection was open.
    """
    if isinstance(outcome, Refused):
        error = UnreachableError(
            f"the API keeps refusing requests ({why}): {outcome.message}", hint=AGAIN, code="refusing"
        )
    else:
        what = "nothing could be sent" if connected else "can't reach the API"
        error = UnreachableError(f"{what} ({why}): {outcome.message}", hint=AGAIN)
    return give_up(outcome, error)


def pause_of(outcome: NotSent | Refused, *, connected: bool) -> Pause:
    """Return the cause of a pause, without its length.

    Args:
        outcome: outcome of the batch that is sent again.
        connected: whether a connection was open.
    """
    if isinstance(outcome, Refused):
        if outcome.http_status == HTTPStatus.TOO_MANY_REQUESTS:
            return RATE_LIMITED
        return Pause("busy", f"the API is busy (HTTP {outcome.http_status})", 0.0)
    if connected:
        return Pause("not-sent", outcome.message, 0.0)
    return replace(UNREACHABLE, reason=f"{UNREACHABLE.reason} ({outcome.message})")


def unrecorded(outcome: Outcome, batch: Batch, address: str, why: str) -> HeldError:
    """Describe the API's response in full, since the ledger could not store it."""
    size = len(batch.targets)
    command = f"xuna campaigns resolve {address} {batch.id}"
    match outcome:
        case Taken():
            said = f"accepted the batch as {outcome.batch_id} and queued {outcome.calls_initiated} of {size} calls"
            hint = f"when the ledger can be written again, run: {command} --placed"
        case Unknown():
            said = f"did not say clearly whether it accepted the {size} calls ({outcome.message})"
            hint = f"look for the batch in the dashboard of XUNA AI, then run: {command} --placed or --not-placed"
        case _:
            said = f"did not accept the {size} calls ({outcome.message})"
            hint = f"when the ledger can be written again, run: {command} --not-placed"
    return HeldError(
        f"the outcome of batch {batch.id} could not be written to the ledger ({why}); the API {said}",
        hint=hint,
        code="outcome-unrecorded",
    )


def _taken(outcome: Taken, size: int) -> Settle:
    whole = outcome.calls_initiated == size
    return Settle(
        BatchState.ACCEPTED if whole else BatchState.SHORT,
        "accepted" if whole else "held",
        None if whole else f"the API queued {outcome.calls_initiated} of {size} calls",
        outcome.http_status,
        outcome,
    )


def _unknown(outcome: Unknown, history: History) -> Settle:
    in_a_row = history.unknown_in_a_row
    failure = None
    if in_a_row == history.max_unknown:  # reported once, not by each request in progress
        # Not how many there are: requests in progress may still add some.
        batches = "a batch" if in_a_row == 1 else f"{in_a_row} batches in a row"
        failure = HeldError(
            f"stopped after {batches} with an unknown outcome ({outcome.message})",
            hint="look for the held batches in the dashboard of XUNA AI, then run: "
            f"xuna campaigns resolve {history.address}",
            code="max-unknown",
        )
    return Settle(
        BatchState.UNKNOWN,
        "held",
        outcome.message,
        outcome.http_status,
        stop=in_a_row >= history.max_unknown,
        failure=failure,
    )


def _single_out(outcome: Refused, batch: Batch, history: History) -> Split:
    """Reject the calls that the API names, or halve the batch until each bad call is by itself."""
    targets = batch.targets
    if len(targets) == 1:
        words = lone_words(outcome)
        failure = None
        if history.same_refusals >= LONE_REFUSALS_TO_STOP and not history.has_accepted:
            # The API refuses the request, not the people.
            failure = ConfigurationError(
                f"the API refused {history.same_refusals} calls one by one with the same message: {words}",
                hint="if the API refuses the override, allow it in the agent's security settings; the rest of the list "
                "was not called",
                code="api-refuses-all",
            )
        return Split((), ((targets[0], words),), outcome.http_status, outcome.message, failure)
    named = outcome.offending if outcome.kind is Refusal.BAD_CALLS else {}
    if named:
        good = tuple(target for index, target in enumerate(targets) if index not in named)
        refused = tuple((targets[index], words) for index, words in sorted(named.items()))
        return Split((good,) if good else (), refused, outcome.http_status, outcome.message)
    middle = (len(targets) + 1) // 2
    return Split((targets[:middle], targets[middle:]), (), outcome.http_status, outcome.message)


def lone_words(outcome: Refused) -> str:
    """Return the API's message about the only call of a batch."""
    return outcome.offending.get(0, outcome.message)
