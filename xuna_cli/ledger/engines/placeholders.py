"""Convert named statements and values for psycopg."""

import functools
import re
from collections.abc import Mapping

from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.ledger.engines.engine import Parameters

_TOKEN = lazy_pattern(r"'(?:[^']|'')*'|::|:([a-z_]+)|\?|%")


@functools.cache
def translated(sql: str) -> str:
    """Return a statement with psycopg's placeholders: `:name` is `%(name)s`, `?` is `%s`, `%` is `%%`."""

    def replace(token: re.Match[str]) -> str:
        text = token[0]
        if token[1]:
            return f"%({token[1]})s"
        return "%s" if text == "?" else text.replace("%", "%%")

    return _TOKEN.sub(replace, sql)


def without_nul(parameters: Parameters) -> Parameters:
    """Return the values without NUL, which PostgreSQL's text can't hold and foreign text may contain."""
    if isinstance(parameters, Mapping):
        return {name: _without_nul(value) for name, value in parameters.items()}
    return [_without_nul(value) for value in parameters]


def _without_nul(value: object) -> object:
    return (
        value.replace("\x00", "\N{SYMBOL FOR NULL}") if isinstance(value, str) and "\x00" in value else value
    )
