"""States and provinces: their names in lists, and whether they have another time than a number."""

import pytest

from xuna_cli.phone.country_names import STATES
from xuna_cli.phone.places import zones_of_number
from xuna_cli.phone.states import state_columns, state_of, zones_elsewhere, zones_of_state
from xuna_cli.phone.zone_names import UnknownZoneError, zones_meant
from xuna_cli.phone.zones import zone

NEW_YORK, SAN_FRANCISCO, ANYWHERE = "+12122360123", "+14152360123", "+18002360123"


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("CA", "US-CA"),
        (" ca ", "US-CA"),
        ("US-CA", "US-CA"),
        ("California", "US-CA"),
        ("NEW YORK", "US-NY"),
        ("D.C.", "US-DC"),
        ("Québec", "CA-QC"),
        ("Quebec", "CA-QC"),
        ("ON", "CA-ON"),
        ("94103", "US-CA"),
        ("94103-1234", "US-CA"),
        ("941031234", "US-CA"),
        ("94103.0", "US-CA"),
        (2139, "US-MA"),  # 02139
        (2139.0, "US-MA"),
        ("501", "US-NY"),
        ("00601", "US-PR"),
        ("10001", "US-NY"),
        ("33101", "US-FL"),
        ("37201", "US-TN"),
        ("60601", "US-IL"),
        ("73301", "US-TX"),
        ("79901", "US-TX"),
        ("88510", "US-TX"),
        ("80202", "US-CO"),
        ("85001", "US-AZ"),
        ("89101", "US-NV"),
        ("96701", "US-HI"),
        ("98101", "US-WA"),
        ("99950", "US-AK"),
        ("09012", None),  # the army, anywhere
        ("K1A 0B1", "CA-ON"),
        ("v6b4y8", "CA-BC"),
        ("Bavaria", None),
        ("", None),
        (7, None),
        (True, None),
        (None, None),
    ],
)
def test_a_state_is_recognized_by_its_code_or_name(cell, state):
    assert state_of(cell) == state


def test_every_state_has_time_zones_that_exist():
    for code in STATES:
        zones = zones_of_state(state_of(code))
        assert zones, code
        assert all(zone(name) is not None for name in zones), code


@pytest.mark.parametrize(
    "column",
    [
        *("State", "STATE", "Mailing State/Province", "BillingState", "State/Region", "Province Code"),
        *("Home State", "State (Home)", "address.state", "Ship To State", "Customer Province"),
        *("ZIP", "Zip Code", "zipcode", "Mailing Zip/Postal Code", "Postal code", "address.postalCode"),
    ],
)
def test_a_column_of_the_persons_state_is_found_by_its_name(column):
    assert state_columns(["phone", column, "city"]) == (column,)


@pytest.mark.parametrize(
    "column",
    ["Status", "Previous State", "state_tax", "License State", "Company State", "Order State", "Estate"],
)
def test_another_state_is_not_the_persons_home(column):
    assert state_columns([column]) == ()


@pytest.mark.parametrize(
    ("number", "state", "elsewhere"),
    [
        (NEW_YORK, "US-CA", True),
        (NEW_YORK, "US-HI", True),
        (NEW_YORK, "CA-BC", True),
        (SAN_FRANCISCO, "US-CA", False),
        ("+16022360123", "US-AZ", False),
        ("+17202360123", "US-AZ", True),  # Denver has summer time
        # Parts of these states have another time than the rest.
        ("+18502360123", "US-FL", False),
        ("+18652360123", "US-TN", False),
        ("+19152360123", "US-TX", False),
        ("+12082360123", "US-ID", False),
        ("+13082360123", "US-NE", False),
        (ANYWHERE, "US-CA", False),
    ],
)
def test_a_state_is_elsewhere_if_it_has_another_time_than_the_number(number, state, elsewhere):
    assert zones_elsewhere(state, zones_of_number(number)) == (zones_of_state(state) if elsewhere else ())


def test_a_person_who_lives_elsewhere_may_be_in_either_place():
    assert zones_meant("US-CA", NEW_YORK) == ("America/New_York", "America/Los_Angeles")
    assert zones_meant("US-CA", SAN_FRANCISCO) == ("America/Los_Angeles",)
    with pytest.raises(UnknownZoneError):
        zones_meant("US-CA")


def test_a_state_tells_more_than_a_postal_code():
    assert state_columns(["zip", "State", "phone"]) == ("State",)
    assert state_columns(["zip", "phone"]) == ("zip",)
