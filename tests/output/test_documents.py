"""The JSON document is a contract: its keys are those of the topic `json`, and so is its version."""

import csv
import json

import pytest

from xuna_cli.contacts.columns import ListUse
from xuna_cli.dialing.report import COUNTS, Report
from xuna_cli.errors import ExitStatus, InputError
from xuna_cli.ledger.records import BatchRecord, BatchState
from xuna_cli.models import Rejection
from xuna_cli.output.batch_call import BatchCallResult
from xuna_cli.output.result import print_result, result_document
from xuna_cli.phone.zone_rules import zone_rules


def result(exit_status=ExitStatus.OK, *, held=(), **fields):
    counts = dict.fromkeys(COUNTS, 0) | fields.pop("counts", {})
    report = Report(counts=counts, **fields)
    use = ListUse(("mobile", "phone"), (), ("dnc",), None, ("voice",))
    return BatchCallResult(
        exit_status, "contacts", 7, False, False, "/l.db", True, report, held, list_use=use
    )


FULL = result(
    ExitStatus.HELD,
    counts={"accepted": 100, "rejected": 1, "held": 100},
    batches=(BatchRecord(1, 7, None, BatchState.ACCEPTED, 100, "batch_1", 100, 200),),
    held=(BatchRecord(2, 7, None, BatchState.UNKNOWN, 100, error="lost", submitted_at="2026-03-01T12:00:00.000Z"),),
    rejections=(Rejection(7, "phone-not-possible", "phone", "no \x1b[31mnumber \x9b é\u202e"),),
    errors=(InputError("m", hint="h", code="c"),),
    refusals=2,
    paused=1.23456,
)  # fmt: skip


def test_the_document_has_the_documented_shape():
    document = json.loads(result_document("batch-call", FULL))
    assert document == {
        "xuna_result_version": 1,
        "command": "batch-call",
        "status": "partial",
        "exit_code": 7,
        "campaign": "contacts",
        "run_id": "7",
        "dry_run": False,
        "sandbox": False,
        "ledger": {"path": "/l.db", "created": True},
        "list": {
            "phone_column": "mobile", "region_column": None, "do_not_call_column": "dnc",
            "phone_columns": ["mobile", "phone"], "region_columns": [], "do_not_call_columns": ["dnc"],
            "call_after_column": None, "call_before_column": None, "sheet": None, "remark_columns": [], "state_columns": [],
            "unused_columns": ["voice"],
        },
        "list_complete": True,
        "counts": {
            "rows": 201, "accepted": 100, "already_called": 0, "duplicates": 0, "rejected": 1, "do_not_call": 0,
            "screened": 0, "deferred": 0, "in_flight": 0, "held": 100, "not_sent": 0,
        },
        "canary": None,
        "stop_after": None,
        "recently_called": None,
        "other_campaigns": [],
        "preview": None,
        "phone_numbers": {"plus_added": 0},
        "do_not_call_lists": [],
        "pacing": {"refusals": 2, "paused_seconds": 1.235},
        "attempts": {}, "exhausted": 0, "awaiting_outcome": 0,
        "unproven": 0,
            "refused_by_api": {"in_this_run": 0, "earlier": 0},
        "batches": [
            {"id": "1", "batch_id": "batch_1", "state": "accepted", "calls": 100, "calls_initiated": 100,
             "http_status": 200, "error": None},
        ],
        "held_batches": [
            {"id": "2", "state": "unknown", "calls": 100, "batch_id": None,
             "submitted_at": "2026-03-01T12:00:00.000Z", "error": "lost"},
        ],
        "rejections_total": 1,
        "duplicates": [],
        "rejection_causes": [],
        "rejections": [{"row": 7, "code": "phone-not-possible", "field": "phone", "message": "no \x1b[31mnumber \x9b é\u202e"}],
        "screening": {
            "outside_usual_hours": None,
            "reasons": {},
            "rows": [],
            "zone_rules": str(zone_rules()),
            "too_late": 0,
        },
        "deferred_until": [],
        "message_warnings": [],
        "errors": [{"code": "c", "message": "m", "hint": "h"}],
    }  # fmt: skip


def test_the_csv_has_a_row_per_batch(capsys):
    batches = (
        BatchRecord(1, 1, None, BatchState.ACCEPTED, 100, "batch_1", 100, 200),
        BatchRecord(2, 1, None, BatchState.UNKNOWN, 7, error='=HYPERLINK("x"), "lost"\nagain'),
    )
    print_result("batch-call", result(batches=batches), "csv")
    lines = capsys.readouterr().out.splitlines(keepends=True)
    assert list(csv.reader(lines, strict=True)) == [
        ["id", "batch_id", "state", "calls", "calls_initiated", "http_status", "error"],
        ["1", "batch_1", "accepted", "100", "100", "200", ""],
        ["2", "", "unknown", "7", "", "", '\'=HYPERLINK("x"), "lost"\nagain'],
    ]


def test_a_terminal_can_show_it_as_it_is():
    text = result_document("batch-call", FULL)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert text.endswith("}\n")


@pytest.mark.parametrize(
    ("exit_status", "accepted", "status"),
    [
        (ExitStatus.OK, 0, "success"),
        (ExitStatus.OK, 5, "success"),
        (ExitStatus.REJECTED, 5, "partial"),
        (ExitStatus.HELD, 5, "partial"),
        (ExitStatus.REJECTED, 0, "error"),
        (ExitStatus.CONFIGURATION, 0, "error"),
        (ExitStatus.INTERRUPTED, 1, "partial"),
    ],
)
def test_the_status_follows_from_the_exit_code_and_from_who_was_accepted(exit_status, accepted, status):
    document = json.loads(
        result_document(
            "batch-call",
            result(
                exit_status,
                counts={"accepted": accepted, "rejected": int(exit_status == ExitStatus.REJECTED)},
            ),
        )
    )
    assert (document["status"], document["exit_code"]) == (status, int(exit_status))


def test_where_it_did_not_come_to_a_ledger_there_is_none():
    report = Report(counts=dict.fromkeys(COUNTS, 0), list_complete=False)
    document = json.loads(
        result_document(
            "batch-call", BatchCallResult(ExitStatus.USAGE, None, None, True, True, None, False, report)
        )
    )
    nothing = (document["campaign"], document["run_id"], document["ledger"], document["list_complete"])
    assert nothing == (None, None, None, False)
    assert document["dry_run"] is document["sandbox"] is True
