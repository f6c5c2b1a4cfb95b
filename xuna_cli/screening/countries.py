"""The rules for countries and for kinds of numbers that cost the caller money."""

import re
from dataclasses import field

from phonenumbers import PhoneNumberType

from xuna_cli.dataclass import dataclass
from xuna_cli.models import Reason
from xuna_cli.phone.calling_codes import kind_of, split
from xuna_cli.screening.rules import SCREENED, ScreeningContext

# Kinds of numbers that toll fraud uses: the caller pays the owner of the number. Personal numbers belong to them,
# because some countries charge them in the same way (+44 70).
COSTLY = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number, which can cost as much as a premium-rate number",
}


@dataclass(frozen=True, slots=True)
class Countries:
    """Call only numbers of some countries.

    Attributes:
        allowed: regions (ISO codes, as libphonenumber uses them).
    """

    allowed: frozenset[str]

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None if the number belongs to an allowed country; a number of an unknown country is refused."""
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
    """Call no number that costs the caller extra, or belongs to a global network.

    One pattern match (the costly numbers of a calling code) decides about almost every number.
    """

    # First digits → start of the national number, and a pattern of all possibly costly numbers. A cache, for speed
    # only.
    _costly: dict[str, tuple[int, re.Pattern[str]] | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    def is_ordinary(self, number: str) -> bool:
        """Return whether one pattern match shows that the number has an ordinary price."""
        first_digits = number[1:4]
        try:
            costly = self._costly[first_digits]
        except KeyError:
            costly = self._costly[first_digits] = _costly(number)
        return costly is None or not costly[1].fullmatch(number, costly[0])

    def __call__(self, look: ScreeningContext) -> Reason | None:
        """Return None if the number has an ordinary price."""
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
