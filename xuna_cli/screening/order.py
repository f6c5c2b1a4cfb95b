"""The order of the rules, written down once: who falls under several is counted under the first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from xuna_cli.models import CallTarget, Contact, Reason
from xuna_cli.screening.calling_hours import USUAL, CallingHours
from xuna_cli.screening.countries import Countries, KindOfNumber
from xuna_cli.screening.days import NotOn, Start
from xuna_cli.screening.do_not_call import DoNotCall
from xuna_cli.screening.marks import Marks
from xuna_cli.screening.rules import (
    Consent,
    InAnyRow,
    OncePerNumber,
    QuietDays,
    Rule,
    ScreeningContext,
    Until,
)

ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # for rules that don't look at it


@dataclass(frozen=True, slots=True)
class Screening:
    """Every rule of one run; None where it was not asked for.

    Attributes:
        do_not_call: also of the ledger's own list, so it is always there.
        marks: in the list itself.
        countries: an allow-list.
        kind_of_number: no costly numbers.
        consent: nobody without it.
        quiet_days: nobody who was called a short while ago.
        until: nobody after the end.
        start: nobody before the beginning.
        not_on: nobody on these days of their own calendar.
        hours: nobody outside them, now.
        usual: whom to warn about where no hours were asked for.
    """

    do_not_call: DoNotCall = field(default_factory=DoNotCall)
    marks: Marks | InAnyRow | None = None
    countries: Countries | None = None
    kind_of_number: KindOfNumber | None = None
    consent: Consent | InAnyRow | None = None
    quiet_days: QuietDays | None = None
    until: Until | None = None
    start: Start | None = None
    not_on: NotOn | None = None
    hours: CallingHours | None = None
    usual: CallingHours = field(default_factory=lambda: CallingHours(USUAL))

    @property
    def at_intake(self) -> tuple[Rule, ...]:
        """The rules before a claim, in the order in which a row is counted.

        They are of one run: what they remember begins anew each time.
        """
        rules: Iterable[Rule | None] = (
            self.do_not_call,
            self.marks,
            self.countries,
            self.kind_of_number,
            self.consent,
            self.quiet_days,
            # Before the hours: who is deferred is called later, and then not asked again.
            OncePerNumber() if self.quiet_days is not None else None,
            self.until,
            self.start,
            self.not_on,
            self.hours,
        )
        return tuple(rule for rule in rules if rule is not None)

    @property
    def by_number(self) -> Callable[[str], bool] | None:
        """Tells of a number that nothing is said against it, where the rules look at nothing else; else None.

        It holds for a number that is not on the ledger's own list, in a row that has no mark.
        """
        if self.do_not_call.lists:
            return None
        kind = self.kind_of_number
        others = tuple(rule for rule in self.at_intake if rule is not self.marks)
        if kind is not None and others == (self.do_not_call, kind):
            return kind.is_ordinary
        return (lambda _: True) if others == (self.do_not_call,) else None

    def is_marked(self, target: CallTarget, contact: Contact | None) -> bool:
        """Return whether there is a mark in the list, in this row or another one, that says not to call."""
        if self.marks is None or contact is None:
            return False
        if isinstance(self.marks, Marks):
            return self.marks.marked(contact.fields) is not None
        return self.marks(ScreeningContext(target, ANY_TIME, contact.fields)) is not None

    @property
    def before_post(self) -> tuple[Rule, ...]:
        """The rules that are asked again right before every POST, in the same order.

        The ledger's own list is asked by `Ledger.submit`, in its transaction.
        """
        rules: Iterable[Rule | None] = (
            self.do_not_call if self.do_not_call.lists else None,
            self.until,
            self.start,
            self.not_on,
            self.hours,
        )
        return tuple(rule for rule in rules if rule is not None)

    @property
    def second_look(self) -> tuple[Rule, ...]:
        """The rules for who was deferred and is looked at again, in the same order."""
        rules: Iterable[Rule | None] = (
            self.do_not_call,
            self.quiet_days,
            self.until,
            self.start,
            self.not_on,
            self.hours,
        )
        return tuple(rule for rule in rules if rule is not None)

    def outside(self, targets: Sequence[CallTarget], now: datetime) -> int:
        """Return how many people are outside 08:00-21:00 of their own time."""
        return self.usual.outside(targets, now)


def first(rules: Iterable[Rule], look: ScreeningContext) -> Reason | None:
    """Return what the first rule says that says anything."""
    for rule in rules:
        reason = rule(look)
        if reason is not None:
            return reason
    return None
