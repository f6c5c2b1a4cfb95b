-- Every statement the ledger runs, by name. `:word` is a parameter; `{rows}` and `{list}` are expanded to as
-- many groups of `?` as are given. Both engines run these as they stand.

-- name: info
SELECT value FROM ledger_info WHERE name = :name

-- name: set_info
INSERT INTO ledger_info (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: campaign_by_name
SELECT id, forgotten_at, key_column, api_origin, source_path FROM campaigns WHERE name = :name

-- name: add_campaign
INSERT INTO campaigns (name, key_column, api_origin, source_path, created_at)
VALUES (:name, :key_column, :api_origin, :source_path, :created_at)
ON CONFLICT (name) DO NOTHING

-- name: bind_campaign
UPDATE campaigns SET key_column = :key_column, api_origin = :api_origin, source_path = :source_path
WHERE id = :campaign_id

-- name: called_any
SELECT 1 FROM calls WHERE campaign_id = :campaign_id LIMIT 1

-- name: add_run
INSERT INTO runs (campaign_id, started_at, agent_id, from_phone_number_id, source, template, deadline,
                  host, pid, xuna_version, zone_rules, user_name, api_origin, list_sha256, agent_hash, attempts,
                  signed_by)
VALUES (:campaign_id, :started_at, :agent_id, :from_phone_number_id, :source, :template, :deadline,
        :host, :pid, :xuna_version, :zone_rules, :user_name, :api_origin, :list_hash, :agent_hash, :attempts,
        :signed_by)
RETURNING id

-- name: end_run
UPDATE runs SET ended_at = :ended_at WHERE id = :run_id AND ended_at IS NULL

-- name: open_runs
SELECT id FROM runs WHERE ended_at IS NULL ORDER BY id

-- name: open_run
SELECT id FROM runs WHERE id = :run_id AND ended_at IS NULL

-- name: orphan_submitting
UPDATE batches SET state = 'unknown', error = :error, finished_at = :finished_at
WHERE run_id = :run_id AND state = 'submitting'

-- name: delete_claimed_calls
DELETE FROM calls WHERE batch_id IN (SELECT id FROM batches WHERE run_id = :run_id AND state = 'claimed')

-- name: delete_claimed_batches
DELETE FROM batches WHERE run_id = :run_id AND state = 'claimed'

-- name: states_of_keys
SELECT c.key, b.state, b.run_id FROM calls c JOIN batches b ON b.id = c.batch_id
WHERE c.campaign_id = ? AND c.key IN ({list})

-- name: claims_of_keys
SELECT c.key, c.key, c.attempt, b.state, b.run_id, b.batch_id, b.submitted_at, b.finished_at
FROM calls c JOIN batches b ON b.id = c.batch_id
WHERE c.campaign_id = ? AND c.key IN ({list})

-- name: first_people_called
SELECT c.key, MIN(b.submitted_at) FROM calls c JOIN batches b ON b.id = c.batch_id
WHERE c.campaign_id = :campaign_id
GROUP BY c.key
-- Those for whom no POST was sent yet come last.
ORDER BY MIN(b.submitted_at) IS NULL, MIN(b.submitted_at), c.key LIMIT :most

-- name: successes_of_campaign
SELECT COUNT(*) FROM (
  SELECT DISTINCT key FROM outcomes WHERE campaign_id = :campaign_id AND outcome = 'success' LIMIT :most
) AS found

-- name: row_numbers_of_keys
SELECT key, row_number FROM calls WHERE campaign_id = ? AND key IN ({list}) ORDER BY key, attempt

-- name: add_batch
INSERT INTO batches (run_id, parent_id, state, size, nonce, again)
VALUES (:run_id, :parent_id, 'claimed', :size, :nonce, :again)
RETURNING id

-- name: lock_campaign
UPDATE campaigns SET created_at = created_at WHERE id = :campaign_id

-- name: insert_calls
INSERT INTO calls (campaign_id, key, attempt, to_phone_number, batch_id, row_number) VALUES {rows}
ON CONFLICT (campaign_id, key, attempt) DO NOTHING

-- name: keys_of_batches
SELECT key, batch_id FROM calls WHERE batch_id IN ({list})

-- name: move_calls
UPDATE calls SET batch_id = ? WHERE campaign_id = ? AND attempt = ? AND key IN ({list})

-- name: delete_calls
DELETE FROM calls WHERE batch_id = ? AND key IN ({list})

-- name: delete_calls_of_batch
DELETE FROM calls WHERE batch_id = :id

-- name: resize_batch
UPDATE batches SET size = :size, nonce = :nonce, again = :again WHERE id = :id

-- name: delete_batch
DELETE FROM batches WHERE id = :id

-- name: submit
UPDATE batches SET state = 'submitting', submitted_at = :submitted_at
WHERE id = :id AND nonce = :nonce AND state = 'claimed'
  AND EXISTS (SELECT 1 FROM runs WHERE runs.id = batches.run_id AND ended_at IS NULL)
RETURNING run_id

-- name: set_back_reading
UPDATE readings SET read_at = :submitted_at
WHERE read_at > :submitted_at
  AND campaign_id = (SELECT r.campaign_id FROM batches b JOIN runs r ON r.id = b.run_id WHERE b.id = :id)

-- name: back_to_claimed
UPDATE batches SET state = 'claimed', submitted_at = NULL WHERE id = :id AND nonce = :nonce AND state = 'submitting'
  AND EXISTS (SELECT 1 FROM runs WHERE runs.id = batches.run_id AND ended_at IS NULL)

-- name: record
UPDATE batches SET state = :state, batch_id = :batch_id, calls_initiated = :calls_initiated,
                   http_status = :http_status, error = :error, finished_at = :finished_at
WHERE id = :id AND nonce = :nonce AND state IN ('claimed', 'submitting', 'unknown')

-- name: batch_of_batch_id
SELECT b.id FROM batches b JOIN runs r ON r.id = b.run_id
WHERE b.batch_id = :batch_id AND b.id <> :id
  AND r.campaign_id = (SELECT r.campaign_id FROM batches b JOIN runs r ON r.id = b.run_id WHERE b.id = :id)
ORDER BY b.id LIMIT 1

-- name: batch
SELECT state FROM batches WHERE id = :id AND nonce = :nonce

-- name: resolve
UPDATE batches SET state = :state, error = :error, finished_at = :finished_at
WHERE id = :id AND state = :from_state

-- name: reclaim_batch
UPDATE batches SET state = :state, batch_id = :batch_id, calls_initiated = :calls_initiated, error = :error,
                   finished_at = :finished_at
WHERE id = :id AND nonce = :nonce AND state = 'refused'

-- name: campaign_of_batch
SELECT r.campaign_id FROM batches b JOIN runs r ON r.id = b.run_id WHERE b.id = :id

-- name: batches_of_campaign
SELECT b.id, b.run_id, b.parent_id, b.state, b.size, b.batch_id, b.calls_initiated, b.http_status, b.error,
       b.submitted_at, b.finished_at, b.again, r.ended_at, r.deadline
FROM batches b JOIN runs r ON r.id = b.run_id
WHERE r.campaign_id = :campaign_id AND (:held_only = 0 OR b.state IN ('unknown', 'short'))
ORDER BY b.id

-- name: campaign_summaries
SELECT c.id, c.name, c.key_column, c.api_origin, c.source_path, c.created_at, c.forgotten_at, c.opt_out_when,
       c.opt_outs_known_at, b.state, COUNT(b.id) AS batches, COALESCE(SUM(b.size), 0) AS calls, MAX(r.started_at) AS last_run_at
FROM campaigns c LEFT JOIN runs r ON r.campaign_id = c.id LEFT JOIN batches b ON b.run_id = r.id
GROUP BY c.id, c.name, c.key_column, c.api_origin, c.source_path, c.created_at, c.forgotten_at, c.opt_out_when,
         c.opt_outs_known_at, b.state
ORDER BY c.name, b.state

-- name: opt_out_rules
SELECT opt_out_when FROM campaigns WHERE id = :campaign_id

-- name: keep_opt_out_rules
UPDATE campaigns SET opt_out_when = :rules, opt_outs_known_at = NULL WHERE id = :campaign_id

-- name: last_calls_and_known_opt_outs
SELECT c.id, MAX(b.submitted_at), c.opt_outs_known_at
FROM campaigns c JOIN runs r ON r.campaign_id = c.id JOIN batches b ON b.run_id = r.id
WHERE c.opt_out_when IS NOT NULL AND c.forgotten_at IS NULL AND c.id <> :campaign_id
  AND b.state IN ('submitting', 'accepted', 'short', 'unknown') AND b.submitted_at IS NOT NULL
GROUP BY c.id, c.opt_outs_known_at

-- name: sent_batches_of_campaign
SELECT b.id, b.submitted_at, b.batch_id FROM batches b JOIN runs r ON r.id = b.run_id
WHERE r.campaign_id = :campaign_id AND b.state IN ('submitting', 'accepted', 'short', 'unknown')
  AND b.submitted_at IS NOT NULL
ORDER BY b.id

-- name: numbers_of_batches
SELECT to_phone_number FROM calls WHERE batch_id IN ({list})

-- name: numbers_without_final_record
SELECT c.to_phone_number FROM calls c
WHERE c.batch_id IN ({list}) AND NOT EXISTS (
    SELECT 1 FROM outcomes o
    WHERE o.campaign_id = c.campaign_id AND o.key = c.key AND o.attempt = c.attempt
      AND o.final = 1 AND o.joined_by IS NOT NULL
)

-- name: dismiss_opt_outs
INSERT INTO dismissed_opt_outs (conversation_id, dismissed_at, dismissed_by, reason) VALUES {rows}
ON CONFLICT (conversation_id) DO NOTHING

-- name: dismissed_opt_outs
SELECT conversation_id FROM dismissed_opt_outs WHERE conversation_id IN ({list})

-- name: reasons_on_do_not_call_list
SELECT reason FROM do_not_call WHERE reason IN ({list})

-- name: reasons_of_removed
SELECT reason FROM do_not_call_removed WHERE reason IN ({list})

-- name: opt_outs_known
UPDATE campaigns SET opt_outs_known_at = :read_at
WHERE id = :campaign_id AND opt_out_when = :rules AND COALESCE(opt_outs_known_at, '') < :read_at

-- name: runs_of_campaign
SELECT id, started_at, agent_id, ended_at, from_phone_number_id, source, template, host, xuna_version, user_name,
       api_origin, list_sha256, agent_hash, exit_code, attempts, signed_by
FROM runs WHERE campaign_id = :campaign_id ORDER BY id

-- name: last_run_that_called
SELECT id, started_at, agent_id, ended_at, from_phone_number_id, source, template, host, xuna_version, user_name,
       api_origin, list_sha256, agent_hash, exit_code, attempts, signed_by
FROM runs
WHERE campaign_id = :campaign_id AND EXISTS (SELECT 1 FROM batches WHERE run_id = runs.id)
  AND (:any_agent = 1 OR (agent_id = :agent_id AND agent_hash IS NOT NULL))
ORDER BY id DESC LIMIT 1

-- name: set_exit_code
UPDATE runs SET exit_code = :exit_code WHERE id = :run_id

-- name: calls_of_batches
SELECT c.batch_id, c.row_number, c.key, c.to_phone_number, c.attempt,
       EXISTS (SELECT 1 FROM calls l WHERE l.campaign_id = c.campaign_id AND l.key = c.key AND l.attempt > c.attempt)
FROM calls c
WHERE c.batch_id IN ({list})
ORDER BY c.batch_id, c.row_number

-- name: known_batch_ids
SELECT batch_id FROM batches WHERE batch_id IN ({list})

-- name: forget_conversations
DELETE FROM outcomes WHERE campaign_id = ? AND conversation_id IN ({list})

-- name: conversations_in_doubt
SELECT DISTINCT conversation_id FROM outcomes
WHERE campaign_id = :campaign_id AND (joined_by IS NULL OR joined_by <> 'batch')

-- name: add_outcomes
INSERT INTO outcomes (campaign_id, key, attempt, conversation_id, outcome, joined_by, final, status, started_at,
                      duration, evaluation, collected)
VALUES {rows}

-- name: final_conversations
SELECT DISTINCT conversation_id FROM outcomes
WHERE campaign_id = ? AND final = 1 AND joined_by = 'batch' AND conversation_id IN ({list})

-- name: kept_records_page
SELECT o.key, o.attempt, o.conversation_id, c.to_phone_number, o.final, o.evaluation, o.collected
FROM outcomes o JOIN calls c ON c.campaign_id = o.campaign_id AND c.key = o.key AND c.attempt = o.attempt
WHERE o.campaign_id = :campaign_id AND (o.key, o.attempt, o.conversation_id) > (:key, :attempt, :conversation_id)
ORDER BY o.key, o.attempt, o.conversation_id LIMIT :size

-- name: outcomes_of_batches
SELECT o.key, o.attempt, o.outcome, o.conversation_id, o.joined_by, o.status, o.started_at, o.duration, o.evaluation,
       o.collected
FROM outcomes o JOIN calls c ON c.campaign_id = o.campaign_id AND c.key = o.key AND c.attempt = o.attempt
WHERE c.batch_id IN ({list})
ORDER BY o.key, o.attempt, o.started_at, o.conversation_id

-- name: found_of_held_batches
SELECT c.batch_id, COUNT(DISTINCT o.key)
FROM outcomes o JOIN calls c ON c.campaign_id = o.campaign_id AND c.key = o.key AND c.attempt = o.attempt
     JOIN batches b ON b.id = c.batch_id
WHERE o.campaign_id = :campaign_id AND o.joined_by IS NOT NULL AND b.state IN ('unknown', 'short')
GROUP BY c.batch_id

-- name: found_of_batch
SELECT COUNT(DISTINCT o.key)
FROM outcomes o JOIN calls c ON c.campaign_id = o.campaign_id AND c.key = o.key AND c.attempt = o.attempt
WHERE c.batch_id = :id AND o.joined_by IS NOT NULL

-- name: add_refusals
INSERT INTO refusals (campaign_id, key, to_phone_number, run_id, refused_at, error) VALUES {rows}
ON CONFLICT (campaign_id, key) DO UPDATE SET
    to_phone_number = excluded.to_phone_number, run_id = excluded.run_id, refused_at = excluded.refused_at,
    error = excluded.error

-- name: refused_any
SELECT 1 FROM refusals WHERE campaign_id = :campaign_id LIMIT 1

-- name: refused_keys
SELECT key, run_id FROM refusals WHERE campaign_id = ? AND key IN ({list})

-- name: ever_accepted
SELECT 1 FROM batches b JOIN runs r ON r.id = b.run_id
WHERE r.campaign_id = :campaign_id AND (b.state = 'accepted' OR b.calls_initiated > 0) LIMIT 1

-- name: submitting_of_run
SELECT COUNT(*) FROM batches WHERE run_id = :run_id AND state = 'submitting'

-- name: conversation_sync
SELECT read_at, incomplete, records, joined, elsewhere, unjoined, reasons
FROM readings WHERE campaign_id = :campaign_id

-- name: set_conversation_sync
INSERT INTO readings (campaign_id, read_at, incomplete, records, joined, elsewhere, unjoined, reasons)
VALUES (:campaign_id, :read_at, :incomplete, :records, :joined, :elsewhere, :unjoined, :reasons)
ON CONFLICT (campaign_id) DO UPDATE SET
    read_at = excluded.read_at, incomplete = excluded.incomplete, records = excluded.records,
    joined = excluded.joined, elsewhere = excluded.elsewhere, unjoined = excluded.unjoined,
    reasons = excluded.reasons

-- name: add_run_count
INSERT INTO run_counts (run_id, name, count) VALUES (:run_id, :name, :count)
ON CONFLICT (run_id, name) DO UPDATE SET count = excluded.count

-- name: run_counts
SELECT c.run_id, c.name, c.count FROM run_counts c JOIN runs r ON r.id = c.run_id
WHERE r.campaign_id = :campaign_id
ORDER BY c.run_id

-- name: calls_of_keys
SELECT key, attempt, batch_id, row_number, to_phone_number FROM calls WHERE campaign_id = ? AND key IN ({list})
ORDER BY key, attempt

-- name: outcomes_of_keys
SELECT key, attempt, outcome, conversation_id, joined_by, status, started_at, duration, evaluation, collected
FROM outcomes WHERE campaign_id = ? AND key IN ({list})
ORDER BY key, attempt, started_at, conversation_id

-- name: do_not_call_any
SELECT 1 FROM do_not_call LIMIT 1

-- name: on_do_not_call_list
SELECT to_phone_number, reason FROM do_not_call WHERE to_phone_number IN ({list})

-- name: do_not_call_page
SELECT to_phone_number, reason, added_at FROM do_not_call WHERE to_phone_number > :after
ORDER BY to_phone_number LIMIT :size

-- name: do_not_call_count
SELECT COUNT(*) FROM do_not_call

-- name: do_not_call_add
INSERT INTO do_not_call (to_phone_number, reason, added_at, command, added_by) VALUES {rows}
ON CONFLICT (to_phone_number) DO NOTHING

-- name: do_not_call_remove
DELETE FROM do_not_call WHERE to_phone_number IN ({list})

-- name: last_calls_by_key
SELECT c.key, c.campaign_id, c.key, MAX(b.submitted_at) FROM calls c JOIN batches b ON b.id = c.batch_id
WHERE c.campaign_id IN (SELECT campaign_id FROM runs WHERE ended_at IS NULL OR ended_at >= ?)
  AND b.submitted_at >= ? AND b.state <> 'claimed' AND c.key IN ({list})
GROUP BY c.key, c.campaign_id

-- name: last_calls_by_number
SELECT c.to_phone_number, c.campaign_id, c.key, MAX(b.submitted_at) FROM calls c JOIN batches b ON b.id = c.batch_id
WHERE b.submitted_at >= ? AND b.state <> 'claimed'
  AND c.key <> c.to_phone_number AND c.to_phone_number IN ({list})
GROUP BY c.to_phone_number, c.campaign_id, c.key

-- name: claims_by_key
SELECT c.key, b.id FROM calls c JOIN batches b ON b.id = c.batch_id
WHERE c.campaign_id IN (SELECT campaign_id FROM runs WHERE ended_at IS NULL)
  AND b.run_id <> ? AND b.state = 'claimed' AND c.key IN ({list})

-- name: claims_by_number
SELECT c.to_phone_number, b.id FROM calls c JOIN batches b ON b.id = c.batch_id
WHERE b.run_id <> ? AND b.state = 'claimed' AND c.key <> c.to_phone_number AND c.to_phone_number IN ({list})

-- name: campaign_ages
SELECT c.name, COALESCE(MAX(r.ended_at), c.created_at) AS last_ended
FROM campaigns c LEFT JOIN runs r ON r.campaign_id = c.id
WHERE c.forgotten_at IS NULL
GROUP BY c.name, c.created_at ORDER BY c.name

-- name: open_runs_of_campaign
SELECT id FROM runs WHERE campaign_id = :campaign_id AND ended_at IS NULL

-- name: forget_later_calls
DELETE FROM calls WHERE campaign_id = :campaign_id AND attempt > 1

-- name: forget_calls
DELETE FROM calls WHERE campaign_id = :campaign_id

-- name: forget_refusals
DELETE FROM refusals WHERE campaign_id = :campaign_id

-- name: forget_words_of_batches
UPDATE batches SET error = NULL
WHERE error IS NOT NULL AND run_id IN (SELECT id FROM runs WHERE campaign_id = :campaign_id)

-- name: forget_words_of_runs
UPDATE runs SET template = NULL WHERE campaign_id = :campaign_id

-- name: forget_campaign
UPDATE campaigns SET forgotten_at = :forgotten_at WHERE id = :campaign_id

-- name: list_run
SELECT COALESCE(MIN(o.id), :run_id), MAX(CASE WHEN o.id < :run_id THEN o.id END) FROM runs o JOIN runs r ON r.id = :run_id
WHERE o.campaign_id = r.campaign_id AND o.source = r.source AND o.list_sha256 = r.list_sha256

-- name: add_not_called
INSERT INTO not_called (list_run_id, row_number, rule, to_phone_number, first_run_id, last_run_id) VALUES {rows}
ON CONFLICT DO NOTHING

-- name: extend_not_called
UPDATE not_called SET last_run_id = :run_id
WHERE list_run_id = :list_run_id AND last_run_id = :run_before AND EXISTS (
    SELECT 1 FROM not_called n
    WHERE n.list_run_id = :list_run_id AND n.row_number = not_called.row_number AND n.rule = not_called.rule
      AND n.first_run_id = :run_id AND n.last_run_id = :run_id
)

-- name: drop_extending_not_called
DELETE FROM not_called
WHERE list_run_id = :list_run_id AND first_run_id = :run_id AND last_run_id = :run_id AND EXISTS (
    SELECT 1 FROM not_called n
    WHERE n.list_run_id = :list_run_id AND n.row_number = not_called.row_number AND n.rule = not_called.rule
      AND n.first_run_id < :run_id AND n.last_run_id = :run_id
)

-- name: not_called_page
SELECT n.list_run_id, r.source, n.row_number, n.rule, n.to_phone_number, r.list_sha256, n.first_run_id, n.last_run_id
FROM not_called n JOIN runs r ON r.id = n.list_run_id
WHERE r.campaign_id = ? AND (n.list_run_id, n.row_number, n.rule, n.first_run_id) > (?, ?, ?, ?)
ORDER BY n.list_run_id, n.row_number, n.rule, n.first_run_id LIMIT ?

-- name: not_called_of_numbers
SELECT p.name, f.started_at, l.started_at,
       r.source, n.row_number, n.rule, n.to_phone_number, r.list_sha256, n.first_run_id, n.last_run_id
FROM not_called n JOIN runs r ON r.id = n.list_run_id JOIN campaigns p ON p.id = r.campaign_id
     JOIN runs f ON f.id = n.first_run_id JOIN runs l ON l.id = n.last_run_id
WHERE n.to_phone_number IN ({list})
ORDER BY f.started_at, n.list_run_id, n.row_number

-- name: rules_of_rows
SELECT row_number, to_phone_number, rule FROM not_called
WHERE list_run_id IN (SELECT id FROM runs WHERE campaign_id = ? AND source = ?) AND row_number IN ({list})
ORDER BY last_run_id

-- name: batches_of_numbers
SELECT DISTINCT campaign_id, batch_id FROM calls WHERE to_phone_number IN ({list})

-- name: forget_not_called
DELETE FROM not_called WHERE list_run_id IN (SELECT id FROM runs WHERE campaign_id = :campaign_id)

-- name: forget_words_of_resolutions
UPDATE resolutions SET note = NULL
WHERE batch_id IN (SELECT b.id FROM batches b JOIN runs r ON r.id = b.run_id WHERE r.campaign_id = :campaign_id)

-- name: add_resolution
INSERT INTO resolutions (batch_id, decided_at, decision, decided_by, note, evidence)
VALUES (:batch_id, :decided_at, :decision, :decided_by, :note, :evidence)

-- name: resolutions_of_campaign
SELECT s.batch_id, s.decided_at, s.decision, s.decided_by, s.note, s.evidence
FROM resolutions s JOIN batches b ON b.id = s.batch_id JOIN runs r ON r.id = b.run_id
WHERE r.campaign_id = :campaign_id ORDER BY s.id

-- name: numbers_of_batch
SELECT to_phone_number FROM calls WHERE batch_id = ? ORDER BY row_number, key LIMIT ?

-- name: do_not_call_keep_removed
INSERT INTO do_not_call_removed (to_phone_number, reason, added_at, command, added_by,
                                 removed_at, removed_command, removed_by, removed_reason)
SELECT to_phone_number, reason, added_at, command, added_by, ?, ?, ?, ?
FROM do_not_call WHERE to_phone_number IN ({list})

-- name: do_not_call_removed_of
SELECT to_phone_number, reason, added_at, command, added_by, removed_at, removed_command, removed_by, removed_reason
FROM do_not_call_removed WHERE to_phone_number IN ({list}) ORDER BY id

-- name: do_not_call_entries_of
SELECT to_phone_number, reason, added_at, command, added_by FROM do_not_call WHERE to_phone_number IN ({list})

-- name: campaigns_with_recent_runs
SELECT COUNT(*) FROM runs WHERE campaign_id <> ? AND (ended_at IS NULL OR ended_at >= ?)

-- name: recent_campaigns_by_key
SELECT c.key, p.name FROM calls c
JOIN batches b ON b.id = c.batch_id JOIN campaigns p ON p.id = c.campaign_id
WHERE c.campaign_id IN (SELECT campaign_id FROM runs WHERE ended_at IS NULL OR ended_at >= ?)
  AND c.campaign_id <> ? AND b.submitted_at >= ? AND b.state <> 'claimed' AND c.key IN ({list})

-- name: recent_campaigns_by_number
SELECT c.to_phone_number, p.name FROM calls c
JOIN batches b ON b.id = c.batch_id JOIN campaigns p ON p.id = c.campaign_id
WHERE c.campaign_id <> ? AND b.submitted_at >= ? AND b.state <> 'claimed'
  AND c.key <> c.to_phone_number AND c.to_phone_number IN ({list})

-- name: last_requests
SELECT submitted_at, finished_at FROM batches
WHERE state = 'accepted' AND submitted_at IS NOT NULL AND finished_at IS NOT NULL ORDER BY id DESC LIMIT ?

-- name: call_experience
SELECT
  (SELECT COUNT(*) FROM calls c JOIN batches b ON b.id = c.batch_id
   WHERE b.state = 'accepted' AND c.campaign_id IN (SELECT DISTINCT campaign_id FROM outcomes)),
  (SELECT COUNT(*) FROM outcomes WHERE joined_by IS NOT NULL AND duration > 0),
  (SELECT SUM(duration) FROM outcomes WHERE joined_by IS NOT NULL AND duration > 0)
