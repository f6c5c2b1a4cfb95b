"""The rule of the calling hours: not now, unless it is within hours wherever the person may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from xuna_cli.models import CallTarget, Reason
from xuna_cli.screening.hours import Hours, Span, Window, next_opening
from xuna_cli.screening.rules import DEFERRED, SCREENED, Look
from xuna_cli.screening.zones import (
    Area,
    area_of,
    local,
    words,
    zone,
    zones_of_calling_code,
    zones_of_number,
    zones_of_prefix,
)

# Nothing before 8 a.m. or after 9 p.m. at the called party's location: 47 CFR 64.1200(c)(1).
USUAL = Hours((Window(8 * 60, 21 * 60),), close_early=timedelta(0))


class _Area(Enum):
    """Whether it is within hours for the numbers of an area."""

    OPEN = auto()
    OPEN_IF_BOUND = auto()
    CLOSED = auto()
    ASK = auto()


class UnknownZoneError(Exception):
    """A contact gives a time zone that there is not.

    Args:
        name: as given.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class CallingHours:
    """Nobody is called outside the hours of their own time.

    Attributes:
        hours: when.
        default_zone: of those of whom neither the list nor the number tells it.
    """

    hours: Hours
    default_zone: str | None = None
    # What was found is kept while it holds: it changes no answer, only what the answer costs.
    _spans: dict[str, Span | None] = field(default_factory=dict, compare=False, repr=False)
    _nexts: dict[tuple[str, ...], tuple[datetime, datetime | None]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __call__(self, look: Look) -> Reason | None:
        """Return nothing within hours, a deferral outside, a refusal where nobody knows or never will."""
        try:
            zones = self.zones(look.target)
        except UnknownZoneError as error:
            return Reason(
                "timezone-unknown", SCREENED, f'timezone-unknown: "{error.name[:40]}" is no IANA time zone'
            )
        if not zones:
            return Reason(
                "no-timezone",
                SCREENED,
                f"no-timezone: {look.target.to_phone_number} tells none; --default-timezone",
            )
        closed = [name for name in zones if not self._is_open(name, look.now)]
        if not closed:
            return None
        opens_at = self._opens_at(zones, look.now)
        if opens_at is None:
            return Reason(
                "no-common-hour",
                SCREENED,
                f"no-common-hour: it is never within hours in all of {words(zones)}",
            )
        fact = f"{local(look.now, closed[0]):%H:%M} in {words(tuple(closed))}"
        opening = local(opens_at, closed[0])
        day = "" if opening.date() == local(look.now, closed[0]).date() else f" on {opening:%a %d %b}"
        return Reason(
            "outside-hours",
            DEFERRED,
            f"outside-hours: {fact}, opens {opening:%H:%M}{day}",
            zones=zones,
            opens_at=opens_at,
        )

    def zones(self, target: CallTarget) -> tuple[str, ...]:
        """Return where the person may be; empty: nobody knows.

        Raises:
            UnknownZoneError: the contact gives a zone that there is not.
        """
        if target.timezone is not None:
            if zone(target.timezone) is None:
                raise UnknownZoneError(target.timezone)
            return (target.timezone,)
        found = zones_of_number(target.to_phone_number)
        if not found and self.default_zone is not None:
            return (self.default_zone,)
        return found

    def outside(self, targets: Sequence[CallTarget], now: datetime) -> int:
        """Return how many are outside hours somewhere that they may be.

        Who gives no zone, or none that there is, and whose number tells none, is not among them. A number
        whose first digits are those of a place is taken to be there, whether or not it is assigned.
        """
        found = 0
        areas: dict[str, _Area] = {}
        for target in targets:
            number = target.to_phone_number
            area = area_of(number[1:5]) if target.timezone is None else None
            if area is not None:
                first_digits = number[1 : area.end]
                try:
                    hours = areas[first_digits]
                except KeyError:
                    hours = areas[first_digits] = self._hours_of(first_digits, area, now)
                if hours is _Area.OPEN or (
                    hours is _Area.OPEN_IF_BOUND and not area.unbound.fullmatch(number, area.begins)
                ):
                    continue
                if hours is _Area.CLOSED:
                    found += 1
                    continue
            found += self.is_outside(target, now)
        return found

    def is_outside(self, target: CallTarget, now: datetime) -> bool:
        """Return whether it is known to be outside hours somewhere that the person may be."""
        try:
            return not all(self._is_open(name, now) for name in self.zones(target))
        except UnknownZoneError:
            return False

    def _hours_of(self, first_digits: str, area: Area, now: datetime) -> "_Area":
        zones = zones_of_prefix(first_digits)
        anywhere = zones_of_calling_code(first_digits[:3])
        if all(self._is_open(name, now) for name in anywhere):
            return _Area.OPEN
        if all(self._is_open(name, now) for name in zones):
            return _Area.OPEN_IF_BOUND
        # Where they say no more than the country, it matters whether the number is assigned.
        return (
            _Area.ASK if set(zones) == set(zones_of_prefix(first_digits[: area.begins - 1])) else _Area.CLOSED
        )

    def _is_open(self, name: str, now: datetime) -> bool:
        span = self._spans.get(name)
        if span is None or not span.since <= now < span.until:
            span = self.hours.span(name, now)
            self._spans[name] = span
        return span is not None and span.is_open

    def _opens_at(self, zones: tuple[str, ...], now: datetime) -> datetime | None:
        known = self._nexts.get(zones)
        # An opening that was found stays the next one until it has come.
        if known is None or not (known[0] <= now and (known[1] is None or now < known[1])):
            opens_at = next_opening(self.hours, zones, now)
            known = (now, None if opens_at is None else opens_at.astimezone(UTC))
            self._nexts[zones] = known
        return known[1]
