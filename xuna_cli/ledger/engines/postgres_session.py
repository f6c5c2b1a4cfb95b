"""A session on a PostgreSQL server: open it, check its settings, and explain its errors."""

import contextlib
import re
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from xuna_cli.errors import ConfigurationError, LedgerError, LedgerUnreachableError
from xuna_cli.ledger.engines.engine import RolledBackError
from xuna_cli.ledger.engines.location import ServerUrl

OLDEST_SERVER = 130000  # pg_current_xact_id came with PostgreSQL 13
IDLE_SESSIONS_END = 140000  # idle_session_timeout came with PostgreSQL 14

# Defaults for the URL. Both sides notice a dead network after about 30 s.
DEFAULTS = {
    "application_name": "xuna",
    "connect_timeout": "10",
    "client_encoding": "UTF8",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}

# Seconds. A process that was stopped inside a transaction keeps others from its rows: its session ends
# before those who wait for it give up, and they give up before their statement does.
SESSION_SETTINGS = {
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": "60s",
    "statement_timeout": "120s",
    "tcp_keepalives_idle": "10s",
    "tcp_keepalives_interval": "5s",
    "tcp_keepalives_count": "4",
}

EXAMINE = """
SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('transaction_read_only'),
       current_setting('server_encoding'), current_schema(), pg_backend_pid()
"""

LONGEST_WORDS = 300

TABLES = ("campaigns", "runs", "batches", "calls")

# Rights on existing tables, or else the right to create them.
MAY_WRITE = """
SELECT COALESCE(
    bool_and(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
             AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')),
    has_schema_privilege(current_schema(), 'CREATE'))
FROM pg_class c WHERE c.relname = ANY(%(tables)s) AND c.relkind = 'r'
  AND c.relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)
"""
RIGHTS = "let the role own the database, or: GRANT CREATE, USAGE ON SCHEMA … TO the role"


AGAIN = "run the same command again"

# By SQLSTATE: code, message, hint.
DAMAGED = ("ledger-corrupt", "is damaged", "restore the ledger from a copy; do not start a new ledger")
FULL = (
    "ledger-full",
    "can't grow, because the server is out of disk space",
    "free some disk space and run the same command again",
)
EXPLANATIONS = {
    "25006": (
        "ledger-unwritable",
        "can only be read",
        "use the primary server, or give the role write permission",
    ),
    "42501": (
        "ledger-unwritable",
        "does not let this role do it",
        "let the role own its database, or: GRANT CREATE, USAGE ON SCHEMA … TO the role that made the ledger",
    ),
    "53100": FULL,
    "53200": FULL,
    "3F000": (
        "ledger-schema",
        "names a schema that does not exist",
        "CREATE SCHEMA … AUTHORIZATION the role",
    ),
    "42P01": DAMAGED,
    "42703": DAMAGED,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}


class Session:
    """One checked connection to a PostgreSQL server.

    Args:
        url: the server and database.
        read_only: whether nothing will be written.

    Raises:
        ConfigurationError: if the URL is invalid or leads to a pooler.
        LedgerError: if the server refuses the connection, or its settings make commits unsafe.
        LedgerUnreachableError: if the server can't be reached.
    """

    def __init__(self, url: ServerUrl, *, read_only: bool) -> None:
        parameters = _parameters(url)
        self._secrets = _secrets(parameters)
        self.location = str(url)
        try:
            self.connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(
                make_conninfo(**parameters), autocommit=True
            )
        except psycopg.Error as error:
            raise self._explain_connecting(error) from None
        self.warnings: list[str] = []
        self.connection.add_notice_handler(self._note)
        try:
            self.schema, self.pid = self._examine(read_only=read_only)
        except psycopg.Error as error:
            self.connection.close()
            raise self.explain(error) from None
        except BaseException:
            self.connection.close()
            raise
        if self.schema not in {None, "public"}:
            mark = "&" if "?" in self.location else "?"
            self.location += f"{mark}options=-csearch_path%3D{quote(self.schema or '')}"

    @property
    def is_over(self) -> bool:
        """Whether the connection is known to be closed."""
        return self.connection.closed

    def close(self) -> None:
        """End the session; the server releases its locks."""
        self.connection.close()

    def _note(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        # A server that stops at once sends every session a warning (PostgreSQL's function `quickdie`). It may
        # arrive together with the answer to COMMIT, and says nothing against that commit.
        if diagnostic.severity_nonlocalized == "WARNING" and diagnostic.source_function != "quickdie":
            self.warnings.append(diagnostic.message_primary or "a warning")

    def _examine(self, *, read_only: bool) -> tuple[str | None, int]:
        version = self.connection.info.server_version
        if version < OLDEST_SERVER:
            raise LedgerError(
                f"the server of {self.location} is PostgreSQL {version // 10000}; the ledger needs 13 or newer",
                code="ledger-server-old",
            )
        row = self.connection.execute(EXAMINE).fetchone()
        assert row is not None  # noqa: S101 - a SELECT of functions has one row
        commit, fsync, only_reads, encoding, schema, pid = row
        if pid != self.connection.info.backend_pid:
            # A pooler's backend ids are its own: each transaction may run in another session, and
            # a session's lock then says nothing about this process.
            raise ConfigurationError(
                f"{self.location} is a connection pooler, through which a run can't hold a lock",
                hint="use the PostgreSQL server directly (often port 5432)",
                code="ledger-pooler",
            )
        if encoding != "UTF8":
            raise LedgerError(
                f"the database of {self.location} is encoded in {encoding}",
                hint="create a database with ENCODING 'UTF8'",
                code="ledger-encoding",
            )
        if not read_only:
            self._demand_durability(commit, fsync, only_reads)
        self._settle(commit, version)
        return schema, pid

    def _demand_durability(self, commit: str, fsync: str, only_reads: str) -> None:
        for name, value in (("synchronous_commit", commit), ("fsync", fsync)):
            if value == "off":
                raise LedgerError(
                    f"{self.location} has {name} = off: written data may be lost in a crash, "
                    "and people could be called twice",
                    hint=f"turn {name} on for the role that xuna uses: ALTER ROLE … SET {name} = on"
                    if name == "synchronous_commit"
                    else "turn it on in postgresql.conf",
                    code="ledger-not-durable",
                )
        if only_reads == "on":
            raise LedgerError(
                f"{self.location} is read-only, because it is a standby or configured as read-only",
                hint="use the primary server; with several hosts in the URL, add ?target_session_attrs=read-write",
                code="ledger-unwritable",
            )

    def _settle(self, commit: str, version: int) -> None:
        # Fix the checked value, even if an administrator changes it during the run.
        settings = {**SESSION_SETTINGS, "synchronous_commit": commit}
        if version >= IDLE_SESSIONS_END:
            settings["idle_session_timeout"] = "0"
        functions = ", ".join(["set_config(%s, %s, false)"] * len(settings))
        values = [part for setting in settings.items() for part in setting]
        self.connection.execute(f"SELECT {functions}", values)

    # -- what went wrong

    def explain(self, error: psycopg.Error) -> LedgerError:
        """Translate an error of the server into a LedgerError with a hint, without quoted data."""
        state = error.sqlstate
        if self.connection.closed or (state or "")[:2] == "08":
            return RolledBackError(
                f"the connection to the ledger {self.location} was lost",
                hint="run the same command again; it calls the people who were not called yet",
                code="ledger-unreachable",
            )
        if state in {"40001", "40P01"}:
            return RolledBackError(f"other runs kept blocking this run in {self.location}", hint=AGAIN)
        if state == "55P03":  # a lock that did not come within lock_timeout
            return RolledBackError(f"the ledger {self.location} is busy", hint=AGAIN)
        if state == "57014":
            return LedgerUnreachableError(
                f"the ledger {self.location} took too long", hint=AGAIN, code="ledger-busy"
            )
        said = error.diag.message_primary or type(error).__name__
        if state in EXPLANATIONS:
            code, what, hint = EXPLANATIONS[state]
            return LedgerError(f"the ledger {self.location} {what} ({said})", hint=hint, code=code)
        return LedgerError(f"the ledger {self.location} failed: {said} (SQLSTATE {state or 'none'})")

    def _explain_connecting(self, error: psycopg.Error) -> LedgerError | ConfigurationError:
        words = self._words(error)
        if isinstance(error, psycopg.ProgrammingError):
            return _bad_url()
        if re.search(r"certificate|SSL", words):
            return ConfigurationError(
                f"no encrypted connection to {self.location} could be made: {words}",
                hint="check sslmode and sslrootcert in the URL",
                code="ledger-tls",
            )
        # FATAL errors that are temporary.
        later = re.search(r"starting up|shutting down|recovery|too many|remaining connection|not yet", words)
        if "FATAL" in words and not later:
            return LedgerError(
                f"{self.location} refuses the connection: {words}",
                hint="check the role, its password and the database in XUNA_LEDGER",
                code="ledger-refused",
            )
        return LedgerUnreachableError(
            f"the ledger's server can't be reached: {words}",
            hint="check the network and XUNA_LEDGER, then run the same command again",
        )

    def _words(self, error: psycopg.Error) -> str:
        lines = (" ".join(line.split()) for line in str(error).splitlines())
        words = "; ".join(line for line in lines if line and not line.startswith("Is the server running"))
        for secret in self._secrets:
            words = words.replace(secret, "…")
        return words[:LONGEST_WORDS]


def _parameters(url: ServerUrl) -> dict[str, Any]:
    try:
        given = conninfo_to_dict(url.reveal())
    except psycopg.Error:
        raise _bad_url() from None
    return {**DEFAULTS, **{name: value for name, value in given.items() if value is not None}}


def _secrets(parameters: dict[str, Any]) -> list[str]:
    values = [str(parameters[name]) for name in ("password", "sslpassword") if parameters.get(name)]
    return sorted(
        {form for value in values for form in (value, quote(value, safe=""))}, key=len, reverse=True
    )


def _bad_url() -> ConfigurationError:
    # The library's message quotes the URL with the password, so it is not shown.
    return ConfigurationError(
        "the URL of the ledger is not valid",
        hint="use a URL like postgresql://role:password@host:5432/database, with special characters "
        "of the password percent-encoded (/ is %2F, @ is %40)",
        code="ledger-url",
    )


def check_rights(url: ServerUrl) -> None:
    """Check that the role can write or create a ledger.

    Raises:
        ConfigurationError, LedgerError: if the role can't.
    """
    with contextlib.closing(Session(url, read_only=False)) as session:
        try:
            row = session.connection.execute(MAY_WRITE, {"tables": list(TABLES)}).fetchone()
        except psycopg.Error as error:
            raise session.explain(error) from None
    if row is None or not row[0]:
        raise ConfigurationError(
            f"the role has no permission to write a ledger in {session.location}",
            hint=RIGHTS,
            code="ledger-unwritable",
        )
