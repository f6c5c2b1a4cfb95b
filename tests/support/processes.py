"""Information from Linux about processes."""

import contextlib
from pathlib import Path


def open_files(pid: int | str = "self") -> list[str]:
    """Return the files that a process has open."""
    names = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed in the meantime
            names.append(str(descriptor.readlink()))
    return names
