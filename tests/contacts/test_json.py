import json

import pytest

from xuna_cli.contacts.options import ListOptions
from xuna_cli.contacts.reading import open_list
from xuna_cli.errors import InputError
from xuna_cli.models import Contact

BOTH = pytest.mark.parametrize(("name", "around"), [("a.json", "[{}]"), ("a.jsonl", "{}")])


def wrap(around, text):
    return around.replace("{}", text)


def test_an_array_gives_contacts_under_their_position(opened):
    contacts = opened('[{"phone": "+1", "n": 1.5},\n\n {"phone": 2, "x": [null, true, {}]}]', name="a.json")
    assert (contacts.columns, contacts.columns_are_complete, contacts.phone_column) == (
        ("phone", "n"),
        False,
        "phone",
    )
    assert list(contacts) == [
        Contact(1, {"phone": "+1", "n": 1.5}),
        Contact(2, {"phone": 2, "x": [None, True, {}]}),
    ]


def test_lines_give_contacts_under_their_line(read):
    rows = read('\n{"phone": "+1"}\r\n \n  {"phone": "+2"}', name="a.jsonl")
    assert rows == [Contact(2, {"phone": "+1"}), Contact(4, {"phone": "+2"})]


@pytest.mark.parametrize("key", ["contacts", "calls"])
def test_an_object_may_carry_the_array_anywhere(read, key):
    content = (
        f'{{"agent_id": "a", "nested": {{"calls": [1]}}, "{key}" : [ {{"phone": "+1"}} ], "after": [2]}}\n'
    )
    assert read(content, name="a.json") == [Contact(1, {"phone": "+1"})]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"people": [], "x": 1}', "no `contacts` or `calls`; its keys: 'people', 'x'"),
        ("{}", "no `contacts` or `calls`"),
        ('"text"', r"expected `\["),
        ("12", r"expected `\["),
        ("  \n ", r"expected `\["),
        ('{"contacts": {"phone": 1}}', r"expected `\["),
        ('{"contacts": [], "calls": []}', "two lists, 'contacts' and 'calls'"),
        ("{1: 2}", "a key in double quotes"),
        ('{"contacts": [],}', "expected a key after the comma"),
        ('{"contacts": []', "ends in the middle"),
        ("[] []", "there is more text"),
        ('{"phone": "+1"}\n{"phone": "+2"}', "no `contacts`"),
    ],
)
def test_what_is_no_list_is_an_error(read, content, message):
    with pytest.raises(InputError, match=message):
        read(content, name="a.json")


def test_an_array_cut_off_is_an_error_after_what_came_before(opened):
    content = json.dumps([{"phone": f"+{n}"} for n in range(10)], indent=1)
    for end in range(content.index("9") - 3, len(content)):
        contacts = iter(opened(content[:end], name="a.json"))
        seen = [next(contacts) for _ in range(9)]
        assert [row.fields["phone"] for row in seen] == [f"+{n}" for n in range(9)]
        with pytest.raises(InputError, match=r"a\.json, line 3[0-9]"):
            list(contacts)


def test_a_json_mistake_names_line_and_contact(read):
    with pytest.raises(
        InputError, match=r"a\.json, line 3 \(contact 2\): a comma is missing between two values"
    ):
        read('[{"phone": "+1"},\n {"phone":\n "+2" "x"}]', name="a.json")


def test_a_comma_missing_between_contacts_is_an_error(read):
    with pytest.raises(InputError, match=r"line 2 .*expected `,` or `\]`"):
        read('[{"phone": "+1"}\n{"phone": "+2"}]', name="a.json")


@pytest.mark.parametrize("line", ['{"phone": "+2"', "{", "nope", '{"phone": "+2"} x', '{"phone": "+2"},'])
def test_a_line_that_is_not_json_ends_the_list_with_its_number(opened, line):
    contacts = iter(opened(f'{{"phone": "+1"}}\n\n{line}\n{{"phone": "+3"}}\n', name="a.jsonl"))
    assert next(contacts).row_number == 1
    with pytest.raises(InputError, match=r"a\.jsonl, line 3"):
        next(contacts)


@BOTH
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_is_an_error(read, name, around, number):
    with pytest.raises(InputError, match=f"{number} is"):
        read(wrap(around, f'{{"phone": "+1", "x": {number}}}'), name=name)


@BOTH
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("levels", [101, 300_000])
def test_nesting_beyond_use_is_an_error(read, *, name, around, opening, closing, levels):
    inner = opening * levels + "1" + closing * levels
    with pytest.raises(InputError, match="nested"):
        read(wrap(around, f'{{"phone": "+1", "x": {inner}}}'), name=name)


@BOTH
def test_nesting_as_deep_as_ninety_is_read(read, name, around):
    assert len(read(wrap(around, '{"phone": "+1", "x": ' + "[" * 90 + "]" * 90 + "}"), name=name)) == 1


@BOTH
def test_many_brackets_are_not_deep(read, name, around):
    assert len(read(wrap(around, '{"phone": "+1", "x": [' + "[]," * 500 + "[]]}"), name=name)) == 1


@BOTH
def test_a_long_integer_is_kept_whole(read, name, around):
    assert (
        read(wrap(around, '{"phone": 123456789012345678901234567890}'), name=name)[0].fields["phone"]
        == 123456789012345678901234567890
    )


@BOTH
def test_a_number_with_more_digits_than_any_is_an_error(read, name, around):
    with pytest.raises(InputError, match="digits"):
        read(wrap(around, f'{{"phone": {"1" * 5000}}}'), name=name)


@BOTH
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ('"+1555"', "a text"),
        ("15", "a number"),
        ("1.5", "a number"),
        ("null", "null"),
        ("true", "true or false"),
        ("[1]", "an array"),
    ],
)
def test_an_entry_that_is_no_object_is_rejected_and_the_rest_read(read, name, around, value, kind):
    parts = ['{"phone": "+1"}', value, '{"phone": "+3"}']
    content = "\n".join(parts) if name == "a.jsonl" else f"[{','.join(parts)}]"
    first, rejected, last = read(content, name=name)
    assert (rejected.row_number, rejected.code) == (2, "row-not-an-object")
    assert kind in rejected.message
    assert (first.row_number, last.row_number) == (1, 3)


def test_entries_before_the_first_contact_are_rejected_too(opened):
    contacts = opened('[1, "x", {"phone": "+1"}]', name="a.json")
    assert contacts.phone_column == "phone"
    assert [row.row_number for row in contacts] == [1, 2, 3]


def test_an_array_of_something_else_is_an_error(opened):
    with pytest.raises(InputError, match=r"none of the first 1,000 entries"):
        opened(json.dumps(["+15550100101"] * 1001), name="a.json")


@BOTH
@pytest.mark.parametrize(
    "text",
    ['{"phone": "+1", "name": "Ann", "phone": "+2"}', '{"phone": "+1", "o": {"phone": 1, "phone": 2}}'],
)
def test_a_duplicate_key_is_rejected(read, name, around, text):
    content = f'{text}\n{{"phone": "+3"}}' if name == "a.jsonl" else f'[{text}, {{"phone": "+3"}}]'
    rejected, contact = read(content, name=name)
    assert (rejected.row_number, rejected.code, rejected.field) == (1, "row-duplicate-field", "phone")
    assert contact == Contact(2, {"phone": "+3"})


@BOTH
@pytest.mark.parametrize(
    ("escape", "bad"),
    [
        (r"\ud83d", True),
        (r"\ude00\ud83d", True),
        (r"\u0000", True),
        (r"\ud83d\ude00", False),
        (r"\\u0000", False),
        (r"\u00eb", False),
    ],
)
@pytest.mark.parametrize("place", ['{"phone": "+1", "name": "X"}', '{"phone": "+1", "X": "name"}'])
def test_half_an_emoji_is_rejected_and_a_whole_one_read(read, *, name, around, escape, bad, place):
    (row,) = read(wrap(around, place.replace("X", escape)), name=name)
    if bad:
        assert row.code == "row-broken-character"
    else:
        assert row == Contact(1, json.loads(place.replace("X", escape)))


def test_a_ready_target_has_its_phone_column_whatever_else_there_is(opened):
    target = {"phone": "home", "to_phone_number": "+1", "conversation_config_override": {"agent": {}}}
    assert opened(json.dumps([target]), name="a.json").phone_column == "to_phone_number"
    assert opened(json.dumps([target]), name="a.json", phone_columns=("phone",)).phone_column == "phone"
    del target["conversation_config_override"]
    with pytest.raises(InputError, match=r"'phone' .*'to_phone_number'"):
        opened(json.dumps([target]), name="a.json")


def test_the_phone_column_has_to_be_in_the_first_contact(opened):
    with pytest.raises(InputError, match="'who'"):
        opened('[{"who": 1}, {"phone": "+1"}]', name="a.json")


def test_a_later_contact_without_the_phone_column_is_given(read):
    assert read('[{"phone": "+1"}, {}]', name="a.json")[1] == Contact(2, {})


@pytest.mark.parametrize("content", ["[]", '{"contacts": []}'])
def test_an_empty_array_is_a_list_without_contacts(opened, content):
    contacts = opened(content, name="a.json")
    assert (contacts.columns, contacts.phone_column) == ((), "")
    assert list(contacts) == []


def test_lines_that_are_all_blank_are_an_error(opened):
    with pytest.raises(InputError, match="only blank lines"):
        opened("\n \n", name="a.jsonl")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_contacts_over_the_edge_of_a_read_are_whole(read, name):
    people = [{"phone": f"+1555{n}", "note": 'é😀\\"' * (n % 50), "n": n * 1.25} for n in range(5000)]
    content = (
        json.dumps(people, ensure_ascii=False) if name == "a.json" else "\n".join(map(json.dumps, people))
    )
    assert [row.fields for row in read(content, name=name)] == people


def test_one_contact_of_a_megabyte_is_read(read):
    (row,) = read(json.dumps([{"phone": "+1", "x": "y" * 1_000_000}]), name="a.json")
    assert len(row.fields["x"]) == 1_000_000


def test_a_value_without_end_is_not_read_into_memory_whole(tmp_path):
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.write(b'[{"phone": "')
        file.writelines(b"1" * 1_000_000 for _ in range(100))
    contacts = None
    with path.open("rb") as file:
        with pytest.raises(InputError, match="more than"):
            contacts = open_list(file, ListOptions(format="json"), name="a.json")
        assert contacts is None
        assert file.tell() < 60_000_000


@BOTH
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_work_in_json_too(read, name, around, encoding):
    assert (
        read(wrap(around, '{"phone": "+1", "name": "Zoë"}').encode(encoding), name=name)[0].fields["name"]
        == "Zoë"
    )


def test_a_mistake_far_into_a_long_array_names_its_line(read):
    people = [f'{{"phone": "+1555{n:07d}"}}' for n in range(20_000)]
    people[15_000] = "nope"
    with pytest.raises(
        InputError, match=r"a\.json, line 15001 \(contact 15001\): a value is missing, or is not JSON"
    ):
        read("[" + ",\n".join(people) + "]", name="a.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('// list\n[{"phone": "+1"}]', "no comments"),
        ('module.exports = [{"phone": "+1"}]', "JavaScript"),
        ('const contacts = [{"phone": "+1"}];', "JavaScript"),
        ("<!DOCTYPE html><html>", "HTML page"),
        ("None", "write null"),
    ],
)
def test_what_stands_before_a_list_is_named(tmp_path, text, words):
    (tmp_path / "l.json").write_text(text)
    with pytest.raises(InputError) as raised:
        open_list(tmp_path / "l.json", ListOptions(), name="l.json")
    assert words in raised.value.message


def test_spaces_at_the_edges_of_cells_are_no_part_of_them(read):
    content = [{"phone": " +1", "name": "Ann ", "tags": [" a "], "own": {"x": " y "}}]
    (contact,) = read(json.dumps(content), name="a.json")
    assert contact.fields == {"phone": "+1", "name": "Ann", "tags": [" a "], "own": {"x": " y "}}
