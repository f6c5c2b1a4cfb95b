"""The options for a canary and a goal, and what they allow."""

from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.errors import UsageError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.ledger.brakes import Braked, Brakes, Canary, Figures, brake
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.settings import Given

_PERCENT = lazy_pattern(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")
_NEEDED = "e.g. --canary 20 --min-success 30%"


def brakes_of(options: BatchCallOptions) -> Brakes | None:
    """Return the brakes; None: there are none.

    Raises:
        UsageError: an option is missing or invalid.
    """
    canary = None
    if options.canary is not None and options.min_success is not None:
        canary = _canary(options.canary, options.min_success)
    elif options.canary is not None:
        raise UsageError(
            "--canary needs --min-success, the share of these people who must have a success before others are called",
            hint=_NEEDED,
            code="canary",
        )
    elif options.min_success is not None:
        raise UsageError(
            "--min-success needs --canary, the number of people who are called first",
            hint=_NEEDED,
            code="canary",
        )
    if canary is None and options.stop_after is None:
        return None
    return Brakes(canary, options.stop_after)


def _canary(people: int, text: Given) -> Canary:
    from decimal import ROUND_CEILING, Decimal

    match = _PERCENT.fullmatch(text.strip())
    percent = None if match is None else Decimal(match[1])
    if percent is None or not 0 < percent <= 100:  # noqa: PLR2004 - a share
        raise UsageError(
            f"{text.source}: {str(text)!r} is not a percentage above 0% and up to 100%",
            hint="write it like 30%",
            code="min-success",
        )
    needed = (people * percent / 100).to_integral_value(ROUND_CEILING)
    return Canary(people, int(needed), f"{percent}%")


def braked(ledger: Ledger | None, campaign_id: int | None, brakes: Brakes | None) -> Braked | None:
    """Return what the brakes allow now; without a ledger, as in a new campaign."""
    if brakes is None:
        return None
    if ledger is None:
        return Braked(brakes, brake(brakes, Figures()), Figures())
    return Braked(brakes, *ledger.brake(campaign_id, brakes))


def limit_with(seen: Braked | None, limit: int | None, *, wait: bool = False) -> int | None:
    """Return how many people a run may call at most; a run that waits continues after the canary."""
    room = None if seen is None or (wait and not seen.verdict.is_final) else seen.verdict.room
    return min((each for each in (room, limit) if each is not None), default=None)
