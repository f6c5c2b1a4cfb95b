"""Filters and operators of templates: Jinja's, replaced if they could grow without end or hide an error."""

import json
import math
import operator
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from jinja2 import Environment, Undefined, pass_environment
from jinja2.filters import make_attrgetter
from jinja2.sandbox import ImmutableSandboxedEnvironment

from xuna_cli.errors import quoted
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.models import TypedText
from xuna_cli.targets import date_filters
from xuna_cli.targets.bounds import guarded, weigh
from xuna_cli.targets.values import LONGEST_TEXT, JsonText, TemplateProblem, spoken, too_long

_JINJA = ImmutableSandboxedEnvironment().filters
_GROWING = frozenset({"batch", "center", "indent", "slice", "urlize", "wordwrap"})
_OF_TEXTS = frozenset(
    {"capitalize", "center", "e", "escape", "forceescape", "indent", "lower", "pprint", "safe", "striptags"}
    | {"title", "trim", "truncate", "upper", "urlencode", "urlize", "wordcount", "wordwrap"}
)
_SPECIFIERS = lazy_pattern(r"%(?:%|[-+ #0]*(\d*)(?:\.(\d*))?([diouxXeEfFgGs]))")
_MOST_WIDTH = 99


def number_of(value: object) -> object:
    """Return the number of a workbook's cell, or any other value unchanged."""
    if isinstance(value, TypedText) and isinstance(value.value, (int, float)):
        return value.value
    return value


def computable(sign: str, value: object) -> object:
    """Return an operand as a number.

    Raises:
        TemplateProblem: the operand is not a number; the message says how to convert text.
    """
    if isinstance(value, Undefined):
        str(value)  # raises the error for an empty cell
    number = number_of(value)
    if isinstance(number, (int, float, Decimal)):
        return number
    if isinstance(number, str):
        how = "to join texts, use ~" if sign == "+" else "see the filters int and float"
        raise TemplateProblem(
            "template-error",
            f"{sign} needs numbers, but {quoted(number)} is text; make it a number, e.g. "
            f"{{{{ (amount | float) {sign} 2 }}}}; {how}",
        )
    raise TemplateProblem("template-error", f"{sign} needs numbers; to join texts, use ~")


_ORDER = {"lt": operator.lt, "lteq": operator.le, "gt": operator.gt, "gteq": operator.ge}
_EQUALITY = {"eq": operator.eq, "ne": operator.ne}
COMPARISONS = frozenset(_ORDER | _EQUALITY)


def compare(left: Any, comparison: str, right: Any) -> Any:
    """Compare two values like Jinja; a number in a workbook's cell is compared as a number.

    Raises:
        TemplateProblem: a text is compared with a number.
    """
    texts = [value for value in (left, right) if isinstance(value, str)]
    if len(texts) < 2 or all(isinstance(text, TypedText) for text in texts):  # noqa: PLR2004 - the two of them
        left, right = number_of(left), number_of(right)
    if comparison in _EQUALITY:
        return _EQUALITY[comparison](left, right)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str) and isinstance(other, (int, float, Decimal)):
            raise TemplateProblem(
                "template-error",
                f"{quoted(one)} is text and can't be compared with a number; make it a number, e.g. "
                "{% if amount | float > 100 %}",
            )
    return _ORDER[comparison](left, right)


@pass_environment
def _join(environment: Environment, values: Iterable[object], d: object = "", attribute: Any = None) -> str:
    """Join the values of a list, each as it is spoken."""
    between = spoken(d)
    texts = [spoken(value) for value in _each(environment, values, attribute)]
    if sum(map(len, texts)) + len(texts) * len(between) > LONGEST_TEXT:
        raise too_long()
    return between.join(texts)


def _each(environment: Environment, values: Iterable[object], attribute: Any) -> Iterable[object]:
    return values if attribute is None else map(make_attrgetter(environment, attribute), values)


def _replace(value: object, old: object, new: object, count: int = -1) -> str:
    text, sought, put = spoken(value), spoken(old), spoken(new)
    if len(text) + text.count(sought) * len(put) > LONGEST_TEXT:
        raise too_long()
    return text.replace(sought, put, count)


def _format(pattern: object, *values: object) -> str:
    """Format like printf, as Jinja's `format` does: `{{ "%.2f" | format(price) }}`."""
    text = spoken(pattern)
    specifiers = [match for match in _SPECIFIERS.finditer(text) if match[0] != "%%"]
    if text.count("%") != sum(match[0].count("%") for match in _SPECIFIERS.finditer(text)):
        raise TemplateProblem("template-error", 'a format looks like "%.2f", "%d" or "%s"')
    if any(int(width or 0) > _MOST_WIDTH for match in specifiers for width in match.group(1, 2)):
        raise TemplateProblem("template-error", "a format width may have at most two digits")
    of_texts = [match[3] == "s" for match in specifiers]
    if len(of_texts) == len(values):
        values = tuple(
            spoken(value) if is_text else computable("a number's format", value)
            for is_text, value in zip(of_texts, values, strict=True)
        )
    if sum(map(weigh, values)) + len(text) + _MOST_WIDTH * len(values) > LONGEST_TEXT:
        raise too_long()
    return text % values


def _round(value: object, precision: int = 0, method: str = "common") -> float:
    if not -15 <= precision <= 15:  # noqa: PLR2004 - the digits that a float has
        raise TemplateProblem("template-error", "round takes -15 to 15 digits")
    return _JINJA["round"](computable("round", value), precision, method)  # type: ignore[no-any-return]


def _numeric(convert: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    """Return Jinja's `int` or `float`, but raise an error for a value that is not a number; Jinja returns 0."""

    def numeric(value: object, default: object = None) -> object:
        number = number_of(value)
        try:
            if isinstance(number, str):
                number = Decimal(number.strip())
            if isinstance(number, (int, float, Decimal)) and math.isfinite(number):
                return convert(number)
        except (InvalidOperation, ValueError, OverflowError):
            pass
        if default is not None:
            return default
        raise TemplateProblem(
            "template-error",
            f"{quoted(value)} is not a number; {name} only reads numbers like 12, -3 and 12.50",
        )

    return numeric


@pass_environment
def _sum(environment: Environment, values: Iterable[object], attribute: Any = None, start: Any = 0) -> Any:
    """Add numbers. Jinja's filter also adds lists, which can double forty times."""
    total = computable("sum", start)
    for value in _each(environment, values, attribute):
        total = total + computable("sum", value)  # type: ignore[operator]
    return total


def _to_json(value: object) -> JsonText:
    """Return plain JSON. Jinja's filter escapes `<`, `>`, `&` and `'` for HTML, which is not needed here."""
    if isinstance(value, Undefined):
        str(value)
    weigh(value)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(text) > LONGEST_TEXT:
        raise too_long()
    return JsonText(text)


def filters() -> dict[str, Callable[..., Any]]:
    """Return the filters of templates by name: Jinja's, our replacements, and the date filters."""
    ours: dict[str, Callable[..., Any]] = {
        "join": _join,
        "replace": _replace,
        "format": _format,
        "round": _round,
        "int": _numeric(int, "int"),
        "float": _numeric(float, "float"),
        "sum": _sum,
        "string": spoken,
    }
    made = {
        name: guarded(function, is_of_text=name in _OF_TEXTS, is_growing=name in _GROWING)
        for name, function in (_JINJA | ours | date_filters.filters()).items()
    }
    return made | {name: _JINJA[name] for name in ("d", "default")} | {"tojson": _to_json}
