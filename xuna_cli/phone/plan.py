"""How each country writes its numbers, by libphonenumber's own metadata; see `calling_codes`."""

import re
from functools import cache

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

from xuna_cli.dataclass import dataclass
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.phone.calling_codes import CallingCode, calling_code, code_of

_NEVER = lazy_pattern(r"(?!)")


@dataclass(frozen=True, slots=True, eq=False)
class NumberingPlan:
    """How one country writes its numbers: the metadata that `parse` and `is_possible_number_with_reason` use.

    Attributes:
        code: the calling code.
        lengths: possible numbers of digits of a national number, without local-only ones.
        shortest: the smallest of them.
        longest: above this number of digits, the library calls a number "too long".
        prefix: pattern of the national prefix (and carrier codes) that `parse` strips.
        transforms: whether a match of `prefix` may rewrite the number instead.
        viable: general pattern of the region's numbers.
        dialled_abroad: international dialing prefix.
        short: pattern of emergency and short numbers.
        unchanged: pattern of national numbers that `PhoneReader._fast_path` accepts unchanged: nothing is stripped,
            the length is possible, they can be dialed, and they are not short, placeholders or written with an extra
            zero.
    """

    code: CallingCode
    lengths: frozenset[int]
    shortest: int
    longest: int
    prefix: re.Pattern[str]
    transforms: bool
    viable: re.Pattern[str]
    dialled_abroad: re.Pattern[str]
    short: re.Pattern[str]
    unchanged: re.Pattern[str]

    @property
    def main(self) -> "NumberingPlan":
        """The plan of the region whose lengths count, if several regions share the calling code."""
        return plan_of_code(self.code.code)

    def is_assigned(self, number: str, begins: int | None = None) -> bool:
        """Return whether a number with its calling code is in a range that is in use.

        Args:
            number: E.164.
            begins: start of the national number, if the number has no +.
        """
        begins = self.code.begins if begins is None else begins
        return (
            len(number) - begins in self.lengths and self.code.assigned.fullmatch(number, begins) is not None
        )

    def without_prefix(self, national: str) -> str | None:
        """Return `national` without national prefix, as `parse` strips it; None if only the library can decide.

        This follows phonenumberutil's `_maybe_strip_national_prefix_carrier_code`.
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


def _compiled(text: str | None) -> re.Pattern[str]:
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
    code = calling_code(str(metadata.country_code))
    unchanged = (
        r"(?!0|1234|9876|([0-9])\1{6})"
        + (f"(?!{prefix})" if prefix else "")
        + (rf"(?!(?:{short})\Z)" if short else "")
        + rf"(?=(?:{code.dialled.pattern})\Z)"
        + f"(?:{'|'.join(f'[0-9]{{{length}}}' for length in sorted(lengths))})"
    )
    return NumberingPlan(
        code=code,
        lengths=lengths,
        shortest=min(lengths),
        longest=general.possible_length[-1],
        prefix=_compiled(prefix),
        transforms=bool(metadata.national_prefix_transform_rule),
        viable=_compiled(general.national_number_pattern),
        dialled_abroad=_compiled(metadata.international_prefix),
        short=_compiled(short),
        unchanged=re.compile(unchanged),
    )


@cache
def plan_of_region(region: str) -> NumberingPlan | None:
    """Return the plan of a region, or None."""
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        return None
    main_region = phonenumbers.region_code_for_country_code(metadata.country_code or 0)
    return plan_of_code(str(metadata.country_code)) if region == main_region else _plan(metadata)


@cache
def plan_of_code(calling_code: str) -> NumberingPlan:
    """Return the plan of the main region of a calling code."""
    code = int(calling_code)
    region = phonenumbers.region_code_for_country_code(code)
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        raise LookupError(calling_code)  # every calling code has metadata
    return _plan(metadata)


def plan_of_number(first_digits: str) -> NumberingPlan | None:
    """Return the plan of the calling code at the start of `first_digits` (up to three), or None."""
    code = code_of(first_digits)
    return None if code is None else plan_of_code(code.code)
