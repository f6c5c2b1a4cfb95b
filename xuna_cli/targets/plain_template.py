"""Templates of texts and `{{ name }}` only, which nearly all are: understood without Jinja, which takes long to import.

A test compares them with Jinja. Every other template is read by `jinja_template`, and so is everything in doubt.
"""

from collections.abc import Iterator, Mapping, Sequence

from xuna_cli.dataclass import dataclass
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.targets.values import EmptyValue, is_empty, spoken

_PLACEHOLDER = lazy_pattern(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}")
# What begins or ends something of Jinja's, line breaks that it changes, and broken characters that it rejects.
_IN_DOUBT = lazy_pattern(r"\{[{%#]|[}%#]\}|[\r\ud800-\udfff]|\n\Z")
_NAMES_OF_THE_LANGUAGE = frozenset(
    "True False None true false none and or not if else elif in is for recursive row self super loop caller varargs "
    "kwargs".split()
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A column that is spoken unchanged, with an optional default."""

    column: str
    default: str | None = None


Parts = Sequence[str | Placeholder]
"""Literal texts and placeholders in their order."""


def plain_parts(source: str) -> Parts | None:
    """Return the parts of a template; None if it may have anything but texts and `{{ name }}`."""
    pieces = _PLACEHOLDER.split(source)
    texts, names = pieces[::2], pieces[1::2]
    if any(_IN_DOUBT.search(text) for text in texts) or not _NAMES_OF_THE_LANGUAGE.isdisjoint(names):
        return None
    # `{{{ name }}}`: Jinja would read the text before and the placeholder together.
    if any(text.endswith("{") for text in texts[:-1]) or any(text.startswith("}") for text in texts[1:]):
        return None
    placed = [Placeholder(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
    return [part for part in placed if part != ""]


def spoken_parts(parts: Parts, fields: Mapping[str, object]) -> Iterator[str]:
    """Yield the text of each part for a row.

    Args:
        parts: the parts of a template.
        fields: the row's cells by column.

    Raises:
        EmptyValue: the cell of a placeholder without a default is empty.
        TemplateProblem: a cell can't be spoken.
    """
    for part in parts:
        if isinstance(part, str):
            yield part
        elif not is_empty(cell := fields.get(part.column)):
            yield spoken(cell)
        elif part.default is None:
            raise EmptyValue(part.column)
        else:
            yield part.default
