"""Read templates with Jinja: check them before anything is sent, find the columns that they use, and compile them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.defaults import DEFAULT_NAMESPACE
from jinja2.exceptions import SecurityError

from xuna_cli.dataclass import dataclass
from xuna_cli.targets import date_filters
from xuna_cli.targets.bounds import begin_row
from xuna_cli.targets.language import ENVIRONMENT, JSON_ENVIRONMENT, Bounded
from xuna_cli.targets.plain_template import Parts, Placeholder
from xuna_cli.targets.values import EmptyValue, Row, TemplateProblem, is_empty

_FUNCTIONS = frozenset({"cycler", "dict", "joiner", "namespace", "range"})
# A column may be called `range` and be empty; it must not call the function then. So functions get names that no
# column has.
_FUNCTION_PREFIX = "_function_"
_OTHER_TEMPLATES = (nodes.Block, nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)
# Their results are marked like cells, and marks can't be nested.
_NOT_IN_JSON = (nodes.AssignBlock, nodes.CallBlock, nodes.FilterBlock, nodes.Macro)

_PLAINER = (
    (r"No (filter|test) named '(.*?)'\.", r"there is no \1 '\2'"),
    (r"Unexpected end of template\. .* is '(\w+)'\.", r"{% \1 %} needs {% end\1 %} after it"),
    (r"Encountered unknown tag '(\w+)'\. .* is '(\w+)'\.", r"before {% \1 %}, {% \2 %} needs {% end\2 %}"),
    (r"Encountered unknown tag '(else|elif)'\.", r"{% \1 %} needs {% if %} before it"),
    (r"Encountered unknown tag 'end(\w+)'\.", r"{% end\1 %} needs {% \1 %} before it"),
    (r"Encountered unknown tag '(\w+)'\.", r"there is no {% \1 %}"),
    (r"unexpected end of template, expected 'end of print statement'\.", "}} is missing at the end"),
    (r"Missing end of raw directive", "{% raw %} needs {% endraw %} after it"),
    (r"Missing end of comment tag", "{# needs #} after it"),
    (r"unexpected char (['\"].*['\"]) at \d+", r"unexpected character \1"),
    (r"(?:E|e)xpected (?:an expression|token 'name'), got", "a value is missing before"),
    (r"expected token ('.*'), got", r"expected \1, but there is"),
    (r"'string'", "text"),
    (r"'end of print statement'", "}}"),
    (r"'end of statement block'", "%}"),
)
"""Messages of Jinja, and what they mean for somebody who writes a message."""


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
            generate=environment.from_string(Bounded().visit(tree), globals=functions).generate,
        )
    except TemplateSyntaxError as problem:
        raise DoesNotCompile(_plainer(problem.message or ""), problem.lineno) from None
    # Other exceptions of Python's compiler for hostile input: surrogates, deep nesting.
    except Exception as problem:
        raise DoesNotCompile(str(problem) or type(problem).__name__, 1) from problem


def _plainer(message: str) -> str:
    """Return a message of Jinja in words that need no knowledge of Jinja."""
    for words, plainer in _PLAINER:
        message = re.sub(words, plainer, message, flags=re.DOTALL)
    return message


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
