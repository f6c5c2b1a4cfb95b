"""A template that is understood without Jinja says what it says with Jinja."""

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xuna_cli.targets.jinja_template import DoesNotCompile, parse, pieces
from xuna_cli.targets.plain_template import Placeholder, plain_parts, spoken_parts
from xuna_cli.targets.template import compile_template
from xuna_cli.targets.values import TemplateProblem

PIECES = (
    *("Hi ", "Ann", ".", ", ", " ", "\n", "\n\n", "\r\n", "\r", "\t", "\0", "ß", "👋", "\ud800", "\u2028", "\x0b", "\x85"),
    *("{", "}", "{{", "}}", "{%", "%}", "{#", "#}", "%", "#", "{{{", "}}}", "-", "'", '"', "\\", "{{}}", "{{ }}"),
    *("{{ name }}", "{{name}}", "{{  name  }}", "{{- name }}", "{{ name -}}", "{{+ name }}", "{{\tname }}", "{{\nname}}"),
    *("{{ firm }}", "{{ _ }}", "{{ x1 }}", "{{ 1x }}", "{{ näme }}", "{{ name.x }}", "{{ name|d('x') }}", "{{ a b }}"),
    *("{{ row }}", "{{ self }}", "{{ loop }}", "{{ true }}", "{{ None }}", "{{ not }}", "{{ range }}", "{{ dict }}"),
    *("{{ caller }}", "{{ super }}", "{{ varargs }}", "{{ in }}", "{{ context }}", "{{ environment }}", "{{ l_0_x }}"),
    *("{% raw %}", "{% endraw %}", "{% if name %}", "{% endif %}", "{# a #}", "## a", "{{ name }", "{ name }}"),
)  # fmt: skip
CELLS = st.one_of(
    st.sampled_from(
        (
            *(
                None,
                "",
                " ",
                "Ann",
                "{{ name }}",
                "\u200b",
                "\ud800",
                "x" * 100_001,
                0,
                1.0,
                0.1 + 0.2,
                1e300,
            ),
            *(float("nan"), float("inf"), True, False, [], ["a"], {}, {"a": 1}, Decimal("1.50"), 10**5000),
        )
    ),
    st.text(max_size=5),
)
ROWS = st.dictionaries(
    st.sampled_from(
        ("name", "firm", "_", "x1", "range", "dict", "context", "environment", "l_0_x", "caller", "varargs")
    ),
    CELLS,
)


def said(texts):
    """Return the whole text, or the problem."""
    try:
        return "".join(texts)
    except TemplateProblem as problem:
        return type(problem), problem.code, problem.message, problem.column
    except ValueError as problem:  # a number of thousands of digits
        return str(problem)


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), ROWS)
@example("Hi {{ name }}, this is {{ firm }}.", {"name": "Ann", "firm": "Stark"})
@example("{{{ name }}}", {"name": "Ann"})
def test_parts_are_those_that_jinja_finds(source, fields):
    parts = plain_parts(source)
    if parts is None:
        return
    parsed = parse(source, gives_json=False)
    columns = tuple(dict.fromkeys(part.column for part in parts if isinstance(part, Placeholder)))
    texts = tuple(part for part in parts if isinstance(part, str))
    assert list(parts) == list(parsed.parts or ())
    assert (columns, ()) == (parsed.columns, parsed.optional_columns)
    assert texts == parsed.literals == parsed.said
    assert said(spoken_parts(parts, fields)) == said(pieces(parsed, fields, {}))


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_a_template_with_an_error_is_never_plain(source):
    try:
        parse(source, gives_json=False)
    except DoesNotCompile:
        assert plain_parts(source) is None


@pytest.mark.parametrize(
    "source",
    ["Hi {{ name }}.", "{{name}}", "Hello.", "100 % {sure}", "a } b { c", "{{ name }} {{ name }}\n\nBye."],
)
def test_ordinary_templates_are_plain(source):
    assert plain_parts(source) is not None


@pytest.mark.parametrize(
    "source",
    ["{{ name | upper }}", "{{ row['a b'] }}", "{% if name %}a{% endif %}", "a{# b #}", "{{ name -}} ."],
)
def test_all_else_is_for_jinja(source):
    assert plain_parts(source) is None


def test_a_column_of_another_spelling_is_named_in_the_problem():
    template = compile_template("Hi {{ first_name }}.", where="--first-message").bound(["First Name"])
    assert template.render({"First Name": "Ann"}) == "Hi Ann."
    with pytest.raises(TemplateProblem) as caught:
        template.render({"First Name": ""})
    assert caught.value.column == "First Name"


def test_a_plain_template_needs_no_jinja():
    code = (
        "import sys; from xuna_cli.targets.template import compile_template;"
        "template = compile_template('Hi {{ name }}.', where='-m');"
        "print(template.render({'name': 'Ann'}), 'jinja2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Hi Ann. False\n"
