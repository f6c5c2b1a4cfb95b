"""Columns with a time zone, or a time to call."""

import pytest

HELLO = ("-m", "Hello.")


@pytest.mark.parametrize(
    "header",
    [
        "Time Zone",
        "TZ",
        "Contact timezone",
        "hs_timezone",
        "IANA Timezone",
        "Zeitzone",
        "Fuseau horaire",
        "タイムゾーン",
    ],
)
def test_the_time_zone_of_the_person_is_found_in_any_language(plan, table, header):
    rows = [{"phone": "+13035550100", header: "Europe/Berlin"}]
    assert plan(table(rows))["preview"]["time_zones"] == {"Europe/Berlin": 1}


def test_the_plain_name_of_a_time_zone_column_wins(plan, written):
    rows = [{"phone": "+13035550100", "Contact timezone": "Asia/Tokyo", "timezone": "Europe/Berlin"}]
    document = plan(written(rows))
    assert document["preview"]["time_zones"] == {"Europe/Berlin": 1}
    assert document["list"]["unused_columns"] == ["Contact timezone"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Agent timezone", "`--timezone-column 'Agent timezone'` would take"),
        ("Zeitzone des Büros", "`--timezone-column 'Zeitzone des Büros'` would take"),
        ("gmt_offset_now", "an offset from UTC is no time zone"),
    ],
)
def test_a_time_zone_that_may_be_of_somebody_else_is_said_not_to_be_used(cli, table, header, said):
    path = table([{"phone": "+13035550100", header: "Europe/Berlin"}])
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--quiet")
    assert f"not used: {header}; {said}" in ran.err


@pytest.mark.parametrize("code", ["+49", "0049"])
@pytest.mark.parametrize("header", ["Vorwahl", "Prefijo"])
def test_a_column_of_first_digits_that_has_calling_codes_says_the_country(called, table, header, code):
    path = table([{"phone": "151 23456789", header: code}, {"phone": "202 555 0143", header: ""}])
    assert called(path, "--region", "US") == {2: "+4915123456789", 3: "+12025550143"}


@pytest.mark.parametrize("header", ["Area Code", "Vorwahl", "Prefijo", "DDD", "市外局番"])
def test_digits_before_the_number_are_said_not_to_be_used(cli, table, header):
    path = table([{"phone": "23125001", header: "030"}])
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--quiet", "--region", "DE")
    assert f"not used: {header}; if the numbers begin there, strangers are called without it" in ran.err


@pytest.mark.parametrize(
    ("header", "option"),
    [
        ("Not before", "--call-after-column"),
        ("Next call", "--call-after-column"),
        ("Wiedervorlage", "--call-after-column"),
        ("Pas après", "--call-before-column"),
    ],
)
def test_a_time_to_call_in_other_words_is_said_not_to_be_used(cli, table, header, option):
    path = table([{"phone": "+13035550100", header: "2030-01-01"}])
    ran = cli("batch-call", path, *HELLO, "--dry-run", "--quiet")
    assert f"not used: {header}; `{option} " in ran.err
