"""Templates of messages and other overrides: Jinja2, sandboxed and strict, rendered row by row.

Three promises: a placeholder without a value never leaves a gap in a sentence ("Hi ,"); the text of a cell is spoken
unchanged and never executed; and no template can block the program or produce endless output (see language.py).
"""

import copy
import difflib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from xuna_cli.errors import InputError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.targets.names import AmbiguousName, as_placeholder, column_for, unspaced
from xuna_cli.targets.plain_template import Parts, Placeholder, plain_parts, spoken_parts
from xuna_cli.targets.values import (
    LONGEST_TEXT,
    TemplateProblem,
    check_encodable,
    is_empty,
    too_long,
)

if TYPE_CHECKING:
    from xuna_cli.targets.jinja_template import Parsed

LONGEST_TEMPLATE = 100_000


class Template:
    """A compiled template.

    Args:
        source: Jinja2 source.
        where: name of the option, e.g. `--first-message`, for messages.
        gives_json: whether the template makes JSON, in which values are marked; see `json_template`.

    Attributes:
        source: the source.
        where: name of the option, for messages.
        literals: all texts of the template, also those in expressions.
        said: texts of the template that may be spoken.
        columns: the columns that it needs, in order of appearance.
        optional_columns: columns that it only uses with `default` or `is defined`.

    Raises:
        InputError: the template doesn't compile; the message says where and why.
    """

    def __init__(self, source: str, where: str, *, gives_json: bool = False) -> None:
        self.source = source
        self.where = where
        if is_empty(source):
            hint = (
                ""
                if where.startswith("--override")
                else "to let the agent say its own message, use --agent-message"
            )
            raise InputError(f"{where} is empty", hint=hint, code="template")
        if len(source) > LONGEST_TEMPLATE:
            raise InputError(f"{where} has more than {LONGEST_TEMPLATE:,} characters", code="template")
        self._spelling: Mapping[str, str] = {}
        self._parsed: Parsed | None = None
        self._parts = None if gives_json else plain_parts(source)
        if self._parts is None:
            self._parsed = parsed = _parse(source, where, gives_json=gives_json)
            self._parts = parsed.parts
            self.columns, self.optional_columns = parsed.columns, parsed.optional_columns
            self.literals, self.said = parsed.literals, parsed.said
        else:
            names = (part.column for part in self._parts if isinstance(part, Placeholder))
            self.columns, self.optional_columns = tuple(dict.fromkeys(names)), ()
            self.literals = self.said = tuple(part for part in self._parts if isinstance(part, str))

    def __repr__(self) -> str:
        return f"Template({self.source!r}, {self.where!r})"

    @property
    def is_constant(self) -> bool:
        """Whether the text is the same for every row."""
        return self._parts is not None and all(isinstance(part, str) for part in self._parts)

    @property
    def parts(self) -> Parts | None:
        """Literal texts and placeholders in their order; None if the template is more complex."""
        return self._parts

    @property
    def all_columns(self) -> tuple[str, ...]:
        """All columns that the template uses."""
        return self.columns + self.optional_columns

    def bound(self, columns: Iterable[str]) -> "Template":
        """Return the template for a list with these columns: `{{ first_name }}` means its column `First Name`.

        A name that matches no column is unchanged.

        Raises:
            InputError: several columns match a name, and none has this spelling.
        """
        columns = tuple(columns)
        try:
            spelling = {name: column_for(name, columns) or name for name in self.all_columns}
        except AmbiguousName as problem:
            hint = f"e.g. {as_placeholder(problem.found[0])}"
            raise InputError(f"{self.where}: {problem}", hint=hint, code="column-ambiguous") from None
        made = copy.copy(self)
        made._spelling = spelling  # noqa: SLF001 - its own class
        made.columns = tuple(spelling[name] for name in self.columns)
        made.optional_columns = tuple(spelling[name] for name in self.optional_columns)
        if self._parts is not None:
            made._parts = [  # noqa: SLF001
                replace(part, column=spelling[part.column]) if isinstance(part, Placeholder) else part
                for part in self._parts
            ]
        return made

    def corrected(self, matched: str) -> str:
        """Return the hint for a text that needs a placeholder in place of `matched`."""
        name = re.sub(r"^[\W_]+|[\W_]+$", "", matched)
        if self.where != "--first-message" or not re.fullmatch(r"[^\W\d][\w ]*", name):
            return "a placeholder looks like {{ name }}"
        source = self.source.replace(matched, as_placeholder(name))
        return f"write {self.where} {shlex.quote(source)}"

    def render(self, fields: Mapping[str, object]) -> str:
        """Return the text for one row.

        Args:
            fields: the row's cells by column.

        Raises:
            EmptyValue: the template speaks (or filters, or computes with) an empty cell.
            TemplateProblem: the text can't be used for another reason.
        """
        text = self._text(fields)
        if len(text) > LONGEST_TEXT:
            raise too_long()
        if is_empty(text):
            raise TemplateProblem("template-empty", f"{self.where} makes no text for this row")
        if not text.isascii():
            check_encodable(text)
        return text

    def _text(self, fields: Mapping[str, object]) -> str:
        made = []
        length = 0
        try:
            for piece in self._pieces(fields):
                length += len(piece)
                if length > LONGEST_TEXT:
                    raise too_long()
                made.append(piece)
        except TemplateProblem as problem:
            if problem.cell and not problem.column:
                problem.column = self._column_with(problem.cell, fields)
            raise
        # Any exception of a template's arithmetic, filters and comparisons concerns only this row.
        except Exception as problem:
            reason = str(problem) or type(problem).__name__
            raise TemplateProblem("template-error", f"{self.where}: {reason}") from problem
        return "".join(made)

    def _pieces(self, fields: Mapping[str, object]) -> Iterator[str]:
        if self._parsed is None:
            return spoken_parts(self._parts or (), fields)
        from xuna_cli.targets.jinja_template import pieces  # noqa: PLC0415 - Jinja, only where it is needed

        return pieces(self._parsed, fields, self._spelling)

    def _column_with(self, cell: str, fields: Mapping[str, object]) -> str:
        """Return the column with the cell that a filter could not read, if the cell is unchanged; otherwise empty."""
        return next((column for column in self.all_columns if str(fields.get(column, "")) == cell), "")


def compile_template(text: str, *, where: str, gives_json: bool = False) -> Template:
    """Compile a template; see `Template` for arguments and errors."""
    return Template(text, where, gives_json=gives_json)


def check_columns(
    templates: Iterable[Template], columns: Iterable[str], *, complete: bool = True
) -> list[str]:
    """Check, before anything is sent, that a list has the columns that templates need.

    Args:
        templates: all templates.
        columns: columns of the list; if they are not `complete`, those of its first contact.
        complete: whether later contacts can't have other columns (they can in JSON).

    Returns:
        Warnings, one for each missing column that is only used with `default`.

    Raises:
        InputError: a needed column is missing; the message has the list's columns and the most similar name.
    """
    columns = tuple(columns)
    warnings = []
    for template in templates:
        for column in template.columns:
            if column not in columns:
                raise no_column(template.where, column, columns)
        for column in template.optional_columns:
            near = nearest(column, columns)
            # In JSON, the first contact may lack a field; only a probable typing error is worth a warning.
            if column not in columns and (complete or near):
                did_you_mean = f"; did you mean {near!r}?" if near else ""
                warnings.append(
                    f"{template.where} uses {column!r}, which the list doesn't have{did_you_mean}"
                )
    return warnings


def no_column(where: str, column: str, columns: Iterable[str]) -> InputError:
    """Return the error for an option that names a column which the list doesn't have."""
    columns = tuple(columns)
    near = nearest(column, columns)
    there = ", ".join(map(repr, columns)) or "none"
    hint = ""
    if near and where == "--key":
        hint = f"did you mean {near!r}? Write --key {shlex.quote(near)}"
    elif near:
        hint = f"did you mean {near!r}? Write {as_placeholder(near)}{_as_option(where, near)}"
    return InputError(
        f"{where} needs the column {column!r}, which the list doesn't have; its columns: {there}",
        hint=hint,
        code="template-missing-column" if where != "--key" else "key-missing-column",
    )


def _as_option(where: str, column: str) -> str:
    """Return an option with a placeholder as typed in a shell: `, e.g. --first-message 'Hi {{ name }}.'`."""
    if where.startswith("--override "):
        return f", e.g. --override {shlex.quote(f'{where.split()[1]}={as_placeholder(column)}')}"
    if where != "--first-message":
        return ""  # a file or an environment variable, which has other quoting
    return f", e.g. {where} {shlex.quote(f'Hi {as_placeholder(column)}.')}"


def nearest(name: str, columns: Iterable[str]) -> str:
    """Return the column that is most similar to `name`, ignoring case and spacing; empty if none is similar."""
    by_plain = {"".join(filter(str.isalnum, unspaced(column))): column for column in columns}
    plain = "".join(filter(str.isalnum, unspaced(name)))
    found = difflib.get_close_matches(plain, by_plain, n=1, cutoff=0.6)
    return by_plain[found[0]] if found else ""


_SPACED = lazy_pattern(r"\{\{-?\s*(\w[\w -]*[ -]\w+)\s*(?:-?\}\}|\|)")


def _parse(source: str, where: str, *, gives_json: bool) -> "Parsed":
    from xuna_cli.targets.jinja_template import DoesNotCompile, parse  # noqa: PLC0415 - Jinja, only where it is needed

    try:
        return parse(source, gives_json=gives_json)
    except DoesNotCompile as problem:
        raise _does_not_compile(where, source, problem.line, problem.reason) from problem.__cause__


def _does_not_compile(where: str, source: str, line: int, reason: str) -> InputError:
    spaced = _SPACED.search(source)
    hint = "see: xuna help templates"
    if "expected" in reason or "missing" in reason:
        column = spaced[1] if spaced else "Order No"
        hint = "placeholders look like {{ name }}; for a column with spaces in its name, write "
        hint += f"{{{{ {_snake(column)} }}}} or {as_placeholder(column)}{_as_option(where, column)}"
    place = f"{where}, line {line}" if "\n" in source.strip() else where
    return InputError(f"{place}: the template has an error: {reason.strip()}", hint=hint, code="template")


def _snake(column: str) -> str:
    return re.sub(r"[\s-]+", "_", column.strip()).casefold()
