-- The ledger's schema, a section for each version; opening a ledger applies the sections above its own.
-- An engine replaces SERIAL_KEY by its own type of a key that is never used again after a delete.

-- version: 1

CREATE TABLE ledger_info (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- A name under which nobody is called twice; the three in the middle are fixed by the first run.
CREATE TABLE campaigns (
    id          SERIAL_KEY,
    name        TEXT NOT NULL UNIQUE,
    key_column  TEXT,
    api_origin  TEXT NOT NULL,
    source_path TEXT,
    created_at  TEXT NOT NULL
);

-- One invocation of `xuna batch-call`. ended_at is set by the run itself, or by whoever finds it dead.
CREATE TABLE runs (
    id                   SERIAL_KEY,
    campaign_id          BIGINT NOT NULL REFERENCES campaigns (id),
    started_at           TEXT NOT NULL,
    ended_at             TEXT,
    agent_id             TEXT NOT NULL,
    from_phone_number_id TEXT NOT NULL,
    source               TEXT NOT NULL,
    template             TEXT,
    deadline             REAL NOT NULL, -- seconds that one POST may take
    host                 TEXT NOT NULL,
    pid                  INTEGER NOT NULL,
    xuna_version         TEXT NOT NULL
);

CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL;

-- Call targets submitted in one POST; models.BatchState explains each state.
CREATE TABLE batches (
    id              SERIAL_KEY,
    run_id          BIGINT NOT NULL REFERENCES runs (id),
    parent_id       BIGINT REFERENCES batches (id),
    state           TEXT NOT NULL CHECK (
        state IN ('claimed', 'submitting', 'accepted', 'short', 'refused', 'unknown')
    ),
    size            INTEGER NOT NULL,
    batch_id        TEXT,    -- the API's
    calls_initiated INTEGER, -- the API's
    http_status     INTEGER,
    error           TEXT,
    submitted_at    TEXT,
    finished_at     TEXT
);

CREATE INDEX batches_of_run ON batches (run_id);

-- Who was called, or is about to be: the primary key is the promise.
CREATE TABLE calls (
    campaign_id     BIGINT NOT NULL REFERENCES campaigns (id),
    key             TEXT NOT NULL,
    to_phone_number TEXT NOT NULL,
    batch_id        BIGINT NOT NULL REFERENCES batches (id),
    row_number      INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, key)
);

CREATE INDEX calls_of_batch ON calls (batch_id);

-- version: 2

-- Who must not be called, by whatever campaign; E.164.
CREATE TABLE do_not_call (
    to_phone_number TEXT PRIMARY KEY,
    reason          TEXT,
    added_at        TEXT NOT NULL
);

-- Set when the people of a campaign were deleted: it is closed for good. Its batches keep the counts.
ALTER TABLE campaigns ADD COLUMN forgotten_at TEXT;

-- When a number was last called: by the primary key where the number is the key, else by this. Only calls
-- of campaigns with --key are in it, so that it costs the others nothing.
CREATE INDEX calls_of_number ON calls (to_phone_number) WHERE key <> to_phone_number;

-- version: 3

-- What the conversation records say of calls: a row for each call and conversation that is proven, or may
-- be, of it (then joined_by is null). It goes when the call's claim goes.
CREATE TABLE outcomes (
    campaign_id     BIGINT NOT NULL REFERENCES campaigns (id),
    key             TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    outcome         TEXT NOT NULL, -- models.CallOutcome
    joined_by       TEXT CHECK (joined_by IN ('batch', 'number', 'held')),
    final           INTEGER NOT NULL, -- 1: the API will not say more of it
    status          TEXT,
    started_at      TEXT,
    duration        REAL, -- seconds
    evaluation      TEXT NOT NULL, -- JSON: criterion to result and rationale
    collected       TEXT NOT NULL, -- JSON: name to value
    PRIMARY KEY (campaign_id, key, conversation_id),
    FOREIGN KEY (campaign_id, key) REFERENCES calls (campaign_id, key) ON DELETE CASCADE
);

CREATE INDEX outcomes_of_conversation ON outcomes (campaign_id, conversation_id);

-- When the records were last read for a campaign, and how completely.
CREATE TABLE readings (
    campaign_id BIGINT PRIMARY KEY REFERENCES campaigns (id) ON DELETE CASCADE,
    read_at     TEXT NOT NULL,
    incomplete  TEXT, -- why the list was cut off
    records     INTEGER NOT NULL,
    joined      INTEGER NOT NULL,
    elsewhere   INTEGER NOT NULL,
    unjoined    INTEGER NOT NULL,
    reasons     TEXT NOT NULL -- JSON: why, with counts
);

-- What a run did with its rows: the counts of its result, and `rejected:CODE` for each reason.
CREATE TABLE run_counts (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    name   TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (run_id, name)
);

-- version: 4

-- The random part of the batch's Idempotency-Key: a restored copy of the ledger gives the same id to other
-- people, but not the same key. NULL: of an older version.
ALTER TABLE batches ADD COLUMN nonce TEXT;

-- The time zone rules that the run went by: their version, and where they were. NULL: of an older version.
ALTER TABLE runs ADD COLUMN zone_rules TEXT;

-- To find an API's id that comes a second time.
CREATE INDEX batches_of_batch_id ON batches (batch_id) WHERE batch_id IS NOT NULL;

-- Whom the API refused to call, by whatever run last: they are tried again after everybody else.
CREATE TABLE refusals (
    campaign_id     BIGINT NOT NULL REFERENCES campaigns (id),
    key             TEXT NOT NULL,
    to_phone_number TEXT NOT NULL,
    run_id          BIGINT NOT NULL REFERENCES runs (id),
    refused_at      TEXT NOT NULL,
    error           TEXT, -- the API's words
    PRIMARY KEY (campaign_id, key)
);
