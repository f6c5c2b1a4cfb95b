"""Preview of the calls: messages, countries, time zones, requests, duration and cost."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from xuna_cli.dataclass import dataclass
from xuna_cli.dialing.observer import RunObserver
from xuna_cli.ledger.experience import Experience
from xuna_cli.models import CallTarget, Reason
from xuna_cli.phone.calling_codes import kind_of, split
from xuna_cli.phone.places import area_of, locate
from xuna_cli.phone.zone_names import UnknownZoneError
from xuna_cli.phone.zones import words

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sample:
    """One person's message.

    Attributes:
        row_number: row number in the list.
        to_phone_number: E.164.
        override: the `conversation_config_override` as JSON, or None.
    """

    row_number: int
    to_phone_number: str
    override: str | None

    @property
    def message(self) -> str | None:
        """The first message; None for the agent's own."""
        agent = json.loads(self.override or "{}").get("agent")
        message = agent.get("first_message") if isinstance(agent, dict) else None
        return message if isinstance(message, str) else None


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimated duration and cost of a run.

    Attributes:
        requests: number of POSTs, if none is split.
        seconds: duration until the last response; None if unknown.
        cost: cost in the price's currency; None without a price or known calls.
        price_per_minute: the given price.
        experience: the data behind the estimate.
    """

    requests: int
    seconds: float | None
    cost: float | None
    price_per_minute: float | None
    experience: Experience


@dataclass(frozen=True, slots=True)
class Preview:
    """Preview of the calls.

    Attributes:
        people: number of people, the deferred ones included.
        samples: the first distinct messages, each with its row; of people who are called now, if possible.
        longest: the longest message with its row.
        countries: people by ISO country (or by calling code if unknown), largest first.
        zones: people by possible time zones, largest first.
        estimate: the estimated duration and cost.
        deferred: how many of the people are only called later.
        again: the message of a second call, if it differs from that of the first one.
    """

    people: int
    samples: tuple[Sample, ...]
    longest: Sample | None
    countries: Mapping[str, int]
    zones: Mapping[str, int]
    estimate: Estimate
    deferred: int = 0
    again: Sample | None = None


class _Group:
    """What a preview shows of some of the people."""

    def __init__(self) -> None:
        self.people = 0
        self.messages: dict[str | None, CallTarget] = {}
        self.longest: CallTarget | None = None
        self.length = 0
        self.countries: Counter[str] = Counter()
        self.zones: Counter[str] = Counter()

    def add(self, target: CallTarget, country: str, zones: str, most_messages: int) -> None:
        self.people += 1
        if len(self.messages) < most_messages:
            self.messages.setdefault(target.override, target)
        if (length := _length(target.override)) > self.length:
            self.longest, self.length = target, length
        self.countries[country] += 1
        self.zones[zones] += 1


class PreviewBuilder(RunObserver):
    """Builds a preview from any number of targets.

    Args:
        samples: number of messages to keep.
        zones: returns a person's possible time zones, as the calling hours see them.
    """

    def __init__(self, samples: int, zones: Callable[[CallTarget], tuple[str, ...]]) -> None:
        self._most = samples
        self._zones_of = zones
        self._now = _Group()
        self._later = _Group()
        self._places: dict[str, tuple[str, str]] = {}

    def fit(self, targets: Sequence[CallTarget]) -> None:
        """Add people who would be called."""
        for target in targets:
            self._now.add(target, *self._place(target), self._most)

    def deferral(self, target: CallTarget, reason: Reason) -> None:
        """Add a person who would be called later, if there is such a time."""
        if reason.opens_at is None:
            return
        self._later.add(target, *self._place(target), self._most)

    def _place(self, target: CallTarget) -> tuple[str, str]:
        """Return the country and time zones of a person, cached by area."""
        number = target.to_phone_number
        area = None if target.timezone is not None else area_of(number[1:5])
        if area is None or area.unbound.fullmatch(number, area.begins):
            return _country(number), self._zones(target)
        place = self._places.get(number[: area.end])
        if place is None:
            place = _country(number), self._zones(target)
            if locate(number).is_known:
                self._places[number[: area.end]] = place
        return place

    def _zones(self, target: CallTarget) -> str:
        try:
            return words(self._zones_of(target)) or UNKNOWN
        except UnknownZoneError:
            return UNKNOWN

    def build(
        self,
        experience: Experience,
        *,
        batch_size: int,
        concurrency: int,
        rate: float | None,
        price_per_minute: float | None,
        limit: int | None = None,
        later: bool = True,
        again: CallTarget | None = None,
    ) -> Preview:
        """Return the preview.

        Args:
            experience: earlier durations in the ledger.
            batch_size: calls per request.
            concurrency: requests at once.
            rate: maximum calls per second; None for no limit.
            price_per_minute: price of a minute; None to estimate no cost.
            limit: maximum number of calls; None for no limit.
            later: whether to include people who are deferred now.
            again: the second call of one person, if its message differs from that of the first one.
        """
        groups = (self._now, self._later) if later else (self._now,)
        people = sum(group.people for group in groups)
        calls = people if limit is None else min(people, limit)
        requests = -(-calls // batch_size)
        by_rate = None if rate is None else calls / rate
        answering = experience.request_seconds
        by_requests = None if answering is None else -(-requests // concurrency) * answering
        known = [seconds for seconds in (by_rate, by_requests) if seconds is not None]
        minutes = experience.minutes_per_call
        cost = None
        if price_per_minute is not None and minutes is not None:
            cost = calls * minutes * price_per_minute
        messages: dict[str | None, CallTarget] = {}
        for group in groups:
            for override, target in group.messages.items():
                messages.setdefault(override, target)
        longest = max(groups, key=lambda group: group.length).longest
        return Preview(
            people,
            tuple(map(_sample, islice(messages.values(), self._most))),
            None if longest is None else _sample(longest),
            dict(sum((group.countries for group in groups), Counter()).most_common()),
            dict(sum((group.zones for group in groups), Counter()).most_common()),
            Estimate(requests, max(known, default=None), cost, price_per_minute, experience),
            people - self._now.people,
            None if again is None else _sample(again),
        )


def _length(override: str | None) -> int:
    """Return the length of an override; in JSON, each non-ASCII character takes six."""
    return 0 if override is None else len(override) - 5 * override.count("\\u")


def _country(number: str) -> str:
    """Return the ISO country of a number, or the calling code if the country is ambiguous or unknown."""
    if (region := kind_of(number).region) is not None:
        return region
    parts = split(number)
    return UNKNOWN if parts is None else f"+{parts[0].code}"


def _sample(target: CallTarget) -> Sample:
    return Sample(target.row_number, target.to_phone_number, target.override)
