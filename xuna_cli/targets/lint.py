"""Check messages before they are sent, for signs of an error in the template or the list."""

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from xuna_cli.errors import InputError, quoted
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import LintWarning
from xuna_cli.targets.no_names import has_names, may_be_no_name
from xuna_cli.targets.override import FIRST_MESSAGE, Override
from xuna_cli.targets.values import TargetProblem
from xuna_cli.targets.words import (
    ALLOW,
    WHOLE_CELLS,
    Finding,
    for_the_eye,
    may_be_wrong,
    never_right,
    no_value,
    seldom_right,
)

LONGEST_MESSAGE = 1_000
"""Characters; more takes over a minute before the person can say a word."""

_NO_VALUE = lazy_pattern(r"(?<![\w'\u2019-])(None|NaN|nan|null|NULL|undefined)(?![\w'\u2019-])")
# Traces of an empty value: a double space, a space or a comma before a punctuation mark, two dots, empty brackets.
# Three dots are an ellipsis; a dot before a word is .NET, or a fraction.
_GAP = lazy_pattern(r"[ \u00a0]{2,}| [,!?;:]| \.(?![\w.])|,[,.!?]|(?<!\.)\.\.(?!\.)|\( ?\)")
_TWICE = lazy_pattern(r"([$€£¥%])\1")
_HARMLESS = "\n\r\t"  # allowed in a message of several lines
_AROUND = 15  # characters quoted on both sides of a finding


class Lint:
    """Checks every text of every row's override. Thread-safe.

    Args:
        strict: whether to reject a row for everything that looks wrong; otherwise the weaker signs are only warnings.
        allow_odd: whether to warn about text that is never right in speech; otherwise the row is rejected.
        literals: texts of the templates; what they contain is intended.
        on_new: called for each kind of problem in the first row that has it.
    """

    def __init__(
        self,
        *,
        strict: bool,
        allow_odd: bool = False,
        literals: Iterable[str] = (),
        on_new: Callable[[LintWarning], None] = lambda _: None,
    ) -> None:
        self._strict = strict
        self._allow_odd = allow_odd
        self._literals = tuple(literals)
        self._on_new = on_new
        self._lock = threading.Lock()
        self._warnings: dict[str, LintWarning] = {}

    def __call__(
        self,
        row_number: int,
        override: Mapping[str, object],
        cells: Mapping[str, object] = MappingProxyType({}),
        own_message: tuple[str, str] | None = None,
    ) -> None:
        """Check one row.

        Args:
            row_number: number of the row.
            override: the override to send.
            cells: the cells that templates speak, by column.
            own_message: column and text of the row's own first message.

        Raises:
            TargetProblem: for the first text that is never right, or, in strict mode, looks wrong.
        """
        said = list(texts(override, ""))
        found = self._look_at_sources(cells, own_message, [text for _, text in said])
        for path, text in said:
            if text in WHOLE_CELLS and not self._allow_odd:
                self._check_no_value(path, text)
            if _is_plainly_fine(text):
                continue
            for code, message in looks_wrong(text, self._literals):
                if code != "message-braces" or "message-placeholder" not in found:
                    found.setdefault(code, f"{path}: {message}" if self._strict else message)
        for code, message in found.items():
            if self._strict:
                raise TargetProblem(code, message)
            self._note(LintWarning(code, message, 1, row_number))

    def _check_no_value(self, path: str, text: str) -> None:
        """Check that a whole text, such as a row's own message or language, is not a word for a missing value."""
        for finding in no_value(text):
            if not any(finding.matched in literal for literal in self._literals):
                message = f"{path} is {quoted(text)}, {finding.message}"
                raise TargetProblem(finding.code, message)

    def _look_at_sources(
        self, cells: Mapping[str, object], own_message: tuple[str, str] | None, said: Sequence[str]
    ) -> dict[str, str]:
        """Return the problems in the cells and messages from which the texts were made, by code."""
        found: dict[str, str] = {}
        for column, text, is_message in _sources(cells, own_message):
            if not (is_message or may_be_wrong(text) or (has_names(column) and may_be_no_name(text))):
                continue
            never = list(never_right(text, is_message=is_message))
            if is_message and not any(map(str.isalpha, text)):
                never.append(Finding("message-no-value", text.strip(), "a message without words"))
            for finding in (*never, *seldom_right(text, column, is_message=is_message)):
                if not is_message and not any(self._stands_in(finding, each) for each in said):
                    continue
                message = f"{column!r} contains {quoted(text.strip())}, {finding.message}"
                if finding in never and not self._allow_odd:
                    raise TargetProblem(finding.code, message, column)
                found.setdefault(finding.code, message)
        return found

    def _stands_in(self, finding: Finding, text: str) -> bool:
        """Return whether a text says what was found in a cell. A filter such as `title` may have changed the case."""
        if not finding.is_word:
            return finding.matched in text
        pattern = rf"(?<!\w){re.escape(finding.matched)}(?!\w)"
        return any(
            match[0] == finding.matched or not any(match[0] in literal for literal in self._literals)
            for match in re.finditer(pattern, text, re.IGNORECASE)
        )

    @property
    def warnings(self) -> tuple[LintWarning, ...]:
        """The warnings: one for each code, with the message of its first row."""
        with self._lock:
            return tuple(self._warnings.values())

    def _note(self, warning: LintWarning) -> None:
        with self._lock:
            known = self._warnings.get(warning.code)
            self._warnings[warning.code] = (
                warning
                if known is None
                else LintWarning(known.code, known.message, known.rows + 1, known.first_row)
            )
        if known is None:
            self._on_new(warning)


def _sources(
    cells: Mapping[str, object], own_message: tuple[str, str] | None
) -> Iterator[tuple[str, str, bool]]:
    """Yield column and text of each source of a text, and whether it is a whole message."""
    for column, cell in cells.items():
        if isinstance(cell, (str, Mapping, list)):
            for _, text in texts(cell, ""):
                yield column, text, False
    if own_message is not None:
        yield *own_message, True


def looks_wrong(text: str, literals: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield code and message of each problem in a text.

    Args:
        text: the finished text.
        literals: texts of the templates; a gap or a word in them is intended.
    """
    if (match := re.search("[{}]", text)) is not None:
        yield "message-braces", f'the text still contains braces: "{_around(text, match)}"'
    odd = None if text.isprintable() else next((char for char in text if _is_control(char)), None)
    if odd is not None:
        yield "message-control", f"the text contains a control character, U+{ord(odd):04X}"
    for code, pattern, what in (
        ("message-gap", _GAP, 'the text has double spaces or punctuation: "{}"; perhaps a value is empty'),
        ("message-no-value", _NO_VALUE, 'the text contains a word for a missing value: "{}"'),
    ):
        for match in pattern.finditer(text):
            if not any(match[0] in literal for literal in literals):
                yield code, what.format(_around(text, match))
                break
    if (match := _TWICE.search(text)) and not any(match[0] in literal for literal in literals):
        yield (
            "message-twice",
            f'the text has a sign twice: "{_around(text, match)}"; leave it out of the template',
        )
    if len(text) > LONGEST_MESSAGE:
        yield "message-long", f"the text is {len(text):,} characters long"


def _is_control(char: str) -> bool:
    # Zero-width joiners inside words are normal in several scripts, and in emoji.
    return unicodedata.category(char) in ("Cc", "Cf") and char not in _HARMLESS and char not in "\u200c\u200d"


def _is_plainly_fine(text: str) -> bool:
    """Return whether a text certainly has no problem. This takes half a microsecond, and is true for most texts."""
    # Written without a loop, which would take four times as long for every row.
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
        or "$$" in text
        or "€€" in text
        or "££" in text
        or "%%" in text
        or "None" in text
        or "nan" in text
        or "NaN" in text
        or "null" in text
        or "NULL" in text
        or "undefined" in text
    )


def texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text of an override, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from texts(below, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for below in value:
            yield from texts(below, path)


def _around(text: str, match: re.Match[str]) -> str:
    before, after = max(0, match.start() - _AROUND), match.end() + _AROUND
    return ("…" if before else "") + text[before:after] + ("…" if after < len(text) else "")


def check_literals(overrides: Iterable[Override], *, allow_odd: bool) -> list[str]:
    """Check the texts of the first message's templates, which everybody would hear.

    Returns:
        Warnings about text that is seldom right, and about text that is never right, if this is allowed.

    Raises:
        InputError: a text contains a placeholder of another product, or HTML; the hint has the corrected option.
    """
    warnings = []
    for override in overrides:
        if override.path != FIRST_MESSAGE:
            continue
        template = override.template
        for literal in template.said:
            for finding in never_right(literal, is_message=True):
                what = finding.message.partition("; ")[0]  # without the advice, which is for cells
                message = f"{template.where}: everybody would hear {quoted(finding.matched)}, {what}"
                if not allow_odd:
                    hint = f"{template.corrected(finding.matched)}; {ALLOW}"
                    raise InputError(message, hint=hint, code="template-odd")
                warnings.append(message)
            warnings += [
                f"{template.where}: everybody hears {quoted(finding.matched)}, {finding.message}"
                for finding in for_the_eye(literal)
            ]
    return warnings
