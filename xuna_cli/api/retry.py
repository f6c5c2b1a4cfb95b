"""Retry GET requests within limits; they change nothing, so repeating them is safe."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from queue import SimpleQueue
from typing import Protocol, TypeVar

from xuna_cli.api.client import BusyError
from xuna_cli.errors import UnreachableError

TRIES = 8
TRIES_AT_START = 3  # if the API never answered and did not ask to wait, so that a command ends within seconds
LONGEST_AT_START_S = 5.0
LONGEST_ASKED_AT_START_S = 60.0  # waited in all, if the API never gave a document and only asks to wait
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0  # also the limit for a `Retry-After`
RANDOM = random.SystemRandom()  # threads that still wait do not change the random numbers of others
AT_ONCE = 6  # concurrent reads, each with its own connection

Params = Mapping[str, str | int]
T = TypeVar("T")
R = TypeVar("R")


class Reader(Protocol):
    """An object that can GET a JSON document, such as `Client`."""

    def get(self, path: str, params: Params | None = None) -> object:
        """Return the document; raises `BusyError` if a retry may succeed."""


class RetryingReader:
    """A reader that waits and retries when the API is busy or can't be reached. Thread-safe.

    Args:
        reader: the reader for single requests.
        wait: sleeps for the given seconds (default: really, until `stop`).
        on_wait: called before each wait with the seconds and the error.
        tries: maximum number of tries for one document; fewer before the first success.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        wait: Callable[[float], None] | None = None,
        on_wait: Callable[[float, BusyError], None] = lambda _seconds, _why: None,
        tries: int = TRIES,
    ) -> None:
        self._reader = reader
        self._stopped = threading.Event()
        self._wait: Callable[[float], object] = self._stopped.wait if wait is None else wait
        self._on_wait = on_wait
        self._tries = tries
        self._has_read = False

    def stop(self) -> None:
        """Stop reading; threads that wait give up."""
        self._stopped.set()

    def get(self, path: str, params: Params | None = None) -> object:
        """GET a JSON document.

        Raises:
            ConfigurationError: the API refused the request.
            UnreachableError: the request keeps failing, or the API asks for too long a wait.
        """
        backoff, waited = FIRST_WAIT_S, 0.0
        began = time.monotonic()
        for tried in range(1, self._tries + 1):
            try:
                document = self._reader.get(path, params)
            except BusyError as error:
                asked = error.retry_after
                if tried == self._tries or self._stopped.is_set():
                    raise
                is_late = tried >= TRIES_AT_START or time.monotonic() - began > LONGEST_AT_START_S
                if error.asks_to_wait:
                    is_late = waited >= LONGEST_ASKED_AT_START_S
                if is_late and not self._has_read:
                    raise
                if asked is not None and asked > LONGEST_WAIT_S:
                    raise UnreachableError(
                        f"{error.message}; the API asks to wait {asked:,.0f} s",
                        hint="run the same command again after that time",
                    ) from error
                why = error
                # Jitter, so that several readers don't retry at the same time.
                pause = (asked or 0.0) + backoff * RANDOM.uniform(0.5, 1.0)
                backoff = min(backoff * 2, LONGEST_WAIT_S)
            else:
                self._has_read = True
                return document
            self._on_wait(pause, why)
            self._wait(pause)
            waited += pause
        raise AssertionError("unreachable: the last try returns or raises")


def several(function: Callable[[T], R], items: Iterable[T], *, at_once: int = AT_ONCE) -> Iterator[R]:
    """Yield `function(item)` for every item in order; runs several at once, in constant memory.

    The threads are daemons: a caller that stops reading, or is interrupted, does not wait for them.

    Raises:
        Exception: an exception of the function, at the position of its result.
    """
    work: SimpleQueue[tuple[T, SimpleQueue[tuple[R | None, BaseException | None]]] | None] = SimpleQueue()

    left: list[bool] = []

    def labour() -> None:
        while (job := work.get()) is not None:
            item, answer = job
            if left:
                return  # the caller has stopped reading results
            try:
                answer.put((function(item), None))
            except BaseException as error:  # noqa: BLE001 - raised again at the position of its result
                answer.put((None, error))

    waiting: list[SimpleQueue[tuple[R | None, BaseException | None]]] = []
    threads = 0
    try:
        for item in items:
            if threads < at_once:
                threading.Thread(target=labour, daemon=True, name="xuna-reader").start()
                threads += 1
            answer: SimpleQueue[tuple[R | None, BaseException | None]] = SimpleQueue()
            work.put((item, answer))
            waiting.append(answer)
            if len(waiting) >= 2 * at_once:
                yield _taken(waiting.pop(0))
        while waiting:
            yield _taken(waiting.pop(0))
    finally:
        left.append(True)
        for _ in range(threads):
            work.put(None)


def _taken(answer: SimpleQueue[tuple[R | None, BaseException | None]]) -> R:
    result, error = answer.get()
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # without an error, there is a result
