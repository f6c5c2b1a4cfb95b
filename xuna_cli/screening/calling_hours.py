"""The rule of the calling hours: not now, unless it is within hours wherever the person may be."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from xuna_cli.models import CallTarget, Reason
from xuna_cli.phone.places import Area, area_of, locate, zones_of_calling_code
from xuna_cli.phone.zone_names import UnknownZoneError, zones_meant
from xuna_cli.phone.zones import is_among, local, words
from xuna_cli.screening.hours import Hours, Span, Window, next_opening
from xuna_cli.screening.rules import DEFERRED, SCREENED, ScreeningContext, Until

# Nothing before 8 a.m. or after 9 p.m. at the called party's location: 47 CFR 64.1200(c)(1).
USUAL = Hours((Window(8 * 60, 21 * 60),), close_early=timedelta(0))


@dataclass(frozen=True, slots=True)
class CallingHours:
    """Nobody is called outside the hours of their own time.

    Attributes:
        hours: when.
        default_zone: of those of whom neither the list nor the number tells it.
        until: the end of the campaign: who can only be called later need not wait.
    """

    hours: Hours
    default_zone: str | None = None
    until: Until | None = None
    # What was found is kept while it holds: it changes no answer, only what the answer costs.
    _spans: dict[str, Span] = field(default_factory=dict, compare=False, repr=False)
    _areas: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)
    _together: dict[tuple[str, ...], Span] = field(default_factory=dict, compare=False, repr=False)
    _nexts: dict[tuple[str, ...], tuple[datetime, datetime | None]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return nothing within hours, a deferral outside, a refusal where nobody knows or never will."""
        try:
            zones = self.zones(look.target)
        except UnknownZoneError as error:
            return Reason("timezone-unknown", SCREENED, f"timezone-unknown: {error}")
        if not zones:
            return Reason(
                "no-timezone",
                SCREENED,
                f"no-timezone: time zone unknown for {look.target.to_phone_number}; add a time zone column, or "
                "use --default-timezone",
            )
        if self._are_open(zones, look.now):
            return None
        closed = [name for name in zones if not self._is_open(name, look.now)]
        opens_at = self._opens_at(zones, look.now)
        if opens_at is None:
            return Reason(
                "no-common-hour",
                SCREENED,
                f"no-common-hour: the calling hours in {words(zones)} never overlap",
            )
        fact = f"it is {local(look.now, closed[0]):%H:%M} in {words(tuple(closed))}"
        if self.until is not None and opens_at >= self.until.end:
            return self.until.passed(
                f"{fact}, and calling hours begin at {local(opens_at, closed[0]):%H:%M on %a %d %b}"
            )
        opening = local(opens_at, closed[0])
        day = "" if opening.date() == local(look.now, closed[0]).date() else f" on {opening:%a %d %b}"
        return Reason(
            "outside-hours",
            DEFERRED,
            f"outside-hours: {fact}; calling hours begin at {opening:%H:%M}{day}",
            zones=zones,
            opens_at=opens_at,
        )

    def zones(self, target: CallTarget) -> tuple[str, ...]:
        """Return where the person may be; empty: nobody knows.

        Raises:
            UnknownZoneError: the contact gives a zone that there is not.
        """
        if target.timezone is not None:
            return zones_meant(target.timezone, target.to_phone_number)
        zones, is_known = locate(target.to_phone_number)
        default = self.default_zone
        # The default zone never beats the country in the number: it only chooses within it.
        if default is not None and not is_known and (not zones or is_among(default, zones)):
            return (default,)
        return zones

    def outside(self, targets: Sequence[CallTarget], now: datetime) -> int:
        """Return how many are outside hours somewhere that they may be.

        Who gives no zone, or none that there is, and whose number tells none, is not among them. A number
        whose first digits are those of a place is taken to be there, whether or not it is assigned.
        """
        found = 0
        anywhere: dict[
            str, bool
        ] = {}  # by calling code: whether it is within hours wherever its numbers may be
        for target in targets:
            number = target.to_phone_number
            area = area_of(number[1:5]) if target.timezone is None else None
            if area is not None:
                code = number[1 : area.begins]
                if code not in anywhere:
                    anywhere[code] = self._are_open(zones_of_calling_code(code), now)
                if anywhere[code]:
                    continue
                zones = self._zones_of_area(number, area)
                if zones is not None:
                    found += not self._are_open(zones, now)
                    continue
            found += self.is_outside(target, now)
        return found

    def is_outside(self, target: CallTarget, now: datetime) -> bool:
        """Return whether it is known to be outside hours somewhere that the person may be."""
        try:
            return not self._are_open(self.zones(target), now)
        except UnknownZoneError:
            return False

    def _zones_of_area(self, number: str, area: Area) -> tuple[str, ...] | None:
        """Return the zones of all numbers that begin as this one; None: this one doesn't tell, as it is unbound."""
        if area.unbound.fullmatch(number, area.begins):
            return None
        zones = self._areas.get(number[1 : area.end])
        if zones is None:
            found = locate(number)
            if not found.is_known:
                return None
            zones = self._areas[number[1 : area.end]] = found.zones
        return zones

    def _are_open(self, zones: tuple[str, ...], now: datetime) -> bool:
        """Return whether it is within hours in all of the zones."""
        known = self._together.get(zones)
        if known is None or not known.since <= now < known.until:
            spans = [self._span(name, now) for name in zones]
            known = Span(
                all(span.is_open for span in spans),
                max((span.since for span in spans), default=now),
                min((span.until for span in spans), default=now),
            )
            self._together[zones] = known
        return known.is_open

    def _is_open(self, name: str, now: datetime) -> bool:
        return self._span(name, now).is_open

    def _span(self, name: str, now: datetime) -> Span:
        span = self._spans.get(name)
        if span is None or not span.since <= now < span.until:
            # Where no window opens for two weeks, that holds for the moment that was looked at.
            span = self.hours.span(name, now) or Span(False, now, now)
            self._spans[name] = span
        return span

    def _opens_at(self, zones: tuple[str, ...], now: datetime) -> datetime | None:
        known = self._nexts.get(zones)
        # An opening that was found stays the next one until it has come.
        if known is None or not (known[0] <= now and (known[1] is None or now < known[1])):
            opens_at = next_opening(self.hours, zones, now)
            known = (now, None if opens_at is None else opens_at.astimezone(UTC))
            self._nexts[zones] = known
        return known[1]
