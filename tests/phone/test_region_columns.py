"""Countries in cells, and the columns that are used for them."""

import phonenumbers
import pytest
from babel import Locale

from xuna_cli.phone.country_names import ALPHA_3
from xuna_cli.phone.place_columns import region_columns
from xuna_cli.phone.regions import region_of


@pytest.mark.parametrize(
    ("cell", "region"),
    [
        ("gb", "GB"), ("UK", "GB"), ("GBR", "GB"), ("+44", "GB"), ("0044", "GB"), (44, "GB"), (44.0, "GB"), ("44.0", "GB"),
        ("United Kingdom (+44)", "GB"), ("+1 (US)", "US"), ("1-242", "US"), ("🇬🇧", "GB"), ("'+44", "GB"), ("Ivory Coast", "CI"),
        ("NGA", "NG"), ("Nga", "RU"), ("St. Lucia", "LC"), ("Vereinigte Staaten", "US"), ("日本", "JP"),
        ("US +44", None), ("Wonderland", None), ("", None), (None, None), (True, None), ([], None), ("999", None), ("North", None),
    ],
)  # fmt: skip
def test_a_cell_names_a_country_or_none(cell, region):
    assert region_of(cell) == region


@pytest.mark.parametrize(
    "language", ["en", "de", "fr", "es", "it", "pt", "nl", "sv", "pl", "ru", "ja", "zh", "id"]
)
def test_no_name_of_a_country_is_taken_for_another_one(language):
    names = {code: name for code, name in Locale(language).territories.items() if code in ALPHA_3.values()}
    found = {code: region_of(name) for code, name in names.items()}
    assert {code: region for code, region in found.items() if region not in (None, code)} == {}
    assert sum(region is not None for region in found.values()) > 170


def test_every_region_with_phone_numbers_has_a_code_of_three_letters():
    assert phonenumbers.SUPPORTED_REGIONS - set(ALPHA_3.values()) == {"AC", "TA"}  # which ISO doesn't have
    assert {region_of(code) for code in ALPHA_3} <= phonenumbers.SUPPORTED_REGIONS


@pytest.mark.parametrize(
    ("phone", "columns", "found"),
    [
        (
            "phone",
            ["Country", "Country Code", "Phone Country Code"],
            ["Phone Country Code", "Country Code", "Country"],
        ),
        ("phone", ["Shipping Country", "Mailing Country"], []),
        ("Shipping Phone", ["Shipping Country", "Country"], ["Shipping Country", "Country"]),
        ("Phone", ["Nationality", "Currency", "Code", "Postal Code", "Area Code", "State", "City"], []),
    ],
)
def test_the_country_of_the_phone_is_asked_the_surest_column_first(phone, columns, found):
    assert list(region_columns([phone, *columns], phone)) == found
