"""The template language: Jinja2 in its immutable sandbox, and static checks of templates.

Macros, nested loops and Jinja's filters work as usual. Our additions: nothing empty is spoken, no text and no
computation grows without end, and the result of an expression in JSON is exactly one value (see `json_template`).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Namespace, missing
from jinja2.visitor import NodeTransformer

from xuna_cli.dataclass import dataclass
from xuna_cli.targets import date_filters
from xuna_cli.targets.bounds import WORK_OF_A_CALL, begin_row, charge, concat, literal, settled, steps, weigh
from xuna_cli.targets.filters import COMPARISONS, compare, computable, filters, number_of
from xuna_cli.targets.json_template import marked
from xuna_cli.targets.plain_template import Parts, Placeholder
from xuna_cli.targets.values import EmptyValue, Row, Speakable, TemplateProblem, is_empty, spoken

_MOST_BITS = 1024
"""Maximum bits of both operands together: a digit that is squared forty times fills the memory."""
_FUNCTIONS = frozenset({"cycler", "dict", "joiner", "namespace", "range"})
# A column may be called `range` and be empty; it must not call the function then. So functions get names that no
# column has.
_FUNCTION_PREFIX = "_function_"
_OTHER_TEMPLATES = (nodes.Block, nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)
# Their results are marked like cells, and marks can't be nested.
_NOT_IN_JSON = (nodes.AssignBlock, nodes.CallBlock, nodes.FilterBlock, nodes.Macro)
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


class _Bounded(NodeTransformer):
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


def _check_language(tree: nodes.Template, *, gives_json: bool = False) -> None:
    """Check that a template only uses the allowed language.

    Args:
        tree: the template.
        gives_json: whether the template makes JSON.

    Raises:
        TemplateSyntaxError: it uses something else.
    """
    undeclared = _undeclared(tree)
    for node in tree.find_all(nodes.Node):
        if isinstance(node, _OTHER_TEMPLATES):
            what = type(node).__name__.lower()
            raise TemplateSyntaxError(
                f"{what} is not available, because there are no other templates", node.lineno
            )
        if gives_json and isinstance(node, _NOT_IN_JSON):
            what = type(node).__name__.lower()
            raise TemplateSyntaxError(f"{what} is not available in a JSON template", node.lineno)
        if isinstance(node, nodes.Name) and node.name in ("self", "super"):
            raise TemplateSyntaxError(
                f'for a column called {node.name}, write row["{node.name}"]', node.lineno
            )
        if (
            isinstance(node, nodes.Call)
            and isinstance(node.node, nodes.Name)
            and node.node.name in undeclared
        ):
            raise TemplateSyntaxError(f"there is no function {node.node.name}", node.lineno)


def _functions_of(tree: nodes.Template) -> dict[str, Any]:
    """Return the Jinja functions that a template calls, and rename them in the template."""
    undeclared = _undeclared(tree)
    found = {}
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in _FUNCTIONS & undeclared:
            function = DEFAULT_NAMESPACE[call.node.name]
            call.node.name = _FUNCTION_PREFIX + call.node.name
            found[call.node.name] = function
    return found


def _check_dates(tree: nodes.Template) -> None:
    """Check the date patterns and languages that are constants in a template.

    Raises:
        TemplateSyntaxError: one of them is wrong.
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
class _Use:
    """One use of a column.

    Attributes:
        column: name of the column.
        required: whether it is used without `default` or `is defined`.
        through_row: whether it is written as `row["…"]`.
    """

    column: str
    required: bool
    through_row: bool


def _column_of(node: nodes.Node, undeclared: frozenset[str]) -> tuple[str, bool] | None:
    """Return the column of an expression, and whether it is written as `row["…"]`; None for other expressions."""
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
    names = meta.find_undeclared_variables(tree)
    return frozenset(name for name in names if not name.startswith(_FUNCTION_PREFIX))


def _uses_of(tree: nodes.Template) -> list[_Use]:
    """Return the uses of columns in a template, in order of appearance."""
    undeclared = _undeclared(tree)

    def walk(node: nodes.Node, *, required: bool) -> Iterator[_Use]:
        column = _column_of(node, undeclared)
        if column is not None:
            yield _Use(column[0], required, column[1])
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


def _said_by(tree: nodes.Template) -> list[str]:
    """Return the texts of a template that may be spoken: those outside expressions, and defaults."""
    texts = [data.data for data in tree.find_all(nodes.TemplateData)]
    for call in tree.find_all(nodes.Filter):
        if call.name in ("default", "d"):
            texts += [
                arg.value for arg in call.args if isinstance(arg, nodes.Const) and isinstance(arg.value, str)
            ]
    return texts


def _literals_of(tree: nodes.Template) -> list[str]:
    """Return all texts of a template, also those in expressions."""
    texts = [data.data for data in tree.find_all(nodes.TemplateData)]
    return texts + [const.value for const in tree.find_all(nodes.Const) if isinstance(const.value, str)]


def _parts_of(tree: nodes.Template) -> Parts | None:
    """Return a template as literal texts and placeholders, or None if it is more complex (few are)."""
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


@dataclass(frozen=True, slots=True)
class Parsed:
    """A template that was read.

    Attributes:
        columns: the columns that it needs, in order of appearance.
        optional_columns: columns that it only uses with `default` or `is defined`.
        names: columns that it names outside `row["…"]`.
        parts: literal texts and placeholders; None if the template is more complex.
        literals: all texts of the template, also those in expressions.
        said: texts of the template that may be spoken.
        generate: yields the pieces of a row's text. Arguments: cells by name, without empty ones, and `row`.
    """

    columns: tuple[str, ...]
    optional_columns: tuple[str, ...]
    names: tuple[str, ...]
    parts: Parts | None
    literals: tuple[str, ...]
    said: tuple[str, ...]
    generate: Callable[..., Iterator[str]]


class DoesNotCompile(Exception):  # noqa: N818 - a finding about a template, not a failure of the program
    """A template has an error: what is wrong, and in which line."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def parse(source: str, *, gives_json: bool) -> Parsed:
    """Read a template.

    Args:
        source: Jinja2 source.
        gives_json: whether the template makes JSON, in which values are marked; see `json_template`.

    Raises:
        DoesNotCompile: the template has an error.
    """
    environment = JSON_ENVIRONMENT if gives_json else ENVIRONMENT
    try:
        tree = environment.parse(source)
        functions = _functions_of(tree)
        _check_language(tree, gives_json=gives_json)
        _check_dates(tree)
        uses = _uses_of(tree)
        columns = tuple(dict.fromkeys(use.column for use in uses if use.required))
        return Parsed(
            columns=columns,
            optional_columns=tuple(dict.fromkeys(use.column for use in uses if use.column not in columns)),
            names=tuple(dict.fromkeys(use.column for use in uses if not use.through_row)),
            parts=_parts_of(tree),
            literals=tuple(_literals_of(tree)),
            said=tuple(_said_by(tree)),
            generate=environment.from_string(_Bounded().visit(tree), globals=functions).generate,
        )
    except TemplateSyntaxError as problem:
        raise DoesNotCompile(problem.message or "", problem.lineno) from None
    # Other exceptions of Python's compiler for hostile input: surrogates, deep nesting.
    except Exception as problem:
        raise DoesNotCompile(str(problem) or type(problem).__name__, 1) from problem


def pieces(parsed: Parsed, fields: Mapping[str, object], spelling: Mapping[str, str]) -> Iterator[str]:
    """Yield the pieces of a row's text.

    Args:
        parsed: the template.
        fields: the row's cells by column.
        spelling: the columns of names that the template spells differently.

    Raises:
        TemplateProblem: the template has no usable text for the row.
    """
    cells = {name: fields.get(spelling.get(name, name)) for name in parsed.names}
    begin_row()
    try:
        yield from parsed.generate(
            {name: cell for name, cell in cells.items() if not is_empty(cell)}, row=Row(fields, spelling)
        )
    except EmptyValue as problem:
        raise EmptyValue(spelling.get(problem.column, problem.column)) from None
    except SecurityError as problem:
        raise TemplateProblem("template-error", f"not allowed: {problem}") from problem
