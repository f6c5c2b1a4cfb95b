import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.errors import ExitStatus, InputError
from xuna_cli.targets.template import check_columns, compile_template
from xuna_cli.targets.values import EmptyValue, TemplateProblem, is_empty

ROW = {
    "name": "Ann",
    "empty": " ",
    "null": None,
    "invisible": "\u200b",
    "n": 3,
    "price": 12.5,
    "yes": True,
    "no": False,
    "tags": ["a", "b"],
    "holes": ["a", None],
    "place": {"city": "Rome", "zip": None},
    "Order No": "7",
    "range": "",
    "hostile": "{{ 7*7 }}{% raw %}",
}


def render(text, row=ROW):
    return compile_template(text, where="--first-message").render(row)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hi {{ name }}.", "Hi Ann."),
        ('{{ row["Order No"] }}', "7"),
        ("{{ row.name }}", "Ann"),
        ("{{ n }} {{ price }} {{ yes }} {{ no }}", "3 12.5 true false"),
        ("{{ empty | default('you') }}", "you"),
        ("{{ null | d('you') }}", "you"),
        ("{{ nowhere | default('you') }}", "you"),
        ("{{ empty | default(name) | upper }}", "ANN"),
        ("{{ place.zip | default('?') }}", "?"),
        ("{% if empty %}a{% else %}b{% endif %}", "b"),
        ("{% if invisible %}a{% else %}b{% endif %}", "b"),
        ("{% if name %}a{% endif %}", "a"),
        ("{{ empty or 'you' }}", "you"),
        ("Hi{{ ' ' ~ empty if empty }}.", "Hi."),
        ("{{ empty == 'gold' }} {{ 'x' in empty }} {{ empty is defined }}", "false false false"),
        ("{{ name | title }} {{ name.upper() }} {{ name | first }}", "Ann ANN A"),
        ("{{ '%.2f' | format(price) }}", "12.50"),
        ("{{ price | round }}", "12"),
        ("{{ tags | join(', ') }}", "a, b"),
        ("{% for tag in tags %}{{ loop.index }}{{ tag }}{% endfor %}", "1a2b"),
        ("{% set who = name %}{{ who }}", "Ann"),
        ("{{ place.city }} {{ place | tojson }}", 'Rome {"city": "Rome", "zip": null}'),
        ("{{ \"<a & 'b'>\" | tojson }}", "\"<a & 'b'>\""),
        ("<b>{{ name }}</b> & co", "<b>Ann</b> & co"),
        (
            "{% macro hi(who, by='you') %}Hi {{ who }} by {{ by }}.{% endmacro %}{{ hi(name) }}",
            "Hi Ann by you.",
        ),
        ("{% for a in tags %}{% for b in tags %}{{ a }}{{ b }} {% endfor %}{% endfor %}", "aa ab ba bb "),
        ("{% for n in range(3) %}{{ n }}{% endfor %} {{ range | default('no range') }}", "012 no range"),
        (
            "{% set all = namespace(n=0) %}{% for x in tags %}{% set all.n = all.n + 1 %}{% endfor %}{{ all.n }}",
            "2",
        ),
        ("{% filter upper %}{{ name }}{% endfilter %} {% set x %}{{ n }}!{% endset %}{{ x }}", "ANN 3!"),
        ("{% macro b() %}<{{ caller() }}>{% endmacro %}{% call b() %}{{ name }}{% endcall %}", "<Ann>"),
        ("{% with who = name %}{{ who }}{% endwith %}", "Ann"),
        ("{% for x in [[[], []]] recursive %}x{{ loop(x) }}{% endfor %}", "xxx"),
        ("{{ name | center(7) | trim }} {{ name | wordwrap(2) | replace('\n', '-') }}", "Ann An-n"),
        ("{{ [{'x': 1}, {'x': 2}] | sum(attribute='x') }} {{ [place] | join(attribute='city') }}", "3 Rome"),
        ("{% for group in [{'a': 1, 'b': 2}] | groupby('a') %}{{ group.grouper }}{% endfor %}", "1"),
        ("{{ tags | batch(1) | list | length }} {{ name | attr('upper') is defined }}", "2 true"),
        ("{{ 2 ** 10 }} {{ name.swapcase() }} {{ name.index('n') }}", "1024 aNN 1"),
    ],
)
def test_a_template_says(text, said):
    assert render(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "Hi {{ empty }},",
        "Hi {{ null }},",
        "Hi {{ invisible }},",
        "Hi {{ nowhere }},",
        "{{ empty | title }}",
        "{{ empty | tojson }}",
        "{{ '%s' | format(empty) }}",
        "{{ 'x' ~ empty }}",
        "{{ empty | length }}",
        "{{ empty + 'x' }}",
        "{{ empty < 3 }}",
        "{% for x in empty %}{% endfor %}",
        "{{ empty.upper() }}",
        "{{ [empty] | join }}",
        "{{ empty | default(null) }}",
        "{{ range }}",
        "{{ place.zip }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(empty) }}",
        "{% set x %}{{ empty }}{% endset %}{{ x }}",
        "{% filter upper %}{{ empty }}{% endfilter %}",
        "{% for a in tags %}{% for b in tags %}{{ empty }}{% endfor %}{% endfor %}",
        "{{ empty | center(9) }}",
        "{{ empty | urlize }}",
        "{{ empty | safe }}",
    ],
)
def test_an_empty_cell_is_never_spoken(text):
    with pytest.raises(EmptyValue) as caught:
        render(text)
    assert caught.value.code == "template-empty-value"
    assert caught.value.column in ("empty", "null", "invisible", "nowhere", "range", "zip")
    assert caught.value.column in text


@pytest.mark.parametrize(
    "text",
    [
        "{{ none }}",
        "{{ holes | join }}",
        "{{ holes | map('upper') | join }}",
        "{{ holes | map('center', 9) | list | length }}",
        "{{ none | urlize }}",
        "{{ namespace(x=none).x }}",
        "{% macro m(x=none) %}{{ x }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(x=none) %}{{ ns.x ~ 'x' }}",
    ],
)
def test_null_is_never_spoken(text):
    with pytest.raises(TemplateProblem) as caught:
        render(text)
    assert caught.value.code == "template-empty-value"


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1 / 0 }}",
        "{{ name + 3 }}",
        "{{ 'x' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ '%d' % 1 }}",
        "{{ n | round(999999999, 'floor') }}",
        "{{ 9 ** 999999999 }}",
        "{{ name['__class__'] }}",
        "{{ name.__class__ }}",
        "{{ name | attr('__class__') }}",
        "{% macro x() %}{% endmacro %}{{ x._func }}",
        "{{ range(3) }}",
        "{{ range(1000000) | list | length }}",
        "{{ tags | pprint }}",
        "{{ n.to_bytes(1000000000, 'big') }}",
        "{{ name.zfill(1000000000) }}",
        "{{ name.expandtabs(1000000000) }}",
        "{{ name.translate({65: name}) }}",
        "{{ name | map(attribute='__class__') | join }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ ['{:>999999999}'] | map(attribute='format') | join }}",
        "{{ name.ljust(1000000000) }}",
        "{{ tags.append(1) }}",
        "{{ tags }}",
        "{{ place }}",
        "{{ row }}",
        "{% set a = name %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
        "{% set a = name %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
        "{% set a = name %}" + "{% set a = a | replace('', a) %}" * 40 + "{{ a }}",
        "{% set a = n %}" + "{% set a = a * a %}" * 40 + "{{ a }}",
        "\ud800",
    ],
)
def test_what_a_row_can_not_compute_rejects_the_row(text):
    with pytest.raises(TemplateProblem) as caught:
        render(text)
    assert caught.value.code == "template-error"


def test_a_text_of_nothing_rejects_the_row():
    with pytest.raises(TemplateProblem) as caught:
        render("{% if no %}Hi{% endif %} \n")
    assert caught.value.code == "template-empty"


@pytest.mark.parametrize("text", ["{{ name }}", "{% if name %}{{ name }}{% endif %}"])
def test_an_endless_text_rejects_the_row(text):
    assert len(render(text, {"name": "x" * 100_000})) == 100_000
    with pytest.raises(TemplateProblem, match="longer than 100,000"):
        render(text, {"name": "x" * 100_001})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("Hi\n{{ name", "line 2"),
        ("{{ Order No }}", "expected }}, but there is 'No'"),
        ("{{ name | foo }}", "there is no filter 'foo'$"),
        ("{{ name is foo }}", "there is no test 'foo'$"),
        ("{% if name %}Hi", "{% if %} needs {% endif %} after it$"),
        ("{% if a %}{% for b in c %}{% endif %}", "before {% endif %}, {% for %} needs {% endfor %}$"),
        ("{% if a %}b{% end %}", "before {% end %}, {% if %} needs {% endif %}$"),
        ("Hi{% else %}", "{% else %} needs {% if %} before it$"),
        ("Hi{% endfor %}", "{% endfor %} needs {% for %} before it$"),
        ("{% foo %}", "there is no {% foo %}$"),
        ("Hi {{ name", "}} is missing at the end$"),
        ("{{ }}", "a value is missing before }}$"),
        ("{{ name | }}", "a value is missing before }}$"),
        ("{{ Bob's name }}", 'unexpected character "\'"$'),
        ('{{ name | date "x" }}', "expected }}, but there is text$"),
        ("{% include 'x' %}", "include"),
        ("{% extends 'x' %}", "extends"),
        ("{% import 'x' as y %}", "import"),
        ("{% block x %}{% endblock %}", "block"),
        ("{{ name() }}", "no function name"),
        ("{{ lipsum() }}", "no function lipsum"),
        ("{{ self }}", "self"),
        ("{{" + "(" * 5000, "recursion"),
    ],
)
def test_a_template_that_can_not_work_stops_before_anything_is_sent(text, words):
    with pytest.raises(InputError, match=words) as caught:
        compile_template(text, where="--override agent.language")
    assert caught.value.exit_status == ExitStatus.INPUT
    assert "--override agent.language" in caught.value.message


def test_a_template_knows_its_columns():
    template = compile_template(
        '{{ a }}{% if b %}{{ row["c d"] }}{% endif %}{{ e | default("") }}{{ f is defined }}{{ g | d(a) }}{{ g }}'
        "{% set h = i %}{{ h }}{% for j in k %}{{ j }}{% endfor %}{{ (l | trim) | default('x') }}{{ row.m }}",
        where="-m",
    )
    assert template.columns == ("a", "b", "c d", "g", "i", "k", "l", "m")
    assert template.optional_columns == ("e", "f")


def test_a_missing_column_stops_with_what_exists_and_the_nearest_name():
    template = compile_template("{{ frist_name }}", where="--first-message")
    with pytest.raises(InputError) as caught:
        check_columns([template], ["phone", "First Name"])
    assert "'frist_name'" in caught.value.message
    assert "'phone', 'First Name'" in caught.value.message
    assert "'First Name'" in caught.value.hint


def test_a_missing_column_with_a_default_is_a_warning():
    template = compile_template("{{ nmae | default('you') }}{{ other | default('x') }}", where="-m")
    mistyped, other = check_columns([template], ["phone", "name"])
    assert "'nmae'" in mistyped
    assert "'name'" in mistyped
    assert "'other'" in other
    assert len(check_columns([template], ["phone", "name"], complete=False)) == 1
    assert check_columns([template], ["nmae", "other"]) == []


def test_a_column_may_have_the_name_of_anything():
    names = [
        "range",
        "dict",
        "lipsum",
        "cycler",
        "joiner",
        "namespace",
        "loop",
        "items",
        "keys",
        "get",
        "_x",
        "row",
    ]
    for name in names:
        assert render(f'{{{{ row["{name}"] }}}}', {name: "said"}) == "said"
        with pytest.raises(EmptyValue):
            render(f'{{{{ row["{name}"] }}}}{{% if 1 %}}{{% endif %}}', {name: ""})


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_stands_in_a_cell_is_said_and_never_run(cell):
    for text in ("{{ name }}", "{% if 1 %}{{ name }}{% endif %}"):
        if is_empty(cell):
            with pytest.raises(EmptyValue):
                render(text, {"name": cell})
        else:
            assert render(text, {"name": cell}) == cell
