"""Compare column names without case, spaces, dashes and underscores: `first_name` finds `First Name`."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from xuna_cli.targets.values import TargetProblem

_SEPARATORS = frozenset("-_\u2010\u2011\u2012\u2013\u2014")


class AmbiguousName(Exception):  # noqa: N818 - a finding, which the caller words for its place
    """Several columns match a name, and none has exactly this spelling.

    Args:
        name: the requested name.
        found: the matching columns, at least two.
    """

    def __init__(self, name: str, found: Sequence[str]) -> None:
        both = " or ".join(map(repr, found[:2]))
        super().__init__(f"{name!r} may mean {both}; write the column name exactly as in the list")
        self.found = tuple(found)


@lru_cache(maxsize=4096)
def unspaced(name: str) -> str:
    """Return a name without case, spaces, dashes and underscores; accents and punctuation stay, unlike in `fold`."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in plain if not char.isspace() and char not in _SEPARATORS)


def column_for(name: str, columns: Iterable[str]) -> str | None:
    """Return the column for a name: the one with this spelling, or else the only one that is the same `unspaced`.

    Raises:
        AmbiguousName: several columns match, and none has this spelling.
    """
    columns = tuple(columns)
    if name in columns:
        return name
    plain = unspaced(name)
    found = [column for column in columns if unspaced(column) == plain]
    if len(found) > 1:
        raise AmbiguousName(name, found)
    return found[0] if found else None


def respelled(fields: Mapping[str, object], names: Iterable[str]) -> Mapping[str, object]:
    """Return a row in which its fields for `names` can be looked up by these names, however the row spells them.

    Raises:
        TargetProblem: several fields of the row match one name.
    """
    lacking = [name for name in names if name not in fields]
    if not lacking:
        return fields
    spelled = dict(fields)
    for name in lacking:
        try:
            column = column_for(name, fields)
        except AmbiguousName as problem:
            raise TargetProblem("column-ambiguous", str(problem), problem.found[1]) from None
        if column is not None:
            spelled[name] = fields[column]
    return spelled


def as_placeholder(column: str) -> str:
    """Return the placeholder for a column: `{{ name }}`, or `{{ row["Order No"] }}`."""
    if column.isidentifier() and column.isascii() and column not in _RESERVED:
        return f"{{{{ {column} }}}}"
    escaped = column.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{{{ row["{escaped}"] }}}}'


# Words with another meaning in Jinja.
_RESERVED = frozenset(
    {"row", "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"}
    | {"self", "super", "loop", "caller", "varargs", "kwargs", "recursive"}
)
