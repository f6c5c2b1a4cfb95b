"""Signals: the first one asks the run to stop, the second one quits at once.

A handler sets a flag, or raises if no run is in progress. It takes no lock, because the thread that it interrupted
may hold that lock. It never raises during an import: Python would keep a half-loaded module, which causes another
error or a traceback.
"""

import os
import signal
from types import FrameType

RETRY_S = 0.005  # seconds between two checks whether an import has ended

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal asked the program to exit. It is not an error, so `except Exception` does not catch it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class Interrupts:
    """The signals that have arrived."""

    def __init__(self) -> None:
        self.signum: int | None = None
        self._graceful = False

    def install(self) -> None:
        """Install handlers, except for signals that were ignored at the start (nohup)."""
        self._graceful = False
        for signum in SIGNALS:
            if signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._handle)
        signal.signal(signal.SIGALRM, self._retry)

    def let_finish(self) -> None:
        """From here to the program's end, only record the first signal, so that the result is printed."""
        self._graceful = True
        signal.setitimer(signal.ITIMER_REAL, 0)

    def asked(self) -> bool:
        """Return whether a signal has asked to stop."""
        return self.signum is not None

    def check(self) -> None:
        """Raise for a signal that arrived during an import, now that the import has ended.

        Raises:
            Interrupted: a signal asked the program to exit.
        """
        if self.signum is not None and not self._graceful:
            raise self._only(self.signum)

    def __enter__(self) -> None:
        """From here on, only record the first signal; requests in progress are finished."""
        self._graceful = True

    def __exit__(self, *_: object) -> None:
        self._graceful = False

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if self.signum is not None:
            _say(
                b"\nxuna: Quit. Requests in progress may have called people; the next run marks those as held.\n"
            )
            os._exit(128 + self.signum)
        self.signum = signum
        if self._graceful:
            _say(b"\nxuna: Stopping after the requests in progress. Press Ctrl-C again to quit now.\n")
        else:
            self._retry(signum, frame)

    def _retry(self, _signum: int, frame: FrameType | None) -> None:
        """Raise, or try again shortly if an import is in progress."""
        if self.signum is None or self._graceful:
            return
        if _is_importing(frame):
            signal.setitimer(signal.ITIMER_REAL, RETRY_S)
        else:
            raise self._only(self.signum)

    def _only(self, signum: int) -> Interrupted:
        """Return the only exception to raise: a timer that is still set must not raise where it is handled."""
        self.let_finish()
        return Interrupted(signum)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _say(text: bytes) -> None:
    try:  # noqa: SIM105 - contextlib is not imported this early
        os.write(2, text)
    except OSError:  # stderr has no reader any more; an exception in a handler could end the run anywhere
        pass


INTERRUPTS = Interrupts()
