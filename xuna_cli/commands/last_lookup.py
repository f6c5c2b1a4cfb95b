"""Cache of the account's agents and caller numbers, for completion."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

AGENTS = "agents"
CALLER_NUMBERS = "caller_numbers"
_LARGEST_FILE = 1024 * 1024  # bytes


def remember(kind: str, found: Iterable[tuple[str, str]]) -> None:
    """Store ids in a file that only its owner can read. Write errors are ignored.

    Args:
        kind: `AGENTS` or `CALLER_NUMBERS`; the other kind stays as it is.
        found: ids with descriptions.
    """
    path = _path(os.environ)
    with contextlib.suppress(OSError, RuntimeError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = {**_read(path), kind: dict(found)}
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(known, stream)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def recall(kind: str) -> dict[str, str]:
    """Return the stored ids of a kind with their descriptions."""
    return _read(_path(os.environ)).get(kind, {})


def _path(environ: Mapping[str, str]) -> Path:
    folder = Path(environ.get("XDG_CACHE_HOME", ""))
    return (folder if folder.is_absolute() else Path("~").expanduser() / ".cache") / "xuna" / "account.json"


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open("rb") as file:
            known = json.loads(file.read(_LARGEST_FILE))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {
        kind: {str(one): str(words) for one, words in found.items()}
        for kind, found in known.items()
        if isinstance(found, dict)
    }
