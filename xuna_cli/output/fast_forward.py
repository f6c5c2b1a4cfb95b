"""The days of a simulated campaign, as a table or JSON."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, field, fields
from datetime import datetime

from xuna_cli.dataclass import dataclass
from xuna_cli.dialing.report import Report
from xuna_cli.errors import ExitStatus, XunaError
from xuna_cli.outcomes.days import Day
from xuna_cli.output.brakes import brake_lines
from xuna_cli.output.messages import count_words, counted, sentence
from xuna_cli.output.result import Result, Table
from xuna_cli.times import for_machines, for_people

FROM_WIDTH = {"Exhausted": 80, "Deferred": 68}
NOT_CALLED = ("rejected", "do_not_call", "screened", "deferred", "not_sent")
NUMBERS = ("Called", "Answered", "Successes", "Opt-outs", "Deferred", "Exhausted")


@dataclass(frozen=True, slots=True)
class FastForwarded(Result):
    """A campaign that was carried through simulated time.

    Attributes:
        exit_status: exit status of the last run.
        errors: errors of the last run.
        campaign: the campaign's name.
        days: the days.
        began: simulated time of the first run.
        ended: simulated time of the last run.
        reason: why the simulation ended before the campaign had finished; empty if it has.
        held: number of people in held batches.
        ledger: the ledger's path; None if it was temporary.
        simulated: what was simulated, for people.
        reads_opt_outs: whether the campaign says what an opt-out is.
        report: report of the last run.
    """

    exit_status: ExitStatus = field()
    errors: Sequence[XunaError] = field()
    campaign: str
    days: Sequence[Day]
    began: datetime
    ended: datetime
    reason: str
    held: int
    ledger: str | None
    simulated: str
    reads_opt_outs: bool
    report: Report

    @property
    def partial(self) -> bool:
        """True: the days are complete, whatever the last run met."""
        return True

    @property
    def finished(self) -> bool:
        """Whether nothing will be due any more."""
        return not self.reason

    @property
    def runs(self) -> int:
        """Number of runs."""
        return sum(day.runs for day in self.days)

    def document(self) -> Mapping[str, object]:
        """Return the days."""
        return {
            "campaign": self.campaign,
            "campaign_finished": self.finished,
            "reason": self.reason or None,
            "began_at": for_machines(self.began),
            "ended_at": for_machines(self.ended),
            "simulated": self.simulated,
            "runs": self.runs,
            "held": self.held,
            "ledger": self.ledger,
            "not_called": self._not_called(),
            "rules": self._rules(),
            "days": self._days(),
        }

    def rows(self) -> Iterator[Sequence[object]]:
        """Yield a row for each day."""
        yield [one.name for one in fields(Day)]
        yield from (list(day.values()) for day in self._days())

    def _not_called(self) -> Mapping[str, int]:
        """Return the rows of people whom no run has called."""
        counts, again = self.report.counts, self.report.again
        return {name: rows for name in NOT_CALLED if (rows := counts[name] - again.get(name, 0))}

    def _rules(self) -> Mapping[str, int]:
        """Return why the last run did not call people, by code."""
        causes = Counter({cause.code: cause.rows for cause in self.report.causes})
        return dict(causes + Counter(self.report.reasons))

    def _days(self) -> Sequence[Mapping[str, object]]:
        return [{**asdict(day), "day": day.day.isoformat()} for day in self.days]

    def parts(self) -> Iterator[Table | str]:
        """Yield a row for each day, and the end."""
        rows = [*map(_row, self.days), self._total()]
        yield Table(("Day", *NUMBERS), rows, right=NUMBERS, from_width=FROM_WIDTH)
        end = for_people(self.ended)
        runs = counted(self.runs, "simulated run", "simulated runs")
        if self.finished:
            yield f"Campaign {self.campaign!r} would finish at {end}, after {runs}."
        else:
            yield f"Campaign {self.campaign!r} would not have finished at {end}, after {runs}: {self.reason}."
        yield from map(sentence, brake_lines(self.report.braked))
        if left := self._not_called():
            people = ", ".join(count_words(name, rows) for name, rows in left.items())
            codes = ", ".join(self._rules())
            yield f"Never called: {people}{f' ({codes})' if codes else ''}."
        yield f"This was a simulation, and nobody was called: {self.simulated}."
        if not self.reads_opt_outs:
            yield "Opt-outs were not read, because opt-out-when is not set."
        if self.held:
            people = counted(self.held, "person is", "people are")
            yield f"{people} held. In a real campaign, you would decide about them: xuna help crash"
        if self.ledger is not None:
            yield f"The ledger of this simulation: {self.ledger}"

    def _total(self) -> Sequence[object]:
        days = self.days
        return (
            "Total",
            f"{sum(day.called for day in days):,}",
            f"{sum(day.answered for day in days):,}",
            f"{sum(day.successes for day in days):,}",
            f"{sum(day.opt_outs for day in days):,}",
            "",
            "",
        )


def _row(day: Day) -> Sequence[object]:
    numbers = (day.called, day.answered, day.successes, day.opt_outs, day.deferred, day.exhausted)
    return (f"{day.day:%a %d %b}", *(f"{number:,}" for number in numbers))
