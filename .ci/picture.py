"""Write the pictures of README: a terminal session, and badges.

    .ci/run picture

The session is recorded from real commands with the sandbox. Only the time of day and the batch IDs are replaced, so
that a new recording differs only if xuna prints something else. The pictures load nothing from the network.
"""

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / ".ci" / "pictures"
WIDTH = 112
LIST = "appointments.csv"
MESSAGE = """\
Hi {{ customer }}, this is Harbor Dental. See you on {{ appointment | date("d MMMM") }}.
"""
SESSION = (
    f"batch-call {LIST} --first-message-file reminder.txt --region US --dry-run",
    f"batch-call {LIST} --first-message-file reminder.txt --region US --sandbox --limit 5",
)
FONT_OF_THE_WEB = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
XUNA = """
import sys
from datetime import UTC, datetime
from xuna_cli.__main__ import entry
from xuna_cli.dialing.clock import Clock
Clock.now = lambda self: datetime(2027, 2, 26, 18, tzinfo=UTC)
sys.exit(entry())
"""


def session() -> Console:
    """Run the commands of the session, and return a console with their recording."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(ROOT / "sample_lists" / LIST, folder)
        (folder / "reminder.txt").write_text(MESSAGE)
        for command in SESSION:
            console.print(Text.assemble(("$ ", "bold green"), (f"xuna {command}", "bold")))
            console.print(Text.from_ansi(_printed(command.split(), folder)))
    return console


def _printed(argv: list[str], folder: Path) -> str:
    """Return what a command prints on a terminal, without its progress line."""
    ours, theirs = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "TERM": "xterm-256color",
        "COLUMNS": str(WIDTH),
    }
    with subprocess.Popen(
        [sys.executable, "-c", XUNA, *argv],
        cwd=folder,
        env=environment,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the command has ended
                break
            if not part:
                break
            shown += part
        os.close(ours)
        messages = process.stderr.read() if process.stderr else b""
    text = (messages + shown).decode().replace("\r\n", "\n").replace(str(folder), "~")
    return re.sub(r"batch_[0-9a-f]{24}", "batch_7de96110f2a30d00da827262", text)


def badges() -> str:
    """Return the badges as SVG: xuna's requirements, and its license."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = project["requires-python"].removeprefix(">=")
    words = [
        ("Python", f"{python} or later"),
        ("runs on", "Linux, macOS, WSL"),
        ("license", (ROOT / "LICENSE").read_text(encoding="utf-8").split()[0]),
    ]
    shapes, at = [], 0
    for name, value in words:
        for text, colour in ((name, "#555"), (value, "#06c")):
            width = 7 * len(text) + 12
            shapes.append(
                f'<rect x="{at}" width="{width}" height="20" fill="{colour}"/>'
                f'<text x="{at + width / 2}" y="14">{text}</text>'
            )
            at += width
        at += 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{at - 6}" height="20" '
        'font-family="Verdana,sans-serif" font-size="11" text-anchor="middle"><g fill="#fff">'
        + "\n".join(shapes)
        + "</g></svg>\n"
    )


def generated() -> dict[Path, str]:
    """Return every picture with its text."""
    return {
        PICTURES / "session.svg": FONT_OF_THE_WEB.sub("", session().export_svg(title="xuna")),
        PICTURES / "badges.svg": badges(),
    }


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
