"""The result of `xuna run`: its steps, and what came of the calls."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import ExitStatus, XunaError
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.messages import counted, error_text, sentence
from xuna_cli.output.opt_outs import harvest_notes
from xuna_cli.output.outcomes import OutcomesFound
from xuna_cli.output.result import Result, Table
from xuna_cli.output.uncalled import never_callable


class StepStatus(StrEnum):
    """What became of a step."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a run besides the calls.

    Attributes:
        name: `outcomes`, `settle`, `opt-outs` or `report`.
        status: what became of it.
        message: what it found, or why it failed.
    """

    name: str
    status: StepStatus
    message: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, and where it comes from."""

    key: str
    value: object
    source: str


@dataclass(frozen=True, slots=True)
class CheckedCampaign(Result):
    """The result of `xuna run --check`.

    Attributes:
        campaign_file: the campaign file.
        campaign: the campaign's name, if known.
        settings: every setting that is not the program's default.
        problems: what a run would end with.
    """

    campaign_file: str
    campaign: str | None
    settings: Sequence[Setting]
    problems: Sequence[XunaError]

    @property
    def errors(self) -> Sequence[XunaError]:
        """What a run would end with, each once."""
        return unique(self.problems)

    def document(self) -> Mapping[str, object]:
        """Return every setting."""
        return {
            "campaign_file": self.campaign_file,
            "campaign": self.campaign,
            "settings": [{"key": one.key, "value": one.value, "source": one.source} for one in self.settings],
        }

    def rows(self) -> Iterator[Sequence[object]]:
        """Yield a row for each setting."""
        yield "key", "value", "source"
        for one in self.settings:
            yield one.key, _as_text(one.value), one.source

    def parts(self) -> Iterator[Table | str]:
        """Yield the settings, and whether a run can start."""
        rows = [(one.key, _as_text(one.value), one.source) for one in self.settings]
        yield Table(("Setting", "Value", "From"), rows)
        yield "Everything else has its default."
        if not self.errors:
            yield f"{self.campaign_file} can be run. To rehearse: xuna run {shlex.quote(self.campaign_file)} --dry-run"

    def remarks(self) -> Iterator[str]:
        """Yield what is wrong or missing."""
        return map(error_text, self.errors)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def unique(errors: Iterable[XunaError]) -> list[XunaError]:
    """Return errors, equal ones once."""
    return list({(error.code, error.message): error for error in errors}.values())


@dataclass(frozen=True, slots=True)
class RunResult(Result):
    """The result of `xuna run`.

    Attributes:
        exit_status: the exit status.
        campaign_file: the campaign file.
        calls: what came of the calls of this run.
        steps: the other steps, in their order.
        outcomes: the outcomes of earlier calls; None if there were none, or they could not be read.
        report_file: the report, if it was written.
        own_errors: errors of the other steps.
        finished: whether nothing will be due any more.
        note_of_keys: returns the keys of the campaign file for the options that a text names, as a phrase, or "".
    """

    exit_status: ExitStatus = field()
    campaign_file: str
    calls: BatchCallResult
    steps: Sequence[Step] = ()
    outcomes: OutcomesFound | None = None
    report_file: str | None = None
    own_errors: Sequence[XunaError] = ()
    finished: bool = False
    note_of_keys: Callable[[str], str] = lambda _: ""

    @property
    def errors(self) -> Sequence[XunaError]:
        """Errors of all steps, each once."""
        return unique([*self.own_errors, *self.calls.errors])

    @property
    def partial(self) -> bool:
        """Whether any step has done something."""
        return self.calls.partial or any(step.status is StepStatus.DONE for step in self.steps)

    @property
    def _is_blank(self) -> bool:
        """Whether the calls could not begin."""
        return bool(self.calls.errors) and self.calls.ledger is None

    def document(self) -> Mapping[str, object]:
        """Return the steps, and the documents of outcomes and calls."""
        return {
            "campaign_file": self.campaign_file,
            "campaign": self.calls.campaign,
            "campaign_finished": self.finished,
            "dry_run": self.calls.dry_run,
            "sandbox": self.calls.sandbox,
            "steps": [
                {"step": step.name, "status": step.status.value, "message": step.message}
                for step in self.steps
            ],
            "outcomes": None if self.outcomes is None else self.outcomes.document(),
            "batch_call": self.calls.document(),
            "report": self.report_file,
        }

    def rows(self) -> Iterator[Sequence[object]]:
        """Yield a row for each batch."""
        return self.calls.rows()

    def parts(self) -> Iterator[Table | str]:
        """Yield a line for each step, and what came of the calls."""
        # Where the calls could not begin, the error says what is wrong: steps without work would hide it.
        quiet = {StepStatus.FAILED, StepStatus.SKIPPED} if self._is_blank else {StepStatus.FAILED}
        told = [step for step in self.steps if step.status not in quiet]
        before = [step.message for step in told if step.name != "report"]
        yield from [*before, ""] if before else []
        calls = ["Nobody was called."] if self._is_blank else list(self.calls.parts())
        yield from calls
        yield from (step.message for step in told if step.name == "report")
        if self.finished:
            rejected, never = self.calls.report.counts["rejected"], never_callable(self.calls.report)
            to_fix = [f"the {counted(rejected, 'rejected row', 'rejected rows')}"] if rejected else []
            if never:
                to_fix.append(f"the calling times of {counted(never, 'person', 'people')}")
            unless = f" unless you fix {' and '.join(to_fix)}" if to_fix else ""
            yield ""
            yield (
                f"Campaign {self.calls.campaign} has finished: nobody will be called any more{unless}. If cron runs "
                "it, you can remove that line."
            )
        if note := self.note_of_keys("\n".join(part for part in calls if isinstance(part, str))):
            yield ""
            yield sentence(note)

    def remarks(self) -> Iterator[str]:
        """Yield notes about opt-outs and the calls."""
        if self.outcomes is not None and self.outcomes.harvest is not None:
            yield from harvest_notes(self.outcomes.harvest)
        yield from self.calls.remarks()

    def unseen(self) -> Iterator[str]:
        """Yield who can't be called with these options, and the keys of the options that help."""
        unseen = list(self.calls.unseen())
        yield from unseen
        if note := self.note_of_keys("\n".join(unseen)):
            yield f"  {note}"
