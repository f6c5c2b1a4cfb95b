"""Templates for what is said: Jinja2, sandboxed and strict, for one row at a time.

Three promises: a placeholder that has no value never leaves a hole in a sentence ("Hi ,"); what
stands in a cell is spoken as it is and never run; and no template can stall the program or write
without end. For the last one the language is a part of Jinja2 (see language.py).
"""

import difflib
from collections.abc import Iterable, Mapping

from jinja2 import TemplateSyntaxError
from jinja2.exceptions import SecurityError

from xuna_cli.errors import InputError
from xuna_cli.targets.language import (
    ENVIRONMENT,
    BoundedConcat,
    check_language,
    join_parts,
    parts_of,
    uses_of,
)
from xuna_cli.targets.values import LONGEST_TEXT, Row, TemplateProblem, check_encodable, is_empty, too_long


class Template:
    """A compiled template.

    Attributes:
        source: the text it was compiled from.
        where: the option it came from, for messages.
        columns: what it can't do without, in order of appearance.
        optional_columns: what it uses through `default` or `is defined` alone.
    """

    def __init__(self, source: str, where: str) -> None:
        self.source = source
        self.where = where
        if is_empty(source):
            raise InputError(f"{where} is empty.", code="template")
        try:
            tree = ENVIRONMENT.parse(source)
            check_language(tree)
            uses = uses_of(tree)
            self.columns = tuple(dict.fromkeys(use.column for use in uses if use.required))
            self.optional_columns = tuple(
                dict.fromkeys(use.column for use in uses if use.column not in self.columns)
            )
            self._names = tuple(dict.fromkeys(use.column for use in uses if not use.through_row))
            self._parts = parts_of(tree)
            self._compiled = ENVIRONMENT.from_string(BoundedConcat().visit(tree))
        except TemplateSyntaxError as problem:
            raise _does_not_compile(where, source, problem.lineno, problem.message or "") from None
        # Anything else that Python's compiler makes of a hostile text: surrogates, deep nesting.
        except Exception as problem:
            raise _does_not_compile(where, source, 1, str(problem) or type(problem).__name__) from problem

    def __repr__(self) -> str:
        return f"Template({self.source!r}, {self.where!r})"

    @property
    def is_constant(self) -> bool:
        """Whether the text is the same for every row."""
        return self._parts is not None and all(isinstance(part, str) for part in self._parts)

    @property
    def placeholders(self) -> tuple[list[str], list[str]] | None:
        """The literals before, between and behind the placeholders, and the placeholders' columns.

        None: there is more to it than that, or there is no placeholder.
        """
        literals, columns = [""], []
        for part in self._parts or ():
            if isinstance(part, str):
                literals[-1] += part
            else:
                literals.append("")
                columns.append(part.column)
        return (literals, columns) if columns else None

    def render(self, fields: Mapping[str, object]) -> str:
        """Return the text for one row.

        Args:
            fields: the row's cells by column.

        Raises:
            EmptyValue: an empty cell would be spoken (or filtered, or computed with).
            TemplateProblem: any other reason for which there is no usable text.
        """
        text = self._render_by_jinja(fields) if self._parts is None else join_parts(self._parts, fields)
        if len(text) > LONGEST_TEXT:
            raise too_long()
        if is_empty(text):
            raise TemplateProblem("template-empty", f"{self.where} gives no text for this row")
        if not text.isascii():
            check_encodable(text)
        return text

    def _render_by_jinja(self, fields: Mapping[str, object]) -> str:
        cells = {name: fields[name] for name in self._names if not is_empty(fields.get(name))}
        pieces = []
        length = 0
        try:
            for piece in self._compiled.generate(cells, row=Row(fields)):
                length += len(piece)
                if length > LONGEST_TEXT:
                    raise too_long()
                pieces.append(piece)
        except TemplateProblem:
            raise
        except SecurityError as problem:
            raise TemplateProblem("template-error", f"{self.where}: not allowed: {problem}") from problem
        # Whatever a template's arithmetic, filters and comparisons raise is about this row alone.
        except Exception as problem:
            reason = str(problem) or type(problem).__name__
            raise TemplateProblem("template-error", f"{self.where}: {reason}") from problem
        return "".join(pieces)


def compile_template(text: str, *, where: str) -> Template:
    """Compile a template.

    Args:
        text: Jinja2; see the module for which part of it.
        where: the option that it came from, e.g. `--first-message`, for messages.

    Raises:
        InputError: it doesn't compile; the message says where and what is wrong.
    """
    return Template(text, where)


def check_columns(
    templates: Iterable[Template], columns: Iterable[str], *, complete: bool = True
) -> list[str]:
    """Check, before anything is sent, that a list has the columns that templates need.

    Args:
        templates: all that will be rendered.
        columns: the list's; where it is not `complete`, those of its first contact.
        complete: later contacts can't have other columns (they can in JSON).

    Returns:
        Warnings, one for each column that is used through `default` alone and isn't there.

    Raises:
        InputError: a needed column is missing; the message has the existing ones and the nearest name.
    """
    columns = tuple(columns)
    warnings = []
    for template in templates:
        for column in template.columns:
            if column not in columns:
                raise no_column(template.where, column, columns)
        for column in template.optional_columns:
            near = nearest(column, columns)
            # In JSON a field that the first contact lacks is no news, unless it looks mistyped.
            if column not in columns and (complete or near):
                did_you_mean = f"; did you mean {near!r}?" if near else ""
                warnings.append(f"{template.where} uses {column!r}, which the list lacks{did_you_mean}")
    return warnings


def no_column(where: str, column: str, columns: Iterable[str]) -> InputError:
    """Return the error for an option that names a column that the list lacks."""
    columns = tuple(columns)
    near = nearest(column, columns)
    there = ", ".join(map(repr, columns)) or "none"
    return InputError(
        f"{where} needs the column {column!r}, which the list lacks. Its columns: {there}.",
        hint=f"Did you mean {near!r}?" if near else "",
        code="template-missing-column" if where != "--key" else "key-missing-column",
    )


def nearest(name: str, columns: Iterable[str]) -> str:
    """Return the column most like `name`, whatever its case and spacing; empty: none is like it."""

    def plain(text: str) -> str:
        return "".join(char for char in text.casefold() if char.isalnum())

    by_plain = {plain(column): column for column in columns}
    found = difflib.get_close_matches(plain(name), by_plain, n=1, cutoff=0.6)
    return by_plain[found[0]] if found else ""


def _does_not_compile(where: str, source: str, line: int, reason: str) -> InputError:
    hint = 'Placeholders look like {{ name }}; a header with spaces like {{ row["Order No"] }}.'
    place = f"{where}, line {line}" if "\n" in source.strip() else where
    return InputError(f"{place}: the template can't be used: {reason.strip()}", hint=hint, code="template")
