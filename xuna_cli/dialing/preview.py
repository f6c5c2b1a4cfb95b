"""Preview of the calls: messages, countries, time zones, requests, duration and cost."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xuna_cli.dialing.observer import RunObserver
from xuna_cli.ledger.experience import Experience
from xuna_cli.models import CallTarget
from xuna_cli.phone.places import area_of, locate, zones_of_number
from xuna_cli.phone.plan import kind_of, split
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
        people: number of people.
        samples: the first distinct messages, each with its row.
        longest: the longest message with its row.
        countries: people by ISO country (or by calling code if unknown), largest first.
        zones: people by possible time zones, largest first.
        estimate: the estimated duration and cost.
    """

    people: int
    samples: tuple[Sample, ...]
    longest: Sample | None
    countries: Mapping[str, int]
    zones: Mapping[str, int]
    estimate: Estimate


class PreviewBuilder(RunObserver):
    """Builds a preview from any number of targets.

    Args:
        samples: number of messages to keep.
    """

    def __init__(self, samples: int) -> None:
        self._most = samples
        self._people = 0
        self._samples: dict[str | None, Sample] = {}
        self._longest: CallTarget | None = None
        self._length = 0
        self._countries: Counter[str] = Counter()
        self._zones: Counter[str] = Counter()
        self._places: dict[str, tuple[str, str]] = {}

    def fit(self, targets: Sequence[CallTarget]) -> None:
        """Add people who would be called."""
        self._people += len(targets)
        for target in targets:
            if len(self._samples) < self._most:
                self._samples.setdefault(target.override, _sample(target))
            if (length := _length(target.override)) > self._length:
                self._longest, self._length = target, length
            country, zones = self._place(target.to_phone_number)
            self._countries[country] += 1
            self._zones[target.timezone or zones] += 1

    def _place(self, number: str) -> tuple[str, str]:
        """Return the country and time zones of a number, cached by area."""
        area = area_of(number[1:5])
        if area is None or area.unbound.fullmatch(number, area.begins):
            return _country(number), _zones(number)
        place = self._places.get(number[: area.end])
        if place is None:
            place = _country(number), _zones(number)
            if locate(number).is_known:
                self._places[number[: area.end]] = place
        return place

    def build(
        self,
        experience: Experience,
        *,
        batch_size: int,
        concurrency: int,
        rate: float | None,
        price_per_minute: float | None,
    ) -> Preview:
        """Return the preview.

        Args:
            experience: earlier durations in the ledger.
            batch_size: calls per request.
            concurrency: requests at once.
            rate: maximum calls per second; None for no limit.
            price_per_minute: price of a minute; None to estimate no cost.
        """
        requests = -(-self._people // batch_size)
        by_rate = None if rate is None else self._people / rate
        answering = experience.request_seconds
        by_requests = None if answering is None else -(-requests // concurrency) * answering
        known = [seconds for seconds in (by_rate, by_requests) if seconds is not None]
        minutes = experience.minutes_per_call
        cost = None
        if price_per_minute is not None and minutes is not None:
            cost = self._people * minutes * price_per_minute
        return Preview(
            self._people,
            tuple(self._samples.values()),
            None if self._longest is None else _sample(self._longest),
            dict(self._countries.most_common()),
            dict(self._zones.most_common()),
            Estimate(requests, max(known, default=None), cost, price_per_minute, experience),
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


def _zones(number: str) -> str:
    return words(zones_of_number(number)) or UNKNOWN


def _sample(target: CallTarget) -> Sample:
    return Sample(target.row_number, target.to_phone_number, target.override)
