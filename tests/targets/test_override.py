import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.errors import InputError, UsageError
from xuna_cli.targets.override import (
    OverrideProblem,
    build_override,
    check_paths,
    first_message,
    merge,
    parse_override,
)
from xuna_cli.targets.own_values import own_columns, own_values
from xuna_cli.targets.values import EmptyValue


def build(fields, *options, columns=None):
    overrides = [parse_override(option) for option in options]
    check_paths(overrides)
    own = own_values(fields, own_columns(fields if columns is None else columns))
    return build_override(fields, overrides, own)


@pytest.mark.parametrize(
    ("options", "override"),
    [
        ([], None),
        (["agent.first_message=Hi {{ name }}"], {"agent": {"first_message": "Hi Ann"}}),
        (
            ["agent.language=es", "tts.voice_id=x=y"],
            {"agent": {"language": "es"}, "tts": {"voice_id": "x=y"}},
        ),
        (["agent.prompt.n:={{ n }}"], {"agent": {"prompt": {"n": 3}}}),
        ([" a . b :=[1, null]"], {"a": {"b": [1, None]}}),
        (['a:={"who": {{ quoted | tojson }}}'], {"a": {"who": "a \"b\" <c> & 'd'"}}),
        (["a=5"], {"a": "5"}),
        (["a:=5"], {"a": 5}),
    ],
)
def test_options_give_an_override(options, override):
    assert build({"name": "Ann", "n": 3, "quoted": "a \"b\" <c> & 'd'"}, *options) == override


def test_first_message_is_an_override_of_the_agent():
    assert first_message("Hi {{ name }}").path == parse_override("agent.first_message=Hi").path


@pytest.mark.parametrize("text", ["", "agent", "=x", ":=1", "a..b=x", ".a=x", "a.=x"])
def test_a_path_without_parts_is_a_usage_error(text):
    with pytest.raises(UsageError, match="path"):
        parse_override(text)


@pytest.mark.parametrize(
    "text", ["a:=", "a:=x", "a:=NaN", "a:=[Infinity]", "a:={'b': 1}", "a=", "a={{ b", "a:=" + "[" * 100_000]
)
def test_what_is_wrong_for_every_row_stops_at_the_start(text):
    with pytest.raises(InputError, match="--override a"):
        parse_override(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("agent.x=1", "agent.x=2"), ("agent=1", "agent.x=2"), ("agent.x.y:=1", "agent.x=2")],
)
def test_two_options_for_one_value_are_a_usage_error_that_names_both(one, other):
    with pytest.raises(UsageError) as caught:
        check_paths([parse_override(one), parse_override("other=1"), parse_override(other)])
    for option in (one, other):
        assert "--override " + option.partition("=")[0].removesuffix(":") in caught.value.message


@pytest.mark.parametrize("cell", ["Ann", "NaN", "1e999999 x", "[" * 50_000])
def test_a_row_without_json_is_told_about_tojson(cell):
    with pytest.raises(OverrideProblem, match="tojson") as caught:
        build({"name": cell}, "a:={{ name }}")
    assert caught.value.code == "override-not-json"


def test_the_stronger_source_counts():
    fields = {
        "name": "Ann",
        "conversation_config_override": {
            "agent": {"language": "fr", "first_message": "Salut"},
            "tts": {"speed": 1},
        },
        "first_message": "Bonjour {{ name }}",
        "override.tts.speed": 2,
    }
    before = copy.deepcopy(fields)
    assert build(
        fields, "agent.first_message=Hi", "agent.language=en", "agent.mood=calm", 'tts:={"speed": 0, "v": 1}'
    ) == {
        "agent": {"language": "fr", "first_message": "Bonjour {{ name }}", "mood": "calm"},
        "tts": {"speed": 2, "v": 1},
    }
    assert fields == before


def test_an_empty_cell_falls_back_on_what_is_weaker():
    fields = {"first_message": " ", "override.agent.language": None, "conversation_config_override": ""}
    assert build(fields, "agent.first_message=Hi", "agent.language=en") == {
        "agent": {"first_message": "Hi", "language": "en"}
    }
    assert build(fields) is None


def test_a_template_that_the_row_replaces_is_not_rendered():
    assert build({"name": "", "first_message": "Hi"}, "agent.first_message=Hi {{ name }}") == {
        "agent": {"first_message": "Hi"}
    }
    whole = {"name": "", "conversation_config_override": {"agent": "x"}}
    assert build(whole, "agent.first_message=Hi {{ name }}") == {"agent": "x"}
    with pytest.raises(EmptyValue):
        build({"name": "", "first_message": ""}, "agent.first_message=Hi {{ name }}")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"first_message": 5}, "first-message-not-text"),
        ({"first_message": ["Hi"]}, "first-message-not-text"),
        ({"first_message": "\ud800"}, "override-not-sendable"),
        ({"override.a": float("nan")}, "override-not-sendable"),
        ({"override.a": object()}, "override-not-sendable"),
        ({"conversation_config_override": [1]}, "override-not-object"),
        ({"conversation_config_override": "[1]"}, "override-not-object"),
        ({"conversation_config_override": True}, "override-not-object"),
        ({"conversation_config_override": "Hi"}, "override-not-json"),
        ({"conversation_config_override": '{"a": NaN}'}, "override-not-json"),
        ({"conversation_config_override": {"a": float("inf")}}, "override-not-sendable"),
    ],
)
def test_what_can_not_be_sent_rejects_the_row(fields, code):
    with pytest.raises(OverrideProblem) as caught:
        build(fields)
    assert caught.value.code == code
    assert caught.value.column in fields


def test_an_object_may_stand_as_text_in_a_cell():
    assert build({"conversation_config_override": '{"agent": {"first_message": "Hi"}}'}) == {
        "agent": {"first_message": "Hi"}
    }


def test_a_column_may_hold_any_json():
    assert build({"override.a.b": [1], "override.c": False}) == {"a": {"b": [1]}, "c": False}


@pytest.mark.parametrize(
    "columns",
    [["first_message", "override.agent"], ["override.a", "override.a.b"], ["override."], ["override.a..b"]],
)
def test_columns_that_contradict_each_other_stop_at_the_start(columns):
    with pytest.raises(InputError) as caught:
        own_columns(columns)
    assert all(repr(column) in caught.value.message for column in columns)


OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | st.integers(0, 3), max_size=3),
    max_leaves=8,
)


@given(OBJECTS, OBJECTS, OBJECTS)
def test_merging_is_associative_where_nothing_is_replaced_and_changes_nothing(one, two, three):
    before = copy.deepcopy((one, two))
    merged = merge(one, two)
    assert (one, two) == before
    assert merge(one, {}) == one == merge({}, one)
    assert merge(merged, two) == merged
    assert set(merged) == set(one) | set(two)
    for name, value in two.items():
        if not isinstance(value, dict):
            assert merged[name] == value
    assert merge(merge(one, two), three).keys() == merge(one, merge(two, three)).keys()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1e999", "override-not-json"),
        ("[-1e999]", "override-not-json"),
        ('"\\ud83d"', "override-not-sendable"),
        ('{"\\ud83d": 1}', "override-not-json"),
    ],
)
def test_json_that_can_not_be_sent_is_found_in_its_row(cell, code):
    with pytest.raises(OverrideProblem) as caught:
        build({"cell": cell}, "a.b:={{ cell }}")
    assert (caught.value.code, caught.value.column) == (code, "a.b")


@pytest.mark.parametrize("text", ["a:=1e999", 'a:="\\ud83d"'])
def test_constant_json_that_can_not_be_sent_stops_at_the_start(text):
    with pytest.raises(InputError, match="a"):
        parse_override(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [("a:=foo", "'foo' can't be read"), ('a:={"b": ', "its end is missing"), ("a:=NaN", "NaN is not JSON")],
)
def test_what_is_not_json_is_told_in_plain_words(text, words):
    with pytest.raises(InputError, match=f"--override a is not JSON: {words}$"):
        parse_override(text)
