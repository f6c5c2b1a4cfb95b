import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xuna_cli.targets.lint import LONGEST_MESSAGE, Lint, _is_plainly_fine, looks_wrong
from xuna_cli.targets.values import TargetProblem

PIECES = [
    "Ann",
    " ",
    "  ",
    ",",
    ".",
    "..",
    "!",
    "?",
    "None",
    "nan",
    "null",
    "undefined",
    "{",
    "}}",
    "()",
    "\u00a0",
    "\u202e",
    "\n",
    "é",
    "Fernando",
]


def codes(text, *sources):
    return [code for code, _ in looks_wrong(text, sources)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hi {{ name }}.", "message-braces"),
        ("Hi {name}.", "message-braces"),
        ("Hi , how are you?", "message-gap"),
        ("Hi  Ann", "message-gap"),
        ("Hello !", "message-gap"),
        ("Your order .. is there", "message-gap"),
        ("It is for Ann, , and Bo", "message-gap"),
        ("Order ()", "message-gap"),
        ("Hi None, hello", "message-no-value"),
        ("Hi nan.", "message-no-value"),
        ("You owe null dollars", "message-no-value"),
        ("Hi undefined!", "message-no-value"),
        ("Hi \u202eAnn", "message-control"),
        ("Hi \x1b[31mAnn", "message-control"),
        ("\u200c\u202e", "message-control"),
        ("x" * (LONGEST_MESSAGE + 1), "message-long"),
    ],
)
def test_marks_of_what_went_wrong(text, code):
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "Hi Fernando, this is Nancy; nullable or not.",
        "Well... it is .NET, and .5 of it.",
        "One\nTwo\r\nThree\tFour",
        "Ça va, Zoë?",
        "\u0628\u0647\u200c\u0646\u0627\u0645",
        "Nan's nan-like café",
    ],
)
def test_ordinary_words_are_fine(text):
    assert codes(text) == []


def test_what_the_template_says_itself_was_meant_so():
    assert codes("Bonjour Zoë !", "Bonjour {{ name }} !") == []
    assert codes("None of us", "None of {{ them }}") == []
    assert codes("Hi None", "Hi {{ name }}") == ["message-no-value"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text())
@example("x" * (LONGEST_MESSAGE + 1))
def test_the_quick_look_lets_nothing_wrong_pass(text):
    if codes(text):
        assert not _is_plainly_fine(text)


def test_every_text_of_an_override_is_looked_at():
    lint = Lint(strict=False)
    lint(2, {"agent": {"first_message": "fine", "prompt": {"prompt": ["a", "Hi {{ x"]}}, "n": 1})
    lint(3, {"agent": {"first_message": "{"}})
    (mark,) = lint.warnings
    assert (mark.code, mark.rows, mark.first_row) == ("message-braces", 2, 2)
    with pytest.raises(TargetProblem, match=r"agent\.first_message"):
        Lint(strict=True)(2, {"agent": {"first_message": "Hi ,"}})
