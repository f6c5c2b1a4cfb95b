"""Fast path: fill gaps in the JSON that all rows share, for rows whose cells can't cause a problem.

Almost all rows are like that. For them, this does rendering, lint and JSON in one step. Any other cell (with a quote,
a number, nothing at all) takes the slow path, as only that decides what the row means or what is wrong with it. A test
checks that both paths give the same results.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any

from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.targets.lint import LONGEST_MESSAGE, looks_wrong, texts
from xuna_cli.targets.no_names import has_names, may_be_no_name
from xuna_cli.targets.override import Override, as_json, build_override
from xuna_cli.targets.plain_template import Placeholder
from xuna_cli.targets.values import FILLERS, TemplateProblem, check_encodable
from xuna_cli.targets.words import WHOLE_CELLS, signed_placeholder
from xuna_cli.targets.wrong_encoding import find_misread

# Characters that are in nothing that lint looks for in a message, and that JSON does not escape. Letters of any
# script are allowed.
_SAFE = r"\w$&*+@^`~'\-"
_find_odd = re.compile(rf"[^{_SAFE} ]").search
# Words with punctuation in its normal place: `Umbrella, Inc.`, `12.50`, `10:30`.
_WORD = rf"[{_SAFE}]++(?:[.,:!][{_SAFE}]++)*+"
_PHRASE = rf"{_WORD}(?:[.,:!?]? {_WORD})*+"
# `2026-11-24`, `10:30:00`: dates or times in a form that people don't say.
_find_date = re.compile(r"-\d\d-").search
_find_time = re.compile(r":\d\d:").search
_BETWEEN = "\x1f"
_GAP = lazy_pattern(r"\\u0000(\d+)\\u0000")  # a gap in the JSON: NUL, the placeholder's position, NUL

Values = Callable[[Mapping[str, object]], Sequence[Any]]


class FastPath:
    """Makes the override of a row as JSON, if none of its cells can cause a problem.

    Args:
        literals: the JSON before, between and after the placeholders; one more than placeholders.
        placeholders: the placeholders, in their order in the JSON.
        has_dot: for each placeholder, whether a dot follows it.
    """

    def __init__(
        self, literals: Sequence[str], placeholders: Sequence[Placeholder], has_dot: Sequence[bool]
    ) -> None:
        self._format = "%s".join(literal.replace("%", "%%") for literal in literals)
        # A dot at the end of a cell is one too many if the template continues with a dot.
        self._are_phrases = re.compile(
            _BETWEEN.join(_PHRASE + ("" if dot else r"\.?+") for dot in has_dot)
        ).fullmatch
        self._values = _values_of(placeholders)
        self._names = [at for at, each in enumerate(placeholders) if has_names(each.column)]
        # In "${{ amount }}", a cell with its own sign gives two.
        self._has_sign = "$" in self._format

    def __call__(self, fields: Mapping[str, object]) -> str | None:
        """Return the override of a row; None if it needs the slow path."""
        try:
            values = self._values(fields)
            try:
                together = f" {' '.join(values)} "
            except TypeError:  # in JSON, e.g. an order number is a number
                values = [str(value) if type(value) is int else value for value in values]
                together = f" {' '.join(values)} "
        except (KeyError, TypeError, ValueError):  # a cell is missing, not text, or has thousands of digits
            return None
        # An empty cell, or a space at its edge, gives two spaces here.
        if (
            "  " in together
            or (
                _find_odd(together) and (not self._are_phrases(_BETWEEN.join(values)) or _find_time(together))
            )
            or "None" in together
            or "nan" in together
            or "NaN" in together
            or "null" in together
            or "NULL" in together
            or "undefined" in together
            or ("-" in together and _find_date(together))
            or not WHOLE_CELLS.isdisjoint(values)
            or "E+" in together
            or signed_placeholder(together)
            or ("$" in together and (self._has_sign or "$$" in together))
        ):
            return None
        for at in self._names:
            if may_be_no_name(values[at]):
                return None
        if not together.isascii():
            if find_misread(together) or any(filler in together for filler in FILLERS):
                return None
            values = tuple([encode_basestring_ascii(value)[1:-1] for value in values])
        made = self._format % tuple(values)
        # The JSON is longer than the text; if it may be too long, take the slow path.
        return made if len(made) <= LONGEST_MESSAGE else None


def _values_of(placeholders: Sequence[Placeholder]) -> Values:
    columns = [each.column for each in placeholders]
    if all(each.default is None for each in placeholders) and len(columns) > 1:
        return itemgetter(*columns)  # raises TypeError for values that are not text
    defaults = [(each.column, each.default or "") for each in placeholders]
    return lambda fields: tuple(
        [default if (cell := fields[column]) == "" else cell for column, default in defaults]
    )


def fast_path(overrides: Sequence[Override]) -> FastPath | None:
    """Return the fast path for these templates, or None.

    It exists if all values of the override that differ between rows are texts made of literals and placeholders, and
    neither these nor the other values look wrong themselves.
    """
    placeholders: list[Placeholder] = []
    has_dot: list[bool] = []
    gaps, examples = [], []
    for override in overrides:
        if override.constant is not None:
            gaps.append(override)
            examples.append(override)
            continue
        parts = override.template.parts
        if override.is_json or parts is None or not _stand_apart(parts):
            return None
        with_gaps = ""
        for position, part in enumerate(parts):
            if isinstance(part, str):
                with_gaps += part
            else:
                with_gaps += f"\0{len(placeholders)}\0"
                placeholders.append(part)
                has_dot.append(
                    str(parts[position + 1]).startswith(".") if position + 1 < len(parts) else False
                )
        gaps.append(replace(override, constant=(with_gaps,)))
        example = "".join(part if isinstance(part, str) else "x" for part in parts)
        examples.append(replace(override, constant=(example,)))
    if not placeholders:
        return None
    own_literals = [text for override in overrides for text in override.template.literals]
    said = [text for _, text in texts(build_override({}, examples, {}) or {}, "")]
    if any(True for text in said for _ in looks_wrong(text, own_literals)):
        return None
    literals = _GAP.split(as_json(build_override({}, gaps, {}) or {}))
    order = [int(position) for position in literals[1::2]]
    if sorted(order) != list(range(len(placeholders))):  # the template contains NUL
        return None
    return FastPath(literals[::2], [placeholders[each] for each in order], [has_dot[each] for each in order])


def _stand_apart(parts: Sequence[str | Placeholder]) -> bool:
    """Return whether cells can't form words together with the literals, and the literals can be sent."""
    for one, other in pairwise(parts):
        if not isinstance(one, str) and not isinstance(other, str):
            return False
        if isinstance(one, str) and not isinstance(other, str) and one[-1:].isalpha():
            return False
        if not isinstance(one, str) and isinstance(other, str) and other[:1].isalpha():
            return False
    try:
        check_encodable("".join(part for part in parts if isinstance(part, str)))
    except TemplateProblem:  # each row is rejected for it
        return False
    return True
