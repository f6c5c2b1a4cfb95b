"""How long the API is retried: only shortly if it never answered, and long if it did."""

import pytest

from xuna_cli.api.client import BusyError
from xuna_cli.api.retry import LONGEST_WAIT_S, TRIES, TRIES_AT_START, RetryingReader


class Scripted:
    """Returns or raises one step for each read; repeats the last one."""

    def __init__(self, *script) -> None:
        self.script = list(script)
        self.readings = 0

    def get(self, path, params=None):
        self.readings += 1
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        return step


def busy(retry_after=None):
    error = BusyError("connection refused")
    error.retry_after = retry_after
    error.asks_to_wait = retry_after is not None
    return error


def reading(*script, **more):
    api, waits = Scripted(*script), []
    return api, waits, RetryingReader(api, wait=waits.append, **more)


def test_what_never_answered_is_given_up_within_seconds():
    api, waits, reader = reading(busy())
    with pytest.raises(BusyError):
        reader.get("/")
    assert api.readings == TRIES_AT_START
    assert sum(waits) < 2


def test_who_asks_to_wait_is_waited_for():
    api, waits, reader = reading(busy(4.0))
    with pytest.raises(BusyError):
        reader.get("/")
    assert api.readings > TRIES_AT_START
    assert min(waits) >= 4.0


def test_who_asks_again_and_again_and_never_gave_anything_is_given_up():
    api, waits, reader = reading(busy(60.0))
    with pytest.raises(BusyError):
        reader.get("/")
    assert api.readings == 2
    assert 60 <= sum(waits) < 62


def test_an_answer_within_the_first_tries_is_returned():
    api, _, reader = reading(busy(), busy(), {"a": 1})
    assert reader.get("/") == {"a": 1}
    assert api.readings == 3


def test_what_has_answered_before_is_worth_more_patience():
    api, waits, reader = reading({"a": 1}, busy())
    reader.get("/")
    with pytest.raises(BusyError):
        reader.get("/")
    assert api.readings == 1 + TRIES
    assert 20 < sum(waits) <= LONGEST_WAIT_S * TRIES


def test_it_is_told_for_how_long_it_waits_and_why():
    told = []
    why = busy(7.0)
    _, waits, reader = reading(why, {"a": 1}, on_wait=lambda *what: told.append(what))
    reader.get("/")
    assert told == [(waits[0], why)]
