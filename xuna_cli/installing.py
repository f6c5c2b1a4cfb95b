"""How packages are added to the environment in which this xuna runs, whoever made it (pip, pipx or uv)."""

import importlib.util
import shlex
import sys


def install_command(*arguments: str) -> str:
    """Return a shell command that installs into this environment.

    Args:
        arguments: of `pip install`: requirements and options.
    """
    python = sys.executable or "python3"
    # The tools of uv have no pip of their own; those of pipx can import theirs.
    has_pip = importlib.util.find_spec("pip") is not None
    installer = [python, "-m", "pip", "install"] if has_pip else ["uv", "pip", "install", "--python", python]
    return shlex.join([*installer, *arguments])
