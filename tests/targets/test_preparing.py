import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import target_builder
from xuna_cli.errors import InputError, UsageError
from xuna_cli.models import CallTarget, CellFault, Contact, Rejection
from xuna_cli.targets.override import first_message, parse_override

JOHN = "+15559876543"


def prepare(fields, *, row_number=2, columns=None, **options):
    columns = tuple(fields) if columns is None else columns
    return target_builder(columns=columns, **options)(Contact(row_number, fields))


def test_a_contact_becomes_a_call_target():
    target = prepare(
        {"phone": "+1 (555) 987-6543", "name": "John"}, overrides=[first_message("Hi {{ name }}.")]
    )
    assert target == CallTarget(2, JOHN, JOHN, '{"agent":{"first_message":"Hi John."}}')


def test_nothing_said_is_no_override():
    assert prepare({"phone": JOHN}).override is None


def test_a_target_keeps_its_contact_on_request():
    assert prepare({"phone": JOHN}, keep_contact=True).contact.fields == {"phone": JOHN}


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"phone": "911", "id": "1", "name": "x"}, "phone-short-number", "phone"),
        ({"id": "1", "name": "x"}, "phone-missing", "phone"),
        ({"phone": JOHN, "id": " ", "name": "x"}, "key-missing", "id"),
        ({"phone": JOHN, "id": True, "name": "x"}, "key-not-text", "id"),
        ({"phone": JOHN, "id": 1.5, "name": "x"}, "key-not-text", "id"),
        ({"phone": JOHN, "id": "\ud800", "name": "x"}, "key-not-text", "id"),
        ({"phone": JOHN, "id": "1", "name": ""}, "template-empty-value", "name"),
        (
            {"phone": JOHN, "id": "1", "name": "x", "first_message": 3},
            "first-message-not-text",
            "first_message",
        ),
    ],
)
def test_a_rejection_names_code_and_field(fields, code, field):
    columns = ("phone", "id", "name", "first_message")
    rejection = prepare(fields, columns=columns, key="id", overrides=[parse_override("a.b={{ name }}")])
    assert isinstance(rejection, Rejection)
    assert (rejection.row_number, rejection.code, rejection.field) == (2, code, field)
    assert rejection.contact.fields is fields


def test_the_key_is_number_and_trimmed_value():
    assert prepare({"phone": JOHN, "id": " 7 "}, key="id").key == f"{JOHN}\x1f7"
    assert prepare({"phone": JOHN, "id": 7}, key="id").key == f"{JOHN}\x1f7"
    assert prepare({"phone": JOHN, "id": 7}).key == JOHN


def test_a_list_without_the_key_column_stops_with_the_nearest_name():
    with pytest.raises(InputError, match="--key") as caught:
        prepare({"phone": JOHN, "order_id": 1}, key="order")
    assert "'order_id'" in caught.value.hint


def test_contradicting_options_stop():
    with pytest.raises(UsageError, match="--first-message"):
        prepare({"phone": JOHN}, overrides=[first_message("Hi"), parse_override("agent.first_message=Hi")])


def test_a_later_contact_without_the_column_is_rejected_in_json_alone():
    options = {
        "columns": ("phone", "name"),
        "overrides": [first_message("Hi{% if name %} {{ name }}{% endif %}")],
    }
    late = prepare({"phone": JOHN}, are_complete=False, **options)
    assert (late.code, late.field) == ("template-missing-column", "name")
    short = prepare({"phone": JOHN}, are_complete=True, **options)
    assert short.override == '{"agent":{"first_message":"Hi"}}'


def test_a_later_contact_may_have_columns_of_its_own_in_json():
    target = prepare({"phone": JOHN, "first_message": "Hi"}, columns=("phone",), are_complete=False)
    assert target.override == '{"agent":{"first_message":"Hi"}}'
    clash = prepare(
        {"phone": JOHN, "first_message": "Hi", "override.agent": {}},
        columns=("phone",),
        are_complete=False,
    )
    assert clash.code == "override-conflict"


def test_a_ready_made_list_needs_no_columns_for_a_template_that_it_replaces():
    ready = {"phone": JOHN, "conversation_config_override": {"agent": {"first_message": "Salut"}}}
    options = {
        "columns": tuple(ready),
        "are_complete": False,
        "overrides": [first_message("Hi {{ name }}")],
    }
    assert prepare(ready, **options).override == '{"agent":{"first_message":"Salut"}}'
    assert prepare({"phone": JOHN}, **options).code == "template-missing-column"
    (warning,) = target_builder(**options).warnings
    assert "'name'" in warning


def test_a_column_that_only_a_default_uses_is_a_warning():
    preparer = target_builder(columns=["phone"], overrides=[first_message("{{ name | d('you') }}")])
    (warning,) = preparer.warnings
    assert "'name'" in warning
    assert preparer(Contact(2, {"phone": JOHN})).override == '{"agent":{"first_message":"you"}}'


CELLS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.just(JOHN),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
COLUMNS = [
    "phone",
    "id",
    "name",
    "first_message",
    "override.a.b",
    "override.a",
    "conversation_config_override",
]


@given(fields=st.dictionaries(st.sampled_from(COLUMNS), CELLS), complete=st.booleans())
def test_every_contact_becomes_exactly_one_of_the_two(fields, complete):
    options = [first_message("Hi {{ name | title }}"), parse_override("a.c:={{ name | tojson }}")]
    columns = ("phone", "id", "name", "first_message", "override.a.b")
    fields = {"phone": JOHN, **fields}
    result = prepare(fields, columns=columns, are_complete=complete, key="id", overrides=options)
    if isinstance(result, Rejection):
        assert result.code
        assert result.message
    else:
        assert result.key.startswith(result.to_phone_number + "\x1f")
        assert result.override


def test_a_key_is_one_whichever_way_its_accents_are_put_together():
    keys = {prepare({"phone": JOHN, "id": name}, key="id").key for name in ("Zo\u00eb", "Zoe\u0308")}
    assert keys == {f"{JOHN}\x1fZo\u00eb"}


@pytest.mark.parametrize("column", ["xuna_campaign", "xuna_key"])
def test_a_rendered_row_in_an_ordinary_list_is_rejected(column):
    rejection = prepare({"phone": JOHN, column: "x"}, columns=("phone",), are_complete=False)
    assert (rejection.code, rejection.field) == ("ready-mixed", column)
    assert prepare({"phone": JOHN, column: ""}).to_phone_number == JOHN


@pytest.mark.parametrize("name", ["timezone", "Time Zone", "tz"])
def test_a_later_contact_in_json_may_spell_its_zone_otherwise(name):
    options = {"columns": ("phone",), "are_complete": False, "timezone": "timezone"}
    assert prepare({"phone": JOHN, name: "Etc/UTC"}, **options).timezone == "Etc/UTC"
    twice = prepare({"phone": JOHN, "tz": "Etc/UTC", "Time Zone": "Etc/GMT"}, **options)
    assert (twice.code, twice.field) == ("timezone-ambiguous", "Time Zone")


@pytest.mark.parametrize(("letters", "fits"), [(987, True), (988, False), (10_000, False)])
@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀"])
def test_a_key_that_no_ledger_holds_is_a_rejection_of_its_row(letter, letters, fits):
    """1,000 bytes, including the number (12) and the separator."""
    size = len(letter.encode())
    prepare = target_builder(columns=("phone", "order"), key="order")
    made = prepare(
        Contact(7, {"phone": "+12125550123", "order": letter * (letters // size) + "a" * (letters % size)})
    )
    if fits:
        assert isinstance(made, CallTarget)
    else:
        assert (made.row_number, made.code, made.field) == (7, "key-too-long", "order")
        assert "at most 1,000 are allowed" in made.message


def test_of_several_faulty_cells_the_first_is_named():
    columns = ("phone", *"hgfedcba")
    message = " ".join(f"{{{{ {column} }}}}" for column in reversed(columns))
    cells = {column: CellFault("#REF!", "cell-error", f"{column.upper()}2") for column in columns[1:]}
    rejection = prepare({"phone": JOHN, **cells}, overrides=[first_message(message)], of_workbook=True)
    assert rejection.field == "h"
