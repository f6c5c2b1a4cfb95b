"""A person's own time: not before, and not after, the times that the contact gives."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from xuna_cli.dataclass import dataclass
from xuna_cli.models import CallTarget, CallWindow, Reason
from xuna_cli.phone.zone_names import UnknownZoneError
from xuna_cli.phone.zones import local, readings, words
from xuna_cli.screening.rules import DEFERRED, SCREENED, ScreeningContext, no_zone, unknown_zone
from xuna_cli.times import for_people


@dataclass(frozen=True, slots=True)
class OwnTime:
    """Call people only within their call window.

    Attributes:
        zones: returns the time zones in which a person may be. A local time has to be there in all of them.
    """

    zones: Callable[[CallTarget], tuple[str, ...]]

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None within the window, a deferral before it, and a refusal after it."""
        window = look.target.window
        if window is None:
            return None
        try:
            zones = self.zones(look.target)
        except UnknownZoneError as error:
            if window.is_local:
                return unknown_zone(error)
            zones = ()
        if window.is_local and not zones:
            return no_zone(look.target)
        opens_at, closes_at = bounds(window, zones)
        if closes_at is not None and look.now >= closes_at:
            return Reason(
                "expired", SCREENED, f"expired: call_before is {_shown(window.before, closes_at, zones)}"
            )
        if opens_at is None or look.now >= opens_at:
            return None
        if closes_at is not None and opens_at >= closes_at:
            where = f" in all of {words(zones)}" if len(zones) > 1 else ""
            message = f"no-common-hour: no time is after call_after and before call_before{where}"
            return Reason("no-common-hour", SCREENED, message)
        return Reason(
            "too-early",
            DEFERRED,
            f"too-early: call_after is {_shown(window.after, opens_at, zones)}",
            zones=zones or ("Etc/UTC",),
            opens_at=opens_at,
        )


@lru_cache(maxsize=10_000)
def bounds(window: CallWindow, zones: tuple[str, ...]) -> tuple[datetime | None, datetime | None]:
    """Return from when and until when a person may be called in all zones, in UTC.

    A local time that the clocks skip or repeat has two readings: a window opens at the later and closes at the
    earlier one.
    """
    opens_at = None if window.after is None else max(_times(window.after, zones))
    closes_at = None if window.before is None else min(_times(window.before, zones))
    return opens_at, closes_at


def _times(end: datetime, zones: tuple[str, ...]) -> Sequence[datetime]:
    if end.tzinfo is not None:
        return [end.astimezone(UTC)]
    return [reading for name in zones for reading in readings(end, name)]


def _shown(end: datetime | None, at: datetime, zones: tuple[str, ...]) -> str:
    """Return a time in the words of the person's clock: as the list has it, where it is a local time."""
    if end is not None and end.tzinfo is None:
        return f"{end:%H:%M on %a %d %b %Y} in {words(zones)}"
    return f"{local(at, zones[0]):%H:%M on %a %d %b %Y} in {zones[0]}" if len(zones) == 1 else for_people(at)
