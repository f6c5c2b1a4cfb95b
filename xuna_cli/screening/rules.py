"""Screening rules: each looks at one call target and returns None, or the reason not to call it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import NamedTuple

from xuna_cli.dataclass import dataclass
from xuna_cli.models import CallTarget, Reason
from xuna_cli.phone.same_person import one_form
from xuna_cli.phone.zone_names import UnknownZoneError
from xuna_cli.times import for_people

DO_NOT_CALL, SCREENED, DEFERRED = "do_not_call", "screened", "deferred"

OPT_OUTS_UNKNOWN = "opt-outs-unknown"
"""Code of people who may have opted out in a conversation, which is not known."""


class ScreeningContext(NamedTuple):
    """The data that rules may use.

    Attributes:
        target: the call target.
        now: current time in UTC.
        fields: the contact's cells; empty when rules are checked again right before a POST.
        listed: reason from the ledger's own do-not-call list; None if the number is not on it.
        called_at: last call to the number in any campaign (the ledger's time format), if it is within the quiet days
            and they were requested; `now` if another run has claimed the number; otherwise None.
    """

    target: CallTarget
    now: datetime
    fields: Mapping[str, object] = {}
    listed: str | None = None
    called_at: str | None = None


Rule = Callable[[ScreeningContext], Reason | None]


@dataclass(frozen=True, slots=True)
class Consent:
    """Require recorded consent; a missing value means no.

    Attributes:
        column: the consent column.
        values: values that mean yes, in lower case.
    """

    column: str
    values: frozenset[str]

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None if the contact has consented."""
        cell = look.fields.get(self.column)
        # JSON's true and 1 become `true` and `1`; values of other types are not consent.
        said = str(cell).strip().lower() if isinstance(cell, (str, int)) else ""
        if said in self.values:
            return None
        what = f'"{_short(said)}"' if said else "empty"
        return Reason("no-consent", SCREENED, f"no-consent: {self.column} is {what}", self.column)


@dataclass(frozen=True, slots=True)
class InAnyRow:
    """Apply a rule's finding about one row to all rows with the same number.

    Attributes:
        rule: rule that looks at the cells of one row.
        numbers: numbers of the rows for which the rule has a reason, each in its `one_form`.
        code: reason code for the other rows of these numbers.
        count: count for the other rows.
        column: column that the rule looks at.
    """

    rule: Rule
    numbers: Collection[str]
    code: str
    count: str
    column: str

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return the rule's reason for this row, or a reason if another row of the number has one."""
        reason = self.rule(look)
        if reason is not None or not self.says_another_row(look.target):
            return reason
        where = f" in {self.column!r}" if self.column else ""
        message = f"{self.code}: another row with the same number says so{where}"
        return Reason(self.code, self.count, message, self.column)

    def says_another_row(self, target: CallTarget) -> bool:
        """Return whether the rule has a reason in a row with one of the person's numbers."""
        return len(self.numbers) > 0 and any(one_form(number) in self.numbers for number in target.numbers)


@dataclass(frozen=True, slots=True)
class QuietDays:
    """Call nobody who was called a short time ago, in any campaign of the ledger.

    Attributes:
        days: length of that time.
    """

    days: float

    def since(self, now: datetime) -> datetime:
        """Return the earliest time of calls that count."""
        return now - timedelta(days=self.days)

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None if the last call was long enough ago."""
        if look.called_at is None:
            return None
        if look.called_at == "now":
            return Reason(
                "called-recently", SCREENED, "called-recently: another run is about to call this number"
            )
        return Reason(
            "called-recently",
            SCREENED,
            f"called-recently: last called {for_people(look.called_at)}, less than {self.days:g} days ago",
        )


@dataclass(frozen=True, slots=True)
class OncePerNumber:
    """With quiet days, call a number only for the first of its rows.

    Only with `--key` can several rows of one number be different people.
    """

    _first: dict[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None for the first key of each number, however often it is checked."""
        number, key = look.target.to_phone_number, look.target.key
        if key == number or self._first.setdefault(one_form(number), key) == key:
            return None
        return Reason(
            "called-recently",
            SCREENED,
            "called-recently: an earlier row has the same number, and --quiet-days allows one call per number",
        )


@dataclass(frozen=True, slots=True)
class Until:
    """Call nobody after the end of the campaign.

    Attributes:
        end: the end, an aware time, in the UTC offset that the user gave.
    """

    end: datetime

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None before the end."""
        return None if look.now < self.end else self.passed()

    def passed(self, why: str = "") -> Reason:
        """Return the reason for a call that can only be made after the end."""
        end = for_people(self.end)
        message = (
            f"past-until: {why}, after the end of the campaign ({end})"
            if why
            else f"past-until: the campaign ended at {end}"
        )
        return Reason("past-until", SCREENED, message)


def unknown_zone(error: UnknownZoneError) -> Reason:
    """Return the reason of somebody whose contact gives a time zone that does not exist."""
    return Reason("timezone-unknown", SCREENED, f"timezone-unknown: {error}")


def no_zone(target: CallTarget) -> Reason:
    """Return the reason of somebody whose time zone is needed and unknown."""
    return Reason(
        "no-timezone",
        SCREENED,
        f"no-timezone: time zone unknown for {target.to_phone_number}; add a column timezone "
        "with the person's time zone, or, if all such people are in one time zone, use e.g. --default-timezone "
        "America/New_York",
    )


def _short(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
