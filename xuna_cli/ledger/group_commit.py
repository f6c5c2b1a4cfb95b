"""Group commit: changes that several senders make at the same time share one transaction.

A commit costs the same whatever is in it (some syncs of the disk), and commits come one after the other. Without
this, senders wait for each other: with 8 of them and a server that takes 50 ms, a third of their time.
"""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast

T = TypeVar("T")


class GroupCommit:
    """Commits changes of several threads in shared transactions.

    Args:
        lock: what a transaction is made under.
        transaction: all or nothing, and on the disk when it ends.
    """

    def __init__(
        self, lock: AbstractContextManager[Any], transaction: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._lock = lock
        self._transaction = transaction
        self._waiting: deque[_Step] = deque()

    def run(self, change: Callable[[], T]) -> T:
        """Make a change; it is on the disk when this returns.

        Args:
            change: made inside a transaction; a second time if the first was rolled back for another's sake.

        Returns:
            What `change` returned.

        Raises:
            Exception: what `change`, or the transaction, raised. Nothing of the change has happened then.
        """
        step = _Step(change)
        self._waiting.append(step)
        with self._lock:
            # Whoever has the lock makes what has come together meanwhile, also for those behind.
            if not step.made:
                self._commit([self._waiting.popleft() for _ in range(len(self._waiting))])
        if step.error is not None:
            raise step.error
        if not step.made:
            raise RuntimeError("a change was lost")  # never; but nobody may be called on the strength of it
        return cast(T, step.result)

    def _commit(self, steps: list["_Step"]) -> None:
        try:
            with self._transaction():
                results = [step.change() for step in steps]
        except BaseException as error:  # noqa: BLE001 - raised by `run`, in the thread that it belongs to
            if len(steps) > 1:  # nothing of it has happened; each gets a result, or an error, of its own
                for step in steps:
                    self._commit([step])
                return
            steps[0].error = error
            results = [None]
        for step, result in zip(steps, results, strict=True):
            step.result = result
            step.made = True


class _Step:
    """A change that waits for a transaction, and what came of it."""

    __slots__ = ("change", "error", "made", "result")

    def __init__(self, change: Callable[[], object]) -> None:
        self.change = change
        self.made = False
        self.result: object = None
        self.error: BaseException | None = None
