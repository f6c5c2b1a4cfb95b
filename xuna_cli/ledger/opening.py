"""Open a ledger with the engine for its location."""

from collections.abc import Callable
from datetime import datetime

from xuna_cli.debug_log import debug
from xuna_cli.ledger.database import utc_now
from xuna_cli.ledger.engines.engine import Engine
from xuna_cli.ledger.engines.location import Location, ServerUrl
from xuna_cli.ledger.ledger import Ledger


def open_ledger(
    location: Location, *, create: bool = True, read_only: bool = False, now: Callable[[], datetime] = utc_now
) -> Ledger:
    """Open the ledger in a file or a database.

    Args:
        location: file or URL of the ledger.
        create: create the ledger if it is missing.
        read_only: never write.
        now: the clock, in UTC.

    Raises:
        LedgerError: if the ledger is missing, damaged, newer than this program, or in an unsafe place.
        ConfigurationError: if the URL is invalid or its driver is missing.
    """
    engine = _engine(location, create=create, read_only=read_only)
    try:
        ledger = Ledger(engine, now=now, create=create, read_only=read_only)
    except BaseException:
        engine.close()
        raise
    debug("ledger", "opened", location=location, created=ledger.created, read_only=read_only)
    return ledger


def check_writable(location: Location) -> None:
    """Check that a run could write or create the ledger, without changing anything.

    Raises:
        ConfigurationError, LedgerError: if a run could not.
    """
    if isinstance(location, ServerUrl):
        from xuna_cli.ledger.engines.postgres import check_rights  # noqa: PLC0415 - as below

        check_rights(location)
    else:
        from xuna_cli.ledger.engines.sqlite import check_permissions  # noqa: PLC0415 - as below

        check_permissions(location)


def _engine(location: Location, *, create: bool, read_only: bool) -> Engine:
    if isinstance(location, ServerUrl):
        from xuna_cli.ledger.engines.postgres import PostgresEngine  # noqa: PLC0415 - only the engine that is used

        return PostgresEngine(location, create=create, read_only=read_only)
    from xuna_cli.ledger.engines.sqlite import SqliteEngine  # noqa: PLC0415 - only the engine that is used

    return SqliteEngine(location, create=create, read_only=read_only)
