import pytest
from hypothesis import given, settings
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
    ],
)
def test_an_empty_cell_is_never_spoken(text):
    with pytest.raises(EmptyValue) as caught:
        render(text)
    assert caught.value.code == "template-empty-value"
    assert caught.value.column in ("empty", "null", "invisible", "nowhere", "range", "zip")
    assert caught.value.column in text


@pytest.mark.parametrize("text", ["{{ none }}", "{{ holes | join }}", "{{ holes | map('upper') | join }}"])
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
        "{{ name['__class__'] }}",
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
        ("{{ Order No }}", "got 'No'"),
        ("{{ name | foo }}", "foo"),
        ("{{ name | center(9) }}", "center"),
        ("{{ name | attr('x') }}", "attr"),
        ("{{ name.__class__ }}", "__class__"),
        ("{{ range(10) }}", "functions"),
        ("{{ 9 ** 999999999 }}", "pow"),
        ("{% include 'x' %}", "include"),
        ("{% macro x() %}{% endmacro %}", "macro"),
        ("{% for a in name %}{% for b in name %}{% endfor %}{% endfor %}", "loop within a loop"),
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


NAMES = ["a", "b", "Order No", "range"]
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(["", " ", "\u200b", "{{ a }}", "\ud800"]),
    st.lists(st.integers(), max_size=1),
)
PIECES = st.one_of(
    st.text(alphabet="Hi {},\n\r%#é", max_size=6).filter(lambda text: "{" not in text or len(text) < 1),
    st.sampled_from(["{{ a }}", "{{b}}", '{{ row["Order No"] }}', "{{ range }}", "{{ row.a }}", "{{- a -}}"]),
    st.sampled_from(["{{ a | default('x') }}", "{{ row['Order No'] | d('') }}", "{# c #}"]),
)


def _outcome(render_row, row):
    try:
        return render_row(row)
    except TemplateProblem as problem:
        return problem.code, problem.message, problem.column


@settings(max_examples=400)
@given(pieces=st.lists(PIECES, max_size=6), row=st.dictionaries(st.sampled_from(NAMES), CELLS))
def test_the_quick_way_does_what_jinja_does(pieces, row):
    text = "".join(pieces)
    if is_empty(text):
        return
    template = compile_template(text, where="-m")
    assert template._parts is not None
    quick = _outcome(template.render, row)
    template._parts = None
    assert quick == _outcome(template.render, row)
