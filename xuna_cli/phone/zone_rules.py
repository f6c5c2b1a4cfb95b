"""Choose the time zone database: the system's or the `tzdata` package's, whichever is newer.

`zoneinfo` takes the first folder of its path that has a zone. An old system database would hide the newer one of this
program, and times would be wrong where the law has changed the clocks since.
"""

import zoneinfo
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import tzdata

from xuna_cli.installing import install_command
from xuna_cli.lazy_pattern import lazy_pattern

_VERSION = lazy_pattern(r"\d{4}[a-z]{1,2}")
# Files with a folder's version: the compact source's first line, macOS's file, and that of other systems.
_VERSION_FILES = ("tzdata.zi", "+VERSION", "version")
_OLD_AFTER_DAYS = 365
# Named as a folder, so that `zoneinfo` reads files. It would import `importlib.resources` for a package, in 4 ms.
_PACKAGED = Path(tzdata.__file__).with_name("zoneinfo")


def old_rules() -> str:
    """Return what is wrong with old rules, and the command that installs newer ones."""
    command = install_command("--upgrade", "tzdata")
    return f"they are more than a year old, and clocks may have been changed by law since; run: {command}"


class ZoneRules(NamedTuple):
    """A time zone database.

    Attributes:
        version: version of the IANA release, e.g. `2026a`.
        folder: its folder; None for the `tzdata` package.
    """

    version: str
    folder: Path | None = None

    def __str__(self) -> str:
        where = "the tzdata package" if self.folder is None else str(self.folder)
        return f"tz {self.version}, from {where}"

    def is_old(self, now: datetime) -> bool:
        """Return whether it is more than a year old.

        A version names only the year, so the middle of that year counts as its date.
        """
        return (now - datetime(int(self.version[:4]), 7, 1, tzinfo=UTC)).days > _OLD_AFTER_DAYS

    def text(self, name: str) -> str:
        """Return one of the database's tables, e.g. `zone.tab`; from the package if the folder lacks it."""
        folder = self.folder if self.folder is not None and (self.folder / name).is_file() else _PACKAGED
        return (folder / name).read_text(encoding="utf-8")


def newest(folders: Sequence[str], packaged: str = tzdata.IANA_VERSION) -> ZoneRules:
    """Return the newest database.

    Args:
        folders: folders of the system, as in `zoneinfo.TZPATH`; those without a known version are left out.
        packaged: version of the `tzdata` package, which is preferred to a folder of the same version.
    """
    found = ZoneRules(packaged)
    for folder in map(Path, folders):
        version = _version_in(folder)
        if version is not None and _order(version) > _order(found.version):
            found = ZoneRules(version, folder)
    return found


@cache
def zone_rules() -> ZoneRules:
    """Return the newest database of this machine, and make `zoneinfo` use it from now on."""
    found = newest(zoneinfo.TZPATH)
    zoneinfo.reset_tzpath((found.folder or _PACKAGED,))
    zoneinfo.ZoneInfo.clear_cache()
    return found


def _version_in(folder: Path) -> str | None:
    for name in _VERSION_FILES:
        try:
            with (folder / name).open(encoding="utf-8", errors="replace") as file:
                match = _VERSION.search(file.readline(80))
        except OSError:
            continue
        if match:
            return match[0]
    return None


def _order(version: str) -> tuple[int, int, str]:
    return int(version[:4]), len(version), version
