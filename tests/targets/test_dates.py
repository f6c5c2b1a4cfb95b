"""Dates and times are spoken as people say them, in their language, and never guessed."""

import re
import subprocess
import sys
from datetime import date, datetime, time, timedelta

import pytest

from tests.support.builders import target_builder
from xuna_cli.errors import InputError
from xuna_cli.models import Contact, Rejection, TypedText
from xuna_cli.targets.override import first_message
from xuna_cli.targets.template import compile_template
from xuna_cli.targets.values import TemplateProblem

THE_DAY = [
    *(
        "2026-11-12",
        "2026/11/12",
        "2026.11.12",
        "2026-11-12T09:30",
        "2026-11-12 09:30:15",
        "2026-11-12T09:30:15.250Z",
    ),
    *(
        "2026-11-12T09:30:00+0100",
        "2026-11-12T09:30:00-05:00",
        "12 Nov 2026",
        "12 November 2026",
        "12th November 2026",
    ),
    *(
        "November 12, 2026",
        "Nov 12 2026",
        "Nov. 12, 2026",
        "November 12th, 2026",
        "12-Nov-2026",
        "12. November 2026",
    ),
    *(
        "Thursday, 12 November 2026",
        "Thu, 12 Nov 2026 09:30:00 +0000",
        "12 Nov 2026 at 2 pm",
        " 12  nov 2026 ",
    ),
    TypedText("12/11/26", date(2026, 11, 12)),
    TypedText("46338.4", datetime(2026, 11, 12, 9, 30)),
]


@pytest.mark.parametrize("cell", THE_DAY)
def test_a_day_is_read_in_the_forms_that_mean_one_day(cell):
    template = compile_template('{{ day | date("EEEE, d MMMM") }}', where="-m")
    assert template.render({"day": cell}) == "Thursday, 12 November"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        *(
            (cell, "9:30 AM")
            for cell in (
                "9:30",
                "09:30",
                "9:30 AM",
                "9:30am",
                "9:30 a.m.",
                "09:30:00",
                "T09:30",
                "09:30:15.5",
            )
        ),
        *(
            (cell, "2:05 PM")
            for cell in ("14:05", "2:05 pm", "2026-12-03T14:05:00Z", "2026-12-03 14:05", "14:05+01:00")
        ),
        *((cell, "2:00 PM") for cell in ("2 pm", "2pm", "3 December 2026, 2 pm")),
        ("12 am", "12:00 AM"),
        ("12:15 pm", "12:15 PM"),
        (TypedText("14:05", time(14, 5)), "2:05 PM"),
        (TypedText("14:05:00", timedelta(hours=14, minutes=5)), "2:05 PM"),
        (TypedText("3.12.26 14:05", datetime(2026, 12, 3, 14, 5)), "2:05 PM"),
    ],
)
def test_so_is_a_time(cell, said):
    assert compile_template('{{ at | time("h:mm a") }}', where="-m").render({"at": cell}) == said


@pytest.mark.parametrize(
    ("cell", "inputs"),
    [
        ("12/11/2026", ["d/M/y", "M/d/y"]),
        ("25/11/2026", ["d/M/y"]),
        ("11/30/2026 9:00", ["M/d/y H:mm"]),
        ("12.11.2026", ["d.M.y", "M.d.y"]),
        ("05.01.2027 09:00:30", ["d.M.y H:mm:ss", "M.d.y H:mm:ss"]),
        ("12-11-2026", ["d-M-y", "M-d-y"]),
        ("12/13/26", ["M/d/yy"]),
        ("26-11-03", ["d-M-yy", "yy-M-d"]),
        ("1/2/2026, 9:30 a.m.", ["d/M/y, h:mm a", "M/d/y, h:mm a"]),
        ("1/2/2026 at 9:30PM", ["d/M/y 'at' h:mma", "M/d/y 'at' h:mma"]),
        ("25.11.2026 Wed", ["d.M.y E"]),
    ],
)
def test_a_date_of_numbers_is_refused_with_each_input_that_reads_it(cell, inputs):
    with pytest.raises(TemplateProblem) as caught:
        compile_template("{{ day | date }}", where="-m").render({"day": cell})
    assert (caught.value.code, caught.value.column) == ("template-date", "day")
    assert re.findall('input="(.*?)"', caught.value.message) == inputs
    assert ("more than one date" in caught.value.message) == (len(inputs) > 1)
    for one in inputs:
        assert compile_template(f'{{{{ day | date(input="{one}") }}}}', where="-m").render({"day": cell})


@pytest.mark.parametrize("cell", ["99/99/2026", "1/2/3", "12/11/2026 10:00-11:00"])
def test_a_date_of_numbers_that_no_input_reads_is_refused_with_an_example(cell):
    with pytest.raises(TemplateProblem, match=r'choose one, e\.g\. input="d/M/y" or input="M/d/y"'):
        compile_template("{{ day | date }}", where="-m").render({"day": cell})


@pytest.mark.parametrize(
    ("pattern", "cell", "said"),
    [
        ("d/M/y", "12/11/2026", "November 12, 2026"),
        ("M/d/y", "12/11/2026", "December 11, 2026"),
        ("dd.MM.yyyy", "12.11.2026", "November 12, 2026"),
        ("d/M/yy", "12/11/26", "November 12, 2026"),
        ("d-MMM-yy", "12-Nov-26", "November 12, 2026"),
        ("M/d/y h:mm a", "12/11/2026 9:30 PM", "December 11, 2026"),
        ("EEE d MMMM y", "Thu 12 November 2026", "November 12, 2026"),
        ("'on' d/M/y", "on 12/11/2026", "November 12, 2026"),
    ],
)
def test_input_says_how_a_day_is_written(pattern, cell, said):
    template = compile_template(f'{{{{ day | date(input="{pattern}") }}}}', where="-m")
    assert template.render({"day": cell}) == said
    assert template.render({"day": TypedText("x", date(2026, 1, 2))}) == "January 2, 2026"
    with pytest.raises(TemplateProblem, match="does not match input"):
        template.render({"day": "2026-11-12x"})


@pytest.mark.parametrize(
    "cell",
    [
        "tomorrow",
        "nan",
        "45980",
        "0001-01-01T00:00:00",
        "1899-12-30",
        "1900-01-01 00:00:00",
        date(1899, 12, 31),
        "9999-12-31",
        "20261112",
        "2026-02-30",
        "2026-13-01",
        "31 June 2026",
        "12 Foo 2026",
        "12 November",
        "9:30",
        "Monday, 12 November 2026",
        "2026-11-12T25:00",
        45980,
        1.5,
        True,
        ["2026-11-12"],
        TypedText("46338", 46338),
    ],
)
def test_what_is_no_day_rejects_its_row_and_names_the_cell(cell):
    prepare = target_builder(
        columns=("phone", "day"),
        overrides=[first_message("{{ day | date }}")],
    )
    rejection = prepare(Contact(7, {"phone": "+15551230001", "day": cell}))
    assert isinstance(rejection, Rejection)
    assert (rejection.row_number, rejection.code, rejection.field) == (7, "template-date", "day")


@pytest.mark.parametrize(
    "cell", ["25:00", "9", "13 pm", "0 am", "9.30", "0930", "2026-11-12", "noon", "9:75"]
)
def test_so_does_what_is_no_time(cell):
    with pytest.raises(TemplateProblem) as caught:
        compile_template("{{ at | time }}", where="-m").render({"at": cell})
    assert caught.value.code == "template-date"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", "jueves, 12 de noviembre"),
        ("de-AT", "Donnerstag, 12. November"),
        ("fr_CA", "jeudi 12 novembre"),
        ("ja", "11月12日木曜日"),
    ],
)
def test_the_language_may_be_a_column(language, said):
    patterns = {
        "es": "EEEE, d 'de' MMMM",
        "de-AT": "EEEE, d. MMMM",
        "fr_CA": "EEEE d MMMM",
        "ja": "M月d日EEEE",
    }
    template = compile_template(f'{{{{ day | date("{patterns[language]}", locale=lang) }}}}', where="-m")
    assert template.render({"day": "2026-11-12", "lang": language}) == said


def test_months_are_read_in_the_language_too():
    template = compile_template("{{ day | date(locale=lang) }}", where="-m")
    assert template.render({"day": "12 novembre 2026", "lang": "fr"}) == "12 novembre 2026"
    assert template.render({"day": "12 de noviembre de 2026", "lang": "es"}) == "12 de noviembre de 2026"


def test_a_language_that_is_none_rejects_its_row():
    template = compile_template("{{ day | date(locale=lang) }}", where="-m")
    for language, code in (
        ("xx", "template-locale"),
        ("German", "template-locale"),
        ("", "template-empty-value"),
    ):
        with pytest.raises(TemplateProblem) as caught:
            template.render({"day": "2026-11-12", "lang": language})
        assert (caught.value.code, caught.value.column) == (code, "lang")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ('date("DD/MM/YYYY")', "use d for the day"),
        ('date("%d %B")', "EEEE, d MMMM"),
        ('date("h:mm")', "the letter h can't"),
        ('time("EEEE")', "the letter E can't"),
        ('date(locale="klingon")', "klingon"),
        ('date("d MMM", "xx")', "xx"),
        ('date(input="x/y")', "the letter x is not known"),
        ('date(input="M/y")', "needs d, M and y"),
        ('date(input="d/d/y")', "twice"),
        ('date("-")', "EEEE"),
    ],
)
def test_what_a_template_says_itself_is_checked_before_anything_is_sent(call, words):
    with pytest.raises(InputError) as caught:
        first_message(f"{{{{ day | {call} }}}}")
    assert words in caught.value.message


def test_styles_and_both_at_once():
    row = {"at": "2026-11-12T14:05:00Z"}
    for call, said in (
        ('date("short")', "11/12/26"),
        ('date("full")', "Thursday, November 12, 2026"),
        ("time", "2:05 PM"),
        ('time("HH:mm")', "14:05"),
        ("datetime(\"EEEE 'at' h:mm a\")", "Thursday at 2:05 PM"),
        ('datetime("EEEE \'at\' h:mm a", timezone="America/New_York")', "Thursday at 9:05 AM"),
    ):
        assert compile_template(f"{{{{ at | {call} }}}}", where="-m").render(row) == said
    with pytest.raises(TemplateProblem, match="no UTC offset"):
        compile_template('{{ at | time(timezone="Europe/Rome") }}', where="-m").render({"at": "14:05"})


def test_an_empty_day_is_an_empty_cell():
    with pytest.raises(TemplateProblem) as caught:
        compile_template("{{ day | date }}", where="-m").render({"day": ""})
    assert (caught.value.code, caught.value.column) == ("template-empty-value", "day")
    assert (
        compile_template("{% if day %}{{ day | date }}{% else %}soon{% endif %}", where="-m").render(
            {"day": ""}
        )
        == "soon"
    )


def test_babel_is_imported_only_where_a_template_has_a_date():
    code = (
        "import sys; from xuna_cli.targets.builder import TargetBuilder; from xuna_cli.targets.template import compile_template;"
        "compile_template('{{ a | title }}', where='-m'); assert 'babel' not in sys.modules;"
        "compile_template('{{ a | date }}', where='-m'); assert 'babel' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
