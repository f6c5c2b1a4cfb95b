"""The moment between connecting and the first byte."""

from collections.abc import Callable, Mapping


class LastLook:
    """What is done between connecting and the first byte: to look once more, and to put it on the disk.

    Args:
        may_submit: whether the run, the hours and the end still allow it.
        submit: puts it on the disk that the first byte is about to go out, or returns whom the ledger's
            do-not-call list has got.
        holds: whether the run still holds its lock, now that it is there.

    Attributes:
        submitted: whether it is on the disk.
        listed: those numbers, and why.
        error: why it could not be put there; nothing is sent then.
    """

    def __init__(
        self,
        *,
        may_submit: Callable[[], bool],
        submit: Callable[[], Mapping[str, str]],
        holds: Callable[[], bool],
    ) -> None:
        self._may_submit = may_submit
        self._submit = submit
        self._holds = holds
        self.submitted = False
        self.listed: Mapping[str, str] = {}
        self.error: BaseException | None = None

    def __call__(self) -> bool:
        """Return whether the first byte may go out."""
        try:
            if not self._may_submit():
                return False
            self.listed = self._submit()
        except BaseException as error:  # noqa: BLE001 - raised again outside the client, which takes it for its own
            self.error = error
            return False
        self.submitted = not self.listed
        return self.submitted and self._holds()
