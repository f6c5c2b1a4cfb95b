import random
import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.phonemetadata import PhoneMetadata

from tests.support.phone_numbers import REGIONS, e164_like, messily, national
from xuna_cli.errors import UsageError
from xuna_cli.phone.cells import text_of
from xuna_cli.phone.reader import PhoneProblem, PhoneReader, normalise
from xuna_cli.phone.regions import check_region

JOHN = "+15559876543"
PLACEHOLDERS = [
    "0000000000",
    "1111111111",
    "9999999999",
    "1234567890",
    "0123456789",
    "5555555555",
    "000-000-0000",
]


@pytest.mark.parametrize(
    "cell",
    [
        "+15559876543",
        "+1 (555) 987-6543",
        "+1.555.987.6543",
        " +1 555 987 6543 ",
        "(+1) 555 987 6543",
        "+1 555/9876543",
        "tel:+1-555-987-6543",
        "TEL: +1 555 987 6543",
        "'+15559876543",
        "\u2019+15559876543",
        "\ufeff+15559876543",
        "\u202a+15559876543\u202c",
        "+1555\u200b987\u00ad6543",
        "+1\u00a0555\u00a0987\u00a06543",
        "＋１５５５９８７６５４３",
        "+1（555）987－6543",
        "+1 555\u2013987\u20136543",
        "+1 555 987\u22126543",
        "+١٥٥٥٩٨٧٦٥٤٣",
        "+15559876543\n",
    ],
)
def test_a_number_is_the_same_in_every_spelling(cell):
    assert normalise(cell, region=None) == JOHN


@pytest.mark.parametrize(
    "cell", ["(555) 987-6543", "555.987.6543", "1-555-987-6543", "15559876543", 5559876543, 15559876543]
)
def test_a_national_number_is_read_in_its_region(cell):
    assert normalise(cell, region="US") == JOHN
    with pytest.raises(PhoneProblem, match="--region") as caught:
        normalise(cell, region=None)
    assert caught.value.code == "phone-no-country"


@pytest.mark.parametrize(
    ("cell", "region", "e164"),
    [
        ("020 7946 0000", "GB", "+442079460000"),
        ("+44 (0)20 7946 0000", None, "+442079460000"),
        ("030/1234567", "DE", "+49301234567"),
        ("+49 (0)6221/123456", None, "+496221123456"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("00 44 20 7946 0000", "DE", "+442079460000"),
        ("011 44 20 7946 0000", "US", "+442079460000"),
        ("(0351) 15-456-7890", "AR", "+5493514567890"),
        ("01 23 45 67 89", "FR", "+33123456789"),
        ("01.23.45.67.00", "FR", "+33123456700"),
    ],
)
def test_prefixes_are_those_of_the_region(cell, region, e164):
    assert normalise(cell, region=region) == e164


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (None, "phone-missing"),
        ("", "phone-missing"),
        (" \u200b ", "phone-missing"),
        ("-", "phone-missing"),
        (True, "phone-not-text"),
        (15559876543.5, "phone-not-text"),
        ([JOHN], "phone-not-text"),
        ({}, "phone-not-text"),
        (-5559876543, "phone-not-a-number"),
        pytest.param(10**5000, "phone-not-possible", id="huge"),
        ("-8084", "phone-not-a-number"),
        ("=+15559876543", "phone-not-a-number"),
        ("++15559876543", "phone-not-a-number"),
        ("+1555987654²", "phone-not-a-number"),
        ("*67 5559876543", "phone-not-a-number"),
        ("15,559,876,543", "phone-not-a-number"),
        ("0" * 101, "phone-not-a-number"),
        ("1.55599E+10", "phone-excel-notation"),
        ("1,5559876543e+10", "phone-excel-notation"),
        ("+15559876543.0", "phone-decimal-point"),
        ("15559876543.00", "phone-decimal-point"),
        ("+15559876.000", "phone-decimal-point"),
        ("5559876543.", "phone-decimal-point"),
        ("+1 555 987 6543.0", "phone-decimal-point"),
        ("+15559876543 x12", "phone-extension"),
        ("+1 555 987 6543 ext. 12", "phone-extension"),
        ("+15559876543;ext=12", "phone-extension"),
        ("+15559876543#12", "phone-extension"),
        ("+15559876543p12", "phone-extension"),
        ("+15559876543,,12#", "phone-extension"),
        ("1-800-FLOWERS", "phone-letters"),
        ("call +15559876543", "phone-letters"),
        ("n/a", "phone-letters"),
        ("+15559876543;phone-context=example.com", "phone-letters"),
        ("+15559876543 / +15557654321", "phone-several"),
        ("+15559876543+15557654321", "phone-several"),
        ("5559876543; 5557654321", "phone-several"),
        ("5559876543 or 5557654321", "phone-several"),
        ("5559876543, 5557654321", "phone-several"),
        ("+15559876543\n+15557654321", "phone-several"),
        ("+493012345678/79", "phone-several"),
        ("911", "phone-short-number"),
        ("112", "phone-short-number"),
        ("+49110", "phone-short-number"),
        ("+999123456789", "phone-unknown-country"),
        ("+0015559876543", "phone-unknown-country"),
        ("555-1234", "phone-not-possible"),
        ("+1555987654", "phone-not-possible"),
        ("+155598765430", "phone-not-possible"),
        ("5559876543 5557654321", "phone-not-possible"),
    ],
)
def test_whatever_is_not_one_number_is_rejected_with_its_own_code(cell, code):
    with pytest.raises(PhoneProblem) as caught:
        normalise(cell, region="US")
    assert caught.value.code == code
    assert caught.value.message
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("cell", "region", "e164"),
    [
        ("+521 55 1234 5678", None, "+525512345678"),
        ("01 55 1234 5678", "MX", "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("5215512345678@c.us", None, "+525512345678"),
        ("15559876543@s.whatsapp.net", None, JOHN),
        ("whatsapp:+15559876543", None, JOHN),
        ("tel://+15559876543", None, JOHN),
        ("p:+15559876543", None, JOHN),
        ('="+15559876543"', None, JOHN),
        ('="5559876543"', "US", JOHN),
        ("`+15559876543", None, JOHN),
        ("+1\ufe0f555\ufe0f9876543", None, JOHN),
        ("+1\u3164555\u034f987\u2800654\U000e01013", None, JOHN),
        ("+1 5\u20e35\u20e35\u20e3 9876543", None, JOHN),
        ("+१५५५९८७६५४३", None, JOHN),
        (15559876543.0, "US", JOHN),
        ("+44 7777 777777", None, "+447777777777"),
        ("01 23 45 67 89", "FR", "+33123456789"),
        ("98765 43210", "IN", "+919876543210"),
        ("435 555 0123", "US", "+14355550123"),
        ("+39 (0)6 1234567", None, "+39061234567"),
    ],
)
def test_what_has_one_meaning_is_read(cell, region, e164):
    assert normalise(cell, region=region) == e164


@pytest.mark.parametrize(
    ("cell", "region", "code"),
    [
        *((cell, region, "phone-placeholder") for cell in PLACEHOLDERS for region in (None, "US")),
        ("+10000000000", None, "phone-placeholder"),
        ("+1 123 456 7890", None, "phone-placeholder"),
        ("+49 000000000", None, "phone-placeholder"),
        ("06 44 62 51 23", "US", "phone-not-possible"),
        ("0412 345 678", "US", "phone-not-possible"),
        ("155 123 4567", "US", "phone-not-possible"),
        ("+1 055 123 4567", None, "phone-not-possible"),
        ("4915123456789", "DE", "phone-two-readings"),
        ("62812345678", "ID", "phone-two-readings"),
        ("+39 (0)333 1234567", None, "phone-two-readings"),
        ("011 44 20 7946 0000", "DE", "phone-two-readings"),
        ("+48 (0)22 123 45 67", None, "phone-not-possible"),
        ("4915123456789", None, "phone-no-country"),
    ],
)
def test_what_has_no_meaning_or_two_is_rejected(cell, region, code):
    with pytest.raises(PhoneProblem) as caught:
        normalise(cell, region=region)
    assert caught.value.code == code


def test_two_readings_are_both_in_the_message():
    with pytest.raises(PhoneProblem, match=r"\+494915123456789 or \+4915123456789"):
        normalise("4915123456789", region="DE")
    with pytest.raises(PhoneProblem, match=r"if you mean \+48221234567"):
        normalise("+48 (0)22 123 45 67", region=None)


def test_a_character_that_can_not_be_seen_as_wrong_is_shown_as_its_code_point():
    with pytest.raises(PhoneProblem, match=r"U\+2217"):
        normalise("+1555\u22179876543", region=None)


@pytest.mark.parametrize(
    ("cell", "region", "added"),
    [
        ("2348031234567", "NG", 1),
        ("4369912345678", "AT", 1),
        ("81-3-1234-5678", "JP", 1),
        ("393331234567", "IT", 1),
        ("15559876543", "US", 0),
        ("+393331234567", "IT", 0),
    ],
)
def test_a_plus_that_a_spreadsheet_has_eaten_is_put_back_and_counted(cell, region, added):
    reader = PhoneReader(region)
    assert reader.normalise(cell) == "+" + cell.replace("-", "").lstrip("+")
    assert reader.plus_added == added


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("555-1234", "area code"),
        ("+1555987654", "too short"),
        ("+155598765430", "too long"),
        ("1.5E+10", "column as text"),
    ],
)
def test_a_message_says_what_is_wrong(cell, words):
    with pytest.raises(PhoneProblem, match=words):
        normalise(cell, region="US")


def test_strict_demands_assigned_numbers():
    assert normalise("+442079460000", region=None, strict=True) == "+442079460000"
    with pytest.raises(PhoneProblem) as caught:
        normalise(JOHN, region=None, strict=True)
    assert caught.value.code == "phone-not-valid"


def test_a_number_with_plus_means_the_same_in_every_region():
    # By itself the library would read +0… and +00… with the region's dialing prefixes.
    for region in REGIONS:
        with pytest.raises(PhoneProblem):
            normalise("+0012125550123", region=region)
        assert normalise("+12125550123", region=region) == "+12125550123"


@pytest.mark.parametrize(
    ("region", "nearest"), [("UK", "GB"), ("+44", "GB"), ("USA", "US"), ("UX", "UG|US|UA|UY|UZ")]
)
def test_an_unknown_region_names_the_nearest(region, nearest):
    with pytest.raises(UsageError) as caught:
        check_region(region)
    assert any(name in caught.value.hint for name in nearest.split("|"))


def test_a_region_is_read_in_any_case():
    assert check_region(" us ") == "US"


JSON_CELLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)
NUMBER_LIKE = st.text(alphabet="+0123456789 ()-./,;#xeE'\u200b\n٣\uff10or", max_size=30)


@pytest.mark.slow
@settings(max_examples=400)
@given(cell=JSON_CELLS | NUMBER_LIKE, region=st.sampled_from([None, *REGIONS]))
def test_any_cell_is_a_number_or_a_problem_and_a_number_stays_what_it_is(cell, region):
    try:
        number = normalise(cell, region=region)
    except PhoneProblem as problem:
        assert problem.code.startswith("phone-")  # noqa: PT017 - either outcome is right
    else:
        assert normalise(number, region=None) == number
        assert normalise(number, region=region) == number


def _library(number):
    """The library's answer, without our rules."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code)
    plans = [PhoneMetadata.metadata_for_region_or_calling_code(parsed.country_code, one) for one in regions]
    national_number = phonenumbers.national_significant_number(parsed)
    if not any(re.fullmatch(plan.general_desc.national_number_pattern, national_number) for plan in plans):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _verdict(read, cell):
    try:
        return read(cell)
    except PhoneProblem as problem:
        return problem.code


class _Slow(PhoneReader):
    """Takes the slow path for every cell."""

    def normalise(self, raw):
        return self._slow_path(text_of(raw))

    def _fast_path(self, digits):
        return None


@pytest.mark.slow
def test_the_fast_path_has_the_librarys_verdict_on_numbers_with_plus():
    draw, reader, slow = random.Random(5), PhoneReader(None), _Slow(None)
    quick = possible = 0
    for _ in range(6_000):
        number = e164_like(draw)
        verdict, expected = reader._fast_path(number), _library(number)
        if verdict is not None:
            assert verdict == expected, number
        if expected is not None:
            possible += 1
            quick += verdict is not None
        assert _verdict(reader.normalise, number) == _verdict(slow.normalise, number), number
    assert quick > 0.9 * possible > 2_000


@pytest.mark.slow
def test_the_fast_path_has_the_librarys_verdict_on_national_numbers():
    draw = random.Random(6)
    readers = {region: (PhoneReader(region), _Slow(region)) for region in REGIONS}
    quick = accepted = 0
    for _ in range(6_000):
        region = draw.choice(REGIONS)
        digits = national(draw, region)
        cell = messily(draw, digits)
        reader, slow = readers[region]
        expected = _verdict(slow.normalise, cell)
        assert _verdict(reader.normalise, cell) == expected, (region, cell)
        # With characters that are removed first: a no-break space, and a prefix.
        assert _verdict(reader.normalise, f"tel: {cell}\N{NO-BREAK SPACE}") == expected, (region, cell)
        if expected.startswith("+"):
            accepted += 1
            quick += reader._fast_path(digits) is not None
    assert quick > 0.7 * accepted > 2_000
