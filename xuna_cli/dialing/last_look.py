"""The moment between connecting and the first byte."""

from collections.abc import Callable, Mapping


class LastLook:
    """What is done between connecting and the first byte: to look once more, and to put it on the disk.

    Args:
        stopping: whether the run is to send nothing more.
        submit: puts it on the disk that the first byte is about to go out, or returns whom the ledger's
            do-not-call list has got.
        may_send: whether the run, its lock, the hours and the end still allow it, now that it is there: the
            disk takes its time, too.

    Attributes:
        submitted: whether it is on the disk.
        listed: those numbers, and why.
        error: why it could not be put there, or be asked; nothing is sent then.
    """

    def __init__(
        self,
        *,
        stopping: Callable[[], bool],
        submit: Callable[[], Mapping[str, str]],
        may_send: Callable[[], bool],
    ) -> None:
        self._stopping = stopping
        self._submit = submit
        self._may_send = may_send
        self.submitted = False
        self.listed: Mapping[str, str] = {}
        self.error: BaseException | None = None

    def __call__(self) -> bool:
        """Return whether the first byte may go out."""
        try:
            if self._stopping():
                return False
            self.listed = self._submit()
            self.submitted = not self.listed
            return self.submitted and self._may_send()
        except BaseException as error:  # noqa: BLE001 - raised again outside the client, which takes it for its own
            self.error = error
            return False
