import random
from datetime import UTC, datetime

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from tests.support.phone_numbers import e164_like
from xuna_cli.models import CallTarget
from xuna_cli.phone.calling_codes import kind_of
from xuna_cli.phone.places import locate, zones_of_calling_code, zones_of_country
from xuna_cli.screening.calling_hours import USUAL, CallingHours
from xuna_cli.screening.countries import COSTLY, KindOfNumber
from xuna_cli.screening.rules import ScreeningContext

EXAMPLE_TYPES = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]


def nanp(draw):
    """North American numbers, which most lists contain, with costly area codes among them."""
    area = draw.choice(
        ["900", "976", "500", "533", "800", "888", "212", "684", "242", str(draw.randrange(200, 1000))]
    )
    return f"+1{area}{draw.randrange(2_000_000, 10_000_000)}"


def numbers(count, seed):
    draw = random.Random(seed)
    made = 0
    while made < count:
        text = nanp(draw) if made % 3 == 0 else e164_like(draw)
        try:
            number = phonenumbers.parse(text)
        except phonenumbers.NumberParseException:
            continue
        made += 1
        yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), number


def examples():
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in EXAMPLE_TYPES:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), number
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        number = phonenumbers.example_number_for_non_geo_entity(code)
        yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), number


def check(e164, number):
    # Only the E.164 form counts; a number with a doubtful prefix is read again.
    number = phonenumbers.parse(e164)
    if phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) != e164:
        return False
    kind = kind_of(e164)
    assert kind == (phonenumbers.region_code_for_number(number), phonenumbers.number_type(number)), e164
    zones, is_known = locate(e164)
    assert is_known == (kind.type != PhoneNumberType.UNKNOWN and kind.region != "001"), e164
    assert set(zones) <= set(zones_of_calling_code(e164[1:4])), e164
    assert (not zones) == (kind.region == "001" or not zones_of_calling_code(e164[1:4])), e164
    if is_known:
        assert set(zones) & set(zones_of_country(kind.region)), e164
    return True


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_region_and_type_are_the_librarys_and_the_zones_the_countrys_for_many_numbers(seed):
    agreed = sum(check(e164, number) for e164, number in numbers(15_000, seed))
    assert agreed > 12_000


def test_region_and_type_are_the_librarys_and_the_zones_the_countrys_for_every_example():
    assert sum(check(e164, number) for e164, number in examples()) > 1_200


@pytest.mark.slow
def test_exactly_the_numbers_that_cost_the_caller_are_refused():
    rule = KindOfNumber()
    refused = 0
    for e164, _ in [*numbers(30_000, 99), *examples()]:
        number = phonenumbers.parse(e164)
        if phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) != e164:
            continue
        costly = phonenumbers.number_type(number) in COSTLY or (
            phonenumbers.region_code_for_country_code(number.country_code) == "001"
        )
        reason = rule(ScreeningContext(CallTarget(2, e164, e164), None))
        assert (reason is not None) == costly, e164
        refused += costly
    assert refused > 500


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+19002345678", "premium-rate"),
        ("+449012345678", "premium-rate"),
        ("+447012345678", "personal"),
        ("+491803123456", "shared-cost"),
        ("+881612345678", "global network"),
        ("+870773111632", "global network"),
        ("+979123456789", "global network"),
    ],
)
def test_a_costly_number_is_refused_with_what_it_is(number, words):
    reason = KindOfNumber()(ScreeningContext(CallTarget(2, number, number), None))
    assert (reason.code, reason.count) == ("kind-of-number", "screened")
    assert words in reason.message
    assert number in reason.message


@pytest.mark.parametrize("number", ["+15559876543", "+12125550123", "+447911123456", "+18005550123"])
def test_an_ordinary_number_is_not_refused(number):
    assert KindOfNumber()(ScreeningContext(CallTarget(2, number, number), None)) is None


@pytest.mark.parametrize("hour", [3, 9, 14, 20])
def test_who_is_outside_hours_is_counted_as_each_is_looked_at(hour):
    now = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
    hours = CallingHours(USUAL)
    targets = [
        CallTarget(2, e164, e164)
        for e164, _ in [*numbers(2_000, hour), *examples()]
        if kind_of(e164).type != PhoneNumberType.UNKNOWN
    ]
    one_by_one = [hours.is_outside(target, now) for target in targets]
    assert [hours.outside([target], now) for target in targets] == one_by_one
    assert hours.outside(targets, now) == sum(one_by_one)
    assert 0 < sum(one_by_one) < len(targets)
