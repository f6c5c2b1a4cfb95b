"""What commands show and keep of a run or a rehearsal while it is under way."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from xuna_cli.dialing.observer import RunObserver
from xuna_cli.dialing.report import Progress
from xuna_cli.errors import XunaError
from xuna_cli.ledger.brakes import Figures
from xuna_cli.ledger.last_calls import RecentCalls
from xuna_cli.ledger.records import BatchRecord
from xuna_cli.models import CallTarget, Rejection
from xuna_cli.output.messages import counted, say
from xuna_cli.output.progress import ProgressLine
from xuna_cli.screening.do_not_call import NumberList
from xuna_cli.times import for_people

if TYPE_CHECKING:
    from xuna_cli.output.spreadsheet import Rejects


class ProgressShown(RunObserver):
    """Shows progress on a terminal.

    Args:
        line: where.
    """

    def __init__(self, line: ProgressLine) -> None:
        self._line = line

    def progress(self, progress: Progress) -> None:
        """Show the progress."""
        self._line.show(progress)


class RejectsKept(RunObserver):
    """Collects rejected rows for the file of `--rejects`.

    Args:
        rejects: the file.
    """

    def __init__(self, rejects: "Rejects") -> None:
        self._rejects = rejects

    def rejection(self, rejection: Rejection) -> None:
        """Collect a rejected row."""
        self._rejects.add(rejection)


class RecentlyCounted(RunObserver):
    """Counts people who were called lately in other campaigns: in a rehearsal who would be called, in a run who is.

    Args:
        recently: the counter.
    """

    def __init__(self, recently: RecentCalls) -> None:
        self._recently = recently

    def fit(self, targets: Sequence[CallTarget]) -> None:
        """Count people who would be called."""
        self._recently.add([target.to_phone_number for target in targets])

    def claimed(self, targets: Sequence[CallTarget]) -> None:
        """Count people who are about to be called."""
        self._recently.add([target.to_phone_number for target in targets])


class RunSaid(RunObserver):
    """Prints what a run does, on stderr.

    Args:
        quiet: print only what changes who is called.
        verbose: print the outcome of each batch.
    """

    def __init__(self, *, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose

    def batch(self, record: BatchRecord) -> None:
        """Print the outcome of a batch."""
        if self._verbose:
            what = record.batch_id or record.error or ""
            calls = counted(record.size, "call", "calls")
            say(f"batch {record.id}: {calls} {record.state.value} {what}".rstrip())

    def waiting(self, people: int, opens_at: datetime) -> None:
        """Print when the next people may be called."""
        if not self._quiet:
            who = counted(people, "person can't", "people can't")
            say(f"xuna: {who} be called yet. The next calls can be made at {for_people(opens_at)}.")

    def waiting_for_outcomes(self, figures: Figures) -> None:
        """Print that the canary's people are called."""
        if not self._quiet:
            people = counted(figures.called, "person of the canary is", "people of the canary are")
            say(f"xuna: {people} called; waiting for the outcomes before anybody else is called")

    def outcomes_not_read(self, error: XunaError) -> None:
        """Print why the outcomes could not be read."""
        say(f"xuna: warning: {error.message}; trying again")

    def lists_read_again(self, lists: Sequence[NumberList]) -> None:
        """Print the size of changed do-not-call lists."""
        say_lists(lists, quiet=self._quiet)


def say_lists(lists: Sequence[NumberList], *, quiet: bool) -> None:
    """Print how many numbers do-not-call lists have, and what is odd about the lists."""
    for each in lists:
        from xuna_cli.commands.calling.suppression_list import said_of, warning_of

        if not quiet:
            say(f"xuna: {said_of(each)}")
        if warning := warning_of(each):
            say(f"xuna: warning: {warning}")
