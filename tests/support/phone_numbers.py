"""Phone numbers of all regions: valid, possible, impossible and strange; the same for the same seed."""

import random

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CALLING_CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def national(draw: random.Random, region: str) -> str:
    """Return digits as people in `region` might write them: an example with digits changed, added or removed."""
    metadata = PhoneMetadata.metadata_for_region(region)
    kinds = [metadata.fixed_line, metadata.mobile, metadata.toll_free, metadata.voip, metadata.premium_rate]
    examples = [kind.example_number for kind in kinds if kind and kind.example_number]
    way = draw.randrange(8)
    if way == 0:
        return "".join(draw.choices("0123456789", k=draw.randrange(2, 17)))
    digits = list(draw.choice(examples))
    for _ in range(way % 4):
        digits[draw.randrange(len(digits))] = draw.choice("0123456789")
    if way == 5:
        digits.insert(0, metadata.national_prefix or "0")
    if way == 6:
        digits.insert(0, draw.choice(["0", "00", "1", "9", "15", "011", "8", str(metadata.country_code)]))
    if way == 7:
        digits = digits[draw.randrange(len(digits)) :] or ["1", "1", "2"]
    return "".join(digits)


def e164_like(draw: random.Random) -> str:
    way = draw.randrange(12)
    if way == 0:
        return "+" + "".join(draw.choices("0123456789", k=draw.randrange(4, 18)))
    if way == 1:
        code = draw.choice(CALLING_CODES)
        return f"+{code}" + "".join(draw.choices("0123456789", k=draw.randrange(2, 15)))
    region = draw.choice(REGIONS)
    return f"+{phonenumbers.country_code_for_region(region)}{national(draw, region)}"


def messily(draw: random.Random, digits: str) -> str:
    """Return the same digits with separators between them."""
    text = "".join(
        digit + draw.choice(["", "", "", "", "", "-", " ", ".", ") ", " ("]) for digit in digits[:-1]
    )
    return draw.choice(["", "", "("]) + text + digits[-1]
