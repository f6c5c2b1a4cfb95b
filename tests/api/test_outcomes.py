"""What an HTTP outcome proves: every row of the table of outcomes, and arbitrary bytes."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xuna_cli.api.outcomes import (
    LONGEST_MESSAGE,
    Refusal,
    Refused,
    Taken,
    Unknown,
    classify,
    parse_retry_after,
    printable,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GOOD = {"batch_id": "batch_1", "calls_initiated": 3}


def classified(status, body=b"", *, calls=3, **headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify(status, named, data, calls=calls, now=NOW)


def located(*locs, msg="field required"):
    return {"detail": [{"loc": list(loc), "msg": msg, "type": "value_error"} for loc in locs]}


# ------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_that_is_understood_is_taken(status):
    assert classified(status, GOOD) == Taken("batch_1", 3, status)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 2**31 - 1])
def test_any_usable_count_is_taken_and_left_to_be_compared(count):
    assert classified(200, GOOD | {"calls_initiated": count}) == Taken("batch_1", count, 200)


def test_an_integral_float_is_a_count():
    outcome = classified(200, GOOD | {"calls_initiated": 3.0})
    assert outcome == Taken("batch_1", 3, 200)
    assert type(outcome.calls_initiated) is int


@pytest.mark.parametrize(
    "count",
    [True, False, "2", "", None, -1, -1.0, 2.5, 2**31, 10**30, 1e300, [2], {"n": 2}],
    ids=repr,
)
def test_what_is_no_count_proves_nothing(count):
    outcome = classified(200, GOOD | {"calls_initiated": count})
    assert outcome == Unknown("HTTP 200 without a usable batch_id and calls_initiated", 200)


@pytest.mark.parametrize("text", [b"NaN", b"Infinity", b"-Infinity", b"1" * 5000])
def test_numbers_that_json_should_not_have_prove_nothing(text):
    assert isinstance(classified(200, b'{"batch_id": "batch_1", "calls_initiated": ' + text + b"}"), Unknown)


@pytest.mark.parametrize(
    "batch_id",
    [None, "", "  ", 7, True, ["b"], "b\n", "b\x1b[0m", "\ud800", "b" * (LONGEST_MESSAGE + 1)],
    ids=repr,
)
def test_what_is_no_batch_id_proves_nothing(batch_id):
    assert isinstance(classified(200, GOOD | {"batch_id": batch_id}), Unknown)


@pytest.mark.parametrize("missing", ["batch_id", "calls_initiated"])
def test_a_success_without_a_field_proves_nothing(missing):
    assert isinstance(
        classified(200, {name: value for name, value in GOOD.items() if name != missing}), Unknown
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"batch_1"',
        b"<html>200</html>",
        b'{"batch_id": "batch_1", "calls_in',
        b'{"batch_id": "batch_\xff", "calls_initiated": 3}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_success_that_cannot_be_read_proves_nothing(body):
    assert isinstance(classified(200, body), Unknown)


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_an_answer_that_is_packed_although_we_asked_for_it_plain_proves_nothing(encoding):
    assert isinstance(classified(200, GOOD, content_encoding=encoding), Unknown)
    assert isinstance(classified(200, GOOD, content_encoding="Identity"), Taken)


@pytest.mark.parametrize(
    "status", [300, 301, 302, 304, 307, 308, 401, 402, 403, 404, 405, 406, 410, 418, 451, 498]
)
def test_what_is_refused_for_good(status):
    assert classified(status, {"detail": "no"}) == Refused(Refusal.FOR_GOOD, status, f"HTTP {status}: no", {})


@pytest.mark.parametrize("status", [206, 207, 303])
def test_what_may_have_been_taken_in_part_or_elsewhere_proves_nothing(status):
    assert isinstance(classified(status, GOOD), Unknown)


@pytest.mark.parametrize("name", ["error", "errors"])
@pytest.mark.parametrize("error", ["quota", {"message": "quota"}, [{"msg": "quota"}], 17, True])
def test_an_error_beside_a_batch_id_proves_nothing(name, error):
    outcome = classified(200, GOOD | {name: error})
    assert isinstance(outcome, Unknown)
    assert outcome.message.startswith("HTTP 200 with an error in the answer")


@pytest.mark.parametrize("error", [None, "", [], {}, False])
def test_an_error_that_says_nothing_is_none(error):
    assert classified(200, GOOD | {"error": error}) == Taken("batch_1", 3, 200)


@pytest.mark.parametrize("status", [400, 422])
def test_something_in_the_batch_is_refused(status):
    assert classified(status, {"detail": "bad"}) == Refused(
        Refusal.BAD_CALLS, status, f"HTTP {status}: bad", {}
    )


def test_too_large_is_refused():
    assert classified(413).kind is Refusal.TOO_LARGE


@pytest.mark.parametrize(
    "status", [408, 409, 499, 500, 501, 502, 504, 507, 520, 529, 599, 600, 999, 100, 0, -1]
)
def test_what_proves_nothing(status):
    assert isinstance(classified(status, {"detail": "oh"}, retry_after="1"), Unknown)


def test_too_many_is_refused_for_now_with_or_without_a_time():
    assert classified(429, retry_after="7") == Refused(Refusal.FOR_NOW, 429, "HTTP 429", {}, 7.0)
    assert classified(429) == Refused(Refusal.FOR_NOW, 429, "HTTP 429", {}, None)
    assert classified(429, retry_after="soon").retry_after is None


def test_unavailable_is_refused_for_now_only_with_a_time():
    for body in ({}, b""):
        assert classified(503, body, retry_after="7") == Refused(Refusal.FOR_NOW, 503, "HTTP 503", {}, 7.0)
    # Proxies answer a bare 503 when they have lost the upstream server.
    assert isinstance(classified(503), Unknown)
    assert isinstance(classified(503, retry_after="soon"), Unknown)


@pytest.mark.parametrize(
    "body", [b"<!DOCTYPE html><title>503 Backend fetch failed</title>", b"\n<html>", b"<?xml version='1.0'?>"]
)
def test_a_503_with_a_page_for_people_proves_nothing_whatever_it_asks_for(body):
    """Varnish's page has `Retry-After: 5` (`vcl_backend_error`), also if the API has read the whole request."""
    assert isinstance(classified(503, body, retry_after="5", content_type="text/html"), Unknown)


@pytest.mark.parametrize("status", [429, 401, 413, 422, 500])
def test_a_good_document_under_a_bad_status_is_not_taken(status):
    assert not isinstance(classified(status, GOOD), Taken)


# ------------------------------------------------------------------------------- Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("1.5", 1.5),
        ("999999999", 999999999.0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sunday, 01-Mar-26 12:01:30 GMT", 90.0),
        ("Sun Mar  1 12:01:30 2026", 90.0),
        ("Sun, 01 Mar 2026 14:01:30 +0200", 90.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("1, 2", None),
        ("١٢", None),
        ("9999999999", None),
        ("Sun, 99 Mar 2026 12:00:00 GMT", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    got = parse_retry_after(value, NOW)
    if value is not None and "9999 23:59" in value:
        assert got is None or got > 1e9  # a date beyond what can be counted, or very far
    else:
        assert got == seconds


@given(st.text())
@example("0001-01-01")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
def test_any_retry_after_is_a_number_of_seconds_or_none(value):
    got = parse_retry_after(value, NOW)
    assert got is None or 0 <= got < float("inf")


# ------------------------------------------------------------------------------- error bodies


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "too many"}, "too many"),
        ({"detail": {"status": "quota", "message": "quota exceeded"}}, "quota exceeded"),
        ({"detail": {"status": "quota"}}, "quota"),
        ({"detail": [{"loc": ["body", "calls", 3, "to_phone_number"], "msg": "bad", "type": "t"}]},
         "body.calls.3.to_phone_number: bad"),
        ({"detail": [{"msg": "one"}, {"msg": "two"}]}, "one; two"),
        ({"detail": ["one", "two"]}, "one; two"),
        ({"error": "no"}, "no"),
        ({"error": {"message": "no", "code": 3}}, "no"),
        ({"detail": {"error": {"msg": "deep"}}}, "deep"),
        ({"message": "top"}, "top"),
        ("just text", "just text"),
        ({"detail": None}, ""),
        ({"detail": 5}, ""),
        ({"detail": []}, ""),
        ({}, ""),
        (b"plain words", "plain words"),
        (b"<!doctype html><title>Bad Gateway</title>\n<h1>502</h1>", "Bad Gateway 502"),
        (b"", ""),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
        (b"a\r\n\x1b[31mred\x00\xe2\x80\xae", "a [31mred"),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_the_servers_words_are_read_out_of_every_shape(body, words):
    for status in (400, 404, 429, 500):
        assert classified(status, body).message == (f"HTTP {status}: {words}" if words else f"HTTP {status}")


def test_words_are_cut_at_a_length_that_a_person_reads():
    assert len(classified(404, {"detail": "word " * 10_000}).message) <= LONGEST_MESSAGE + len("HTTP 404: ")
    assert len(printable("x" * 10_000)) == LONGEST_MESSAGE


@pytest.mark.parametrize("key", ["detail", "error"])
@pytest.mark.parametrize("depth", [100, 300, 450, 900, 990, 5000])
def test_deep_nesting_ends_in_words_not_in_a_traceback(key, depth):
    for opening, closing in (("[", "]"), (f'{{"{key}":', "}")):
        nested = opening * depth + '"x"' + closing * depth
        assert classified(400, nested.encode()).kind is Refusal.BAD_CALLS
        msg = f'{{"detail": [{{"loc": ["calls", 1], "msg": {nested}}}, {{"loc": [{nested}], "msg": "m"}}]}}'
        assert classified(422, msg.encode()).kind is Refusal.BAD_CALLS


# ------------------------------------------------------------------------------- who is at fault


@pytest.mark.parametrize(
    ("locs", "blamed"),
    [
        ([("body", "calls", 1, "to_phone_number")], [1]),
        ([("body", "calls", 0), ("body", "calls", 2, "conversation_config_override", "agent")], [0, 2]),
        ([("calls", 2)], [2]),
        ([("body", "calls", 1, "a"), ("body", "calls", 1, "b")], [1]),
        ([("body", "calls", 3)], []),
        ([("body", "calls", -1)], []),
        ([("body", "calls", True)], []),
        ([("body", "calls", "1")], []),
        ([("body", "calls", 1.0)], []),
        ([("body", "calls", None)], []),
        ([("body", "calls")], []),
        ([("body",)], []),
        ([()], []),
        ([("body", "calls", 9, "x"), ("body", "calls", 1, "x")], [1]),
    ],
    ids=repr,
)
def test_offending_calls_are_those_that_loc_names_and_that_were_sent(locs, blamed):
    outcome = classified(422, located(*locs))
    assert outcome.kind is Refusal.BAD_CALLS
    assert sorted(outcome.offending) == blamed


def test_an_offending_call_is_blamed_with_the_apis_own_words():
    body = {"detail": [{"loc": ["body", "calls", 1, "to_phone_number"], "msg": "not E.164\x1b[31m"}]}
    assert classified(422, body).offending == {1: "not E.164 [31m"}
    body = {"detail": [{"loc": ["body", "calls", 1], "msg": None}]}
    assert classified(422, body).offending == {1: "refused"}


@pytest.mark.parametrize("field", ["agent_id", "from_phone_number_id"])
def test_a_field_beside_the_calls_is_refused_for_good(field):
    assert classified(422, located(("body", field))).kind is Refusal.FOR_GOOD
    assert classified(422, located(("body", "calls", 1), ("body", field))).kind is Refusal.FOR_GOOD


def test_a_field_of_that_name_inside_a_call_is_the_calls_own():
    loc = ("body", "calls", 1, "conversation_config_override", "agent_id")
    outcome = classified(422, located(loc))
    assert outcome.kind is Refusal.BAD_CALLS
    assert list(outcome.offending) == [1]


# ------------------------------------------------------------------------------- arbitrary input

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["detail", "error", "message", "msg", "loc", "status", "batch_id", "calls_initiated"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
        | st.fixed_dictionaries(
            {
                "detail": st.lists(
                    st.fixed_dictionaries({"loc": st.lists(st.just("calls") | inner), "msg": inner})
                )
            }
        )
    ),
    max_leaves=12,
)
BODIES = (
    st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()) | st.text().map(str.encode)
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "content-encoding", "content-type", "location"]),
    st.text(max_size=30) | st.sampled_from(["0", "5", "gzip", "identity", "Sun, 01 Mar 2026 12:01:30 GMT"]),
)
STATUSES = st.sampled_from(
    [200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503]
) | st.integers(100, 999)


@given(status=STATUSES, headers=HEADERS, body=BODIES, calls=st.integers(1, 5))
def test_whatever_comes_is_classified_and_never_taken_without_proof(status, headers, body, calls):
    outcome = classify(status, headers, body, calls=calls, now=NOW)
    texts = []
    match outcome:
        case Taken():
            document = json.loads(body)
            assert 200 <= status <= 299
            assert outcome.batch_id == document["batch_id"]
            assert outcome.calls_initiated == document["calls_initiated"]
            assert document["calls_initiated"] is not True
            texts.append(outcome.batch_id)
        case Refused():
            assert 300 <= status <= 499 or (status == 503 and "retry-after" in headers)
            assert status not in {408, 409, 499}
            assert all(0 <= index < calls for index in outcome.offending)
            assert outcome.retry_after is None or 0 <= outcome.retry_after < float("inf")
            texts += [outcome.message, *outcome.offending.values()]
        case Unknown():
            texts.append(outcome.message)
        case _:
            raise AssertionError(outcome)
    for text in texts:
        text.encode("utf-8")  # can be stored
        assert text.isprintable()
        assert text
