"""The sandbox's memory of accepted calls and received requests, and an optional record file."""

import json
import os
import random
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path

from xuna_cli.dataclass import dataclass

REQUESTS_KEPT = 10_000
LATEST = 253_370_764_800.0  # 9999-01-01T00:00:00Z


class Remember(StrEnum):
    """What to keep of the accepted calls; benchmarks of a million calls keep less than tests."""

    ALL = "all"
    """Every call with its override; conversation records are generated from these."""
    NUMBERS = "numbers"
    """The number of calls to each phone number."""
    COUNT = "count"
    """The total number of calls."""


@dataclass(frozen=True, slots=True)
class DialledCall:
    """An accepted call; the real API would call this person.

    Attributes:
        sequence: position among all accepted calls, from 1.
        at: Unix time in seconds at which the batch was accepted.
        nth: 1 for the first call to this number, 2 for the second, and so on.
        idempotency_key: the `Idempotency-Key` header of its batch, if any.
    """

    sequence: int
    at: float
    batch_id: str
    agent_id: str
    from_phone_number_id: str
    to_phone_number: str
    conversation_config_override: Mapping[str, object] | None
    nth: int
    idempotency_key: str | None


@dataclass(slots=True)
class SeenRequest:
    """A complete request. The key itself is never kept.

    Attributes:
        sequence: position among all requests, from 1.
        client: address and port; each new connection has a new port.
        size: length of the body in bytes.
        authorised: whether the request carried the account's key.
        answer: the status that was sent, or the name of the fault that replaced the answer.
    """

    sequence: int
    method: str
    path: str
    query: str
    client: str
    size: int
    authorised: bool
    idempotency_key: str | None
    user_agent: str | None
    accept_encoding: str | None
    answer: int | str | None = None


class SandboxState:
    """Everything that the sandbox remembers. Thread-safe.

    Args:
        remember: what to keep of the accepted calls.
        record: file that gets one JSON line for each accepted call before the batch is answered. Other processes can
            read it even after this process was killed. Existing lines are read back, so that a restarted sandbox
            remembers its calls.
        record_words: whether the record contains each call's override, which may name people.
        sync: whether to fsync the record before the answer.
        seed: makes batch IDs repeatable for the same clock; None makes them unique.
        clock: returns Unix time in seconds.

    Attributes:
        resets: how many times it was reset.
    """

    def __init__(
        self,
        *,
        remember: Remember | str = Remember.ALL,
        record: str | os.PathLike[str] | None = None,
        record_words: bool = True,
        sync: bool = False,
        seed: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.remember = Remember(remember)
        self._clock = clock
        self._ahead = 0.0
        self.resets = 0
        self.seed = seed
        self._sync = sync
        self._record_words = record_words
        self._lock = threading.Lock()
        self._clear()
        self._record = None if record is None else self._open(Path(record))

    def clock(self) -> float:
        """Return the sandbox's time: Unix time in seconds."""
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the sandbox's time forward; it never moves back.

        Raises:
            ValueError: if this would move it back, or beyond the year 9999.
        """
        if not 0 <= seconds < LATEST - self.clock():
            raise ValueError("advance must be a number of seconds from 0, and end before the year 9999")
        with self._lock:
            self._ahead += seconds

    def _clear(self) -> None:
        self._total = 0
        self._batches = 0
        self._calls: list[DialledCall] = []
        self._counts: Counter[str] = Counter()
        self._requests: deque[SeenRequest] = deque(maxlen=REQUESTS_KEPT)
        self._requests_total = 0

    def _open(self, path: Path) -> int:
        record = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        lines = path.read_bytes().split(b"\n")
        if lines.pop():  # the writer was killed within a line, so that call was never answered
            os.write(record, b"\n")
        batches = set()
        for line in lines:
            try:
                call = DialledCall(**json.loads(line))
            except (ValueError, TypeError):
                continue
            # Two sandboxes may have written to the same record, so calls are numbered in the order of the file.
            self._keep([replace(call, sequence=self._total + 1)])
            batches.add(call.batch_id)
        self._batches = len(batches)
        return record

    def close(self) -> None:
        """Close the record file."""
        with self._lock:
            if self._record is not None:
                os.close(self._record)
                self._record = None

    def _keep(self, calls: Sequence[DialledCall]) -> None:
        self._total = calls[-1].sequence
        self._counts.update(call.to_phone_number for call in calls)
        if self.remember is Remember.ALL:
            self._calls.extend(calls)

    def take(
        self,
        agent_id: str,
        from_phone_number_id: str,
        calls: Sequence[Mapping[str, object]],
        idempotency_key: str | None = None,
    ) -> str:
        """Accept valid calls, and return the ID of their batch."""
        with self._lock:
            self._batches += 1
            batch_id = self.new_batch_id()
            if self._record is None and self.remember is Remember.COUNT:
                self._total += len(calls)
            elif self._record is None and self.remember is Remember.NUMBERS:
                self._total += len(calls)
                self._counts.update(str(call["to_phone_number"]) for call in calls)
            elif calls:
                self._take_in_full(batch_id, agent_id, from_phone_number_id, calls, idempotency_key)
            return batch_id

    def new_batch_id(self) -> str:
        """Return a new batch ID; the same seed and clock give the same IDs in the same order."""
        if self.seed is None:
            return f"batch_{secrets.token_hex(12)}"
        drawn = random.Random(f"{self.seed}:{self.clock()}:{self._batches}")  # noqa: S311 - repeatable on purpose
        return f"batch_{drawn.getrandbits(96):024x}"

    def _take_in_full(
        self,
        batch_id: str,
        agent_id: str,
        from_phone_number_id: str,
        calls: Sequence[Mapping[str, object]],
        idempotency_key: str | None,
    ) -> None:
        now = self.clock()
        within: Counter[str] = Counter()
        dialled = []
        for sequence, call in enumerate(calls, self._total + 1):
            number = str(call["to_phone_number"])
            within[number] += 1
            override = call.get("conversation_config_override")
            dialled.append(
                DialledCall(
                    sequence=sequence,
                    at=now,
                    batch_id=batch_id,
                    agent_id=agent_id,
                    from_phone_number_id=from_phone_number_id,
                    to_phone_number=number,
                    conversation_config_override=override if isinstance(override, dict) else None,
                    nth=self._counts[number] + within[number],
                    idempotency_key=idempotency_key,
                )
            )
        if self._record is not None:
            silent = {} if self._record_words else {"conversation_config_override": None}
            lines = "".join(json.dumps(asdict(call) | silent) + "\n" for call in dialled).encode()
            while lines:
                lines = lines[os.write(self._record, lines) :]
            if self._sync:
                os.fsync(self._record)
        self._keep(dialled)

    def saw(
        self,
        headers: Mapping[str, str],
        *,
        method: str,
        path: str,
        query: str,
        client: str,
        size: int,
        authorised: bool,
    ) -> SeenRequest:
        """Record a complete request; the caller fills in `answer`."""
        with self._lock:
            self._requests_total += 1
            seen = SeenRequest(
                sequence=self._requests_total,
                method=method,
                path=path,
                query=query,
                client=client,
                size=size,
                authorised=authorised,
                idempotency_key=headers.get("idempotency-key"),
                user_agent=headers.get("user-agent"),
                accept_encoding=headers.get("accept-encoding"),
            )
            self._requests.append(seen)
            return seen

    @property
    def total(self) -> int:
        """Return how many calls were accepted."""
        with self._lock:
            return self._total

    @property
    def batches(self) -> int:
        """Return how many batches were accepted."""
        with self._lock:
            return self._batches

    @property
    def requests_total(self) -> int:
        """Return how many complete requests the vendor's endpoints received."""
        with self._lock:
            return self._requests_total

    def calls(self) -> list[DialledCall]:
        """Return every accepted call, in order; empty unless all are kept."""
        with self._lock:
            return list(self._calls)

    def counts(self) -> dict[str, int]:
        """Return the number of calls to each phone number; empty if only the total is kept."""
        with self._lock:
            return {} if self.remember is Remember.COUNT else dict(self._counts)

    def called_twice(self) -> list[str]:
        """Return the phone numbers that were called more than once."""
        return [number for number, count in self.counts().items() if count > 1]

    def requests(self) -> list[SeenRequest]:
        """Return the latest requests (at most 10,000), in order."""
        with self._lock:
            return list(self._requests)

    def reset(self) -> None:
        """Delete calls and requests, also from the record file."""
        with self._lock:
            self.resets += 1
            self._clear()
            if self._record is not None:
                os.ftruncate(self._record, 0)
