"""Verify the signature of a second person, made by `ssh-keygen -Y sign`, with `ssh-keygen -Y verify`."""

import shlex
import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import ConfigurationError, InputError, UsageError, reason_of
from xuna_cli.lazy_pattern import lazy_pattern

NAMESPACE = "xuna"
"""What signatures are made for, so that none for another purpose counts."""

_SIGNED_WITH = lazy_pattern(r"with (\S+) key (\S+)")
_LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class Signed:
    """A file with a valid signature.

    Attributes:
        file: unnamed copy of the verified bytes, which nobody else can change.
        signer: the signer's name in the file of allowed signers.
        key: the kind and the fingerprint of the key.
    """

    file: BinaryIO
    signer: str
    key: str


def verified(path: str, allowed_signers: Path, stack: ExitStack) -> Signed:
    """Verify that an allowed signer has signed a list in `PATH.sig`, and return the list.

    Args:
        path: the list.
        allowed_signers: file as described in ssh-keygen(1).
        stack: closes the file.

    Raises:
        InputError: the signature is missing, or doesn't match the list and an allowed signer.
        ConfigurationError: ssh-keygen is missing.
        UsageError: the list comes through stdin.
    """
    if path == "-":
        raise UsageError("--signed-by needs a list in a file, not on stdin", code="signature")
    signature = f"{path}.sig"
    for needed, hint in (
        (str(allowed_signers), "name the file of allowed signers with --signed-by"),
        (signature, _how_to_sign(path)),
    ):
        if not Path(needed).is_file():
            raise InputError(f"{needed} is missing, or is not a file", hint=hint, code="signature-missing")
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - 0600, and unlinked at once
    try:
        with Path(path).open("rb") as there:
            shutil.copyfileobj(there, file)
    except OSError as error:
        raise InputError(f"{path} can't be read: {reason_of(error)}", code="input-unreadable") from None
    found = _ssh_keygen(file, "find-principals", "-s", signature, "-f", str(allowed_signers))
    # A line of the file may name several people for one key.
    signer = found.stdout.split("\n")[0].split(",")[0].strip() if found.returncode == 0 else ""
    if not signer:
        raise _refused(path, f"nobody in {allowed_signers} has made it")
    names = ("-f", str(allowed_signers), "-I", signer, "-n", NAMESPACE, "-s", signature)
    checked = _ssh_keygen(file, "verify", *names)
    if checked.returncode != 0:
        words = (checked.stderr.strip() or checked.stdout.strip()).splitlines()
        raise _refused(path, words[0] if words else "ssh-keygen refuses it")
    file.seek(0)
    key = _SIGNED_WITH.search(checked.stdout)
    return Signed(file, signer, " ".join(key.groups()) if key else "")


def _ssh_keygen(file: BinaryIO, what: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    file.seek(0)
    try:
        return subprocess.run(  # noqa: S603 - no shell
            ["ssh-keygen", "-Y", what, *arguments],  # noqa: S607 - the one that the person has
            stdin=file,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LONGEST_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise ConfigurationError(
            "ssh-keygen can't be run, so no signature can be checked",
            hint="install OpenSSH 8.9 or later",
            code="ssh-keygen",
        ) from None


def _refused(path: str, why: str) -> InputError:
    return InputError(
        f"the signature {path}.sig is not valid for {path}: {why}",
        hint=_how_to_sign(path),
        code="signature-refused",
    )


def _how_to_sign(path: str) -> str:
    return f"to approve the list: ssh-keygen -Y sign -f KEY -n {NAMESPACE} {shlex.quote(path)}"
