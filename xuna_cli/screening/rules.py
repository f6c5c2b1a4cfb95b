"""The rules: each looks at one call target and says nothing, or why it is not called."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from xuna_cli.models import CallTarget, Reason
from xuna_cli.phone.same_person import one_form
from xuna_cli.times import for_people

DO_NOT_CALL, SCREENED, DEFERRED = "do_not_call", "screened", "deferred"


class ScreeningContext(NamedTuple):
    """What a rule may look at.

    Attributes:
        target: who would be called.
        now: UTC.
        fields: the contact's cells; empty in a second look, right before a POST.
        listed: why the ledger's own do-not-call list has the number; None: it has not.
        called_at: when the number was last called in any campaign, as the ledger writes times, where
            that was asked for; `now`: another run has claimed it; None: not within the quiet days.
    """

    target: CallTarget
    now: datetime
    fields: Mapping[str, object] = {}
    listed: str | None = None
    called_at: str | None = None


Rule = Callable[[ScreeningContext], Reason | None]


@dataclass(frozen=True, slots=True)
class Consent:
    """Anybody whose consent is not written down is not called; a missing consent is a no.

    Attributes:
        column: where it is written down.
        values: what counts as a yes, in lower case.
    """

    column: str
    values: frozenset[str]

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return nothing for a yes."""
        cell = look.fields.get(self.column)
        # JSON's true and 1 are `true` and `1`; other kinds of values say nothing.
        said = str(cell).strip().lower() if isinstance(cell, (str, int)) else ""
        if said in self.values:
            return None
        what = f'"{_short(said)}"' if said else "empty"
        return Reason("no-consent", SCREENED, f"no-consent: {self.column} is {what}", self.column)


@dataclass(frozen=True, slots=True)
class InAnyRow:
    """What one row of the list says of a number holds for all rows of the number, wherever they stand.

    Attributes:
        rule: looks at the cells of one row.
        numbers: of the rows of which the rule says something, each in its `one_form`.
        code: of the reason for the others.
        count: likewise.
        column: that the rule looks at.
    """

    rule: Rule
    numbers: Container[str]
    code: str
    count: str
    column: str

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return what the rule says of this row, or that it says it of another one."""
        reason = self.rule(look)
        if reason is not None or not any(one_form(number) in self.numbers for number in look.target.numbers):
            return reason
        where = f" in {self.column!r}" if self.column else ""
        message = f"{self.code}: another row with the same number says so{where}"
        return Reason(self.code, self.count, message, self.column)


@dataclass(frozen=True, slots=True)
class QuietDays:
    """Nobody is called who was called in any campaign of this ledger some days ago.

    Attributes:
        days: how many.
    """

    days: float

    def since(self, now: datetime) -> datetime:
        """Return from when on a call counts."""
        return now - timedelta(days=self.days)

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return nothing for who was left alone long enough."""
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
    """With quiet days, a number that several rows of one list have is called for the first of them alone.

    Only `--key` makes several people of one number; without it there is nothing to remember.
    """

    _first: dict[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return nothing for the first key of each number, however often that one is looked at."""
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
    """The campaign has an end; after it nobody is called.

    Attributes:
        end: an aware time, as it was given.
    """

    end: datetime

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return nothing before the end."""
        return None if look.now < self.end else self.passed()

    def passed(self, why: str = "") -> Reason:
        """Return the reason of somebody for whom the end has come, or comes before they may be called."""
        end = for_people(self.end)
        message = (
            f"past-until: {why}, after the end of the campaign ({end})"
            if why
            else f"past-until: the campaign ended at {end}"
        )
        return Reason("past-until", SCREENED, message)


def _short(text: str, longest: int = 40) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
