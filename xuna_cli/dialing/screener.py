"""Apply the screening rules with the current time and ledger."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from xuna_cli.ledger.attempts import Standing
from xuna_cli.ledger.last_calls import last_calls
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.records import CalledAt, ClaimStatus
from xuna_cli.models import CallTarget, Contact, Reason
from xuna_cli.screening.order import Screening, first, may_be_deferred_twice, until_all_allow
from xuna_cli.screening.rules import Rule, ScreeningContext


class Screener:
    """Screens people at intake and again right before each POST.

    Args:
        screening: the rules.
        now: the clock, in UTC.
        ledger: source of the do-not-call list and earlier calls, or None.
        campaign_id: the campaign; None if it is new.
    """

    def __init__(
        self,
        screening: Screening,
        now: Callable[[], datetime],
        ledger: Ledger | None,
        campaign_id: int | None = None,
    ) -> None:
        self.screening = screening
        self._now = now
        self._ledger = ledger
        self._campaign_id = campaign_id
        self._at_intake = screening.at_intake
        self._second_look = screening.second_look
        self._before_post = screening.before_post
        self._at_another_time = screening.at_another_time
        self._is_fit = screening.by_number

    def at_intake(self, people: Sequence[tuple[CallTarget, Contact | None]]) -> dict[int, Reason]:
        """Return the barred people by position, with the reasons."""
        now = self._now()
        numbers = [target.to_phone_number for target, _ in people]
        listed = self._listed_of(people)
        called = self._called(people, now)
        places: Iterable[int] = range(len(people))
        if not listed and self._is_fit is not None:
            places = [
                place
                for place, number in enumerate(numbers)
                if not self._is_fit(number)
                or people[place][0].window is not None
                or self.screening.is_marked(*people[place])
            ]
        found = {}
        for place in places:
            target, contact = people[place]
            fields = contact.fields if contact is not None else {}
            reason = self._reason(
                self._at_intake,
                ScreeningContext(target, now, fields, _words(listed, target), called.get(target.key)),
            )
            if reason is not None:
                found[place] = reason
        return found

    def second_look(self, people: Sequence[tuple[CallTarget, Contact | None]]) -> dict[int, Reason]:
        """Re-screen deferred people: return the barred ones by position, with the reasons."""
        now = self._now()
        listed = self._listed_of(people)
        called = self._called(people, now)
        reasons = (
            self._reason(
                self._second_look,
                ScreeningContext(target, now, {}, _words(listed, target), called.get(target.key)),
            )
            for target, _ in people
        )
        return {place: reason for place, reason in enumerate(reasons) if reason is not None}

    def _reason(self, rules: Sequence[Rule], look: ScreeningContext) -> Reason | None:
        """Return why a person may not be called now; a deferral lasts until all rules allow the call."""
        reason = first(rules, look)
        if reason is None or reason.opens_at is None:
            return reason
        if not may_be_deferred_twice(self.screening, look.target):
            return reason
        return until_all_allow(reason, self._at_another_time, look)

    def _listed_of(self, people: Sequence[tuple[CallTarget, Contact | None]]) -> Mapping[str, str]:
        if self._ledger is None:
            return {}
        return self._ledger.on_do_not_call_list(number for target, _ in people for number in target.numbers)

    @property
    def quiet_since(self) -> datetime | None:
        """Begin of the quiet days; None without `--quiet-days`."""
        quiet = self.screening.quiet_days
        return None if quiet is None else quiet.since(self._now())

    def _called(
        self, people: Sequence[tuple[CallTarget, Contact | None]], now: datetime
    ) -> Mapping[str, str]:
        quiet = self.screening.quiet_days
        if quiet is None or self._ledger is None:
            return {}
        targets = [target for target, _ in people]
        return last_calls(self._ledger, targets, quiet.since(now), campaign_id=self._campaign_id)

    def before_post(self, targets: Sequence[CallTarget]) -> dict[str, Reason]:
        """Return people who may no longer be called, by key, with the reasons.

        The ledger's do-not-call list and the quiet days are not checked here but by `Ledger.submit`, in
        its transaction.
        """
        if not self._before_post:
            return {}
        now = self._now()
        reasons = (
            (target.key, self._reason(self._before_post, ScreeningContext(target, now))) for target in targets
        )
        return {key: reason for key, reason in reasons if reason is not None}

    def barred(self, target: CallTarget, why: str | Standing) -> Reason | Standing:
        """Return why the ledger bars a person: a rule's reason, or how the person stands in the campaign."""
        if not isinstance(why, str) or isinstance(why, ClaimStatus):
            return why
        rule: Rule | None = self.screening.do_not_call
        look = ScreeningContext(target, self._now(), {}, why)
        if isinstance(why, CalledAt):
            rule, look = self.screening.quiet_days, ScreeningContext(target, self._now(), called_at=why)
        reason = None if rule is None else rule(look)
        if reason is None:
            raise AssertionError(target.to_phone_number)
        return reason

    def outside(self, targets: Sequence[CallTarget]) -> int | None:
        """Count people outside the usual hours; None if calling hours were given."""
        if self.screening.hours is not None:
            return None
        return self.screening.outside(targets, self._now())


def _words(listed: Mapping[str, str], target: CallTarget) -> str | None:
    """Return why one of the person's numbers is on the ledger's do-not-call list, or None."""
    return next((listed[number] for number in target.numbers if number in listed), None) if listed else None
