"""How packages are added to the environment in which this xuna runs, whoever made it (pip, pipx or uv)."""

import importlib.util
import shlex
import sys
from pathlib import Path


def install_command(*arguments: str) -> str:
    """Return a shell command that installs into this environment.

    Args:
        arguments: of `pip install`: requirements and options, but no paths.
    """
    python = sys.executable or "python3"
    if _is_made_by("pipx"):
        installer = ["pipx", "runpip", Path(sys.prefix).name, "install"]
    elif importlib.util.find_spec("pip") is None:  # the tools of uv have no pip
        installer = ["uv", "pip", "install", "--python", python]
    else:
        installer = [python, "-m", "pip", "install"]
    return shlex.join([*installer, *arguments])


def upgrade_command() -> str:
    """Return a shell command that installs xuna again, to be run in a newer copy of its repository."""
    if _is_made_by("pipx"):
        return "pipx install --force ."
    return "uv tool install --force ." if _is_made_by("uv") else install_command(".")


def _is_made_by(installer: str) -> bool:
    return (Path(sys.prefix) / {"pipx": "pipx_metadata.json", "uv": "uv-receipt.toml"}[installer]).exists()
