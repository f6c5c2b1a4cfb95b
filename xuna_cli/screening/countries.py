"""Where numbers belong, and which kinds of them cost the caller."""

import re
from dataclasses import dataclass, field

from phonenumbers import PhoneNumberType

from xuna_cli.models import Reason
from xuna_cli.phone.plan import kind_of, split
from xuna_cli.screening.rules import SCREENED, ScreeningContext

# What toll fraud lives on: who calls such a number pays its owner. Personal numbers are among them
# because some countries' are charged so (+44 70).
COSTLY = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number, which can cost as much as a premium-rate number",
}


@dataclass(frozen=True, slots=True)
class Countries:
    """Nobody is called outside some countries.

    Attributes:
        allowed: their regions, as libphonenumber names them.
    """

    allowed: frozenset[str]

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return nothing for a number of one of the countries; one of no known country is of none."""
        number = look.target.to_phone_number
        region = kind_of(number).region
        if region in self.allowed:
            return None
        what = f"{number} is a number of {region}" if region else f"the country of {number} is not known"
        return Reason(
            "country", SCREENED, f"country: {what}, and only {', '.join(sorted(self.allowed))} may be called"
        )


@dataclass(frozen=True, slots=True)
class KindOfNumber:
    """No number is called that costs the caller, or belongs to a global network.

    Almost all numbers are settled by one look at the pattern of their calling code's costly numbers.
    """

    # By the first digits: where the national number begins, and a pattern of all that may be costly; it
    # changes no answer, only what the answer costs.
    _costly: dict[str, tuple[int, re.Pattern[str]] | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    def is_ordinary(self, number: str) -> bool:
        """Return whether a number is one of the many that are settled at one look."""
        first_digits = number[1:4]
        try:
            costly = self._costly[first_digits]
        except KeyError:
            costly = self._costly[first_digits] = _costly(number)
        return costly is None or not costly[1].fullmatch(number, costly[0])

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return nothing for numbers that cost what a call costs."""
        number = look.target.to_phone_number
        if self.is_ordinary(number):
            return None
        parts = split(number)
        if parts is None:
            return None
        plan, national = parts
        if plan.is_global:
            return self._reason(number, f"a number of a global network (+{plan.code})")
        words = COSTLY.get(plan.kind(national).type)
        return None if words is None else self._reason(number, words)

    @staticmethod
    def _reason(number: str, what: str) -> Reason:
        return Reason(
            "kind-of-number", SCREENED, f"kind-of-number: {number} is {what}; to call it, add --allow-premium"
        )


def _costly(number: str) -> tuple[int, re.Pattern[str]] | None:
    parts = split(number)
    if parts is None:
        return None
    plan, _ = parts
    pattern = re.compile(r"\d*") if plan.is_global else plan.may_be(frozenset(COSTLY))
    return None if pattern is None else (1 + len(plan.code), pattern)
