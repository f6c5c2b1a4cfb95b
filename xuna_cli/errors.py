"""Every way in which `xuna` can fail, and the exit code of each. Imports nothing of ours.

An error is for a person: `message` says what happened and where, `hint` what to do next, and
`code` is a stable slug for scripts.
"""

from enum import IntEnum


class ExitStatus(IntEnum):
    """The process's exit codes; an unknown one must be read as failure."""

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


# When several hold, the first of these is the exit code.
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
    """Return the status that wins when several hold; `OK` for an empty set."""
    return next((status for status in PRECEDENCE if status in statuses), ExitStatus.OK)


class XunaError(Exception):
    """An expected failure, told to the user without a traceback.

    Args:
        message: what happened, and where (file, row, column).
        hint: what to do next; may be empty.
        code: a slug that scripts can rely on; each class has a default.
    """

    exit_status = ExitStatus.BUG
    default_code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code


class UsageError(XunaError):
    """The command contradicts itself, or the campaign's first run."""

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
    """The list, the template or another input file can't be used (further)."""

    exit_status = ExitStatus.INPUT
    default_code = "input"


class OutputError(XunaError):
    """What was to be printed could not be written."""

    exit_status = ExitStatus.CONFIGURATION
    default_code = "output-unwritable"


class UnreachableError(XunaError):
    """The API (or a ledger's server) can't be reached, or keeps refusing."""

    exit_status = ExitStatus.UNREACHABLE
    default_code = "unreachable"


class LedgerUnreachableError(UnreachableError, LedgerError):
    """The ledger's server can't be reached, or is too busy; what was not sent is still free."""

    default_code = "ledger-unreachable"


class LostClaimError(LedgerUnreachableError):
    """Another run took this one for dead: nothing may be claimed or sent by it any more."""

    default_code = "ledger-lost-claim"


class RepeatedBatchIdError(LedgerError):
    """The API gave a batch the id of another batch of the campaign, which proves nothing about this one."""

    default_code = "batch-id-repeated"


class HeldError(XunaError):
    """What became of a batch is not in the ledger, or not known: a person has to look."""

    exit_status = ExitStatus.HELD
    default_code = "held"
