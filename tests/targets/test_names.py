"""`{{ first_name }}` finds `First Name`; ambiguous names are errors; hints work in bash and zsh."""

import json
import shlex
import subprocess

import pytest

from tests.support.builders import target_builder
from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection
from xuna_cli.targets.names import as_placeholder, column_for, unspaced
from xuna_cli.targets.override import first_message, parse_override
from xuna_cli.targets.own_values import own_columns
from xuna_cli.targets.template import check_columns, compile_template

JOHN = "+15559876543"


def said(template, columns, *rows, complete=True, **options):
    overrides = [first_message(template)] if template else []
    prepare = target_builder(
        columns=columns,
        are_complete=complete,
        overrides=overrides,
        **options,
    )
    made = [prepare(Contact(2, {"phone": JOHN, **row})) for row in rows]
    return [
        (one.code, one.field)
        if isinstance(one, Rejection)
        else json.loads(one.override or "{}").get("agent", {}).get("first_message")
        for one in made
    ]


@pytest.mark.parametrize(
    "column",
    ["First Name", "first_name", "First-Name", "FIRSTNAME", "firstName", "First\u00a0Name", " First_name "],
)
@pytest.mark.parametrize(
    "template",
    [
        "Hi {{ first_name }}.",
        "Hi {{ First_Name | title }}.",
        "Hi {{ firstname | default('you') }}.",
        'Hi {{ row["first name"] }}.',
        "Hi {% if first_name %}{{ first_name }}{% endif %}.",
        "Hi {{ row.first_name }}.",
    ],
)
def test_a_name_finds_its_column(template, column):
    assert said(template, ("phone", column), {column: "Ann"}) == ["Hi Ann."]


@pytest.mark.parametrize(
    ("name", "column"),
    [("prénom", "Pre\u0301nom"), ("имя_клиента", "Имя клиента"), ("straße", "STRASSE"), ("名_前", "名前")],
)
def test_so_it_does_in_other_languages(name, column):
    assert said(f"{{{{ {name} }}}}", ("phone", column), {column: "Ann"}) == ["Ann"]
    assert column_for(name, ["phone", column]) == column


def test_the_exact_spelling_wins_and_two_others_are_an_error_that_names_both():
    columns = ("phone", "First Name", "first_name")
    assert said("{{ first_name }}", columns, {"First Name": "A", "first_name": "B"}) == ["B"]
    for template in ("{{ firstname }}", "{{ firstname | default('you') }}"):
        with pytest.raises(InputError, match="'First Name' or 'first_name'") as caught:
            said(template, columns)
        assert caught.value.code == "column-ambiguous"
    with pytest.raises(InputError, match="--key: 'FirstName' may mean 'First Name' or 'first_name'"):
        said("", columns, key="FirstName")


def test_an_empty_cell_is_named_by_its_column():
    for template in ("{{ first_name }}", "{{ first_name | title }}"):
        assert said(template, ("phone", "First Name"), {"First Name": ""}) == [
            ("template-empty-value", "First Name")
        ]


def test_contacts_in_json_may_each_spell_a_key_in_their_way():
    rows = [
        {"First Name": "Ann"},
        {"first_name": "Bob"},
        {"FirstName": "Cy"},
        {"first-name": "D", "First_Name": "E"},
        {},
    ]
    answers = ["Hi Ann", "Hi Bob", "Hi Cy", ("column-ambiguous", "First_Name")]
    for template in ("Hi {{ first_name }}", "Hi {{ first_name | trim }}", 'Hi {{ row["First Name"] }}'):
        made = said(template, ("phone", "First Name"), *rows, complete=False)
        assert made[:4] == answers
        assert made[4][0] == "template-missing-column"


def test_so_they_may_the_key_column():
    prepare = target_builder(
        columns=("phone", "Order ID"),
        are_complete=False,
        key="order_id",
    )
    for column in ("Order ID", "order_id", "order-id"):
        assert prepare(Contact(2, {"phone": JOHN, column: "A1"})).key == f"{JOHN}\x1fA1"


@pytest.mark.parametrize(
    "column", ["First Message", "first_message", "First-Message", "FIRST MESSAGE", "firstMessage"]
)
def test_a_row_of_its_own_words_may_spell_their_column_in_any_way(column):
    assert said("Hi", ("phone", column), {column: "Hello from the row"}, {column: ""}) == [
        "Hello from the row",
        "Hi",
    ]
    assert said("Hi", ("phone",), {column: "Hello"}, {}, complete=False) == ["Hello", "Hi"]


@pytest.mark.parametrize(
    ("column", "path"),
    [
        ("override.agent.language", ("agent", "language")),
        ("Override.Agent.Language", ("agent", "language")),
        ("OVERRIDE.agent.First Message", ("agent", "first_message")),
        ("override_agent_language", ("agent", "language")),
        ("Override Agent Language", ("agent", "language")),
        ("override.tts.voiceId", ("tts", "voiceId")),
        ("override.tts.Voice-ID", ("tts", "voice_id")),
        ("Conversation Config Override", ()),
    ],
)
def test_so_may_columns_of_overrides(column, path):
    assert own_columns(["phone", column]) == {column: path}


def test_two_columns_of_the_same_words_are_an_error():
    with pytest.raises(InputError, match="'First Message' and 'first_message'"):
        own_columns(["First Message", "first_message"])


SHELL_NAMES = [
    "First Name",
    "Client's Name",
    'The "Name"',
    "Name!",
    "$Name",
    "back\\slash",
    "a`b`",
    "имя клиента",
]


@pytest.mark.parametrize("column", SHELL_NAMES)
def test_a_hint_works_when_it_is_typed(column):
    near = column[:-1] + "xx"
    template = compile_template(as_placeholder(near), where="--first-message")
    with pytest.raises(InputError) as caught:
        check_columns([template], ["phone", column])
    typed = caught.value.hint.partition("e.g. ")[2].removesuffix(".")
    assert typed.startswith("--first-message ")
    for shell in ("bash", "zsh"):
        try:
            echoed = subprocess.run(
                [shell, "-c", f"printf '%s\\0' {typed}"],
                capture_output=True,
                text=True,
                check=True,
                timeout=60,
            ).stdout
        except FileNotFoundError:
            continue
        assert echoed.split("\0")[:-1] == shlex.split(typed)
        assert said(echoed.split("\0")[1], ("phone", column), {column: "Ann"}) == ["Hi Ann."]


def test_spaces_in_a_placeholder_are_told_how_to_be_written():
    with pytest.raises(InputError) as caught:
        first_message("Hi {{ First Name }}.")
    assert "{{ first_name }}" in caught.value.hint
    assert """--first-message 'Hi {{ row["First Name"] }}.'""" in caught.value.hint
    with pytest.raises(InputError) as caught:
        parse_override("agent.language={{ My Language }}")
    assert """--override 'agent.language={{ row["My Language"] }}'""" in caught.value.hint


def test_folding_leaves_other_marks_alone():
    assert unspaced("Name (2)") != unspaced("Name 2")
    assert unspaced("Phone #") != unspaced("Phone")
