"""Whom the sandbox "dialled", and which requests it got: in memory, and in a record file if one is named."""

import json
import os
import random
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

REQUESTS_KEPT = 10_000


class Remember(StrEnum):
    """How much is kept of the accepted calls; benchmarks of a million calls want less than tests."""

    ALL = "all"
    """Every call, with its override: conversations are made from these."""
    NUMBERS = "numbers"
    """How often each number was called."""
    COUNT = "count"
    """How many calls there were."""


@dataclass(frozen=True, slots=True)
class DialledCall:
    """A call that was accepted: the person would have been called.

    Attributes:
        sequence: the position among all accepted calls, from 1.
        at: Unix time in seconds when its batch was taken.
        nth: which call to this number it is, from 1.
        idempotency_key: the header that came with its batch, if any.
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
    """A whole request that arrived. The key itself is never kept.

    Attributes:
        sequence: the position among all requests, from 1.
        client: address and port; a fresh connection has a fresh port.
        size: bytes of the body.
        authorised: whether it carried the account's key.
        answer: the status that was sent, or the name of the fault that came instead.
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
    """Everything that the sandbox remembers. Safe to use from any thread.

    Args:
        remember: how much is kept of the accepted calls.
        record: a file that gets one JSON line per accepted call before the batch is answered, so
            that other processes can read it even after this one was killed. Calls that it holds
            already are read back, so that a restarted sandbox remembers.
        record_words: let the record have what each call's override says, which may name people.
        sync: also fsync the record before the answer.
        seed: makes batch ids repeatable, for the same clock; None makes them unique.
        clock: Unix time in seconds.
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
        self.clock = clock
        self.seed = seed
        self._sync = sync
        self._record_words = record_words
        self._lock = threading.Lock()
        self._clear()
        self._record = None if record is None else self._open(Path(record))

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
        if lines.pop():  # its writer was killed in the middle of a line: that call was never answered
            os.write(record, b"\n")
        batches = set()
        for line in lines:
            try:
                call = DialledCall(**json.loads(line))
            except (ValueError, TypeError):
                continue
            # Two sandboxes may have written to one record: its order counts.
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
        """Accept calls, which are valid, and return the id of the batch that they became."""
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
        """Return an ID that no batch has; the same ones in the same order for the same seed and clock."""
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
        """Note a request that arrived in full; the caller fills in `answer`."""
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
        """How many calls were accepted."""
        with self._lock:
            return self._total

    @property
    def batches(self) -> int:
        """How many batches were accepted."""
        with self._lock:
            return self._batches

    @property
    def requests_total(self) -> int:
        """How many whole requests the vendor's endpoints got."""
        with self._lock:
            return self._requests_total

    def calls(self) -> list[DialledCall]:
        """Return every accepted call, in order; empty unless all are remembered."""
        with self._lock:
            return list(self._calls)

    def counts(self) -> dict[str, int]:
        """Return how often each number was called; empty when only the count is remembered."""
        with self._lock:
            return {} if self.remember is Remember.COUNT else dict(self._counts)

    def called_twice(self) -> list[str]:
        """Return the numbers that were called more than once."""
        return [number for number, count in self.counts().items() if count > 1]

    def requests(self) -> list[SeenRequest]:
        """Return the latest requests (at most 10,000), in order."""
        with self._lock:
            return list(self._requests)

    def reset(self) -> None:
        """Forget calls and requests, in the record file too."""
        with self._lock:
            self._clear()
            if self._record is not None:
                os.ftruncate(self._record, 0)
