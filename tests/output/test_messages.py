"""Text that is safe to print, and errors for people."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuna_cli.errors import InputError
from xuna_cli.output.messages import error_text, fitted, safe, say


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë 👋 [bold]x[/bold] [/foo]", "Zoë 👋 [bold]x[/bold] [/foo]"),
        ("\x1b[31mred\x1b[0m", "·[31mred·[0m"),
        ("a\nb\r\tc\x00\x07\x7f\x9b", "a·b··c····"),
        ("\u202eevil\u2066\u200b\ufeff", "·evil···"),
        ("\u2028\u2029\x85", "···"),
        ("\ud800", "·"),
        (7, "7"),
        (None, "None"),
    ],
)
def test_nothing_that_a_terminal_obeys_comes_through(text, shown):
    assert safe(text) == shown


@pytest.mark.slow
@given(st.text())
def test_safe_text_is_printable_as_long_and_safe_again(text):
    shown = safe(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
    assert safe(shown) == shown


def test_an_error_is_said_with_what_to_do_next():
    error = InputError("row 7: \x1b[2Jbroken", hint="mend it")
    stream = io.StringIO()
    say(error_text(error), stream)
    assert stream.getvalue() == "xuna: error: row 7: ·[2Jbroken\n  mend it\n"


class Closed(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


def test_a_stderr_that_cannot_be_written_is_no_reason_to_fail(monkeypatch):
    say("x", Closed())
    closed = io.StringIO()
    closed.close()
    say("x", closed)
    monkeypatch.setattr(sys, "stderr", None)
    say("x")


@pytest.mark.parametrize(
    ("line", "width", "lines"),
    [
        ("  row 4: it is too long; write another", 24, ["  row 4: it is too long;", "    write another"]),
        ("short", 24, ["short"]),
        ("no terminal, so nothing is broken here", 0, ["no terminal, so nothing is broken here"]),
        ("  xuna batch-call a.csv --campaign spring", 20, ["  xuna batch-call a.csv --campaign spring"]),
        ("  printf 'phone,name' | xuna batch-call -", 20, ["  printf 'phone,name' | xuna batch-call -"]),
        (
            "  2 batches are held. To resolve: xuna campaigns resolve spring --sandbox",
            24,
            ["  2 batches are held. To", "    resolve:", "    xuna campaigns resolve spring --sandbox"],
        ),
        ("xuna: warning: it is full", 16, ["xuna: warning:", "  it is full"]),
        ("a-word-that-is-longer-than-the-line and", 20, ["a-word-that-is-longer-than-the-line", "  and"]),
    ],
)
def test_a_line_is_broken_between_words(line, width, lines):
    assert fitted(line, width).split("\n") == lines
