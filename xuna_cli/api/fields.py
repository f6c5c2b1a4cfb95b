"""Values of the fields of an answer. A value of a wrong type is as if it were missing, and never an error."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from xuna_cli.api.outcomes import printable

EPOCH_LIMIT = 4_102_444_800  # the year 2100; a larger number is not a time in seconds


def object_of(value: object) -> Mapping[str, Any]:
    """Return an object; empty if the value is none."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str | None:
    """Return a text that is not empty, or None."""
    return value if isinstance(value, str) and value else None


def identifier_of(value: object) -> str | None:
    """Return an ID or a number, which may be an integer, as printable text; None if that is not possible."""
    text = text_or_integer(value)
    return None if text is None else printable(text) or None


def text_or_integer(value: object) -> str | None:
    """Return a text that is not empty, or an integer as text; otherwise None."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value)


def number_of(value: object) -> float | None:
    """Return a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def duration_of(value: object) -> float | None:
    """Return seconds from 0, or None."""
    number = number_of(value)
    return number if number is not None and number >= 0 else None


def time_of(value: object) -> float | None:
    """Convert seconds, milliseconds or ISO 8601 (UTC if without a zone) to Unix seconds."""
    number = number_of(value)
    if number is not None:
        number = number / 1000 if number > EPOCH_LIMIT else number
        return number if 0 < number <= EPOCH_LIMIT else None
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        seconds = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds <= EPOCH_LIMIT else None
