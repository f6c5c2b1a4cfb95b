"""A bug leaves a report that says where it happened, and nothing about people or keys."""

import re
import stat
import subprocess
import sys
from datetime import UTC, datetime

from xuna_cli.crash_report import write_crash_report

NOW = datetime(2026, 11, 27, 1, 2, 3, tzinfo=UTC)

BUGGY = """
import sys
import xuna_cli.commands.app
from xuna_cli.__main__ import entry

def broken(*_, **__):
    person = {"phone": "+15551234567"}
    try:
        person["Ann Lee"]
    except KeyError as error:
        raise RuntimeError(f"key sk_secret_key_1234 of 'Ann' at ann@example.com, +1 555 123 4567") from error

xuna_cli.commands.app.app = broken
sys.argv = ["xuna", "batch-call", "people-of-ann.csv"]
entry()
"""


def test_an_unexpected_error_names_a_file_that_has_the_whole_way_to_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BUGGY],
        check=False,
        capture_output=True,
        text=True,
        env={
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "HOME": str(tmp_path),
            "XUNA_AI_API_KEY": "sk_secret",
        },
    )
    assert done.returncode == 1
    assert done.stdout == ""
    path = re.search(r"this file, .*: (\S+)\n", done.stderr)[1]
    (report,) = (tmp_path / "state" / "xuna").iterdir()
    assert str(report) == path
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    text = report.read_text()
    assert "KeyError" in text
    assert "RuntimeError" in text
    assert "in broken" in text
    assert "command: xuna batch-call" in text
    for secret in ("Ann", "555123", "555 123", "123 4567", "sk_", "example.com", "people-of-ann"):
        assert secret not in text + done.stderr, secret


def test_where_no_report_can_be_written_the_bug_is_said_all_the_same(tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    assert write_crash_report(ValueError("x"), {"XDG_STATE_HOME": str(tmp_path / "state")}, NOW) is None


def test_a_relative_state_folder_is_ignored_as_the_specification_has_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write_crash_report(ValueError("x"), {"XDG_STATE_HOME": "state"}, NOW)
    assert path is not None
    assert path.is_relative_to(tmp_path / ".local/state/xuna")
