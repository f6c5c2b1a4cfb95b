"""Calling codes: the form of their numbers, the countries that share them, and the kinds of numbers.

libphonenumber needs objects that take longer to create than the answer takes. Here its own metadata is compiled once
per calling code, and used in its own order (`parse`, `is_possible_number_with_reason`, `is_valid_number`,
`region_code_for_number`, `number_type`) on the digits of a number. Tests compare both on many numbers.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberType
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from xuna_cli.dataclass import dataclass

UNKNOWN = PhoneNumberType.UNKNOWN
GLOBAL = "001"
"""libphonenumber's region of networks that belong to no country."""

_LONGEST_CALLING_CODE = 3


class Kind(NamedTuple):
    """Country and type of a number; region None and type UNKNOWN if no pattern matches."""

    region: str | None
    type: int


class _Pattern:
    """A pattern that is compiled on first use; a calling code has up to two hundred of them.

    Args:
        text: the pattern.
        lengths: lengths of the numbers that it matches; empty for any length.
    """

    def __init__(self, text: str, lengths: frozenset[int] = frozenset()) -> None:
        self.text = text
        self.lengths = lengths

    @cached_property
    def matches(self) -> re.Pattern[str]:
        return re.compile(self.text)

    def __call__(self, national: str) -> bool:
        return (not self.lengths or len(national) in self.lengths) and bool(self.matches.fullmatch(national))


@dataclass(frozen=True, slots=True)
class _Region:
    name: str
    leading: _Pattern | None
    general: _Pattern | None
    types: Sequence[tuple[int, _Pattern]]
    fixed: _Pattern | None
    mobile: _Pattern | None
    same: bool

    def type_of(self, national: str) -> int:
        """Return the type, like `_number_type_helper`."""
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


class CallingCode:
    """The numbers of one calling code.

    Args:
        code: the calling code, without `+`.

    Attributes:
        begins: start of the national number in E.164.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self.begins = 1 + len(code)
        names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ())
        self._regions = [region for name in names if (region := _region(code, name)) is not None]

    @property
    def is_global(self) -> bool:
        """Whether it belongs to no country: satellite, universal freephone and similar."""
        return any(region.name == GLOBAL for region in self._regions)

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The countries that share the calling code, the main one first."""
        return tuple(region.name for region in self._regions)

    def regions_of(self, national: str) -> tuple[str, ...]:
        """Return every country that uses the range of a national number; some countries share mobile numbers."""
        return tuple(
            region.name
            for region in self._regions
            if (region.leading is None or region.leading.matches.match(national))
            and region.type_of(national) != UNKNOWN
        )

    @cached_property
    def dialled(self) -> re.Pattern[str]:
        """Pattern of numbers that its countries can dial, assigned or not.

        It matches the fictional +1 555, but not a national number that begins with 0 or 1.
        """
        return _union(region.general.text for region in self._regions if region.general)

    @cached_property
    def assigned(self) -> re.Pattern[str]:
        """Pattern of its *valid* numbers, which match a country's general pattern and the pattern of a kind."""
        parts = []
        for region in self._regions:
            own = (region.fixed, region.mobile, *(pattern for _, pattern in region.types))
            kinds = _any_of(pattern.text for pattern in own if pattern)
            if region.general is not None:
                parts.append(rf"(?=(?:{region.general.text})\Z)(?:{kinds})")
        return _union(parts)

    @cached_property
    def unbound(self) -> re.Pattern[str]:
        """Pattern of all national numbers whose kind may not be bound to a place.

        It includes mobile numbers in countries where they are a kind of their own.
        """
        kinds = [pattern.text for region in self._regions for _, pattern in region.types]
        mobile = [
            region.mobile.text for region in self._regions if region.mobile is not None and not region.same
        ]
        return _union([*kinds, *mobile])

    def kind(self, national: str) -> Kind:
        """Return country and type of a national number."""
        if len(self._regions) == 1:
            (region,) = self._regions
            return Kind(region.name, region.type_of(national))
        for region in self._regions:
            if region.leading is not None:
                if region.leading.matches.match(national):
                    return Kind(region.name, region.type_of(national))
            elif (kind := region.type_of(national)) != UNKNOWN:
                return Kind(region.name, kind)
        return Kind(None, UNKNOWN)

    def may_be(self, kinds: frozenset[int]) -> re.Pattern[str] | None:
        """Return a pattern of all national numbers that may be of these kinds (and perhaps of others).

        None if no number can be. A number that does not match is of none of these kinds, because the library only
        assigns a kind to numbers that match its pattern.
        """
        parts = [pattern.text for region in self._regions for kind, pattern in region.types if kind in kinds]
        return _union(parts) if parts else None


def _union(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(_any_of(patterns))


def _any_of(patterns: Iterable[str]) -> str:
    """Return a pattern of all texts that match one of the patterns; the most likely one should come first."""
    return "|".join(f"(?:{pattern})" for pattern in dict.fromkeys(patterns)) or "(?!)"


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
        leading=_Pattern(metadata.leading_digits) if metadata.leading_digits else None,
        general=_pattern(metadata.general_desc),
        types=[(kind, pattern) for kind, described in types if (pattern := _pattern(described)) is not None],
        fixed=_pattern(metadata.fixed_line),
        mobile=_pattern(metadata.mobile),
        same=bool(metadata.same_mobile_and_fixed_line_pattern),
    )


def _pattern(described: PhoneNumberDesc | None) -> _Pattern | None:
    if described is None or not described.national_number_pattern:
        return None
    return _Pattern(described.national_number_pattern, frozenset(described.possible_length))


@cache
def code_of(first_digits: str) -> CallingCode | None:
    """Return the shortest calling code at the start of up to three digits, or None if no country has one."""
    for length in range(1, len(first_digits) + 1):
        code = first_digits[:length]
        if code[0] != "0" and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return calling_code(code)
    return None


@cache
def calling_code(code: str) -> CallingCode:
    """Return a calling code; each is made once."""
    return CallingCode(code)


def split(e164: str) -> tuple[CallingCode, str] | None:
    """Return the calling code and the national digits of an E.164 number, or None if no country has its code."""
    code = code_of(e164[1 : 1 + _LONGEST_CALLING_CODE])
    return None if code is None else (code, e164[code.begins :])


def kind_of(e164: str) -> Kind:
    """Return country and type of an E.164 number."""
    parts = split(e164)
    return Kind(None, UNKNOWN) if parts is None else parts[0].kind(parts[1])
