"""Plant known bugs one by one in a copy of the code: bugs that call people twice or lose them. The suite must find
each.

python -m tests.faults.planted [WORD]     # a table: bug, caught by, seconds
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.sandbox_process import ROOT


@dataclass(frozen=True)
class Planted:
    """A known bug.

    Attributes:
        bug: description of the bug.
        file: file of the package.
        edits: texts that occur exactly once, with their replacements.
        tests: pytest arguments for the tests that must find the bug.
        elsewhere: more edits: file, text, replacement.
    """

    bug: str
    file: str
    edits: Sequence[tuple[str, str]]
    tests: Sequence[str]
    elsewhere: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True)
class Caught:
    """The result for a planted bug; `by` is empty if no test found it."""

    planted: Planted
    by: tuple[str, ...]
    seconds: float
    output: str


MATRIX = "tests/faults/test_crash_matrix.py"
AHEAD = "tests/dialing/test_connections.py"
TABLE = "tests/faults/test_fault_table.py"
RUNS = "tests/faults/test_runs.py"
SIZES = "tests/ledger/contract/test_sizes.py"
AT_ONCE = "tests/ledger/contract/test_two_at_once.py"
FORGETTING = "tests/commands/campaigns/test_forget.py"
SIMULATION = "tests/commands/test_simulation.py"
CAMPAIGN_RUN = "tests/commands/test_run.py"
OTHER_CAMPAIGNS = "tests/commands/test_opt_outs_of_other_campaigns.py"
CLAIMS, STANDINGS, ATTEMPTS = "ledger/claims.py", "ledger/standings.py", "ledger/attempts.py"
LATER = "tests/ledger/contract/test_attempts.py"
SENDING, CLIENT, OUTCOMES = "dialing/batch_sender.py", "api/client.py", "api/outcomes.py"
LEFT_OPEN = "            return Unknown(explain(error, self._deadline), status)\n"  # after the first byte

BUGS = (
    Planted(
        "outcome written only after the POST, no intent",
        SENDING,
        [
            ("            barred = self._ledger.submit(batch, self._screener.quiet_since, plan.attempts)\n", "            barred = self._ledger.on_do_not_call_list([])\n"),
            (
                "        try:\n            if isinstance(outcome, Taken):\n",
                "        self._ledger.submit(batch)\n        try:\n            if isinstance(outcome, Taken):\n",
            ),
        ],
        [MATRIX, "-k", "request-written"],
    ),
    Planted(
        "submitting put back to pending at start",
        "ledger/queries.sql",
        [("UPDATE batches SET state = 'unknown', error = :error", "UPDATE batches SET state = 'claimed', error = :error")],
        [MATRIX, "-k", "request-written"],
    ),
    Planted(
        "sent again after a 5xx",
        OUTCOMES,
        [("        case _:\n            return Unknown(message, status)\n", "        case _:\n            return Refused(Refusal.FOR_NOW, status, message, {}, 0.0)\n")],
        [RUNS, "-k", "5"],
    ),
    Planted(
        "sent again after a time-out",
        CLIENT,
        [(LEFT_OPEN, f"            if isinstance(error, httpcore.TimeoutException):\n                return NotSent('')\n{LEFT_OPEN}")],
        [RUNS, "-k", "silence"],
    ),
    Planted("synchronous NORMAL", "ledger/engines/sqlite.py", [('("EXTRA", 3)', '("NORMAL", 1)')], ["tests/faults/test_syscalls.py", "-k", "intent"]),
    Planted("journal DELETE with synchronous FULL", "ledger/engines/sqlite.py", [('("EXTRA", 3)', '("FULL", 2)')], ["tests/faults/test_syscalls.py", "-k", "intent"]),
    Planted(
        "connections kept alive",
        CLIENT,
        [
            ('            (b"Connection", b"close"),\n', ""),
            ("        self._stream.close()\n", "        del self\n"),
            (
                "            stream = connect(self._route, deadline)\n",
                "            stream = self._kept = getattr(self, '_kept', None) or connect(self._route, deadline)\n",
            ),
        ],
        ["tests/api/test_placing_calls.py", "-k", "connection_of_its_own"],
    ),
    Planted(
        "redirects followed",
        CLIENT,
        [
            (
                '            reached("post:answer-begun")\n',
                "            if status == 307:\n                import httpx\n                httpx.post(headers_of(response)['location'], content=body, headers=headers, trust_env=False)\n",
            )
        ],
        [TABLE, "tests/faults/test_secrets.py", "-k", "307 or redirect"],
    ),
    Planted(
        "the deadline holds for each read by itself",
        "api/connection.py",
        [("left if timeout is None else min(left, timeout)", "self._deadline.seconds"), ("        if (left := self._deadline.left) <= 0:\n            raise httpcore.ReadTimeout\n", "")],
        ["tests/api/test_placing_calls.py", "-k", "late_at_every_step or drip"],
    ),
    Planted(
        "a connection that waited for the ledger is used",
        CLIENT,
        [("        if time.monotonic() - self._connected > LONGEST_PAUSE_S:\n", "        if LONGEST_PAUSE_S < 0:\n")],
        ["tests/api/test_placing_calls.py", "-k", "waited_for_us"],
    ),
    Planted(
        "an old connection that was opened ahead is used",
        CLIENT,
        [
            ("        return time.monotonic() - self._connected <= LONGEST_AHEAD_S and is_quiet(self._stream)\n", "        return is_quiet(self._stream)\n"),
        ],
        [AHEAD, "-k", "too_old"],
    ),
    Planted(
        "a connection that was opened ahead is used though the server closed it",
        CLIENT,
        [(" <= LONGEST_AHEAD_S and is_quiet(self._stream)\n", " <= LONGEST_AHEAD_S\n")],
        [AHEAD, "-k", "closed_or_spoken_on"],
    ),
    Planted(
        "the next batch is sent ahead, and not only connected to",
        SENDING,
        [
            ("            barred = self._ledger.submit(batch, self._screener.quiet_since, plan.attempts)\n            if barred:\n", "            barred = {}\n            if barred:\n"),
            ("            return SendResult(connection.post(", "            outcome = connection.post("),
            ("idempotency_key=idempotency_key))\n", "idempotency_key=idempotency_key)\n            self._ledger.submit(batch, self._screener.quiet_since)\n            return SendResult(outcome)\n"),
        ],
        [AHEAD, "-k", "intent"],
    ),
    Planted(
        "a person's own time not looked at again before the POST",
        "screening/order.py",
        [("            self.do_not_call if self.do_not_call.lists else None,\n            *self._of_time,\n", "            self.do_not_call if self.do_not_call.lists else None,\n            *(rule for rule in self._of_time if rule is not self.own_time),\n")],
        ["tests/dialing/test_own_time.py", "-k", "resend"],
    ),
    Planted(
        "the rules not asked about who waits for the next attempt",
        "dialing/pipeline.py",
        [(" is not None and (reason is None or reason.count == DEFERRED):\n", " is not None:\n")],
        ["tests/commands/test_attempts.py", "-k", "who_waits_for_the_next_attempt"],
    ),
    Planted(
        "of several records of a call, only the latest looked at",
        "ledger/conversations.py",
        [("    outcomes = frozenset(CallOutcome(str(row[0])) for row in rows)\n", "    outcomes = frozenset({CallOutcome(str(rows[-1][0]))})\n")],
        [LATER, "-k", "sqlite and each_record"],
    ),
    Planted(
        "a reading that was cut off proves what only all records can prove",
        "outcomes/sync.py",
        [("joiner.rest(complete=not self._incomplete)", "joiner.rest()")],
        ["tests/commands/campaigns/test_outcomes.py", "-k", "does_not_prove_that_a_held_batch"],
    ),
    Planted(
        "a record that seems older than its call taken for somebody else's",
        "outcomes/joining.py",
        [("CLOCKS_DIFFER_A_DAY_S = 86_400.0\n", "CLOCKS_DIFFER_A_DAY_S = CLOCKS_DIFFER_S\n")],
        ["tests/outcomes/test_joining.py", "-k", "clock_is_ahead"],
    ),
    Planted(
        "a reading by a clock that was ahead counts for later calls",
        "ledger/batches.py",
        [('            self._db.change("set_back_reading", {"id": batch.id, "submitted_at": at})\n', "")],
        [LATER, "-k", "sqlite and clock_that_was_ahead"],
    ),
    Planted(
        "opt-outs on the list only after the whole reading",
        "outcomes/sync.py",
        [("        self._observer.take_links(links)\n", "")],
        ["tests/commands/campaigns/test_opt_outs.py", "-k", "before_its_record_is_stored"],
    ),
    Planted(
        "a reading deletes what another one that began later has found",
        "outcomes/sync.py",
        [("            forget_links(self._ledger, self._campaign_id, self._not_found)\n", "            forget_links(self._ledger, self._campaign_id, links_in_doubt(self._ledger, self._campaign_id) - self._found)\n"), ("        self._not_found.difference_update(\n", "        self._found.update(\n"), ("        self._not_found = links_in_doubt(ledger, campaign.id)\n", "        self._found: set[str] = set()\n")],
        ["tests/commands/campaigns/test_outcomes.py", "-k", "reads_meanwhile"],
    ),
    Planted(
        "calls under the other form of a number not counted",
        STANDINGS,
        [("last._replace(attempt=max(last.attempt, len(made)))", "last")],
        [LATER, "-k", "sqlite and both_forms"],
    ),
    Planted(
        "a run of a campaign file calls before it knows who opted out",
        "commands/campaign_run.py",
        [('            self._try("opt-outs", partial(self._add_opt_outs, harvester))\n', "")],
        [CAMPAIGN_RUN, "-k", "opted_out_is_on_the_list"],
    ),
    Planted(
        "a run of a campaign file calls although opt-outs can't be recognized",
        "commands/campaign_run.py",
        [("            if self._barred is not None:\n                raise self._barred\n", "")],
        [CAMPAIGN_RUN, "-k", "field_that_no_record_has or before_the_records"],
    ),
    Planted(
        "a run calls before it knows who opted out in another campaign",
        "commands/calling/look_back.py",
        [("        self._ask_other_campaigns(ledger, campaign_id)\n", "")],
        [OTHER_CAMPAIGNS, "-k", "opted_out_in_another_campaign"],
    ),
    Planted(
        "who may have opted out in records that can't be read is called",
        "screening/order.py",
        [("            self.consent,\n            self.opt_outs_unknown,\n", "            self.consent,\n")],
        [OTHER_CAMPAIGNS, "-k", "only_who_may_have_opted_out"],
    ),
    Planted(
        "a run that has waited calls without looking for new opt-outs",
        "dialing/run.py",
        [("                self._look_back()\n", "")],
        ["tests/dialing/test_lists_that_change.py", "-k", "opt_outs_that_came"],
    ),
    Planted(
        "the opt-outs of calls that are a minute old are taken for known",
        "ledger/opt_out_rules.py",
        [("OPT_OUTS_COME_WITHIN = timedelta(days=1)\n", "OPT_OUTS_COME_WITHIN = timedelta(minutes=1)\n")],
        [OTHER_CAMPAIGNS, "-k", "until_a_day_after"],
    ),
    Planted(
        "a wrong rule replaces the kept ones",
        "outcomes/opt_outs.py",
        [("        if not harvest.is_wrong:\n", "        if harvest:\n")],
        ["tests/commands/test_kept_opt_out_rules.py", "-k", "does_not_replace"],
    ),
    Planted(
        "a campaign has finished although outcomes are to come",
        "commands/campaign_run.py",
        [("            or (self._outcomes is not None and self._outcomes.summary.undecided)\n", "")],
        [CAMPAIGN_RUN, "-k", "for_an_hour"],
    ),
    Planted(
        "a do-not-call list of a flag replaces those of the campaign file",
        "commands/campaign_file.py",
        [("            elif key in ADDED:\n", "            elif key in ADDED and not value:\n")],
        ["tests/commands/test_campaign_file.py", "-k", "do_not_call_lists"],
    ),
    Planted(
        "the environment wins over the campaign file",
        "commands/campaign_file.py",
        [("            if values.get(option.name) is None:\n", "            if values.get(option.name) is None and not option.value_from_envvar(ctx):\n")],
        ["tests/commands/test_campaign_file.py", "-k", "environment"],
    ),
    Planted(
        "a date that ends at its beginning, and one that begins at its end",
        "targets/call_window.py",
        [("_day_after(day) if ends else day", "day if ends else _day_after(day)")],
        ["tests/targets/test_call_window.py"],
    ),
    Planted(
        "the canary's room counted by each run, and not in the claim",
        CLAIMS,
        [("            if brakes is not None:\n                groups = _first(groups, self.brake(run.campaign_id, brakes)[0].room)\n", "")],
        ["tests/ledger/contract/test_brakes.py", "-k", "sqlite and (everybody or takes)"],
    ),
    Planted(
        "held people are not of the canary",
        "ledger/queries.sql",
        [("WHERE c.campaign_id = :campaign_id\nGROUP BY c.key\n", "WHERE c.campaign_id = :campaign_id AND b.state <> 'unknown'\nGROUP BY c.key\n")],
        ["tests/ledger/contract/test_brakes.py", "-k", "sqlite and everybody"],
    ),
    Planted(
        "a missing record is a failure at once",
        "ledger/brakes.py",
        [("        if accepted and is_proven(outcome, call, sync):\n", "        if accepted and outcome in {CallOutcome.FAILURE, CallOutcome.NO_CONVERSATION}:\n")],
        ["tests/ledger/contract/test_brakes.py", "-k", "sqlite and missing_record"],
    ),
    Planted(
        "hours and lock not looked at after the intent is written",
        SENDING,
        [("            if self._stop() or not self._ledger.holds_lock(run) or self._screener.before_post(batch.targets):\n", "            if self._stop() and run:\n")],
        ["tests/dialing/test_late_knowledge.py", "-k", "hours_close"],
    ),
    Planted(
        "calls_initiated not compared",
        "dialing/decide.py",
        [("whole = outcome.calls_initiated == size", "whole = True")],
        [RUNS, "-k", "short"],
    ),
    Planted(
        "classified by the exception's class",
        CLIENT,
        [(LEFT_OPEN, f"            if isinstance(error, httpcore.ReadError | httpcore.RemoteProtocolError):\n                return NotSent('')\n{LEFT_OPEN}")],
        [RUNS, "-k", "reset or closed"],
    ),
    Planted(
        "do-not-call asked only when the list is read",
        STANDINGS,
        [
            ("        if reasons := self.on_do_not_call_list(number for target in targets for number in target.numbers):\n", "        if reasons := {}:\n"),
        ],
        ["tests/dialing/test_screening.py", "-k", "listed"],
    ),
    Planted(
        "calls of a claim moved only up to 500",
        CLAIMS,
        [('change_in("move_calls", keys,', 'change_in("move_calls", keys[:ROWS_PER_STATEMENT],')],
        [SIZES, "-k", "split_moves or claims_are_filled"],
    ),
    Planted(
        "calls unclaimed only up to 500",
        CLAIMS,
        [('change_in("delete_calls", keys,', 'change_in("delete_calls", keys[:ROWS_PER_STATEMENT],')],
        [SIZES, "-k", "unclaim_gives_back"],
    ),
    Planted(
        "unclaimed without a look at the batch",
        "ledger/queries.sql",
        [("DELETE FROM calls WHERE batch_id = ? AND key IN ({list})", "DELETE FROM calls WHERE ? > 0 AND key IN ({list})")],
        [SIZES, "-k", "unclaim_gives_back"],
    ),
    Planted(
        "unclaimed, and the batch stays as it was",
        CLAIMS,
        [("            return _with_others(self._db, batch, left)\n", "            return Batch(batch.id, tuple(left), batch.nonce)\n")],
        [SIZES, "-k", "unclaim_gives_back"],
    ),
    Planted(
        "the rest of a claim not given back",
        "dialing/run.py",
        [("            self._ledger.unclaim(rest, [target.key for target in rest.targets])\n", "            del rest\n")],
        ["tests/dialing/test_late_knowledge.py", "-k", "rest_of_a_claim"],
    ),
    Planted(
        "forget keeps the API's words about batches",
        "ledger/forgetting.py",
        [('        ledger.change("forget_words_of_batches", parameters)\n', "")],
        [FORGETTING, "-k", "words_of_the_api"],
    ),
    Planted(
        "forget keeps whom the API refused",
        "ledger/forgetting.py",
        [('        ledger.change("forget_refusals", parameters)\n', "")],
        [FORGETTING, "-k", "words_of_the_api"],
    ),
    Planted(
        "an output overwrites a ledger",
        "output/files.py",
        [
            ("        if there.read(len(SQLITE_MARK)) == SQLITE_MARK:\n", "        if there.read(0) == SQLITE_MARK:\n"),
            # The command also refuses its own ledger by the path.
            (
                "    return [ledger.with_name(ledger.name + ending) for ending in _BESIDE_A_LEDGER]\n",
                "    return []\n",
            ),
        ],
        ["tests/faults/test_outputs.py", "-k", "never_overwritten"],
    ),
    Planted(
        "a split's children posted without an intent",
        SENDING,
        [
            (
                "            barred = self._ledger.submit(batch, self._screener.quiet_since, plan.attempts)\n",
                '            barred = {} if self._ledger.query("SELECT 1 FROM batches WHERE id = :id AND parent_id > 0", {"id": batch.id}) else self._ledger.submit(batch)\n',
            )
        ],
        [MATRIX, "-k", "request-written and split"],
    ),
    Planted(
        "the run's lock taken after its row",
        "ledger/runs.py",
        [
            ("            self._engine.acquire_lock(run_id)\n", ""),
            ("        return Run(id=run_id, campaign_id=campaign_id, campaign=description.campaign)\n", "        self._engine.acquire_lock(run_id)\n        return Run(id=run_id, campaign_id=campaign_id, campaign=description.campaign)\n"),
        ],
        [AT_ONCE, "-k", "lock_before_its_row"],
    ),
    Planted(
        "a batch_id that the campaign has is accepted",
        "ledger/batches.py",
        [("            if batch_id is not None and state is not BatchState.REFUSED:\n", "            if batch_id is None:\n")],
        ["tests/dialing/test_sending.py", "-k", "batch_id_that_the_campaign_has"],
    ),
    Planted(
        "quiet days not asked before the POST",
        SENDING,
        [("self._ledger.submit(batch, self._screener.quiet_since, plan.attempts)", "self._ledger.submit(batch, None, plan.attempts)")],
        ["tests/dialing/test_quiet_days_at_once.py", "-k", "while_we_connect"],
    ),
    Planted(
        "a no holds for its own row only",
        "commands/calling/prepared_list.py",
        [("        if not needs_whole_list(self.screening):\n", "        if self.screening:\n")],
        ["tests/commands/test_rows_of_one_person.py", "-k", "a_no_in_any_row or mark"],
    ),
    Planted(
        "whom the API refused is called first",
        "dialing/candidates.py",
        [("            if not refused or self._plan.retry_refused:\n", "            if self._plan:\n")],
        ["tests/dialing/test_refused.py", "-k", "not_for_ever"],
    ),
    Planted(
        "a held person is called again",
        ATTEMPTS,
        [("    if policy is None or call.state != BatchState.ACCEPTED:\n", "    if policy is None or call.state not in {BatchState.ACCEPTED, *HELD_STATES}:\n")],
        [LATER, "-k", "held_attempt"],
    ),
    Planted(
        "an unproven person is called again",
        ATTEMPTS,
        [
            ("        case CallOutcome.FAILURE:\n            return True\n", "        case CallOutcome.FAILURE | CallOutcome.UNPROVEN:\n            return True\n"),
            ("    if outcome not in policy.again:\n", "    if outcome not in {*policy.again, CallOutcome.UNPROVEN}:\n"),
            (" or not recorded.isdisjoint(_MAY_STILL_SUCCEED)", ""),
        ],
        [LATER, "-k", "not_named_or_not_proven"],
    ),
    Planted(
        "somebody whose call is in progress is called again",
        ATTEMPTS,
        [
            ("        case CallOutcome.FAILURE:\n            return True\n", "        case CallOutcome.FAILURE | CallOutcome.IN_PROGRESS:\n            return True\n"),
            ("    if outcome not in policy.again:\n", "    if outcome not in {*policy.again, CallOutcome.IN_PROGRESS}:\n"),
            (" or not recorded.isdisjoint(_MAY_STILL_SUCCEED)", ""),
        ],
        [LATER, "-k", "not_named_or_not_proven"],
    ),
    Planted(
        "the spacing is measured from the POST, and not from the later decision",
        ATTEMPTS,
        [("max(at for at in (call.submitted_at, call.finished_at) if at is not None)", "call.submitted_at or ''")],
        [LATER, "-k", "from_the_decision"],
    ),
    Planted(
        "the spacing is measured from the first attempt",
        STANDINGS,
        [("            call = last._replace(attempt=max(last.attempt, len(made)))\n", "            first = min(made, key=lambda each: each.attempt)\n            call = last._replace(attempt=max(last.attempt, len(made)), submitted_at=first.submitted_at, finished_at=first.finished_at)\n")],
        [LATER, "-k", "from_the_last_one"],
    ),
    Planted(
        "a budget per run, and not per person",
        STANDINGS,
        [("            standings[key] = next_attempt(policy, call, outcome, sync, now, recorded=recorded)\n", "            ours = call if policy is None or call.attempt < policy.most else call._replace(attempt=1)\n            found = next_attempt(policy, ours, outcome, sync, now, recorded=recorded)\n            standings[key] = Due(call.key, call.attempt + 1) if isinstance(found, Due) else found\n")],
        [LATER, "-k", "no_fourth_attempt"],
    ),
    Planted(
        "a record of an earlier call that comes late is not looked at",
        STANDINGS,
        [("sync, now, recorded=recorded)", "sync, now)")],
        [LATER, "-k", "comes_after_the_second"],
    ),
    Planted(
        "a missing record counts although the records were cut off",
        ATTEMPTS,
        [("                and absence_doubt(sync) is None\n", "")],
        [LATER, "tests/ledger/test_next_attempt.py", "-k", "no_conversation or missing_record"],
    ),
    Planted(
        "outcomes not asked for again right before the POST",
        STANDINGS,
        [("        barred.update(self.not_due(campaign_id, targets, policy))\n", "        if len(targets) > 1:\n            barred.update(self.not_due(campaign_id, targets[1:], policy))\n")],
        [LATER, "-k", "between_the_claim_and_the_post"],
    ),
    Planted(
        "a person's other form of the number begins anew",
        "ledger/database.py",
        [("        others = with_other_forms(keys)\n", "        others = with_other_forms([])\n")],
        [LATER, "-k", "either_form"],
    ),
    Planted(
        "a proxy's 503 about a lost API taken for a refusal",
        OUTCOMES,
        [('            not body.lstrip().startswith(b"<")\n            and (wait', "            (wait")],
        ["tests/api/test_outcomes.py", "-k", "page_for_people"],
    ),
    Planted(
        "a batch found by its number alone, in a ledger that was set back",
        "ledger/queries.sql",
        [("WHERE id = :id AND nonce = :nonce AND state = 'claimed'\n  AND EXISTS", "WHERE id = :id AND state = 'claimed'\n  AND EXISTS")],
        ["tests/ledger/contract/test_set_back.py", "-k", "sqlite"],
    ),
    Planted(
        "a lost batch split into batches without claims",
        "ledger/batches.py",
        [('            if not self._db.change("record", outcome):\n                raise', '            if not self._db.change("record", outcome) and not run:\n                raise')],
        ["tests/ledger/contract/test_set_back.py", "-k", "sqlite"],
    ),
    Planted(
        "an older copy of the ledger used without a word",
        "ledger/engines/sqlite.py",
        [("            if run_id <= (last := self._last_run()):\n", "            if run_id < 0 < (last := self._last_run()):\n")],
        ["tests/ledger/test_set_back.py"],
    ),
    Planted(
        "a server that was set back taken for one that was restarted",
        "ledger/engines/postgres.py",
        [("                    self._check_not_set_back(session)\n", "")],
        ["tests/faults/postgres/test_set_back.py"],
    ),
    Planted(
        "people called by a wrong clock",
        "api/server_time.py",
        [("    if abs(ahead) > CLOCKS_MAY_DIFFER:\n", "    if ahead > CLOCKS_MAY_DIFFER:\n")],
        ["tests/commands/test_clock.py"],
    ),
    Planted("csv read without strict", "contacts/delimited.py", [("strict=True", "strict=False")], ["tests/contacts/test_delimited.py"]),
    Planted(
        "a simulation with the ledger of other rehearsals",
        "commands/context.py",
        [("    if simulation is not None:\n        return simulation.ledger\n", "")],
        [f"{SIMULATION}::test_nothing_else_is_written_and_nobody_else_is_asked"],
    ),
    Planted(
        "a simulation with a sandbox that has the real time",
        "commands/account.py",
        [("    if options.simulation is not None:\n        yield", "    if False:\n        yield")],
        [f"{SIMULATION}::test_rules_ledger_and_sandbox_have_the_simulated_time"],
    ),
    Planted(
        "a simulation that writes the campaign's report",
        "commands/fast_forward.py",
        [("        report=None,\n", "")],
        ["tests/commands/test_fast_forward.py::test_the_campaigns_own_ledger_and_files_are_left_alone"],
    ),
)  # fmt: skip


def plant(planted: Planted, folder: Path) -> None:
    """Copy the code and its tests to a folder, and plant the bug.

    Raises:
        AssertionError: the text to change does not occur exactly once, so the bug must be adapted.
    """
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("xuna_cli", "tests", "sample_lists"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, old, new in (*((planted.file, *edit) for edit in planted.edits), *planted.elsewhere):
        file = folder / "xuna_cli" / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{planted.bug}: {name} has {text.count(old)} times {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def hunt(planted: Planted) -> Caught:
    """Run the named tests on a copy with the bug."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        folder = Path(name)
        plant(planted, folder)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-x",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:xdist",
                *planted.tests,
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE) if done.returncode == 1 else []
    return Caught(planted, tuple(found), time.monotonic() - started, done.stdout + done.stderr)


def main(words: Sequence[str]) -> int:
    missed = 0
    for planted in BUGS:
        if words and not any(word in planted.bug for word in words):
            continue
        caught = hunt(planted)
        by = ", ".join(caught.by).replace("tests/", "") or "NOBODY"
        print(f"{planted.bug:50} {by:95} {caught.seconds:5.1f} s", flush=True)
        if not caught.by:
            missed += 1
            print(caught.output[-3000:])
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
