"""Places of numbers, compared with the time zone database's countries and towns."""

import unicodedata
from collections import defaultdict

import phonenumbers
import pytest

from xuna_cli.phone.place_tables import OVERLAYS
from xuna_cli.phone.places import area_of, locate, zones_of_country, zones_of_number
from xuna_cli.phone.zone_rules import zone_rules
from xuna_cli.phone.zones import offsets


def table():
    """The database's table of countries, read in a different way than the program does."""
    lines = [line.split("\t") for line in zone_rules().text("zone.tab").splitlines() if line[:1] != "#"]
    found = defaultdict(set)
    for region, _, name, *_ in lines:
        found[region].add(name)
    return found


def clocks(zones):
    return {offsets(name) for name in zones}


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+211912345678", {"Africa/Juba"}),
        ("+213551234567", {"Africa/Algiers"}),
        ("+218912345678", {"Africa/Tripoli"}),
        ("+50581234567", {"America/Managua"}),
        ("+212650123456", {"Africa/Casablanca", "Africa/El_Aaiun"}),
        ("+74012123456", {"Europe/Kaliningrad"}),
        ("+18762123456", {"America/Jamaica"}),
        ("+12423591234", {"America/Nassau"}),
        ("+12128765432", {"America/New_York"}),
        ("+5511961234567", {"America/Sao_Paulo"}),
        ("+16042601234", {"America/Vancouver"}),
        ("+80012345678", set()),
    ],
)
def test_a_number_is_where_its_country_says(number, zones):
    assert set(zones_of_number(number)) == zones


@pytest.mark.parametrize("number", ["+628123456789", "+77011234567", "+79161234567", "+56912345678"])
def test_a_number_bound_to_no_place_may_be_anywhere_in_its_country(number):
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    assert set(zones_of_number(number)) == table()[region]


def test_a_toll_free_number_is_of_the_countries_that_share_it():
    assert set(zones_of_number("+18002345678")) == table()["US"] | table()["CA"]
    assert set(zones_of_number("+498001234567")) == table()["DE"]


@pytest.mark.parametrize(
    ("codes", "zones"),
    [
        ("219 574 812 930 906", {"America/Chicago", "America/New_York"}),
        ("270 364 606 423 850 448", {"America/Chicago", "America/New_York"}),
        ("250 778 236 672", {"America/Vancouver", "America/Edmonton"}),
        ("308 620 785 605 701", {"America/Chicago", "America/Denver"}),
        ("418 367 581", {"America/Toronto", "America/Halifax", "America/Blanc-Sablon"}),
        ("541 458", {"America/Los_Angeles", "America/Denver"}),
        ("208 986", {"America/Los_Angeles", "America/Boise"}),
        ("807", {"America/Toronto", "America/Winnipeg", "America/Atikokan"}),
        ("867", {"America/Whitehorse", "America/Iqaluit", "America/Cambridge_Bay", "America/Resolute"}),
        ("907", {"America/Anchorage", "America/Adak"}),
        ("928", {"America/Phoenix", "America/Denver"}),
        ("709 879", {"America/St_Johns", "America/Halifax"}),
    ],
)
def test_an_area_code_in_two_zones_is_in_both(codes, zones):
    for code in codes.split():
        assert clocks(zones) <= clocks(zones_of_number(f"+1{code}2345678")), code


@pytest.mark.parametrize("code", ["212", "305", "213", "416", "604", "713", "312"])
def test_an_area_code_of_a_town_is_in_one_zone(code):
    assert len(clocks(zones_of_number(f"+1{code}2345678"))) == 1


def test_every_example_number_is_in_its_own_country():
    countries = table()
    seen = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in phonenumbers.PhoneNumberType.values():
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None or region not in countries:
                continue
            if phonenumbers.region_code_for_number(example) != region:
                continue  # shared by several countries
            found = zones_of_number(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
            assert clocks(found) & clocks(countries[region]), (region, kind)
            if len(countries[region]) == 1:
                assert clocks(countries[region]) <= clocks(found), (region, kind)
            seen += 1
    assert seen > 1_000


@pytest.fixture(scope="module")
def towns():
    """The geocoder's places: prefix and English name."""
    from phonenumbers.geodata import GEOCODE_DATA

    return {prefix: names.get("en") or next(iter(names.values())) for prefix, names in GEOCODE_DATA.items()}


def plain(text):
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("_", " ")


@pytest.mark.slow
def test_the_town_that_a_zone_is_called_after_is_in_it(towns):
    by_town = defaultdict(list)
    for prefix, name in towns.items():
        by_town[plain(name.split(",")[0].split("/")[0].strip())].append(prefix)
    seen = 0
    for region, names in table().items():
        # In North America many towns have the same name.
        if len(names) == 1 or region in ("US", "CA") or region not in phonenumbers.SUPPORTED_REGIONS:
            continue
        code = str(phonenumbers.country_code_for_region(region))
        for name in names:
            for prefix in by_town[plain(name.rsplit("/", 1)[1])]:
                if not prefix.startswith(code):
                    continue
                number = complete(region, prefix)
                if number is not None:
                    assert offsets(name) in clocks(zones_of_number(number)), (name, number)
                    seen += 1
    assert seen > 200


def complete(region, prefix):
    """Return a number with this prefix that is bound to a place, or None if none is easily found."""
    for length in range(len(prefix) + 2, 14):
        for digit in "25":
            number = "+" + prefix + digit * (length - len(prefix))
            parsed = phonenumbers.parse(number)
            if phonenumbers.region_code_for_number(parsed) == region:
                return number
    return None


def test_every_new_area_code_of_a_state_with_several_zones_has_its_overlay(towns):
    """The rule: an area code without places of its own in the data is new, and shares those of an older one."""
    states, places = {}, defaultdict(set)
    for prefix, name in towns.items():
        if prefix.startswith("1") and len(prefix) == 4:
            states[prefix[1:]] = name
        elif prefix.startswith("1") and len(prefix) > 4:
            places[prefix[1:4]].add(name)
    zones = {code: clocks(zones_of_number(f"+1{code}2345678")) for code in states}
    of_state = defaultdict(set)
    for code, state in states.items():
        of_state[state] |= zones[code]
    listed = {code for codes in OVERLAYS for code in codes}
    new = {
        code
        for code, state in states.items()
        if not places[code] and len(of_state[state]) > 1 and locate(f"+1{code}2345678").is_known
    }
    assert new
    assert new - listed == set()


def test_a_first_part_that_no_country_has_is_no_area():
    assert area_of("9999") is None
    assert zones_of_number("+9999123456") == ()


def test_a_country_that_the_table_lacks_has_the_librarys_zones():
    assert "XK" not in table()
    assert zones_of_country("XK") == ("Europe/Belgrade",)
