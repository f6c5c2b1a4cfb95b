"""Parse typed times and durations."""

from datetime import UTC, datetime, timedelta

from xuna_cli.errors import UsageError
from xuna_cli.lazy_pattern import lazy_pattern
from xuna_cli.settings import Given

_AGO = lazy_pattern(r"([0-9]{1,6})\s*([smhdw])")
_LATENCY = lazy_pattern(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)\s*(ms|s)")
_AGE = lazy_pattern(r"(\d+(?:\.\d+)?)\s*([mhdw])")
_SPAN = lazy_pattern(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_since(text: str | None) -> float | None:
    """Return Unix seconds for `2026-11-01`, `2026-11-01T14:30` or `3d` (days ago; s, m, h, d, w).

    A time without a zone is in this machine's zone.

    Raises:
        UsageError: if it is none of these.
    """
    if text is None:
        return None
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        if ago:
            return (datetime.now(UTC) - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])).timestamp()
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {text} is not valid; use e.g. 2026-11-01, 2026-11-01T14:30 or 3d", code="since"
        ) from None


def parse_for(text: str, option: str) -> float:
    """Return seconds for `45s`, `30m`, `2h` or `1d`.

    Raises:
        UsageError: if it is none of these.
    """
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{option} {text} is not valid; use e.g. 45s, 30m or 2h", code="duration")
    return float(match[1]) * _SECONDS[match[2]]


def parse_latency(given: Given) -> float:
    """Return seconds for `200ms` or `1.5s`.

    Raises:
        UsageError: if it is neither.
    """
    match = _LATENCY.fullmatch(given.strip().lower())
    if match is None:
        raise UsageError(
            f"{given.source}: invalid latency {str(given)!r}",
            hint="write it like 200ms or 1.5s",
            code="latency",
        )
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def parse_age(text: str, *, source: str) -> timedelta:
    """Return the timedelta for `31d`, `12h`, `90m` or `2w`.

    Raises:
        UsageError: if it has another form.
    """
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(
            f"{source}: {text!r} is not a valid duration", hint="use e.g. 31d, 12h, 90m or 2w", code="age"
        )
    try:
        return timedelta(seconds=float(match[1]) * _SECONDS[match[2]])
    except OverflowError:
        return timedelta.max
