"""The rule for calling hours. It defers calls outside the hours of any time zone in which the person may be."""

from collections.abc import Sequence
from dataclasses import field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from xuna_cli.dataclass import dataclass
from xuna_cli.models import CallTarget, Reason
from xuna_cli.phone.places import Area, area_of, locate, zones_of_calling_code
from xuna_cli.phone.zone_names import UnknownZoneError, zones_meant
from xuna_cli.phone.zones import ZONES_NAMED, is_among, local, words
from xuna_cli.screening.hours import Hours, Span, Window, next_opening
from xuna_cli.screening.rules import DEFERRED, SCREENED, ScreeningContext, Until, no_zone, unknown_zone

# Nothing before 8 a.m. or after 9 p.m. at the called party's location: 47 CFR 64.1200(c)(1).
USUAL = Hours((Window(8 * 60, 21 * 60),), close_early=timedelta(0))


_BEGIN = "calling hours begin"


@dataclass(frozen=True, slots=True)
class CallingHours:
    """Call only within calling hours, in the person's local time.

    Attributes:
        hours: the calling hours.
        default_zone: time zone for people whose zone neither the list nor the number reveals.
        until: end of the campaign. A person whose hours begin after it is screened out, not deferred.
    """

    hours: Hours
    default_zone: str | None = None
    until: Until | None = None
    # Caches of intermediate results; they make the rule faster and never change its answer.
    _spans: dict[str, Span] = field(default_factory=dict, compare=False, repr=False)
    _areas: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)
    _together: dict[tuple[str, ...], Span] = field(default_factory=dict, compare=False, repr=False)
    _nexts: dict[tuple[str, ...], tuple[datetime, datetime | None]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None within hours, a deferral outside hours, or a refusal if the hours can't be determined."""
        try:
            zones = self.zones(look.target)
        except UnknownZoneError as error:
            return unknown_zone(error)
        if not zones:
            return no_zone(look.target)
        if self._are_open(zones, look.now):
            return None
        closed = [name for name in zones if not self._is_open(name, look.now)]
        opens_at = self._opens_at(zones, look.now)
        if opens_at is None:
            return Reason(
                "no-common-hour",
                SCREENED,
                f"no-common-hour: the calling hours in {words(zones)} never overlap; "
                f"{self._how_to_choose(look.target, zones)}",
            )
        minute = look.now.replace(second=0, microsecond=0)
        return _later(zones, closed[0], minute, opens_at, self.until)

    def zones(self, target: CallTarget) -> tuple[str, ...]:
        """Return the time zones in which the person may be; empty if unknown.

        Raises:
            UnknownZoneError: the contact's time zone does not exist.
        """
        if target.timezone is not None:
            return zones_meant(target.timezone, target.to_phone_number)
        zones, is_known = locate(target.to_phone_number)
        default = self.default_zone
        # The default zone never overrides the country of the number; it only chooses one of the country's zones.
        if default is not None and not is_known and (not zones or is_among(default, zones)):
            return (default,)
        return zones

    def _how_to_choose(self, target: CallTarget, zones: tuple[str, ...]) -> str:
        """Return how the user can name one of several possible time zones of a person."""
        if target.timezone is not None:
            return f"give this row one time zone, e.g. {zones[0]}"
        column = "add a column timezone with the person's time zone"
        if self.default_zone is None and not locate(target.to_phone_number).is_known:
            return f"{column}, or, if all such people are in one time zone, use e.g. --default-timezone {zones[0]}"
        return column

    def outside(self, targets: Sequence[CallTarget], now: datetime) -> int:
        """Return the number of targets that are outside hours in a time zone in which they may be.

        Targets with an unknown or invalid time zone are not counted. A number whose first digits belong to a place is
        counted as being there, whether or not the number is assigned.
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
        """Return whether the target is certainly outside hours in a time zone in which the person may be."""
        try:
            return not self._are_open(self.zones(target), now)
        except UnknownZoneError:
            return False

    def _zones_of_area(self, number: str, area: Area) -> tuple[str, ...] | None:
        """Return the zones of all numbers with this area code; None if the area code doesn't determine them."""
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
        """Return whether hours are open in all of the zones."""
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
            # If no window opens for two weeks, the result is only valid for this moment.
            span = self.hours.span(name, now) or Span(False, now, now)
            self._spans[name] = span
        return span

    def _opens_at(self, zones: tuple[str, ...], now: datetime) -> datetime | None:
        known = self._nexts.get(zones)
        # A cached opening stays valid until that time has come.
        if known is None or not (known[0] <= now and (known[1] is None or now < known[1])):
            opens_at = next_opening(self.hours, zones, now)
            known = (now, None if opens_at is None else opens_at.astimezone(UTC))
            self._nexts[zones] = known
        return known[1]


@lru_cache(maxsize=1024)
def _later(
    zones: tuple[str, ...], first: str, now: datetime, opens_at: datetime, until: Until | None
) -> Reason:
    """Return the reason of people in these zones who can be called later, or not at all before the end.

    Args:
        zones: the zones in which the people may be.
        first: a zone in which hours are closed; the opening is given in its time.
        now: the minute in which the people were looked at.
        opens_at: when hours are open in all of the zones.
        until: end of the campaign.
    """
    opening = local(opens_at, first)
    is_late = until is not None and opens_at >= until.end
    day = f" on {opening:%a %d %b}" if is_late or opening.date() != local(now, first).date() else ""
    fact, begin = _facts((first, *zones), now)
    begins = f"{begin} at {opening:%H:%M}{day}"
    if begin != _BEGIN:
        begins += f", {first} time"
    if until is not None and is_late:
        return until.passed(f"{fact}, and {begins}")
    return Reason(
        "outside-hours", DEFERRED, f"outside-hours: {fact}; {begins}", zones=zones, opens_at=opens_at
    )


def _facts(zones: tuple[str, ...], now: datetime) -> tuple[str, str]:
    """Return what time it is for a person who may be in any of the zones, and what begins for all of them together."""
    zones = tuple(dict.fromkeys(zones))
    clocks: dict[str, list[str]] = {}
    for name in zones:
        clocks.setdefault(f"{local(now, name):%H:%M}", []).append(name)
    if len(clocks) == 1:
        return f"it is {local(now, zones[0]):%H:%M} in {words(zones)}", _BEGIN
    named = [f"{clock} in {names[0]}" for clock, names in list(clocks.items())[:ZONES_NAMED]]
    more = len(zones) - len(named)
    others = f", and the person may be in {more} other time zones" if more else ""
    together = "in all of them" if more else "in both"
    return f"it is {' or '.join(named)}{others}", f"{_BEGIN} {together}"
