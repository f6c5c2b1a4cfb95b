"""A list that is ready to be called or rendered, with all options checked before anything is written."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from xuna_cli.commands.call_options import BatchCallOptions, CallerOptions
from xuna_cli.commands.calling.attempts import as_options, attempts_of
from xuna_cli.commands.calling.brakes import brakes_of
from xuna_cli.commands.calling.call_inputs import (
    as_typed,
    campaign_of,
    check_rendered_options,
    list_options,
    overrides_again,
    overrides_of,
    source_of,
)
from xuna_cli.commands.calling.list_plan import ListPlan, plan_list, rendered_list_plan, window_columns
from xuna_cli.commands.calling.message_checks import MessageChecks
from xuna_cli.commands.calling.request_list import check_caller, check_no_marks
from xuna_cli.commands.calling.screening import make_screening, timezone_column
from xuna_cli.commands.calling.watchers import say_lists
from xuna_cli.commands.context import (
    address,
    check_output_file,
    ledger_location,
)
from xuna_cli.commands.list_options import STDIN
from xuna_cli.contacts.contact_list import ContactList
from xuna_cli.contacts.reading import beside_the_list, open_list
from xuna_cli.contacts.review_table import CALL, SCREENING, ReviewRows
from xuna_cli.dialing.pipeline import Again
from xuna_cli.errors import InputError, UsageError
from xuna_cli.ledger.attempts import Attempts
from xuna_cli.ledger.brakes import Brakes
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import RunDescription
from xuna_cli.models import CallTarget, Contact, Rejection
from xuna_cli.output.messages import counted, say
from xuna_cli.phone.cells import PhoneProblem
from xuna_cli.phone.reader import normalise
from xuna_cli.phone.regions import check_region
from xuna_cli.phone.zone_rules import old_rules, zone_rules
from xuna_cli.screening.order import Screening
from xuna_cli.screening.whole_list import for_whole_list, needs_whole_list
from xuna_cli.settings import Given
from xuna_cli.targets.builder import ATTEMPT, TargetBuilder
from xuna_cli.targets.lint import Lint
from xuna_cli.targets.names import fold
from xuna_cli.targets.override import Override
from xuna_cli.targets.rendered_list import RenderedList, checked_rows, rendered_list

if TYPE_CHECKING:
    from xuna_cli.commands.calling.copied_list import CopiedList
    from xuna_cli.output.spreadsheet import Rejects

RECENT_DAYS = 30
"""What "lately" means for calls of other campaigns."""

FIRST_AGAIN = 2  # the first attempt that is not a person's first

QUICK_COUNT_S = 1.0  # too short a wait to be noticed


class PreparedList:
    """A checked list with its messages and rules; nothing is open for writing yet.

    Args:
        options: of batch-call or render.
        stack: closes everything that is opened.
        keep_contacts: whether targets and rejections keep the original row.
        source: the list, if it is already open.

    Attributes:
        options: of the command.
        clock: time.
        location: the ledger's location.
        campaign: the campaign's name.
        address: arguments that select this campaign and its ledger in suggested commands.
        screening: the screening rules.
        heard: the message checks.
        lint: findings in the messages of the last pass.
        steering: the use of the list's columns.
        attempts: whom the run calls again; None: nobody.
        brakes: the brakes; None for none.

    Raises:
        XunaError: the command can't start.
    """

    def __init__(
        self,
        options: CallerOptions,
        stack: contextlib.ExitStack,
        *,
        keep_contacts: bool = False,
        source: BinaryIO | None = None,
    ) -> None:
        self.options = options
        self._keep_contacts = keep_contacts or options.rejects is not None
        self._source = source or source_of(options, stack)
        self._rendered: RenderedList | None = None
        self._rows: int | None = None  # known once the list was read to its end
        self.clock = options.clock
        self.location = ledger_location(
            options.ledger, sandbox=options.sandbox, simulation=options.simulation
        )
        self.refuse_as_output(options.rejects)
        self._overrides = overrides_of(options)
        self._overrides_again = self._overrides
        self.attempts: Attempts | None = None
        self.brakes: Brakes | None = None
        if isinstance(options, BatchCallOptions):
            self.brakes = brakes_of(options)
            self.attempts = attempts_of(options)
            self._overrides_again = overrides_again(self._overrides, options.first_message_again)
        self._region = check_region(options.region) if options.region else None
        self._beside = beside_the_list(self._source, list_options(options), name=self.name)
        check_no_marks(self._beside, self.name)
        contacts = self._open()
        stack.callback(contacts.close)
        self._rendered = rendered_list(contacts.columns, contacts.first_rows)
        if self._rendered is not None:
            check_rendered_options(options, self._rendered)
            contacts.check_rows(partial(checked_rows, about=self._rendered))
            if self._rendered.sealed:
                for _ in contacts:  # a single changed row invalidates the whole list
                    pass
            self._overrides = self._overrides_again = []  # a reviewed message must not change
        self.heard = MessageChecks(
            options, self._overrides, again=self._overrides_again, reviewed=self._rendered is not None
        )
        self.campaign = self._rendered.campaign if self._rendered is not None else campaign_of(options)
        self.address = self.address_of(self.campaign)
        self._columns = contacts.columns
        self._timezone_column = timezone_column(
            options, contacts.columns, complete=contacts.columns_are_complete
        )
        self._windows = window_columns(
            contacts,
            call_after_column=options.call_after_column,
            call_before_column=options.call_before_column,
        )
        self.steering = self._plan_list(contacts)
        self._loud_warnings = self.heard.warnings + self.prepare(contacts).warnings
        if self.attempts is not None:
            self._loud_warnings += self._check_again(contacts)
        self._loud_warnings += self.heard.silent(contacts)
        self._unread = None if contacts.begun else contacts
        self._first_reading = contacts
        self.screening = make_screening(
            options,
            columns=self._columns,
            region=self._region,
            now=self.clock.now,
            has_windows=bool(self._windows.columns),
        )
        self.screening = replace(self.screening, marks=self.steering.marks)

    def refuse_as_output(self, output: Path | None) -> None:
        """Check an output file.

        Raises:
            InputError: the file is a ledger.
            UsageError: the file is one that this command reads or keeps.
        """
        options = self.options
        if output is None:
            return
        check_output_file(
            output,
            options.inputs,
            settings=options.settings,
            env_file=options.env_file,
            ledger=self.location if isinstance(self.location, Path) else None,
        )

    @property
    def about(self) -> RenderedList:
        """Header of a rendered list of these targets."""
        return self._rendered or RenderedList(self.campaign, self.options.key)

    @property
    def is_rendered(self) -> bool:
        """Whether `xuna render` made the list."""
        return self._rendered is not None

    def address_of(self, campaign: str) -> str:
        """Format the arguments that select a campaign of this ledger in suggested commands."""
        ledger = self.options.ledger if "ledger" in self.options.typed else None
        return address(campaign, ledger, sandbox=self.options.sandbox)

    def say_warnings(self) -> None:
        """Print warnings about likely mistakes, such as unused columns."""
        rules = zone_rules()
        is_old = self.screening.hours is not None and rules.is_old(self.clock.now())
        old = (f"time zones by {rules}: {old_rules()}",) if is_old else ()
        quiet = () if self.options.quiet else self.options.settings.warnings
        for warning in (*self.steering.notes, *self._loud_warnings, *old, *quiet):
            say(f"xuna: warning: {warning}")
        say_lists([each.list for each in self.screening.do_not_call.lists], quiet=self.options.quiet)

    @property
    def ledger_required(self) -> bool:
        """Whether the ledger must exist; the sandbox's need not."""
        return self.options.require_ledger and not self.options.sandbox

    def open(self) -> ContactList:
        """Return the list at its beginning; reuse an open one that was not read yet."""
        contacts, self._unread = self._unread, None
        return contacts or self._open()

    def _open(self) -> ContactList:
        contacts = open_list(self._source, list_options(self.options), name=self.name)
        if self._rendered is not None:
            contacts.check_rows(partial(checked_rows, about=self._rendered))
        contacts.check_rows(partial(self._to_the_end, review=contacts.review))
        return contacts

    def _to_the_end(
        self, rows: Iterator[Contact | Rejection], review: ReviewRows | None
    ) -> Iterator[Contact | Rejection]:
        """Yield the rows and count them; the first time, say how many of a reviewed table are not to be called."""
        number = 0
        for number, row in enumerate(rows, 1):  # noqa: B007 - the last one is their count
            yield row
        if self._rows is None and review is not None and review.left_out and not self.options.quiet:
            left_out = counted(review.left_out, "row is", "rows are")
            say(
                f"xuna: {self.name}: {left_out} not marked {CALL!r} in {SCREENING!r}, and will not be called."
            )
        self._rows = number

    def require_seal(self) -> None:
        """Raise InputError if the list is not sealed."""
        if not self.about.sealed:
            raise InputError(
                f"{self.name} is not sealed, and only sealed lists may be called here",
                hint="make one with: xuna render … --seal --to FILE",
                code="seal-missing",
            )

    def check_agent(self, agent_hash: str | None) -> None:
        """Check that the agent's configuration has not changed since the list was sealed.

        Args:
            agent_hash: hash of the current configuration; None if it could not be read.

        Raises:
            InputError: the configuration has changed.
        """
        if self.agent_is_sealed and self.about.agent_hash != agent_hash:
            raise InputError(
                f"the configuration of agent {self.about.agent_id} has changed since the list was sealed, so "
                "nobody was called",
                hint="render, review and seal the list again",
                code="seal-agent",
            )

    @property
    def agent_is_sealed(self) -> bool:
        """Whether the list's seal covers the agent's configuration."""
        return self.about.agent_hash is not None and not self.options.sandbox

    @property
    def name(self) -> str:
        """What messages call the list."""
        return "standard input" if self.options.contacts == STDIN else self.options.contacts

    def quick_count(self, within: float = QUICK_COUNT_S) -> int | None:
        """Count the list's rows; None if that takes too long or the list can't be read to its end."""
        if self._rows is None and isinstance(self._source, Path):  # copied stdin has a single read position
            end = self.clock.monotonic() + within
            with contextlib.suppress(InputError), self._open() as contacts:
                for number, _ in enumerate(contacts, 1):
                    if number % 500 == 0 and self.clock.monotonic() > end:
                        break
        return self._rows

    def _plan_list(self, contacts: ContactList) -> ListPlan:
        if self._rendered is not None:
            return rendered_list_plan(contacts)
        options = self.options
        templates = [override.template for override in (*self._overrides, *self._overrides_again)]
        used = [column for each in templates for column in (*each.columns, *each.optional_columns)]
        used += filter(None, (options.key, self._timezone_column, options.consent_column))
        spelled = set(map(fold, used))
        used += [column for column in contacts.columns if fold(column) in spelled]
        return plan_list(
            contacts,
            region_column=options.region_column,
            state_column=options.state_column,
            do_not_call_columns=options.do_not_call_column or (),
            windows=self._windows,
            used=used,
        )

    def check_caller(self, agent_id: str | None, number_id: str | None) -> None:
        """Raise UsageError if the list names another agent or caller number."""
        check_caller(self._beside, {"--agent-id": agent_id, "--from-phone-number-id": number_id}, self.name)
        sealed = None if self._rendered is None or self.options.sandbox else self._rendered.agent_id
        if sealed is not None and agent_id is not None and str(agent_id) != sealed:
            raise UsageError(
                f"{self.name} was sealed for agent {sealed!r}, but this command uses {str(agent_id)!r}",
                hint=f"add --agent-id {sealed}, or render and seal the list for the other agent",
                code="ready-contradicted",
            )

    def prepare(self, contacts: ContactList) -> TargetBuilder:
        """Return the builder that turns contacts into call targets."""
        self.lint = self.heard.lint()
        self._preparer = self._builder(contacts, self._overrides)
        return self._preparer

    def prepare_again(self, contacts: ContactList) -> Again:
        """Return the function that makes the call targets of later attempts; call `prepare` first."""
        builders: dict[int, TargetBuilder] = {}

        def again(contact: Contact, attempt: int) -> CallTarget | Rejection:
            builder = builders.get(attempt)
            if builder is None:
                builder = builders[attempt] = self._builder(contacts, self._overrides_again, attempt)
            return builder(contact)

        return again

    def second_call(self) -> CallTarget | None:
        """Return the second call of one of the first people, if its message differs from that of the first call."""
        if self.attempts is None:
            return None
        lint, contacts = self.heard.lint(tells=False), self._first_reading
        first = self._builder(contacts, self._overrides, lint=lint)
        second = self._builder(contacts, self._overrides_again, FIRST_AGAIN, lint=lint)
        for contact in contacts.first_rows:
            called, again = first(contact), second(contact)
            if isinstance(called, CallTarget) and isinstance(again, CallTarget):
                return again if again.override != called.override else None
        return None

    def _check_again(self, contacts: ContactList) -> list[str]:
        """Check the templates of later attempts; return warnings that those of the first one don't have."""
        warnings = self._builder(contacts, self._overrides_again, FIRST_AGAIN).warnings
        templates = [one.template for one in (*self._overrides, *self._overrides_again)]
        own = next((column for column in contacts.columns if fold(column) == ATTEMPT), None)
        if own is not None and any(own in one.bound(contacts.columns).all_columns for one in templates):
            warnings.append(
                f"the list has a column {own!r}, so {{{{ attempt }}}} is what stands there, and not the number of "
                "the call"
            )
        return [one for one in warnings if one not in self._preparer.warnings]

    def _builder(
        self,
        contacts: ContactList,
        overrides: Sequence[Override],
        attempt: int = 1,
        lint: Lint | None = None,
    ) -> TargetBuilder:
        empty = not contacts.columns  # an empty JSON list has no columns to check against
        return TargetBuilder(
            phones=self.steering.phones,
            columns=contacts.columns,
            columns_are_complete=contacts.columns_are_complete,
            region=self._region,
            strict=self.options.strict_numbers,
            key_column=None if empty or self._rendered is not None else self.options.key,
            overrides=() if empty else overrides,
            keep_contact=self._keep_contacts,
            timezone_column=self._timezone_column,
            home_state=self.steering.home_state,
            window_columns=self._windows,
            lint=lint or self.lint,
            rendered=self._rendered,
            of_workbook=contacts.sheet is not None,
            attempt=attempt,
        )

    @property
    def plus_added(self) -> int:
        """How many numbers of the last pass got a plus sign."""
        return self._preparer.plus_added

    def number_of(self, text: Given) -> str:
        """Parse a typed number into E.164.

        Raises:
            UsageError: the number is invalid.
        """
        try:
            return normalise(text, region=self._region)
        except PhoneProblem as problem:
            raise UsageError(f"{text.source}: {problem.message}", code=problem.code) from None

    def _keys_of(self, contacts: ContactList) -> list[str]:
        """Return the keys of the list's first people."""
        key_column = None if self._rendered is not None else self.options.key
        made = map(self._numbers_only(contacts, key_column), contacts.first_rows)
        return list(dict.fromkeys(target.key for target in made if isinstance(target, CallTarget)))

    def _numbers_only(self, contacts: ContactList, key_column: str | None = None) -> TargetBuilder:
        """Return a builder of call targets without messages."""
        return TargetBuilder(
            phones=self.steering.phones,
            columns=contacts.columns,
            columns_are_complete=contacts.columns_are_complete,
            region=self._region,
            strict=self.options.strict_numbers,
            key_column=key_column,
            rendered=self._rendered,
        )

    def copied(self, ledger: Ledger, description: RunDescription) -> "CopiedList | None":
        """Return the campaign whose list this one may be a copy of; None if the user chose the campaign's name."""
        if not description.named_by_default:
            return None
        from xuna_cli.commands.calling.copied_list import copied_list

        keys = self._keys_of(self._first_reading)
        return copied_list(ledger, description.campaign, description.api_origin, keys) if keys else None

    def screening_of_list(self) -> Screening:
        """Return the rules; read the whole list first if a "no" in one row applies to other rows."""
        if not needs_whole_list(self.screening):
            return self.screening
        with self.open() as contacts:
            from xuna_cli.targets.uncertain_phone import NumbersOfRows

            numbers = NumbersOfRows(self.steering.phones, self._numbers_only(contacts), self._region)
            self.screening = for_whole_list(self.screening, contacts, numbers, now=self.clock.now())
        return self.screening

    def open_rejects(self, stack: contextlib.ExitStack) -> "Rejects | None":
        """Open the file of `--rejects`, or return None."""
        if self.options.rejects is None:
            return None
        from xuna_cli.output.spreadsheet import Rejects

        rejects = Rejects(self.options.rejects, self._columns)
        stack.callback(rejects.discard)
        return rejects

    def description(self, agent_id: str, number: str, origin: str, deadline: float) -> RunDescription:
        """Return the run's description for the ledger."""
        options = self.options
        return RunDescription(
            campaign=self.campaign,
            named_by_default=options.campaign is None and self._rendered is None,
            key_column=options.key if self._rendered is None else self._rendered.key_column,
            api_origin=origin,
            source_path=str(Path(options.contacts).absolute()) if options.contacts != STDIN else None,
            agent_id=agent_id,
            from_phone_number_id=number,
            template=self._template(),
            deadline=deadline,
            zone_rules=str(zone_rules()),
            attempts=as_options(self.attempts),
        )

    def _template(self) -> str | None:
        """Return the message template as typed; None for the agent's own message."""
        lines = [as_typed(one) for one in self._overrides]
        lines += [f"again: {as_typed(one)}" for one in self._overrides_again if one not in self._overrides]
        return "\n".join(lines) or None
