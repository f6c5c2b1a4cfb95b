"""Call targets of a list: its columns and the messages, checked together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xuna_cli.commands.calling.list_plan import (
    ListPlan,
    plan_list,
    rendered_list_plan,
    timezone_column,
    window_columns,
)
from xuna_cli.commands.calling.list_readings import ListReadings
from xuna_cli.commands.calling.message_checks import MessageChecks
from xuna_cli.commands.calling.messages import Messages
from xuna_cli.commands.list_options import ListAndMessageOptions
from xuna_cli.contacts.contact_list import ContactList
from xuna_cli.dialing.pipeline import Again
from xuna_cli.models import CallTarget, Contact, Rejection
from xuna_cli.targets.builder import ATTEMPT, ListColumns, TargetBuilder
from xuna_cli.targets.lint import Lint
from xuna_cli.targets.names import unspaced
from xuna_cli.targets.override import Override

if TYPE_CHECKING:
    from xuna_cli.targets.uncertain_phone import NumbersOfRows

FIRST_AGAIN = 2  # the first attempt that is not a person's first


class ListTargets:
    """Makes the builders of a list's call targets.

    Args:
        options: of batch-call or render.
        readings: the list.
        messages: the templates; none for a rendered list.
        checks: checks the finished messages.
        region: country of numbers without `+`.
        keep_contacts: whether targets keep the original row.

    Attributes:
        plan: the use of the list's columns.
        windows: the columns that say when the person may be called.
        lint: findings in the messages of the last reading.
        warnings: about columns that the templates of the first attempt need.

    Raises:
        XunaError: an option or a template doesn't fit the list.
    """

    def __init__(
        self,
        options: ListAndMessageOptions,
        readings: ListReadings,
        messages: Messages,
        checks: MessageChecks,
        *,
        region: str | None,
        keep_contacts: bool,
    ) -> None:
        self._options = options
        self._first = readings.first
        self._rendered = readings.rendered
        self._messages = messages
        self._checks = checks
        self._region = region
        self._keep_contacts = keep_contacts
        self._key_column = options.key if self._rendered is None else None
        self._timezone_column = timezone_column(self._first, options.timezone_column)
        self.windows = window_columns(
            self._first,
            call_after_column=options.call_after_column,
            call_before_column=options.call_before_column,
        )
        self.plan = self._plan()
        self.warnings = self.builder(self._first).warnings

    def _plan(self) -> ListPlan:
        if self._rendered is not None:
            return rendered_list_plan(self._first)
        options = self._options
        templates = [override.template for override in self._messages.all]
        used = [column for each in templates for column in (*each.columns, *each.optional_columns)]
        used += filter(None, (options.key, self._timezone_column, options.consent_column))
        spelled = set(map(unspaced, used))
        used += [column for column in self._first.columns if unspaced(column) in spelled]
        return plan_list(
            self._first,
            region_column=options.region_column,
            state_column=options.state_column,
            do_not_call_columns=options.do_not_call_column or (),
            windows=self.windows,
            used=used,
        )

    @property
    def plus_added(self) -> int:
        """How many numbers of the last reading got a plus sign."""
        return self._builder_of_first.plus_added

    def builder(self, contacts: ContactList) -> TargetBuilder:
        """Return what makes the call targets of first attempts in a new reading."""
        self.lint = self._checks.lint()
        self._builder_of_first = self._builder(contacts, self._messages.first, self.lint)
        return self._builder_of_first

    def builder_again(self, contacts: ContactList) -> Again:
        """Return what makes the call targets of later attempts in the same reading; call `builder` first."""
        builders: dict[int, TargetBuilder] = {}

        def again(contact: Contact, attempt: int) -> CallTarget | Rejection:
            builder = builders.get(attempt)
            if builder is None:
                builder = builders[attempt] = self._builder(
                    contacts, self._messages.again, self.lint, attempt
                )
            return builder(contact)

        return again

    def warnings_again(self) -> list[str]:
        """Check the templates of later attempts; return warnings that those of the first one don't have."""
        warnings = self._builder(self._first, self._messages.again, self.lint, FIRST_AGAIN).warnings
        columns = self._first.columns
        own = next((column for column in columns if unspaced(column) == ATTEMPT), None)
        if own is not None and any(
            own in one.template.bound(columns).all_columns for one in self._messages.all
        ):
            warnings.append(
                f"the list has a column {own!r}, so {{{{ attempt }}}} is what stands there, and not the number of "
                "the call"
            )
        return [one for one in warnings if one not in self.warnings]

    def second_call(self) -> CallTarget | None:
        """Return the second call of one of the first people, if its message differs from that of the first call."""
        lint = self._checks.lint(tells=False)
        first = self._builder(self._first, self._messages.first, lint)
        second = self._builder(self._first, self._messages.again, lint, FIRST_AGAIN)
        for contact in self._first.first_rows:
            called, again = first(contact), second(contact)
            if isinstance(called, CallTarget) and isinstance(again, CallTarget):
                return again if again.override != called.override else None
        return None

    def first_keys(self) -> list[str]:
        """Return the keys of the list's first people."""
        made = map(self._without_messages(self._first, self._key_column), self._first.first_rows)
        return list(dict.fromkeys(target.key for target in made if isinstance(target, CallTarget)))

    def numbers(self, contacts: ContactList) -> "NumbersOfRows":
        """Return what finds the numbers of a row."""
        from xuna_cli.targets.uncertain_phone import NumbersOfRows

        return NumbersOfRows(self.plan.phones, self._without_messages(contacts, None), self._region)

    def _builder(
        self, contacts: ContactList, overrides: Sequence[Override], lint: Lint, attempt: int = 1
    ) -> TargetBuilder:
        empty = not contacts.columns  # an empty JSON list has no columns to check against
        columns = ListColumns(
            contacts.columns,
            self.plan.phones,
            are_complete=contacts.columns_are_complete,
            of_workbook=contacts.sheet is not None,
            key=None if empty else self._key_column,
            timezone=self._timezone_column,
            home_state=self.plan.home_state,
            windows=self.windows,
        )
        return TargetBuilder(
            columns,
            region=self._region,
            strict=self._options.strict_numbers,
            overrides=() if empty else overrides,
            keep_contact=self._keep_contacts,
            lint=lint,
            rendered=self._rendered,
            attempt=attempt,
        )

    def _without_messages(self, contacts: ContactList, key_column: str | None) -> TargetBuilder:
        columns = ListColumns(
            contacts.columns, self.plan.phones, are_complete=contacts.columns_are_complete, key=key_column
        )
        strict = self._options.strict_numbers
        return TargetBuilder(columns, region=self._region, strict=strict, rendered=self._rendered)
