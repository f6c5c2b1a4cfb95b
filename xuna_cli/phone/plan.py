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
        shortest: the least of them.
        longest: above this many digits a number is "too long" for the library.
        prefix: the national prefix (and carrier codes) that `parse` strips.
        transforms: a match of `prefix` may rewrite the number instead.
        viable: the general pattern of the region's numbers.
        dialled: the general patterns of all regions that share the calling code: what they can dial at all,
            assigned or not. The fictional +1 555 matches, a national number that begins with 0 or 1 does not.
        dialled_abroad: the international dialling prefix.
        short: emergency and short numbers.
        unchanged: national numbers that nothing is stripped from, of a possible length, that can be dialled,
            are not short and can't be placeholders or carry a needless zero: all that `PhoneReader._quick`
            asks of them, in one pattern.
        begins: where the national number begins in E.164.
    """

    calling_code: str
    lengths: frozenset[int]
    shortest: int
    longest: int
    prefix: re.Pattern[str]
    transforms: bool
    viable: re.Pattern[str]
    dialled: re.Pattern[str]
    dialled_abroad: re.Pattern[str]
    short: re.Pattern[str]
    unchanged: re.Pattern[str]
    begins: int

    @property
    def main(self) -> "NumberingPlan":
        """The plan of the region whose lengths count where several share the calling code."""
        return plan_of_code(self.calling_code)

    def is_assigned(self, number: str, begins: int | None = None) -> bool:
        """Return whether a number with its calling code is in a range that is in use.

        Args:
            number: E.164.
            begins: where the national number begins, if there is no + in front.
        """
        begins = self.begins if begins is None else begins
        return (
            len(number) - begins in self.lengths
            and assigned(self.calling_code).fullmatch(number, begins) is not None
        )

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
    dialled = "|".join(_general_patterns(metadata.country_code, general.national_number_pattern or ""))
    unchanged = (
        r"(?!0|1234|9876|([0-9])\1{6})"
        + (f"(?!{prefix})" if prefix else "")
        + (rf"(?!(?:{short})\Z)" if short else "")
        + rf"(?=(?:{dialled})\Z)"
        + f"(?:{'|'.join(f'[0-9]{{{length}}}' for length in sorted(lengths))})"
    )
    return NumberingPlan(
        calling_code=str(metadata.country_code),
        lengths=lengths,
        shortest=min(lengths),
        longest=general.possible_length[-1],
        prefix=_pattern(prefix),
        transforms=bool(metadata.national_prefix_transform_rule),
        viable=_pattern(general.national_number_pattern),
        dialled=re.compile(dialled),
        dialled_abroad=_pattern(metadata.international_prefix),
        short=_pattern(short),
        unchanged=re.compile(unchanged),
        begins=1 + len(str(metadata.country_code)),
    )


def _metadata_of_code(code: int) -> list[PhoneMetadata]:
    regions = phonenumbers.region_codes_for_country_code(code)
    found = (PhoneMetadata.metadata_for_region_or_calling_code(code, region) for region in regions)
    return [metadata for metadata in found if metadata is not None]


def _general_patterns(code: int, first: str) -> list[str]:
    """Return the general patterns of the regions that share a calling code, each once, `first` first."""
    others = (metadata.general_desc for metadata in _metadata_of_code(code))
    return list(dict.fromkeys([first, *(each.national_number_pattern or "" for each in others if each)]))


_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


@cache
def assigned(calling_code: str) -> re.Pattern[str]:
    """Return the pattern of the *valid* national numbers of a calling code, with its regions together.

    It is `phonenumbers.is_valid_number` in one pattern, which is twenty times faster: a number is valid where
    one region's general pattern and one of its kinds match.
    """
    parts = []
    for metadata in _metadata_of_code(int(calling_code)):
        kinds = (getattr(metadata, kind) for kind in _KINDS)
        patterns = dict.fromkeys(
            kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern
        )
        general = metadata.general_desc
        if patterns and general:
            parts.append(rf"(?=(?:{general.national_number_pattern})\Z)(?:{'|'.join(patterns)})")
    return _pattern("|".join(parts))


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
