"""One run of a campaign file: read outcomes, settle held batches, add opt-outs, call, and write the report.

A step that fails is told, and does not undo another one. A wrong setting stops the run before its first step.
"""

import contextlib
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xuna_cli.commands.calling.batch_call import MAY_BE_CALLED, BatchCall, failed
from xuna_cli.commands.calling.call_inputs import campaign_of
from xuna_cli.commands.calling.outcomes_of_run import (
    OTHER_ROWS,
    needs_all_records,
    opt_out_errors,
    read_records,
    unchecked,
)
from xuna_cli.commands.calling.run_end import run_to_end
from xuna_cli.commands.campaign_file import note_of_keys, with_line
from xuna_cli.commands.campaigns.report import write_report_of
from xuna_cli.commands.context import address_in, ledger_for_reading
from xuna_cli.commands.opt_outs import harvester_of
from xuna_cli.commands.prompts import is_terminal
from xuna_cli.commands.run import RunOptions
from xuna_cli.dialing.report import Report
from xuna_cli.errors import ExitStatus, LedgerError, UsageError, XunaError, most_important
from xuna_cli.ledger.campaigns import campaigns, has_calls, settle_proven
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import BatchRecord, Campaign, ConversationSync
from xuna_cli.outcomes.opt_outs import Harvest, Harvester, parse_rules
from xuna_cli.outcomes.summary import summarise
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.messages import counted
from xuna_cli.output.opt_outs import harvest_line
from xuna_cli.output.outcomes import LiveSummary, OutcomesFound, summary_line
from xuna_cli.output.result import cut_off
from xuna_cli.output.run import RunResult, Step, StepStatus
from xuna_cli.screening.rules import OPT_OUTS_UNKNOWN

if TYPE_CHECKING:
    from xuna_cli.output.event_log import EventLog


def run(options: RunOptions) -> ExitStatus:
    """Do what is due, print the result, and return the exit code; raises as `run_to_end`."""
    return run_to_end("run", options, partial(_run, options), partial(_failed, options))


def _run(options: RunOptions, log: "EventLog | None") -> RunResult:
    with contextlib.ExitStack() as stack:
        return CampaignRun(options, stack, log).run()


def _failed(options: RunOptions, error: BaseException) -> RunResult:
    calls = failed(options, error)
    return RunResult(calls.exit_status, str(options.campaign_file), calls)


class CampaignRun:
    """One run of `xuna run`.

    Args:
        options: the command's options.
        stack: closes everything that is opened.
        log: the event log, or None.

    Raises:
        UsageError: a setting is wrong.
    """

    def __init__(self, options: RunOptions, stack: contextlib.ExitStack, log: "EventLog | None") -> None:
        self._options = options
        self._steps: list[Step] = []
        self._errors: list[XunaError] = []
        self._barred: XunaError | None = None
        self._settled: list[BatchRecord] = []
        self._sync: ConversationSync | None = None
        self._harvest: Harvest | None = None
        self._outcomes: OutcomesFound | None = None
        self._was_read = False
        self._report: str | None = None
        self._call: BatchCall | XunaError
        try:
            parse_rules(options.opt_out_when or ())
            self._call = BatchCall(options, stack, log)
            self._campaign = self._call.campaign
        except UsageError as error:
            raise with_line(error, options) from None
        except XunaError as error:  # the list can't be read, say: outcomes can be read without it
            self._call = error
            self._campaign = campaign_of(options)

    def run(self) -> RunResult:
        """Do what is due."""
        options = self._options
        if not options.dry_run:
            self._try("outcomes", self._look_back)
            if isinstance(self._call, BatchCall):
                self._call.look_back.outcomes_are_read = True
        calls = self._place()
        if options.report is not None and not options.dry_run:
            self._try("report", partial(self._write_report, options.report))
        statuses = {calls.exit_status, *(error.exit_status for error in self._errors)}
        return RunResult(
            most_important(statuses),
            str(options.campaign_file),
            calls,
            steps=self._steps,
            outcomes=self._outcomes,
            report_file=self._report,
            own_errors=self._errors,
            finished=self._is_finished(calls),
            note_of_keys=partial(note_of_keys, options=options),
        )

    def _look_back(self) -> None:
        """Read what came of earlier calls: outcomes, settled batches, opt-outs."""
        with contextlib.ExitStack() as stack:
            try:
                opened = stack.enter_context(ledger_for_reading(self._options))
            except LedgerError as error:
                if error.code != "ledger-missing":
                    raise
                self._skip("outcomes", "No outcomes yet: nobody was called.")
                return
            opened.recover()  # a batch of a run that was killed is held, and can be settled
            found = next((one for one in campaigns(opened) if one.name == self._campaign), None)
            if found is None or not has_calls(opened, found.id):
                self._skip("outcomes", "No outcomes yet: nobody was called.")
                return
            options = self._options
            harvester = harvester_of(
                options, opened, found, command="run", given=options.opt_out_when, quiet=options.quiet
            )
            self._was_read = self._try("outcomes", partial(self._read, opened, found, harvester))
            self._try("settle", partial(self._settle, opened, found))
            self._try("opt-outs", partial(self._add_opt_outs, harvester))
            summary = summarise(opened, found)
            if self._was_read:
                self._steps.insert(0, Step("outcomes", StepStatus.DONE, summary_line(summary)))
            self._outcomes = OutcomesFound(
                summary,
                address_in(self._options, found.name),
                harvest=self._harvest,
                settled=self._settled,
            )

    def _read(self, opened: Ledger, found: Campaign, harvester: Harvester) -> None:
        watched = is_terminal(sys.stderr) and not self._options.quiet
        try:
            with LiveSummary(watched=watched) as live:
                sync = self._sync = read_records(
                    self._options, opened, found, harvester, on_progress=live.sync
                )
            for incomplete in cut_off(sync.incomplete):
                raise incomplete
        except XunaError as error:
            if needs_all_records(harvester.rules, found):
                self._barred = unchecked(error, OTHER_ROWS)
            raise

    def _settle(self, opened: Ledger, found: Campaign) -> None:
        self._settled = settle_proven(opened, found.id)
        if self._settled:
            batches = counted(len(self._settled), "held batch was", "held batches were")
            self._done("settle", f"{batches} accepted: the records have all of the calls")

    def _add_opt_outs(self, harvester: Harvester) -> None:
        try:
            harvest = self._harvest = harvester.harvest(self._sync)
        except XunaError as error:
            self._barred = unchecked(error, "opt-outs could not be added to the do-not-call list")
            raise
        if harvest is None:
            return
        errors = opt_out_errors(harvest, sandbox=self._options.sandbox)
        if errors and harvest.fields:
            self._barred = unchecked(errors[0], "opt-outs could not be recognized")
        for wrong in errors:
            self._fail("opt-outs", wrong)
        if not errors:
            self._done("opt-outs", harvest_line(harvest))
        if harvest.unknown_person is not None:
            self._errors.append(harvest.unknown_person)
            if isinstance(self._call, BatchCall):
                self._call.look_back.may_have_opted_out = harvest.may_be

    def _place(self) -> BatchCallResult:
        """Call who may be called now."""
        try:
            if self._barred is not None:
                raise self._barred
            if isinstance(self._call, XunaError):
                raise self._call
            called = self._call.dry_run() if self._options.dry_run else self._call.run()
            self._call.warn_of_empty_list(called)
            return replace(called, outcomes_read=self._was_read)
        except XunaError as error:
            wrong = with_line(error, self._options)
            return replace(failed(self._options, wrong), campaign=self._campaign)

    def _write_report(self, to: Path) -> None:
        try:
            write_report_of(self._options, self._campaign, to)
        except XunaError as error:
            if error.code not in {"campaign-unknown", "ledger-missing"}:
                raise
            self._skip("report", "No report yet: nobody was called.")
            return
        self._report = str(to)
        self._done("report", f"{to} was written")

    def _is_finished(self, calls: BatchCallResult) -> bool:
        """Return whether nothing will be due any more, unless the list or the settings change."""
        report = calls.report
        return not (
            self._options.dry_run
            or calls.errors
            or self._errors
            or (self._outcomes is not None and self._outcomes.summary.undecided)
            or calls.held
            or _may_be_due(report)
        )

    def _try(self, name: str, do: Callable[[], None]) -> bool:
        """Take a step; record its failure, and return whether it succeeded."""
        try:
            do()
        except XunaError as error:
            self._fail(name, error)
            return False
        return True

    def _fail(self, name: str, error: XunaError) -> None:
        self._steps.append(Step(name, StepStatus.FAILED, error.message))
        self._errors.append(error)

    def _done(self, name: str, message: str) -> None:
        self._steps.append(Step(name, StepStatus.DONE, message))

    def _skip(self, name: str, message: str) -> None:
        self._steps.append(Step(name, StepStatus.SKIPPED, message))


def _may_be_due(report: Report) -> bool:
    """Return whether a later run may call somebody on this list, or learn what came of a call."""
    counts = report.counts
    if report.braked is not None and report.braked.verdict.is_final:  # nobody else is called, whoever is left
        return any(counts[name] for name in ("accepted", "in_flight", "held"))
    return (
        not report.list_complete
        or counts["rejected"] == sum(counts.values())  # an empty or unusable list is to be replaced
        or any(counts[name] for name in MAY_BE_CALLED)
        or report.awaiting_outcome > 0  # of --attempts
        or report.refused_calls > 0  # later runs try again
        or bool(report.reasons.get("called-recently"))  # until the quiet days are over
        or bool(report.reasons.get(OPT_OUTS_UNKNOWN))  # until the records are read
    )
