"""Events of a run."""

from collections.abc import Callable, Sequence
from datetime import datetime

from xuna_cli.dialing.report import Pause, Progress
from xuna_cli.errors import XunaError
from xuna_cli.ledger.brakes import Figures
from xuna_cli.ledger.records import BatchRecord, ClaimStatus
from xuna_cli.models import CallTarget, Reason, Rejection
from xuna_cli.screening.do_not_call import NumberList


class RunObserver:
    """Receives the events of a run or a rehearsal and ignores them. Senders call from their own threads."""

    def rejection(self, rejection: Rejection) -> None:
        """A row is rejected or permanently screened out."""

    def known(self, target: CallTarget, status: ClaimStatus, of_row: int | None) -> None:
        """A row's person is in the ledger or in another row (`of_row`, if known)."""

    def batch(self, record: BatchRecord) -> None:
        """A POST has its outcome."""

    def claimed(self, targets: Sequence[CallTarget]) -> None:
        """A run has claimed people and is about to call them. Called from the main thread."""

    def progress(self, progress: Progress) -> None:
        """The progress, at intervals. Called from the main thread."""

    def pause(self, pause: Pause) -> None:
        """All senders pause; refused batches are sent again afterwards."""

    def deferral(self, target: CallTarget, reason: Reason) -> None:
        """A row has to wait until its person may be called."""

    def outcome(self, record: BatchRecord, targets: Sequence[CallTarget]) -> None:
        """The people of a batch were called, or may have been."""

    def waiting(self, people: int, opens_at: datetime) -> None:
        """People wait until they may be called; the first of them may be at the given time."""

    def waiting_for_outcomes(self, figures: Figures) -> None:
        """The people of the canary are called; nobody else is before their outcomes are known."""

    def outcomes_not_read(self, error: XunaError) -> None:
        """The outcomes that the run waits for could not be read; it tries again."""

    def lists_read_again(self, lists: Sequence[NumberList]) -> None:
        """Do-not-call lists have changed while the run waited, and were read again."""

    def fit(self, targets: Sequence[CallTarget]) -> None:
        """A rehearsal has found people to call."""


class Observers(RunObserver):
    """Passes events on to several observers, in order."""

    def __init__(self, *observers: RunObserver) -> None:
        for name, ignore in vars(RunObserver).items():
            if not name.startswith("_"):
                methods = [getattr(one, name) for one in observers]
                listening = [each for each in methods if getattr(each, "__func__", None) is not ignore]
                setattr(self, name, _to_all(listening))


def _to_all(told: Sequence[Callable[..., None]]) -> Callable[..., None]:
    """Return a function that calls all of these; most events of a row concern nobody or one."""
    if len(told) == 1:
        return told[0]

    def tell(*event: object) -> None:
        for each in told:
            each(*event)

    return tell
