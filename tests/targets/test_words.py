"""Text that is never right in speech rejects its row; names of people and normal sentences don't."""

import csv
import json
from pathlib import Path

import pytest

from tests.support.builders import target_builder
from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection
from xuna_cli.targets.lint import Lint, check_literals
from xuna_cli.targets.override import first_message, parse_override
from xuna_cli.targets.words import never_right, seldom_right
from xuna_cli.targets.wrong_encoding import find_misread

CASES = Path(__file__).parent.parent / "cases"
JOHN = "+15551230001"


def judge(*rows, template="Hi {{ name }}.", columns=("phone", "name"), **options):
    """Return the results of rows, and the warnings."""
    overrides = [first_message(template)] if template else []
    lint = Lint(
        strict=False, literals=[text for each in overrides for text in each.template.literals], **options
    )
    prepare = target_builder(columns=columns, overrides=overrides, lint=lint)
    made = [prepare(Contact(number, {"phone": JOHN, **row})) for number, row in enumerate(rows, 2)]
    return [one.code if isinstance(one, Rejection) else "fine" for one in made], {
        mark.code for mark in lint.warnings
    }


NEVER = {
    "message-no-value": [
        "nan",
        "NaN",
        "NAN",
        "null",
        "NULL",
        "None",
        "undefined",
        "undefined undefined",
        "[object Object]",
        "\\N",
        "NaT",
        "N/A",
        "n/a",
        "(null)",
        " null ",
        "Err:502",
        "<NA>",
        "--None--",
        "[null]",
        '"NULL"',
        "N/A N/A",
        "null N/A",
    ],
    "message-cell-error": [
        "1.23457E+14",
        '=CONCAT(A2," ",B2)',
        "=VLOOKUP(A2,Sheet2!A:B,2,0)",
        "=B2&C2",
        "='My data'!A2",
        "Order 7,5E+12",
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#NV",
        "#BEZUG!",
        "#WERT!",
        "#¡REF!",
        "#¿NOMBRE?",
        "#VALEUR!",
        "#NOM?",
        "#Н/Д",
        "#ССЫЛКА!",
        "#RIF!",
        "#WAARDE!",
        "########",
        "Order #REF!",
        "#SAYI/0!",
        "#ADR!",
        "#NOME?",
    ],
    "message-html": [
        "Ann &amp; Bob",
        "O&#39;Neil",
        "O&#x27;Neil",
        "Ann&nbsp;Lee",
        "J&ouml;rg",
        "<b>Ann</b>",
        "<br/>",
        "<br>Ann",
        "<break time='5s'/>Ann",
        "<!-- x -->",
        "<null>",
        "<span class=a>Ann</span>",
        "&#8217;t Hooft",
        "&lt;Ann&gt;",
    ],
    "message-wrong-encoding": [
        "J�rg",
        "JÃ¶rg",
        "AndrÃ©",
        "MÃ¼ller",
        "Å\x81ukasz",
        "DvoÅ™Ã¡k",
        "ZoÃ«",
        "Nuñez Ã±",
        "Annâ€™s",
        "Ð˜Ð²Ð°Ð½",
        "J√∂rg",
        "JÃ\x83Â¶rg",
        "Ã‰ric",
        "J\\u00f6rg",
        "Ann%20Lee",
        "J=C3=B6rg",
        "J%C3%B6rg",
        "Â£5",
        "ç”°ä¸\xad",
        "РРІР°РЅ",
    ],
    "message-placeholder": [
        "{{ name }}",
        "{{name}}",
        "{% if %}",
        "{name}",
        "{{{ name }}}",
        "${name}",
        "#{name}",
        "[[name]]",
        "[First Name]",
        "%FNAME%",
        "%%first_name%%",
        "%First Name%",
        "*|FNAME|*",
        "<<Name>>",
        "«Name»",
        "{!Contact.FirstName}",
        "<%= name %>",
        "##name##",
        "%s",
        "%1$s",
        "{0}",
        "{}",
        "[Vorname]",
        "«Prénom»",
        "%%=v(@name)=%%",
        "{{name",
        "Hi {{ x }}",
        "$name",
        "$FirstName",
        "$first_name Lee",
        "@name",
        "$prénom",
    ],
}


@pytest.mark.parametrize(("code", "cell"), [(code, cell) for code, cells in NEVER.items() for cell in cells])
def test_what_is_never_right_rejects_its_row_and_names_the_cell(code, cell):
    for template in ("Hi {{ name }}.", "Hi {{ name | trim }}.", "{% if name %}Hi {{ name }}{% endif %}"):
        assert judge({"name": cell}, template=template) == ([code], set())
    rejection = target_builder(
        columns=("phone", "name"),
        overrides=[first_message("Hi {{ name }}.")],
        lint=Lint(strict=False),
    )(Contact(2, {"phone": JOHN, "name": cell}))
    assert rejection.field == "name"
    assert cell.strip()[:20] in rejection.message
    codes, marks = judge({"name": cell}, allow_odd=True)
    assert codes == ["fine"]
    assert code in marks


FINE = [
    *(
        "Nan",
        "Null",
        "Undefined",
        "NONE",
        "Nan Goldin",
        "Null Smith",
        "Fernando",
        "Nancy",
        "nonesuch",
        "Ann & Bob",
        "AT&T; co",
        "A$AP",
        "=)",
        "= Ann",
        "Ke$ha",
        "$hort",
        "$12 US$",
        "ann@company",
        "@ann",
    ),
    *(
        "O'Neil",
        "’t Hooft",
        "Müller",
        "Łódź",
        "Đorđe",
        "Àlex",
        "Ñandú",
        "«IRMÃ»",
        "„CHINÄ“",
        "café\u00a0»",
        "Ångström",
        "Иван",
    ),
    *(
        "Річка",
        "Ελένη",
        "שלום",
        "علي",
        "田中",
        "김철수",
        "😀",
        "3×½",
        "É»",
        "Zoë’s",
        "100%",
        "5% or 10%",
        "#1",
        "$12.50",
    ),
    *(
        "[laughs]",
        "a < b",
        "x > y",
        "Ann (Bob)",
        "I [heart] NY",
        "Apt #4",
        "50 % off",
        "C#",
        "A*",
    ),
    *("Ann/Bob", "and/or", "THE NAME", "Ann <3", "ÂME", "Ïle", "naïve”", "ÉCOLE…", "№ 5", "SAYI"),
]


@pytest.mark.parametrize("cell", FINE)
def test_what_people_and_things_are_called_is_said(cell):
    assert judge({"name": cell}) == (["fine"], set())


@pytest.mark.parametrize(
    ("cell", "written"),
    [("null", "Null"), ("NULL", "Null"), ("nan", "Nan"), ("None", "NONE"), ("undefined", "Undefined")],
)
def test_the_message_says_how_a_person_of_that_name_is_called(cell, written):
    (finding,) = never_right(cell)
    assert f'write "{written}"' in finding.message
    assert judge({"name": written}) == (["fine"], set())


def test_a_word_within_a_text_stays_a_warning():
    assert judge({"name": "Ann null"}) == (["fine"], {"message-no-value"})
    assert judge(
        {"name": "nan"}, template="{% if name == 'nan' %}Hi there{% else %}Hi {{ name }}{% endif %}"
    ) == (["fine"], set())


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *(
            (cell, "message-no-value")
            for cell in ("-", "--", "?", "none", "Unknown", "TBD", "test", "Test Test", "n.a.")
        ),
        *(
            (cell, "message-raw-date")
            for cell in ("2026-12-03", "2026-12-03 09:30:00", "2026-12-03T09:30Z", "14:05:00")
        ),
        *((cell, "message-raw-date") for cell in ("12/11/2026", "on 2026-12-03", "11/28/26")),
        *(
            (cell, "message-no-value")
            for cell in (
                "(blank)",
                "-none-",
                "Unknown Caller",
                "xxx",
                "Max Mustermann",
                "first_name",
                "FNAME",
            )
        ),
        *(
            (cell, "message-no-name")
            for cell in ("ann@example.com", "2125550123", "+1 (212) 555-0123", "0", "Dr.", "MRS", "Herr")
        ),
        *((cell, "message-no-name") for cell in ("Lee, Ann", "LEE,ANN", "van Dyk, Ann Marie", "O'Neil, J.")),
        ("https://example.com/ann", "message-markup"),
        ("J?rg", "message-lost-letter"),
        ("Ann\\nLee", "message-backslash"),
    ],
)
def test_softer_signs_are_noted(cell, code):
    codes, marks = judge({"name": cell})
    assert codes == ["fine"]
    assert code in marks


def test_what_is_no_name_is_fine_in_other_columns():
    for column in ("order", "user_name", "Company name", "title", "e-mail", "customer no"):
        for cell in ("2125550123", "Dr.", "ann@example.com"):
            assert judge(
                {column: cell}, template=f"It is {{{{ row['{column}'] }}}}!", columns=("phone", column)
            ) == (
                ["fine"],
                set(),
            )
    for cell in (
        "Ann 2",
        "Henry VIII",
        "Dr. Lee",
        "Ms Lee",
        "Sir Mix",
        "Lee, Jr",
        "Ann Lee, MD",
        "Acme, Inc",
        "A, B, C",
    ):
        assert judge({"name": cell}) == (["fine"], set())


def test_a_missing_value_is_found_behind_a_filter_that_changes_its_case():
    for cell in ("null", "NULL", "N/A"):
        for change in ("title", "upper", "lower", "capitalize"):
            codes, _ = judge({"name": cell}, template=f"Hi {{{{ name | {change} }}}}.")
            assert codes == ["message-no-value"]
    template = "{% if name == 'None' %}None of you{% else %}Hi {{ name }}{% endif %}, none or all?"
    assert judge({"name": "none"}, template=template) == (["fine"], {"message-no-value"})
    template = "{% if name == 'nan' %}Nan of you{% else %}Hi {{ name }}{% endif %}"
    assert judge({"name": "nan"}, template=template) == (["fine"], set())


@pytest.mark.parametrize("sign", ["$", "€", "£", "%"])
def test_a_sign_of_the_template_and_of_the_cell_is_one_too_many(sign):
    template = f"You owe {sign}{{{{ amount }}}}!" if sign != "%" else "It is {{ amount }}%!"
    columns = ("phone", "amount")
    with_sign = f"{sign}1,234.50" if sign != "%" else "15%"
    assert judge({"amount": with_sign}, template=template, columns=columns) == (["fine"], {"message-twice"})
    assert judge({"amount": "1,234.50"}, template=template, columns=columns) == (["fine"], set())
    assert judge({"amount": "x"}, template=f"A{sign}{sign}AP {{{{ amount }}}}", columns=columns) == (
        ["fine"],
        set(),
    )


@pytest.mark.parametrize(
    ("template", "heard"),
    [
        ("Hi **{{ name }}**!", "**"),
        ("See https://example.com/a?b=1, {{ name }}.", "https://example.com/a?b=1,"),
        ("[Click](https://example.com) {{ name }}", "]("),
        ("# Hi {{ name }}", "# H"),
        ("Hi ____, {{ name }}", "____"),
        ("Hi {{ name }}, TODO", "TODO"),
    ],
)
def test_a_template_that_is_written_for_the_eye_is_warned_of(template, heard):
    warnings = check_literals([first_message(template)], allow_odd=False)
    assert any(f'everybody hears "{heard}"' in warning for warning in warnings)


@pytest.mark.parametrize(
    "template", ["Hi {{ name }}.", "{{ name }} - hello", "2 * 3 * 4 # 5, well_known {{ name }}"]
)
def test_a_template_without_such_signs_has_no_warning(template):
    assert check_literals([first_message(template)], allow_odd=False) == []


def test_a_raw_date_names_the_filter_and_the_column():
    for cell, column, how in (
        ("2026-12-03", "appointment", '{{ appointment | date("EEEE, d MMMM") }}'),
        ("14:05:00", "Start Time", '{{ row["Start Time"] | time("h:mm a") }}'),
        ("12/11/2026", "day", '{{ day | date("EEEE, d MMMM", input="d/M/y") }}'),
        ("12/11/2026", "day", 'or with input="M/d/y" if the month comes first'),
        ("12/31/2026", "day", '{{ day | date("EEEE, d MMMM", input="M/d/y") }}'),
        ("12/31/26", "day", '{{ day | date("EEEE, d MMMM", input="M/d/yy") }}'),
    ):
        assert how in next(seldom_right(cell, column)).message


def test_a_row_of_its_own_words_is_judged_as_a_message():
    columns = ("phone", "First Message")
    for text, code in (
        ("Hi {{name}}, this is Eva.", "message-placeholder"),
        ("Hi [First Name]!", "message-placeholder"),
        ("Hi $first_name, it's us", "message-placeholder"),
        ("You owe $12.50 in US$, ann@name.com", "fine"),
        ("Ann &amp; Bob", "message-html"),
        ("Hi JÃ¶rg", "message-wrong-encoding"),
        ("Your total is #REF!", "message-cell-error"),
        ("null", "message-no-value"),
        ("N/A", "message-no-value"),
        ("-", "message-no-value"),
        ("...", "message-no-value"),
        ("你好", "fine"),
        ('Hi <break time="1s"/> Ann', "fine"),
        ("Nan", "fine"),
    ):
        assert judge({"First Message": text}, template="", columns=columns)[0] == [code]
    own = {"conversation_config_override": '{"agent": {"first_message": "Hi {name}"}}'}
    assert judge(own, template="", columns=("phone", *own))[0] == ["message-placeholder"]


def test_an_override_that_is_a_word_for_a_missing_value_rejects_its_row():
    for path in ("agent.language", "dynamic_variables.name"):
        columns = ("phone", f"override.{path}")
        for cell in ("nan", "null", "N/A"):
            assert judge({columns[1]: cell}, template="", columns=columns) == (["message-no-value"], set())
        assert judge({columns[1]: "es"}, template="", columns=columns) == (["fine"], set())
        assert judge({columns[1]: "nan"}, template="", columns=columns, allow_odd=True)[0] == ["fine"]
    rejection = target_builder(
        columns=columns,
        overrides=[first_message("Hi.")],
        lint=Lint(strict=False),
    )(Contact(2, {"phone": JOHN, columns[1]: "null"}))
    assert rejection.message.startswith(
        'dynamic_variables.name is "null", which programs write for a missing value'
    )


@pytest.mark.parametrize(
    ("template", "typed"),
    [
        ("Hi {name}.", "--first-message 'Hi {{ name }}.'"),
        ("Hi [[First Name]].", """--first-message 'Hi {{ row["First Name"] }}.'"""),
        ("Hi %FNAME%!", "--first-message 'Hi {{ FNAME }}!'"),
        ("Hi *|FNAME|*", "{{ FNAME }}"),
        ("Hi ${first_name}, {{ name }}", "{{ first_name }}"),
        ("Hi {{ name | default('{you}') }}", "{{ you }}"),
        ("Hi&nbsp;{{ name }}", "--allow-odd-messages"),
        ("Hi <b>{{ name }}</b>", "--allow-odd-messages"),
        ("{% raw %}Hi {{ name }}{% endraw %}", "--allow-odd-messages"),
        ("Hi {}", "{{ name }}"),
    ],
)
def test_a_template_that_says_it_to_everybody_stops_before_anybody_is_called(template, typed):
    with pytest.raises(InputError) as caught:
        check_literals([first_message(template)], allow_odd=False)
    assert typed in caught.value.hint
    for warning in check_literals([first_message(template)], allow_odd=True):
        assert "everybody would hear" in warning


def test_what_is_not_spoken_may_have_braces_and_marks():
    prompt = parse_override("agent.prompt.prompt=<role>You</role> answer in {json}. 100% [[x]]")
    assert check_literals([prompt, first_message("Hi <break time='1s'/> 5% [laughs]")], allow_odd=False) == []


# --- realistic lists -------------------------------------------------------------------------------


def absurd(name):
    with (CASES / name).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_absurd_names():
    rows = absurd("absurd-names-not-linted.csv")
    codes, _ = judge(*({"name": row["name"]} for row in rows))
    by_name = dict(zip((row["name"] for row in rows), codes, strict=True))
    for name in (
        "Ann &amp; Bob",
        "JÃ¶rg",
        "J\ufffdrg",
        "<b>Ann</b>",
        "{name}",
        "%FNAME%",
        "#REF!",
        "NULL",
        "\\N",
        "NaN",
        "<<Name>>",
    ):
        assert by_name[name].startswith("message-"), name
    for name in (
        "Null",
        "Nan",
        "Nan Goldin",
        "Null Smith",
        "Müller",
        "אנה",
        "ﷺ",
        "Ann & Bob",
        "’t Hooft",
        "$100",
        "Ann 😀",
    ):
        assert by_name[name] == "fine", name
    for name in ("ㅤ", "⠀", "\xad"):
        assert by_name[name] == "template-empty-value", name


def test_the_other_lists():
    assert judge(*absurd("html-entities.csv"))[0] == ["message-html"]
    assert judge(*absurd("mojibake.csv"))[0] == ["message-wrong-encoding"] * 2
    assert judge(*absurd("pandas-nan.csv"))[0] == ["message-no-value", "fine"]
    rows = json.loads((CASES / "null-words.json").read_text())
    codes = dict(zip((row["name"] for row in rows), judge(*rows)[0], strict=True))
    assert codes["Null"] == "fine"
    assert {codes[name] for name in ("null", "None", "undefined", "nan", "[object Object]")} == {
        "message-no-value"
    }
    assert codes["#N/A"] == "message-cell-error"
    own = absurd("first_message-with-vendor-placeholder.csv")
    assert (
        judge(*own, template="", columns=("phone", "name", "first_message"))[0] == ["message-placeholder"] * 2
    )


def test_numbers_of_json_are_spoken_as_people_write_them():
    rows = json.loads((CASES / "json-floats.json").read_text())
    template = first_message("{{ name }}").template
    assert [template.render(row) for row in rows] == [
        "Ann",
        "Bob",
        "Carl",
        "1",
        "1000",
        "12345678901234567890",
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
def test_names_of_many_languages_are_known_when_they_were_misread(encoding):
    for name in "Jörg François Łukasz Dvořák Željko Çelik Ğül Íñigo Şerban Zoë’s naïve Иван Ελένη שלום 田中太郎 김철수 😀".split():
        misread = "".join(bytes([octet]).decode(encoding, "ignore") or chr(octet) for octet in name.encode())
        assert find_misread(misread), misread
        assert not find_misread(name)
