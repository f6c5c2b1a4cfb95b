"""Cache of the account's agents and caller numbers, for completion."""

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from xuna_cli.errors import InputError
from xuna_cli.output.files import replacing
from xuna_cli.settings import user_folder

AGENTS = "agents"
CALLER_NUMBERS = "caller_numbers"
_LARGEST_FILE = 1024 * 1024  # bytes


def remember(kind: str, found: Iterable[tuple[str, str]]) -> None:
    """Store ids in a file that only its owner can read. Write errors are ignored.

    Args:
        kind: `AGENTS` or `CALLER_NUMBERS`; the other kind stays as it is.
        found: ids with descriptions.
    """
    with contextlib.suppress(InputError, OSError, RuntimeError):
        path = _path()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = {**_read(path), kind: dict(found)}
        with replacing(path) as stream:
            json.dump(known, stream)


def recall(kind: str) -> dict[str, str]:
    """Return the stored ids of a kind with their descriptions."""
    return _read(_path()).get(kind, {})


def _path() -> Path:
    return user_folder(os.environ, "XDG_CACHE_HOME", ".cache") / "account.json"


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
