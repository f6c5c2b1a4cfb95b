"""Completion in bash, zsh and fish: the scripts of the shells, and the answers for them.

A script passes what was typed as arguments of its own, and reads a line for each value. No value is ever evaluated
by a shell, whatever its name has in it: a column of a list may be called anything.

- `_XUNA_COMPLETE=words xuna WORD… CURRENT` (zsh, fish) answers with `value` or `value<Tab>words for it`. These shells
  quote what they insert.
- `_XUNA_COMPLETE=line xuna LINE BREAKS TYPE` (bash) gets the line up to the cursor, the characters at which bash begins
  a word of its own, and the kind of completion. It answers with what is to stand in the line, in quotes as needed.

No line: the shell completes file names.
"""

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from xuna_cli.dataclass import dataclass
from xuna_cli.lazy_pattern import lazy_pattern

WORDS = "words"

PATIENCE_S = 2.0
"""A shell waits no longer, whatever holds up the disk or the ledger."""

_LISTING = "63"  # the code of `?`, COMP_TYPE of bash: the values are shown, and none is inserted
_LONGEST_HELP = 70
_UNSAFE = lazy_pattern(r"[^\w@%+=:,./-]")

BASH = """
%(complete_func)s() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(env %(autocomplete_var)s=line "${1/#\\~\\//$HOME/}" \\
        "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" "$COMP_TYPE" 2>/dev/null)
}

complete -o default -F %(complete_func)s %(prog_name)s
"""

ZSH = """
#compdef %(prog_name)s

%(complete_func)s() {
    local current= line
    local -a lines values shown
    case $PREFIX in
        --*=*) current="${PREFIX%%%%=*}="; compset -P '--*=' ;;
        -*) current=$PREFIX ;;
    esac
    lines=("${(@f)$(env %(autocomplete_var)s=words ${~${(Q)words[1]}} \\
        "${(@Q)words[2,CURRENT-1]}" "$current" 2>/dev/null)}")
    for line in $lines; do
        values+=("${line%%%%$'\\t'*}")
        shown+=("${line/$'\\t'/  -- }")
    done
    if (( ! $#values )); then
        _files
    elif [[ "$lines" == *$'\\t'* ]]; then
        compadd -l -d shown -a values
    else
        compadd -a values
    fi
}

if [[ $funcstack[1] == _%(prog_name)s ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

FISH = """
function %(complete_func)s
    set -l words (commandline -opc)
    set words[1] (string replace -r '^~/' $HOME/ -- $words[1])
    set -l current (commandline -ct)
    set -l prefix ''
    if string match -q -- '--*=*' $current
        set prefix (string replace -r '=.*' '=' -- $current)
        set current $prefix
    else if not string match -q -- '-*' $current
        set current ''
    end
    set -l lines (env %(autocomplete_var)s=words $words "$current" 2>/dev/null)
    if set -q lines[1]
        printf '%%s\\n' $prefix$lines
    else
        __fish_complete_path (commandline -ct)
    end
end

complete --command %(prog_name)s --no-files --arguments '(%(complete_func)s)'
"""


def use_scripts() -> None:
    """Make `--show-completion` and `--install-completion` use our scripts instead of Typer's."""
    from typer._completion_shared import _completion_scripts

    _completion_scripts.update(bash=BASH, zsh=ZSH, fish=FISH)


class Candidate(NamedTuple):
    """A completion value with its description."""

    value: str
    help: str


def answer(instruction: str, arguments: Sequence[str]) -> str:
    """Return the answer for a shell script; empty if there are no values or an error occurs.

    Args:
        instruction: `words` or `line`.
        arguments: arguments from the script.
    """
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            lines = list(_for_words(arguments) if instruction == WORDS else _for_line(*arguments))
        except (Exception, SystemExit):  # noqa: BLE001 - whoever presses Tab wants no error
            lines = []
    return "".join(f"{line}\n" for line in lines)


def _for_words(arguments: Sequence[str]) -> Iterator[str]:
    for value, words in candidates(arguments[:-1], arguments[-1]):
        yield f"{value}\t{words}" if words else value


def _for_line(line: str, breaks: str, kind: str) -> Iterator[str]:
    typed = split_line(line, breaks)
    option = re.match("--[^=]+=", typed.current)
    found = [
        ((option[0] if option else "") + value, words)
        for value, words in candidates(typed.words[1:], typed.current)
    ]
    for value, words in found:
        if words and kind == _LISTING and len(found) > 1:
            yield f"{value}  ({words})"
        elif value.startswith(typed.current):
            yield quoted(value[typed.kept :], typed.quote)


def candidates(words: Sequence[str], current: str) -> Iterable[Candidate]:
    """Return the candidates for the last word.

    Args:
        words: the words before the last one, without the program's name.
        current: the typed part of the last word.
    """
    import typer.main
    from typer._completion_classes import FishComplete

    from xuna_cli.commands.app import app

    shell = FishComplete(typer.main.get_command(app), {}, "xuna", "_XUNA_COMPLETE")
    return [
        Candidate(item.value, _shortened(item.help or ""))
        for item in shell.get_completions(list(words), current)
        if item.type == "plain" and item.value and item.value.isprintable()
    ]


def _shortened(text: str) -> str:
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return line if len(line) <= _LONGEST_HELP else line[: _LONGEST_HELP - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Typed:
    """A line of a shell up to the cursor.

    Attributes:
        words: the complete words, without quotes.
        current: the typed part of the last word; empty after a space.
        kept: number of leading characters of the last word that bash keeps.
        quote: quote character that is open at the cursor, or "".
    """

    words: tuple[str, ...]
    current: str
    kept: int
    quote: str


def split_line(line: str, breaks: str) -> Typed:
    """Split a line as bash does.

    Args:
        line: the line up to the cursor.
        breaks: the characters at which bash begins a word of its own, though it isn't one: `COMP_WORDBREAKS`.
    """
    words: list[str] = []
    current, kept, quote, in_word = "", 0, "", False
    characters = iter(line)
    for one in characters:
        if one == "\\" and quote != "'":
            following = next(characters, "")
            current += following if not quote or following in '"\\$`' else one + following
            in_word = True
        elif one == quote:
            quote, kept = "", len(current)
        elif quote:
            current += one
        elif one in "\"'":
            quote, in_word, kept = one, True, len(current)
        elif one.isspace():
            words += [current] if in_word else []
            current, kept, in_word = "", 0, False
        else:
            current, in_word = current + one, True
            kept = len(current) if one in breaks else kept
    return Typed(tuple(words), current, kept, quote)


def quoted(text: str, quote: str) -> str:
    """Quote text for a line of bash, within an open quote if there is one."""
    if quote == "'":
        return text.replace("'", "'\\''")
    if quote:
        return re.sub(r'(["\\$`])', r"\\\1", text)
    return _UNSAFE.sub(lambda found: "\\" + found[0], text)


def complete(instruction: str, arguments: Sequence[str]) -> int:
    """Write the answer to stdout and return the exit code.

    If it takes too long (a locked ledger, an unavailable disk), the process ends without an answer.
    """
    import threading

    timer = threading.Timer(PATIENCE_S, os._exit, (0,))
    timer.daemon = True
    timer.start()
    try:
        sys.stdout.write(answer(instruction, arguments))
        sys.stdout.flush()
    finally:
        timer.cancel()
    return 0
