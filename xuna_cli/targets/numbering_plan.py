"""The library's metadata, ready for the quick way of `phone`."""

import re
from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata


@dataclass(frozen=True, slots=True, eq=False)
class NumberingPlan:
    """What `phonenumbers.parse` and `is_possible_number_with_reason` ask of one region's metadata.

    Attributes:
        calling_code: of the country, as text.
        lengths: numbers of digits of a possible national number, local-only ones left out.
        longest: above this many digits a number is "too long" for the library.
        prefix: the national prefix (and carrier codes) that `parse` strips.
        transforms: a match of `prefix` may rewrite the number instead.
        viable: the general pattern of the region's numbers.
        dialled_abroad: the international dialling prefix.
        short: emergency and short numbers.
        unchanged: national numbers that nothing is stripped from, of a possible length and not short: all
            that `PhoneReader._quick` asks of them, in one pattern.
        begins: where the national number begins in E.164.
    """

    calling_code: str
    lengths: frozenset[int]
    longest: int
    prefix: re.Pattern[str]
    transforms: bool
    viable: re.Pattern[str]
    dialled_abroad: re.Pattern[str]
    short: re.Pattern[str]
    unchanged: re.Pattern[str]
    begins: int

    @property
    def main(self) -> "NumberingPlan":
        """The plan of the region whose lengths count where several share the calling code."""
        return plan_of_code(self.calling_code)

    def without_prefix(self, national: str) -> str | None:
        """Return `national` without national prefix, as `parse` strips it; None: ask the library.

        This is phonenumberutil's `_maybe_strip_national_prefix_carrier_code`.
        """
        match = self.prefix.match(national)
        if match is None:
            return national
        if self.transforms and match.lastindex is not None:
            return None
        rest = national[match.end() :]
        if self.viable.fullmatch(national) and not self.viable.fullmatch(rest):
            return None
        return rest


_NEVER = re.compile(r"(?!)")


def _pattern(text: str | None) -> re.Pattern[str]:
    return re.compile(text) if text else _NEVER


def _plan(metadata: PhoneMetadata) -> NumberingPlan:
    general = metadata.general_desc
    if general is None or not metadata.country_code:
        raise LookupError(metadata.id)  # every region's metadata has both
    metadata_of_short = PhoneMetadata.short_metadata_for_region(metadata.id)
    desc = metadata_of_short.short_code if metadata_of_short else None
    short = desc.national_number_pattern if desc else None
    lengths = frozenset(general.possible_length) - frozenset(general.possible_length_local_only)
    prefix = metadata.national_prefix_for_parsing
    unchanged = (
        (f"(?!{prefix})" if prefix else "")
        + (rf"(?!(?:{short})\Z)" if short else "")
        + f"(?:{'|'.join(f'[0-9]{{{length}}}' for length in sorted(lengths))})"
    )
    return NumberingPlan(
        calling_code=str(metadata.country_code),
        lengths=lengths,
        longest=general.possible_length[-1],
        prefix=_pattern(prefix),
        transforms=bool(metadata.national_prefix_transform_rule),
        viable=_pattern(general.national_number_pattern),
        dialled_abroad=_pattern(metadata.international_prefix),
        short=_pattern(short),
        unchanged=re.compile(unchanged),
        begins=1 + len(str(metadata.country_code)),
    )


@cache
def plan_of_region(region: str) -> NumberingPlan | None:
    """Return the plan of a region; None: there is none."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        return None
    main_region = phonenumbers.region_code_for_country_code(metadata.country_code or 0)
    return plan_of_code(str(metadata.country_code)) if region == main_region else _plan(metadata)


@cache
def plan_of_code(calling_code: str) -> NumberingPlan:
    """Return the plan of the main region that has a calling code."""
    code = int(calling_code)
    region = phonenumbers.region_code_for_country_code(code)
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        raise LookupError(calling_code)  # every calling code has metadata
    return _plan(metadata)


def plan_of_number(first_digits: str) -> NumberingPlan | None:
    """Return the plan of the shortest calling code that `first_digits` (up to three) begin with."""
    for length in range(1, len(first_digits) + 1):
        code = first_digits[:length]
        if code[0] != "0" and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return plan_of_code(code)
    return None
