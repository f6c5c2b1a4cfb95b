"""One invocation of `xuna batch-call`: everything that its options mean, opened and put together."""

import contextlib
import gc
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from xuna_cli.api.client import encode_batch, refusal_error
from xuna_cli.api.origin import origin_of
from xuna_cli.commands.body_list import check_caller
from xuna_cli.commands.call_options import (
    STDIN,
    Options,
    again,
    as_typed,
    campaign_of,
    check_rendered_options,
    overrides_of,
    rate_of,
)
from xuna_cli.commands.context import (
    SANDBOX_ORIGIN,
    Account,
    account,
    address,
    base_url,
    check_output_file,
    ledger_for_writing,
    ledger_if_there,
    ledger_is_required,
    ledger_location,
)
from xuna_cli.commands.heard import Heard
from xuna_cli.commands.list_plan import ListPlan, plan_list, rendered_list_plan
from xuna_cli.commands.prompts import DeclinedError, confirmed, is_interactive, is_terminal
from xuna_cli.commands.screening import make_screening, timezone_column
from xuna_cli.commands.suppression_list import said_of, warning_of
from xuna_cli.contacts.reading import ContactList, beside_the_list, open_list
from xuna_cli.dialing.clock import Clock
from xuna_cli.dialing.plan import Plan
from xuna_cli.dialing.rejection_codes import RejectionCodes
from xuna_cli.dialing.report import Report
from xuna_cli.dialing.run import Dialer, rehearse
from xuna_cli.dialing.screener import Screener
from xuna_cli.errors import (
    ConfigurationError,
    ExitStatus,
    InputError,
    LedgerError,
    UsageError,
    XunaError,
    most_important,
)
from xuna_cli.interrupts import INTERRUPTS, Interrupted
from xuna_cli.ledger.last_calls import last_calls
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.outcomes import store_counts
from xuna_cli.ledger.records import BatchRecord, ClaimStatus, RunDescription
from xuna_cli.ledger.seen_keys import SeenKeys
from xuna_cli.models import CallTarget, Rejection
from xuna_cli.output.document import BatchCallResult
from xuna_cli.output.messages import counted, say
from xuna_cli.output.progress import ProgressLine
from xuna_cli.output.prompt import prompt_lines
from xuna_cli.output.spreadsheet import Rejects
from xuna_cli.phone.reader import check_region
from xuna_cli.phone.zone_rules import OLD_RULES, zone_rules
from xuna_cli.screening.do_not_call import NumberList
from xuna_cli.screening.order import Screening
from xuna_cli.screening.whole_list import for_whole_list, needs_whole_list
from xuna_cli.settings import Settings
from xuna_cli.targets.builder import TargetBuilder
from xuna_cli.targets.names import fold
from xuna_cli.targets.rendered_list import RenderedList, rendered_list

OnFit = Callable[[Sequence[CallTarget]], None]

RECENTLY = timedelta(days=30)
NUMBERS_NAMED = 10


def _nothing(*_: object) -> None:
    pass


class Invocation:
    """One invocation: everything that its options mean, checked before anything is opened for writing."""

    def __init__(self, options: Options, settings: Settings, source: Path | BinaryIO) -> None:
        self._options = options
        self._settings = settings
        self._source = source
        self._clock = Clock()
        self._location = ledger_location(settings, options.ledger, sandbox=options.sandbox)
        self.refuse_as_output(options.rejects)
        self._overrides = overrides_of(options, settings)
        region = settings.get("XUNA_REGION", options.region, option="--region").value
        self._region = check_region(region) if region else None
        self._deadline = settings.number(
            "XUNA_TIMEOUT", options.timeout, option="--timeout", default=180.0, least=0.001
        )
        with self._open() as contacts:
            self._rendered = rendered_list(contacts.columns, contacts)
        if self._rendered is not None:
            check_rendered_options(options, self._rendered)
            self._overrides = []  # what was reviewed is what is said
        self._heard = Heard(options, settings, self._overrides, reviewed=self._rendered is not None)
        self._campaign = self._rendered.campaign if self._rendered is not None else campaign_of(options)
        self._address = address(self._campaign, options.ledger, sandbox=options.sandbox)
        with self._open() as contacts:
            self._columns = contacts.columns
            self._timezone_column = timezone_column(
                options.screening, contacts.columns, complete=contacts.columns_are_complete
            )
            self._list = self._plan_list(contacts)
            self._loud_warnings = self._heard.warnings + self._prepare(contacts).warnings
            self._loud_warnings += self._heard.silent(contacts)
        self.screening = make_screening(
            options.screening,
            settings,
            columns=self._columns,
            region=self._region,
            now=self._clock.now,
        )
        self.screening = replace(self.screening, marks=self._list.marks)
        self._ledger_required = ledger_is_required(
            settings, flag=options.require_ledger, sandbox=options.sandbox
        )
        self._max_calls = None
        if settings.get("XUNA_MAX_CALLS", options.max_calls).value is not None:
            self._max_calls = settings.whole_number(
                "XUNA_MAX_CALLS", options.max_calls, option="--max-calls", default=1
            )
        if options.wait and self.screening.hours is None:
            raise UsageError(
                "--wait waits for calling hours, and there are none", hint="add --hours", code="wait"
            )

    def refuse_as_output(self, output: Path | None) -> None:
        """Check a file that is to be written.

        Raises:
            InputError: if it is a ledger.
            UsageError: if it is one that this command reads or keeps.
        """
        options = self._options
        if output is None:
            return
        check_output_file(
            output,
            [
                None if options.contacts == STDIN else Path(options.contacts),
                options.first_message_file,
                *(options.do_not_call or ()),
            ],
            settings=self._settings,
            env_file=options.env_file,
            ledger=self._location if isinstance(self._location, Path) else None,
        )

    @property
    def about(self) -> RenderedList:
        """What a rendered list of these targets says of itself."""
        return self._rendered or RenderedList(self._campaign, self._options.key)

    def say_warnings(self) -> None:
        """Say what may not be meant so; what is not used changes who is called or what is heard."""
        rules = zone_rules()
        is_old = self.screening.hours is not None and rules.is_old(self._clock.now())
        old = (f"time zones by {rules}: {OLD_RULES}",) if is_old else ()
        quiet = () if self._options.quiet else self._settings.warnings
        for warning in (*self._list.notes, *self._loud_warnings, *old, *quiet):
            say(f"xuna: warning: {warning}")
        self._say_lists([each.list for each in self.screening.do_not_call.lists])

    def _say_lists(self, lists: Sequence[NumberList]) -> None:
        for each in lists:
            if not self._options.quiet:
                say(f"xuna: {said_of(each)}")
            if warning := warning_of(each):
                say(f"xuna: warning: {warning}")

    def rehearse(self, on_fit: OnFit = _nothing) -> BatchCallResult:
        """Go the whole way but for the POST and any write; `on_fit` is told of who would be called."""
        path = self._location
        self._check_caller(
            self._settings.get("XUNA_AGENT_ID", self._options.agent_id).value,
            self._settings.get("XUNA_FROM_PHONE_NUMBER_ID", self._options.from_phone_number_id).value,
        )
        with contextlib.ExitStack() as stack:
            ledger = ledger_if_there(path, required=self._ledger_required)
            if ledger is not None:
                stack.callback(ledger.close)
            description = self._description(agent_id="", number="", origin=self._origin())
            campaign_id = ledger.check_campaign(description) if ledger else None
            self._check_max_calls(ledger, campaign_id)
            rejects = self._rejects(stack)
            self._heard.aloud = self._options.quiet  # else the result has it
            report = self._rehearse(
                ledger, campaign_id, rejects.add if rejects else _nothing, self._options.limit, on_fit
            )
            report = _written(rejects, report)
        return self._result(report, ledger=str(path), ledger_created=False, run_id=None, held=())

    def run(self) -> BatchCallResult:
        """Call everybody on the list who may be called now."""
        options = self._options
        with contextlib.ExitStack() as stack:
            party = stack.enter_context(
                account(
                    self._settings,
                    agent_id=options.agent_id,
                    from_phone_number_id=options.from_phone_number_id,
                    url_flag=options.base_url,
                    sandbox=options.sandbox,
                    deadline=self._deadline,
                    ask=not options.yes,
                )
            )
            self._check_caller(party.agent_id, party.from_phone_number_id)
            plan = self._plan(party)
            rejects = self._rejects(stack)
            path = self._location
            ledger = stack.enter_context(
                contextlib.closing(ledger_for_writing(path, required=self._ledger_required))
            )
            description = self._description(party.agent_id, party.from_phone_number_id, party.origin)
            campaign_id = ledger.check_campaign(description)
            caller = self._caller(party)
            self._check_max_calls(ledger, campaign_id)
            asked = self._ask(ledger, campaign_id, caller)
            if isinstance(
                asked, Report
            ):  # nobody is to be called now: nobody was asked, and nobody is called
                return self._result(
                    _written(rejects, asked),
                    ledger=ledger.location,
                    ledger_created=ledger.created,
                    run_id=None,
                    held=_held(ledger, campaign_id) if campaign_id is not None else (),
                )
            # No more than were asked about, and than --max-calls allows, whatever the list has become since.
            agreed = [number for number in (self._max_calls, asked) if number is not None]
            plan = replace(plan, agreed=min(agreed, default=None))
            screening = self._screening_of_list()
            contacts = stack.enter_context(self._open())
            watched = is_terminal(sys.stderr) and not options.quiet
            codes = RejectionCodes(rejects.add if rejects else _nothing)
            INTERRUPTS.let_finish()
            with ProgressLine(watched=watched, total=asked) as line:
                run = ledger.start_run(description)
                dialer = Dialer(
                    plan=plan,
                    run=run,
                    ledger=ledger,
                    api=party.client,
                    encode=encode_batch,
                    prepare=self._prepare(contacts),
                    screening=screening,
                    clock=self._clock,
                    on_waiting=_nothing if options.quiet else _tell_waiting,
                    on_lists=self._say_lists,
                    stop_asked=INTERRUPTS.asked,
                    refusal_error=refusal_error,
                    address=self._address,
                    on_rejection=codes.add,
                    on_progress=line.show,
                    on_batch=_tell if options.verbose else _nothing,
                )
                gc.freeze()  # what is loaded stays: no collection need walk it again (8 % of the CPU)
                report = _written(rejects, dialer.dial(contacts))
            with contextlib.suppress(LedgerError):  # for reports; what failed the run was said
                store_counts(ledger, run.id, codes.counts(report))
            return self._result(
                report,
                ledger=ledger.location,
                ledger_created=ledger.created,
                run_id=run.id,
                held=_held(ledger, run.campaign_id),
            )

    # -- parts of both

    def _open(self) -> ContactList:
        return open_list(self._source, self._options.list_options, name=self._name)

    @property
    def _name(self) -> str:
        return "standard input" if self._options.contacts == STDIN else self._options.contacts

    def _plan_list(self, contacts: ContactList) -> ListPlan:
        if self._rendered is not None:
            return rendered_list_plan(contacts)
        options = self._options
        templates = [override.template for override in self._overrides]
        used = [column for each in templates for column in (*each.columns, *each.optional_columns)]
        used += filter(None, (options.key, self._timezone_column, options.consent_column))
        spelled = set(map(fold, used))
        used += [column for column in contacts.columns if fold(column) in spelled]
        return plan_list(
            contacts,
            region_column=options.region_column,
            do_not_call_columns=options.do_not_call_column or (),
            used=used,
        )

    def _check_caller(self, agent_id: str | None, number_id: str | None) -> None:
        beside = beside_the_list(self._source, self._options.list_options, name=self._name)
        check_caller(beside, {"--agent-id": agent_id, "--from-phone-number-id": number_id}, self._name)

    def _prepare(self, contacts: ContactList) -> TargetBuilder:
        empty = not contacts.columns  # a JSON list of nobody: there is nothing to check against
        self._lint = self._heard.lint()
        self._preparer = TargetBuilder(
            phones=self._list.phones,
            columns=contacts.columns,
            columns_are_complete=contacts.columns_are_complete,
            region=self._region,
            strict=self._options.strict_numbers,
            key_column=None if empty or self._rendered is not None else self._options.key,
            overrides=() if empty else self._overrides,
            keep_contact=self._options.rejects is not None,
            timezone_column=self._timezone_column,
            lint=self._lint,
            rendered=self._rendered,
            of_workbook=contacts.sheet is not None,
        )
        return self._preparer

    def _screening_of_list(self) -> Screening:
        """Return the rules, after a look at the whole list where a no in one row holds for others."""
        if not needs_whole_list(self.screening):
            return self.screening
        with self._open() as contacts:
            numbers_only = TargetBuilder(
                phones=self._list.phones,
                columns=contacts.columns,
                columns_are_complete=contacts.columns_are_complete,
                region=self._region,
                strict=self._options.strict_numbers,
                rendered=self._rendered,
            )
            self.screening = for_whole_list(self.screening, contacts, numbers_only, now=self._clock.now())
        return self.screening

    def _rehearse(
        self,
        ledger: Ledger | None,
        campaign_id: int | None,
        on_rejection: Callable[[Rejection], None],
        limit: int | None,
        on_fit: OnFit = _nothing,
    ) -> Report:
        screener = Screener(
            self._screening_of_list(),
            now=self._clock.now,
            listed=ledger.on_do_not_call_list if ledger is not None else lambda _: {},
            last_calls=partial(last_calls, ledger) if ledger is not None else lambda _, __: {},
        )

        def standings(keys: Sequence[str]) -> dict[str, ClaimStatus]:
            if ledger is None or campaign_id is None:
                return {}
            return ledger.claim_statuses(campaign_id, keys)

        def refused(keys: Sequence[str]) -> Collection[str]:
            return () if ledger is None or campaign_id is None else ledger.refused(campaign_id, keys)

        watched = is_terminal(sys.stderr) and not self._options.quiet
        with (
            contextlib.closing(SeenKeys()) as seen,
            self._open() as contacts,
            ProgressLine(watched=watched, total=None) as line,
            INTERRUPTS,
        ):
            return rehearse(
                contacts,
                prepare=self._prepare(contacts),
                standings=standings,
                unseen=seen.add,
                known=seen.known,
                rows_of=seen.rows_of,
                refused=refused,
                screener=screener,
                on_fit=on_fit,
                limit=limit,
                stop_asked=INTERRUPTS.asked,
                on_rejection=on_rejection,
                on_progress=line.show,
            )

    def _rejects(self, stack: contextlib.ExitStack) -> Rejects | None:
        if self._options.rejects is None:
            return None
        rejects = Rejects(self._options.rejects, self._columns)
        stack.callback(rejects.discard)
        return rejects

    def _description(self, agent_id: str, number: str, origin: str) -> RunDescription:
        options = self._options
        return RunDescription(
            campaign=self._campaign,
            named_by_default=options.campaign is None and self._rendered is None,
            key_column=options.key if self._rendered is None else self._rendered.key_column,
            api_origin=origin,
            source_path=str(Path(options.contacts).absolute()) if options.contacts != STDIN else None,
            agent_id=agent_id,
            from_phone_number_id=number,
            template="\n".join(map(as_typed, self._overrides)) or None,
            deadline=self._deadline,
            zone_rules=str(zone_rules()),
        )

    def _origin(self) -> str:
        if self._options.sandbox:
            return SANDBOX_ORIGIN
        return origin_of(base_url(self._settings, self._options.base_url))

    def _plan(self, party: Account) -> Plan:
        options, settings = self._options, self._settings
        return Plan(
            agent_id=party.agent_id,
            from_phone_number_id=party.from_phone_number_id,
            batch_size=settings.whole_number(
                "XUNA_BATCH_SIZE", options.batch_size, option="--batch-size", default=100
            ),
            concurrency=settings.whole_number(
                "XUNA_CONCURRENCY", options.concurrency, option="--concurrency", default=4
            ),
            max_unknown=settings.whole_number(
                "XUNA_MAX_UNKNOWN", options.max_unknown, option="--max-unknown", default=1
            ),
            limit=options.limit,
            give_up_after=settings.number(
                "XUNA_GIVE_UP_AFTER",
                options.give_up_after,
                option="--give-up-after",
                default=600.0,
                least=0.0,
            ),
            rate=rate_of(settings.get("XUNA_RATE", options.rate, option="--rate").value),
            wait=options.wait,
            retry_refused=options.retry_refused,
        )

    def _caller(self, party: Account) -> str:
        """Return the caller number, for people; stop where the account provably lacks it."""
        wanted = party.from_phone_number_id
        try:
            numbers = party.client.phone_numbers()
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
            f"the account has no caller number {wanted!r}",
            hint=f"it has: {known or 'none; import one first'}",
            code="caller-unknown",
        )

    def _ask(self, ledger: Ledger, campaign_id: int | None, caller: str) -> int | Report | None:
        """Ask the person, where there is one.

        Returns:
            How many people may be called; what became of the rows, if that is nobody; None: nobody was asked.
        """
        options = self._options
        if options.yes or options.sandbox:
            return None
        if options.contacts == STDIN and is_terminal(sys.stderr):
            raise UsageError(
                "the list comes through stdin, so nobody can be asked there",
                hint="add --yes",
                code="needs-yes",
            )
        if not is_interactive():
            return None
        recently = 0

        def count_recent(targets: Sequence[CallTarget]) -> None:
            nonlocal recently
            numbers = [target.to_phone_number for target in targets]
            since = self._clock.now() - RECENTLY
            recently += len(last_calls(ledger, numbers, since, other_than=campaign_id))

        self._heard.aloud = False  # the lines before the question have it
        report = self._rehearse(ledger, campaign_id, _nothing, options.limit, count_recent)
        self._heard.aloud = True
        if INTERRUPTS.signum is not None:
            raise Interrupted(INTERRUPTS.signum)
        for error in report.errors:
            raise error
        people = report.counts["not_sent"]
        later = report.counts["deferred"] if options.wait else 0
        if people + later == 0:
            return report
        for line in prompt_lines(
            report,
            self._lint.warnings,
            caller=caller,
            campaign=self._campaign,
            list_use=self._list.use,
            later=later,
            recently=recently,
            days=RECENTLY.days,
        ):
            say(line)
        if not confirmed(f"Call {counted(people + later, 'person', 'people')}?"):
            raise DeclinedError("nobody was called", hint="to see more: --dry-run", code="declined")
        return people + later

    def _check_max_calls(self, ledger: Ledger | None, campaign_id: int | None) -> None:
        """Refuse to start where more people would be called than was thought."""
        most = self._max_calls
        if most is None:
            return
        limit = None if self._options.wait else min(most + 1, self._options.limit or most + 1)
        report = self._rehearse(ledger, campaign_id, _nothing, limit)
        for error in report.errors:
            raise error
        people = report.counts["not_sent"] + (report.counts["deferred"] if self._options.wait else 0)
        if min(people, self._options.limit or people) > most:
            raise UsageError(
                f"this would call more than {most:,} people (--max-calls), so nobody was called",
                hint="look with --dry-run; raise --max-calls, or call fewer with --limit",
                code="max-calls",
            )

    def _result(
        self,
        report: Report,
        *,
        ledger: str,
        ledger_created: bool,
        run_id: int | None,
        held: Sequence[BatchRecord],
    ) -> BatchCallResult:
        # An outcome that is not in the ledger weighs more than why the ledger could not be written.
        unrecorded = any(error.code == "outcome-unrecorded" for error in report.errors)
        statuses = {
            error.exit_status
            for error in report.errors
            if not (unrecorded and isinstance(error, LedgerError))
        }
        if INTERRUPTS.signum is not None:
            statuses.add(ExitStatus(128 + INTERRUPTS.signum))
        if report.counts["rejected"]:
            statuses.add(ExitStatus.REJECTED)
        if held and not self._options.dry_run:
            statuses.add(ExitStatus.HELD)
        return BatchCallResult(
            exit_status=most_important(statuses),
            campaign=self._campaign,
            run_id=run_id,
            dry_run=self._options.dry_run,
            sandbox=self._options.sandbox,
            ledger=ledger,
            ledger_created=ledger_created,
            report=report,
            held=held,
            address=self._address,
            rejects=str(self._options.rejects) if self._options.rejects is not None else None,
            again=again(self._options, self._campaign),
            marks=self._lint.warnings,
            list_use=self._list.use,
            do_not_call_lists=[each.list for each in self.screening.do_not_call.lists],
            plus_added=self._preparer.plus_added,
        )


def _written(rejects: Rejects | None, report: Report) -> Report:
    """Write the rejects; that it can't be done must not hide what became of the run."""
    try:
        if rejects is not None:
            rejects.write()
    except InputError as error:
        return replace(report, errors=(*report.errors, error))
    return report


def _held(ledger: Ledger, campaign_id: int) -> list[BatchRecord]:
    try:
        return ledger.batches(campaign_id, held_only=True)
    except LedgerError:  # it failed during the run, and that was said
        return []


def _tell_waiting(people: int, opens_at: datetime) -> None:
    say(
        f"xuna: {people:,} people are outside their calling hours; the next opening is at {opens_at:%Y-%m-%d %H:%M} UTC"
    )


def _tell(record: BatchRecord) -> None:
    what = record.batch_id or record.error or ""
    say(f"batch {record.id}: {record.size} calls {record.state.value} {what}".rstrip())
