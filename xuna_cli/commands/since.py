"""`--since`: a time as people type it."""

import re
from datetime import UTC, datetime, timedelta

from xuna_cli.errors import UsageError

_AGO = re.compile(r"([0-9]{1,6})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_since(text: str | None, *, now: datetime | None = None) -> float | None:
    """Return Unix seconds for `2026-11-01`, `2026-11-01T14:30` or `3d` (days ago; s, m, h, d, w).

    A time without a zone is this machine's.

    Raises:
        UsageError: if it is none of these.
    """
    if text is None:
        return None
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        if ago:
            return ((now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).timestamp()
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(
            f"--since {text}: it has to be like 2026-11-01, 2026-11-01T14:30 or 3d", code="since"
        ) from None


def parse_for(text: str, option: str) -> float:
    """Return seconds for `45s`, `30m`, `2h` or `1d`.

    Raises:
        UsageError: if it is none of these.
    """
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([smhd])", text.strip().lower())
    if match is None:
        raise UsageError(f"{option} {text}: it has to be like 45s, 30m or 2h", code="duration")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]
