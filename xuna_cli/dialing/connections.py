"""The connections of one sender: one for each POST; the next one is opened during a POST.

Nothing is sent on a connection before the batch's intent is on disk, whenever it was opened. A connection that
was opened ahead is therefore as safe as any other, and connecting costs no extra time.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Self

from xuna_cli.api.outcomes import NotSent
from xuna_cli.dialing.context import Api, Connection
from xuna_cli.hooks import reached


class Connections:
    """Opens connections for one sender, which closes each after its POST.

    Args:
        api: the API.
        ahead: tells whether to open the next connection ahead: another batch can be sent at once.
    """

    def __init__(self, api: Api, *, ahead: Callable[[], bool] = lambda: False) -> None:
        self._api = api
        self._is_wanted = ahead
        self._ahead: _Ahead | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._ahead is not None:
            self._ahead.drop()

    def connect(self) -> Connection | NotSent:
        """Return the connection that was opened ahead, if usable, or a new one, or the reason why there is none."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead.result(), None
            if ahead is not None and ahead.take_up():
                reached("ahead:taken")
                return ahead
            if ahead is not None:
                ahead.__exit__()
        reached("post:before-connecting")
        connection = self._api.connect()
        if not isinstance(connection, NotSent):
            reached("post:connected")
        return connection

    def open_next(self) -> None:
        """Start to open the next connection, if it will be needed."""
        if self._ahead is None and self._is_wanted():
            # If no thread can be started, the connection is opened when it is needed.
            with contextlib.suppress(RuntimeError):
                self._ahead = _Ahead(self._api)


class _Ahead:
    """A connection that is being opened; a failure means no connection."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._dropped = False
        self._thread = threading.Thread(target=self._open, name="ahead", daemon=True)
        self._thread.start()

    def _open(self) -> None:
        reached("ahead:before-connecting")
        connection = self._api.connect()
        if isinstance(connection, NotSent):
            return
        reached("ahead:connected")
        with self._lock:
            if self._dropped:
                connection.__exit__()
            self._connection = connection

    def result(self) -> Connection | None:
        """Wait for the connection."""
        self._thread.join()
        return self._connection

    def drop(self) -> None:
        """Close the connection, now or once it is open."""
        with self._lock:
            self._dropped = True
            if self._connection is not None:
                self._connection.__exit__()
