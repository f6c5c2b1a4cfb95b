"""Names of columns, compared without case, spaces, dashes and underscores: `first_name` finds `First Name`."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from xuna_cli.targets.values import TargetProblem

_SEPARATORS = frozenset("-_\u2010\u2011\u2012\u2013\u2014")


class AmbiguousName(Exception):  # noqa: N818 - a finding, which the caller words for its place
    """Several columns match a name, and none is spelled exactly like it.

    Args:
        name: as it was asked for.
        found: the columns that match it, at least two.
    """

    def __init__(self, name: str, found: Sequence[str]) -> None:
        both = " or ".join(map(repr, found[:2]))
        super().__init__(f"{name!r} may mean {both}; write the column name exactly as in the list")
        self.found = tuple(found)


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return a name without case, spaces, dashes and underscores."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in plain if not char.isspace() and char not in _SEPARATORS)


def column_for(name: str, columns: Iterable[str]) -> str | None:
    """Return the column that a name means: the one spelled so, else the only one that matches when folded.

    Raises:
        AmbiguousName: several match, and none is spelled so.
    """
    columns = tuple(columns)
    if name in columns:
        return name
    plain = fold(name)
    found = [column for column in columns if fold(column) == plain]
    if len(found) > 1:
        raise AmbiguousName(name, found)
    return found[0] if found else None


def respelled(fields: Mapping[str, object], names: Iterable[str]) -> Mapping[str, object]:
    """Return a row in which each of `names` that it has, however it is spelled, can be looked up as it stands.

    Raises:
        TargetProblem: several of its columns match one of them.
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
    """Return a column as a template has it: `{{ name }}`, or `{{ row["Order No"] }}`."""
    if column.isidentifier() and column.isascii() and column not in _RESERVED:
        return f"{{{{ {column} }}}}"
    escaped = column.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{{{ row["{escaped}"] }}}}'


# Words that Jinja takes otherwise.
_RESERVED = frozenset(
    {"row", "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else"}
    | {"self", "super", "loop", "caller", "varargs", "kwargs", "recursive"}
)
