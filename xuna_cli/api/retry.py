"""Reading again: a GET changes nothing, so that one that failed for now may be made again, within bounds."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from queue import SimpleQueue
from typing import Protocol, TypeVar

from xuna_cli.api.client import BusyError
from xuna_cli.errors import UnreachableError

TRIES = 8
TRIES_AT_START = 3  # where the API never answered, and did not ask to wait: a command ends within seconds
LONGEST_AT_START_S = 5.0
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0  # also of what a `Retry-After` may ask for
AT_ONCE = 6  # readings on the wire; each has a connection of its own

Params = Mapping[str, str | int]
T = TypeVar("T")
R = TypeVar("R")


class Reader(Protocol):
    """What can GET a JSON document, as `Client` does."""

    def get(self, path: str, params: Params | None = None) -> object:
        """Return the document; raises `BusyError` where it may succeed later."""


class RetryingReader:
    """A reader that waits and reads again where the API asks for it, or fails by itself. Thread-safe.

    Args:
        reader: what reads.
        wait: sleeps for so many seconds; None: really, until `stop`.
        on_wait: told before each wait for how many seconds, and why.
        tries: readings of one document, at most; fewer while nothing was ever read.
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
        """Read no more: whoever waits in another thread gives up."""
        self._stopped.set()

    def get(self, path: str, params: Params | None = None) -> object:
        """GET a JSON document.

        Raises:
            ConfigurationError: if the API refuses it.
            UnreachableError: if it keeps failing, or asks for a longer wait than anybody wants.
        """
        backoff = FIRST_WAIT_S
        began = time.monotonic()
        for tried in range(1, self._tries + 1):
            try:
                document = self._reader.get(path, params)
            except BusyError as error:
                asked = error.retry_after
                if tried == self._tries or self._stopped.is_set():
                    raise
                is_late = tried >= TRIES_AT_START or time.monotonic() - began > LONGEST_AT_START_S
                if is_late and not error.asks_to_wait and not self._has_read:
                    raise
                if asked is not None and asked > LONGEST_WAIT_S:
                    raise UnreachableError(
                        f"{error.message}; the API asks to wait {asked:,.0f} s",
                        hint="run the same command again after that time",
                    ) from error
                why = error
                # Jitter: several readers that were refused together don't come back together.
                pause = (asked or 0.0) + backoff * random.uniform(0.5, 1.0)  # noqa: S311
                backoff = min(backoff * 2, LONGEST_WAIT_S)
            else:
                self._has_read = True
                return document
            self._on_wait(pause, why)
            self._wait(pause)
        raise AssertionError("unreachable: the last try returns or raises")


def several(function: Callable[[T], R], items: Iterable[T], *, at_once: int = AT_ONCE) -> Iterator[R]:
    """Yield `function(item)` for every item, in order, several at once, in constant memory.

    The threads are daemons: who stops reading, or is interrupted, waits for none of them.

    Raises:
        Exception: what the function raised, where its result would have come.
    """
    work: SimpleQueue[tuple[T, SimpleQueue[tuple[R | None, BaseException | None]]] | None] = SimpleQueue()

    left: list[bool] = []

    def labour() -> None:
        while (job := work.get()) is not None:
            item, answer = job
            if left:
                return  # nobody waits for results any more
            try:
                answer.put((function(item), None))
            except BaseException as error:  # noqa: BLE001 - raised again where its result is waited for
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
    return result  # type: ignore[return-value]  # there is a result where there is no error
