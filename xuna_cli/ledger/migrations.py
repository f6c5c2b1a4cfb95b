"""The ledger's schema as numbered steps; opening a ledger applies the steps above its version.

A released step never changes; every change is a new step at the end. Each
engine replaces SERIAL_KEY by its type of a key that is not reused after a delete.
"""

import os
from collections.abc import Mapping, Sequence

from xuna_cli.errors import LedgerError
from xuna_cli.installing import upgrade_command
from xuna_cli.ledger.database import Database

STEPS: Mapping[int, Sequence[str]] = {
    1: (
        """
        CREATE TABLE ledger_info (
            name  TEXT PRIMARY KEY,
            value TEXT NOT NULL
        )
        """,
        # A campaign: nobody is called twice in it. Its first run fixes the three columns in the middle.
        """
        CREATE TABLE campaigns (
            id          SERIAL_KEY,
            name        TEXT NOT NULL UNIQUE,
            key_column  TEXT,
            api_origin  TEXT NOT NULL,
            source_path TEXT,
            created_at  TEXT NOT NULL
        )
        """,
        # One invocation of `xuna batch-call`. ended_at: set by the run itself, or by another run that finds it dead;
        # deadline: seconds that one POST may take.
        """
        CREATE TABLE runs (
            id                   SERIAL_KEY,
            campaign_id          BIGINT NOT NULL REFERENCES campaigns (id),
            started_at           TEXT NOT NULL,
            ended_at             TEXT,
            agent_id             TEXT NOT NULL,
            from_phone_number_id TEXT NOT NULL,
            source               TEXT NOT NULL,
            template             TEXT,
            deadline             REAL NOT NULL,
            host                 TEXT NOT NULL,
            pid                  INTEGER NOT NULL,
            xuna_version         TEXT NOT NULL
        )
        """,
        "CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL",
        # Call targets submitted in one POST; records.BatchState explains each state. batch_id and
        # calls_initiated are the API's.
        """
        CREATE TABLE batches (
            id              SERIAL_KEY,
            run_id          BIGINT NOT NULL REFERENCES runs (id),
            parent_id       BIGINT REFERENCES batches (id),
            state           TEXT NOT NULL CHECK (
                state IN ('claimed', 'submitting', 'accepted', 'short', 'refused', 'unknown')
            ),
            size            INTEGER NOT NULL,
            batch_id        TEXT,
            calls_initiated INTEGER,
            http_status     INTEGER,
            error           TEXT,
            submitted_at    TEXT,
            finished_at     TEXT
        )
        """,
        "CREATE INDEX batches_of_run ON batches (run_id)",
        # Who was called, or is about to be: the primary key is the promise.
        """
        CREATE TABLE calls (
            campaign_id     BIGINT NOT NULL REFERENCES campaigns (id),
            key             TEXT NOT NULL,
            to_phone_number TEXT NOT NULL,
            batch_id        BIGINT NOT NULL REFERENCES batches (id),
            row_number      INTEGER NOT NULL,
            PRIMARY KEY (campaign_id, key)
        )
        """,
        "CREATE INDEX calls_of_batch ON calls (batch_id)",
    ),
    2: (
        # Numbers that no campaign may call; E.164.
        """
        CREATE TABLE do_not_call (
            to_phone_number TEXT PRIMARY KEY,
            reason          TEXT,
            added_at        TEXT NOT NULL
        )
        """,
        # Set when the people of a campaign were deleted; the campaign is then closed for good. Its batches keep the
        # counts.
        "ALTER TABLE campaigns ADD COLUMN forgotten_at TEXT",
        # When a number was last called: by the primary key where the number is the key, else by this. Only calls
        # of campaigns with --key are in it, so that it costs the others nothing.
        "CREATE INDEX calls_of_number ON calls (to_phone_number) WHERE key <> to_phone_number",
    ),
    3: (
        # Conversation records of calls: a row for each call and conversation that belong together, or may belong
        # together (joined_by is NULL then). It is deleted with the call's claim. outcome: records.CallOutcome; final:
        # 1 if the record is complete; duration: seconds; evaluation: JSON, criterion to result and rationale;
        # collected: JSON, name to value.
        """
        CREATE TABLE outcomes (
            campaign_id     BIGINT NOT NULL REFERENCES campaigns (id),
            key             TEXT NOT NULL,
            conversation_id TEXT NOT NULL,
            outcome         TEXT NOT NULL,
            joined_by       TEXT CHECK (joined_by IN ('batch', 'number', 'held')),
            final           INTEGER NOT NULL,
            status          TEXT,
            started_at      TEXT,
            duration        REAL,
            evaluation      TEXT NOT NULL,
            collected       TEXT NOT NULL,
            PRIMARY KEY (campaign_id, key, conversation_id),
            FOREIGN KEY (campaign_id, key) REFERENCES calls (campaign_id, key) ON DELETE CASCADE
        )
        """,
        "CREATE INDEX outcomes_of_conversation ON outcomes (campaign_id, conversation_id)",
        # When the records of a campaign were last read, and how completely: why the list was incomplete, and (JSON)
        # the numbers of unmatched records by reason.
        """
        CREATE TABLE readings (
            campaign_id BIGINT PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
            read_at     TEXT NOT NULL,
            incomplete  TEXT,
            records     INTEGER NOT NULL,
            joined      INTEGER NOT NULL,
            elsewhere   INTEGER NOT NULL,
            unjoined    INTEGER NOT NULL,
            reasons     TEXT NOT NULL
        )
        """,
        # Row counts of a run: the counts of its result, and `rejected:CODE` for each reason.
        """
        CREATE TABLE run_counts (
            run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            name   TEXT NOT NULL,
            count  INTEGER NOT NULL,
            PRIMARY KEY (run_id, name)
        )
        """,
    ),
    4: (
        # The random part of the batch's Idempotency-Key: a restored copy of the ledger may give the same ID to other
        # people, but not the same key. NULL: written by an older version.
        "ALTER TABLE batches ADD COLUMN nonce TEXT",
        # The time zone rules that the run used: version and location. NULL: written by an older version.
        "ALTER TABLE runs ADD COLUMN zone_rules TEXT",
        # To find an API ID that occurs twice.
        "CREATE INDEX batches_of_batch_id ON batches (batch_id) WHERE batch_id IS NOT NULL",
        # People whom the API refused to call, with the last such run and the message. They are called after everybody
        # else.
        """
        CREATE TABLE refusals (
            campaign_id     BIGINT NOT NULL REFERENCES campaigns (id),
            key             TEXT NOT NULL,
            to_phone_number TEXT NOT NULL,
            run_id          BIGINT NOT NULL REFERENCES runs (id),
            refused_at      TEXT NOT NULL,
            error           TEXT,
            PRIMARY KEY (campaign_id, key)
        )
        """,
    ),
    5: (
        # Runs as evidence. user_name: user of the operating system; list_sha256: hash of the list that was read;
        # agent_hash: api.account.configuration_hash; exit_code: NULL if the run did not end normally. All five are
        # NULL if an older version wrote the run.
        "ALTER TABLE runs ADD COLUMN user_name TEXT",
        "ALTER TABLE runs ADD COLUMN api_origin TEXT",
        "ALTER TABLE runs ADD COLUMN list_sha256 TEXT",
        "ALTER TABLE runs ADD COLUMN agent_hash TEXT",
        "ALTER TABLE runs ADD COLUMN exit_code INTEGER",
        # Rows that were not called, with the rule: one row for all runs with the same list, so that a job that runs
        # every hour adds nothing. list_run_id: the campaign's first run with this list.
        """
        CREATE TABLE not_called (
            list_run_id     BIGINT NOT NULL REFERENCES runs (id),
            row_number      INTEGER NOT NULL,
            rule            TEXT NOT NULL,
            to_phone_number TEXT,
            first_run_id    BIGINT NOT NULL REFERENCES runs (id),
            last_run_id     BIGINT NOT NULL REFERENCES runs (id),
            PRIMARY KEY (list_run_id, row_number, rule)
        )
        """,
        # Decisions about held batches, with user and reason. evidence: the proof, if no person decided.
        """
        CREATE TABLE resolutions (
            id         SERIAL_KEY,
            batch_id   BIGINT NOT NULL REFERENCES batches (id),
            decided_at TEXT NOT NULL,
            decision   TEXT NOT NULL CHECK (decision IN ('placed', 'not-placed', 'proven')),
            decided_by TEXT NOT NULL,
            note       TEXT,
            evidence   TEXT
        )
        """,
        "CREATE INDEX resolutions_of_batch ON resolutions (batch_id)",
        # Command and user (user@host) that added a number. NULL: written by an older version.
        "ALTER TABLE do_not_call ADD COLUMN command TEXT",
        "ALTER TABLE do_not_call ADD COLUMN added_by TEXT",
        # Entries of do_not_call that were removed.
        """
        CREATE TABLE do_not_call_removed (
            id              SERIAL_KEY,
            to_phone_number TEXT NOT NULL,
            reason          TEXT,
            added_at        TEXT NOT NULL,
            command         TEXT,
            added_by        TEXT,
            removed_at      TEXT NOT NULL,
            removed_command TEXT NOT NULL,
            removed_by      TEXT NOT NULL,
            removed_reason  TEXT
        )
        """,
        "CREATE INDEX do_not_call_removed_of_number ON do_not_call_removed (to_phone_number)",
    ),
    6: (
        # Several attempts for each person: both tables get a column in their primary keys, so they are created again.
        "ALTER TABLE outcomes RENAME TO outcomes_before",
        "ALTER TABLE calls RENAME TO calls_before",
        # Who was called, or is about to be; the primary key is the promise. attempt: 1 for a person's first call in
        # the campaign, one more for each further call.
        """
        CREATE TABLE calls (
            campaign_id     BIGINT NOT NULL REFERENCES campaigns (id),
            key             TEXT NOT NULL,
            attempt         INTEGER NOT NULL,
            to_phone_number TEXT NOT NULL,
            batch_id        BIGINT NOT NULL REFERENCES batches (id),
            row_number      INTEGER NOT NULL,
            PRIMARY KEY (campaign_id, key, attempt)
        )
        """,
        """
        INSERT INTO calls (campaign_id, key, attempt, to_phone_number, batch_id, row_number)
        SELECT campaign_id, key, 1, to_phone_number, batch_id, row_number FROM calls_before
        """,
        # As before, but for one attempt.
        """
        CREATE TABLE outcomes (
            campaign_id     BIGINT NOT NULL REFERENCES campaigns (id),
            key             TEXT NOT NULL,
            attempt         INTEGER NOT NULL,
            conversation_id TEXT NOT NULL,
            outcome         TEXT NOT NULL,
            joined_by       TEXT CHECK (joined_by IN ('batch', 'number', 'held')),
            final           INTEGER NOT NULL,
            status          TEXT,
            started_at      TEXT,
            duration        REAL,
            evaluation      TEXT NOT NULL,
            collected       TEXT NOT NULL,
            PRIMARY KEY (campaign_id, key, attempt, conversation_id),
            FOREIGN KEY (campaign_id, key, attempt) REFERENCES calls (campaign_id, key, attempt) ON DELETE CASCADE
        )
        """,
        """
        INSERT INTO outcomes (campaign_id, key, attempt, conversation_id, outcome, joined_by, final, status, started_at,
                              duration, evaluation, collected)
        SELECT campaign_id, key, 1, conversation_id, outcome, joined_by, final, status, started_at, duration,
               evaluation, collected
        FROM outcomes_before
        """,
        # In this order, because deleting calls also deletes their outcomes.
        "DROP TABLE outcomes_before",
        "DROP TABLE calls_before",
        "CREATE INDEX calls_of_batch ON calls (batch_id)",
        "CREATE INDEX calls_of_number ON calls (to_phone_number) WHERE key <> to_phone_number",
        "CREATE INDEX outcomes_of_conversation ON outcomes (campaign_id, conversation_id)",
        # Number of the batch's calls that are later attempts; batches keep their counts when people are forgotten.
        "ALTER TABLE batches ADD COLUMN again INTEGER NOT NULL DEFAULT 0",
        # The run's policy of attempts, as options. NULL: this run called nobody twice.
        "ALTER TABLE runs ADD COLUMN attempts TEXT",
    ),
    7: (
        # Signer and key of the list's signature. NULL: no signature was required.
        "ALTER TABLE runs ADD COLUMN signed_by TEXT",
        # One row for all runs with the same list that follow each other, no longer for all: a row that was called in
        # between, or not read, has several.
        "ALTER TABLE not_called RENAME TO not_called_before",
        """
        CREATE TABLE not_called (
            list_run_id     BIGINT NOT NULL REFERENCES runs (id),
            row_number      INTEGER NOT NULL,
            rule            TEXT NOT NULL,
            to_phone_number TEXT,
            first_run_id    BIGINT NOT NULL REFERENCES runs (id),
            last_run_id     BIGINT NOT NULL REFERENCES runs (id),
            PRIMARY KEY (list_run_id, row_number, rule, first_run_id)
        )
        """,
        """
        INSERT INTO not_called (list_run_id, row_number, rule, to_phone_number, first_run_id, last_run_id)
        SELECT list_run_id, row_number, rule, to_phone_number, first_run_id, last_run_id FROM not_called_before
        """,
        "DROP TABLE not_called_before",
    ),
    8: (
        # The campaign's opt-out rules for commands that are given none: JSON, a list of FIELD=VALUE. NULL: no rules.
        "ALTER TABLE campaigns ADD COLUMN opt_out_when TEXT",
        # Begin of the last reading that found all opt-outs by these rules. NULL: none did.
        "ALTER TABLE campaigns ADD COLUMN opt_outs_known_at TEXT",
    ),
    9: (
        # Conversations with an opt-out and without a number, for which nobody has to be put on the do-not-call list.
        """
        CREATE TABLE dismissed_opt_outs (
            conversation_id TEXT PRIMARY KEY,
            dismissed_at    TEXT NOT NULL,
            dismissed_by    TEXT NOT NULL,
            reason          TEXT
        )
        """,
    ),
}


def migrate(database: Database, steps: Mapping[int, Sequence[str]], *, create: bool, read_only: bool) -> bool:
    """Migrate the schema to this program's version.

    Args:
        database: the newly opened database.
        steps: the statements of each schema version.
        create: create the tables if there are none.
        read_only: change only a private copy.

    Returns:
        Whether the ledger is new.

    Raises:
        LedgerError: if the ledger is newer than this program, or missing and not to be created.
    """
    version, newest = database.schema_version, max(steps)
    if version > newest:
        raise LedgerError(
            f"the ledger {database.location} was written by a newer xuna (ledger version {version}; "
            f"this xuna knows version {newest})",
            hint=f"in a newer copy of xuna's repository, run: {upgrade_command()}",
            code="ledger-newer",
        )
    if version == newest:
        return False
    if version == 0 and not create:  # left by a first run that was killed
        raise LedgerError(f"there is no ledger at {database.location}", code="ledger-missing")
    engine = database.engine
    if read_only:
        engine.work_on_private_copy()
    with database.transaction(moved_too=True, exclusive=True):
        version = database.schema_version  # another process may have been faster
        if 0 < version < newest and not read_only:
            engine.backup_before_migration(version)
        for step in range(version + 1, newest + 1):
            for statement in steps[step]:
                engine.change(statement.strip().replace("SERIAL_KEY", engine.serial_key))
        database.change("set_info", {"name": "schema_version", "value": str(newest)})
        if version == 0:
            database.change("set_info", {"name": "ledger_id", "value": os.urandom(8).hex()})
    return version == 0
