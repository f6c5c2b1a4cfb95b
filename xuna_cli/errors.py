"""All errors of `xuna`, and their exit codes. This module imports no other one of the package.

Errors are for people: `message` says what happened and where, `hint` says what to do next. `code` is a stable
identifier for scripts.
"""

import errno
from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit codes. Treat an unknown one as failure."""

    OK = 0
    BUG = 1
    USAGE = 2
    REJECTED = 3
    CONFIGURATION = 4
    INPUT = 5
    UNREACHABLE = 6
    HELD = 7
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


_QUOTED = 40  # characters of a value in a message

# If several apply, the first of these is the exit code.
PRECEDENCE = (
    ExitStatus.BUG,
    ExitStatus.HANGUP,
    ExitStatus.INTERRUPTED,
    ExitStatus.TERMINATED,
    ExitStatus.USAGE,
    ExitStatus.INPUT,
    ExitStatus.CONFIGURATION,
    ExitStatus.UNREACHABLE,
    ExitStatus.HELD,
    ExitStatus.REJECTED,
    ExitStatus.OK,
)


def most_important(statuses: "set[ExitStatus]") -> ExitStatus:
    """Return the status with the highest precedence; `OK` for an empty set."""
    return next((status for status in PRECEDENCE if status in statuses), ExitStatus.OK)


_REASONS = {
    errno.EACCES: "permission denied",
    errno.EADDRINUSE: "another program uses it",
    errno.EISDIR: "it is a folder",
    errno.ENOSPC: "the disk is full",
    errno.ENOTDIR: "a part of its path is not a folder",
    errno.ENXIO: "it is a pipe that no program reads",
    errno.EROFS: "the disk is read-only",
}


def quoted(value: object) -> str:
    """Return a value for a message: in quotes, and shortened to 40 characters."""
    text = str(value)
    return f'"{text}"' if len(text) <= _QUOTED else f'"{text[: _QUOTED - 1]}…"'


def reason_of(error: OSError, *, writing: bool = False) -> str:
    """Return why a file or a port can't be used, as a phrase for people.

    Args:
        error: what the operating system said.
        writing: whether the file was to be written; then it is the folder that does not exist.
    """
    if error.errno == errno.ENOENT:
        return "its folder does not exist" if writing else "it does not exist"
    said = error.strerror or ""
    return _REASONS.get(error.errno or 0) or said[:1].lower() + said[1:] or type(error).__name__


class XunaError(Exception):
    """An expected failure, which the user sees without a traceback.

    Args:
        message: what happened, and where (file, row, column): a phrase in lower case without a period at the end.
        hint: what to do next, in the same style; may be empty.
        code: stable identifier for scripts (default: the class's).
    """

    exit_status = ExitStatus.BUG
    default_code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code


class UsageError(XunaError):
    """The command contradicts itself or the campaign's first run."""

    exit_status = ExitStatus.USAGE
    default_code = "usage"


class ConfigurationError(XunaError):
    """A setting or a credential is missing, malformed or refused."""

    exit_status = ExitStatus.CONFIGURATION
    default_code = "configuration"


class LedgerError(XunaError):
    """The ledger can't be opened, trusted or written."""

    exit_status = ExitStatus.CONFIGURATION
    default_code = "ledger"


class InputError(XunaError):
    """The list, the template or another input file can't be used, or not to its end."""

    exit_status = ExitStatus.INPUT
    default_code = "input"


class BrokenSealError(InputError):
    """A sealed list is not as it was sealed.

    Args:
        what: the change, with its row.
    """

    default_code = "seal-broken"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the seal of this list is broken: {what}",
            hint="do not call anybody from it; render, review and seal the list again",
        )


class OutputError(XunaError):
    """The output could not be written."""

    exit_status = ExitStatus.CONFIGURATION
    default_code = "output-unwritable"


class UnreachableError(XunaError):
    """The API or the ledger's server can't be reached, or keeps refusing."""

    exit_status = ExitStatus.UNREACHABLE
    default_code = "unreachable"


class LedgerUnreachableError(UnreachableError, LedgerError):
    """The ledger's server can't be reached or is too busy. Calls that were not sent can still be made."""

    default_code = "ledger-unreachable"


class LostClaimError(LedgerUnreachableError):
    """Another run considered this one dead; this run may not claim or send anything any more."""

    default_code = "ledger-lost-claim"


class RepeatedBatchIdError(LedgerError):
    """The API answered with the ID of another batch of the campaign, which proves nothing about this batch."""

    default_code = "batch-id-repeated"


class UnknownPersonError(XunaError):
    """Somebody opted out, and it is not known who; a person has to look."""

    exit_status = ExitStatus.REJECTED
    default_code = "opt-out-without-number"


class HeldError(XunaError):
    """The outcome of a batch is unknown, or not in the ledger; a person has to look."""

    exit_status = ExitStatus.HELD
    default_code = "held"
