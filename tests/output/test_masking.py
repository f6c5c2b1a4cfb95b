"""Masked phone numbers: no number stays complete, and nothing else is changed."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.output.masking import mask, masked_data, masked_words, set_masking
from xuna_cli.output.messages import emit, say


@pytest.fixture
def masking():
    yield lambda **said: set_masking(**{"asked": None, "in_ci": False} | said)
    set_masking(asked=None, in_ci=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+12125550101", "+1212•••0101"),
        ("call +1 (212) 555-0101, please", "call +1212•••0101, please"),
        ('"(212) 555-0101" has no country', '"212•••0101" has no country'),
        ("0151 12345678", "0151•••5678"),
        ("Ann,2125550101,x", "Ann,212•••0101,x"),
        ("'+15551000001", "'+1555•••0001"),  # as CSV protects it from spreadsheets
        ("+1\u00a0212\u00a0555\u20110101", "+1212•••0101"),
        (r'"(212)\u00a0555\u20110101"', '"212•••0101"'),  # the same in JSON
        ("22 33 44 55", "223•••55"),
        ("555-0101", "55•••01"),
        ("'5551234'", "'55•••34'"),
        ('row 4: "5551234"', 'row 4: "55•••34"'),
        (r'"row 4: \"5551234\""', r'"row 4: \"55•••34\""'),
        ("+12125550101 and +12125550102", "+1212•••0101 and +1212•••0102"),
        ("row 12: +12125550101", "row 12: +1212•••0101"),
        ("listed: +12125550101 (1 new, 0 before)", "listed: +1212•••0101 (1 new, 0 before)"),
        ("+49 (0)30 1234567", "+4903•••4567"),
        ("+1 (212 555-0101", "+1 (212•••0101"),
    ],
)
def test_a_number_is_shown_in_part_however_it_is_written(text, shown):
    assert mask(text) == shown
    assert mask(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "row 1234567: x",
        '"row": 123456789,',
        '"id": "1234567"',
        "1,234,567,890 rows",
        "2026-11-27T06:43:35.123Z",
        "2026-11-27 06:43:35+01:00",
        "Fri 27 Nov 09:00 in America/New_York",
        "27.11.2026",
        "09:00-18:00",
        "127.0.0.1:8080",
        "192.168.100.200",
        "http://10.11.12.13/v1",
        "12345.678901 s",
        "batch_1234567890",
        "550e8400-e29b-41d4-a716-446655440000",
        "contacts-20261127.csv",
        "20261127",
        "4111111111111111111",  # too long for a phone number
    ],
)
def test_what_is_no_number_stays(text):
    assert mask(text) == text


@given(
    st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
    st.sampled_from(["{}", "x {} y", "({})", "a,{},b", "{}\n", "'{}'", "“{}”", "key {}\x1f7"]),
)
def test_no_number_is_shown_whole_and_at_least_three_digits_are_hidden(number, around):
    shown = mask(around.format(number))
    assert number[1:] not in shown
    digits = re.sub(r"\D", "", shown.replace("\x1f7", ""))
    assert len(digits) <= len(number) - 1 - 3
    assert shown == around.format(mask(number))


@pytest.mark.parametrize(
    ("said", "words", "data"),
    [
        ({}, False, False),
        ({"in_ci": True}, True, False),
        ({"asked": True}, True, True),
        ({"asked": False, "in_ci": True}, False, False),
        ({"asked": True, "in_ci": True}, True, True),
    ],
)
def test_what_is_masked_is_what_was_asked_for_and_in_ci_only_words(masking, capsys, said, words, data):
    masking(**said)
    number, masked = "+12125550101", "+1212•••0101"
    assert masked_words(number) == (masked if words else number)
    assert masked_data(number) == (masked if data else number)
    say(f"hello {number}")
    emit(json.dumps({"to": number}, ensure_ascii=False))
    assert capsys.readouterr() == (
        f'{{"to": "{masked if data else number}"}}',
        f"hello {masked if words else number}\n",
    )
