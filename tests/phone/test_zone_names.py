"""Time zones as people write them: each means a zone with daylight saving time, or is refused."""

import pytest

from xuna_cli.phone.zone_names import UnknownZoneError, zones_meant

NEW_YORK, TORONTO, BERLIN = "+12128765432", "+14162345678", "+493012345678"


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        *((text, "America/New_York") for text in ("EST", "EDT", "ET", "Eastern", "eastern time")),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("(GMT-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC-05:00) Eastern", "America/New_York"),
        ("Eastern Standard Time", "America/New_York"),
        ("Central", "America/Chicago"),
        ("PST", "America/Los_Angeles"),
        ("HST", "Pacific/Honolulu"),
        ("US Mountain Standard Time", "America/Phoenix"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("GMT Standard Time", "Europe/London"),
        ("europe/berlin", "Europe/Berlin"),
        (" America/New_York ", "America/New_York"),
        ("US/Eastern", "US/Eastern"),
        ("CET", "CET"),
        ("Etc/UTC", "Etc/UTC"),
        ("Etc/GMT+5", "Etc/GMT+5"),  # nobody writes this by chance
    ],
)
def test_a_name_means_its_zone(text, zone):
    assert zones_meant(text, NEW_YORK) == (zone,)


def test_mst_is_arizonas_too():
    assert zones_meant("MST", NEW_YORK) == ("America/Denver", "America/Phoenix")
    assert zones_meant("Mountain", NEW_YORK) == ("America/Denver",)


def test_the_names_are_canadas_for_a_number_there():
    assert zones_meant("EST", TORONTO) == ("America/Toronto",)
    assert zones_meant("Pacific Time (US & Canada)", TORONTO) == ("America/Vancouver",)


@pytest.mark.parametrize("text", ["GMT", "GMT-5", "GMT+0", "UTC+2", "UTC-05:00", "-05:00", "5"])
def test_an_offset_is_refused(text):
    with pytest.raises(UnknownZoneError, match="is a fixed offset without daylight"):
        zones_meant(text, NEW_YORK)


@pytest.mark.parametrize(
    "text",
    [
        "localtime",
        "Factory",
        "posixrules",
        "right/Europe/Berlin",
        "posix/Europe/Berlin",
        "IST",
        "(UTC+01:00) Amsterdam, Berlin, Bern",
        "America/New York",
        "../../etc/passwd",
        "a\0b",
        "",
        "tzdata.zi",
    ],
)
def test_what_is_no_zone_is_refused(text):
    with pytest.raises(UnknownZoneError, match="is not a time zone; use a name like America/New_York"):
        zones_meant(text, NEW_YORK)


@pytest.mark.parametrize("text", ["EST", "CST", "Central"])
def test_an_american_name_is_refused_for_a_number_elsewhere(text):
    with pytest.raises(UnknownZoneError, match="is not a North American number"):
        zones_meant(text, BERLIN)
