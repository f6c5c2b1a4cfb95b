"""Check JSON documents against the schema of `xuna help json --schema`; keys that it does not name are errors."""

import functools
import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from xuna_cli.help import read_schema


def check_document(document: Any) -> None:
    """Fail if a document violates the schema or has an unknown key."""
    # If one key has a wrong value, all keys are "unevaluated", which is the least useful error.
    validator = _strict_validator(str(document.get("command")))
    errors = sorted(validator.iter_errors(document), key=lambda one: one.validator == "unevaluatedProperties")
    error = best_match(errors[:1])
    assert error is None, f"{error.json_path}: {error.message[-300:]} (xuna_cli/help/result.schema.json)"


@functools.cache
def _strict_schema() -> dict[str, Any]:
    schema = json.loads(read_schema())
    Draft202012Validator.check_schema(schema)
    for node in _objects(schema["$defs"]):
        node["additionalProperties"] = False
    return {**schema, "unevaluatedProperties": False}


@functools.cache
def _strict_validator(command: str) -> Draft202012Validator:
    """Return a validator for the documents of one command; the schema's parts for other commands would take time."""
    schema = _strict_schema()
    rules = [rule for rule in schema["allOf"] if _is_about(command, rule)]
    return Draft202012Validator({**schema, "allOf": rules})


def _is_about(command: str, rule: dict[str, Any]) -> bool:
    named = rule.get("if", {}).get("properties", {}).get("command")
    return named is None or command in named.get("enum", [named.get("const")])


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """Yield each description of an object with named properties."""
    if isinstance(node, dict):
        if node.get("type") == "object" and "properties" in node:
            yield node
        for inner in node.values():
            yield from _objects(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _objects(inner)
