"""The mark on a moved ledger: calling from both copies would call people twice."""

from xuna_cli.dataclass import dataclass
from xuna_cli.errors import LedgerError
from xuna_cli.times import for_people

MOVED_TO, MOVED_AT = "moved_to", "moved_at"  # names in ledger_info; not copied


@dataclass(frozen=True, slots=True)
class Moved:
    """The new location of a moved ledger.

    Attributes:
        to: the new location, without the password.
        at: time of the move in UTC, ISO 8601.
    """

    to: str
    at: str


def check_not_moved(location: str, moved: Moved | None) -> None:
    """Raise LedgerError if the ledger was moved."""
    if moved is not None:
        raise LedgerError(
            f"the ledger {location} was moved to {moved.to} at {for_people(moved.at)}, and can only be read",
            hint="use the new ledger, with --ledger or XUNA_LEDGER; if the new ledger is lost, make another one from "
            "this old one: xuna ledger copy --keep OLD NEW",
            code="ledger-moved",
        )
