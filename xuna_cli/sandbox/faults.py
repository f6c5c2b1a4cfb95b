"""Faults on request: what the sandbox does wrong, for which requests, and how often.

Each kind of fault is a frozen dataclass with a JSON form for other processes:
`{"kind": "cut", "times": 3}` is `Cut(times=3)`.
"""

import random
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, field, replace
from hashlib import blake2b
from typing import ClassVar, Literal

from xuna_cli.dataclass import dataclass

BATCH_CALLS = "batch-calls"
ENDPOINTS = (BATCH_CALLS, "phone-numbers", "agents", "conversations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Common fields: when a fault strikes.

    Attributes:
        on: the endpoint: `batch-calls`, `phone-numbers`, `agents` or `conversations`.
        times: how many times the fault strikes; None for no limit.
        every: strike every n-th request.
        skip: number of requests to let pass first.
        share: share of the remaining requests to strike, drawn from the server's seed and the request.
    """

    kind: ClassVar[str]
    on: str = BATCH_CALLS
    times: int | None = None
    every: int = 1
    skip: int = 0
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.every < 1 or self.skip < 0 or not 0 <= self.share <= 1:
            raise ValueError("every must be at least 1, skip at least 0, and share between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency(Fault):
    """Wait before accepting the batch, or (`taken`) after it."""

    kind: ClassVar[str] = "latency"
    seconds: float = 1.0
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit(Fault):
    """Refuse every request, or those above a limit.

    Attributes:
        posts: requests allowed in each window of `per` seconds.
        in_flight: requests allowed at the same time.
        retry_after: seconds for the `Retry-After` header; None sends none.
        as_date: send `Retry-After` as an HTTP date.
    """

    kind: ClassVar[str] = "rate_limit"
    posts: int = 0
    per: float = 1.0
    in_flight: int | None = None
    retry_after: float | None = None
    as_date: bool = False
    status: int = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Fault):
    """Send this answer instead, before accepting the batch or (`taken`) after it.

    Attributes:
        body: JSON value, or text, which is sent unchanged.
        headers: HTTP headers; they replace those that the body implies.
    """

    kind: ClassVar[str] = "answer"
    status: int = 500
    body: object = "Internal Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Fault):
    """Accept the batch, then cut the connection without an answer (reset or close)."""

    kind: ClassVar[str] = "cut"
    taken: bool = True
    reset: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang(Fault):
    """Accept the batch, then send nothing until the client disconnects."""

    kind: ClassVar[str] = "hang"
    taken: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage(Fault):
    """Accept the batch, then send bytes that are not HTTP, and close."""

    kind: ClassVar[str] = "garbage"
    taken: bool = True
    text: str = "\x00\x7fthis is no HTTP\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip(Fault):
    """Accept the batch, then send the answer with its headers one byte every `interval` seconds."""

    kind: ClassVar[str] = "drip"
    interval: float = 0.06
    taken: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Short(Fault):
    """Leave out some calls at random, and return a lower `calls_initiated`."""

    kind: ClassVar[str] = "short"
    missing: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse(Fault):
    """Refuse every batch that has certain calls; accept nothing of such a batch.

    Attributes:
        numbers: numbers to refuse.
        pattern: regular expression for more numbers to refuse.
        overrides: whether to refuse calls with an override.
        loc: answer 422 and name the calls; otherwise answer 400 without naming them.
        only_first: name only the first call.
        status: HTTP status to use instead of 422 or 400.
    """

    kind: ClassVar[str] = "refuse"
    numbers: Sequence[str] = ()
    pattern: str | None = None
    overrides: bool = False
    loc: bool = True
    only_first: bool = False
    message: str = "Phone number can't be called"
    status: int | None = None

    def offenders(self, calls: Sequence[Mapping[str, object]]) -> list[int]:
        """Return the positions of the calls to refuse."""
        numbers = frozenset(self.numbers)
        pattern = None if self.pattern is None else re.compile(self.pattern)
        return [
            position
            for position, call in enumerate(calls)
            if (number := str(call["to_phone_number"])) in numbers
            or (pattern is not None and pattern.search(number))
            or (self.overrides and call.get("conversation_config_override"))
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxBatch(Fault):
    """Answer 413 to batches of more than `size` calls."""

    kind: ClassVar[str] = "max_batch"
    size: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages(Fault):
    """Return wrong pages of a list.

    Attributes:
        how: `repeat` returns the first page for every cursor; `loop` returns a cursor that leads back to the start;
            `no-cursor` sends `has_more` without a cursor; `empty` returns an empty page with a cursor; `twice`
            lists each record twice; `malformed` returns fields of wrong types.
    """

    kind: ClassVar[str] = "pages"
    on: str = "conversations"
    how: Literal["repeat", "loop", "no-cursor", "empty", "twice", "malformed"] = "repeat"


Ending = Answer | Cut | Hang | Garbage | Drip
"""Faults that replace the answer."""

KINDS: dict[str, type[Fault]] = {
    kind.kind: kind
    for kind in (Latency, RateLimit, Answer, Cut, Hang, Garbage, Drip, Short, Refuse, MaxBatch, Pages)
}

ANY: dict[str, Fault] = {
    **{name.replace("_", "-"): kind() for name, kind in KINDS.items()},
    "refuse": Refuse(pattern="", only_first=True),
    "max-batch": MaxBatch(size=1),
}
"""Kinds of faults that apply to any request, by the name that users type."""


def any_fault(kind: str, share: float) -> Fault:
    """Return a fault of a kind in `ANY` that strikes this share of the requests."""
    return replace(ANY[kind], share=share)


def from_json(document: object) -> Fault:
    """Parse the JSON form of a fault.

    Raises:
        ValueError: the value does not describe a fault.
    """
    if not isinstance(document, dict) or document.get("kind") not in KINDS:
        raise ValueError(f"a fault must be an object with one of these kinds: {', '.join(sorted(KINDS))}")
    fields = {name: value for name, value in document.items() if name != "kind"}
    try:
        return KINDS[document["kind"]](**fields)
    except TypeError as error:
        raise ValueError(str(error)) from None


def to_json(fault: Fault) -> dict[str, object]:
    """Return the JSON form of a fault."""
    return {"kind": fault.kind, **asdict(fault)}


@dataclass(slots=True)
class _Armed:
    """A fault and its counters."""

    fault: Fault
    seen: int = 0
    struck: int = 0
    allowed: deque[float] = field(default_factory=deque)

    def strikes(self, draw: Callable[[], float], now: float, in_flight: int) -> bool:
        """Count a request, and return whether the fault strikes it."""
        fault = self.fault
        if fault.times is not None and self.struck >= fault.times:
            return False
        self.seen += 1
        turn = self.seen - fault.skip
        strikes = (
            turn > 0
            and turn % fault.every == 0
            and (fault.share == 1 or draw() < fault.share)
            and not (isinstance(fault, RateLimit) and self._is_within(fault, now, in_flight))
        )
        self.struck += strikes
        return strikes

    def _is_within(self, limit: RateLimit, now: float, in_flight: int) -> bool:
        if limit.in_flight is not None:
            return in_flight <= limit.in_flight
        while self.allowed and self.allowed[0] <= now - limit.per:
            self.allowed.popleft()
        if len(self.allowed) < limit.posts:
            self.allowed.append(now)
            return True
        return False


class Faults:
    """All active faults. Thread-safe.

    Args:
        faults: faults that are active from the start.
        seed: makes random draws repeatable, in any order of requests: the draw depends on the request's bytes and on
            how many times they were received. None draws differently each time.
        clock: returns seconds, for rate limits.
    """

    def __init__(
        self,
        faults: Iterable[Fault] = (),
        *,
        seed: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seed = seed
        self._repeats: Counter[bytes] = Counter()
        self._in_flight = 0
        self._armed: list[_Armed] = []
        self.add(*faults)

    def add(self, *faults: Fault) -> None:
        """Activate more faults; several can strike one request."""
        with self._lock:
            self._armed.extend(_Armed(fault) for fault in faults)

    def clear(self) -> None:
        """Deactivate all faults."""
        with self._lock:
            self._armed.clear()

    def armed(self) -> list[tuple[Fault, int]]:
        """Return each active fault, and how many times it has struck."""
        with self._lock:
            return [(armed.fault, armed.struck) for armed in self._armed]

    @contextmanager
    def striking(self, endpoint: str, request: bytes = b"") -> Iterator[list[Fault]]:
        """Count a request to an endpoint as in flight, and yield the faults that strike it."""
        with self._lock:
            self._in_flight += endpoint == BATCH_CALLS
            now = self._clock()
            armed = [armed for armed in self._armed if armed.fault.on == endpoint]
            draw = (
                self._chance(request).random if any(one.fault.share < 1 for one in armed) else random.random
            )
            due = [one.fault for one in armed if one.strikes(draw, now, self._in_flight)]
        try:
            yield due
        finally:
            with self._lock:
                self._in_flight -= endpoint == BATCH_CALLS

    def _chance(self, request: bytes) -> random.Random:
        digest = blake2b(request).digest()
        self._repeats[digest] += 1
        seed = f"{self._seed}:{self._repeats[digest]}:{digest.hex()}"
        return random.Random(None if self._seed is None else seed)  # noqa: S311 - repeatable on purpose

    def sample(self, count: int, keep: int, request: bytes = b"") -> list[int]:
        """Return `keep` of `count` positions, drawn at random for a request, in order."""
        with self._lock:
            return sorted(self._chance(request).sample(range(count), keep))
