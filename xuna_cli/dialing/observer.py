"""What a run tells while it is under way."""

from collections.abc import Callable, Sequence
from datetime import datetime

from xuna_cli.dialing.report import Pause, Progress
from xuna_cli.ledger.records import BatchRecord, ClaimStatus
from xuna_cli.models import CallTarget, Reason, Rejection
from xuna_cli.screening.do_not_call import NumberList


class RunObserver:
    """Is told what a run or a rehearsal does; does nothing about it. Senders tell from their own threads."""

    def rejection(self, rejection: Rejection) -> None:
        """A row is rejected, or screened out for good."""

    def known(self, target: CallTarget, status: ClaimStatus, of_row: int | None) -> None:
        """A row's person is in the ledger, or stands in another row; that is `of_row`, where it is known."""

    def batch(self, record: BatchRecord) -> None:
        """A POST has its outcome."""

    def claimed(self, targets: Sequence[CallTarget]) -> None:
        """A run has claimed people, and is about to call them; told from the calling thread."""

    def progress(self, progress: Progress) -> None:
        """How far things are; told now and then from the calling thread."""

    def pause(self, pause: Pause) -> None:
        """Nothing is sent for a while; whoever was refused is sent again then."""

    def deferral(self, target: CallTarget, reason: Reason) -> None:
        """A row has to wait for its calling hours."""

    def outcome(self, record: BatchRecord, targets: Sequence[CallTarget]) -> None:
        """The people of a batch are settled: they were called, or may have been."""

    def waiting(self, people: int, opens_at: datetime) -> None:
        """So many people wait for their calling hours; the first of these begin then."""

    def lists_read_again(self, lists: Sequence[NumberList]) -> None:
        """Do-not-call lists have changed while the run waited, and were read again."""

    def fit(self, targets: Sequence[CallTarget]) -> None:
        """A rehearsal has found people who would be called."""


class Observers(RunObserver):
    """Passes on all that it is told to several observers, in their order."""

    def __init__(self, *observers: RunObserver) -> None:
        self.observers = observers


def _pass_on(name: str) -> Callable[..., None]:
    def tell(self: Observers, *told: object) -> None:
        for observer in self.observers:
            getattr(observer, name)(*told)

    return tell


for _name in vars(RunObserver):
    if not _name.startswith("_"):
        setattr(Observers, _name, _pass_on(_name))
