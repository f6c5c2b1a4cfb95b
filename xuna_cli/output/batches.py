"""The JSON object of a batch."""

from typing import Any

from xuna_cli.ledger.records import BatchRecord


def batch_document(record: BatchRecord) -> dict[str, Any]:
    """Return a batch as a JSON object."""
    return {
        "id": str(record.id),
        "batch_id": record.batch_id,
        "state": record.state.value,
        "calls": record.size,
        "calls_initiated": record.calls_initiated,
        "http_status": record.http_status,
        "error": record.error,
    }
