"""The language of templates: a part of Jinja2, in its sandbox, and what can be told of a template beforehand.

No template can stall the program or write without end: loops don't nest, there are no macros, and filters,
operators and attributes are those listed here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from xuna_cli.targets import date_filters
from xuna_cli.targets.bounds import charge, concat, settled, steps, weigh
from xuna_cli.targets.filters import COMPARISONS, compare, computable, filters, number_of
from xuna_cli.targets.json_template import marked
from xuna_cli.targets.values import FILLERS, Empty, EmptyValue, TemplateProblem, is_empty, spoken

_MOST_BITS = 1024
"""Of both operands together: squared forty times, a digit fills the memory."""
LONGEST_TEMPLATE = 100_000
_JINJA_OWN = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs"})
_LANGUAGE = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign, nodes.Name),
    *(nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.Getattr),
    *(nodes.Getitem, nodes.Slice, nodes.Call, nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Compare),
    *(nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub),
    *(nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Concat),
)
_METHODS = frozenset(
    {"upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "startswith", "endswith", "split"}
    | {"items", "keys", "values", "get"}
)
_LOOP = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})


class _Language(ImmutableSandboxedEnvironment):
    """Jinja2 with empty cells, no globals, and a bound on whatever makes long texts of short ones."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})
    intercepted_unops = frozenset({"+", "-"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            numbers = [number_of(left), number_of(right)]
            if any(isinstance(number, str) for number in numbers):
                return concat((left, right))
        left, right = computable(operator, left), computable(operator, right)
        if sum(operand.bit_length() for operand in (left, right) if isinstance(operand, int)) > _MOST_BITS:
            raise TemplateProblem("template-error", "the numbers grow too large")
        return super().call_binop(context, operator, left, right)

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        return super().call_unop(context, operator, computable(operator, arg))

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        for each in (getattr(obj, "__self__", None), *args, *kwargs.values()):
            charge(weigh(each))
        return settled(super().call(context, obj, *args, **kwargs))

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


def _environment(finalize: Callable[[object], str]) -> _Language:
    environment = _Language(undefined=Empty, autoescape=False, finalize=finalize, cache_size=0)
    # A column may be called `range` or `dict`; an empty cell of it must not speak a function.
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(filters())
    environment.filters.update(_concat=concat, _made=settled, _steps=steps, _compare=compare)
    return environment


ENVIRONMENT = _environment(spoken)
JSON_ENVIRONMENT = _environment(marked)
"""For templates that give JSON: what comes of a cell is marked, so that it can't be taken for the template's."""


class Bounded(NodeTransformer):
    """Makes filters of ours of what Jinja would do itself, without a bound or without a word.

    `{% set a = a ~ a %}` forty times is a terabyte, and so is `{% set a = [a, a] %}`.
    """

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
        """Return the call for `(a, b)`; where names are set, it is none."""
        self.generic_visit(node)
        return node if node.ctx == "store" else _call(node, "_made")

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802
        """Return the loop, over no more than it may go through."""
        self.generic_visit(node)
        node.iter = _call(node.iter, "_steps")
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:  # noqa: N802
        """Return the call for `a > b`; what compares several at once stays as it is."""
        self.generic_visit(node)
        operand = node.ops[0]
        if len(node.ops) > 1 or operand.op not in COMPARISONS:
            return node
        return _call(node.expr, "_compare", nodes.Const(operand.op, lineno=node.lineno), operand.expr)


def _call(value: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast(nodes.Expr, value), name, list(args), [], None, None, lineno=value.lineno)


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


def check_dates(tree: nodes.Template) -> None:
    """Check the patterns and languages of dates that a template says itself.

    Raises:
        TemplateSyntaxError: there is a wrong one.
    """
    for call in tree.find_all(nodes.Filter):
        if call.name not in date_filters.NAMES:
            continue
        given: dict[str, nodes.Node] = dict(
            zip(("pattern", "locale", "input", "timezone"), call.args, strict=False)
        )
        given |= {str(pair.key): pair.value for pair in call.kwargs}
        texts = {
            name: node.value
            for name, node in given.items()
            if isinstance(node, nodes.Const) and isinstance(node.value, str)
        }
        try:
            date_filters.check_constants(call.name, texts)
        except TemplateProblem as problem:
            raise TemplateSyntaxError(problem.message, call.lineno) from None


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


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A column that is spoken as it is, or else its default."""

    column: str
    default: str | None


def said_by(tree: nodes.Template) -> list[str]:
    """Return the texts of a template that may be spoken as they stand: what is outside expressions, and defaults."""
    texts = [data.data for data in tree.find_all(nodes.TemplateData)]
    for call in tree.find_all(nodes.Filter):
        if call.name in ("default", "d"):
            texts += [
                arg.value for arg in call.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)
            ]
    return texts


def literals_of(tree: nodes.Template) -> list[str]:
    """Return the texts that a template has itself, those in its expressions too."""
    texts = [data.data for data in tree.find_all(nodes.TemplateData)]
    return texts + [const.value for const in tree.find_all(nodes.Const) if isinstance(const.value, str)]


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
        # Most of them: not empty, and spoken as it is.
        if type(value) is str and value[:1].isalnum() and value[:1] not in FILLERS:
            texts.append(value)
        elif not is_empty(value):
            texts.append(spoken(value))
        elif part.default is None:
            raise EmptyValue(part.column)
        else:
            texts.append(part.default)
    return "".join(texts)
