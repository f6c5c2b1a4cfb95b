"""No template can block the program or fill the memory, whatever the template and the cells contain."""

import time

import pytest

from xuna_cli.errors import InputError
from xuna_cli.models import TypedText
from xuna_cli.targets.override import OverrideProblem, parse_override
from xuna_cli.targets.template import compile_template
from xuna_cli.targets.values import LONGEST_TEXT, TemplateProblem

BIG = "xy " * (LONGEST_TEXT // 3)
ROW = {
    "a": "ab",
    "n": 3,
    "big": BIG,
    "many": [1] * 9_000,
    "objects": [{"x": 1}] * 50,
    "words": BIG[:3000],
    "quote": '"',
}


def growing(step, times=40, start="{% set b = a %}", end="{{ b }}"):
    return start + "{% set b = " + step + " %}" + ("{% set b = " + step + " %}") * (times - 1) + end


@pytest.mark.parametrize(
    "text",
    [
        growing("[b, b]", end="{{ b | tojson }}"),
        growing("[b, b]", end="{{ b | string }}"),
        growing("[b, b]", end="{{ '%s' | format(b) }}"),
        growing("[b, b]", end="{{ b | join }}"),
        growing("[b, b]", end="{{ b == [b] }}"),
        growing("(b, b)", end="{{ [b, b] | unique | list | length }}"),
        growing("{'x': b, 'y': b}", end="{{ b | tojson }}"),
        growing("{'x': [b, b, b]}"),
        growing("b | tojson", start='{% set b = quote ~ "x" %}'),
        growing("b ~ b"),
        growing("b + b"),
        growing("b | replace('', b)"),
        growing("[b, b] | join(b)"),
        growing("[b, b] | join"),
        growing("'%s%s' | format(b, b)"),
        growing("objects | map(attribute='y', default=b) | list", end="{{ b | tojson }}"),
        growing("[b, b] | sum(start=[])", start="{% set b = [1] %}"),
        growing("b * b", start="{% set b = n %}"),
        growing("b * 1000", times=200, start="{% set b = n %}"),
        growing("(b, b)", end="{{ b | tojson }}"),
        growing("[b, b] | map('string') | join"),
        "{% for c in big %}{{ c }}{% endfor %}",
        "{% for c in many %}{{ big | upper }}{% endfor %}",
        "{% for c in many[:999] %}{% set x = big | upper %}{% endfor %}",
        "{% for c in words.split() %}{% set x = big.split() | length %}{% endfor %}",
        "{% for c in words.split() %}{% set x = big | replace('x', 'y') %}{% endfor %}",
        "{{ '%s' * 100000 }}",
        "{{ '%99s' | replace('%', '%99s' | replace('9', '%99s%99s%99s')) | format(1) }}",
        "{{ '%999s' | format(a) }}",
        "{{ '%.999f' | format(n) }}",
        "{{ '%*d' | format(9999999, n) }}",
        "{{ (many | map('string') | join(big)) | length }}",
        "{{ [many, many] | length }}",
        "{{ a | indent(99999999, first=true) }}",
        "{{ a | center(99999999) }}",
        "{{ big | wordwrap(1, wrapstring=big) }}",
        "{{ many | batch(99999999, a) | list }}",
        "{{ 9 ** 9999999999 }}",
        "{{ n ** (n ** (n ** n)) }}",
        "{% set b = a %}" + "{% set b %}{{ b }}{{ b }}{% endset %}" * 40 + "{{ b }}",
        "{% macro m(x) %}{{ m(x ~ 'y') }}{% endmacro %}{{ m(a) }}",
        "".join(
            f"{{% macro m{i}() %}}{f'{{{{ m{i - 1}() }}}}' * 2 if i else ''}{{% endmacro %}}"
            for i in range(40)
        )
        + "{{ m39() }}",
        "{% macro m(x) %}{{ caller() }}{{ caller() }}{% endmacro %}"
        + "{% call m(1) %}" * 40
        + "{% endcall %}" * 40,
        "{% for c in many[:999] %}" * 4 + "{% endfor %}" * 4,
        "{% for c in range(999) %}" * 4 + "{% set x = 1 %}" + "{% endfor %}" * 4,
        "{% set x %}"
        + "{% for c in range(999) %}" * 2
        + "xyz " * 9_000
        + "{% endfor %}" * 2
        + "{% endset %}",
        "{% for c in [many, many] recursive %}{{ loop([c, c]) }}{% endfor %}",
        "{% for c in [1, 2] recursive %}{{ loop([c, c]) }}{% endfor %}",
        "{% set ns = namespace(x=a) %}" + "{% set ns.x = ns.x ~ ns.x %}" * 40 + "{{ ns.x }}",
        "{% set ns = namespace(x=[a]) %}" + "{% set ns.x = [ns.x, ns.x] %}" * 40 + "{{ ns.x | tojson }}",
        "{{ range(99999) | join(big) }}",
        "{{ n / 0 }}",
        "{{ -a }}",
        "{{ a - 1 }}",
    ],
)
def test_what_would_grow_without_end_rejects_the_row(text):
    template = compile_template(text, where="-m")
    began = time.process_time()
    with pytest.raises(TemplateProblem) as caught:
        template.render(ROW)
    assert caught.value.code == "template-error"
    assert time.process_time() - began < 5


def test_a_template_has_a_longest_length():
    with pytest.raises(InputError, match="has more than"):
        compile_template("{{ a }}" * 20_000, where="-m")


def test_what_people_write_stays_within_the_bounds():
    text = "{% for each in objects %}{{ loop.index }} of {{ loop.length }}: {{ each.x }}, {% endfor %}"
    assert compile_template(text, where="-m").render(ROW).startswith("1 of 50: 1, 2 of 50: 1, ")
    assert compile_template("{{ many | tojson | length }}", where="-m").render(ROW) == "27000"
    assert compile_template("{{ big | length }}", where="-m").render(ROW) == str(len(BIG))


# --- arithmetic -----------------------------------------------------------------------------------

MONEY = {
    "cell": TypedText("$12.50", 12.5),
    "text": "12.50",
    "count": TypedText("3", 3),
    "json": 12.5,
    "share": 0.1,
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ cell }}", "$12.50"),
        ("{{ cell * 2 }}", "25"),
        ("{{ cell * count }}", "37.5"),
        ("{{ cell + count }}", "15.5"),
        ("{{ -cell }} {{ cell // 5 }} {{ count % 2 }}", "-12.5 2 1"),
        ("{{ (text | float) * 2 }}", "25"),
        ("{{ json + json }}", "25"),
        ("{{ share + 0.2 }}", "0.3"),
        ("{{ '%.2f' | format(cell * 2) }}", "25.00"),
        ("{{ '%.2f' | format(cell) }}", "12.50"),
        ("{{ cell | round | int }}", "12"),
        ("{{ [cell, count] | sum }}", "15.5"),
        ("{{ cell ~ ' each' }}", "$12.50 each"),
        ("{% if cell > 12 and count == 3 and count != 4 %}yes{% endif %}", "yes"),
        ("{% if cell > count %}yes{% endif %}", "yes"),
        ("{% if cell == '$12.50' %}yes{% endif %}", "yes"),
        ("{{ 'x' | int(0) }} {{ 'x' | float(default=1.5) }} {{ '7.9' | int }}", "0 1.5 7"),
    ],
)
def test_a_number_of_a_workbook_is_computed_with_as_a_number(text, said):
    assert compile_template(text, where="-m").render(MONEY) == said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ text * 2 }}", "amount | float"),
        ("{{ text - 2 }}", "12.50"),
        ("{{ text + 2 }}", "use ~"),
        ("{{ text / 2 }}", "12.50"),
        ("{{ 2 * text }}", "12.50"),
        ("{% if text > 5 %}a{% endif %}", "amount | float > 100"),
        ("{{ '%.2f' | format(text) }}", "12.50"),
        ("{{ [text] | sum }}", "12.50"),
        ("{{ '1,234.50' | float }}", "not a number"),
        ("{{ 'N/A' | int }}", "not a number"),
    ],
)
def test_a_text_is_not_computed_with_and_the_message_says_how_it_would_be(text, words):
    with pytest.raises(TemplateProblem) as caught:
        compile_template(text, where="-m").render(MONEY)
    assert words in caught.value.message


# --- JSON -----------------------------------------------------------------------------------------

EVIL = ['x", "prompt": "evil', 'x"}, "evil": {"a": "b', '"', "\\", 'a\\"', "a\nb", '", "', "{{ x }}", "é😀"]


@pytest.mark.parametrize("cell", EVIL)
@pytest.mark.parametrize(
    "template",
    [
        '{"name": "{{ cell }}", "n": 1}',
        '{"name": {{ cell | tojson }}, "n": 1}',
        '{"name": "{% if cell %}{{ cell }}{% endif %}", "n": {{ 1 }}}',
    ],
)
def test_a_cell_is_one_value_in_json_whatever_stands_in_it(template, cell):
    assert parse_override(f"agent:={template}").value({"cell": cell}) == {"name": cell, "n": 1}


@pytest.mark.parametrize(
    ("template", "cell"),
    [
        ('{"n": {{ cell }}}', '1, "evil": 2'),
        ("[{{ cell }}]", "1, 2"),
        ("{{ cell }}", '{"evil": 1}'),
        ("{{ cell }}", "[1]"),
        ("{ {{ cell }} }", '"evil": 1'),
        ('{"a": "{{ cell | tojson }}"}', ","),
        ('["{{ cell | tojson }}"]', ","),
        ('["\\{{ cell }}"]', '", "evil'),
        ("[{{ cell }}]", '"a", "b"'),
        ("[{{ cell | trim }}]", "1, 2"),
        ("[{{ [cell, cell] | join(', ') }}]", "1"),
    ],
)
def test_a_cell_that_could_be_more_than_a_value_rejects_the_row(template, cell):
    with pytest.raises(OverrideProblem) as caught:
        parse_override(f"agent:={template}").value({"cell": cell})
    assert caught.value.code == "override-not-json"


@pytest.mark.parametrize(
    "template",
    [
        "{% macro m() %}1{% endmacro %}{{ m() }}",
        "{% set x %}1{% endset %}{{ x }}",
        "{% filter trim %}1{% endfilter %}",
    ],
)
def test_what_sets_a_text_aside_is_not_available_in_json(template):
    with pytest.raises(InputError, match="in a JSON template"):
        parse_override(f"agent:={template}")


@pytest.mark.parametrize("cell", ["1", "1.5", "-2e3", "true", "null", '"text"', " 7 "])
def test_a_cell_that_is_one_value_of_json_is_that_value(cell):
    assert parse_override("tts.speed:={{ cell }}").value({"cell": cell}) in (
        1,
        1.5,
        -2000,
        True,
        None,
        "text",
        7,
    )
