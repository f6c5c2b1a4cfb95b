"""`xuna batch-call`: run a campaign."""

import contextlib
import gc
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from xuna_cli.commands.account import Account, open_account
from xuna_cli.commands.call_options import BatchCallOptions
from xuna_cli.commands.calling.brakes import braked
from xuna_cli.commands.calling.call_inputs import rate_of
from xuna_cli.commands.calling.call_result import call_result, written
from xuna_cli.commands.calling.campaign_changes import agent_hash, check_changes
from xuna_cli.commands.calling.confirmation import ask, check_not_copied, preview_builder, preview_of
from xuna_cli.commands.calling.copied_list import how_to_call_again
from xuna_cli.commands.calling.look_back import LookBack, kept_rules
from xuna_cli.commands.calling.prepared_list import RECENT_DAYS, PreparedList
from xuna_cli.commands.calling.rehearsal import (
    check_with_ledger,
    dry_run,
)
from xuna_cli.commands.calling.run_end import run_to_end
from xuna_cli.commands.calling.run_evidence import RunEvidence
from xuna_cli.commands.calling.watchers import ProgressShown, RecentlyCounted, RejectsKept, RunSaid
from xuna_cli.commands.prompts import is_terminal
from xuna_cli.dialing.context import Plan, RunContext, Stop
from xuna_cli.dialing.observer import Observers, RunObserver
from xuna_cli.dialing.pipeline import targets_of
from xuna_cli.dialing.report import Report
from xuna_cli.dialing.run import Dialer
from xuna_cli.dialing.run_stats import RunStats
from xuna_cli.errors import (
    ConfigurationError,
    ExitStatus,
    LedgerError,
    UsageError,
    XunaError,
)
from xuna_cli.interrupts import INTERRUPTS, Interrupted
from xuna_cli.ledger.campaigns import has_calls
from xuna_cli.ledger.last_calls import RecentCalls
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import BatchRecord, RunDescription
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.messages import say
from xuna_cli.output.progress import Expected, PausesSaid, ProgressLine

if TYPE_CHECKING:
    from xuna_cli.output.event_log import EventLog
    from xuna_cli.output.spreadsheet import Rejects

NUMBERS_NAMED = 10
MAY_BE_CALLED = ("accepted", "deferred", "in_flight", "held", "not_sent")
"""Counts of people whom this run called, or another run may call."""


def batch_call(options: BatchCallOptions) -> ExitStatus:
    """Call everybody on the list, print the result, and return the exit code; raises as `run_to_end`."""
    return run_to_end("batch-call", options, partial(_call, options), partial(failed, options))


def failed(options: BatchCallOptions, error: BaseException) -> BatchCallResult:
    """Return the result of a run that failed before it had one."""
    stats = RunStats()
    if isinstance(error, Interrupted):
        status = ExitStatus(128 + error.signum)
    else:
        known = error if isinstance(error, XunaError) else XunaError("a bug in xuna", code="bug")
        stats.error(known)
        status = known.exit_status
    return BatchCallResult(status, None, None, options.dry_run, options.sandbox, None, False, stats.report())


def _call(options: BatchCallOptions, log: "EventLog | None") -> BatchCallResult:
    kept_rules(options)  # a wrong rule is told before anything is done
    with contextlib.ExitStack() as stack:
        call = BatchCall(options, stack, log)
        result = call.dry_run() if options.dry_run else call.run()
        call.warn_of_empty_list(result)
        if not options.quiet:
            call.say_why_nobody(result)
    return result


class BatchCall:
    """One run of `xuna batch-call`. Its warnings are printed when the object is made.

    Args:
        options: the command's options.
        stack: closes everything that is opened.
        log: the event log, or None.

    Attributes:
        look_back: finds who has opted out.

    Raises:
        XunaError: the run can't start.
    """

    def __init__(
        self, options: BatchCallOptions, stack: contextlib.ExitStack, log: "EventLog | None" = None
    ) -> None:
        self._options = options
        self._log = log
        self._rate = rate_of(options.rate)
        signed = None
        if options.signed_by is not None:
            from xuna_cli.commands.calling.signature import verified

            signed = verified(options.contacts, options.signed_by, stack)
        self._list = PreparedList(options, stack, source=None if signed is None else signed.file)
        self.look_back = LookBack(options, self._list)
        if options.require_seal or signed is not None:
            self._list.require_seal()
        self._signed_by = None if signed is None else f"{signed.signer} ({signed.key})"
        if signed is not None and not options.quiet:
            say(f"xuna: {options.contacts} is signed by {self._signed_by}.")
        rules = self._list.screening
        brakes, attempts = self._list.brakes, self._list.attempts
        waited_for = (
            rules.hours,
            rules.own_time,
            rules.start,
            rules.not_on,
            attempts,
            brakes and brakes.canary,
        )
        if options.wait and not any(waited_for):
            raise UsageError(
                "--wait has nothing to wait for",
                hint="add --hours, --start, --not-on, --attempts or --canary, or a column call_after to the list",
                code="wait",
            )
        self._list.say_warnings()

    @property
    def campaign(self) -> str:
        """Name of the campaign."""
        return self._list.campaign

    def check(self) -> None:
        """Check the settings with what the ledger knows of the campaign; raises as `check_with_ledger`."""
        with contextlib.ExitStack() as stack:
            check_with_ledger(self._list, stack)

    def dry_run(self) -> BatchCallResult:
        """Do everything except POSTs and writes."""
        collected = preview_builder(self._options, self._list)
        return dry_run(
            self._list, collected, preview=partial(preview_of, self._options, self._list, collected)
        )

    def run(self) -> BatchCallResult:
        """Call everybody on the list who may be called now."""
        options = self._options
        with contextlib.ExitStack() as stack:
            account = stack.enter_context(open_account(options))
            self._list.check_caller(account.agent_id, account.from_phone_number_id)
            rejects = self._list.open_rejects(stack)
            ledger = self._list.ledger_to_write(stack)
            description, campaign_id, caller = self._checked(account, ledger)
            self.look_back.before_calls(ledger, campaign_id)
            seen = braked(ledger, campaign_id, self._list.brakes)
            asked = ask(options, self._list, ledger, campaign_id, caller=caller, seen=seen)
            if isinstance(asked, Report):  # there is nobody to call now, so the person was not asked
                result = call_result(
                    self._list,
                    self.look_back.with_unknown_people(written(rejects, asked)),
                    ledger=ledger.location,
                    ledger_created=ledger.created,
                    held=_held(ledger, campaign_id) if campaign_id is not None else (),
                )
            else:
                result = self._dial(account, ledger, rejects, description, asked)
            return replace(result, other_campaigns=self.look_back.other_campaigns)

    def _checked(self, account: Account, ledger: Ledger) -> tuple[RunDescription, int | None, str]:
        """Check the run with what the ledger and the API know.

        Returns:
            The run's description, the campaign's id (None if it is new), and the caller number for display.

        Raises:
            XunaError: the run can't start.
        """
        options = self._options
        description = self._list.description(
            account.agent_id, account.from_phone_number_id, account.origin, options.timeout
        )
        ledger.recover()  # claims of a dead run that were never sent do not bind the campaign
        campaign_id = ledger.check_campaign(description)
        if not has_calls(ledger, campaign_id):
            check_not_copied(self._list, ledger, description)
        caller = self._caller(account)
        needed = options.pin_agent or self._list.agent_is_sealed
        known = agent_hash(account.client, account.agent_id, needed=needed, quiet=options.quiet)
        _check_clock(account)
        self._list.check_agent(known)
        description = replace(description, agent_hash=known, opt_out_when=kept_rules(options))
        check_changes(ledger, campaign_id, description, options)
        return description, campaign_id, caller

    def _dial(
        self,
        account: Account,
        ledger: Ledger,
        rejects: "Rejects | None",
        description: RunDescription,
        asked: int | None,
    ) -> BatchCallResult:
        """Place the calls.

        Args:
            account: with the API's client.
            ledger: open for writing.
            rejects: file for the rows that are not called, or None.
            description: of the run, without the list's hash.
            asked: how many people were confirmed; None if nobody was asked.
        """
        options = self._options
        # Never call more people than were confirmed, or than --max-calls allows, even if the list has grown since.
        agreed = [number for number in (options.max_calls, asked) if number is not None]
        plan = replace(self._plan(account), agreed=min(agreed, default=None))
        screening = self._list.screening_of_list()
        watched = is_terminal(sys.stderr) and not options.quiet
        with self._list.readings.open() as contacts:
            rows = self._list.readings.quick_count() if watched and asked is None else None
            INTERRUPTS.let_finish()
            with ProgressLine(watched=watched, expected=Expected(asked, rows)) as line:
                description = replace(description, list_sha256=contacts.sha256(), signed_by=self._signed_by)
                run = ledger.start_run(description)
                recently = RecentCalls(ledger, self._list.clock.now(), RECENT_DAYS, run.campaign_id)
                evidence = RunEvidence(ledger, run)
                if self._log is not None:
                    self._log.started(run, description, plan, ledger=ledger.location)
                context = RunContext(
                    plan,
                    run,
                    ledger,
                    account.client,
                    Stop(INTERRUPTS.asked),
                    Observers(
                        ProgressShown(line),
                        RecentlyCounted(recently),
                        evidence,
                        *self._watchers(rejects, watched=watched),
                    ),
                    self._list.clock,
                    partial(self.look_back.read_outcomes, ledger),
                    partial(self.look_back.after_a_wait, ledger, run.campaign_id),
                )
                dialer = Dialer(context, screening)
                targets = targets_of(evidence.watched(contacts), self._list.targets.builder(contacts))
                gc.freeze()  # loaded modules stay, so the garbage collector need not visit them
                report = dialer.dial(targets, self._list.targets.builder_again(contacts))
                report = written(rejects, report)
        if contacts.was_changed:
            say(
                f"xuna: warning: {options.contacts} was changed while this run read it, so people may be missing "
                "and the hash in the ledger may be wrong; run the same command again"
            )
        report = self.look_back.with_unknown_people(report)
        evidence.keep(report)
        result = call_result(
            self._list,
            report,
            ledger=ledger.location,
            ledger_created=ledger.created,
            run_id=run.id,
            recently=recently.counted(),
            held=_held(ledger, run.campaign_id),
        )
        evidence.ended(int(result.exit_status))
        return result

    def warn_of_empty_list(self, result: BatchCallResult) -> None:
        """Warn if the list has no contacts: perhaps the program that writes it has failed."""
        if result.report.list_complete and not any(result.report.counts.values()):
            say(f"xuna: warning: {self._options.contacts} has no contacts, so nobody was called")

    def say_why_nobody(self, result: BatchCallResult) -> None:
        """Explain why nobody on the list was called, if the result does not."""
        counts = result.report.counts
        if (
            result.report.list_complete
            and counts["already_called"]
            and self._options.attempts is None
            and not any(counts[name] for name in MAY_BE_CALLED)
        ):
            again = how_to_call_again(
                self._list.campaign,
                rendered=self._list.is_rendered,
                has_key=self._options.key is not None,
            )
            say(
                f"xuna: Everybody on this list who may be called was already called in campaign {result.campaign!r}. "
                f"To call these people again on purpose, {again}."
            )

    def _watchers(self, rejects: "Rejects | None", *, watched: bool) -> Iterator[RunObserver]:
        """Yield what prints and keeps what happens, as the options ask for."""
        options = self._options
        yield RunSaid(quiet=options.quiet, verbose=options.verbose)
        if rejects is not None:
            yield RejectsKept(rejects)
        if self._log is not None:
            yield self._log
        if not (watched or options.quiet):
            yield PausesSaid(self._list.clock.monotonic)

    def _plan(self, account: Account) -> Plan:
        options = self._options
        return Plan(
            agent_id=account.agent_id,
            from_phone_number_id=account.from_phone_number_id,
            batch_size=options.batch_size,
            concurrency=options.concurrency,
            max_unknown=options.max_unknown,
            limit=options.limit,
            give_up_after=options.give_up_after,
            rate=self._rate,
            wait=options.wait,
            retry_refused=options.retry_refused,
            brakes=self._list.brakes,
            attempts=self._list.attempts,
            address=self._list.address,
        )

    def _caller(self, account: Account) -> str:
        """Return the caller number for display; raise if the account provably lacks it."""
        wanted = account.from_phone_number_id
        try:
            numbers = account.client.phone_numbers()
        except XunaError as error:
            if not self._options.quiet:
                say(f"xuna: warning: the caller number could not be looked up: {error.message}")
            return wanted
        for number in numbers:
            if number.phone_number_id == wanted:
                return f"{number.phone_number} ({number.label or wanted})"
        known = ", ".join(
            f"{number.phone_number_id} ({number.phone_number})" for number in numbers[:NUMBERS_NAMED]
        )
        raise ConfigurationError(
            f"caller number {wanted} was not found",
            hint=f"the account has: {known or 'none; import one first'}",
            code="caller-unknown",
        )


def _held(ledger: Ledger, campaign_id: int) -> list[BatchRecord]:
    try:
        return ledger.batches(campaign_id, held_only=True)
    except LedgerError:  # it failed during the run and was reported then
        return []


def _check_clock(account: Account) -> None:
    """Raise ConfigurationError if this machine's clock differs from the API's; a server on this machine only warns."""
    try:
        account.client.check_clock()
    except ConfigurationError as error:
        # Plain http goes only to a server on this machine, e.g. to a simulated one with a clock of its own.
        if account.origin.startswith("https:"):
            raise
        say(f"xuna: warning: {error.message}")
