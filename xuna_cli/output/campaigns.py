"""Campaigns, batches and calls as tables, JSON and CSV."""

import contextlib
import json
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from xuna_cli.models import HELD_STATES, BatchRecord, BatchState, CallRecord, Campaign
from xuna_cli.output.document import VERSION, batch, dump
from xuna_cli.output.messages import emit
from xuna_cli.output.spreadsheet import replacing, write_rows

EXPORTED = (
    "row_number",
    "key",
    "to_phone_number",
    "state",
    "batch_id",
    "ledger_batch_id",
    "run_id",
    "submitted_at",
    "finished_at",
    "error",
)


def print_campaigns(campaigns: Sequence[Campaign], output: str) -> None:
    """Print all campaigns."""
    if output == "json":
        emit(
            dump({"xuna_result_version": VERSION, "campaigns": [campaign_document(one) for one in campaigns]})
        )
        return
    from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

    numbers = ("Accepted", "Held", "In flight")
    table = plain_table(None, ("Campaign", *numbers, "List", "Since"), right=numbers)
    for one in campaigns:
        held = sum(one.calls.get(state, 0) for state in HELD_STATES)
        moving = sum(one.calls.get(state, 0) for state in (BatchState.CLAIMED, BatchState.SUBMITTING))
        table.add_row(
            cell(f"{one.name} (forgotten)" if one.forgotten_at else one.name),
            cell(f"{one.calls.get(BatchState.ACCEPTED, 0):,}"),
            cell(f"{held:,}", "bold yellow" if held else ""),
            cell(f"{moving:,}"),
            cell(one.source_path or "stdin"),
            cell(one.created_at),
        )
    console().print(table)


def print_campaign(campaign: Campaign, batches: Sequence[BatchRecord], output: str, *, sandbox: bool) -> None:
    """Print one campaign with its batches, and explain what is held."""
    if output == "json":
        document = {
            "xuna_result_version": VERSION,
            "campaign": campaign_document(campaign),
            "batches": [
                {
                    **batch(one),
                    "run_id": str(one.run_id),
                    "submitted_at": one.submitted_at,
                    "finished_at": one.finished_at,
                }
                for one in batches
            ],
        }
        emit(dump(document))
        return
    from xuna_cli.output.table import cell, console, plain_table  # noqa: PLC0415 - rich, only where it is seen

    out = console()
    out.print(
        cell(
            f"Campaign {campaign.name}, from {campaign.source_path or 'stdin'}, through {campaign.api_origin}"
        )
    )
    table = plain_table(
        None,
        ("Batch", "Run", "Batch ID", "Calls", "Initiated", "State", "Submitted"),
        right=("Batch", "Run", "Calls", "Initiated"),
    )
    for one in batches:
        initiated = "-" if one.calls_initiated is None else one.calls_initiated
        table.add_row(
            cell(one.id),
            cell(one.run_id),
            cell(one.batch_id or "-"),
            cell(one.size),
            cell(initiated),
            cell(one.state.value, "bold yellow" if one.state in HELD_STATES else ""),
            cell(one.submitted_at or "-"),
        )
    out.print(table)
    held = [one for one in batches if one.state in HELD_STATES]
    for one in held:
        for line in ("", *explain_held(one).split("\n")):
            out.print(cell(line), soft_wrap=True)
    if held:
        where = " --sandbox" if sandbox else ""
        out.print(cell(f"\nThen: xuna campaigns resolve {shlex.quote(campaign.name)}{where}"), soft_wrap=True)


def explain_held(one: BatchRecord) -> str:
    """Say of a held batch when, how many, what happened, and what to look for."""
    head = f"Batch {one.id}: {one.size} people, sent {one.submitted_at or '?'}, {one.state.value}: {one.error or '-'}"
    if one.state is BatchState.SHORT:
        return (
            f"{head}\n  In the API's dashboard, look for {one.batch_id}: it queued {one.calls_initiated} of them. Who "
            "was left out, if anybody, can't be told from here;\n  resolve it as placed, and call those who were "
            "left out under another campaign."
        )
    return (
        f"{head}\n  In the API's dashboard, look for a batch of {one.size} calls that was made at {one.submitted_at} "
        "(UTC) or within some minutes after it.\n  It is there: placed. It is not there, and the dashboard is up to "
        "date: not placed."
    )


def campaign_document(one: Campaign) -> dict[str, object]:
    """Return a campaign as it stands in documents."""
    return {
        "name": one.name,
        "key_column": one.key_column,
        "api_origin": one.api_origin,
        "source_path": one.source_path,
        "created_at": one.created_at,
        "forgotten_at": one.forgotten_at,
        "calls": {
            state.value: one.calls.get(state, 0) for state in BatchState if state is not BatchState.REFUSED
        },
        "batches": {state.value: one.batches.get(state, 0) for state in BatchState},
    }


def export_calls(calls: Iterable[CallRecord], output: str, to: Path | None) -> None:
    """Write a row for every call, as CSV or as a JSON array, in constant memory.

    Raises:
        InputError: if the file can't be written.
    """
    with destination(to) as stream:
        rows = map(_exported, calls)
        if output == "csv":
            # The key's separator is a control character: shown by its picture where a terminal may read it.
            write_rows(
                stream, EXPORTED, ((row[0], str(row[1]).replace("\x1f", "␟"), *row[2:]) for row in rows)
            )
        else:
            write_json(stream, EXPORTED, rows)


@contextlib.contextmanager
def destination(to: Path | None) -> Iterator[IO[str]]:
    """Give the stream to write to: stdout, or a file that appears when all of it is written."""
    if to is None:
        yield sys.stdout
    else:
        with replacing(to) as stream:
            yield stream


def write_json(stream: IO[str], names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as a JSON array of objects, in constant memory."""
    separator = "[\n"
    for row in rows:
        stream.write(separator + json.dumps(dict(zip(names, row, strict=True))))
        separator = ",\n"
    stream.write("[]\n" if separator == "[\n" else "\n]\n")


def _exported(call: CallRecord) -> tuple[object, ...]:
    of = call.batch
    return (
        call.row_number,
        call.key,
        call.to_phone_number,
        of.state.value,
        of.batch_id,
        of.id,
        of.run_id,
        of.submitted_at,
        of.finished_at,
        of.error,
    )
