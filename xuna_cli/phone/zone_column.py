"""Which column says where the person is, by its name."""

from collections.abc import Iterable

ZONE_COLUMN_NAMES = ("timezone", "tz")
"""In any case, spacing and punctuation: "Time Zone", "time_zone" and "TIMEZONE" are the first one."""


def zone_columns(columns: Iterable[str]) -> list[str]:
    """Return the columns whose name says that they hold a time zone, in their order."""
    return [column for column in columns if _plain(column) in ZONE_COLUMN_NAMES]


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
