"""The fast path gives the same result as the slow path, or none."""

import json
from functools import lru_cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.builders import target_builder
from xuna_cli.models import Contact
from xuna_cli.targets.fast_path import fast_path
from xuna_cli.targets.lint import Lint
from xuna_cli.targets.override import first_message, parse_override
from xuna_cli.targets.values import is_empty

JOHN = "+15559876543"
COLUMNS = ("phone", "name", "firm", "order no")

ODD = (
    *("Ann", "Björn", "Stark & Sons", "O'Brien", "van Dijk", "A-0123456", "Umbrella, Inc.", "12.50"),
    *("", " ", "  ", " Ann", "Ann ", "a  b", "-", "'", "&", ".", ",", "..", "( )", "\u200b", "\ud800"),
    *(
        "None",
        "nan",
        "NaN",
        "null",
        "NULL",
        "undefined",
        "Hernandez",
        "No ne",
        "one",
        "ull",
        "N",
        "n",
        "Mr No",
        "None-1",
    ),
    *(
        "{{ name }}",
        "{",
        "}",
        '"',
        "\\",
        "%",
        "%s",
        "\n",
        "\t",
        "\0",
        "李",
        "ß",
        "²",
        "e\u0301",
        "👋",
        "\u2019",
    ),
    *("Ann.", "Ann,", ",Ann", ".Ann", "a .b", "a,,b", "x" * 990, "Ann None", "(Ann)", "a/b", "a_b", "a:b"),
    *(
        "St. Louis",
        "10:30",
        "a@b.example",
        "$5.00!",
        "why? so",
        "a;b; c",
        "Ann!",
        "a...",
        "a. .b",
        "a?,b",
        "a, ,b",
    ),
    *(
        "Inc. Ltd.",
        "a.. b",
        "a,, b",
        "(",
        ")",
        ":a",
        "a :b",
        "a\xa0b",
        "\xa0",
        "a\x1fb",
        "\x1f",
        "_",
        "#1",
        "<a>",
        "[a]",
        "a,.b",
        "1,000.5",
    ),
    *(
        "N/A",
        "NAN",
        "Null",
        "NaT",
        "Err:502",
        "#REF!",
        "#N/A",
        "&amp;",
        "a&b; c",
        "&",
        "<b>",
        "a%b%",
        "%s",
        "[name]",
        "{x}",
        "*|X|*",
    ),
    *(
        "2026-12-03",
        "14:05:00",
        "12/11/2026",
        "J?rg",
        "Unknown",
        "TEST",
        "--",
        "Jörg MÃ¼ller",
        "Ã©",
        "Ã",
        "©",
        "Â",
        "\u3164",
        "Ann\u3164",
    ),
    *("null null", "=C3=B6", "12-03", "2026-", "name", "##x##", "$name", "Ð˜Ð²", "«IRMÃ»"),
    *(
        "2125550123",
        "0",
        "Dr.",
        "MRS",
        "$5",
        "$$",
        "5%",
        "www.x.co",
        "https://x.co",
        "**Ann**",
        "(blank)",
        "11/28/26",
        "Lee, Ann",
        "Lee, Jr.",
    ),
    *(7, 7.5, True, None, ["Ann"], {"a": "Ann"}),
)
CELLS = st.sampled_from(ODD) | st.text(max_size=8) | st.text("an NulodefiN-'& ", max_size=12)
MESSAGES = [
    "Hi {{ name }}, this is {{ firm }} about {{ row['order no'] }}. Is now a good time?",
    "{{ name }}",
    "{{ name }} {{ name }}!",
    "{{ name }}{{ firm }}",
    "N{{ name }}",
    "Hi {{ name }}ne",
    "{{ name }}ull",
    "Hi {{ name | default('you') }}, 100% \"off\" \u2013 für {{ firm }}\n",
    "Hi {{ name }} , and {{ firm }} ..",
    "Hi {{ name }}, it's {{ firm }}.",
    "{{ name }}, {{ firm }}! {{ name }}? {{ name }}; {{ name }}: {{ firm }},",
    "Hi {{ name }}, we do maintenance of None for {{ firm }}.",
    "({{ name }}) .{{ firm }}",
    "[{{ name }}] #{{ name }}! &{{ firm }}; 5%{{ name }}% Ã{{ firm }}» <{{ name }}>",
    "2026-{{ name }}-03 {{ firm }}:05:00",
    "Caf\udce9: {{ name }}",  # a byte that is not UTF-8, as the command line passes it
    "{ {{ name }} }",
    "You owe ${{ name }} and {{ firm }}%!",
    "Hi {{ name | title }}",
    "{{ name }}" + " and so on" * 100,
]
REST = [
    (),
    ("tts.voice_id={{ row['order no'] | d('x') }}", "agent.prompt.prompt={{ name }}.", "tts.model=100%"),
    ("agent.language=es",),
    ('agent.prompt:=[null, "None", 5]',),
    ("agent.x=  {",),
    ("agent.language={{ firm }}",),
]


@lru_cache(maxsize=1000)
def compiled(message, rest):
    return [first_message(message), *map(parse_override, rest)]


def both_paths(message, rest, contacts, *, strict, complete):
    """Return the results of both paths with the lint warnings of each, and how many contacts took the fast path."""
    overrides = compiled(message, rest)
    results = []
    fast = 0
    for path in ("fast", "slow"):
        lint = Lint(strict=strict, literals=[text for each in overrides for text in each.template.literals])
        prepare = target_builder(
            columns=COLUMNS,
            are_complete=complete,
            overrides=overrides,
            lint=lint,
        )
        if path == "slow":
            prepare._fast_path = None
        elif prepare._fast_path is not None:
            fast = sum(prepare._fast_path(contact.fields) is not None for contact in contacts)
        results.append(([prepare(contact) for contact in contacts], lint.warnings))
    return (*results, fast)


@pytest.mark.slow
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize("message", MESSAGES)
def test_of_every_odd_cell_the_fast_path_says_what_the_slow_path_says(message, rest, strict):
    rows = [
        {**dict.fromkeys(COLUMNS[1:], "Ann"), **odd}
        for cell in ODD
        for odd in ({"name": cell}, {"firm": cell}, {"name": cell, "firm": cell})
    ]
    for row in rows:  # one by one, because a warning belongs to the first row that has it
        for complete in (True, False):
            fast, slow, _ = both_paths(
                message, rest, [Contact(2, {"phone": JOHN, **row})], strict=strict, complete=complete
            )
            assert fast == slow, row


@given(
    message=st.sampled_from(MESSAGES),
    rest=st.sampled_from(REST),
    rows=st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS[1:], CELLS)), max_size=4),
    extra=st.sampled_from([{}, {"first_message": "Salut"}, {"xuna_key": "x"}, {"override.agent.a": "b"}]),
    strict=st.booleans(),
)
@example(
    message=MESSAGES[0], rest=(), rows=[{"name": "Ann", "firm": "", "order no": "A-1"}], extra={}, strict=True
)
def test_the_fast_path_says_what_the_slow_path_says(message, rest, rows, extra, strict):
    contacts = [Contact(number, {"phone": JOHN, **row, **extra}) for number, row in enumerate(rows, 2)]
    fast, slow, _ = both_paths(message, rest, contacts, strict=strict, complete=False)
    assert fast == slow


@given(
    message=st.sampled_from(MESSAGES),
    rest=st.sampled_from(REST),
    rows=st.lists(
        st.fixed_dictionaries(
            {}, optional={column: CELLS.filter(lambda cell: isinstance(cell, str)) for column in COLUMNS[1:]}
        ),
        max_size=4,
    ),
    strict=st.booleans(),
)
def test_so_it_does_where_rows_are_short(message, rest, rows, strict):
    contacts = [Contact(number, {"phone": JOHN, **row}) for number, row in enumerate(rows, 2)]
    fast, slow, _ = both_paths(message, rest, contacts, strict=strict, complete=True)
    assert fast == slow


NAMES = ["name", "firm", "order no"]
PIECES = st.one_of(
    st.text(alphabet="Hi {},\n\r%#é", max_size=6).filter(lambda text: "{" not in text),
    st.sampled_from(["{{ name }}", "{{firm}}", '{{ row["order no"] }}', "{{ row.name }}", "{{- name -}}"]),
    st.sampled_from(["{{ name | default('x') }}", "{{ row['order no'] | d('') }}", "{# c #}"]),
)


@given(
    pieces=st.lists(PIECES, max_size=6),
    row=st.dictionaries(st.sampled_from(NAMES), CELLS),
    strict=st.booleans(),
)
def test_of_every_template_the_fast_path_says_what_the_slow_path_says(pieces, row, strict):
    text = "".join(pieces)
    if is_empty(text.replace("{# c #}", "")):
        return
    fast, slow, _ = both_paths(text, (), [Contact(2, {"phone": JOHN, **row})], strict=strict, complete=True)
    assert fast == slow


def test_a_default_and_several_texts_take_the_fast_path():
    contacts = [Contact(2, {"phone": JOHN, "name": name, "firm": "Acme"}) for name in ("Ann", "")]
    rest = ("tts.voice_id={{ firm }}", "agent.language=es")
    (made, _), _, fast = both_paths(
        "Hi {{ name | default('you') }}.", rest, contacts, strict=True, complete=True
    )
    assert fast == len(contacts)
    assert [json.loads(target.override)["agent"]["first_message"] for target in made] == [
        "Hi Ann.",
        "Hi you.",
    ]
    assert {json.loads(target.override)["tts"]["voice_id"] for target in made} == {"Acme"}


def test_ordinary_rows_take_the_fast_path():
    rows = [("Ann", "Acme Ltd", "A-1"), ("Björn", "Stark & Sons", "A-2"), ("D'Arcy", "李", "3")]
    rows += [("St. John", "Umbrella, Inc.", "$12.50"), ("Ann Jr.", "a@b.example", "24 November, 10:30")]
    contacts = [Contact(2, dict(zip(COLUMNS, (JOHN, *row), strict=True))) for row in rows]
    (made, _), _, fast = both_paths(MESSAGES[0], ("agent.language=es",), contacts, strict=True, complete=True)
    assert fast == len(contacts)
    assert [json.loads(target.override) for target in made] == [
        {
            "agent": {
                "first_message": f"Hi {name}, this is {firm} about {order}. Is now a good time?",
                "language": "es",
            }
        }
        for name, firm, order in rows
    ]


@pytest.mark.parametrize(
    "options",
    [
        ["agent.first_message=Hello"],
        ["agent.first_message={{ name | title }}"],
        ["agent.speed:={{ name }}"],
        ["agent.first_message={{ name }}{{ firm }}"],
        ["agent.first_message=Mr{{ name }}"],
        ["agent.first_message={ {{ name }}"],
        ["agent.first_message=Hi {{ name }}", "agent.language=}"],
        [],
    ],
)
def test_there_is_no_fast_path_where_something_may_be_wrong_in_every_row(options):
    assert fast_path([parse_override(option) for option in options]) is None
