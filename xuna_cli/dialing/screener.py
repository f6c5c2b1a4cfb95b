"""Asks the rules of screening about people, with the facts that the ledger and the clock have now."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from xuna_cli.models import CallTarget, Contact, Reason
from xuna_cli.screening.order import Screening, first
from xuna_cli.screening.rules import Look

Listed = Callable[[Sequence[str]], Mapping[str, str]]
LastCalls = Callable[[Sequence[str], datetime], Mapping[str, str]]


class Screener:
    """Who may be called, at intake and again right before each POST.

    Args:
        screening: the rules.
        now: the clock, in UTC.
        listed: those of the numbers that are on the ledger's do-not-call list, and why.
        last_calls: when those of the numbers were last called, that were since a time.
    """

    def __init__(
        self, screening: Screening, *, now: Callable[[], datetime], listed: Listed, last_calls: LastCalls
    ) -> None:
        self.screening = screening
        self._now = now
        self._listed = listed
        self._last_calls = last_calls
        self._at_intake = screening.at_intake
        self._second_look = screening.second_look
        self._before_post = screening.before_post
        self._is_fit = screening.by_number

    def at_intake(self, people: Sequence[tuple[CallTarget, Contact | None]]) -> dict[str, Reason]:
        """Return, by key, who may not be called, and why."""
        now = self._now()
        numbers = [target.to_phone_number for target, _ in people]
        others = [other for target, _ in people for other in target.other_numbers]
        listed = self._listed([*numbers, *others] if others else numbers)
        quiet = self.screening.quiet_days
        called = self._last_calls(numbers, quiet.since(now)) if quiet is not None else {}
        if not listed and self._is_fit is not None:
            fit = map(self._is_fit, numbers)
            marks = self.screening.marks
            people = [
                person
                for person, is_fit in zip(people, fit, strict=True)
                if not is_fit
                or (marks is not None and person[1] is not None and marks.marked(person[1].fields))
            ]
        reasons = (
            (
                target.key,
                first(
                    self._at_intake,
                    Look(
                        target,
                        now,
                        contact.fields if contact is not None else {},
                        _words(listed, target),
                        called.get(target.to_phone_number),
                    ),
                ),
            )
            for target, contact in people
        )
        return {key: reason for key, reason in reasons if reason is not None}

    def second_look(self, people: Sequence[tuple[CallTarget, Contact | None]]) -> dict[str, Reason]:
        """Return, by key, who was found fit before, was deferred, and may not be called now, and why."""
        now = self._now()
        listed = self._listed(
            [number for target, _ in people for number in (target.to_phone_number, *target.other_numbers)]
        )
        reasons = (
            (
                target.key,
                first(self._second_look, Look(target, now, {}, _words(listed, target))),
            )
            for target, _ in people
        )
        return {key: reason for key, reason in reasons if reason is not None}

    def before_post(self, targets: Sequence[CallTarget]) -> dict[str, Reason]:
        """Return, by key, who may not be called any more, and why.

        The ledger's own list is not asked here, but by `Ledger.submit`, in its transaction.
        """
        if not self._before_post:
            return {}
        now = self._now()
        reasons = ((target.key, first(self._before_post, Look(target, now))) for target in targets)
        return {key: reason for key, reason in reasons if reason is not None}

    def listed(self, target: CallTarget, words: str) -> Reason:
        """Return the reason for one who is on the ledger's list, found there by others."""
        reason = self.screening.do_not_call(Look(target, self._now(), {}, words))
        if reason is None:
            raise AssertionError(target.to_phone_number)
        return reason

    def outside(self, targets: Sequence[CallTarget]) -> int | None:
        """Return how many are outside the usual hours; None where hours were asked for."""
        if self.screening.hours is not None:
            return None
        return self.screening.outside(targets, self._now())


def _words(listed: Mapping[str, str], target: CallTarget) -> str | None:
    """Return why one of the person's numbers is on the ledger's list; None: none is."""
    if not listed or not target.other_numbers:
        return listed.get(target.to_phone_number)
    numbers = (target.to_phone_number, *target.other_numbers)
    return next((listed[number] for number in numbers if number in listed), None)
