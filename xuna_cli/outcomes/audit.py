"""Audit records of a campaign, from the ledger."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from xuna_cli.ledger.campaigns import calls_with_outcomes
from xuna_cli.ledger.do_not_call import history
from xuna_cli.ledger.ledger import Ledger
from xuna_cli.ledger.not_called import not_called
from xuna_cli.ledger.queries import in_parts
from xuna_cli.ledger.records import Campaign, RunRecord
from xuna_cli.ledger.runs import counts_of_runs, runs_of

Record = Mapping[str, object]


def audit_records(ledger: Ledger, campaign: Campaign) -> Iterator[Record]:
    """Yield the campaign, its runs, batches, decisions, calls and uncalled rows, in constant memory.

    The last records are the do-not-call entries of its numbers.
    """
    yield {
        "type": "campaign",
        "name": campaign.name,
        "key_column": campaign.key_column,
        "api_origin": campaign.api_origin,
        "source_path": campaign.source_path,
        "created_at": campaign.created_at,
        "forgotten_at": campaign.forgotten_at,
        "opt_out_when": list(campaign.opt_out_when),
        "opt_outs_known_at": campaign.opt_outs_known_at,
        "ledger": ledger.location,
        "ledger_id": ledger.ledger_id,
        "exported_at": ledger.timestamp(),
    }
    counts = counts_of_runs(ledger, campaign.id)
    for run in runs_of(ledger, campaign.id):
        yield {"type": "run", **run_document(run, counts.get(run.id, {}))}
    for batch in ledger.batches(campaign.id):
        yield {"type": "batch", **asdict(batch)}
    for batch_id, at, decision, by, note, evidence in ledger.rows(
        "resolutions_of_campaign", {"campaign_id": campaign.id}
    ):
        yield {
            "type": "resolution",
            "batch": batch_id,
            "decided_at": at,
            "decision": decision,
            "decided_by": by,
            "note": note,
            "evidence": evidence,
        }
    for call, outcome in calls_with_outcomes(ledger, campaign):
        yield {
            "type": "call",
            "batch": call.batch.id,
            "row_number": call.row_number,
            "key": call.key,
            "attempt": call.attempt,
            "to_phone_number": call.to_phone_number,
            "outcome": outcome.value,
            "conversation_id": call.outcome.conversation_id if call.outcome else None,
        }
    for row in not_called(ledger, campaign.id):
        yield {"type": "not_called", **asdict(row)}
    for numbers in in_parts(_numbers(ledger, campaign)):
        for event in history(ledger, list(dict.fromkeys(numbers))):
            yield {"type": "do_not_call", **asdict(event)}


def run_document(run: RunRecord, counts: Mapping[str, int]) -> dict[str, object]:
    """Return a run and its row counts as a JSON object."""
    return {
        "id": str(run.id),
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "exit_code": run.exit_code,
        "user": run.user_name,
        "host": run.host,
        "xuna_version": run.xuna_version,
        "list": run.source,
        "list_sha256": run.list_sha256,
        "signed_by": run.signed_by,
        "template": run.template,
        "attempts": run.attempts,
        "agent_id": run.agent_id,
        "agent_sha256": run.agent_hash,
        "from_phone_number_id": run.from_phone_number_id,
        "api_origin": run.api_origin,
        "counts": {
            name: count for name, count in counts.items() if ":" not in name and name != "list_complete"
        },
        "list_complete": bool(counts.get("list_complete")) if counts else None,
        "rules": {
            name.partition(":")[2]: count
            for name, count in counts.items()
            if name.startswith(("rejected:", "rule:"))
        },
    }


def _numbers(ledger: Ledger, campaign: Campaign) -> Iterable[str]:
    for call, _ in calls_with_outcomes(ledger, campaign):
        yield call.to_phone_number
    for row in not_called(ledger, campaign.id):
        if row.to_phone_number is not None:
            yield row.to_phone_number
