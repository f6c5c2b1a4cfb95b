"""A list that is ready to be called or rendered, with all options checked before anything is written."""

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from xuna_cli.commands.call_options import BatchCallOptions, CallerOptions
from xuna_cli.commands.calling.attempts import as_options, attempts_of
from xuna_cli.commands.calling.brakes import brakes_of
from xuna_cli.commands.calling.call_inputs import campaign_of, source_of
from xuna_cli.commands.calling.list_readings import ListReadings
from xuna_cli.commands.calling.list_targets import ListTargets
from xuna_cli.commands.calling.message_checks import MessageChecks
from xuna_cli.commands.calling.messages import Messages, messages_of, with_message_again
from xuna_cli.commands.calling.request_list import check_caller, further_pages
from xuna_cli.commands.calling.screening import make_screening, warnings_of
from xuna_cli.commands.calling.watchers import say_lists
from xuna_cli.commands.context import (
    address,
    check_output_file,
    ledger_for_writing,
    ledger_if_there,
    ledger_required,
    location_in,
)
from xuna_cli.commands.list_options import STDIN
from xuna_cli.errors import InputError, UsageError
from xuna_cli.ledger.attempts import Attempts
from xuna_cli.ledger.brakes import Brakes
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import RunDescription
from xuna_cli.output.messages import say
from xuna_cli.phone.cells import PhoneProblem
from xuna_cli.phone.reader import normalise
from xuna_cli.phone.regions import check_region
from xuna_cli.phone.zone_rules import old_rules, zone_rules
from xuna_cli.screening.order import Screening
from xuna_cli.screening.whole_list import for_whole_list, needs_whole_list
from xuna_cli.settings import Given
from xuna_cli.targets.rendered_list import RenderedList

if TYPE_CHECKING:
    from xuna_cli.commands.calling.copied_list import CopiedList
    from xuna_cli.output.spreadsheet import Rejects

RECENT_DAYS = 30
"""What "lately" means for calls of other campaigns."""


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
        readings: the list, for each time that it is read.
        targets: makes its call targets.
        message_checks: checks the finished messages, and tells of faults.
        screening: the screening rules.
        campaign: the campaign's name.
        address: arguments that select this campaign and its ledger in suggested commands.
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
        unknown_names = options.settings.check_names()
        list_source = source or source_of(options, stack)
        self.clock = options.clock
        self.location = location_in(options)
        self.refuse_as_output(options.rejects)
        messages = messages_of(options)
        self.attempts: Attempts | None = None
        self.brakes: Brakes | None = None
        if isinstance(options, BatchCallOptions):
            self.brakes = brakes_of(options)
            self.attempts = attempts_of(options)
            messages = with_message_again(messages, options)
        self._region = check_region(options.region) if options.region else None
        self.readings = ListReadings(list_source, options, stack)
        rendered, first = self.readings.rendered, self.readings.first
        self._messages = messages if rendered is None else Messages()  # a reviewed message must not change
        self.message_checks = MessageChecks(options, self._messages, reviewed=rendered is not None)
        self.campaign = campaign_of(options) if rendered is None else rendered.campaign
        self.address = self.address_of(self.campaign)
        self.targets = ListTargets(
            options,
            self.readings,
            self._messages,
            self.message_checks,
            region=self._region,
            keep_contacts=keep_contacts or options.rejects is not None,
        )
        self._loud_warnings = unknown_names + self.message_checks.warnings + self.targets.warnings
        if self.attempts is not None:
            self._loud_warnings += self.targets.warnings_again()
        self._loud_warnings += self.message_checks.silent(first)
        self._loud_warnings += further_pages(self.readings.beside, self.readings.name)
        rules = make_screening(
            options,
            columns=first.columns,
            region=self._region,
            now=self.clock.now,
            has_windows=bool(self.targets.windows.columns),
        )
        self._loud_warnings += warnings_of(rules, options, now=self.clock.now())
        self.screening = replace(rules, marks=self.targets.plan.marks)

    def refuse_as_output(self, output: Path | None) -> None:
        """Check an output file.

        Raises:
            InputError: the file is a ledger.
            UsageError: the file is one that this command reads or keeps.
        """
        if output is not None:
            check_output_file(self.options, output, self.options.inputs, self.location)

    @property
    def about(self) -> RenderedList:
        """Header of a rendered list of these targets."""
        return self.readings.rendered or RenderedList(self.campaign, self.options.key)

    @property
    def is_rendered(self) -> bool:
        """Whether `xuna render` made the list."""
        return self.readings.rendered is not None

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
        for warning in (*self.targets.plan.notes, *self._loud_warnings, *old, *quiet):
            say(f"xuna: warning: {warning}")
        say_lists([each.list for each in self.screening.do_not_call.lists], quiet=self.options.quiet)

    def ledger_to_write(self, stack: contextlib.ExitStack) -> Ledger:
        """Open the ledger, or create and report it; raises as `ledger_for_writing`."""
        required = ledger_required(self.options)
        ledger = ledger_for_writing(self.location, required=required, now=self.clock.now)
        return stack.enter_context(contextlib.closing(ledger))

    def ledger_to_read(self, stack: contextlib.ExitStack) -> Ledger | None:
        """Open the ledger read-only, if it is there; raises as `ledger_if_there`."""
        required = ledger_required(self.options)
        ledger = ledger_if_there(self.location, required=required, now=self.clock.now)
        return None if ledger is None else stack.enter_context(contextlib.closing(ledger))

    def require_seal(self) -> None:
        """Raise InputError if the list is not sealed."""
        if not self.about.sealed:
            raise InputError(
                f"{self.readings.name} is not sealed, and only sealed lists may be called here",
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

    def check_caller(self, agent_id: str | None, number_id: str | None) -> None:
        """Raise UsageError if the list names another agent or caller number."""
        name = self.readings.name
        check_caller(
            self.readings.beside, {"--agent-id": agent_id, "--from-phone-number-id": number_id}, name
        )
        sealed = None if self.options.sandbox else self.about.agent_id
        if sealed is not None and agent_id is not None and str(agent_id) != sealed:
            raise UsageError(
                f"{name} was sealed for agent {sealed!r}, but this command uses {str(agent_id)!r}",
                hint=f"add --agent-id {sealed}, or render and seal the list for the other agent",
                code="ready-contradicted",
            )

    def number_of(self, text: Given) -> str:
        """Parse a typed number into E.164.

        Raises:
            UsageError: the number is invalid.
        """
        try:
            return normalise(text, region=self._region)
        except PhoneProblem as problem:
            raise UsageError(f"{text.source}: {problem.message}", code=problem.code) from None

    def copied(self, ledger: Ledger | None, description: RunDescription) -> "CopiedList | None":
        """Return the campaign, of nearly the same name or in another ledger, that has called these people.

        Args:
            ledger: the ledger; None if there is none yet.
            description: of the run, whose campaign has called nobody yet.
        """
        from xuna_cli.commands.calling.copied_list import Named, copied_list, other_ledgers

        keys = self.targets.first_keys()
        if not keys:
            return None
        named = Named.BY_RENDER if self.is_rendered else Named.BY_OPTION
        is_real = not self.options.sandbox and self.options.simulation is None
        return copied_list(
            ledger,
            description.campaign,
            description.api_origin,
            keys,
            named=Named.BY_FILE if description.named_by_default else named,
            others=other_ledgers(self.location) if is_real else (),
        )

    def screening_of_list(self) -> Screening:
        """Return the rules; read the whole list first if a "no" in one row applies to other rows."""
        if not needs_whole_list(self.screening):
            return self.screening
        with self.readings.open() as contacts:
            numbers = self.targets.numbers(contacts)
            self.screening = for_whole_list(self.screening, contacts, numbers, now=self.clock.now())
        return self.screening

    def open_rejects(self, stack: contextlib.ExitStack) -> "Rejects | None":
        """Open the file of `--rejects`, or return None."""
        if self.options.rejects is None:
            return None
        from xuna_cli.output.spreadsheet import Rejects

        rejects = Rejects(self.options.rejects, self.readings.first.columns)
        stack.callback(rejects.discard)
        return rejects

    def description(self, agent_id: str, number: str, origin: str, deadline: float) -> RunDescription:
        """Return the run's description for the ledger."""
        options = self.options
        return RunDescription(
            campaign=self.campaign,
            named_by_default=options.campaign is None and not self.is_rendered,
            key_column=self.about.key_column,
            api_origin=origin,
            source_path=str(Path(options.contacts).absolute()) if options.contacts != STDIN else None,
            agent_id=agent_id,
            from_phone_number_id=number,
            template=self._messages.as_typed(),
            deadline=deadline,
            zone_rules=str(zone_rules()),
            attempts=as_options(self.attempts),
        )
