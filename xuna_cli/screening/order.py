"""The order of the rules. If several apply to a contact, it is counted under the first one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace
from datetime import datetime

from xuna_cli.dataclass import dataclass
from xuna_cli.models import CallTarget, Contact, Reason
from xuna_cli.phone.zones import local
from xuna_cli.screening.calling_hours import USUAL, CallingHours
from xuna_cli.screening.countries import Countries, KindOfNumber
from xuna_cli.screening.days import NotOn, Start
from xuna_cli.screening.do_not_call import DoNotCall, OptOutsUnknown
from xuna_cli.screening.marks import Marks
from xuna_cli.screening.own_time import OwnTime
from xuna_cli.screening.rules import (
    DEFERRED,
    Consent,
    InAnyRow,
    OncePerNumber,
    QuietDays,
    Rule,
    ScreeningContext,
    Until,
)

_MOST_STEPS = 50
"""Largest number of later times that are looked at for one deferral."""


@dataclass(frozen=True, slots=True)
class Screening:
    """All screening rules of one run; None for a rule that was not requested.

    Attributes:
        do_not_call: do-not-call lists; always there, because of the ledger's own list.
        marks: do-not-call marks in the contact list itself.
        countries: allowed countries.
        kind_of_number: no costly numbers.
        consent: required consent.
        opt_outs_unknown: nobody who may have opted out in another campaign.
        quiet_days: nobody who was called recently.
        until: end of the campaign.
        own_time: the person's own time.
        start: start of the campaign.
        not_on: days without calls.
        hours: calling hours.
        usual: the usual hours, to warn about people outside them when no hours were requested.
    """

    do_not_call: DoNotCall = field(default_factory=DoNotCall)
    marks: Marks | InAnyRow | None = None
    countries: Countries | None = None
    kind_of_number: KindOfNumber | None = None
    consent: Consent | InAnyRow | None = None
    opt_outs_unknown: OptOutsUnknown | None = None
    quiet_days: QuietDays | None = None
    until: Until | None = None
    own_time: OwnTime | None = None
    start: Start | None = None
    not_on: NotOn | None = None
    hours: CallingHours | None = None
    usual: CallingHours = field(default_factory=lambda: CallingHours(USUAL))

    @property
    def at_intake(self) -> tuple[Rule, ...]:
        """The rules before a claim, in the order in which a row is counted.

        Use them for one run only: what they remember starts empty each time.
        """
        rules: Iterable[Rule | None] = (
            self.do_not_call,
            self.marks,
            self.countries,
            self.kind_of_number,
            self.consent,
            self.opt_outs_unknown,
            self.quiet_days,
            # Before the hours, because a deferred call is made later without this check.
            OncePerNumber() if self.quiet_days is not None else None,
            *self._of_time,
        )
        return tuple(rule for rule in rules if rule is not None)

    @property
    def _of_time(self) -> tuple[Rule | None, ...]:
        """The rules that look at the time: those that nobody passes later come before those that defer."""
        return self.until, self.own_time, self.start, self.not_on, self.hours

    @property
    def at_another_time(self) -> tuple[Rule, ...]:
        """The rules that look at the time, to ask them about later times.

        They have a memory of their own: the other rules don't see which time these were last asked about.
        """
        hours, not_on = self.hours, self.not_on
        rules: Iterable[Rule | None] = (
            self.until,
            self.own_time,
            self.start,
            None if not_on is None else NotOn(not_on.days, not_on.zones),
            None if hours is None else CallingHours(hours.hours, hours.default_zone, hours.until),
        )
        return tuple(rule for rule in rules if rule is not None)

    @property
    def by_number(self) -> Callable[[str], bool] | None:
        """Predicate on only the number that finds targets which pass all rules; None if a rule needs more.

        It is only valid for a number that is not on the ledger's own list, in a row without a mark, of a target
        without a time of its own.
        """
        if self.do_not_call.lists:
            return None
        kind = self.kind_of_number
        others = tuple(
            rule for rule in self.at_intake if rule is not self.marks and rule is not self.own_time
        )
        if kind is not None and others == (self.do_not_call, kind):
            return kind.is_ordinary
        return (lambda _: True) if others == (self.do_not_call,) else None

    def is_marked(self, target: CallTarget, contact: Contact | None) -> bool:
        """Return whether a do-not-call mark in this row, or in another row of the same number, applies to a target."""
        if self.marks is None or contact is None:
            return False
        own = self.marks.rule if isinstance(self.marks, InAnyRow) else self.marks
        if isinstance(own, Marks) and own.marked(contact.fields) is not None:
            return True
        return isinstance(self.marks, InAnyRow) and self.marks.says_another_row(target)

    @property
    def before_post(self) -> tuple[Rule, ...]:
        """The rules that are checked again right before every POST, in the same order.

        `Ledger.submit` checks the ledger's own do-not-call list in its transaction.
        """
        rules: Iterable[Rule | None] = (
            self.do_not_call if self.do_not_call.lists else None,
            *self._of_time,
        )
        return tuple(rule for rule in rules if rule is not None)

    @property
    def second_look(self) -> tuple[Rule, ...]:
        """The rules for deferred targets, in the same order."""
        rules: Iterable[Rule | None] = (
            self.do_not_call,
            self.opt_outs_unknown,
            self.quiet_days,
            *self._of_time,
        )
        return tuple(rule for rule in rules if rule is not None)

    def outside(self, targets: Sequence[CallTarget], now: datetime) -> int:
        """Return how many people are outside 08:00-21:00 in their local time."""
        return self.usual.outside(targets, now)


def first(rules: Iterable[Rule], look: ScreeningContext) -> Reason | None:
    """Return the reason of the first rule that has one."""
    for rule in rules:
        reason = rule(look)
        if reason is not None:
            return reason
    return None


def may_be_deferred_twice(screening: Screening, target: CallTarget) -> bool:
    """Return whether the end of one deferral can lie in another one."""
    times = (target.window, screening.start, screening.not_on, screening.hours)
    return sum(each is not None for each in times) > 1


def until_all_allow(reason: Reason, rules: Sequence[Rule], look: ScreeningContext) -> Reason:
    """Return a deferral that ends when all rules allow the call; without an end if that would be too late.

    If a rule forbids the call at any time, the result is not a deferral, whatever the order of the rules.

    Args:
        reason: why somebody is deferred, by the first of the rules that has a reason.
        rules: of `Screening.at_another_time`.
        look: what the reason was found for.
    """
    opens_at, zones = reason.opens_at, reason.zones
    for _ in range(_MOST_STEPS):
        if opens_at is None:
            break
        later = first(rules, look._replace(now=opens_at))
        if later is None:
            break
        if later.count != DEFERRED:
            final = (found for rule in rules if (found := rule(look)) is not None and found.count != DEFERRED)
            message = f"{reason.message}; that is too late ({later.message})"
            return next(final, replace(reason, message=message, opens_at=None))
        opens_at, zones = later.opens_at, later.zones
    if opens_at is None or opens_at == reason.opens_at:
        return reason
    message = f"{reason.message}; all rules allow the call from {local(opens_at, zones[0]):%H:%M on %a %d %b}"
    return replace(reason, message=message, opens_at=opens_at, zones=zones)
