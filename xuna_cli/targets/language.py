"""The template language: Jinja2 in its immutable sandbox.

Macros, nested loops and Jinja's filters work as usual. Our additions: nothing empty is spoken, no text and no
computation grows without end, and the result of an expression in JSON is exactly one value (see `json_template`).
"""

from collections.abc import Callable
from typing import Any, cast

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Namespace, missing
from jinja2.visitor import NodeTransformer

from xuna_cli.targets.bounds import WORK_OF_A_CALL, charge, concat, literal, settled, steps, weigh
from xuna_cli.targets.filters import COMPARISONS, compare, computable, filters, number_of
from xuna_cli.targets.json_template import marked
from xuna_cli.targets.values import EmptyValue, Speakable, TemplateProblem, is_empty, spoken

_MOST_BITS = 1024
"""Maximum bits of both operands together: a digit that is squared forty times fills the memory."""
# Types whose attributes and methods are allowed: Jinja's own, and values whose methods can't make them large.
_OPEN = (str, dict, list, tuple, LoopContext, Macro, Cycler, Namespace)
_OF_TEXT = frozenset(dir(str)) - frozenset(
    {"center", "encode", "expandtabs", "format", "format_map", "join", "ljust", "replace", "rjust"}
    | {"translate", "zfill"}
)


class Empty(StrictUndefined):
    """Stands for an empty cell: false in a test, undefined for `default`, an error when used."""

    __slots__ = ()

    def __init__(self, hint: Any = None, obj: Any = missing, name: Any = None, exc: Any = None) -> None:
        super().__init__(hint, obj, name, exc)
        if exc is not SecurityError:
            self._undefined_exception = lambda _: EmptyValue(str(name or hint or "a value"))  # type: ignore[assignment]

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __contains__(self, _item: object) -> bool:  # type: ignore[override]
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return isinstance(other, Undefined) or is_empty(other)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(None)


Speakable.register(Undefined)  # also what `{{ a if b }}` gives without an else


class _Language(ImmutableSandboxedEnvironment):
    """Jinja2 with empty cells, and limits for everything that makes long texts from short ones."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            numbers = [number_of(left), number_of(right)]
            if any(isinstance(number, str) for number in numbers):
                return concat((left, right))
        left, right = computable(operator, left), computable(operator, right)
        bits = [operand.bit_length() for operand in (left, right) if isinstance(operand, int)]
        if operator == "**" and isinstance(left, int):
            bits = [left.bit_length() * abs(right)]
        if sum(bits) > _MOST_BITS:
            raise TemplateProblem("template-error", "the numbers become too large")
        return super().call_binop(context, operator, left, right)

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        return super().call_unop(context, operator, computable(operator, arg))

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        for each in (getattr(obj, "__self__", None), *args, *kwargs.values()):
            charge(weigh(each))
        charge(WORK_OF_A_CALL)
        return settled(super().call(context, obj, *args, **kwargs))

    def getitem(self, obj: Any, argument: Any) -> Any:
        value = super().getitem(obj, argument)
        return self.undefined(obj=obj, name=argument) if is_empty(value) else value

    def getattr(self, obj: Any, attribute: str) -> Any:
        value = super().getattr(obj, attribute)
        if is_empty(value) and not isinstance(obj, Namespace):  # which has the template's own values
            return self.undefined(obj=obj, name=attribute)
        return value

    def wrap_str_format(self, value: Any) -> None:
        """Forbid `"{:>999999999}".format(1)`, like other methods."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        is_open = isinstance(obj, _OPEN) and (not isinstance(obj, str) or attr in _OF_TEXT)
        return is_open and super().is_safe_attribute(obj, attr, value)


def _environment(finalize: Callable[[object], str]) -> _Language:
    environment = _Language(undefined=Empty, autoescape=False, finalize=finalize, cache_size=0)
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(filters())
    environment.filters.update(
        _concat=concat, _made=settled, _steps=steps, _compare=compare, _literal=literal
    )
    return environment


def _spoken(value: object) -> str:
    text = spoken(value)
    charge(len(text))
    return text


ENVIRONMENT = _environment(_spoken)
JSON_ENVIRONMENT = _environment(marked)
"""Environment for templates that make JSON: values of cells are marked, so that they can't change the syntax."""


class Bounded(NodeTransformer):
    """Replaces operations that Jinja does without a limit, or without an error, by our filters.

    Repeating `{% set a = a ~ a %}` or `{% set a = [a, a] %}` forty times makes a terabyte.
    """

    _is_repeated = False

    def visit_Output(self, node: nodes.Output) -> nodes.Output:  # noqa: N802 - Jinja's name
        """Return the output with a count of the template's own text, if it may be repeated."""
        self.generic_visit(node)
        length = sum(len(text.data) for text in node.nodes if isinstance(text, nodes.TemplateData))
        if self._is_repeated and length:
            node.nodes.append(_call(nodes.Const(length, lineno=node.lineno), "_literal"))
        return node

    def _repeated(self, node: nodes.Node) -> nodes.Node:
        outside, self._is_repeated = self._is_repeated, True
        self.generic_visit(node)
        self._is_repeated = outside
        return node

    visit_Macro = visit_CallBlock = _repeated  # noqa: N815

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 - Jinja's name
        """Return the call for `a ~ b`."""
        self.generic_visit(node)
        return _call(nodes.List(node.nodes, lineno=node.lineno), "_concat")

    def visit_List(self, node: nodes.List) -> nodes.Filter:  # noqa: N802
        """Return the call for `[a, b]`."""
        self.generic_visit(node)
        return _call(node, "_made")

    def visit_Dict(self, node: nodes.Dict) -> nodes.Filter:  # noqa: N802
        """Return the call for `{"a": b}`."""
        self.generic_visit(node)
        return _call(node, "_made")

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:  # noqa: N802
        """Return the call for `(a, b)`; leave it unchanged if it sets names."""
        self.generic_visit(node)
        return node if node.ctx == "store" else _call(node, "_made")

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        """Return the loop with a limit on its steps."""
        self._repeated(node)
        node.iter = _call(node.iter, "_steps")
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:  # noqa: N802
        """Return the call for `a > b`; leave comparisons of several values unchanged."""
        self.generic_visit(node)
        operand = node.ops[0]
        if len(node.ops) > 1 or operand.op not in COMPARISONS:
            return node
        return _call(node.expr, "_compare", nodes.Const(operand.op, lineno=node.lineno), operand.expr)


def _call(value: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast(nodes.Expr, value), name, list(args), [], None, None, lineno=value.lineno)
