"""The `conversation_config_override` of one person, from three sources; later ones win.

1. The templates of the command line: `--override PATH=TEMPLATE`, `PATH:=TEMPLATE-FOR-JSON`
   (HTTPie's `=` and `:=`), and `--first-message`, which is `agent.first_message=…`.
2. The contact's own `conversation_config_override`, in a ready-made list.
3. The contact's columns `first_message` and `override.PATH`: literal, never a template.

The templates are here, and the contact's own values in `own_values`.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import NoReturn, cast

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import InputError, UsageError
from xuna_cli.targets.json_template import USE_TOJSON, unmarked
from xuna_cli.targets.template import Template, compile_template
from xuna_cli.targets.values import TargetProblem, TemplateProblem, check_encodable, is_empty

Path = tuple[str, ...]

FIRST_MESSAGE: Path = ("agent", "first_message")
_SHOWN = 20  # characters of what is not JSON


class OverrideProblem(TargetProblem):
    """A value of the row, or its JSON, can't be sent."""


@dataclass(frozen=True, slots=True)
class Override:
    """One value of the override that comes from a template.

    Attributes:
        path: place of the value in `conversation_config_override`.
        template: the template, rendered for each row.
        is_json: whether the rendered text is JSON.
        constant: the value if it is the same for every row, otherwise None.
    """

    path: Path
    template: Template
    is_json: bool = False
    constant: tuple[object] | None = field(default=None, compare=False)

    def value(self, fields: Mapping[str, object]) -> object:
        """Return the value for one row.

        Raises:
            TemplateProblem: the template gives no usable text for this row.
            OverrideProblem: the text is not JSON although it must be.
        """
        if self.constant is not None:
            return self.constant[0]
        text = self.template.render(fields)
        if not self.is_json:
            return text
        try:
            value = _parse_sendable(unmarked(text), ".".join(self.path))
        except ValueError as problem:
            message = f"{self.template.where} does not make JSON for this row ({problem}); {USE_TOJSON}"
            raise OverrideProblem("override-not-json", message, ".".join(self.path)) from None
        return value


def parse_override(text: str) -> Override:
    """Parse `--override TEXT`.

    Args:
        text: `PATH=TEMPLATE` or `PATH:=TEMPLATE-FOR-JSON`; the path ends at the first `=`.

    Raises:
        UsageError: the path is missing, or has an empty part.
        InputError: the template doesn't compile, or makes invalid JSON for every row.
    """
    left, equals, source = text.partition("=")
    is_json = left.endswith(":")
    written = left.removesuffix(":").strip()
    path = tuple(part.strip() for part in written.split("."))
    if not equals or not all(path):
        hint = 'use PATH=TEMPLATE or PATH:=JSON, e.g. --override "agent.language=es"'
        raise UsageError(f"--override {text!r} has no path, or a path with an empty part", hint=hint)
    template = compile_template(source, where=f"--override {written}", gives_json=is_json)
    return _override(path, template, is_json=is_json)


def first_message(text: str, *, where: str = "--first-message") -> Override:
    """Parse `--first-message TEXT`.

    Args:
        text: a template.
        where: name of the option.

    Raises:
        InputError: the template doesn't compile.
    """
    return _override(FIRST_MESSAGE, compile_template(text, where=where), is_json=False)


def _override(path: Path, template: Template, *, is_json: bool) -> Override:
    if not template.is_constant:
        return Override(path, template, is_json)
    try:
        text = template.render({})
        return Override(
            path, template, is_json, (_parse_sendable(text, ".".join(path)) if is_json else text,)
        )
    except TargetProblem as problem:
        raise InputError(f"{template.where}: {problem.message}", code="template") from None
    except ValueError as problem:
        message = f"{template.where} is not JSON: {problem}"
        raise InputError(
            message, hint="in JSON, text needs quotes; for plain text, use PATH=TEXT", code="template"
        ) from None


def check_paths(overrides: Sequence[Override]) -> None:
    """Check that no two options set the same value, or one a part of the other's.

    Raises:
        UsageError: two options do; the message names both.
    """
    for position, one in enumerate(overrides):
        for other in overrides[:position]:
            if clash(one.path, other.path):
                both = f"{other.template.where} and {one.template.where}"
                raise UsageError(f"{both} set the same value")


def clash(one: Path, other: Path) -> bool:
    """Return whether two paths are equal, or one is part of the other."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def parse_json(text: str) -> object:
    """Parse a JSON text.

    Raises:
        ValueError: the text is not JSON by RFC 8259 (NaN and Infinity are not), is nested too deeply, or has a number
            that is too large to send.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as problem:
        rest = text[problem.pos : problem.pos + _SHOWN]
        raise ValueError(f"{rest!r} can't be read" if rest else "its end is missing") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _parse_sendable(text: str, path: str) -> object:
    value = parse_json(text)
    if "\\u" in text:  # the text was rendered, so only an escape can contain half a character
        check_sendable(value, path)
    return value


def check_sendable(value: object, column: str) -> None:
    """Raise OverrideProblem if a value of a column, or of a path, can't be sent."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)
        check_encodable(text)
    except TemplateProblem as problem:
        raise OverrideProblem("override-not-sendable", f"{column!r}: {problem.message}", column) from None
    except (TypeError, ValueError, RecursionError) as problem:
        message = f"{column!r} has a value that JSON can't represent: {problem}"
        raise OverrideProblem("override-not-sendable", message, column) from None


def merge(weaker: Mapping[str, object], stronger: Mapping[str, object]) -> dict[str, object]:
    """Return both merged at every depth; `stronger` wins. The arguments are not changed."""
    merged = dict(weaker)
    for name, value in stronger.items():
        below = merged.get(name)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[name] = merge(below, value)
        else:
            merged[name] = value
    return merged


def message_of(override: Mapping[str, object]) -> str | None:
    """Return the first message of an override, or None."""
    agent = override.get(FIRST_MESSAGE[0])
    message = agent.get(FIRST_MESSAGE[1]) if isinstance(agent, Mapping) else None
    return message if isinstance(message, str) and not is_empty(message) else None


def decides(values: Mapping[str, object], override: Override) -> bool:
    """Return whether a row's own values replace a template's value completely."""
    value: object = values
    for part in override.path:
        if not isinstance(value, Mapping):
            return True
        if part not in value:
            return False
        value = value[part]
    # Two objects are merged, so the template's value is still needed.
    return not (override.is_json and isinstance(value, Mapping))


def build_override(
    fields: Mapping[str, object],
    overrides: Iterable[Override],
    own: Mapping[str, object],
    *,
    missing_is_empty: bool = True,
) -> dict[str, object] | None:
    """Return the `conversation_config_override` of one row, or None if nothing is overridden.

    If the row itself sets a value, its template is not rendered, so the template's empty cells don't matter.

    Args:
        fields: the row's cells.
        overrides: the templates; see `check_paths`.
        own: the row's own values; see `own_values`.
        missing_is_empty: whether a column that the row lacks counts as an empty cell; if not, a template that needs
            the column has no usable text.

    Raises:
        TemplateProblem: a template has no usable text for this row.
        OverrideProblem: a value can't be sent.
    """
    said: dict[str, object] = {}
    for override in overrides:
        if own and decides(own, override):
            continue
        if not missing_is_empty:
            _check_present(fields, override)
        level = said
        for part in override.path[:-1]:
            # The options' paths don't overlap, so an existing value is an object made here.
            level = cast(dict[str, object], level.setdefault(part, {}))
        level[override.path[-1]] = override.value(fields)
    return (merge(said, own) if own else said) or None


def as_json(override: Mapping[str, object]) -> str:
    """Return an override as JSON for the API: ASCII, without spaces.

    Raises:
        ValueError: it contains a number that JSON can't represent.
    """
    return _ENCODE(override)


# One encoder for all rows; `json.dumps` with separators creates a new one for each call.
_ENCODE = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def _check_present(fields: Mapping[str, object], override: Override) -> None:
    for column in override.template.columns:
        if column not in fields:
            message = f"{override.template.where} needs {column!r}, which this contact doesn't have"
            raise TemplateProblem("template-missing-column", message, column)
