"""The newest time zone rules are used, wherever they are."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import tzdata

from xuna_cli.phone.zone_rules import ZoneRules, newest

PACKAGED = Path(tzdata.__file__).parent / "zoneinfo"
DENVER = (PACKAGED / "America/Denver").read_bytes()


def folder(tmp_path, name, first_line, file="tzdata.zi"):
    """A database in which Vancouver has the clocks of Denver."""
    made = tmp_path / name
    (made / "America").mkdir(parents=True)
    (made / "America/Vancouver").write_bytes(DENVER)
    if file:
        (made / file).write_text(first_line)
    return made


@pytest.mark.parametrize(
    ("first_line", "file"),
    [("# version 2025b\n", "tzdata.zi"), ("2025b\n", "+VERSION"), ("2025b", "version")],
)
def test_an_old_system_database_does_not_hide_the_newer_package(tmp_path, first_line, file):
    old = folder(tmp_path, "old", first_line, file)
    assert newest([str(old)], packaged="2026a") == ZoneRules("2026a")
    assert newest([str(old)], packaged="2025a") == ZoneRules("2025b", old)
    assert newest([str(old)], packaged="2025b") == ZoneRules("2025b")


def test_the_newest_of_several_folders_is_taken(tmp_path):
    old, new = folder(tmp_path, "old", "# version 2024a"), folder(tmp_path, "new", "# version 2027c")
    unknown = folder(tmp_path, "unknown", "", file="")
    folders = [str(unknown), str(tmp_path / "none"), str(old), str(new)]
    assert newest(folders, packaged="2026f") == ZoneRules("2027c", new)
    assert newest([str(unknown)], packaged="2026f") == ZoneRules("2026f")


def test_rules_are_old_a_year_after_the_middle_of_their_own():
    rules = ZoneRules("2025b")
    assert not rules.is_old(datetime(2026, 6, 30, tzinfo=UTC))
    assert rules.is_old(datetime(2026, 7, 3, tzinfo=UTC))


PROGRAM = """
import json
from datetime import UTC, datetime
from xuna_cli.phone.zone_rules import zone_rules
from xuna_cli.phone.zones import local
print(json.dumps([str(zone_rules()), local(datetime(2026, 7, 1, 12, tzinfo=UTC), "America/Vancouver").hour]))
"""


def run(path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONTZPATH": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_clocks_are_those_of_the_newer_rules(tmp_path):
    packaged = f"tz {tzdata.IANA_VERSION}, from the tzdata package"
    assert run(folder(tmp_path, "old", "# version 2019a")) == [packaged, 5]
    newer = folder(tmp_path, "new", "# version 2999a")
    assert run(newer) == [f"tz 2999a, from {newer}", 6]
