"""Validation of a batch, with the error messages of FastAPI that the API is expected to return."""

import json
import re
from collections.abc import Callable
from typing import NoReturn

E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class Invalid(Exception):  # noqa: N818 - an answer, not an error
    """The body is refused with a 422; `detail` says where and why."""

    def __init__(self, detail: list[dict[str, object]]) -> None:
        super().__init__(detail)
        self.detail = detail


def complaint(loc: list[str | int], message: str, kind: str) -> dict[str, object]:
    """Return one entry of a 422's `detail`."""
    return {"type": kind, "loc": loc, "msg": message}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_decode: Callable[[str], object] = json.JSONDecoder(parse_constant=_refuse_constant).decode


def parse(body: bytes) -> object:
    """Parse the body as JSON.

    Raises:
        Invalid: the body is not JSON.
    """
    try:
        return _decode(body.decode())
    except (ValueError, RecursionError) as error:
        position = error.pos if isinstance(error, json.JSONDecodeError) else 0
        raise Invalid([complaint(["body", position], "JSON decode error", "json_invalid")]) from None


def batch(body: bytes) -> tuple[str, str, list[dict[str, object]]]:
    """Parse a batch; return agent ID, caller number ID and calls.

    Raises:
        Invalid: the batch has errors; `detail` lists all of them.
    """
    document = parse(body)
    if not isinstance(document, dict):
        raise Invalid([complaint(["body"], "Input should be a valid dictionary", "dict_type")])
    detail: list[dict[str, object]] = []
    agent_id = _text(document, "agent_id", ["body"], detail)
    from_phone_number_id = _text(document, "from_phone_number_id", ["body"], detail)
    calls = document.get("calls")
    if "calls" not in document:
        detail.append(complaint(["body", "calls"], "Field required", "missing"))
    elif not isinstance(calls, list):
        detail.append(complaint(["body", "calls"], "Input should be a valid list", "list_type"))
    elif not calls:
        message = "List should have at least 1 item after validation, not 0"
        detail.append(complaint(["body", "calls"], message, "too_short"))
    else:
        for position, call in enumerate(calls):
            if not _is_fine(call):
                detail += _complaints(call, ["body", "calls", position])
    if detail or not isinstance(calls, list):
        raise Invalid(detail)
    return agent_id, from_phone_number_id, calls


def _is_fine(call: object) -> bool:  # fast path for nearly all of a million calls
    return (
        isinstance(call, dict)
        and isinstance(number := call.get("to_phone_number"), str)
        and E164.fullmatch(number) is not None
        and isinstance(call.get("conversation_config_override"), dict | None)
    )


def _complaints(call: object, loc: list[str | int]) -> list[dict[str, object]]:
    if not isinstance(call, dict):
        return [complaint(loc, "Input should be a valid dictionary", "dict_type")]
    detail: list[dict[str, object]] = []
    number = _text(call, "to_phone_number", loc, detail)
    if not detail and not E164.fullmatch(number):
        message = "String should match pattern '^\\+[1-9]\\d{6,14}$'"
        detail.append(complaint([*loc, "to_phone_number"], message, "string_pattern_mismatch"))
    if not isinstance(call.get("conversation_config_override"), dict | None):
        where = [*loc, "conversation_config_override"]
        detail.append(complaint(where, "Input should be a valid dictionary", "dict_type"))
    return detail


def _text(
    document: dict[str, object], name: str, loc: list[str | int], detail: list[dict[str, object]]
) -> str:
    value = document.get(name)
    if isinstance(value, str):
        return value
    if name in document:
        detail.append(complaint([*loc, name], "Input should be a valid string", "string_type"))
    else:
        detail.append(complaint([*loc, name], "Field required", "missing"))
    return ""
