"""The body that is sent: the same bytes as `json` gives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.api.batch_body import encode_batch
from xuna_cli.targets.override import as_json

texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
said = st.builds(lambda text: {"agent": {"first_message": text}}, texts)
overrides = (
    st.none()
    | said
    | st.dictionaries(texts, values, max_size=3)
    | st.fixed_dictionaries(
        {"agent": st.fixed_dictionaries({"first_message": values}, optional={"language": texts})}
    )
    | st.fixed_dictionaries({"agent": values})
)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.from_regex(r"\+[0-9]{7,15}", fullmatch=True), overrides), max_size=5), texts, texts
)
def test_a_batch_is_encoded_as_json_does_it(calls, agent_id, from_phone_number_id):
    document = {
        "agent_id": agent_id,
        "from_phone_number_id": from_phone_number_id,
        "calls": [
            {"to_phone_number": number}
            | ({} if override is None else {"conversation_config_override": override})
            for number, override in calls
        ],
    }
    expected = json.dumps(document, separators=(",", ":")).encode()
    calls = [(number, None if override is None else as_json(override)) for number, override in calls]
    assert encode_batch(agent_id, from_phone_number_id, calls) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_json_is_never_sent(value):
    with pytest.raises(ValueError, match="JSON"):
        as_json({"agent": {"speed": value}})
