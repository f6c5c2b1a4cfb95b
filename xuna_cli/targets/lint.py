"""What will be said, looked at before it is: marks of a template or a list that went wrong."""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xuna_cli.models import Mark
from xuna_cli.targets.values import TargetProblem

LONGEST_MESSAGE = 1_000
"""Characters; more than a minute of speech before the person can say a word."""

_NO_VALUE = re.compile(r"(?<![\w'\u2019-])(None|NaN|nan|null|NULL|undefined)(?![\w'\u2019-])")
# What an empty value leaves behind: a doubled space, a space or a comma before a mark, two dots, empty
# brackets. Three dots are an ellipsis; a dot before a word is .NET, or a fraction.
_GAP = re.compile(r"[ \u00a0]{2,}| [,!?;:]| \.(?![\w.])|,[,.!?]|(?<!\.)\.\.(?!\.)|\( ?\)")
_HARMLESS = "\n\r\t"  # in a message of several lines


class Lint:
    """Looks at every text of every row's override. Thread-safe.

    Args:
        strict: reject a row; else note it.
        sources: the templates: what stands in them as it is was meant so.
    """

    def __init__(self, *, strict: bool, sources: Iterable[str] = ()) -> None:
        self._strict = strict
        self._sources = tuple(sources)
        self._lock = threading.Lock()
        self._marks: dict[str, Mark] = {}

    def __call__(self, row_number: int, override: Mapping[str, object]) -> None:
        """Look at one row.

        Raises:
            TargetProblem: in strict mode, for the first thing that looks wrong.
        """
        for path, text in texts(override, ""):
            if _is_plainly_fine(text):
                continue
            for code, message in looks_wrong(text, self._sources):
                if self._strict:
                    raise TargetProblem(code, f"{path}: {message}")
                self._note(Mark(code, message, 1, row_number))

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What was noted, once for each code, with the words of its first row."""
        with self._lock:
            return tuple(self._marks.values())

    def _note(self, mark: Mark) -> None:
        with self._lock:
            known = self._marks.get(mark.code)
            self._marks[mark.code] = (
                mark if known is None else Mark(known.code, known.message, known.rows + 1, known.first_row)
            )


def looks_wrong(text: str, sources: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield a code and words for each thing about a text that looks wrong.

    Args:
        text: what will be said.
        sources: the templates; a gap or a word that one of them has itself was meant so.
    """
    if (match := re.search("[{}]", text)) is not None:
        yield "message-braces", f'braces are left over in "{_around(text, match)}"'
    odd = next((char for char in text if _is_control(char)), None)
    if odd is not None:
        yield "message-control", f"it has a control character, U+{ord(odd):04X}"
    for code, pattern, what in (
        ("message-gap", _GAP, 'spaces or punctuation are doubled in "{}"; was a value empty?'),
        ("message-no-value", _NO_VALUE, '"{}" speaks of no value; was one missing?'),
    ):
        for match in pattern.finditer(text):
            if not any(match[0] in source for source in sources):
                yield code, what.format(_around(text, match))
                break
    if len(text) > LONGEST_MESSAGE:
        yield "message-long", f"it is {len(text):,} characters long"


def _is_control(char: str) -> bool:
    # Joiners within words are how several scripts, and emoji, are written.
    return unicodedata.category(char) in ("Cc", "Cf") and char not in _HARMLESS and char not in "\u200c\u200d"


def _is_plainly_fine(text: str) -> bool:
    """Return whether nothing can be wrong with a text; it takes half a microsecond, and is enough for most."""
    # Written out, since a loop over these would take four times as long, for every row.
    return not (
        len(text) > LONGEST_MESSAGE
        or not text.isprintable()
        or "{" in text
        or "}" in text
        or "  " in text
        or " ," in text
        or " ." in text
        or " !" in text
        or " ?" in text
        or " ;" in text
        or " :" in text
        or ",," in text
        or ",." in text
        or ",!" in text
        or ",?" in text
        or ".." in text
        or "()" in text
        or "( )" in text
        or "None" in text
        or "nan" in text
        or "NaN" in text
        or "null" in text
        or "NULL" in text
        or "undefined" in text
    )


def texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text of an override, after the path that leads to it from `path`."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from texts(below, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for below in value:
            yield from texts(below, path)


def _around(text: str, match: re.Match[str], width: int = 15) -> str:
    before, after = max(0, match.start() - width), match.end() + width
    return ("…" if before else "") + text[before:after] + ("…" if after < len(text) else "")
