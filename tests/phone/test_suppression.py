"""All numbers that a do-not-call cell may mean are listed, or the list can't be used."""

import pytest

from xuna_cli.phone.cells import PhoneProblem
from xuna_cli.phone.suppression import Reading, SuppressionReader


@pytest.mark.parametrize(
    ("cell", "region", "listed"),
    [
        ("4915123456789", "DE", "+4915123456789"),
        ("62812345678", "ID", "+62812345678"),
        ("+48 (0)22 123 45 67", None, "+48221234567"),
        ("022 123 45 67", "PL", "+48221234567"),
        ("+39 (0)6 1234567", None, "+39061234567"),
        ("+39 (0)333 1234567", None, "+393331234567"),
        ("+30 (0)210 1234567", None, "+302101234567"),
        ("+420 (0)234 567 890", None, "+420234567890"),
        ("+36 (0)1 234 5678", None, "+3612345678"),
        ("+351 (0)21 123 4567", None, "+351211234567"),
        ("+521 55 1234 5678", None, "+525512345678"),
        ("442079460000", "US", "+442079460000"),
        ("00442079460000", "US", "+442079460000"),
        ("011 44 20 7946 0000", "DE", "+442079460000"),
        ("00442079460000", None, "+442079460000"),
        ("13035550100@c.us", None, "+13035550100"),
        ("whatsapp:+13035550100", None, "+13035550100"),
        ("+१३०३५५५०१००", None, "+13035550100"),
        ("+1\ufe0f303\u206055\u034f50100\u3164", None, "+13035550100"),
        ('="3035550100"', "US", "+13035550100"),
    ],
)
def test_the_number_that_is_meant_is_among_the_readings(cell, region, listed):
    assert Reading(listed, assigned=True) in SuppressionReader(region).read(cell)


def test_both_readings_of_one_cell_count():
    assert SuppressionReader("DE").read("4915123456789") == [
        Reading("+494915123456789", assigned=True),
        Reading("+4915123456789", assigned=True),
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "+49 6221,123456",
        "+1 555 987 6543 x12",
        "4915123456789",
        "0000000000",
        "1-800-FLOWERS",
        "+49 6221 ABC",
        "2.12E+09",
        "+493012345678/79",
        "2024-01-02 10:00 +13035550100",
        [],
        {"number": "+13035550100"},
        13035550100.5,
    ],
)
def test_where_no_reading_is_certain_there_is_none(cell):
    with pytest.raises(PhoneProblem):
        SuppressionReader(None).read(cell)


@pytest.mark.parametrize("number", ["+15551230001", "5551230001", "555-123-0001"])
def test_a_complete_number_that_nobody_has_is_listed_and_marked(number):
    assert SuppressionReader("US").read(number) == [Reading("+15551230001", assigned=False)]
