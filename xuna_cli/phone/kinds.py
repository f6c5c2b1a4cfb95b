"""What kind of number it is, where it belongs, and which time zones it may lie in: as libphonenumber says.

The library is asked with objects that cost more to make than the answer. Here its own patterns are
compiled once for each calling code and asked in its own order (`region_code_for_number`, `number_type`,
`time_zones_for_number`), on the digits of an E.164 number; a test compares the two on many numbers.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

UNKNOWN = PhoneNumberType.UNKNOWN
GLOBAL = "001"
"""What libphonenumber calls the region of networks that belong to no country."""

_LONGEST_CALLING_CODE = 3


class Kind(NamedTuple):
    """Where a number belongs and what it is; region None and type UNKNOWN where no pattern knows it."""

    region: str | None
    type: int


@dataclass(frozen=True, slots=True)
class _Pattern:
    lengths: frozenset[int]  # empty: any
    matches: re.Pattern[str]

    def __call__(self, national: str) -> bool:
        return (not self.lengths or len(national) in self.lengths) and bool(self.matches.fullmatch(national))


@dataclass(frozen=True, slots=True)
class _Region:
    name: str
    leading: re.Pattern[str] | None
    general: _Pattern | None
    types: Sequence[tuple[int, _Pattern]]
    fixed: _Pattern | None
    mobile: _Pattern | None
    same: bool

    def type_of(self, national: str) -> int:
        """Return the type, as `_number_type_helper` does."""
        if self.general is None or not self.general(national):
            return UNKNOWN
        for kind, pattern in self.types:
            if pattern(national):
                return kind
        if self.fixed is not None and self.fixed(national):
            both = self.same or (self.mobile is not None and self.mobile(national))
            return PhoneNumberType.FIXED_LINE_OR_MOBILE if both else PhoneNumberType.FIXED_LINE
        if not self.same and self.mobile is not None and self.mobile(national):
            return PhoneNumberType.MOBILE
        return UNKNOWN


class Plan:
    """The numbers of one calling code.

    Args:
        code: the calling code, without `+`.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self._regions = [
            region
            for name in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
            if (region := _region(code, name)) is not None
        ]

    @property
    def is_global(self) -> bool:
        """Whether it belongs to no country: satellite, universal freephone and the like."""
        return any(region.name == GLOBAL for region in self._regions)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The countries that share the calling code, the main one first."""
        return tuple(region.name for region in self._regions)

    def regions_of(self, national: str) -> tuple[str, ...]:
        """Return every country that uses the range of a national number: some share their mobile numbers."""
        return tuple(
            region.name
            for region in self._regions
            if (region.leading is None or region.leading.match(national))
            and region.type_of(national) != UNKNOWN
        )

    @cached_property
    def unbound(self) -> re.Pattern[str]:
        """A pattern of all national numbers that may be of a kind that is bound to no place.

        Mobile numbers are among them where they are a kind of their own.
        """
        kinds = {pattern.matches.pattern for region in self._regions for _, pattern in region.types}
        mobile = {
            region.mobile.matches.pattern
            for region in self._regions
            if region.mobile is not None and not region.same
        }
        return _union(kinds | mobile)

    def kind(self, national: str) -> Kind:
        """Return what a national number is."""
        if len(self._regions) == 1:
            (region,) = self._regions
            return Kind(region.name, region.type_of(national))
        for region in self._regions:
            if region.leading is not None:
                if region.leading.match(national):
                    return Kind(region.name, region.type_of(national))
            elif (kind := region.type_of(national)) != UNKNOWN:
                return Kind(region.name, kind)
        return Kind(None, UNKNOWN)

    def may_be(self, kinds: frozenset[int]) -> re.Pattern[str] | None:
        """Return a pattern of all national numbers that can be of these kinds (and perhaps of others).

        None where no number can. A number that the pattern doesn't match is of none of them, since the
        library says so only of numbers that match the kind's own pattern.
        """
        parts = {
            pattern.matches.pattern
            for region in self._regions
            for kind, pattern in region.types
            if kind in kinds
        }
        return _union(parts) if parts else None


def _union(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in sorted(patterns)) or "(?!)")


def split(e164: str) -> tuple[Plan, str] | None:
    """Return the plan of an E.164 number and its national digits; None: no country has its calling code."""
    plan = _plan_of_first_digits(e164[1 : 1 + _LONGEST_CALLING_CODE])
    return None if plan is None else (plan, e164[1 + len(plan.code) :])


def kind_of(e164: str) -> Kind:
    """Return where an E.164 number belongs, and what it is."""
    parts = split(e164)
    return Kind(None, UNKNOWN) if parts is None else parts[0].kind(parts[1])


@cache
def _plan_of_first_digits(digits: str) -> Plan | None:
    for length in range(1, len(digits) + 1):
        code = digits[:length]
        if code[0] != "0" and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return _plan(code)
    return None


@cache
def _plan(code: str) -> Plan:
    return Plan(code)


def _region(code: str, name: str) -> _Region | None:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(int(code), name)
    if metadata is None:
        return None
    types = (
        (PhoneNumberType.PREMIUM_RATE, metadata.premium_rate),
        (PhoneNumberType.TOLL_FREE, metadata.toll_free),
        (PhoneNumberType.SHARED_COST, metadata.shared_cost),
        (PhoneNumberType.VOIP, metadata.voip),
        (PhoneNumberType.PERSONAL_NUMBER, metadata.personal_number),
        (PhoneNumberType.PAGER, metadata.pager),
        (PhoneNumberType.UAN, metadata.uan),
        (PhoneNumberType.VOICEMAIL, metadata.voicemail),
    )
    return _Region(
        name=name,
        leading=re.compile(metadata.leading_digits) if metadata.leading_digits else None,
        general=_pattern(metadata.general_desc),
        types=[(kind, pattern) for kind, described in types if (pattern := _pattern(described)) is not None],
        fixed=_pattern(metadata.fixed_line),
        mobile=_pattern(metadata.mobile),
        same=bool(metadata.same_mobile_and_fixed_line_pattern),
    )


def _pattern(described: PhoneNumberDesc | None) -> _Pattern | None:
    if described is None or not described.national_number_pattern:
        return None
    return _Pattern(frozenset(described.possible_length), re.compile(described.national_number_pattern))
