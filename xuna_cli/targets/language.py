"""The language of templates: a part of Jinja2, in its sandbox, and what can be told of a template beforehand.

No template can stall the program or write without end: loops don't nest, there are no macros, and filters,
operators and attributes are those listed here.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from jinja2 import TemplateSyntaxError, Undefined, meta, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from xuna_cli.targets.values import (
    LONGEST_TEXT,
    Empty,
    EmptyValue,
    TemplateProblem,
    is_empty,
    spoken,
    too_long,
)

_MOST_BITS = 1024
_JINJA_OWN = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs"})
_LANGUAGE = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.Name),
    *(nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Getattr),
    *(nodes.Getitem, nodes.Slice, nodes.Call, nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Compare),
    *(nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub),
    *(nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat),
)
_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "first", "float", "int", "items", "last", "length"),
    *("list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select"),
    *("selectattr", "sort", "string", "sum", "title", "trim", "truncate", "unique", "upper", "wordcount"),
)
_METHODS = frozenset(
    {"upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "startswith", "endswith", "split"}
    | {"items", "keys", "values", "get"}
)
_LOOP = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that refuses empty values, as Jinja's own would say "None" or nothing at all."""
    position = 1 if hasattr(function, "jinja_pass_arg") else 0  # behind Jinja's environment or context

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        value = args[position]
        if value is None:
            raise TemplateProblem(
                "template-empty-value", "a filter was given a value that is null in this row"
            )
        if isinstance(value, Undefined):
            str(value)
        return function(*args, **kwargs)

    return guarded


def _concat(values: Iterable[object]) -> str:
    text = "".join(map(spoken, values))
    if len(text) > LONGEST_TEXT:
        raise too_long()
    return text


def _join_filter(values: Iterable[object], separator: str = "") -> str:
    """Join a list's values, each as it is spoken."""
    texts = [spoken(value) for value in values]
    if sum(map(len, texts)) + len(texts) * len(separator) > LONGEST_TEXT:
        raise too_long()
    return separator.join(texts)


def _replace(value: object, old: str, new: str) -> str:
    text = spoken(value)
    if len(text) + text.count(old) * len(new) > LONGEST_TEXT:
        raise too_long()
    return text.replace(old, new)


def _format(pattern: str, *values: object) -> str:
    """Printf-style, as Jinja's `format`: `{{ "%.2f" | format(price) }}`."""
    if re.search(r"\d{3}|\*", pattern):
        raise TemplateProblem("template-error", "a format's width has at most two digits")
    for value in values:
        if isinstance(value, Undefined):
            str(value)
    return pattern % values


def _round(value: float, precision: int = 0, method: str = "common") -> float:
    if not -15 <= precision <= 15:  # noqa: PLR2004 - the digits that a float has
        raise TemplateProblem("template-error", "round takes -15 to 15 digits")
    return _JINJA_ROUND(value, precision, method)  # type: ignore[no-any-return]


def _to_json(value: object) -> str:
    """Plain JSON. Jinja's own escapes `<`, `>`, `&` and `'` for HTML, and nobody here reads HTML."""
    if isinstance(value, Undefined):
        str(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


class _Language(ImmutableSandboxedEnvironment):
    """Jinja2 with empty cells, no globals, and a bound on whatever makes long texts of short ones."""

    intercepted_binops = frozenset({"+", "*", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        for operand in (left, right):
            if isinstance(operand, Undefined):
                str(operand)  # raises what there is to say about it
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return _concat((left, right))
        # A text times a thousand million, or a format that pads to as much.
        if any(isinstance(operand, (str, list, tuple, dict)) for operand in (left, right)):
            raise TemplateProblem("template-error", f"{operator} is for numbers; to put texts together use ~")
        # Squared forty times, a digit fills the memory.
        if sum(operand.bit_length() for operand in (left, right) if isinstance(operand, int)) > _MOST_BITS:
            raise TemplateProblem("template-error", "the numbers grow too large")
        return super().call_binop(context, operator, left, right)

    def getitem(self, obj: Any, argument: Any) -> Any:
        value = super().getitem(obj, argument)
        return self.undefined(obj=obj, name=argument) if is_empty(value) else value

    def getattr(self, obj: Any, attribute: str) -> Any:
        value = super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute) if is_empty(value) else value

    def wrap_str_format(self, value: Any) -> None:
        """Let `"{:>999999999}".format(1)` be an attribute like others: not among those listed."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        names = _LOOP if isinstance(obj, LoopContext) else _METHODS
        return attr in names and super().is_safe_attribute(obj, attr, value)


def _environment() -> _Language:
    environment = _Language(undefined=Empty, autoescape=False, finalize=spoken, cache_size=0)
    # A column may be called `range` or `dict`; an empty cell of it must not speak a function.
    environment.globals.clear()
    own = {name: environment.filters[name] for name in _FILTERS}
    environment.filters.clear()
    environment.filters.update(
        {name: own[name] if name in ("d", "default") else _guarded(own[name]) for name in own}
    )
    environment.filters.update(
        join=_guarded(_join_filter),
        replace=_guarded(_replace),
        format=_guarded(_format),
        round=_guarded(_round),
    )
    environment.filters.update(tojson=_to_json, _concat=_concat)
    return environment


_JINJA_ROUND = ImmutableSandboxedEnvironment().filters["round"]
ENVIRONMENT = _environment()


class BoundedConcat(NodeTransformer):
    """Makes `a ~ b` a call of ours: `{% set a = a ~ a %}` forty times is a terabyte."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - Jinja's name
        """Return the call."""
        self.generic_visit(node)
        values = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(values, "_concat", [], [], None, None, lineno=node.lineno)


def check_language(tree: nodes.Template) -> None:
    """Check that a template stays within the language.

    Raises:
        TemplateSyntaxError: it does not.
    """
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _LANGUAGE):
            raise TemplateSyntaxError(f"{type(node).__name__.lower()} is not available here", node.lineno)
        if isinstance(node, nodes.For) and (node.recursive or any(True for _ in node.find_all(nodes.For))):
            raise TemplateSyntaxError("a loop within a loop is not available here", node.lineno)
        if isinstance(node, nodes.Name) and node.name in _JINJA_OWN and node.name != "loop":
            raise TemplateSyntaxError(
                f'for a column called {node.name} write row["{node.name}"]', node.lineno
            )
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise TemplateSyntaxError(f"{node.attr} can't be reached from here", node.lineno)
        if isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Getattr):
            raise TemplateSyntaxError("there are no functions here", node.lineno)


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a column.

    Attributes:
        column: which.
        required: whether it is used otherwise than through `default` or `is defined`.
        through_row: whether as `row["…"]`.
    """

    column: str
    required: bool
    through_row: bool


def _column_of(node: nodes.Node, undeclared: frozenset[str]) -> tuple[str, bool] | None:
    """Return the column that an expression is, and whether it is reached through `row`."""
    if isinstance(node, nodes.Name):
        return (node.name, False) if node.name in undeclared and node.name != "row" else None
    if not isinstance(node, (nodes.Getitem, nodes.Getattr)) or "row" not in undeclared:
        return None
    if not isinstance(node.node, nodes.Name) or node.node.name != "row":
        return None
    if isinstance(node, nodes.Getattr):
        return node.attr, True
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return node.arg.value, True
    return None


def _undeclared(tree: nodes.Template) -> frozenset[str]:
    return frozenset(meta.find_undeclared_variables(tree))


def uses_of(tree: nodes.Template) -> list[Use]:
    """Return what a template uses, in order of appearance."""
    undeclared = _undeclared(tree)

    def walk(node: nodes.Node, *, required: bool) -> Iterator[Use]:
        column = _column_of(node, undeclared)
        if column is not None:
            yield Use(column[0], required, column[1])
            return
        spared = None
        if isinstance(node, (nodes.Filter, nodes.Test)) and node.name in (
            "default",
            "d",
            "defined",
            "undefined",
        ):
            spared = node.node
        for child in node.iter_child_nodes():
            yield from walk(child, required=child is not spared)

    return list(walk(tree, required=True))


class Placeholder:
    """A column that is spoken as it is, or else its default."""

    __slots__ = ("column", "default")

    def __init__(self, column: str, default: str | None) -> None:
        self.column = column
        self.default = default


def parts_of(tree: nodes.Template) -> list[str | Placeholder] | None:
    """Return a template as literal texts and placeholders; None: there is more to it.

    Most templates are no more than that, and joining is ten times faster than Jinja in its sandbox.
    """
    undeclared = _undeclared(tree)
    parts: list[str | Placeholder] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            default = None
            value: nodes.Node | None = node
            if isinstance(node, nodes.TemplateData):
                parts.append(node.data)
                continue
            if isinstance(node, nodes.Filter) and node.name in ("default", "d"):
                value = node.node
                if len(node.args) != 1 or node.kwargs or node.dyn_args or node.dyn_kwargs:
                    return None
                if not isinstance(node.args[0], nodes.Const) or not isinstance(node.args[0].value, str):
                    return None
                default = node.args[0].value
            column = None if value is None else _column_of(value, undeclared)
            if column is None:
                return None
            parts.append(Placeholder(column[0], default))
    return parts


def join_parts(parts: Iterable[str | Placeholder], fields: Mapping[str, object]) -> str:
    """Do what Jinja would do with `parts`, word for word (a property test compares the two)."""
    texts = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        value = fields.get(part.column)
        if type(value) is str and value[:1].isalnum():  # most of them: not empty, and spoken as it is
            texts.append(value)
        elif not is_empty(value):
            texts.append(spoken(value))
        elif part.default is None:
            raise EmptyValue(part.column)
        else:
            texts.append(part.default)
    return "".join(texts)
