"""What is to be done about the outcome of a POST. Pure: facts in, an action out."""

from dataclasses import dataclass, replace
from http import HTTPStatus

from xuna_cli.api.outcomes import NotSent, Outcome, Refusal, Refused, Taken, Unknown, refusal_error
from xuna_cli.dialing.limiter import RATE_LIMITED, UNREACHABLE
from xuna_cli.dialing.report import Pause
from xuna_cli.errors import ConfigurationError, HeldError, UnreachableError, XunaError
from xuna_cli.ledger.records import Batch, BatchState
from xuna_cli.models import CallTarget

# So many calls refused by themselves in the same words, with nothing accepted, are no accident of the list.
LONE_REFUSALS_TO_STOP = 3
AGAIN = "run the same command again later; it calls the people who were not called yet"


@dataclass(frozen=True, slots=True)
class History:
    """What happened before, as far as it matters for what is done now.

    Attributes:
        address: arguments that select this campaign and its ledger in suggested commands.
        max_unknown: batches of unknown outcome in a row that stop the run.
        unknown_in_a_row: how many there were, this one included.
        stopping: whether the run is to send nothing more.
        same_refusals: calls that the API refused in requests of their own with the words that it has for this
            one, this one included.
        has_accepted: whether a call of the campaign was ever accepted.
    """

    address: str = ""
    max_unknown: int = 1
    unknown_in_a_row: int = 0
    stopping: bool = False
    same_refusals: int = 0
    has_accepted: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """Record how the batch ended, and send nothing instead of it.

    Attributes:
        state: how it ended.
        count: what its rows are counted as.
        error: what happened, in words, where it was not accepted.
        http_status: of the answer, where there was one.
        taken: what the API said, where it took the batch.
        stop: whether the run sends nothing more.
        failure: what to tell of that.
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
    """Put the batch back, and send it again.

    Attributes:
        pause: whether all senders pause first, and the run gives up where that goes on for too long.
    """

    pause: bool


@dataclass(frozen=True, slots=True)
class Split:
    """Send parts of the batch instead of it.

    Attributes:
        parts: which.
        refused: the calls that are rejected, each with the API's words.
        http_status: of the answer.
        error: the API's words about the whole.
        failure: why nothing more is sent; None: it goes on.
    """

    parts: tuple[tuple[CallTarget, ...], ...]
    refused: tuple[tuple[CallTarget, str], ...]
    http_status: int
    error: str
    failure: XunaError | None = None


Action = Settle | SendAgain | Split


def decide(outcome: Outcome, batch: Batch, history: History) -> Action:
    """Return what is to be done about the outcome of a batch's POST."""
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
    """Refuse a batch whose next try would end likewise, and stop the run."""
    return Settle(
        BatchState.REFUSED,
        "not_sent",
        outcome.message,
        outcome.http_status if isinstance(outcome, Refused) else None,
        stop=True,
        failure=failure,
    )


def exhausted(outcome: NotSent | Refused, why: str, *, connected: bool) -> Settle:
    """Return what is done about a batch that was tried for too long.

    Args:
        outcome: of the last try.
        why: for how long, in words.
        connected: whether there was a connection.
    """
    if isinstance(outcome, Refused):
        error = UnreachableError(
            f"the API keeps refusing requests ({why}): {outcome.message}", hint=AGAIN, code="refusing"
        )
    else:
        what = "nothing could be sent" if connected else "the API can't be reached"
        error = UnreachableError(f"{what} ({why}): {outcome.message}", hint=AGAIN)
    return give_up(outcome, error)


def pause_of(outcome: NotSent | Refused, *, connected: bool) -> Pause:
    """Return why all senders pause, without how long.

    Args:
        outcome: of the batch that is sent again.
        connected: whether there was a connection.
    """
    if isinstance(outcome, Refused):
        if outcome.http_status == HTTPStatus.TOO_MANY_REQUESTS:
            return RATE_LIMITED
        return Pause("busy", f"the API is busy (HTTP {outcome.http_status})", 0.0)
    words = outcome.message[:1].lower() + outcome.message[1:]
    if connected:
        return Pause("not-sent", words, 0.0)
    return replace(UNREACHABLE, reason=f"{UNREACHABLE.reason}: {words}")


def unrecorded(outcome: Outcome, batch: Batch, address: str, why: str) -> HeldError:
    """Say in full what the API answered, where the ledger could not take it."""
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
        f"the outcome of batch {batch.id} could not be written to the ledger ({why}). The API {said}",
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
    if in_a_row == history.max_unknown:  # said once, not by each that was in progress
        batches = "1 batch" if in_a_row == 1 else f"{in_a_row} batches"
        failure = HeldError(
            f"stopped, because the outcome of {batches} is unknown ({outcome.message})",
            hint=f"look for them in the API's dashboard, then: xuna campaigns resolve {history.address}",
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
    """Reject the calls that the API names, or halve the batch until they are alone."""
    targets = batch.targets
    if len(targets) == 1:
        words = lone_words(outcome)
        failure = None
        if history.same_refusals >= LONE_REFUSALS_TO_STOP and not history.has_accepted:
            # It is the request, and not the people, that the API refuses.
            failure = ConfigurationError(
                f"the API refused {history.same_refusals} calls one by one with the same message: {words}",
                hint="if it is the override: the agent's settings must allow it (in its security settings, "
                "overrides of that field); the rest of the list was not touched",
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
    """Return the API's words about the call of a batch that has only one."""
    return outcome.offending.get(0, outcome.message)
