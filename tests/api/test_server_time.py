"""This machine's clock is compared with the time in the API's answers, over real sockets."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.scripted import ScriptedServer, answer
from xuna_cli.api.client import Client
from xuna_cli.api.server_time import CLOCKS_MAY_DIFFER, check_clock, clock_difference
from xuna_cli.errors import ConfigurationError, ExitStatus

ASKED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANSWERED = ASKED + timedelta(seconds=20)


def dated(at, **more):
    return {"date": format_datetime(at, usegmt=True), **more}


@pytest.mark.parametrize(
    ("ahead", "proven"),
    [
        (timedelta(), timedelta()),
        (timedelta(seconds=-20), timedelta()),  # written right before the answer was complete
        (timedelta(seconds=-21), timedelta(seconds=-1)),
        (timedelta(hours=-3), timedelta(hours=-3, seconds=20)),
        (timedelta(seconds=1), timedelta()),  # a whole second is written
        (timedelta(seconds=2), timedelta(seconds=1)),
        (timedelta(days=365), timedelta(days=365, seconds=-1)),
    ],
)
def test_a_difference_is_what_the_time_of_the_request_can_not_explain(ahead, proven):
    assert clock_difference(dated(ASKED - ahead), ASKED, ANSWERED) == proven


@given(
    asked=st.integers(0, 10**6),
    written=st.integers(0, 10**6),
    took=st.integers(0, 10**6),
    ahead=st.integers(-10, 10),
)
def test_a_clock_that_is_right_is_never_blamed_and_a_wrong_one_for_no_more_than_it_is(
    asked, written, took, ahead
):
    began = ASKED + timedelta(microseconds=asked)
    at = (began + timedelta(microseconds=min(written, took)) - timedelta(hours=ahead)).replace(microsecond=0)
    found = clock_difference(dated(at), began, began + timedelta(microseconds=took))
    assert abs(found) <= abs(timedelta(hours=ahead))
    assert abs(found) >= abs(timedelta(hours=ahead)) - timedelta(seconds=3)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "now",
        "Sun, 01 Mar 2026 12:00:00 +0000",
        "Sun, 31 Feb 2026 12:00:00 GMT",
        "Sun, 01 Mrz 2026 12:00:00 GMT",
        "Sun, 01 Mar 2026 25:00:00 GMT",
        "Sun, 01 Mar 0000 12:00:00 GMT",
        "Sun, 0١ Mar 2026 12:00:00 GMT",
    ],
)
def test_what_is_no_date_says_nothing(value):
    assert clock_difference({"date": value}, ASKED, ANSWERED) is None


def test_an_answer_without_a_date_or_from_a_cache_says_nothing():
    assert clock_difference({}, ASKED, ANSWERED) is None
    assert clock_difference(dated(ASKED - timedelta(hours=3), age="10800"), ASKED, ANSWERED) is None


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(timedelta(hours=3), "180 minutes ahead of"), (timedelta(hours=-1, seconds=9), "59 minutes behind")],
)
def test_a_clock_that_differs_too_much_is_an_error_with_what_to_do(ahead, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        check_clock(ahead)
    assert (caught.value.code, caught.value.exit_status) == ("clock", ExitStatus.CONFIGURATION)
    check_clock(CLOCKS_MAY_DIFFER)
    check_clock(-CLOCKS_MAY_DIFFER)


def test_a_client_remembers_the_last_time_that_it_was_told():
    now = datetime.now(UTC)
    wrong = {"Date": format_datetime(now - timedelta(hours=1), usegmt=True)}
    right = {"Date": format_datetime(now, usegmt=True)}
    script = [answer(200, [], wrong), answer(200, []), answer(200, [], right), answer(500, {}, wrong)]
    with ScriptedServer(script) as server:
        client = Client(server.base_url, "sandbox", deadline=10.0)
        client.check_clock()  # nothing is known yet
        for is_wrong in (True, True, False):
            client.phone_numbers()
            if is_wrong:
                with pytest.raises(ConfigurationError):
                    client.check_clock()
            else:
                client.check_clock()
        with pytest.raises(Exception, match="500"):
            client.phone_numbers()
        with pytest.raises(ConfigurationError):
            client.check_clock()
